package inventory

import (
	"errors"
	"fmt"
)

// Code says what kind of thing went wrong. A Code is itself an error, so that
// errors.Is(err, NotFound) works through any wrapping.
type Code string

// The codes. Each surface has one table from these to its own language.
const (
	Invalid      Code = "invalid"       // the request makes no sense as it stands
	NotFound     Code = "not found"     // the thing is not there
	NoParent     Code = "no parent"     // what the thing would live in is not there
	Exists       Code = "exists"        // it is there already, and was asked not to be
	Changed      Code = "changed"       // it is not at the revision that the caller saw
	Owned        Code = "owned"         // a linked source determines it
	Conflict     Code = "conflict"      // the present state does not allow it
	LimitReached Code = "limit reached" // one more would be too many
	Denied       Code = "denied"        // this caller may not
	Superseded   Code = "superseded"    // a newer claim has ended the writer's right to write
	Busy         Code = "busy"          // too much at once; the same call works when some of it has ended
	Forgotten    Code = "forgotten"     // it is older than what is kept
	Unavailable  Code = "unavailable"   // not at present; the same call may work later
)

func (c Code) Error() string { return string(c) }

// Error is an error of the domain: what (Code), where (Target: a property or a
// parameter, may be empty) and, in Message, what to do next.
type Error struct {
	Code    Code
	Target  string
	Message string
}

// Errorf makes an Error.
func Errorf(code Code, target, format string, args ...any) *Error {
	return &Error{Code: code, Target: target, Message: fmt.Sprintf(format, args...)}
}

func (e *Error) Error() string { return e.Message }

// Unwrap gives the code.
func (e *Error) Unwrap() error { return e.Code }

// CodeOf is the code of err, or "" when it has none.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	if c, ok := errors.AsType[Code](err); ok {
		return c
	}
	return ""
}
