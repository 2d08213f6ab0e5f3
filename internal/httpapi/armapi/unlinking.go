package armapi

import (
	"net/http"

	"apicenter/internal/httpapi/reply"
	"apicenter/internal/inventory"
)

// unlinking is what becomes of what a link brought, on the wire.
type unlinking struct {
	Goes             inventory.Amount `json:"goes"`
	Keeps            inventory.Amount `json:"keeps"`
	Edited           int              `json:"edited"`
	Shared           int              `json:"shared"`
	TombstoneSeconds int64            `json:"tombstoneSeconds"`
	Entries          []parting        `json:"entries"`
	Omitted          int              `json:"omitted,omitempty"`
}

type parting struct {
	ID     string           `json:"id"`
	Kind   inventory.Kind   `json:"kind"`
	Title  string           `json:"title"`
	Goes   bool             `json:"goes"`
	Why    string           `json:"why,omitempty"`
	Links  []string         `json:"links,omitempty"`
	Parts  inventory.Amount `json:"parts"`
	Edited bool             `json:"edited"`
}

// maxPartings is how many entries are listed at most; the counts are of all.
const maxPartings = 1000

func (h *Handler) previewDelete(w http.ResponseWriter, r *request) error {
	u, err := h.catalog.PreviewDelete(r.Context(), r.id)
	if err != nil {
		return err
	}
	out := unlinking{
		Goes: u.Goes, Keeps: u.Keeps, Edited: u.Edited, Shared: u.Shared, TombstoneSeconds: int64(u.Kept.Seconds()),
		Entries: make([]parting, min(len(u.Entries), maxPartings)), Omitted: max(0, len(u.Entries)-maxPartings),
	}
	for i := range out.Entries {
		e := u.Entries[i]
		doc, err := inventory.ParseDoc(e.Resource.Doc)
		if err != nil {
			return err
		}
		out.Entries[i] = parting{
			ID: string(appendID(nil, e.Resource.Path)), Kind: e.Resource.ID.Kind(), Title: doc.Text("/title"),
			Goes: e.Goes, Why: e.Why, Links: e.Links, Parts: e.Parts, Edited: e.Edited,
		}
	}
	return reply.Value(w, http.StatusOK, out)
}
