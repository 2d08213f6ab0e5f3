// Package specification tells what a definition of an API is, and what it says
// of the API, from its bytes alone. Sniff needs only a head and says the
// format; Detect reads a whole document.
//
// Documents come from anywhere: neither function fails on strange bytes, both
// take bounded time, and nothing outside of the document is ever looked at.
package specification
