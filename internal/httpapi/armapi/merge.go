package armapi

import (
	"net/http"
	"strings"
	"time"

	"apicenter/internal/catalog"
	"apicenter/internal/httpapi/reply"
	"apicenter/internal/inventory"
)

// merge makes this API part of another, or another part of this one. Both
// change, so the caller must be allowed it for both.
func (h *Handler) merge(w http.ResponseWriter, r *request) error {
	var body struct {
		Into string `json:"into"`
		From string `json:"from"`
	}
	if err := decode(r, &body); err != nil {
		return err
	}
	if (body.Into == "") == (body.From == "") {
		return invalidContent(`say what to merge: {"into": "<the API to go on as>"} or {"from": "<the API to take in>"}`)
	}
	at, named := "into", body.Into
	if named == "" {
		at, named = "from", body.From
	}
	other, err := catalog.Sibling(r.id, at, named)
	if err != nil {
		return err
	}
	merging := operation{place: place{action, inventory.KindAPI, "merge"}, method: http.MethodPost}
	scope := r.scope[:strings.LastIndexByte(r.scope, '/')+1] + other.Name()
	if err := h.access.Authorize(r.Context(), merging.action(), scope); err != nil {
		return err
	}
	api, into := r.id, other
	if body.Into == "" {
		api, into = other, r.id
	}
	res, err := h.catalog.Merge(r.Context(), api, into)
	return h.answer(w, r, res, err)
}

// answer shows the resource that an action has led to.
func (h *Handler) answer(w http.ResponseWriter, r *request, res inventory.Resource, err error) error {
	if err != nil {
		return err
	}
	return h.buffers.Splice(w, http.StatusOK, func(buf []byte) ([]byte, error) { return h.appendResource(buf, res, r) })
}

// ofLink is the body of an action that is about one link of an API.
type ofLink struct {
	Link string `json:"link"`
}

func (h *Handler) unmerge(w http.ResponseWriter, r *request) error {
	var body ofLink
	if err := decode(r, &body); err != nil {
		return err
	}
	res, err := h.catalog.Unmerge(r.Context(), r.id, body.Link)
	return h.answer(w, r, res, err)
}

func (h *Handler) lead(w http.ResponseWriter, r *request) error {
	var body ofLink
	if err := decode(r, &body); err != nil {
		return err
	}
	res, err := h.catalog.Lead(r.Context(), r.id, body.Link)
	return h.answer(w, r, res, err)
}

// apiSource is a link that an API came by, on the wire.
type apiSource struct {
	Name       string    `json:"name"`
	ExternalID string    `json:"externalId"`
	Leads      bool      `json:"leads"`
	ReadAt     time.Time `json:"readAt"`
}

func (h *Handler) sources(w http.ResponseWriter, r *request) error {
	all, err := h.catalog.Sources(r.Context(), r.id)
	if err != nil {
		return err
	}
	out := make([]apiSource, len(all))
	for i, s := range all {
		out[i] = apiSource{Name: s.Link, ExternalID: s.External, Leads: i == 0, ReadAt: s.Read}
	}
	return reply.Value(w, http.StatusOK, struct {
		Value []apiSource `json:"value"`
	}{out})
}
