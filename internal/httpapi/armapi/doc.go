// Package armapi is the control plane as Azure API Center has it: resource
// paths and verbs become calls of the catalog, and what the catalog says
// becomes Azure's JSON. It decides nothing about the domain.
//
//	arm.ParsePath ─▶ locate: place ─▶ operation ─▶ may he? ─▶ catalog ─▶ splice JSON
//	                                         any error ─▶ fail: the one table of codes
//
// What can be done stands in one table (operation.go), each with the action that
// the caller must be allowed. That is asked before anything is looked up.
//
// Requests are dispatched on the parsed path, since Azure compares the fixed
// words of a path without case, and a standard router does not. Properties are
// stored as JSON text and spliced into the answer: reading costs no encoding.
package armapi
