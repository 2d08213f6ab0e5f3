// Package reference reads what an OpenAPI document says of an API, 2.0, 3.0 or
// 3.1, as people read it: an outline first, and then one operation or schema at
// a time.
//
// Documents come from anywhere. Parts that are missing, or of another form, are
// left out; references are followed inside of the document and nowhere else, and
// never in a circle; what is deep or wide is cut, and says so. So each answer
// takes bounded time and is of bounded size, whatever the document is.
package reference
