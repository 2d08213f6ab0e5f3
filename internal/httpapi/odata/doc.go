// Package odata reads the parts of OData that API Center clients use, $orderby
// and the language of $filter, into the inventory's own conditions:
//
//	kind eq 'rest' and (lifecycleStage ne 'retired' or contains(title, 'pay'))
//	customProperties/team in ('a', 'b')
//	customProperties/tags/any(t: t eq 'public')
//
// Comparison is by text and without case, as the inventory's is. The language
// is read as clients write it, not as the standard has it: a quote inside a
// text need not be doubled, and true and false may be quoted or not.
package odata
