package armapi

import (
	"net/http"
	"slices"
	"time"

	"apicenter/internal/arm"
	"apicenter/internal/httpapi/reply"
	"apicenter/internal/inventory"
)

// retryAfter is how many seconds a client is to wait before it asks again.
const retryAfter = "1"

// operationStatus is how far a long operation is, on the wire.
type operationStatus struct {
	ID         string                    `json:"id"`
	Name       string                    `json:"name"`
	Status     inventory.OperationStatus `json:"status"`
	StartTime  time.Time                 `json:"startTime"`
	EndTime    time.Time                 `json:"endTime,omitzero"`
	Properties operationComment          `json:"properties"`
	Error      *arm.Error                `json:"error,omitempty"`
}

// operationComment is where an editor looks for why a ruleset could not be imported.
type operationComment struct {
	Comment string `json:"comment,omitempty"`
}

// told are the actions that end with 200 however they went: their clients read
// the status in the body. All others fail with the status of an error.
var told = []string{"importRuleset", "importApiSource"}

// accepted answers that a long operation has begun, or goes on, and where to ask for it.
func (h *Handler) accepted(w http.ResponseWriter, r *request, o inventory.Operation) error {
	w.Header().Set("Location", reply.Base(h.publicURL, r.Request)+resultID(r, o)+"?api-version="+r.version)
	w.Header().Set("Retry-After", retryAfter)
	return reply.Value(w, http.StatusAccepted, statusOf(r, o))
}

// result answers what became of a long operation.
func (h *Handler) result(w http.ResponseWriter, r *request) error {
	o, err := h.catalog.Operation(r.Context(), r.id, r.name)
	switch {
	case err != nil:
		return err
	case o.Status == inventory.InProgress:
		return h.accepted(w, r, o)
	case o.Failure != nil && !slices.Contains(told, o.Action):
		return failureOf(o)
	case o.Action == "importSpecification":
		w.WriteHeader(http.StatusOK) // the document itself is asked for by other means
		return nil
	default:
		return reply.Value(w, http.StatusOK, statusOf(r, o))
	}
}

func statusOf(r *request, o inventory.Operation) operationStatus {
	s := operationStatus{ID: resultID(r, o), Name: o.Name, Status: o.Status, StartTime: o.Started, EndTime: o.Ended}
	if o.Failure != nil {
		s.Error = failureOf(o)
		s.Properties.Comment = o.Failure.Message
	}
	return s
}

// failureOf is why an operation failed. That it cannot be repeated by asking
// for its result again is no fault of the server's at this moment: no 503.
func failureOf(o inventory.Operation) *arm.Error {
	if s, ok := reply.StatusOf(o.Failure.Code); ok {
		if s.Status >= http.StatusInternalServerError {
			s = reply.Status{Status: http.StatusConflict, Code: "OperationFailed"}
		}
		e := arm.Errorf(s.Status, s.Code, "%s", o.Failure.Message)
		e.Target = wireTarget(o.Failure.Target)
		return e
	}
	return arm.Errorf(http.StatusInternalServerError, arm.CodeInternal, "%s", o.Failure.Message)
}

// resultID is the path of an operation's result, below what the operation is on:
// who may do something with it may see how that ends.
func resultID(r *request, o inventory.Operation) string {
	return string(appendID(nil, r.path)) + "/" + operationResults + "/" + o.Name
}
