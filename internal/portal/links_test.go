package portal_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"apicenter/internal/access"
	"apicenter/internal/catalog"
	"apicenter/internal/inventory"
	"apicenter/internal/portal"
	"apicenter/internal/source"
)

const (
	linksPage = "/portal/center/default/links"
	newLink   = "/portal/center/default/new-link"
	gateway   = "/subscriptions/s1/resourceGroups/apis/providers/Microsoft.ApiManagement/service/contoso"
	onePlan   = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
)

// azure is a source that answers as it is told, in place of Azure.
type azure struct {
	places   map[string][]source.Place
	findings []inventory.Finding
	plan     any
	fault    error
	notified []string
}

func (a *azure) Find(_ context.Context, _, in string) ([]source.Place, error) {
	return a.places[in], a.fault
}

func (a *azure) Events() []string { return []string{"Microsoft.ApiManagement.APICreated"} }

func (a *azure) Check(context.Context, inventory.Link) ([]inventory.Finding, error) {
	return a.findings, nil
}

func (a *azure) Preview(context.Context, inventory.ID, *inventory.Link) (any, error) {
	return a.plan, a.fault
}

func (a *azure) Notify(_ context.Context, link inventory.ID, api string) error {
	a.notified = append(a.notified, link.Name()+":"+api)
	return nil
}

// linkDesk is a desk whose links have a source.
func linkDesk(t *testing.T) (*desk, *azure) {
	t.Helper()
	d := newDesk(t)
	a := &azure{
		places: map[string][]source.Place{
			"":                  {{ID: "/subscriptions/s0", Title: "Empty"}, {ID: "/subscriptions/s1", Title: "Production"}},
			"/subscriptions/s1": {{ID: gateway, Title: "contoso", Group: "apis"}, {ID: strings.Replace(gateway, "contoso", "other", 1), Title: "other", Group: "apis"}},
			gateway:             {{ID: gateway + "/workspaces/sales", Title: "Sales"}},
		},
		findings: []inventory.Finding{{Check: "token", Outcome: inventory.Passed, Message: "got one"}},
		plan: map[string]any{"digest": onePlan, "observed": 2, "adds": 2, "changes": []any{
			map[string]any{"action": "add", "external": "apis/pets", "title": "Pets<script>"},
		}},
	}
	d.sources, d.stopping = a, make(chan struct{})
	close(d.stopping) // streams end after what there is
	d.people = catalog.New(d.store, catalog.Options{Waker: a, Planner: a, Checker: a, Promise: inventory.Promise{Target: time.Minute}})
	d.open(portal.Issuers{})
	return d, a
}

// link makes a link as an administrator does elsewhere.
func (d *desk) link(name string) {
	d.Helper()
	d.put(workspace+"/links/"+name, `{"sourceType":"AzureApiManagement","source":"`+gateway+`","importSpecification":"always"}`)
}

// status sets what the server saw of a link.
func (d *desk) status(name string, s inventory.LinkStatus) {
	d.Helper()
	id := inventory.MustID(workspace + "/links/" + name)
	if err := d.store.Update(d.Context(), "test", func(tx inventory.Tx) error { return tx.SetStatus(id, s) }); err != nil {
		d.Fatal(err)
	}
}

// shows fails unless a page is answered with a status and says all of these.
func (b *browser) shows(path string, status int, texts ...string) string {
	b.Helper()
	w := b.get(path)
	return b.says(path, w.Code, w.Body.String(), status, texts)
}

func (b *browser) says(what string, code int, body string, status int, texts []string) string {
	b.Helper()
	if code != status {
		b.Errorf("%s: %d, want %d\n%s", what, code, status, body)
	}
	for _, text := range texts {
		if !strings.Contains(body, text) {
			b.Errorf("%s does not say %q\n%s", what, text, body)
		}
	}
	return body
}

func TestLinksList(t *testing.T) {
	d, _ := linkDesk(t)
	b := d.signedIn(adminKey)
	b.shows(linksPage, http.StatusOK, "No links yet", newLink)
	d.link("contoso")
	d.status("contoso", inventory.LinkStatus{State: inventory.Failed, Stalled: true, Message: (&inventory.Remedy{Command: "az role one"}).Advice("waiting for role"), APIs: 7, Held: []string{"apis/a"}})
	b.shows(linksPage, http.StatusOK, `href="/portal/center/default/links/contoso"`, "Waiting", "1 deletion waits", "waiting for role")
	b.shows(linksPage+"/contoso", http.StatusOK, "<code>az role one</code>")
	if part := b.get(linksPage, "HX-Request", "true").Body.String(); strings.Contains(part, "<html") || !strings.Contains(part, "contoso") {
		t.Errorf("the part of the list is %s", part)
	}
	reader := d.signedIn(d.key("reader", access.ReaderID))
	if body := reader.shows(linksPage, http.StatusOK, "contoso"); strings.Contains(body, newLink) {
		t.Error("a reader is offered to make a link")
	}
	reader.shows(newLink, http.StatusForbidden)
}

func TestNewLinkChooses(t *testing.T) {
	d, a := linkDesk(t)
	b := d.signedIn(adminKey)
	b.shows(newLink, http.StatusOK, `value="/subscriptions/s1" selected`, `value="`+gateway+`" selected`, `value="contoso"`, `value="Contoso"`, "Sales")
	// Another choice brings another suggestion, unless somebody has typed.
	other := strings.Replace(gateway, "contoso", "other", 1)
	q := url.Values{"subscription": {"/subscriptions/s1"}, "instance": {other}, "name": {"contoso"}, "suggestedName": {"contoso"}, "title": {"Mine"}, "suggestedTitle": {"Contoso"}}
	b.shows(newLink+"?"+q.Encode(), http.StatusOK, `value="other"`, `value="Mine"`)
	d.link("contoso")
	b.shows(newLink, http.StatusOK, "contoso (linked)", `value="`+other+`" selected`)
	a.places, a.fault = nil, errors.New("no token")
	b.shows(newLink, http.StatusOK, "cannot be listed at present", "Resource id")
}

// typed is a form as it comes from the page.
func typed(change ...string) url.Values {
	v := url.Values{"instance": {gateway}, "name": {"contoso"}, "title": {"Contoso"}, "kind": {"production"}, "stage": {"production"}, "import": {"always"}, "onVanish": {"delete"}}
	for i := 0; i < len(change); i += 2 {
		v.Set(change[i], change[i+1])
	}
	return v
}

// What the reader has unfolded stays unfolded when a part of the page is brought
// anew. So what has to be seen then is in no fold.
func TestFoldsStay(t *testing.T) {
	d, a := linkDesk(t)
	b := d.signedIn(adminKey)
	const fold = "<summary>Or give a resource id</summary>"
	b.shows(newLink, http.StatusOK, `"morphIgnore":["data-htmx-powered","open"]`, fold)
	a.places = nil
	if body := b.shows(newLink, http.StatusOK, `<label for="source">Resource id</label>`); strings.Contains(body, fold) {
		t.Error("nothing can be chosen, and where it is typed is in a fold")
	}
}

func TestNewLinkIsReviewedAndMade(t *testing.T) {
	d, a := linkDesk(t)
	b := d.signedIn(adminKey)
	b.shows(newLink+"/review?"+typed().Encode(), http.StatusOK, "got one", `hx-get="`+newLink+"/plan", `hx-config="timeout:10m"`, `"noSwap":[204,304,"5xx"]`)
	b.shows(newLink+"/review?"+typed("plan", "yes").Encode(), http.StatusOK, "Pets&lt;script&gt;", onePlan, "<b>2</b> come in")
	if part := b.shows(newLink+"/plan?"+typed().Encode(), http.StatusOK, onePlan); strings.Contains(part, "<html") {
		t.Error("the plan is a whole page")
	}
	if len(a.notified) > 0 {
		t.Errorf("a review has made something: %v", a.notified)
	}
	w := b.post(newLink, typed("digest", onePlan))
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != linksPage+"/contoso" {
		t.Fatalf("create: %d %v %s", w.Code, w.Header(), w.Body)
	}
	link, err := d.people.Get(t.Context(), inventory.MustID(workspace+"/links/contoso"))
	if err != nil {
		t.Fatal(err)
	}
	if s := inventory.StatusOf(link); s.Agreed == nil || s.Agreed.Plan != onePlan {
		t.Errorf("agreed to %+v, want the plan", s.Agreed)
	}
	environment, err := d.people.Get(t.Context(), inventory.MustID(workspace+"/environments/contoso"))
	if err != nil || !strings.Contains(string(environment.Doc), `"Contoso"`) {
		t.Errorf("environment %s, %v", environment.Doc, err)
	}
	b.shows(linksPage+"/contoso", http.StatusOK, "Starting", gateway, "data-watch", "/delete")
	// The same again: the name is taken, and what was typed is still there.
	body := b.post(newLink, typed("description", "Ours")).Body.String()
	if !strings.Contains(body, "already") || !strings.Contains(body, ">Ours</textarea>") {
		t.Errorf("the second time: %s", body)
	}
}

func TestNewLinkFaults(t *testing.T) {
	d, a := linkDesk(t)
	b := d.signedIn(adminKey)
	for _, tt := range []struct {
		name, want string
		form       url.Values
	}{
		{"no source", "choose an instance", typed("instance", "")},
		{"not an instance", "not the resource id", typed("source", "/subscriptions/x")},
		{"a name of one letter", "cannot name", typed("name", "x")},
		{"a name with a slash", "3 to 90", typed("name", "a/b")},
		{"a target that is none", "number of seconds", typed("target", "soon")},
		{"a target too short", "10", typed("target", "1")},
		{"no rule", "is no rule of a scope", typed("include", "colour=red")},
		{"an environment that is not there", "create it first", typed("environment", "none")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for what, w := range map[string]*httptest.ResponseRecorder{
				"review": b.get(newLink + "/review?" + tt.form.Encode()), "create": b.post(newLink, tt.form),
			} {
				if body := w.Body.String(); w.Code != http.StatusBadRequest || !strings.Contains(body, tt.want) {
					t.Errorf("%s: %d, want 400 and %q in\n%s", what, w.Code, tt.want, body)
				}
			}
		})
	}
	a.findings = []inventory.Finding{{Check: "instance", Outcome: inventory.Refused, Message: "no", Remedy: &inventory.Remedy{Role: "Reader", Command: "az role assignment create --x"}}}
	b.shows(newLink+"/review?"+typed().Encode(), http.StatusOK, "A role is missing", "az role assignment create --x", "Create link")
	if w := b.post(newLink, typed(), "Sec-Fetch-Site", "cross-site"); w.Code != http.StatusForbidden {
		t.Errorf("from another site: %d", w.Code)
	}
	if w := d.signedIn(d.key("reader", access.ReaderID)).post(newLink, typed()); w.Code != http.StatusForbidden {
		t.Errorf("a reader makes a link: %d", w.Code)
	}
}

func TestLinkPageTellsOfRuns(t *testing.T) {
	d, _ := linkDesk(t)
	d.link("contoso")
	id := inventory.MustID(workspace + "/links/contoso")
	var claim inventory.Claim
	if err := d.store.Update(t.Context(), "test", func(tx inventory.Tx) (err error) {
		claim, err = tx.Begin(id)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	run := inventory.Run{
		Link: id, Trigger: "request", Phase: inventory.PhaseDone, Started: time.Now().Add(-time.Minute), Ended: time.Now(), Outcome: "partial",
		Counts: inventory.Counts{Observed: 9, Added: 3, Failed: 1}, Requests: 12,
		Errors: []inventory.RunError{{External: "apis/bad", Message: "it <b>broke</b>"}},
		Breaks: []inventory.RunBreak{{External: "apis/pets", Compatibility: inventory.Compatibility{Verdict: inventory.Breaking, Reasons: []inventory.Reason{{Text: "removed it", Operation: "GET", Path: "/pets"}}}}},
	}
	if err := d.store.Apply(t.Context(), claim, func(tx inventory.SourceTx) error {
		_, err := tx.PutRun(run)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	b := d.signedIn(adminKey)
	b.shows(linksPage+"/contoso", http.StatusOK, "Partial", "9 seen", "3 added", "asked for")
	b.shows(linksPage+"/contoso/runs/1", http.StatusOK, "apis/bad", "it &lt;b&gt;broke&lt;/b&gt;", "What breaks", "GET /pets")
	b.shows(linksPage+"/contoso/runs/77", http.StatusNotFound)
	b.shows(linksPage+"/contoso/runs/x", http.StatusNotFound)
	b.shows(linksPage+"/none", http.StatusNotFound)
	w := b.get(linksPage + "/contoso/watch")
	if body := w.Body.String(); w.Header().Get("Content-Type") != "text/event-stream" || !strings.Contains(body, "data: ") || !strings.Contains(body, "Partial") {
		t.Errorf("the stream: %v %s", w.Header(), body)
	}
}
