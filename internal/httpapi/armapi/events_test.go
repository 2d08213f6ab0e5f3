package armapi_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"apicenter/internal/inventory"
)

// events serves the centre until the test ends, and gives the address of its events.
func (d *desk) events() string {
	s := httptest.NewServer(d.mux)
	d.Cleanup(s.Close)
	return s.URL + center + "/events?api-version=" + version
}

// listen opens a stream of events; next gives the field of its next line that
// begins so, or "" when none comes in time.
func (d *desk) listen(address string, headers ...string) (next func(field string) string) {
	d.Helper()
	ctx, stop := context.WithTimeout(d.Context(), 10*time.Second)
	d.Cleanup(stop)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		d.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer secret")
	r.Header.Set("Accept", "text/event-stream")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		d.Fatal(err)
	}
	d.Cleanup(func() { answer.Body.Close() })
	if answer.StatusCode != 200 || answer.Header.Get("Content-Type") != "text/event-stream" {
		d.Fatalf("%s: %d %v", address, answer.StatusCode, answer.Header)
	}
	lines := bufio.NewScanner(answer.Body)
	return func(field string) string {
		for lines.Scan() {
			if value, ok := strings.CutPrefix(lines.Text(), field+": "); ok {
				return value
			}
		}
		return ""
	}
}

func TestStreamOfEvents(t *testing.T) {
	d := centre(t)
	var closed atomic.Bool
	d.guard.deny = func(action, _ string) bool {
		return closed.Load() && action == "Microsoft.ApiCenter/services/events/read"
	}
	address := d.events()
	next := d.listen(address + "&after=latest")
	if got := next("id"); got != "2" {
		t.Errorf("a stream without news begins after %q", got)
	}
	d.must("PUT", api, `{"properties":{"title":"Pets","kind":"rest"}}`, 201)
	id := next("id")
	if kind := next("event"); kind != "Microsoft.ApiCenter.ApiAdded" {
		t.Errorf("the first event is %q", kind)
	}
	var letter struct{ ID, Subject string }
	if err := json.Unmarshal([]byte(next("data")), &letter); err != nil || letter.ID != id || letter.Subject != api {
		t.Errorf("%+v, %v; its id is %s", letter, err, id)
	}
	d.must("PUT", api, `{"properties":{"title":"Dogs","kind":"rest"}}`, 200)
	again := d.listen(address, "Last-Event-ID", id)
	for who, next := range map[string]func(string) string{"who stayed": next, "who came again": again} {
		if kind := next("event"); kind != "Microsoft.ApiCenter.ApiUpdated" {
			t.Errorf("%s hears of %q", who, kind)
		}
	}
	first := d.listen(address)
	if got := first("id"); got != "1-0" {
		t.Errorf("a stream from the beginning begins with %q", got)
	}
	closed.Store(true)
	d.must("PUT", api, `{"properties":{"title":"Cats","kind":"rest"}}`, 200)
	if kind := next("event"); kind != "error" {
		t.Errorf("who may not read any more hears of %q", kind)
	}
	if refusal := next("data"); !strings.Contains(refusal, "AuthorizationFailed") {
		t.Errorf("and why: %q", refusal)
	}
	if more := next("id"); more != "" {
		t.Errorf("and then of %q", more)
	}
}

// TestAStreamGoesOnAfterALetterOfAnEventThatLeavesSomeOut has a version leave an
// API, which the event of the other API tells, in the event of a change of it.
func TestAStreamGoesOnAfterALetterOfAnEventThatLeavesSomeOut(t *testing.T) {
	d := centre(t)
	d.must("PUT", link, linkBody, 201)
	apis := strings.TrimSuffix(linkID, "/links/gateway") + "/apis/"
	d.brings(apis+"pets", "apis/pets", `{"title":"Pets"}`)
	d.brings(apis+"zoo", "apis/zoo", `{"title":"Zoo"}`)
	d.brings(apis+"pets/versions/v1", "apis/pets;1", `{"title":"1"}`)
	address := d.events()
	next := d.listen(address + "&after=latest")
	d.asSource(func(tx inventory.SourceTx) error {
		o := inventory.Origin{External: "apis/pets", States: inventory.Doc{}.With("/title", "Pets and more"), Read: time.Now()}
		return errors.Join(tx.Move(inventory.MustID(apis+"pets/versions/v1"), inventory.MustID(apis+"zoo/versions/v1")),
			tx.PutOrigin(inventory.MustID(apis+"pets"), o, nil))
	})
	next("id") // of the sign of life that the stream begins with
	id := next("id")
	if kind := next("event"); kind != "Microsoft.ApiCenter.ApiUpdated" || !strings.HasSuffix(id, "-1") {
		t.Errorf("the change of the API is %q, %s", id, kind)
	}
	d.must("PUT", api, `{"properties":{"title":"Petstore","kind":"rest"}}`, 201)
	if kind := d.listen(address, "Last-Event-ID", id)("event"); kind != "Microsoft.ApiCenter.ApiVersionMoved" {
		t.Errorf("who came again hears of %q, not of the move that came next", kind)
	}
}

// TestAStreamOfAQuietServiceGoesOn has the last event of a service be forgotten
// while its client follows, which other services outlive.
func TestAStreamOfAQuietServiceGoesOn(t *testing.T) {
	d := centre(t)
	address := d.events()
	d.must("PUT", api, `{"properties":{"title":"Pets","kind":"rest"}}`, 201)
	d.must("PUT", base+"/services/busy", `{"location":"westeurope"}`, 201)
	id := d.listen(address, "Last-Event-ID", "3-0")("id")
	if _, err := d.store.Fold(t.Context(), d.store.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	d.must("PUT", api, `{"properties":{"title":"Dogs","kind":"rest"}}`, 200)
	if kind := d.listen(address, "Last-Event-ID", id)("event"); id == "" || kind != "Microsoft.ApiCenter.ApiUpdated" {
		t.Errorf("who comes again after %q hears of %q", id, kind)
	}
	d.fails("GET", center+"/events", "", 410, "HistoryNotKept", "not kept", "Accept", "text/event-stream", "Last-Event-ID", "3-0")
}

func TestEventsThatCannotBeRead(t *testing.T) {
	d := centre(t)
	for _, tt := range []struct {
		query, header string
		status        int
		code, words   string
	}{
		{"?after=x", "", 400, "ValidationError", "not the number of an event"},
		{"?after=-3", "", 400, "ValidationError", "not the number of an event"},
		{"?after=99999999999999999999", "", 400, "ValidationError", "not the number of an event"},
		{"?limit=0", "", 400, "ValidationError", "limit"},
		{"?wait=1h", "", 400, "ValidationError", "up to 1m"},
		{"?wait=soon", "", 400, "ValidationError", "up to 1m"},
		{"?at=2026-01-01T00:00:00Z", "", 400, "ValidationError", "leave it out"},
		{"", "x-y", 400, "ValidationError", "Last-Event-ID"},
		{"?after=900", "", 410, "HistoryNotKept", "no event 900"},
		{"", "61x", 400, "ValidationError", "Last-Event-ID"},
		{"", "-1", 400, "ValidationError", "Last-Event-ID"},
		{"", "900", 410, "HistoryNotKept", "no event 900"},
		{"", "900-1", 410, "HistoryNotKept", "no event 900"},
		{"", "3-0", 410, "HistoryNotKept", "no event 3"}, // of the next number
	} {
		w := d.ask("GET", center+"/events"+tt.query, "", "Accept", "application/json")
		if tt.header != "" {
			w = d.ask("GET", center+"/events", "", "Accept", "text/event-stream", "Last-Event-ID", tt.header)
		}
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.code) || !strings.Contains(w.Body.String(), tt.words) {
			t.Errorf("%s %s: %d %s", tt.query, tt.header, w.Code, w.Body)
		}
	}
	if w := d.ask("HEAD", center+"/events", "", "Accept", "text/event-stream"); w.Code != 200 {
		t.Errorf("HEAD: %d", w.Code)
	}
}

func TestThePastOnTheWire(t *testing.T) {
	d := centre(t)
	d.must("PUT", api, `{"properties":{"title":"Pets","kind":"rest"}}`, 201)
	var there struct {
		SystemData struct{ LastModifiedAt string }
	}
	first := d.must("GET", api, "", 200)
	if err := json.Unmarshal(first.Body.Bytes(), &there); err != nil {
		t.Fatal(err)
	}
	at := "?at=" + there.SystemData.LastModifiedAt
	d.must("PUT", api, `{"properties":{"title":"Dogs","kind":"rest"}}`, 200)
	d.must("DELETE", api, "", 200)
	w := d.must("GET", api+at, "", 200)
	if w.Body.String() != first.Body.String() || w.Header().Get("ETag") != "" {
		t.Errorf("then %s, tag %q; it was %s", w.Body, w.Header().Get("ETag"), first.Body)
	}
	if w := d.must("GET", space+"/apis"+at, "", 200); w.Body.String() != `{"value":[`+first.Body.String()+`]}` {
		t.Errorf("the list then: %s", w.Body)
	}
	if w := d.must("GET", base+"/services"+at, "", 200); !strings.Contains(w.Body.String(), center) {
		t.Errorf("services then: %s", w.Body)
	}
	d.fails("GET", space+"/apis"+at+"&$search=pet", "", 400, "ValidationError", "$filter")
	d.fails("GET", base+"/deletedServices"+at, "", 400, "ValidationError", "leave it out")
}

// then is the instant of the last change, as a parameter.
func then(d *desk) string {
	return "?at=" + d.store.Now().Format(time.RFC3339Nano)
}

func TestThePastOfSettings(t *testing.T) {
	d := centre(t)
	link := space + "/apiSources/gateway"
	d.must("PUT", link, linkBody, 201)
	d.must("PUT", webhookPath, `{"properties":{"address":"https://a.example/x"}}`, 201)
	at := then(d)
	d.must("PUT", link, strings.Replace(linkBody, `"properties":{`, `"properties":{"onVanish":"hold",`, 1), 200)
	d.must("PUT", webhookPath, `{"properties":{"address":"https://b.example/x"}}`, 200)
	for path, tt := range map[string]struct{ is, was, not string }{
		link:                  {`"onVanish":"hold"`, `"onVanish":"delete"`, "linkState"},
		space + "/apiSources": {`"onVanish":"hold"`, `"onVanish":"delete"`, "synchronization"},
		webhookPath:           {"b.example", "a.example", "delivery"},
		center + "/webhooks":  {"b.example", "a.example", "delivery"},
	} {
		if is := d.must("GET", path, "", 200).Body.String(); !strings.Contains(is, tt.is) || !strings.Contains(is, tt.not) {
			t.Errorf("%s: %s", path, is)
		}
		if was := d.must("GET", path+at, "", 200).Body.String(); !strings.Contains(was, tt.was) || strings.Contains(was, tt.is) || strings.Contains(was, tt.not) {
			t.Errorf("%s then: %s", path, was)
		}
	}
}

func TestADocumentOfThen(t *testing.T) {
	d := filled(t)
	export := func(at string) string {
		return d.must("POST", definition+"/exportSpecification"+at, "", 200).Body.String()
	}
	bring := func(text string) {
		d.must("POST", definition+"/importSpecification", `{"format":"inline","value":"`+text+`","specification":{"name":"openapi","version":"3.0.1"}}`, 200)
	}
	none := then(d)
	bring("first")
	first := then(d)
	bring("second")
	second := then(d)
	d.must("DELETE", api, "", 200)
	if _, err := d.store.Sweep(t.Context(), d.store.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got := export(first); !strings.Contains(got, `"first"`) {
		t.Errorf("first: %s", got)
	}
	if got := export(second); !strings.Contains(got, `"second"`) {
		t.Errorf("second: %s", got)
	}
	d.fails("POST", definition+"/exportSpecification"+none, "", 404, "ResourceNotFound", "had no specification")
	d.fails("POST", definition+"/exportSpecification", "", 404, "ParentResourceNotFound", "")
	d.fails("POST", definition+"/exportSpecification?at=2999-01-01T00:00:00Z", "", 400, "ValidationError", "yet to come")
	d.fails("POST", definition+"/importSpecification"+first, "", 400, "ValidationError", "leave it out")
	if _, err := d.store.Fold(t.Context(), d.store.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	d.fails("POST", definition+"/exportSpecification"+first, "", 410, "HistoryNotKept", "later instant")
}

func TestTheQueryOfAWebhookIsForWhoMayWriteIt(t *testing.T) {
	d := centre(t)
	d.must("PUT", webhookPath, `{"properties":{"address":"https://a.example/x?sig=first"}}`, 201)
	at := then(d)
	d.must("PUT", webhookPath, `{"properties":{"address":"https://a.example/x?sig=second"}}`, 200)
	reads := []string{webhookPath, center + "/webhooks", webhookPath + at, center + "/webhooks" + at}
	for _, path := range reads {
		if got := d.must("GET", path, "", 200).Body.String(); !strings.Contains(got, "https://a.example/x?sig=") {
			t.Errorf("%s for a writer: %s", path, got)
		}
	}
	d.guard.deny = func(action, _ string) bool { return strings.HasSuffix(action, "/webhooks/write") }
	for _, path := range append(reads, webhookPath+"/history", center+"/history", center+"/events?after=0") {
		if got := d.must("GET", path, "", 200).Body.String(); strings.Contains(got, "sig") || !strings.Contains(got, "https://a.example/x") {
			t.Errorf("%s for a reader: %s", path, got)
		}
	}
	for _, filter := range []string{"contains(properties/address,'first')", "title%20eq%20'x'%20or%20not%20startswith(Address,'https')"} {
		d.fails("GET", center+"/webhooks?$filter="+filter, "", 400, "ValidationError", "may hold a secret")
	}
}
