package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Answers that the client does not take.
var (
	// ErrTooLarge is an answer, a list or a document above its limit.
	ErrTooLarge = errors.New("the answer is too large")
	// ErrElsewhere is an answer that leads to another origin, where the token
	// must not go.
	ErrElsewhere = errors.New("the token must not go to another origin")
	// ErrExpired is a link to a document that leads to none: it lives for some
	// minutes.
	ErrExpired = errors.New("the link to the document does not work")
	// ErrFormat is an answer that is not in the shape of an API center.
	ErrFormat = errors.New("the answer is not that of an API center")
)

// Error is an error that the center reported.
type Error struct {
	// Status is the HTTP status. It is 200 for an operation that was accepted
	// and failed later.
	Status  int
	Code    string
	Message string
	Target  string // what it is about; may be empty
	Details []Detail
	// RequestID is the name of the request in the log of the center.
	RequestID string
	// RetryAfter is how long the center asks to wait; 0 if it does not say.
	RetryAfter time.Duration
}

// Detail is one of several things that are wrong.
type Detail struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Target  string `json:"target,omitempty"`
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s (%d): %s", e.Code, e.Status, e.Message)
}

// Is makes errors.Is(err, &Error{Code: …}) find an error by its code, and
// &Error{Status: …} by its status.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && (t.Code == "" || t.Code == e.Code) && (t.Status == 0 || t.Status == e.Status)
}

// NotFound tells whether err says that the thing is not there.
func NotFound(err error) bool { return errors.Is(err, &Error{Status: http.StatusNotFound}) }

// UnreachableError means that there was no whole answer. The request may have
// been carried out all the same.
type UnreachableError struct {
	Address string // of the center, or of the storage of a document
	Err     error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("no answer from %s: %v", e.Address, e.Err)
}

func (e *UnreachableError) Unwrap() error { return e.Err }

// unreachable drops what the standard library says of the request: its address
// may hold what nobody should read.
func unreachable(base *url.URL, err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	return &UnreachableError{Address: base.String(), Err: err}
}

// readError makes an Error of an answer, whatever its body holds.
func readError(a *Response) *Error {
	var envelope struct {
		Error struct {
			Detail
			Details []Detail `json:"details"`
		} `json:"error"`
	}
	e := &Error{Status: a.Status, RequestID: a.Header.Get("x-ms-request-id")}
	e.RetryAfter, _ = retryAfter(a.Header)
	if err := json.Unmarshal(a.Body, &envelope); err != nil || envelope.Error.Message == "" && envelope.Error.Code == "" {
		e.Code = strings.ReplaceAll(http.StatusText(a.Status), " ", "")
		e.Message = "the answer is not an error of an API center: is the server address right?"
		if a.Status == http.StatusNotModified {
			e.Message = "it is still the one that you have"
		}
		return e
	}
	e.Code, e.Message, e.Target = envelope.Error.Code, envelope.Error.Message, envelope.Error.Target
	e.Details = envelope.Error.Details
	return e
}
