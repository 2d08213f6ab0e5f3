package hookapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"apicenter/internal/access"
	"apicenter/internal/auth"
	"apicenter/internal/httpapi/hookapi"
	"apicenter/internal/inventory"
	"apicenter/internal/jobs"
	"apicenter/internal/server"
	"apicenter/internal/source"
	"apicenter/internal/source/apim"
	"apicenter/internal/store"
	"apicenter/internal/store/storetest"
)

const (
	group    = "/subscriptions/S/resourceGroups/G"
	instance = group + "/providers/Microsoft.ApiManagement/service/Retail"
	linkID   = "/subscriptions/sub/resourceGroups/group/providers/Microsoft.ApiCenter/services/center/workspaces/default/apiSources/"
)

// world is the surface behind the real server, on a real store with two links:
// gateway reads the instance, sales one workspace of it.
type world struct {
	testing.TB
	access  *access.Guard
	store   *store.Store
	view    viewed // how the surface sees it
	handler http.Handler
	log     bytes.Buffer
}

type viewed func(context.Context, func(inventory.Reader) error) error

func (v viewed) View(ctx context.Context, f func(inventory.Reader) error) error { return v(ctx, f) }

// newWorld knows the tokens "sender", who may notify gateway, "both", who may
// notify both links, and "reader", who may not.
func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{TB: t, store: storetest.Open(t)}
	w.view = w.store.View
	var err error
	if w.access, err = access.New(t.Context(), w.store); err != nil {
		t.Fatal(err)
	}
	if err := w.store.Update(t.Context(), "ann", func(tx inventory.Tx) error {
		for _, path := range []string{"sub/group/center", "sub/group/center/workspaces/default"} {
			if _, err := tx.PutOwn(path, inventory.Doc{}, inventory.Condition{}); err != nil {
				return err
			}
		}
		return errors.Join(putLink(tx, "gateway", instance), putLink(tx, "sales", instance+"/workspaces/sales"))
	}); err != nil {
		t.Fatal(err)
	}
	w.answer(jobs.NewWorker(w.store, nil))
	return w
}

// answer has the surface ring a bell.
func (w *world) answer(bell hookapi.Bell) {
	principal := func(role, scope string) auth.Principal {
		return auth.Principal{ID: role + scope, Kind: auth.Key, Grants: []auth.Grant{{Role: role, Scope: strings.ToLower(scope)}}}
	}
	kind := apim.New(apim.Options{Endpoint: "https://management.example"})
	log := slog.New(slog.NewTextHandler(&w.log, nil))
	surface := hookapi.New(hookapi.Options{
		Store: viewed(func(ctx context.Context, f func(inventory.Reader) error) error { return w.view(ctx, f) }), Access: w.access, Bell: bell, Kinds: map[string]source.Kind{kind.Name: kind}, Log: log,
	})
	w.handler = server.Handler(server.Options{
		ARM: http.NotFoundHandler(), Log: log,
		Keys: auth.Static(map[string]auth.Principal{
			"sender": principal(access.EventSenderID, linkID+"gateway"),
			"both":   principal(access.EventSenderID, "/subscriptions/sub"),
			"reader": principal(access.ReaderID, "/"),
		}),
		Surfaces: []server.Surface{{Owns: surface.Owns, Handler: surface, Anonymous: true}},
	})
}

func putLink(tx inventory.Tx, name, source string) error {
	own := inventory.Doc{}
	own.Set(inventory.FieldSourceType, apim.Name)
	own.Set(inventory.FieldSource, source)
	path := "sub/group/center/workspaces/default/links/" + name
	_, err := tx.PutOwn(path, own, inventory.Condition{})
	return errors.Join(err, tx.SetDue(inventory.MustID(path), time.Now().Add(time.Hour)))
}

// header of a request, in pairs.
type header []string

func (w *world) post(token string, h header, body string) *httptest.ResponseRecorder {
	w.Helper()
	return w.ask("POST", token, h, body)
}

func (w *world) ask(method, token string, h header, body string) *httptest.ResponseRecorder {
	w.Helper()
	return w.askWithin(w.Context(), method, token, h, body)
}

// askWithin asks for as long as ctx is.
func (w *world) askWithin(ctx context.Context, method, token string, h header, body string) *httptest.ResponseRecorder {
	w.Helper()
	r := httptest.NewRequestWithContext(ctx, method, hookapi.Path, strings.NewReader(body))
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for pair := range slices.Chunk(h, 2) {
		r.Header.Set(pair[0], pair[1])
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	if rec.Code >= 400 {
		var e struct {
			Error struct{ Code, Message string }
		}
		if err := json.Unmarshal(rec.Body.Bytes(), &e); err != nil || e.Error.Code == "" || e.Error.Message == "" {
			w.Errorf("%s %s: %d %s", method, body, rec.Code, rec.Body)
		}
	}
	return rec
}

// hints are where links are to look at once, as "link api".
func (w *world) hints() []string {
	w.Helper()
	var out []string
	if err := w.store.View(w.Context(), func(r inventory.Reader) error {
		links, err := r.Waiting(time.Now())
		for _, l := range links {
			hints, failed := r.Hints(l, time.Now())
			for _, h := range hints {
				out = append(out, l.Name()+" "+h.API)
			}
			err = errors.Join(err, failed)
		}
		return err
	}); err != nil {
		w.Fatal(err)
	}
	slices.Sort(out)
	return out
}

func grid(typ, subject string) string {
	return fmt.Sprintf(`{"id":"1","topic":%q,"subject":%q,"eventType":"Microsoft.ApiManagement.%s","eventTime":"2026-01-01T12:00:00Z",
		"data":{"resourceUri":%q},"dataVersion":"1","metadataVersion":"1"}`, instance, subject, typ, instance+subject)
}

func cloud(typ, subject, version string) string {
	return fmt.Sprintf(`{"id":"1","Source":%q,"SUBJECT":%q,"Type":"Microsoft.ApiManagement.%s","Time":"2026-01-01T12:00:00Z",
		"data":{"ResourceUri":%q},"specversion":%s}`, strings.ToUpper(instance), subject, typ, instance+subject, version)
}

func TestEventsBecomeHints(t *testing.T) {
	notification := header{"aeg-event-type", "Notification"}
	for _, tt := range []struct {
		name, token string
		header      header
		body        string
		want        string
	}{
		{"Event Grid", "both", notification, "[" + grid("APIUpdated", "/apis/Petstore;Rev=1") + "]", "gateway apis/petstore"},
		{"a batch", "both", notification, "[" + grid("APICreated", "/apis/a") + "," + grid("APIUpdated", "/apis/a") + "," + grid("APIDeleted", "/apis/b") + "]", "gateway apis/a, gateway apis/b"},
		{"of a workspace", "both", notification, "[" + grid("APIUpdated", "/workspaces/sales/apis/orders") + "]", "gateway workspaces/sales/apis/orders, sales workspaces/sales/apis/orders"},
		{"of a workspace, for one link", "sender", notification, "[" + grid("APIUpdated", "/workspaces/sales/apis/orders") + "]", "gateway workspaces/sales/apis/orders"},
		{"host names", "both", notification, "[" + grid("GatewayHostnameConfigurationUpdated", "/gateways/g/hostnameConfigurations/h") + "]", "gateway , sales "},
		{"types that do not matter", "both", notification, "[" + grid("ProductCreated", "/products/p") + "]", ""},
		{"another instance", "both", notification, "[" + strings.ReplaceAll(grid("APIUpdated", "/apis/a"), "Retail", "Other") + "]", ""},
		{"an instance with the beginning of a name", "both", notification, "[" + strings.ReplaceAll(grid("APIUpdated", "/apis/a"), "Retail", "Ret") + "]", ""},
		{"what an instance is in", "both", notification, "[" + strings.ReplaceAll(grid("APIUpdated", "/apis/a"), instance, group) + "]", ""},
		{"a workspace, which sends none", "both", notification, "[" + strings.ReplaceAll(grid("APIUpdated", "/apis/a"), instance, instance+"/workspaces/sales") + "]", ""},
		{"nothing", "both", notification, "[]", ""},
		{"what is no event, among others", "both", notification, `[1, {"topic":{}}, ` + grid("APIUpdated", "/apis/a") + "]", "gateway apis/a"},
		{"the end of a subscription", "both", header{"aeg-event-type", "SubscriptionDeletion"}, `[{"eventType":"Microsoft.EventGrid.SubscriptionDeletedEvent","topic":"` + instance + `"}]`, ""},
		{"a CloudEvent", "both", header{"Content-Type", "application/cloudevents+json"}, cloud("APIUpdated", "/apis/a", `"1.0"`), "gateway apis/a"},
		{"a list of them", "both", header{"Content-Type", "application/cloudevents-batch+json"}, "[" + cloud("APIUpdated", "/apis/a", `1.0`) + "," + cloud("APIUpdated", "/apis/b", `1`) + "]", "gateway apis/a, gateway apis/b"},
		{"one in headers", "both", header{"ce-type", "Microsoft.ApiManagement.APIUpdated", "ce-source", instance, "ce-subject", "/apis/a", "ce-specversion", "1.0"}, `{"resourceUri":"` + instance + `/apis/a"}`, "gateway apis/a"},
		{"one in headers, without data", "both", header{"ce-type", "Microsoft.ApiManagement.APIUpdated", "ce-source", instance, "ce-subject", "/apis/a"}, "", "gateway apis/a"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			if rec := w.post(tt.token, tt.header, tt.body); rec.Code != 200 {
				t.Errorf("answered %d %s", rec.Code, rec.Body)
			}
			if got := strings.Join(w.hints(), ", "); got != tt.want {
				t.Errorf("hints %q, want %q", got, tt.want)
			}
		})
	}
}

func TestEventsThatAreRefused(t *testing.T) {
	w := newWorld(t)
	good := "[" + grid("APIUpdated", "/apis/a") + "]"
	for _, tt := range []struct {
		name, token, body string
		status            int
	}{
		{"without a token", "", good, 401},
		{"with a bad token", "forged", good, 401},
		{"of who may notify nothing", "reader", good, 403},
		{"no JSON", "sender", "topic=x", 400},
		{"half of it", "sender", good[:len(good)-1], 400},
		{"no event", "sender", `{}`, 400},
		{"an empty body", "sender", ``, 400},
		{"a text", "sender", `"x"`, 400},
		{"nested without end", "sender", strings.Repeat("[", 100_000), 400},
		{"an event nested without end", "sender", `{"data":` + strings.Repeat(`{"a":`, 100_000), 400},
		{"more than a batch", "sender", "[" + strings.Repeat(" ", 2<<20) + "]", 413},
	} {
		if rec := w.post(tt.token, nil, tt.body); rec.Code != tt.status {
			t.Errorf("%s: answered %d %.200s, want %d", tt.name, rec.Code, rec.Body, tt.status)
		}
	}
	if rec := w.ask("GET", "sender", nil, ""); rec.Code != 405 || rec.Header().Get("Allow") != "POST, OPTIONS" {
		t.Errorf("GET: %d, Allow %q", rec.Code, rec.Header().Get("Allow"))
	}
	if got := w.hints(); len(got) > 0 {
		t.Errorf("hints of what was refused: %q", got)
	}
}

func validation(topic, code string) string {
	return `[{"id":"1","topic":"` + topic + `","subject":"","eventType":"Microsoft.EventGrid.SubscriptionValidationEvent",
		"data":{"validationCode":"` + code + `","validationUrl":"http://127.0.0.1:1/never"},"dataVersion":"2"}]`
}

func TestHandshakeOfEventGrid(t *testing.T) {
	w := newWorld(t)
	asks := header{"aeg-event-type", "SubscriptionValidation"}
	for _, tt := range []struct {
		name, token string
		body        string
		status      int
	}{
		{"without a token", "", validation(strings.ToUpper(instance), "the code"), 200},
		{"with one", "sender", validation(instance, "the code"), 200},
		{"another instance", "", validation(instance+"2", "the code"), 404},
		{"another instance, with a token", "sender", validation(instance+"2", "the code"), 404},
		{"what it is in", "", validation(group, "the code"), 404},
		{"the subscription", "", validation("/subscriptions/S", "the code"), 404},
		{"any subscription", "", validation("/subscriptions", "the code"), 404},
		{"what it is in, with a token", "sender", validation(group, "the code"), 404},
		{"a workspace of it", "", validation(instance+"/workspaces/sales", "the code"), 404},
		{"a slash", "", validation("/", "the code"), 404},
		{"a bad token", "forged", validation(instance, "the code"), 401},
		{"who may notify nothing", "reader", validation(instance, "the code"), 403},
		{"no code", "", validation(instance, ""), 400},
		{"two events", "", "[" + grid("APIUpdated", "/apis/a") + "," + grid("APIUpdated", "/apis/a") + "]", 400},
		{"an event that says to be a handshake", "", "[" + grid("APIUpdated", "/apis/a") + "]", 400},
	} {
		rec := w.post(tt.token, asks, tt.body)
		if rec.Code != tt.status || rec.Code == 200 && rec.Body.String() != `{"validationResponse":"the code"}` {
			t.Errorf("%s: answered %d %s, want %d", tt.name, rec.Code, rec.Body, tt.status)
		}
	}
	if got := w.hints(); len(got) > 0 {
		t.Errorf("hints of handshakes: %q", got)
	}
}

func TestHandshakeOfCloudEvents(t *testing.T) {
	w := newWorld(t)
	for _, tt := range []struct {
		name   string
		header header
		origin string
	}{
		{"asks", header{"WebHook-Request-Origin", "eventgrid.azure.net", "WebHook-Request-Rate", "120", "WebHook-Request-Callback", "http://127.0.0.1:1/never"}, "eventgrid.azure.net"},
		{"does not ask", nil, ""},
		{"asks for too much", header{"WebHook-Request-Origin", strings.Repeat("x", 1000)}, ""},
	} {
		rec := w.ask("OPTIONS", "", tt.header, "")
		h := rec.Header()
		if rec.Code != 200 || h.Get("WebHook-Allowed-Origin") != tt.origin || (h.Get("WebHook-Allowed-Rate") == "*") != (tt.origin != "") || h.Get("Allow") != "POST, OPTIONS" {
			t.Errorf("%s: answered %d %v", tt.name, rec.Code, h)
		}
	}
}

// full is a bell that cannot keep anything.
type full struct{}

func (full) Ring(context.Context, []inventory.Hint) error { return errors.New("the disk is full") }

func TestEventsThatCannotBeKeptAreToComeAgain(t *testing.T) {
	w := newWorld(t)
	w.answer(full{})
	rec := w.post("sender", nil, "["+grid("APIUpdated", "/apis/a")+"]")
	if rec.Code != 503 || rec.Header().Get("Retry-After") == "" || strings.Contains(rec.Body.String(), "disk") {
		t.Errorf("answered %d %s, Retry-After %q", rec.Code, rec.Body, rec.Header().Get("Retry-After"))
	}
	if !strings.Contains(w.log.String(), "the disk is full") {
		t.Errorf("the log has %q", w.log.String())
	}
}

// stuck is a bell that rings for nobody until it is let go.
type stuck struct{ begun, release chan struct{} }

func (s stuck) Ring(context.Context, []inventory.Hint) error {
	s.begun <- struct{}{}
	<-s.release
	return nil
}

func TestTooManyAtOnceAreToComeAgain(t *testing.T) {
	w := newWorld(t)
	bell := stuck{make(chan struct{}), make(chan struct{})}
	w.answer(bell)
	good := "[" + grid("APIUpdated", "/apis/a") + "]"
	codes := make(chan int)
	for range 64 {
		go func() { codes <- w.post("sender", nil, good).Code }()
		<-bell.begun
	}
	if rec := w.post("sender", nil, good); rec.Code != 503 {
		t.Errorf("the next one is answered %d", rec.Code)
	}
	close(bell.release)
	for range 64 {
		if code := <-codes; code != 200 {
			t.Errorf("one of the first is answered %d", code)
		}
	}
}

func TestTooManyHandshakesAreToComeAgain(t *testing.T) {
	w := newWorld(t)
	begun, release, answered := make(chan struct{}), make(chan struct{}), make(chan int)
	w.view = func(ctx context.Context, f func(inventory.Reader) error) error {
		begun <- struct{}{}
		<-release
		return w.store.View(ctx, f)
	}
	ask := func() {
		answered <- w.post("", header{"aeg-event-type", "SubscriptionValidation"}, validation(instance, "the code")).Code
	}
	for range 8 {
		go ask()
		<-begun
	}
	go ask()
	select {
	case code := <-answered:
		if code != 503 {
			t.Errorf("the next one is answered %d", code)
		}
	case <-begun:
		t.Fatal("the next one is let in")
	}
	go func() { answered <- w.post("sender", nil, "["+grid("APIUpdated", "/apis/a")+"]").Code }()
	<-begun // for events there is room
	close(release)
	for range 9 {
		if code := <-answered; code != 200 {
			t.Errorf("one of the others is answered %d", code)
		}
	}
}

func TestHandshakesThatCannotBeAnsweredSaySo(t *testing.T) {
	w := newWorld(t)
	w.view = func(context.Context, func(inventory.Reader) error) error { return errors.New("the disk is gone") }
	rec := w.post("", header{"aeg-event-type", "SubscriptionValidation"}, validation(instance, "the code"))
	if rec.Code != 503 || !strings.Contains(rec.Body.String(), "handshake") || strings.Contains(rec.Body.String(), "disk") {
		t.Errorf("answered %d %s", rec.Code, rec.Body)
	}
	if told := w.log.String(); !strings.Contains(told, "the disk is gone") || !strings.Contains(told, "answer a handshake") {
		t.Errorf("the log has %q", told)
	}
}

func TestWhoGoesIsNoFault(t *testing.T) {
	for name, h := range map[string]header{"events": nil, "handshake": {"aeg-event-type", "SubscriptionValidation"}} {
		w := newWorld(t)
		ctx, leave := context.WithCancel(t.Context())
		w.view = func(ctx context.Context, _ func(inventory.Reader) error) error {
			leave()
			<-ctx.Done()
			return ctx.Err()
		}
		w.askWithin(ctx, "POST", "sender", h, validation(instance, "the code"))
		if told := w.log.String(); strings.Contains(told, "ERROR") {
			t.Errorf("%s: the log has %q", name, told)
		}
	}
}

func TestDroppedEventsAreToldOnceInAWhile(t *testing.T) {
	w := newWorld(t)
	strange := "[" + strings.ReplaceAll(grid("APIUpdated", "/apis/a"), "Retail", "Other") + "]"
	for range 5 {
		w.post("sender", nil, strange)
	}
	if got := strings.Count(w.log.String(), "events are dropped"); got != 1 {
		t.Errorf("told %d times:\n%s", got, w.log.String())
	}
}

func FuzzEvents(f *testing.F) {
	f.Add("", "["+grid("APIUpdated", "/apis/a")+"]")
	f.Add("", cloud("APIUpdated", "/workspaces/w/apis/a", "1"))
	f.Add("SubscriptionValidation", validation(instance, "x"))
	f.Add("", `{"type":"Microsoft.ApiManagement.APIUpdated","source":"`+instance+`","subject":"/apis/..;rev=1","data":"x"}`)
	w := newWorld(f)
	f.Fuzz(func(t *testing.T, kind, body string) {
		here := &world{TB: t, handler: w.handler}
		if rec := here.post("sender", header{"aeg-event-type", kind}, body); rec.Code != 200 && rec.Code != 400 && rec.Code != 404 && rec.Code != 413 {
			t.Errorf("%q: %d %s", body, rec.Code, rec.Body)
		}
	})
}
