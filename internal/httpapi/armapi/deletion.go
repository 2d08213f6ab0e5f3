package armapi

import (
	"net/http"
	"time"

	"apicenter/internal/httpapi/reply"
	"apicenter/internal/inventory"
)

// deletion is one that waits, on the wire.
type deletion struct {
	External  string                    `json:"external"`
	ID        string                    `json:"id,omitempty"`      // of the version that would go
	Title     string                    `json:"title,omitempty"`   // of its API
	Version   string                    `json:"version,omitempty"` // its own title
	Why       string                    `json:"why"`
	Since     time.Time                 `json:"since"`
	Verdict   inventory.DeletionVerdict `json:"verdict,omitempty"`
	DecidedBy string                    `json:"decidedBy,omitempty"`
	DecidedAt time.Time                 `json:"decidedAt,omitzero"`
}

func (h *Handler) deletions(w http.ResponseWriter, r *request) error {
	all, err := h.catalog.Deletions(r.Context(), r.id)
	if err != nil {
		return err
	}
	out := make([]deletion, len(all))
	for i, d := range all {
		out[i] = deletion{
			External: d.External, Why: d.Why, Since: d.Since, Verdict: d.Verdict, DecidedBy: d.By, DecidedAt: d.At,
		}
		if d.API.Key == 0 {
			continue
		}
		out[i].ID = string(appendID(nil, d.Version.Path))
		if out[i].Title, err = titleOf(d.API); err != nil {
			return err
		}
		if out[i].Version, err = titleOf(d.Version); err != nil {
			return err
		}
	}
	return reply.Value(w, http.StatusOK, struct {
		Value []deletion `json:"value"`
	}{out})
}

func titleOf(r inventory.Resource) (string, error) {
	doc, err := inventory.ParseDoc(r.Doc)
	return doc.Text("/title"), err
}

func (h *Handler) approve(w http.ResponseWriter, r *request) error {
	approved, err := h.judge(r, inventory.Approved)
	if err != nil {
		return err
	}
	return reply.Value(w, http.StatusOK, struct {
		Approved []string `json:"approved"`
	}{approved})
}

func (h *Handler) reject(w http.ResponseWriter, r *request) error {
	rejected, err := h.judge(r, inventory.Rejected)
	if err != nil {
		return err
	}
	return reply.Value(w, http.StatusOK, struct {
		Rejected []string `json:"rejected"`
	}{rejected})
}

// judge gives a verdict on the deletions that the body names, or on all. The
// list that it gives is never nil.
func (h *Handler) judge(r *request, verdict inventory.DeletionVerdict) ([]string, error) {
	var body struct {
		Externals []string `json:"externals"`
	}
	if err := decode(r, &body); err != nil {
		return nil, err
	}
	judged, err := h.catalog.Judge(r.Context(), r.id, body.Externals, verdict)
	if judged == nil {
		judged = []string{}
	}
	return judged, err
}
