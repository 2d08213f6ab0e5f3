package apim_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"apicenter/internal/emulator"
	"apicenter/internal/inventory"
	"apicenter/internal/source"
	"apicenter/internal/source/apim"
)

// one reads one API, of which there must be one root.
func one(t testing.TB, c source.Connector, external string) source.Object {
	t.Helper()
	objects, err := read(t.Context(), c, source.Scope{API: external})
	if err != nil || len(objects) != 1 {
		t.Fatalf("%s: %d objects, %v", external, len(objects), err)
	}
	return objects[0]
}

func TestOneAPICostsFewRequests(t *testing.T) {
	w := newWorld(t, emulator.Options{})
	for _, external := range []string{"apis/loyalty", "apis/orders-v2", "workspaces/marketplace/apis/seller-settlements", "workspaces/marketplace/apis/seller-offers-v1"} {
		c := w.connect()
		d := child(t, child(t, one(t, c, external), inventory.KindVersion), inventory.KindDefinition)
		body(t, d.Document)
		if c.Requests() > 5 {
			t.Errorf("%s took %d requests, want at most 5: %q", external, c.Requests(), w.sent())
		}
	}
}

func TestFactsOfTheInstanceAreKeptForSingleReadings(t *testing.T) {
	w := newWorld(t, emulator.Options{})
	kind := apim.New(w.options())
	var env source.Env
	requests := func(identity string, read func(c source.Connector)) int64 {
		t.Helper()
		c, err := kind.Open(t.Context(), inventory.Link{Source: w.instance, Identity: identity}, env)
		if err != nil {
			t.Fatal(err)
		}
		read(c)
		return c.Requests()
	}
	single := func(c source.Connector) { one(t, c, "apis/loyalty") }
	for i, want := range []int64{2, 1, 1} {
		if got := requests("", single); got != want {
			t.Errorf("reading %d took %d requests, want %d", i, got, want)
		}
	}
	if got := requests("another", single); got != 2 {
		t.Errorf("%d requests as another identity, want 2: what one sees is told to another", got)
	}
	env.Proven = time.Now()
	if got := requests("", single); got != 2 {
		t.Errorf("%d requests when another server has read the instance since, want 2: the link shows newer facts", got)
	}
}

func TestOneMemberIsAPartOfItsSet(t *testing.T) {
	w := empty(t)
	w.put("/apiVersionSets/s", m{"displayName": "Set", "versioningScheme": "Segment"})
	for _, v := range []string{"v1", "v2"} {
		w.put("/apis/a-"+v, m{"displayName": "A", "description": v, "path": "a" + v, "apiVersion": v, "apiVersionSetId": "/apiVersionSets/s"})
	}
	c := w.connect()
	for _, expands := range []bool{true, false} {
		w.intercept(rewrite(w, func(r m) {
			if p, ok := r["properties"].(m); ok && !expands {
				delete(p, "apiVersionSet")
			}
		}))
		o := one(t, c, "apis/a-v1")
		if !o.Partial || o.External != "apiversionsets/s" || o.States.Text("/title") != "Set" || len(o.Children) != 1 || o.Children[0].External != "apis/a-v1" {
			t.Errorf("expanded %t: %+v", expands, o)
		}
		if _, stated := o.States["/description"]; stated || o.States["/kind"] != nil || o.Offers.Text("/kind") != "rest" || o.Offers.Text("/description") != "v1" {
			t.Errorf("expanded %t: states %v, offers %v: what the other members decide is stated, or is not offered", expands, o.States, o.Offers)
		}
		if got := text(child(t, o.Children[0], inventory.KindDeployment).States, "/server/runtimeUri"); !strings.HasSuffix(got, `/av1/v1"]`) {
			t.Errorf("expanded %t: at %s", expands, got)
		}
	}
	w.intercept(nil)
	w.put("/apiVersionSets/s", m{"displayName": "Set", "description": "its own", "versioningScheme": "Segment"})
	if o := one(t, c, "apis/a-v1"); o.States.Text("/description") != "its own" {
		t.Errorf("states %v", o.States)
	}
}

func TestAnAnswerForAnotherAPIIsAnError(t *testing.T) {
	w := empty(t)
	w.rest("a", "A", petstore("A"))
	w.intercept(rewrite(w, func(r m) { r["name"] = "b" }))
	if objects, err := read(t.Context(), w.connect(), source.Scope{API: "apis/a"}); err == nil || len(objects) > 0 {
		t.Errorf("%+v, %v", objects, err)
	}
}

func TestALinkToAWorkspaceReadsNothingElse(t *testing.T) {
	w := newWorld(t, emulator.Options{})
	c := w.open(w.options(), inventory.Link{Source: w.instance + "/workspaces/Marketplace"}, false)
	for _, external := range []string{"apis/loyalty", "workspaces/other/apis/x"} {
		if objects, err := read(t.Context(), c, source.Scope{API: external}); len(objects) > 0 || err != nil {
			t.Errorf("%s: %+v, %v", external, objects, err)
		}
		if gone, err := c.Gone(t.Context(), external); gone || err != nil {
			t.Errorf("Gone(%s) = %t, %v", external, gone, err)
		}
	}
	if c.Requests() > 0 {
		t.Errorf("%d requests were sent", c.Requests())
	}
}

func TestGone(t *testing.T) {
	w := newWorld(t, emulator.Options{})
	w.put("/workspaces/old", m{"displayName": "Old"})
	w.put("/workspaces/old/apis/x", m{"displayName": "X", "path": "x"})
	whole := w.connect()
	part := w.open(w.options(), inventory.Link{Source: w.instance + "/workspaces/old"}, false)
	check := func(c source.Connector, external string, want, ok bool) {
		t.Helper()
		if got, err := c.Gone(t.Context(), external); got != want || (err == nil) != ok {
			t.Errorf("Gone(%q) = %t, %v; want %t", external, got, err, want)
		}
	}
	check(whole, "apis/loyalty", false, true)
	check(whole, "apis/never", true, true)
	check(whole, "apiversionsets/never", true, true)
	check(whole, "nonsense", false, true)
	check(whole, "apis/..", false, true)
	check(whole, "workspaces/old/apis/x", false, true)
	check(part, "workspaces/old/apis/x", false, true)
	w.call(http.MethodDelete, "/workspaces/old/apis/x", nil)
	check(whole, "workspaces/old/apis/x", true, true)
	check(part, "workspaces/old/apis/x", true, true)
	w.call(http.MethodDelete, "/workspaces/old", nil)
	check(whole, "workspaces/old/apis/x", true, true)
	check(part, "workspaces/old/apis/x", false, false) // what the link reads is gone as a whole
}

func TestA404IsNotProofByItself(t *testing.T) {
	w := empty(t)
	apis := func(path string) bool { return strings.Contains(path, "/apis/") }
	service := func(path string) bool { return !apis(path) }
	for _, tt := range []struct {
		name   string
		hits   func(path string) bool
		status int
		code   string
	}{
		{"no code", apis, 404, ""},
		{"no such type", apis, 404, "InvalidResourceType"},
		{"no such group", apis, 404, "ResourceGroupNotFound"},
		{"no such subscription", apis, 404, "SubscriptionNotFound"},
		{"may not", apis, 403, "AuthorizationFailed"},
		{"busy", apis, 409, "ServiceNotActive"},
		{"instance gone", service, 404, "ResourceNotFound"},
		{"instance refused", service, 403, "AuthorizationFailed"},
		{"instance locked", service, 409, "ServiceLocked"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w.intercept(func(rw http.ResponseWriter, r *http.Request) bool {
				if tt.hits(r.URL.Path) {
					refuse(rw, tt.status, tt.code, "")
				}
				return tt.hits(r.URL.Path)
			})
			if gone, err := w.connect().Gone(t.Context(), "apis/never"); gone || err == nil {
				t.Errorf("Gone = %t, %v; want an error", gone, err)
			}
		})
	}
}

func TestAnOutageThatEndsInTheMiddleOfAProofProvesNothing(t *testing.T) {
	w := empty(t)
	w.put("/apis/there", m{"displayName": "There", "path": "there"})
	for answered := range 4 {
		var n atomic.Int64
		w.intercept(func(rw http.ResponseWriter, r *http.Request) bool {
			out := int(n.Add(1)) <= answered
			if out {
				refuse(rw, http.StatusNotFound, "ResourceNotFound", "")
			}
			return out
		})
		if gone, err := w.connect().Gone(t.Context(), "apis/there"); gone {
			t.Errorf("the instance is back after %d requests: Gone = %t, %v", answered, gone, err)
		}
	}
}

func TestErrorsAreSortedByWhatToDo(t *testing.T) {
	w := empty(t)
	for _, tt := range []struct {
		name, path string // of the requests that fail
		status     int
		code, text string
		stalled    bool
		says       string
		workspace  string
	}{
		{
			name: "no role", status: 403, code: "AuthorizationFailed", text: "The client 'api-center' with object id 'e38f72a9' does not have authorization to perform action.",
			stalled: true, says: `waiting for role: the identity of the link (object id e38f72a9) may not read the instance; it needs the role "API Management Service Reader Role" (71522526-b88f-4d52-b57f-d31fc3546d0d) on /subscriptions/`,
		},
		{name: "no role for a list", path: "/apis", status: 403, code: "AuthorizationFailed", text: "no", stalled: true, says: "the identity of the link may not read the APIs"},
		{name: "another directory", status: 401, code: "InvalidAuthenticationTokenTenant", text: "wrong issuer", stalled: true, says: "directory"},
		{name: "no instance", status: 404, code: "ResourceNotFound", stalled: true, says: "is not there"},
		{name: "no subscription", status: 404, code: "SubscriptionNotFound", stalled: true, says: "is not there"},
		{name: "no workspace", path: "/workspaces/w/apis", status: 404, code: "ResourceNotFound", stalled: true, says: "workspace", workspace: "w"},
		{name: "a list that is not there", path: "/apis", status: 404, code: "ResourceNotFound", says: "ResourceNotFound"},
		{name: "api-version", status: 400, code: "InvalidApiVersionParameter", stalled: true, says: "2024-05-01"},
		{name: "being changed", status: 409, code: "ServiceNotActive", says: "ServiceNotActive"},
		{name: "bad request", status: 400, code: "ValidationError", says: "ValidationError"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w.intercept(func(rw http.ResponseWriter, r *http.Request) bool {
				if !strings.HasSuffix(r.URL.Path, tt.path) {
					return false
				}
				refuse(rw, tt.status, tt.code, tt.text)
				return true
			})
			link := inventory.Link{Source: w.instance}
			if tt.workspace != "" {
				link.Source += "/workspaces/" + tt.workspace
			}
			_, err := read(t.Context(), w.open(w.options(), link, false), source.Scope{})
			if err == nil || source.Stalled(err) != tt.stalled || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("stalled %t: %v; want %t, %q", source.Stalled(err), err, tt.stalled, tt.says)
			}
		})
	}
}
