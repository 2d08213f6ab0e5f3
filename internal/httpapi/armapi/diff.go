package armapi

import (
	"net/http"
	"strings"
	"time"

	"apicenter/internal/arm"
	"apicenter/internal/catalog"
	"apicenter/internal/diff"
	"apicenter/internal/httpapi/reply"
	"apicenter/internal/inventory"
)

// side is one of two documents on the wire: of which definition, and of when.
type side struct {
	ID string    `json:"id"`
	At time.Time `json:"at,omitzero"`
}

// diff tells what lies between two documents of definitions. The one that is
// asked is the newer; to can be an instant of it.
func (h *Handler) diff(w http.ResponseWriter, r *request) error {
	var body struct{ From, To side }
	if err := decode(r, &body); err != nil {
		return err
	}
	if body.From == (side{}) {
		return badParam("from", "from is missing; give the instant of the document to compare with as from.at, or the id of another definition as from.id")
	}
	if body.To.ID != "" {
		return badParam("to.id", "to is the definition that is asked; it takes an instant only, as to.at")
	}
	from, to := catalog.Side{Definition: r.id, At: body.From.At}, catalog.Side{Definition: r.id, At: body.To.At}
	body.To.ID = idOf(r.path)
	if body.From.ID == "" {
		body.From.ID = body.To.ID
	} else {
		other, err := h.definition(r, body.From.ID)
		if err != nil {
			return err
		}
		from.Definition = other.id
	}
	c, err := h.catalog.CompareDefinitions(r.Context(), from, to)
	if err != nil {
		return err
	}
	return reply.Value(w, http.StatusOK, struct {
		From side `json:"from"`
		To   side `json:"to"`
		inventory.Compatibility
		Diff *diff.Diff `json:"diff,omitempty"`
	}{body.From, body.To, c.Compatibility, c.Diff})
}

// definition finds another definition, whose document the caller may read.
func (h *Handler) definition(r *request, id string) (target, error) {
	path, err := arm.ParsePath(id)
	if err == nil {
		if t, ok := locate(path); ok && t.shape == one && t.kind == inventory.KindDefinition {
			return t, h.access.Authorize(r.Context(), nameOf(t.kind).typ+"/exportSpecification/action", t.scope)
		}
	}
	return target{}, badParam("from.id", "from.id %q is not the id of a definition", shortened(id))
}

// shortened keeps what somebody sent from filling an answer.
func shortened(text string) string {
	const most = 300
	return strings.ToValidUTF8(text[:min(len(text), most)], "")
}
