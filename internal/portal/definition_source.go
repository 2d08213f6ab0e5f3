package portal

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"apicenter/internal/inventory"
	"apicenter/internal/listing"
	"apicenter/internal/reference"
)

// sourceView is the text of a definition.
type sourceView struct {
	definitionHead
	Why      string // it is shown in place of a reference; empty: the reader asked for it
	Language string
	Indented bool
	Total    int // lines
	Lines    []listing.Line
	Outline  []outlineGroup
	Pages    []sourcePage // empty: all is on this one
}

// outlineGroup are places of one sort.
type outlineGroup struct {
	Title   string
	Entries []outlineEntry
}

type outlineEntry struct{ Title, Address string }

// sourcePage is a part of a long text.
type sourcePage struct {
	Title, Address string
	Current        bool
}

// linesPage is how many lines are on one page.
const linesPage = 800

func (h *Handler) source(w http.ResponseWriter, r *request) error {
	head, digest, err := h.definitionHeadOf(r, "Source")
	if err != nil {
		return err
	}
	if digest == "" {
		return redirect(w, r, head.Address)
	}
	return h.showSource(w, r, head, digest, nil)
}

// showSource shows the text of a document; why says why it has no reference.
func (h *Handler) showSource(w http.ResponseWriter, r *request, head definitionHead, digest inventory.Digest, why error) error {
	data, err := readAll(r.Context(), h.catalog, digest)
	if err != nil {
		return err
	}
	text := listing.New(head.Line.Format, data)
	line, _ := strconv.Atoi(r.FormValue("line")) // anything else is the first page
	page := max(line-1, 0) / linesPage
	at := head.Address + "/source"
	v := sourceView{
		definitionHead: head, Language: string(text.Language), Indented: text.Indented, Total: text.Lines,
		Lines: text.Between(page*linesPage+1, linesPage),
	}
	switch {
	case errors.Is(why, reference.ErrNone):
		v.Tabs = nil // the text is all that there is
		at = head.Address
	case why != nil:
		v.Why = label(why.Error()) + ". This is its text."
		v.Tabs[0].Current, v.Tabs[1].Current = false, true
	}
	for _, e := range text.Outline() {
		if n := len(v.Outline); n == 0 || v.Outline[n-1].Title != e.Group {
			v.Outline = append(v.Outline, outlineGroup{Title: e.Group})
		}
		g := &v.Outline[len(v.Outline)-1]
		g.Entries = append(g.Entries, outlineEntry{e.Title, lineAddress(at, e.Line, page)})
	}
	for first := 1; text.Lines > linesPage && first <= text.Lines; first += linesPage {
		v.Pages = append(v.Pages, sourcePage{
			Title:   fmt.Sprintf("%d to %d", first, min(first+linesPage-1, text.Lines)),
			Address: at + "?" + url.Values{"line": {strconv.Itoa(first)}}.Encode(), Current: (first-1)/linesPage == page,
		})
	}
	return h.show(w, r, view{template: "source", title: head.API.Title + ": source of " + head.Title, section: "APIs", data: v})
}

// lineAddress is where a line is, seen from a page.
func lineAddress(at string, line, page int) string {
	number := strconv.Itoa(line)
	if (line-1)/linesPage == page {
		return "#L" + number
	}
	return at + "?line=" + number + "#L" + number
}

// fileTypes are the media type and the ending of what a document is written in.
var fileTypes = map[listing.Language][2]string{
	listing.JSON: {"application/json", ".json"}, listing.YAML: {"application/yaml", ".yaml"}, listing.XML: {"application/xml", ".xml"},
	listing.GraphQL: {"application/graphql", ".graphql"}, listing.Protobuf: {"text/plain; charset=utf-8", ".proto"}, listing.Plain: {"text/plain; charset=utf-8", ".txt"},
}

// document sends the document of a definition as a file: no browser opens it.
func (h *Handler) document(w http.ResponseWriter, r *request) error {
	definition, err := h.get(r, r.id)
	if err != nil {
		return err
	}
	digest, err := h.catalog.ExportSpecification(r.Context(), r.id, r.at)
	if err != nil {
		return err
	}
	data, err := readAll(r.Context(), h.catalog, digest)
	if err != nil {
		return err
	}
	line := lineOf(r, definition)
	file := fileTypes[listing.LanguageOf(line.Format, data)]
	name := r.id.Ancestor(inventory.KindAPI).Name() + "-" + r.id.Parent().Name() + "-" + line.Name
	switch {
	case line.Format == "wsdl" || line.Format == "wadl":
		file[1] = "." + line.Format
	case line.Name == line.Format:
		name = strings.TrimSuffix(name, "-"+line.Name)
	}
	head := w.Header()
	head.Set("Content-Type", file[0])
	head.Set("Content-Disposition", `attachment; filename="`+name+file[1]+`"`) // names of things are letters, digits and hyphens
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	send(w, r.Request, http.StatusOK, data)
	return nil
}
