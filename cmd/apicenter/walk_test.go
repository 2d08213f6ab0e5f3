package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"apicenter/internal/access"
	"apicenter/internal/auth"
	"apicenter/internal/emulator/identity"
	"apicenter/internal/httpapi/armapi"
	"apicenter/internal/httpapi/dataapi"
	"apicenter/internal/httpapi/hookapi"
	"apicenter/internal/httpapi/keysapi"
	"apicenter/internal/httpapi/managerapi"
	"apicenter/internal/httpapi/metricsapi"
)

// The table of who may do what: a line for each route, a mark for each column.
const tableOfRights = "testdata/rights.txt"

// What may be a verdict on a request.
const (
	allowed  = 'y' // anything but 401 and 403
	denied   = 'n' // 403
	stranger = '-' // 401
)

// Where the routes are walked. The services are there, nothing else is.
const (
	walkGroup     = "/subscriptions/sub/resourceGroups/group"
	walkServices  = walkGroup + "/providers/Microsoft.ApiCenter/services/"
	walkWorkspace = "/workspaces/default"
)

// TestEveryRouteForEveryRole walks all that a center answers, as everybody who
// may come, and compares who gets in with one table. That is written by hand,
// from what Azure says of its roles: a new route or a new role needs its marks.
func TestEveryRouteForEveryRole(t *testing.T) {
	w := newWalk(t)
	want, columns := readRights(t)
	for i, c := range w.columns {
		if i >= len(columns) || columns[i] != c.title {
			t.Fatalf("column %d of %s should be %q; it has %q", i+1, tableOfRights, c.title, columns)
		}
	}
	for _, r := range w.routes {
		var got strings.Builder
		for _, c := range w.columns {
			verdict := w.ask(c, r)
			got.WriteByte(verdict)
			if r.method == http.MethodGet {
				head := r
				head.method = http.MethodHead
				if v := w.ask(c, head); v != verdict {
					t.Errorf("%s, %s: HEAD is %c and GET is %c", r, c.title, v, verdict)
				}
			}
		}
		marks, known := want[r.String()]
		switch {
		case !known:
			t.Errorf("%s has no line for\n%s %s", tableOfRights, got.String(), r)
		case got.String() != marks:
			t.Errorf("%s is\n%s and should be\n%s\n%s", r, got.String(), marks, w.differences(got.String(), marks))
		}
		delete(want, r.String())
	}
	for route := range want {
		t.Errorf("%s has a line for %s, which is not there", tableOfRights, route)
	}
}

// readRights gives the marks of each route and the titles of the columns.
func readRights(t *testing.T) (marks map[string]string, columns []string) {
	t.Helper()
	b, err := os.ReadFile(tableOfRights)
	if err != nil {
		t.Fatal(err)
	}
	marks = map[string]string{}
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		if title, ok := strings.CutPrefix(line, "# | "); ok {
			columns = append(columns, title)
		}
		if m, route, ok := strings.Cut(line, " "); ok && m != "#" {
			if _, twice := marks[route]; twice {
				t.Errorf("%s has two lines for %s", tableOfRights, route)
			}
			marks[route] = m
		}
	}
	return marks, columns
}

// column is somebody who walks the routes, and where.
type column struct {
	title        string
	token        string // empty: nobody
	service, api string // in which things of the routes are
}

// walked is a route to be asked. The path is a template.
type walked struct {
	method, path string
	action       string // what it takes; empty: to be signed in, or nothing
	address      string // what stands before the path on the wire
	scope        string // a template, of what action is needed on
}

func (r walked) String() string { return r.method + " " + r.path }

type walk struct {
	*testing.T
	url, token string // the center and its administrator's
	document   string // the signed address of one
	columns    []column
	routes     []walked
}

func newWalk(t *testing.T) *walk {
	roles := new(access.Guard).Roles()
	names := []string{"nothing", "service", "api"}
	for _, r := range roles {
		names = append(names, r.ID)
	}
	tokens := newIssuer(t, names)
	c, stop := start(t, settings{
		listen: "127.0.0.1:0", data: t.TempDir(), service: walkServices + "here", resourceManager: publicResourceManager,
		authority: "https://login.microsoftonline.com/", pollInterval: time.Hour, limits: "none",
		issuers: []string{tokens.url}, audiences: []string{audience},
	})
	t.Cleanup(stop)
	w := &walk{T: t, url: c.url, token: c.token, routes: routesToWalk()}
	w.must(w.do(w.token, "PUT", walkServices+"elsewhere?api-version=2024-03-01", `{"location":"local"}`))
	w.document = w.exported()
	w.columns = w.everybody(tokens, roles)
	return w
}

// routesToWalk are those of all surfaces.
func routesToWalk() []walked {
	routes := []walked{{method: "GET", path: "/healthz"}, {method: "GET", path: "/readyz"}, {method: "GET", path: "/documents/{digest}"}}
	routes = append(routes, walked{method: "POST", path: hookapi.Path, action: hookapi.Action, scope: access.Everything})
	routes = append(routes, walked{method: "GET", path: metricsapi.Path, action: metricsapi.Action, scope: access.Everything})
	for _, r := range keysapi.New(keysapi.Options{}).Routes() {
		method, path, _ := strings.Cut(r.Pattern, " ")
		action := map[string]string{"POST": "Microsoft.Authorization/roleAssignments/write", "DELETE": "Microsoft.Authorization/roleAssignments/delete"}
		routes = append(routes, walked{method: method, path: path, action: action[method], scope: "{scope}"})
	}
	for _, o := range managerapi.Operations() {
		if o.Method == http.MethodHead {
			continue // it is asked wherever GET is
		}
		scope := under(o.Path)
		if before, _, ok := cutLast(o.Path, "/providers/"); ok {
			scope = cmp.Or(before, "/")
		}
		routes = append(routes, walked{method: o.Method, path: o.Path, action: o.Action, scope: scope})
	}
	for _, o := range armapi.Operations() {
		routes = append(routes, walked{method: o.Method, path: o.Path, action: o.Action, scope: under(o.Path)})
	}
	for _, o := range dataapi.Operations() {
		routes = append(routes, walked{
			method: o.Method, path: o.Path, action: o.Action, address: "/data/{service}", scope: walkServices + "{service}" + under(o.Path),
		})
	}
	return routes
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// under is the template of what a right is asked on: without what is done with
// it, listed in it, or became of an operation on it.
func under(path string) string {
	if before, last, _ := cutLast(path, "/"); last == "{operation}" {
		path = before
	} else if name, _, ok := strings.Cut(last, ":"); ok {
		path = before + "/" + name
	}
	if before, last, _ := cutLast(path, "/"); !strings.HasPrefix(last, "{") {
		path = before
	}
	return path
}

// everybody is who walks: the columns of the table, in its order.
func (w *walk) everybody(tokens issuer, roles []access.Role) []column {
	columns := []column{
		{title: "nobody", service: "here", api: "here"},
		{title: "somebody without a role", token: tokens.token("nothing"), service: "here", api: "here"},
	}
	for _, r := range roles {
		w.assign(r.ID, r.ID, "/")
		columns = append(columns, column{title: r.Name, token: tokens.token(r.ID), service: "here", api: "here"})
	}
	here := walkServices + "here"
	w.assign("service", access.AdministratorID, here)
	w.assign("api", access.AdministratorID, here+walkWorkspace+"/apis/here")
	return append(columns,
		column{"an API key with Service Contributor of the service", w.key("Azure API Center Service Contributor", here).Token, "here", "here"},
		column{"Administrator of the service", tokens.token("service"), "here", "here"},
		column{"Administrator of another service", tokens.token("service"), "elsewhere", "here"},
		column{"Administrator of the API", tokens.token("api"), "here", "here"},
		column{"Administrator of another API", tokens.token("api"), "here", "elsewhere"},
	)
}

func (w *walk) assign(principal, role, scope string) {
	w.Helper()
	w.must(w.do(w.token, "PUT", strings.TrimSuffix(scope, "/")+"/providers/Microsoft.Authorization/roleAssignments/"+auth.NewID()+"?api-version=2022-04-01",
		`{"properties":{"roleDefinitionId":"`+role+`","principalId":"`+principal+`"}}`))
}

// exported makes a definition with a document, and gives the document's address.
func (w *walk) exported() string {
	w.Helper()
	api := walkServices + "elsewhere" + walkWorkspace + "/apis/documented"
	version := api + "/versions/version"
	definition := version + "/definitions/definition"
	for _, r := range [][3]string{
		{"PUT", api, `{"properties":{"title":"A","kind":"rest"}}`},
		{"PUT", version, `{"properties":{"title":"V","lifecycleStage":"production"}}`},
		{"PUT", definition, `{"properties":{"title":"D"}}`},
		{"POST", definition + "/importSpecification", `{"format":"inline","value":"{}","specification":{"name":"openapi"}}`},
	} {
		w.must(w.do(w.token, r[0], r[1]+"?api-version=2024-03-01", r[2]))
	}
	var out struct{ Value string }
	body := w.must(w.do(w.token, "POST", "/data/elsewhere"+strings.TrimPrefix(definition, walkServices+"elsewhere")+":exportSpecification", ""))
	if err := json.Unmarshal([]byte(body), &out); err != nil {
		w.Fatal(err)
	}
	return strings.TrimPrefix(out.Value, w.url)
}

// ask sends a request as somebody, and says whether he got in. Of a refusal it
// checks that it says what is missing.
func (w *walk) ask(c column, r walked) byte {
	w.Helper()
	group := "group"
	if r.method == http.MethodDelete && strings.HasSuffix(r.path, "/resourceGroups/{group}") {
		group = walkName // it would take the services along
	}
	fill := strings.NewReplacer(
		"{scope}", walkServices+c.service+walkWorkspace+"/apis/"+c.api, "{service}", c.service, "{deletedService}", c.service, "{api}", c.api,
		"{subscription}", "sub", "{group}", group, "{workspace}", "default", "{namespace}", "Microsoft.ApiCenter", "{name}", walkName,
		"{", "", "}", "")
	scope, path, body := fill.Replace(r.scope), fill.Replace(r.address+r.path), ""
	switch r.path {
	case "/documents/{digest}":
		path = w.document
	case "/keys":
		body = `{"name":"x","role":"none","scope":"` + scope + `"}`
	case "/keys/{id}":
		path = "/keys/" + w.key(access.DataReaderID, scope).ID
	}
	if path != w.document {
		path += "?api-version=2024-03-01"
	}
	status, answer := w.do(c.token, r.method, path, body)
	switch {
	case status >= http.StatusInternalServerError:
		w.Errorf("%s, %s: %d %s", r, c.title, status, answer)
		return '!'
	case status == http.StatusUnauthorized:
		if c.token != "" || r.method != http.MethodHead && !strings.Contains(answer, `"AuthenticationFailed"`) {
			w.Errorf("%s, %s: %d %s", r, c.title, status, answer)
		}
		return stranger
	case status == http.StatusForbidden:
		if r.method != http.MethodHead && !(strings.Contains(answer, `"AuthorizationFailed"`) &&
			strings.Contains(answer, "action '"+r.action+"' over scope") && strings.Contains(strings.ToLower(answer), "over scope '"+strings.ToLower(scope)+"'")) {
			w.Errorf("%s, %s: %d %s, which does not name %s on %s", r, c.title, status, answer, r.action, scope)
		}
		return denied
	default:
		return allowed
	}
}

// walkName is that of things that are not there.
const walkName = "00000000-0000-0000-0000-000000000001"

// key makes an API key.
func (w *walk) key(role, scope string) (key struct{ ID, Token string }) {
	w.Helper()
	body := w.must(w.do(w.token, "POST", "/keys", `{"name":"walk","role":"`+role+`","scope":"`+scope+`"}`))
	if err := json.Unmarshal([]byte(body), &key); err != nil {
		w.Fatal(err)
	}
	return key
}

// do sends a request that changes nothing that is there.
func (w *walk) do(token, method, path, body string) (int, string) {
	w.Helper()
	r, err := http.NewRequestWithContext(w.Context(), method, w.url+path, strings.NewReader(body))
	if err != nil {
		w.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if method == http.MethodDelete {
		r.Header.Set("If-Match", `"none"`)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		w.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		w.Fatal(err)
	}
	return answer.StatusCode, string(b)
}

// must gives the body of an answer that is none of an error.
func (w *walk) must(status int, body string) string {
	w.Helper()
	if status >= http.StatusBadRequest {
		w.Fatalf("%d %s", status, body)
	}
	return body
}

// differences says in words which marks are others than they should be.
func (w *walk) differences(got, want string) string {
	var b strings.Builder
	for i, c := range w.columns {
		if i >= len(want) || want[i] != got[i] {
			fmt.Fprintf(&b, "\t%c for %s\n", got[i], c.title)
		}
	}
	return b.String()
}

// issuer gives tokens to applications, which are called as they are to be known.
type issuer struct {
	*testing.T
	url string
}

// audience is for whom the tokens are: they are good on both planes.
const audience = "api://walk"

func newIssuer(t *testing.T, names []string) issuer {
	t.Helper()
	clients := map[string]identity.Client{}
	for _, name := range names {
		clients[name] = identity.Client{Secret: "secret", Principal: identity.Principal{ObjectID: name, Name: name}}
	}
	authority, err := identity.New(identity.Options{TenantID: walkName, Clients: clients})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	authority.Register(mux)
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return issuer{t, s.URL + "/adfs"}
}

func (i issuer) token(name string) string {
	i.Helper()
	answer, err := http.PostForm(i.url+"/oauth2/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {name}, "client_secret": {"secret"}, "scope": {audience + "/.default"},
	})
	if err != nil {
		i.Fatal(err)
	}
	defer answer.Body.Close()
	var body struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&body); err != nil || body.Token == "" {
		i.Fatalf("no token for %s: %s, %v", name, answer.Status, err)
	}
	return body.Token
}
