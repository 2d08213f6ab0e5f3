package eventgrid_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"apicenter/internal/emulator/eventgrid"
)

const (
	topic   = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ApiManagement/service/one"
	list    = topic + "/providers/Microsoft.EventGrid/eventSubscriptions"
	path    = list + "/center"
	hookURL = "http://127.0.0.1:9/hook?secret=x"
)

// event is an update of the API of a name.
func event(name string) eventgrid.Event {
	subject := "/apis/" + name + ";Rev=1"
	return eventgrid.Event{Topic: topic, Type: "Microsoft.ApiManagement.APIUpdated", Subject: subject, ResourceURI: topic + subject}
}

// received is a delivery as the webhook saw it.
type received struct {
	at     time.Time
	header http.Header
	body   string
}

// webhook is a receiver without a network. It answers handshakes as it is told to, and deliveries with the
// statuses in turn, the last one for ever.
type webhook struct {
	handshake http.HandlerFunc
	statuses  []int
	takes     time.Duration

	mu   sync.Mutex
	got  []received
	asks []*http.Request
}

func (h *webhook) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	if r.Body == nil {
		r.Body = http.NoBody
	}
	h.serve(w, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return w.Result(), nil
}

func (h *webhook) serve(w http.ResponseWriter, r *http.Request) {
	time.Sleep(h.takes)
	h.mu.Lock()
	defer h.mu.Unlock()
	if r.Header.Get("aeg-event-type") == "Notification" {
		body, _ := io.ReadAll(r.Body)
		h.got = append(h.got, received{time.Now(), r.Header.Clone(), string(body)})
		status := http.StatusOK
		if n := len(h.statuses); n > 0 {
			status = h.statuses[min(len(h.got), n)-1]
		}
		w.WriteHeader(status)
		return
	}
	h.asks = append(h.asks, r)
	if h.handshake != nil {
		h.handshake(w, r)
		return
	}
	agree(w, r)
}

// agree answers both handshakes as the contract asks.
func agree(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodOptions {
		w.Header().Set("WebHook-Allowed-Origin", r.Header.Get("WebHook-Request-Origin"))
		w.Header().Set("WebHook-Allowed-Rate", "120")
		return
	}
	var events []struct {
		Data struct{ ValidationCode string }
	}
	if err := json.NewDecoder(r.Body).Decode(&events); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	fmt.Fprintf(w, `{"validationResponse":%q}`, events[0].Data.ValidationCode)
}

// deliveries are those so far, in their order.
func (h *webhook) deliveries() []received {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.got)
}

// subjects names the APIs of the deliveries so far, in their order.
func (h *webhook) subjects() string {
	var names []string
	for _, got := range h.deliveries() {
		_, rest, _ := strings.Cut(got.body, `"subject":"/apis/`)
		name, _, _ := strings.Cut(rest, ";Rev=1")
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

func ask(h http.Handler, method, target, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, target, strings.NewReader(body)))
	return w
}

// wanting is the body of a PUT with further properties.
func wanting(more string) string {
	return `{"properties":{"destination":{"endpointType":"WebHook","properties":{"endpointUrl":"` + hookURL + `"}}` + more + `}}`
}

// subscribe makes a broker with one subscription and runs it to the end of the test.
func subscribe(t *testing.T, hook *webhook, opts eventgrid.Options, more string) *eventgrid.Broker {
	t.Helper()
	opts.Transport = hook
	b := eventgrid.New(opts)
	if w := ask(b, "PUT", path, wanting(more)); w.Code != http.StatusCreated || !strings.Contains(w.Body.String(), `"provisioningState":"Succeeded"`) {
		t.Fatalf("PUT: %d %s", w.Code, w.Body)
	}
	run(t, b)
	return b
}

func run(t *testing.T, b *eventgrid.Broker) {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- b.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}
