package arm

import (
	"encoding/json"
	"fmt"
)

// Error is an error as Azure writes it, with the HTTP status that goes with it.
type Error struct {
	Status  int     `json:"-"`
	Code    string  `json:"code"`
	Message string  `json:"message"`
	Target  string  `json:"target,omitempty"`
	Details []Error `json:"details,omitempty"`
}

// Errorf makes an Error.
func Errorf(status int, code, format string, args ...any) *Error {
	return &Error{Status: status, Code: code, Message: fmt.Sprintf(format, args...)}
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Body is the error in its envelope: {"error":{…}}.
func (e *Error) Body() []byte {
	b, err := json.Marshal(map[string]*Error{"error": e})
	if err != nil {
		panic(err) // strings always marshal
	}
	return b
}

// Codes that several surfaces answer with.
const (
	CodeInternal         = "InternalServerError"
	CodeInvalidContent   = "InvalidRequestContent"
	CodeMethodNotAllowed = "MethodNotAllowed"
	CodeNotFound         = "ResourceNotFound"
	CodeTooLarge         = "RequestEntityTooLarge"
	CodeUnauthenticated  = "AuthenticationFailed"
)
