// Package dataapi is the data plane as Azure API Center has it: the inventory
// of one service, read-only, flat, and open to browsers of any origin. Portals
// and editors show what it says.
//
//	address: which service ─▶ operation: one table ─▶ may the caller? ─▶ catalog ─▶ splice JSON
//	                                                 any error ─▶ fail: the one table of codes
//
// Published names and those that clients read differ in places; answers carry
// both spellings. An answer depends on the request alone, so that whoever may
// read gets the same one.
package dataapi
