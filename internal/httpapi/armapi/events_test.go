package armapi_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// listen opens a stream of the events of the centre; next gives the field of its
// next line that begins so.
func (d *desk) listen(ctx context.Context, address string, headers ...string) (next func(field string) string) {
	d.Helper()
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
	s := httptest.NewServer(d.mux)
	defer s.Close()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	address := s.URL + center + "/events?api-version=" + version
	next := d.listen(ctx, address+"&after=latest")
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
	again := d.listen(ctx, address, "Last-Event-ID", id)
	for who, next := range map[string]func(string) string{"who stayed": next, "who came again": again} {
		if kind := next("event"); kind != "Microsoft.ApiCenter.ApiUpdated" {
			t.Errorf("%s hears of %q", who, kind)
		}
	}
	first := d.listen(ctx, address)
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
		{"", "900-1", 400, "ValidationError", "no event"},
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
