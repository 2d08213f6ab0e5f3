// Package emulator is an Azure in memory, as far as API Management goes: the
// management API of its instances with what stands around it, the tokens and
// roles by which one reaches them, the links under which definitions are given
// out, and the events that tell of changes. It is faultless until it is asked
// for faults.
//
//	request ─▶ count ─▶ /admin            counters, faults, shapes
//	                 ─▶ /blob             documents behind export links
//	                 ─▶ tokens            package identity
//	                 ─▶ faults ─▶ ARM ─▶ who? may he? ─▶ route ─▶ lock ─▶ handler
//
// The state and its rules are in package apim; this package is its HTTP face.
// It shares no code with the product that it tests, so that it cannot share its
// errors.
package emulator
