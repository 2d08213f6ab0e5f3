package eventgrid_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"apicenter/internal/emulator/eventgrid"
)

func TestHandshakes(t *testing.T) {
	const cloud = `,"eventDeliverySchema":"CloudEventSchemaV1_0"`
	answer := func(status int, header, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			if header != "" {
				w.Header().Set("WebHook-Allowed-Origin", header)
			}
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		}
	}
	for _, tt := range []struct {
		name, more string
		handshake  http.HandlerFunc
		status     int
		says       string
	}{
		{"the code", "", agree, 201, `"provisioningState":"Succeeded"`},
		{"202", "", answer(202, "", ""), 400, "answered 202"},
		{"404", "", answer(404, "", ""), 400, "answered 404"},
		{"a redirect", "", answer(307, "", ""), 400, "answered 307"},
		{"another code", "", answer(200, "", `{"validationResponse":"guess"}`), 400, "another code"},
		{"nothing", "", answer(200, "", "ok"), 201, `"provisioningState":"AwaitingManualAction"`},
		{"the origin", cloud, agree, 201, `"provisioningState":"Succeeded"`},
		{"any origin", cloud, answer(200, "*", ""), 201, `"provisioningState":"Succeeded"`},
		{"another origin", cloud, answer(200, "example.com", ""), 400, "example.com"},
		{"no origin", cloud, answer(200, "", ""), 201, `"provisioningState":"AwaitingManualAction"`},
		{"OPTIONS not served", cloud, answer(405, "", ""), 400, "answered 405"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			hook := &webhook{handshake: tt.handshake}
			b := eventgrid.New(eventgrid.Options{Transport: hook})
			w := ask(b, "PUT", path, wanting(tt.more))
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.says) {
				t.Errorf("PUT: %d %s, want %d with %s", w.Code, w.Body, tt.status, tt.says)
			}
			if strings.Contains(w.Body.String(), "secret") {
				t.Errorf("the answer tells the secret of the webhook: %s", w.Body)
			}
			if stored := ask(b, "GET", path, "").Code == http.StatusOK; stored != (tt.status == 201) {
				t.Errorf("stored: %v", stored)
			}
			if r := hook.asks[0]; tt.more == "" && (r.Method != "POST" || r.Header.Get("aeg-event-type") != "SubscriptionValidation") ||
				tt.more != "" && (r.Method != "OPTIONS" || r.Header.Get("WebHook-Request-Origin") != "eventgrid.azure.net" || r.Header.Get("WebHook-Request-Callback") == "") {
				t.Errorf("asked by %s with %v", r.Method, r.Header)
			}
		})
	}
}

func TestManualValidation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var validationURL string
		hook := &webhook{handshake: func(_ http.ResponseWriter, r *http.Request) {
			var events []struct {
				Data struct{ ValidationURL string }
			}
			_ = json.NewDecoder(r.Body).Decode(&events)
			validationURL = events[0].Data.ValidationURL
		}}
		b := eventgrid.New(eventgrid.Options{Transport: hook})
		run(t, b)
		mux := http.NewServeMux()
		b.Register(mux)
		subscribe := func() { t.Helper(); ask(b, "PUT", path, wanting("")) }
		publish := func(name string) { b.Publish(event(name)); synctest.Wait() }

		subscribe()
		publish("before")
		if w := ask(mux, "GET", strings.Replace(validationURL, "code=", "code=0", 1), ""); w.Code != 404 {
			t.Errorf("validated with a wrong code: %d", w.Code)
		}
		time.Sleep(5*time.Minute + time.Second)
		if w := ask(mux, "GET", validationURL, ""); w.Code != 404 {
			t.Errorf("validated too late: %d", w.Code)
		}
		subscribe()
		time.Sleep(5 * time.Minute)
		if w := ask(mux, "GET", validationURL, ""); w.Code != 200 {
			t.Errorf("not validated: %d %s", w.Code, w.Body)
		}
		publish("after")
		if got := hook.subjects(); got != "after" {
			t.Errorf("delivered %q, want what came after the validation", got)
		}
	})
}
