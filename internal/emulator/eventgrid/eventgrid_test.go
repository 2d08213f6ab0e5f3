package eventgrid_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"apicenter/internal/emulator/eventgrid"
)

func TestEventShapes(t *testing.T) {
	for _, tt := range []struct {
		name, more, contentType, origin, body string
	}{
		{
			"Event Grid", "", "application/json; charset=utf-8", "",
			`[{"id":"ID","topic":"` + topic + `","subject":"/apis/petstore;Rev=1","eventType":"Microsoft.ApiManagement.APIUpdated",` +
				`"eventTime":"2000-01-01T00:00:00.0000000Z","data":{"resourceUri":"` + topic + `/apis/petstore;Rev=1"},"dataVersion":"1","metadataVersion":"1"}]`,
		},
		{
			"CloudEvents", `,"eventDeliverySchema":"CloudEventSchemaV1_0"`, "application/cloudevents+json; charset=utf-8", "eventgrid.azure.net",
			`{"id":"ID","source":"` + topic + `","subject":"/apis/petstore;Rev=1","type":"Microsoft.ApiManagement.APIUpdated",` +
				`"time":"2000-01-01T00:00:00.0000000Z","data":{"resourceUri":"` + topic + `/apis/petstore;Rev=1"},"specversion":"1.0"}`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hook := &webhook{}
				b := subscribe(t, hook, eventgrid.Options{}, tt.more)
				b.Publish(event("petstore"))
				synctest.Wait()
				all := hook.deliveries()
				if len(all) != 1 {
					t.Fatalf("%d deliveries, want 1", len(all))
				}
				got := all[0]
				_, rest, _ := strings.Cut(got.body, `"id":"`)
				id, _, _ := strings.Cut(rest, `"`)
				if body := strings.Replace(got.body, id, "ID", 1); body != tt.body || len(id) != 36 {
					t.Errorf("body %s\nwant %s", body, tt.body)
				}
				if got.header.Get("Content-Type") != tt.contentType || got.header.Get("Origin") != tt.origin || got.header.Get("aeg-subscription-name") != "CENTER" {
					t.Errorf("headers %v", got.header)
				}
			})
		})
	}
}

func TestRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		hook := &webhook{statuses: []int{500, 503, 404, 302, 429, 202}}
		b := subscribe(t, hook, eventgrid.Options{}, "")
		b.Publish(event("a"))
		time.Sleep(24 * time.Hour)
		var at []string
		all := hook.deliveries()
		for i, got := range all {
			at = append(at, got.at.Sub(start).String())
			if n := got.header.Get("aeg-delivery-count"); n != fmt.Sprint(i) {
				t.Errorf("attempt %d has delivery count %s", i, n)
			}
			if got.body != all[0].body {
				t.Errorf("attempt %d has another body: %s", i, got.body)
			}
		}
		if got, want := strings.Join(at, " "), "0s 10s 40s 1m40s 6m40s 16m40s"; got != want {
			t.Errorf("attempts at %s, want %s", got, want)
		}
		if st := b.Stats(); st != (eventgrid.Stats{Published: 1, Delivered: 1, Retried: 5}) {
			t.Errorf("stats %+v", st)
		}
	})
}

func TestEventsAreGivenUp(t *testing.T) {
	for _, tt := range []struct {
		name, more string
		status     int
		attempts   int
	}{
		{"bad request", "", 400, 1},
		{"unauthorized", "", 401, 1},
		{"forbidden", "", 403, 1},
		{"too large", "", 413, 1},
		{"most attempts", `,"retryPolicy":{"maxDeliveryAttempts":3}`, 500, 3},
		{"life", `,"retryPolicy":{"eventTimeToLiveInMinutes":7}`, 500, 5}, // at 0s, 10s, 40s, 1m40s, 6m40s
		{"a day", "", 500, 11}, // the last attempt is at 23 hours
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hook := &webhook{statuses: []int{tt.status}}
				b := subscribe(t, hook, eventgrid.Options{}, tt.more)
				b.Publish(event("a"))
				time.Sleep(100 * time.Hour)
				if st, n := b.Stats(), len(hook.deliveries()); n != tt.attempts || st.Lost != 1 || st.Pending != 0 {
					t.Errorf("%d attempts, want %d; stats %+v", n, tt.attempts, st)
				}
			})
		})
	}
}

func TestSlowWebhookIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hook := &webhook{}
		b := subscribe(t, hook, eventgrid.Options{Timeout: time.Second, Backoff: []time.Duration{time.Second}}, `,"retryPolicy":{"maxDeliveryAttempts":2}`)
		hook.takes = 2 * time.Second
		b.Publish(event("a"))
		time.Sleep(time.Minute)
		if st, n := b.Stats(), len(hook.deliveries()); n != 2 || st.Lost != 1 {
			t.Errorf("%d attempts, stats %+v", n, st)
		}
	})
}

func TestWaitingEventIsOvertaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hook := &webhook{statuses: []int{500, 200}}
		b := subscribe(t, hook, eventgrid.Options{}, "")
		for _, name := range []string{"a", "b", "c"} {
			b.Publish(event(name))
		}
		time.Sleep(time.Minute)
		if got := hook.subjects(); got != "a b c a" {
			t.Errorf("delivered %q, want a b c and a again", got)
		}
	})
}

func TestFilters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hook := &webhook{}
		b := subscribe(t, hook, eventgrid.Options{},
			`,"filter":{"includedEventTypes":["microsoft.apimanagement.APIUPDATED"],"subjectBeginsWith":"/APIS/","subjectEndsWith":"rev=1"}`)
		b.Publish(event("wanted"))
		for _, change := range []func(*eventgrid.Event){
			func(e *eventgrid.Event) { e.Type = "Microsoft.ApiManagement.APIDeleted" },
			func(e *eventgrid.Event) { e.Topic += "x" },
			func(e *eventgrid.Event) { e.Subject = "/products/p;Rev=1" },
			func(e *eventgrid.Event) { e.Subject = "/apis/a;Rev=2" },
		} {
			e := event("unwanted")
			change(&e)
			b.Publish(e)
		}
		again := event("wanted-too")
		again.Topic = strings.ToUpper(topic[1:])
		b.Publish(again)
		synctest.Wait()
		if got := hook.subjects(); got != "wanted wanted-too" {
			t.Errorf("delivered %q", got)
		}
	})
}

// script decides from lists, the same for each kind of fault.
type script struct{ drop, double, reorder []bool }

func next(list *[]bool) bool {
	if len(*list) == 0 {
		return false
	}
	v := (*list)[0]
	*list = (*list)[1:]
	return v
}

func (s *script) Drop() bool    { return next(&s.drop) }
func (s *script) Double() bool  { return next(&s.double) }
func (s *script) Reorder() bool { return next(&s.reorder) }

func TestFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hook := &webhook{}
		b := subscribe(t, hook, eventgrid.Options{Faults: &script{
			drop:    []bool{true},
			reorder: []bool{true}, // of the second event: a dropped one asks no more
			double:  []bool{false, true},
		}}, "")
		for _, name := range []string{"dropped", "late", "twice", "plain"} {
			b.Publish(event(name))
		}
		time.Sleep(time.Minute)
		if got := hook.subjects(); got != "twice twice plain late" {
			t.Errorf("delivered %q", got)
		}
		if all := hook.deliveries(); all[0].body != all[1].body {
			t.Errorf("the double is another event: %s, %s", all[0].body, all[1].body)
		}
		if st := b.Stats(); st != (eventgrid.Stats{Published: 4, Delivered: 4, Dropped: 1}) {
			t.Errorf("stats %+v", st)
		}
	})
}

func TestReplacedSubscriptionKeepsItsEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hook := &webhook{statuses: []int{500, 200}}
		b := subscribe(t, hook, eventgrid.Options{}, "")
		b.Publish(event("a"))
		synctest.Wait()
		ask(b, "PUT", path, wanting(`,"eventDeliverySchema":"CloudEventSchemaV1_0"`))
		time.Sleep(time.Minute)
		if all := hook.deliveries(); len(all) != 2 || all[1].header.Get("Origin") == "" {
			t.Errorf("delivered %v", all)
		}
		if w := ask(b, "DELETE", path, ""); w.Code != http.StatusOK {
			t.Errorf("DELETE: %d", w.Code)
		}
		b.Publish(event("b"))
		time.Sleep(time.Minute)
		if all := hook.deliveries(); len(all) != 2 {
			t.Errorf("delivered after the subscription was deleted: %v", all[2:])
		}
	})
}

func TestEventsWaitForRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hook := &webhook{}
		b := eventgrid.New(eventgrid.Options{Transport: hook})
		ask(b, "PUT", path, wanting(""))
		b.Publish(event("a"))
		b.Publish(event("b"))
		if st := b.Stats(); st.Pending != 2 {
			t.Errorf("stats %+v, want 2 pending", st)
		}
		hook.takes = 20 * time.Second
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		if err := b.Run(ctx); err != nil {
			t.Error(err)
		}
		if st := b.Stats(); st.Pending != 2 || st.Lost != 0 {
			t.Errorf("stopped in the middle of a delivery: %+v, want 2 pending", st)
		}
		hook.takes, hook.got = 0, nil
		run(t, b)
		synctest.Wait()
		if got := hook.subjects(); got != "a b" {
			t.Errorf("run again, delivered %q", got)
		}
	})
}
