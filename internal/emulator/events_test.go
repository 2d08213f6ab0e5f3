package emulator_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"apicenter/internal/emulator"
)

// webhook answers the handshake and hands on the types and subjects of events.
func webhook(t *testing.T) (url string, events <-chan string) {
	t.Helper()
	out := make(chan string, 16)
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var batch []struct {
			Type    string            `json:"eventType"`
			Subject string            `json:"subject"`
			Data    map[string]string `json:"data"`
		}
		if err := json.NewDecoder(r.Body).Decode(&batch); err != nil {
			t.Errorf("the webhook got no batch: %v", err)
			return
		}
		for _, e := range batch {
			if code := e.Data["validationCode"]; code != "" {
				fmt.Fprintf(w, `{"validationResponse":%q}`, code)
				return
			}
			out <- e.Type + " " + e.Subject
		}
	}))
	t.Cleanup(hook.Close)
	return hook.URL, out
}

func TestChangesRaiseEvents(t *testing.T) {
	w := start(t, emulator.Options{Empty: true})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	url, events := webhook(t)
	const subscription = "providers/Microsoft.EventGrid/eventSubscriptions/center?api-version=2025-02-15"
	body := fmt.Sprintf(`{"properties":{"destination":{"endpointType":"WebHook","properties":{"endpointUrl":%q}}}}`, url)
	if a := w.call("PUT", subscription, body); a.StatusCode/100 != 2 {
		t.Fatalf("subscribe: %d %s", a.StatusCode, a.body)
	}
	for _, step := range []struct{ method, path, body, want string }{
		{"PUT", "apis/echo", `{"properties":{"displayName":"Echo","path":"echo"}}`, "APICreated /apis/echo;Rev=1"},
		{"PATCH", "apis/echo", `{"properties":{"displayName":"Echo!"}}`, "APIUpdated /apis/echo;Rev=1"},
		{"PUT", "apis/echo;rev=2", `{"properties":{"path":"echo","sourceApiId":"/apis/echo"}}`, "APICreated /apis/echo;Rev=2"},
		{"PUT", "apis/echo/releases/r", `{"properties":{"apiId":"/apis/echo;rev=2"}}`, "APIReleaseCreated /apis/echo/releases/r"},
		{"DELETE", "apis/echo/releases/r", "", "APIReleaseDeleted /apis/echo/releases/r"},
		{"DELETE", "apis/echo?deleteRevisions=true", "", "APIDeleted /apis/echo;Rev=2"},
	} {
		w.call(step.method, step.path, step.body, "If-Match", "*")
		if got, want := <-events, "Microsoft.ApiManagement."+step.want; got != want {
			t.Errorf("%s %s raised %s, want %s", step.method, step.path, got, want)
		}
	}
	w.must(404, "PUT", "/subscriptions/"+emulator.SubscriptionID+"/resourceGroups/"+emulator.ResourceGroup+"/"+subscription, body)
	stop()
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
}
