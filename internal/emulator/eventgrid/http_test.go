package eventgrid_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"apicenter/internal/emulator/eventgrid"
)

func TestSubscriptionOverHTTP(t *testing.T) {
	b := eventgrid.New(eventgrid.Options{Transport: &webhook{}})
	for _, tt := range []struct {
		name, method, path, body string
		status                   int
	}{
		{"missing", "GET", path, "", 404},
		{"delete missing", "DELETE", path, "", 204},
		{"create", "PUT", path, wanting(""), 201},
		{"read", "GET", path, "", 200},
		{"read in another case", "GET", strings.ToUpper(path), "", 200},
		{"read with doubled slashes", "GET", strings.Replace(path, "/providers", "//providers", 1), "", 200},
		{"head", "HEAD", path, "", 200},
		{"update", "PUT", path, wanting(`,"retryPolicy":{"maxDeliveryAttempts":5,"eventTimeToLiveInMinutes":60}`), 201},
		{"patch", "PATCH", path, "{}", 405},
		{"put on the list", "PUT", list, wanting(""), 405},
		{"no body", "PUT", path, "", 400},
		{"odd name", "PUT", list + "/a.b", wanting(""), 400},
		{"short name", "PUT", list + "/ab", wanting(""), 400},
		{"no destination", "PUT", path, `{"properties":{}}`, 400},
		{"another destination", "PUT", path, strings.Replace(wanting(""), "WebHook", "StorageQueue", 1), 400},
		{"no loopback", "PUT", path, strings.Replace(wanting(""), "127.0.0.1", "192.0.2.1", 1), 400},
		{"a name", "PUT", path, strings.Replace(wanting(""), "127.0.0.1", "hook.example", 1), 400},
		{"a name that begins well", "PUT", path, strings.Replace(wanting(""), "127.0.0.1", "127.0.0.1.example", 1), 400},
		{"no http", "PUT", path, strings.Replace(wanting(""), "http:", "ftp:", 1), 400},
		{"localhost", "PUT", path, strings.Replace(wanting(""), "127.0.0.1", "localhost", 1), 201},
		{"version 6", "PUT", path, strings.Replace(wanting(""), "127.0.0.1", "[::1]", 1), 201},
		{"https", "PUT", path, strings.Replace(wanting(""), "http:", "https:", 1), 201},
		{"another schema", "PUT", path, wanting(`,"eventDeliverySchema":"CustomInputSchema"`), 400},
		{"advanced filter", "PUT", path, wanting(`,"filter":{"advancedFilters":[{}]}`), 400},
		{"too many attempts", "PUT", path, wanting(`,"retryPolicy":{"maxDeliveryAttempts":31}`), 400},
		{"another kind", "GET", topic + "/providers/Microsoft.EventGrid/topics", "", 404},
		{"no extension", "GET", topic, "", 404},
	} {
		if w := ask(b, tt.method, tt.path, tt.body); w.Code != tt.status {
			t.Errorf("%s: %d %s, want %d", tt.name, w.Code, w.Body, tt.status)
		}
	}
}

func TestSubscriptionOnTheWire(t *testing.T) {
	b := eventgrid.New(eventgrid.Options{Transport: &webhook{}})
	ask(b, "PUT", path, wanting(`,"filter":{"includedEventTypes":["Microsoft.ApiManagement.APIUpdated"]}`))
	ask(b, "PUT", strings.Replace(path, "/one/", "/two/", 1), wanting(""))
	var listed struct{ Value []json.RawMessage }
	if err := json.Unmarshal(ask(b, "GET", list, "").Body.Bytes(), &listed); err != nil || len(listed.Value) != 1 {
		t.Fatalf("list of one topic: %s, %v", listed.Value, err)
	}
	const want = `{"id":"` + path + `","name":"center","properties":{"topic":"` + topic + `","provisioningState":"Succeeded",` +
		`"destination":{"endpointType":"WebHook","properties":{"endpointBaseUrl":"http://127.0.0.1:9/hook"}},` +
		`"filter":{"includedEventTypes":["Microsoft.ApiManagement.APIUpdated"],"subjectBeginsWith":"","subjectEndsWith":""},` +
		`"eventDeliverySchema":"EventGridSchema","retryPolicy":{"maxDeliveryAttempts":30,"eventTimeToLiveInMinutes":1440}},` +
		`"type":"Microsoft.EventGrid/eventSubscriptions"}`
	if got := string(listed.Value[0]); got != want {
		t.Errorf("listed %s\nwant %s", got, want)
	}
	if got := ask(b, "GET", path, "").Body.String(); got != want {
		t.Errorf("read %s\nwant %s", got, want)
	}
}

// With a real network: delivery to localhost works, and a transport of the broker's own connects to nothing else.
func TestAttributesComeWithEventsOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hook := &webhook{}
		with := func(attributes string) string {
			return strings.Replace(wanting(""), `"endpointUrl"`, `"deliveryAttributeMappings":`+attributes+`,"endpointUrl"`, 1)
		}
		b := eventgrid.New(eventgrid.Options{Transport: hook})
		for _, bad := range []string{
			`[{"name":"Authorization","type":"Dynamic","properties":{"sourceField":"data.x"}}]`,
			`[{"name":"Authori zation","type":"Static","properties":{"value":"x"}}]`,
			`[{"name":"aeg-event-type","type":"Static","properties":{"value":"x"}}]`,
			`[{"name":"Authorization","type":"Static","properties":{"value":"x\r\ny: z"}}]`,
			`[{"name":"Authorization","type":"Static","properties":{}}]`,
			"[" + strings.Repeat(`{"name":"one","type":"Static","properties":{"value":"x"}},`, 10) + `{"name":"one","type":"Static","properties":{"value":"x"}}]`,
		} {
			if w := ask(b, "PUT", path, with(bad)); w.Code != http.StatusBadRequest {
				t.Errorf("%s: %d %s", bad, w.Code, w.Body)
			}
		}
		w := ask(b, "PUT", path, with(`[{"name":"Authorization","type":"Static","properties":{"value":"Bearer key","isSecret":true}}]`))
		if w.Code != http.StatusCreated || strings.Contains(w.Body.String(), "Bearer") {
			t.Fatalf("PUT: %d %s", w.Code, w.Body)
		}
		run(t, b)
		b.Publish(event("a"))
		synctest.Wait()
		if got := hook.asks[len(hook.asks)-1].Header.Get("Authorization"); got != "" {
			t.Errorf("the handshake came with %q", got)
		}
		if all := hook.deliveries(); len(all) != 1 || all[0].header.Get("Authorization") != "Bearer key" {
			t.Errorf("deliveries: %+v", all)
		}
	})
}

func TestDeliversOverLoopback(t *testing.T) {
	got := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("aeg-event-type") != "Notification" {
			agree(w, r)
			return
		}
		got <- r.URL.Query().Get("secret")
	}))
	defer server.Close()
	b := eventgrid.New(eventgrid.Options{})
	body := strings.Replace(wanting(""), "http://127.0.0.1:9", server.URL, 1)
	if w := ask(b, "PUT", path, body); w.Code != http.StatusCreated {
		t.Fatalf("PUT: %d %s", w.Code, w.Body)
	}
	run(t, b)
	b.Publish(event("a"))
	select {
	case secret := <-got:
		if secret != "x" {
			t.Errorf("delivered with secret %q, want x", secret)
		}
	case <-time.After(30 * time.Second):
		t.Error("not delivered in 30 seconds")
	}
	refused := ask(b, "PUT", path, strings.Replace(wanting(""), "127.0.0.1:9", "127.0.0.1:1", 1))
	if refused.Code != http.StatusBadRequest || strings.Contains(refused.Body.String(), "secret") {
		t.Errorf("PUT with a webhook that is not there: %d %s", refused.Code, refused.Body)
	}
}
