package dataapi_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"apicenter/internal/httpapi/dataapi"
)

// request fills an operation's path with what filled has.
var request = strings.NewReplacer("{workspace}", "default", "{api}", "petstore", "{version}", "v-1", "{definition}", "openapi",
	"{deployment}", "main", "{environment}", "prod", "{operation}", petDigest)

// scope is where an operation needs its action: at what its path names, in Azure's words.
func scope(path string) string {
	const service = "/subscriptions/S/resourceGroups/G/providers/Microsoft.ApiCenter/services/Center"
	path, _, _ = strings.Cut(path, ":")
	path, _, _ = strings.Cut(path, "/operations/")
	segments := strings.Split(request.Replace(path), "/")
	return strings.ToLower(service + strings.Join(segments[:1+(len(segments)-1)&^1], "/"))
}

// TestWhoMayDoWhat goes through every operation with everybody.
func TestWhoMayDoWhat(t *testing.T) {
	d := filled(t, dataapi.Limits{})
	for _, o := range dataapi.Operations() {
		path, body := request.Replace(o.Path), ""
		if strings.HasSuffix(path, ":search") {
			body = `{"query":"pets"}`
		}
		what := o.Method + " " + o.Path

		d.gate.refused, d.gate.asked = o.Action, []string{}
		d.fails(o.Method, path, body, 403, "AuthorizationFailed", "may not "+o.Action)
		d.fails(o.Method, path, body, 401, "AuthenticationFailed", "token", nobody()...)
		d.fails(o.Method, path, body, 401, "AuthenticationFailed", "", "Authorization", "Bearer wrong")
		d.gate.refused = ""
		d.must(o.Method, path, body, 200)
		want := o.Action + " on " + scope(o.Path)
		for i, asked := range d.gate.asked {
			if action, at, _ := strings.Cut(asked, " on "); action+" on "+strings.ToLower(at) != want {
				t.Errorf("%s asked for %s, want %s", what, d.gate.asked[i], want)
			}
		}
		if len(d.gate.asked) != 2 {
			t.Errorf("%s: asked %d times, want once for each who is somebody", what, len(d.gate.asked))
		}

		d.openToAll(center, true)
		d.must(o.Method, path, body, 200, nobody()...)
		d.fails(o.Method, path, body, 401, "AuthenticationFailed", "", "Authorization", "Bearer wrong")
		d.gate.refused = o.Action
		d.must(o.Method, path, body, 200) // what anybody may read, somebody may
		d.openToAll(center, false)
		d.fails(o.Method, path, body, 401, "AuthenticationFailed", "token", nobody()...)
	}
}

// TestSwitchIsOfOneService opens one service and leaves the other closed.
func TestSwitchIsOfOneService(t *testing.T) {
	d := filled(t, dataapi.Limits{})
	d.put("S/G/second", `{"location":"westeurope"}`)
	d.openToAll("S/G/second", true)
	d.must("GET", "/data/second/apis", "", 200, nobody()...)
	w := d.must("GET", "/data/center/apis", "", 401, nobody()...)
	if got := w.Header().Get("WWW-Authenticate"); !strings.HasPrefix(got, "Bearer") {
		t.Errorf("401 with WWW-Authenticate %q", got)
	}
}

// TestSwitchHoldsAtOnce turns it while others read: what is closed stays closed
// from then on.
func TestSwitchHoldsAtOnce(t *testing.T) {
	d := filled(t, dataapi.Limits{})
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					d.ask("GET", "/apis", "", nobody()...)
				}
			}
		})
	}
	for range 20 {
		d.openToAll(center, true)
		d.must("GET", "/apis", "", 200, nobody()...)
		d.openToAll(center, false)
		d.must("GET", "/apis", "", 401, nobody()...)
	}
	close(done)
	readers.Wait()
}

func TestPreflight(t *testing.T) {
	d := filled(t, dataapi.Limits{RequestsPerMinute: 1})
	for _, path := range []string{
		"/workspaces/default/apis?$top=50", "/workspaces/default/nothing", "/data/none/apis", "/metadataSchemas",
		"/workspaces/default/apis/petstore/versions/v-1/definitions/openapi:exportSpecification", "http://none.data.westeurope." + domain + "/x",
	} {
		w := d.must("OPTIONS", path, "", 204, "Authorization", "", "Origin", "https://portal.example.com",
			"Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "authorization,content-type,X-MS-Client-Request-Id, bad\x01, "+strings.Repeat("y", 100))
		h := w.Header()
		if got, want := h.Get("Access-Control-Allow-Headers"), "authorization, content-type, accept, x-ms-client-request-id"; got != want {
			t.Errorf("%s: allowed headers %q, want %q", path, got, want)
		}
		if got, want := h.Get("Access-Control-Allow-Methods"), "GET, POST, OPTIONS"; got != want {
			t.Errorf("%s: allowed methods %q, want %q", path, got, want)
		}
	}
	many := strings.Repeat("x-a,x-b,", 1000)
	for i := range 100 {
		many += "x-" + strings.Repeat("z", i%60) + string(rune('a'+i%26)) + ","
	}
	w := d.must("OPTIONS", "/apis", "", 204, "Authorization", "Bearer wrong", "Access-Control-Request-Headers", many)
	if names := strings.Split(w.Header().Get("Access-Control-Allow-Headers"), ", "); len(names) != 19 || len(slices.Compact(names)) != 19 {
		t.Errorf("%d headers are allowed: %q", len(names), names)
	}
}
