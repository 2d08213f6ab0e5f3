package portal

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"apicenter/internal/catalog"
	"apicenter/internal/feed"
	"apicenter/internal/inventory"
	"apicenter/internal/specification"
)

// documentInput is where a form takes a document from.
type documentInput struct {
	Text, Link, Format string
	Formats            []choice
	Fault              string
}

// creating gives the handlers of the form that makes a thing of a kind in what
// the page is about: the one that shows it, and the one that takes it in.
func creating(k inventory.Kind) (show, take func(*Handler, http.ResponseWriter, *request) error) {
	show = func(h *Handler, w http.ResponseWriter, r *request) error {
		f, err := h.newForm(r, k)
		if err != nil {
			return err
		}
		return h.showNew(w, r, f, editView{})
	}
	take = func(h *Handler, w http.ResponseWriter, r *request) error { return h.create(w, r, k) }
	return show, take
}

func (h *Handler) newForm(r *request, k inventory.Kind) (f form, err error) {
	if _, err := h.catalog.Get(r.Context(), r.parentOf(k)); err != nil {
		return f, err
	}
	f.kind = k
	f.inputs, err = h.inputsOf(r, k)
	for i := range f.inputs {
		f.inputs[i].fill(nil)
	}
	return f, err
}

// parentOf is what a new thing of a kind is made in.
func (in *request) parentOf(k inventory.Kind) inventory.ID {
	if k.Parent() == inventory.KindWorkspace {
		return in.workspace
	}
	return in.id
}

// showNew shows the form that makes a thing.
func (h *Handler) showNew(w http.ResponseWriter, r *request, f form, v editView) error {
	parent := r.parentOf(f.kind)
	v.Title, v.Submit, v.New = "New "+wordOf(f.kind), "Create", true
	v.Address = r.address(parent.String()) + "/-/new-" + string(f.kind)
	v.Back = r.address(parent.String())
	if f.kind.Parent() == inventory.KindWorkspace {
		home := workspaceAddress(r)
		v.Address, v.Back = home+"/-/new-"+string(f.kind), home+"/"+f.kind.Collection()
		v.Crumbs = []crumb{{label(f.kind.Collection()), v.Back}}
	} else {
		v.Crumbs = h.crumbsTo(r, parent)
	}
	if f.kind == inventory.KindDefinition && v.Document == nil {
		v.Document = &documentInput{}
	}
	if v.Document != nil {
		v.Document.Formats = formats(v.Document.Format)
	}
	return h.showForm(w, r, f, v)
}

// wordOf is a kind as people call it.
func wordOf(k inventory.Kind) string {
	if k == inventory.KindAPI {
		return "API"
	}
	return string(k)
}

// create makes a thing of what a form says.
func (h *Handler) create(w http.ResponseWriter, r *request, k inventory.Kind) error {
	f, err := h.newForm(r, k)
	if err != nil {
		return err
	}
	up, err := readForm(r)
	if err != nil {
		return err
	}
	if up.tooLong && k != inventory.KindDefinition { // whose form says it of the document
		return unreadable(errors.New("it is too long"))
	}
	name := strings.TrimSpace(r.PostFormValue("name"))
	v := editView{Name: name}
	body, wrong := f.changes(r, inventory.Doc{})
	var given *given
	if k == inventory.KindDefinition {
		given, v.Document = givenDocument(r, up)
		wrong = wrong || v.Document.Fault != ""
		if given != nil {
			if err := h.access.Authorize(r.Context(), importDocument, feed.ARMID(r.id.String())); err != nil {
				return err
			}
		}
	}
	if wrong {
		return h.showNew(w, r, f, v)
	}
	made, err := h.put(r, k, name, body)
	var follow string
	if err == nil && given != nil {
		if follow, err = h.attach(r, made.ID, *given); err != nil {
			if e := h.takeBack(r.Context(), made.ID); e != nil {
				return e
			}
			if e := errorOf(err); e != nil && e.Code != inventory.Owned {
				v.Document.Fault = said(e.Message)
				return h.showNew(w, r, f, v)
			}
		}
	}
	if blamed, ok := f.blame(err); ok {
		blamed.Name, blamed.Document = name, v.Document
		return h.showNew(w, r, f, blamed)
	}
	if err != nil {
		return err
	}
	return redirect(w, r, r.address(made.Path)+follow)
}

// takeBackTimeout bounds what is done for who may have gone.
const takeBackTimeout = 10 * time.Second

// takeBack deletes what was just made, whether or not who made it is still there.
func (h *Handler) takeBack(ctx context.Context, id inventory.ID) error {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), takeBackTimeout)
	defer stop()
	return h.catalog.Delete(ctx, id, catalog.Match{})
}

// maxTries is how many names are tried for a thing that nobody named.
const maxTries = 20

// put makes a thing under a name, or under one of its title.
func (h *Handler) put(r *request, k inventory.Kind, name string, values map[inventory.Field]json.RawMessage) (made inventory.Resource, err error) {
	body := inventory.Doc{}
	for field, value := range values {
		if value != nil {
			body[field] = value
		}
	}
	at := r.parentOf(k)
	parent, err := h.catalog.Get(r.Context(), at)
	if err != nil {
		return made, err
	}
	base := parent.Path + "/" + k.Collection() + "/"
	if name != "" {
		if strings.Contains(name, "/") {
			return made, inventory.Errorf(inventory.Invalid, "name", "%.100q cannot name this %s: use 3 to 90 letters, digits and hyphens", name, k)
		}
		made, _, err = h.catalog.Put(r.Context(), base+name, body, catalog.Match{Absent: true})
		return made, err
	}
	slug := slugOf(k, cmp.Or(body.Text("/title"), string(k)))
	for i := range maxTries {
		name := slug
		if i > 0 {
			name += "-" + strconv.Itoa(i+1)
		}
		made, _, err = h.catalog.Put(r.Context(), base+name, body, catalog.Match{Absent: true})
		if inventory.CodeOf(err) != inventory.Exists {
			break
		}
	}
	return made, err
}

// slugOf makes a name of a title: letters, digits and hyphens, 3 at least.
func slugOf(k inventory.Kind, title string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(title) {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			b.WriteRune(c)
		case unicode.IsMark(c):
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() >= 60 {
			break
		}
	}
	slug := strings.Trim(b.String(), "-")
	if len(slug) < 3 {
		slug = strings.Trim(string(k)+"-"+slug, "-")
	}
	return slug
}

// given is a document that somebody gives: itself, or its address.
type given struct {
	text, link    string
	specification catalog.Specification
}

// formats are the formats that a document may have; first that it says so itself.
func formats(chosen string) []choice {
	all := []choice{{Value: "", Title: "As the document says"}}
	for _, name := range []string{"openapi", "graphql", "wsdl", "wadl", "asyncapi", "grpc", "other"} {
		all = append(all, choice{Value: name, Title: label(name)})
	}
	for i := range all {
		all[i].Chosen = all[i].Value == chosen
	}
	return all
}

// givenDocument reads which document a form gives; nil: none.
func givenDocument(r *request, up upload) (*given, *documentInput) {
	in := &documentInput{Text: r.PostFormValue("document"), Link: strings.TrimSpace(r.PostFormValue("link")), Format: r.PostFormValue("format")}
	g := &given{text: cmp.Or(up.text, in.Text), link: in.Link}
	if up.tooLong {
		in.Fault = in.TooLong()
		return nil, in
	}
	g.specification.Name = in.Format
	switch {
	case g.text == "" && g.link == "":
		return nil, in
	case g.text != "" && g.link != "":
		in.Fault = "Give the document or its address, not both."
	case g.link != "" && in.Format == "":
		in.Fault = "Say which format the document at the address has."
	case g.link != "":
		if u, err := url.Parse(g.link); err != nil || u.Host == "" {
			in.Fault = "Give a whole address, such as https://example.com/openapi.json."
		}
	case in.Format == "":
		found, err := specification.Detect(up.name, []byte(g.text))
		if err != nil {
			in.Fault = "The format is not known: " + err.Error() + ". Choose it."
			return nil, in
		}
		g.specification = catalog.Specification{Name: cmp.Or(found.Name, "other"), Version: found.Version}
	default:
		if found := specification.Sniff([]byte(g.text)); found.Name == in.Format {
			g.specification.Version = found.Version
		}
	}
	return g, in
}

// attach gives a definition its document. follow is not empty while that goes
// on: the query with which the definition's page tells of it.
func (h *Handler) attach(r *request, definition inventory.ID, g given) (follow string, err error) {
	if g.link == "" {
		return "", h.catalog.ImportSpecification(r.Context(), definition, g.text, g.specification)
	}
	o, err := h.catalog.ImportSpecificationFrom(r.Context(), definition, g.link, g.specification)
	if err != nil || !o.Ended.IsZero() {
		return "", err
	}
	return followImport(o.Name, g.link), nil
}

// documentView is the form that gives a definition another document.
type documentView struct {
	Title, Address, Back string
	Crumbs               []crumb
	Document             documentInput
}

func (h *Handler) documentForm(w http.ResponseWriter, r *request) error {
	return h.showDocumentForm(w, r, documentInput{})
}

func (h *Handler) showDocumentForm(w http.ResponseWriter, r *request, in documentInput) error {
	definition, err := h.catalog.Get(r.Context(), r.id)
	if err != nil {
		return err
	}
	at := r.address(definition.Path)
	v := documentView{
		Title: "New document of " + cmp.Or(docOf(definition).Text("/title"), definition.Name()), Address: at + "/-/document", Back: at,
		Crumbs: h.crumbsTo(r, definition.ID), Document: in,
	}
	v.Document.Formats = formats(in.Format)
	shown := view{template: "document", title: v.Title, section: "APIs", data: v}
	if in.Fault != "" {
		shown.status = http.StatusBadRequest
	}
	return h.show(w, r, shown)
}

func (h *Handler) takeDocument(w http.ResponseWriter, r *request) error {
	up, err := readForm(r)
	if err != nil {
		return err
	}
	g, in := givenDocument(r, up)
	if g == nil && in.Fault == "" {
		in.Fault = "Give a document: a file, its text, or its address."
	}
	if in.Fault == "" {
		follow, err := h.attach(r, r.id, *g)
		e := errorOf(err)
		switch {
		case err == nil:
			return redirect(w, r, r.address(r.id.String())+follow)
		case e == nil || e.Code == inventory.NotFound || e.Code == inventory.Denied:
			return err
		}
		in.Fault = said(e.Message)
	}
	return h.showDocumentForm(w, r, *in)
}
