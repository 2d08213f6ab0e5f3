package portal

import (
	"bytes"
	"compress/gzip"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"apicenter/internal/arm"
	"apicenter/internal/auth"
	"apicenter/internal/httpapi/reply"
	"apicenter/internal/inventory"
)

//go:embed templates
var templates embed.FS

// view is what a page shows: data made for one template, which asks for nothing more.
type view struct {
	template string
	part     string // of the template: for script that asks for no more; "": the whole page
	title    string
	section  string // of the navigation that the page is in
	status   int    // 0: 200
	data     any
}

// frame is what stands around every page.
type frame struct {
	Title     string
	Theme     string
	Here      string // address where the page can be read
	Who       string // empty: nobody is signed in
	SignIn    string // where nobody can become somebody; empty where that is offered already
	Service   string // name; empty on pages of none
	Home      string // address of the service
	Inventory string // address of the workspace's APIs
	Searches  bool   // the page has a search of its own
	Nav       []navGroup
	AsOf      *asOf // of a page that shows what there was
	Main      any
}

type navGroup struct {
	Title string
	Items []navItem
}

type navItem struct {
	Title   string
	Icon    string
	Address string
	Current bool
}

// layouts are the files that all pages share.
var layouts = []string{"templates/layout.html", "templates/parts.html", "templates/api-parts.html"}

// parse reads the templates, one set for each page.
func (h *Handler) parse() (map[string]*template.Template, error) {
	base, err := template.New("layout.html").Funcs(h.functions()).ParseFS(templates, layouts...)
	if err != nil {
		return nil, fmt.Errorf("read the portal's layout: %w", err)
	}
	files, err := fs.Glob(templates, "templates/*.html")
	if err != nil {
		return nil, err
	}
	out := map[string]*template.Template{}
	for _, file := range files {
		if slices.Contains(layouts, file) {
			continue
		}
		set, err := base.Clone()
		if err == nil {
			set, err = set.ParseFS(templates, file)
		}
		if err != nil {
			return nil, fmt.Errorf("read the portal's page %s: %w", file, err)
		}
		out[strings.TrimSuffix(path.Base(file), ".html")] = set
	}
	return out, nil
}

func (h *Handler) functions() template.FuncMap {
	return template.FuncMap{
		"asset":   h.assets.address,
		"icon":    icon,
		"instant": func(t time.Time) instant { return instant{t, time.Now()} },
		"plural":  plural,
		"label":   label,
		"tone":    tone,
		"query":   url.QueryEscape,
		"outcome": outcomeIcon,
		"onOff":   onOff,
		"int":     func(n int64) int { return int(n) },
		"pair":    func(left, right any) pair { return pair{left, right} },

		"arguments":     arguments,
		"fields":        carry,
		"initial":       initial,
		"join":          join,
		"prose":         prose,
		"coded":         coded,
		"timed":         timed,
		"schemaAddress": schemaAddress,
	}
}

// pair is two values for a template that takes one.
type pair struct{ Left, Right any }

// show writes a page. It is built before anything is sent.
func (h *Handler) show(w http.ResponseWriter, r *request, v view) error {
	text, err := h.render(r, v)
	if err != nil {
		return err
	}
	status := v.status
	if status == 0 {
		status = http.StatusOK
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Add("Vary", "Accept-Encoding, HX-Request")
	send(w, r.Request, status, text)
	return nil
}

// render builds a page, or the part of one.
func (h *Handler) render(r *request, v view) ([]byte, error) {
	set, ok := h.templates[v.template]
	if !ok {
		return nil, fmt.Errorf("the portal has no page %q", v.template)
	}
	name := v.part
	if name == "" {
		name = "layout.html"
	}
	var b bytes.Buffer
	if err := set.ExecuteTemplate(&b, name, h.frame(r, v)); err != nil {
		return nil, fmt.Errorf("page %s: %w", v.template, err)
	}
	return b.Bytes(), nil
}

// send writes a body, compressed where that saves something and the browser takes it.
func send(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	if len(body) > 1400 && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write(body) // to memory
		_ = z.Close()
		body = b.Bytes()
		w.Header().Set("Content-Encoding", "gzip")
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the browser is gone: nobody to tell
}

func (h *Handler) frame(r *request, v view) frame {
	f := frame{Title: v.title, Here: h.readAt(r.Request), Main: v.data, Searches: v.template == "inventory"}
	if c, err := r.Cookie(themeCookie); err == nil && (c.Value == "light" || c.Value == "dark") {
		f.Theme = c.Value
	}
	if r.who.Kind != auth.Anonymous {
		f.Who = r.who.Name
	} else if v.template != "sign-in" {
		f.SignIn = signInAt(f.Here)
	}
	if !r.at.IsZero() {
		f.AsOf = &asOf{r.at, r.URL.Path}
	}
	if r.service.Path == "" {
		return f
	}
	f.Service, f.Home = r.service.Name(), r.address(r.service.Path)
	f.Inventory = r.address(r.workspace.String())
	f.Nav = h.navigation(r, v.section)
	return f
}

// readAt is where the page can be read that answers a request. What answers a form
// may be nowhere to be read: then it is the nearest page above.
func (h *Handler) readAt(r *http.Request) string {
	if r.Method == http.MethodGet || h.canBeRead(r.URL.EscapedPath()) {
		return r.URL.RequestURI()
	}
	for at := path.Dir(r.URL.EscapedPath()); strings.HasPrefix(at, Root+"/") && at != Root+"/-"; at = path.Dir(at) {
		if h.canBeRead(at) {
			return at
		}
	}
	return Root
}

// canBeRead says that there is a page at a path.
func (h *Handler) canBeRead(at string) bool {
	u, err := url.Parse(at)
	if err != nil {
		return false
	}
	_, pattern := h.muxOf(u.Path).Handler(&http.Request{Method: http.MethodGet, URL: u})
	return pattern != ""
}

// navigation is the menu of a service: the pages that who asks may see, wherever
// he is.
func (h *Handler) navigation(r *request, section string) []navGroup {
	home, workspace := r.address(r.service.Path), workspaceAddress(r)
	may := func(action string) bool { return r.mayIn(r.service.ID, action) }
	reads := func(id inventory.ID, action string) bool {
		yes, err := h.readsIn(r, id, action)
		return yes && err == nil
	}
	type entry struct {
		title, icon, address string
		may                  bool
	}
	var out []navGroup
	for _, g := range []struct {
		title   string
		entries []entry
	}{
		{"Discover", []entry{
			{"Home", "home", home, reads(r.service.ID, readService)},
			{"APIs", "apis", r.same(workspace + "/apis"), reads(r.workspace, readAPIs)},
			{"Environments", "environments", r.same(workspace + "/environments"), reads(r.workspace, readEnvironments)},
			{"Links", "links", workspace + "/links", r.mayIn(r.workspace, readLinks)},
		}},
		{"Govern", []entry{
			{"Metadata", "metadata", home + "/-/metadata", may(readSchemas)},
			{"Activity", "activity", home + "/-/activity", may(readActivity)},
		}},
		{"Administer", []entry{
			{"Identities", "identities", home + "/-/identities", may(readService)},
			{"Access", "access", home + "/-/access", may(readRoles)},
			{"Keys", "keys", home + "/-/keys", may(readRoles)},
			{"Webhooks", "webhooks", home + "/-/webhooks", may(readWebhooks)},
			{"Settings", "settings", home + "/-/settings", may(readWorkspaces)},
		}},
	} {
		group := navGroup{Title: g.title}
		for _, e := range g.entries {
			if e.may {
				group.Items = append(group.Items, navItem{e.title, e.icon, e.address, e.title == section})
			}
		}
		if len(group.Items) > 0 {
			out = append(out, group)
		}
	}
	return out
}

// fault is a page that says what went wrong.
type fault struct {
	Status  int
	Message string
	Request string
}

// refuse shows an error: what went wrong and what to do about it. What is no
// fault of the reader is told to the log.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, err error) {
	in := &request{Request: r, access: h.access, who: anonymous}
	if p, ok := auth.From(r.Context()); ok {
		in.who = p
	}
	if errors.Is(err, errNobody) {
		if strings.HasSuffix(r.URL.Path, feedPath) { // readers of feeds cannot sign in on a page
			w.Header().Set("WWW-Authenticate", `Bearer realm="apicenter"`)
			reply.Error(w, arm.Errorf(http.StatusUnauthorized, arm.CodeUnauthenticated, "send the header 'Authorization: Bearer <key>' with an API key"))
			return
		}
		to := r.URL.RequestURI()
		if r.Method != http.MethodGet {
			to = Root
		}
		if byScript(r) {
			to = pageOf(r)
		}
		goTo(w, r, signInAt(to))
		return
	}
	refusal := reply.Refusal(err)
	if refusal == nil {
		id := w.Header().Get(reply.RequestID)
		h.log.ErrorContext(r.Context(), "page failed", "method", r.Method, "path", r.URL.Path, "request", id, "error", err)
		refusal = arm.Errorf(http.StatusInternalServerError, "", "Something went wrong that is not your fault. The server's log has the details under request id %s.", id)
	}
	if name := r.PathValue("service"); name != "" && h.know(in) == nil {
		if s, err := in.centers.find(name); err == nil {
			in.service, in.id = s, s.ID
			in.workspace = s.ID.Child(inventory.KindWorkspace, defaultWorkspace)
		}
	}
	v := view{template: "fault", title: titleOf(refusal.Status), status: refusal.Status, data: fault{refusal.Status, said(refusal.Message), w.Header().Get(reply.RequestID)}}
	if byScript(r) {
		v.part = "main"
	}
	if shown := h.show(w, in, v); shown != nil {
		h.log.ErrorContext(r.Context(), "the page of an error failed", "error", shown)
		http.Error(w, refusal.Message, refusal.Status)
	}
}

// byScript says that script asks for a part of a page that is open already.
func byScript(r *http.Request) bool { return r.Header.Get("HX-Request") != "" }

// pageOf is the page that a part is of.
func pageOf(r *http.Request) string {
	u, err := url.Parse(r.Header.Get("HX-Current-URL"))
	if err != nil {
		return Root
	}
	return within(u.RequestURI())
}

// goTo sends a browser elsewhere: the whole of the page, whatever asks.
func goTo(w http.ResponseWriter, r *http.Request, to string) {
	if byScript(r) {
		w.Header().Set("HX-Redirect", to)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// signInAt is where one signs in to go on at an address.
func signInAt(to string) string { return Root + "/-/sign-in?to=" + url.QueryEscape(to) }

// titleOf is what an error is called to people.
func titleOf(status int) string {
	switch status {
	case http.StatusNotFound:
		return "Not found"
	case http.StatusForbidden:
		return "You may not do this"
	case http.StatusConflict, http.StatusPreconditionFailed:
		return "That cannot be done as it stands"
	case http.StatusBadRequest:
		return "That cannot be taken"
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		return "Not at present"
	default:
		return "Something went wrong"
	}
}
