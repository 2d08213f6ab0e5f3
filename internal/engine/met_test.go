package engine_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"apicenter/internal/engine"
	"apicenter/internal/inventory"
)

func TestAHintIsMetByAPassThatAskedForAllOfItAfterwards(t *testing.T) {
	for _, tt := range []struct {
		name string
		hint inventory.Hint
		due  time.Duration // after it came; 0: at once
		ops  int           // of the pass before the hint comes; with the first, it asks for the listing
		met  bool
	}{
		{"an event before the listing", inventory.Hint{API: "apis/a01", Trigger: "event"}, 0, 0, true},
		{"an event after it was asked for", inventory.Hint{API: "apis/a01", Trigger: "event"}, 0, 1, false},
		{"of what changed nothing and was not fetched", inventory.Hint{API: "apis/a00", Trigger: "event"}, 0, 0, false},
		{"of what the source has not", inventory.Hint{API: "apis/a99", Trigger: "event"}, 0, 0, false},
		{"of a document that was not given", inventory.Hint{API: "apis/a02", Trigger: "event"}, 0, 0, false},
		{"of a person", inventory.Hint{API: "apis/a01", Trigger: "request"}, 0, 0, false},
		{"of everything", inventory.Hint{Trigger: "event"}, 0, 0, false},
		{"a later look that is due", inventory.Hint{API: "apis/a01", Trigger: "event"}, time.Second, 0, true},
		{"a later look that came due after the listing", inventory.Hint{API: "apis/a01", Trigger: "event"}, 3 * time.Second, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHouse(t, engine.Options{}, always)
				h.source.Put(api(0, "As it was"))
				h.pass("")
				h.source.Put(api(1, "New"))
				h.source.Put(api(2, "New, without its document"))
				h.source.FailDocument("apis/a02", errors.New("gone"))
				h.source.Delay(time.Second)
				p := h.begin(tt.ops)
				tt.hint.Link = inventory.MustID(linkPath)
				if tt.due > 0 {
					tt.hint.Due = time.Now().Add(tt.due)
				}
				h.update(func(tx inventory.Tx) error { return tx.PutHint(tt.hint) })
				time.Sleep(2 * time.Second)
				h.finish(p)
				var left []inventory.Hint
				h.view(func(r inventory.Reader) (err error) {
					left, err = r.Hints(tt.hint.Link, time.Now())
					return err
				})
				if met := len(left) == 0; met != tt.met {
					t.Errorf("met: %t, want %t; left: %+v", met, tt.met, left)
				}
			})
		})
	}
}
