package reply

import (
	"errors"
	"log/slog"
	"net/http"

	"apicenter/internal/arm"
	"apicenter/internal/inventory"
)

// Status is what a code of the inventory is in Azure's language.
type Status struct {
	Status int
	Code   string
}

var statuses = map[inventory.Code]Status{
	inventory.Invalid:      {http.StatusBadRequest, "ValidationError"},
	inventory.NotFound:     {http.StatusNotFound, arm.CodeNotFound},
	inventory.NoParent:     {http.StatusNotFound, "ParentResourceNotFound"},
	inventory.Exists:       {http.StatusPreconditionFailed, "PreconditionFailed"},
	inventory.Changed:      {http.StatusPreconditionFailed, "PreconditionFailed"},
	inventory.Owned:        {http.StatusConflict, "PropertyManagedBySource"},
	inventory.Conflict:     {http.StatusConflict, "Conflict"},
	inventory.Superseded:   {http.StatusConflict, "Conflict"},
	inventory.LimitReached: {http.StatusBadRequest, "LimitExceeded"},
	inventory.Denied:       {http.StatusForbidden, "AuthorizationFailed"},
	inventory.Busy:         {http.StatusTooManyRequests, "TooManyRequests"},
	inventory.Forgotten:    {http.StatusGone, "HistoryNotKept"},
	inventory.Unavailable:  {http.StatusServiceUnavailable, "ServiceUnavailable"},
}

// StatusOf is the one table from the inventory's codes to Azure's.
func StatusOf(c inventory.Code) (Status, bool) {
	s, ok := statuses[c]
	return s, ok
}

// Codes of a $filter and an $orderby that nothing can be made of.
const (
	CodeInvalidFilter = "InvalidFilter"
	CodeInvalidOrder  = "InvalidOrderBy"
)

// Unreadable is the error of a parameter that cannot be read.
func Unreadable(name, code string, err error) *arm.Error {
	e := arm.Errorf(http.StatusBadRequest, code, "%s cannot be read: %v", name, err)
	e.Target = name
	return e
}

// Refusal is err as its caller may see it; nil for what is no fault of his.
func Refusal(err error) *arm.Error {
	if e, ok := errors.AsType[*arm.Error](err); ok {
		return e
	}
	if e, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return arm.Errorf(http.StatusRequestEntityTooLarge, arm.CodeTooLarge, "the body has more than %d bytes", e.Limit)
	}
	s, ok := statuses[inventory.CodeOf(err)]
	if !ok {
		return nil
	}
	out := arm.Errorf(s.Status, s.Code, "%v", err)
	if e, ok := errors.AsType[*inventory.Error](err); ok {
		out.Message, out.Target = e.Message, e.Target
	}
	if out.Target == "$filter" {
		out.Code = CodeInvalidFilter
	}
	return out
}

// Fail answers with a refusal. Where there is none, err goes to the log, and the
// caller only learns under which name it is there.
func Fail(w http.ResponseWriter, r *http.Request, log *slog.Logger, err error, refusal *arm.Error) {
	switch {
	case refusal == nil && r.Context().Err() != nil:
		refusal = arm.Errorf(http.StatusServiceUnavailable, "RequestCanceled", "the request was given up")
	case refusal == nil:
		log.ErrorContext(r.Context(), "request failed",
			"method", r.Method, "path", r.URL.Path, "request", w.Header().Get(RequestID), "error", err)
		Internal(w)
		return
	}
	later := refusal.Status == http.StatusServiceUnavailable || refusal.Status == http.StatusTooManyRequests
	if later && w.Header().Get("Retry-After") == "" {
		w.Header().Set("Retry-After", "5")
	}
	Error(w, refusal)
}

// Error answers with an error. Nothing may have been written before.
func Error(w http.ResponseWriter, e *arm.Error) {
	h := w.Header()
	h.Set("X-Ms-Error-Code", e.Code)
	h.Del("Etag")
	JSON(w, e.Status, e.Body())
}

// Internal is what people see of an error that is not theirs; the log has the rest.
func Internal(w http.ResponseWriter) {
	Error(w, arm.Errorf(http.StatusInternalServerError, arm.CodeInternal,
		"internal error; the server's log has the details under request id %s", w.Header().Get(RequestID)))
}

// NotFound is the error of a path that leads nowhere.
func NotFound(r *http.Request) *arm.Error {
	return arm.Errorf(http.StatusNotFound, arm.CodeNotFound, "there is nothing at %s; check the path", r.URL.Path)
}

// NotAllowed is the error of a method that is not possible at a path; allow are
// those that are.
func NotAllowed(w http.ResponseWriter, r *http.Request, allow string) *arm.Error {
	w.Header().Set("Allow", allow)
	return arm.Errorf(http.StatusMethodNotAllowed, arm.CodeMethodNotAllowed, "%s is not possible here; use %s", r.Method, allow)
}
