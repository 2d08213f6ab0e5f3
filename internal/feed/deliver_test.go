package feed_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"apicenter/internal/feed"
	"apicenter/internal/inventory"
)

const (
	hook   = service + "/webhooks/hook"
	secret = "whsec_c2VjcmV0"
)

// net is where receivers are, by host. It stands for the network.
type net struct {
	mu   sync.Mutex
	down map[string]int      // a status that a host answers with, instead
	wait string              // the Retry-After that goes with it
	weak bool                // every other delivery fails
	most int                 // deliveries beyond so many fail; 0: none does
	pace time.Duration       // how long each takes to answer
	hang bool                // all but the first delivery are never answered
	sent int                 // deliveries so far
	told map[string][]string // what a host was told: types, and what is no event
	bad  []string            // what is wrong with what was sent
	ages []time.Duration     // of changes, when they were delivered
	lost int                 // attempts that failed
}

// set changes how receivers are.
func (n *net) set(f func(*net)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	f(n)
}

// counted hears how an attempt went.
func (n *net) counted(age time.Duration, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err != nil {
		n.lost++
		return
	}
	n.ages = append(n.ages, age)
}

func (n *net) RoundTrip(r *http.Request) (*http.Response, error) {
	n.mu.Lock()
	pace := n.pace
	n.mu.Unlock()
	time.Sleep(pace)
	n.mu.Lock()
	if n.hang && n.sent > 0 {
		n.mu.Unlock()
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	defer n.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	answer := &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody, Request: r}
	said := r.Method
	switch {
	case n.down[r.URL.Host] != 0:
		answer.StatusCode = n.down[r.URL.Host]
		answer.Header.Set("Location", "https://elsewhere.example/")
		answer.Header.Set("Retry-After", n.wait)
		return answer, nil
	case n.failing(r):
		answer.StatusCode = http.StatusInternalServerError
		return answer, nil
	case r.Method == http.MethodOptions:
		answer.Header.Set("WebHook-Allowed-Origin", r.Header.Get("WebHook-Request-Origin"))
	case r.Header.Get("Aeg-Event-Type") == "SubscriptionValidation":
		var events []struct {
			Data struct{ ValidationCode string }
		}
		if err := json.Unmarshal(body, &events); err != nil || len(events) != 1 {
			n.bad = append(n.bad, string(body))
		}
		said = "validation"
		text, _ := json.Marshal(map[string]string{"validationResponse": events[0].Data.ValidationCode})
		answer.Body = io.NopCloser(bytes.NewReader(text))
	default:
		said = n.event(r, body)
	}
	n.told[r.URL.Host] = append(n.told[r.URL.Host], said)
	return answer, nil
}

// failing says that a delivery is one of those that fail.
func (n *net) failing(r *http.Request) bool {
	if r.Header.Get("Webhook-Id") != "" {
		n.sent++
	}
	return n.weak && n.sent%2 == 0 || n.most > 0 && n.sent > n.most
}

// event is a delivery: it has to be signed, by what receivers know of it.
func (n *net) event(r *http.Request, body []byte) string {
	key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(r.Header.Get("Webhook-Id") + "." + r.Header.Get("Webhook-Timestamp") + "." + string(body)))
	var l struct{ ID, Type, SpecVersion string }
	if err := json.Unmarshal(body, &l); err != nil || l.SpecVersion != "1.0" || l.ID != r.Header.Get("Webhook-Id") {
		n.bad = append(n.bad, string(body))
	}
	if r.Header.Get("Webhook-Signature") != "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)) {
		n.bad = append(n.bad, "the signature of "+l.ID)
	}
	if r.Header.Get("Content-Type") != "application/cloudevents+json; charset=utf-8" {
		n.bad = append(n.bad, r.Header.Get("Content-Type"))
	}
	return strings.TrimPrefix(l.Type, "Microsoft.ApiCenter.")
}

// hooks is a world that delivers.
type hooks struct {
	*world
	net *net
}

func newHooks(t *testing.T) *hooks {
	h := hooksOf(newWorld(t, feed.Options{Retention: 1000 * time.Hour}))
	t.Cleanup(h.deliver())
	return h
}

func hooksOf(w *world) *hooks {
	h := &hooks{w, &net{down: map[string]int{}, told: map[string][]string{}}}
	w.Cleanup(func() {
		if len(h.net.bad) > 0 {
			w.Errorf("wrong deliveries: %q", h.net.bad)
		}
	})
	return h
}

// deliver begins to deliver, until it is stopped.
func (h *hooks) deliver() (stop func()) {
	d := feed.NewDeliverer(h.Feed, feed.DelivererOptions{
		Webhooks: h.store, Client: &http.Client{Transport: h.net}, Origin: "center.example", Log: slog.New(slog.DiscardHandler), Told: h.net.counted,
	})
	ctx, cancel := context.WithCancel(h.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	return sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			h.Error(err)
		}
	})
}

// hook makes a webhook with a secret, or changes it.
func (h *hooks) hook(path, properties string) {
	h.Helper()
	doc, err := inventory.ParseDoc([]byte(properties))
	if err != nil {
		h.Fatal(err)
	}
	if err := h.store.Update(h.Context(), "ann", func(tx inventory.Tx) error {
		if _, err := tx.PutOwn(path, doc, inventory.Condition{}); err != nil {
			return err
		}
		return tx.PutSecret(inventory.MustID(path), secret)
	}); err != nil {
		h.Fatal(err)
	}
}

// heard fails unless a host was told this after a time, since it was last asked.
func (h *hooks) heard(d time.Duration, host string, want ...string) {
	h.Helper()
	time.Sleep(d)
	synctest.Wait()
	h.net.mu.Lock()
	defer h.net.mu.Unlock()
	if got := h.net.told[host]; !slices.Equal(got, want) {
		h.Errorf("%s heard %q, want %q", host, got, want)
	}
	delete(h.net.told, host)
}

func (h *hooks) answer(host string, status int) {
	h.net.set(func(n *net) { n.down[host] = status })
}

// hang says whether all but the first delivery are never answered.
func (h *hooks) hang(on bool) {
	h.net.set(func(n *net) { n.hang, n.sent = on, 0 })
}

func (h *hooks) status(path string) (s inventory.DeliveryStatus) {
	h.Helper()
	all, err := h.store.Deliveries(h.Context())
	if err != nil {
		h.Fatal(err)
	}
	for _, d := range all {
		if d.ID == inventory.MustID(path) {
			return d.Status
		}
	}
	h.Fatalf("there is no %s", path)
	return s
}

func TestWebhooksHearInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHooks(t)
		h.put(api)
		h.hook(hook, `{"address":"https://a.example/x"}`)
		h.hook(hook+"2", `{"address":"https://b.example/x","handshake":"eventGrid","eventTypes":["Microsoft.ApiCenter.ApiUpdated"],"subjectPrefix":"/Subscriptions/SUB/resourcegroups/group/providers/Microsoft.ApiCenter/services/center/workspaces/default/apis/pets"}`)
		h.heard(2*time.Second, "a.example", "OPTIONS", "WebhookAdded", "WebhookAdded")
		h.heard(0, "b.example", "validation")
		h.put(api, api+"-2", api+"/versions/v1", "sub/group/other")
		h.put(api)
		h.heard(time.Second, "a.example", "ApiUpdated", "ApiAdded", "ApiVersionAdded", "ApiUpdated")
		h.heard(0, "b.example", "ApiUpdated", "ApiUpdated")
		if s := h.status(hook); s.State != inventory.Delivering || s.Message != "" || s.DeliveredAt.IsZero() {
			t.Errorf("%+v", s)
		}
		if err := h.store.Update(t.Context(), "ann", func(tx inventory.Tx) error { return tx.Rewind(inventory.MustID(hook), 2) }); err != nil {
			t.Fatal(err)
		}
		h.heard(2*time.Second, "a.example", "ApiAdded", "WebhookAdded", "WebhookAdded", "ApiUpdated", "ApiAdded", "ApiVersionAdded", "ApiUpdated")
	})
}

func TestOneThatIsDownStopsNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHooks(t)
		h.hook(hook, `{"address":"https://a.example/x","eventTypes":["Microsoft.ApiCenter.ApiAdded","Microsoft.ApiCenter.ApiUpdated"]}`)
		h.hook(hook+"2", `{"address":"https://b.example/x","eventTypes":["Microsoft.ApiCenter.ApiAdded"]}`)
		h.heard(2*time.Second, "a.example", "OPTIONS")
		h.heard(0, "b.example", "OPTIONS")
		h.answer("a.example", 503)
		h.put(api)
		h.put(api)
		h.heard(time.Second, "a.example")
		h.heard(0, "b.example", "ApiAdded")
		if s := h.status(hook); s.State != inventory.Retrying || s.Message != "the receiver answers 503, where 2xx is wanted" || s.NextAttempt.IsZero() {
			t.Errorf("%+v", s)
		}
		h.heard(time.Hour, "a.example")
		if s := h.status(hook); s.Attempts < 8 || s.Attempts > 13 {
			t.Errorf("%d attempts in an hour", s.Attempts)
		}
		h.answer("a.example", 0)
		h.heard(time.Hour, "a.example", "ApiAdded", "ApiUpdated")
		if s := h.status(hook); s.State != inventory.Delivering || s.Attempts != 0 || !s.FailedSince.IsZero() {
			t.Errorf("%+v", s)
		}
		if n := h.net; len(n.ages) != 3 || n.ages[0] > time.Second || n.ages[2] < time.Hour || n.lost < 8 {
			t.Errorf("the changes were this old when they were delivered: %v; %d attempts failed", n.ages, n.lost)
		}
	})
}

// Who asks to be left alone for a while is, within bounds.
func TestAReceiverIsLeftAloneForAsLongAsItAsks(t *testing.T) {
	for wait, want := range map[string]time.Duration{
		"": 0, "1": 0, "120": 2 * time.Minute, "86400": time.Hour, "99999999999999999999": 0, "-5": 0, "soon": 0,
		"Sat, 01 Jan 2000 00:03:00 GMT": 3 * time.Minute, "Fri, 31 Dec 1999 00:00:00 GMT": 0,
	} {
		synctest.Test(t, func(t *testing.T) {
			h := newHooks(t)
			h.net.set(func(n *net) { n.wait = wait })
			h.answer("a.example", 429)
			h.hook(hook, `{"address":"https://a.example/x"}`)
			h.heard(time.Second, "a.example")
			s := h.status(hook)
			if got := s.NextAttempt.Sub(s.FailedSince); want == 0 && got > 10*time.Second || want != 0 && (got < want-time.Second || got > want) {
				t.Errorf("Retry-After %q: it is asked again after %s, want %s", wait, got, want)
			}
			h.answer("a.example", 0)
			h.heard(2*time.Hour, "a.example", "OPTIONS", "WebhookAdded")
		})
	}
}

func TestWebhooksThatStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHooks(t)
		types := `,"eventTypes":["Microsoft.ApiCenter.ApiAdded"]`
		h.answer("a.example", 307) // a receiver that sends on has not agreed
		h.hook(hook, `{"address":"https://a.example/x"`+types+`}`)
		h.put(api)
		h.heard(2*time.Second, "elsewhere.example")
		if s := h.status(hook); s.State != inventory.Validating || s.Message != "validation: the receiver answers 307, where 2xx is wanted" {
			t.Errorf("%+v", s)
		}
		h.heard(26*time.Hour, "a.example")
		if s := h.status(hook); s.State != inventory.Stopped || !strings.HasPrefix(s.Message, "given up after ") {
			t.Errorf("%+v", s)
		}
		h.answer("a.example", 0)
		h.heard(time.Hour, "a.example")
		h.hook(hook, `{"address":"https://b.example/x"`+types+`}`) // a change gets it going
		h.heard(2*time.Second, "b.example", "OPTIONS", "ApiAdded")
		h.answer("b.example", 410)
		h.put(api + "-2")
		h.heard(2*time.Second, "b.example")
		if s := h.status(hook); s.State != inventory.Stopped || !strings.Contains(s.Message, "410") {
			t.Errorf("%+v", s)
		}
		if err := h.store.Update(t.Context(), "ann", func(tx inventory.Tx) error { return tx.Delete(inventory.MustID(hook), inventory.Condition{}) }); err != nil {
			t.Fatal(err)
		}
		if all, err := h.store.Deliveries(t.Context()); err != nil || len(all) != 0 {
			t.Errorf("after its deletion: %v, %v", all, err)
		}
	})
}
