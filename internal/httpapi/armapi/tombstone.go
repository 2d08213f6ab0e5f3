package armapi

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"apicenter/internal/arm"
	"apicenter/internal/httpapi/reply"
	"apicenter/internal/inventory"
)

// tombstone is what is kept of a thing, on the wire.
type tombstone struct {
	ID         int64          `json:"id"`
	ResourceID string         `json:"resourceId"` // that it had
	Kind       inventory.Kind `json:"kind"`
	Instance   string         `json:"instance"`
	External   string         `json:"external"`
	Why        inventory.Why  `json:"why"`
	At         time.Time      `json:"at"`
	Link       string         `json:"link,omitempty"`
	ApprovedBy string         `json:"approvedBy,omitempty"`
	MovedTo    string         `json:"movedTo,omitempty"`
	Title      string         `json:"title,omitempty"` // that it had
	Own        inventory.Doc  `json:"own"`
	Below      []buried       `json:"below"`
}

type buried struct {
	ResourceID string        `json:"resourceId"`
	Own        inventory.Doc `json:"own"`
}

// maxTombstones is how many are in an answer at most.
const maxTombstones = 200

func (h *Handler) tombstones(w http.ResponseWriter, r *request) error {
	top, err := number(r, "$top", 1, maxTombstones)
	if err != nil {
		return err
	}
	before, err := number(r, "before", 1, 0)
	if err != nil {
		return err
	}
	top = min(top, maxTombstones)
	all, err := h.catalog.Tombstones(r.Context(), r.id, int64(before), top+1)
	if err != nil {
		return err
	}
	var answer struct {
		Value    []tombstone `json:"value"`
		NextLink string      `json:"nextLink,omitempty"`
	}
	answer.Value = []tombstone{}
	for i, t := range all {
		if i == top {
			last := strconv.FormatInt(all[i-1].ID, 10)
			answer.NextLink = reply.Base(h.publicURL, r.Request) + r.URL.EscapedPath() + "?" + arm.WithParam(r.URL.RawQuery, "before", last, "$skip")
			break
		}
		answer.Value = append(answer.Value, tombstoneOf(t))
	}
	return reply.Value(w, http.StatusOK, answer)
}

func tombstoneOf(t inventory.Tombstone) tombstone {
	out := tombstone{
		ID: t.ID, ResourceID: string(appendID(nil, t.Path)), Kind: t.Kind, Instance: t.Source, External: t.External, Why: t.Why, At: t.At,
		Link: t.Link[strings.LastIndexByte(t.Link, '/')+1:], ApprovedBy: t.ApprovedBy, Title: t.Seen.Text("/title"), Own: t.Own, Below: []buried{},
	}
	if t.MovedTo != "" {
		out.MovedTo = string(appendID(nil, t.MovedTo))
	}
	for _, b := range t.Below {
		out.Below = append(out.Below, buried{string(appendID(nil, b.Path)), b.Own})
	}
	return out
}

// ofTombstone is the body of an action that is about one.
type ofTombstone struct {
	ID int64 `json:"id"`
}

func (h *Handler) restoreTombstone(w http.ResponseWriter, r *request) error {
	var body ofTombstone
	if err := decode(r, &body); err != nil {
		return err
	}
	came, err := h.catalog.RestoreTombstone(r.Context(), r.id, body.ID)
	if err != nil {
		return err
	}
	return reply.Value(w, http.StatusOK, struct {
		ResourceID string `json:"resourceId"`
		Restored   int    `json:"restored"`
		Left       bool   `json:"left"`
	}{string(appendID(nil, came.Resource.Path)), came.Things, came.Left})
}

func (h *Handler) forgetTombstone(w http.ResponseWriter, r *request) error {
	var body ofTombstone
	if err := decode(r, &body); err != nil {
		return err
	}
	n, err := h.catalog.ForgetTombstone(r.Context(), r.id, body.ID)
	if err != nil {
		return err
	}
	return reply.Value(w, http.StatusOK, struct {
		Forgotten int `json:"forgotten"`
	}{n})
}

func (h *Handler) inherit(w http.ResponseWriter, r *request) error {
	var body struct {
		From string `json:"from"`
	}
	if err := decode(r, &body); err != nil {
		return err
	}
	sum, err := h.catalog.Inherit(r.Context(), r.id, body.From)
	if err != nil {
		return err
	}
	return reply.Value(w, http.StatusOK, struct {
		Filed    int `json:"filed"`
		Returned int `json:"returned"`
		Left     int `json:"left"`
		Words    int `json:"words"`
	}{sum.Filed, sum.Returned, sum.Left, sum.Words})
}
