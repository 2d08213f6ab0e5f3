package portal

import (
	"net/http"
	"regexp"

	"apicenter/internal/inventory"
)

// linksView is the list of links.
type linksView struct {
	Items  []linkView
	Here   string // address of the list, as it was asked for
	New    string // where a link is made; empty: who asks may not
	Late   int
	Limit  bool   // there are more
	Notice string // what was just done
}

// maxLinks is how many links a page shows.
const maxLinks = 500

func (h *Handler) links(w http.ResponseWriter, r *request) error {
	page, err := h.catalog.List(r.Context(), inventory.Query{Parent: r.id, Kind: inventory.KindLink, Limit: maxLinks})
	if err != nil {
		return err
	}
	v := linksView{Here: r.URL.RequestURI(), Limit: !page.Next.IsZero()}
	if r.may(writeLinks) {
		v.New = workspaceAddress(r) + "/new-link"
	}
	for _, res := range page.Items {
		link, err := h.linkOf(r, res)
		if err != nil {
			return err
		}
		if link.Late != "" {
			v.Late++
		}
		v.Items = append(v.Items, link)
	}
	if v.Notice, err = h.endOf(r, r.FormValue("deleted")); err != nil {
		return err
	}
	shown := view{template: "links", title: "Links", section: "Links", data: v}
	if byScript(r.Request) {
		shown.part = "list"
	}
	return h.show(w, r, shown)
}

// linkName is what a link can be called.
var linkName = regexp.MustCompile(`^[a-zA-Z0-9-]{3,90}$`)

// endOf says how far the deletion of a link is; empty: it is not deleted.
func (h *Handler) endOf(r *request, name string) (string, error) {
	id, err := inventory.ParseID(r.workspace.String() + "/" + inventory.KindLink.Collection() + "/" + name)
	if err != nil || !linkName.MatchString(name) {
		return "", nil //nolint:nilerr // an address can say anything
	}
	switch link, err := h.catalog.Get(r.Context(), id); {
	case inventory.CodeOf(err) == inventory.NotFound:
		return "The link " + name + " is deleted.", nil
	case err != nil || inventory.StatusOf(link).State != inventory.Deleting:
		return "", err
	default:
		return "The link " + name + " is being deleted.", nil
	}
}
