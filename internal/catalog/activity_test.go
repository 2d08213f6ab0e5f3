package catalog_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"apicenter/internal/catalog"
	"apicenter/internal/inventory"
)

// all wants every event.
func all(e inventory.Event) (inventory.Event, bool) { return e, true }

func (d *desk) activity(q catalog.ActivityQuery) catalog.Activity {
	d.Helper()
	a, err := d.Activity(d.ctx, id(center), q)
	if err != nil {
		d.Fatal(err)
	}
	return a
}

func TestActivityIsReadInPages(t *testing.T) {
	d := centre(t)
	for i := range 60 {
		d.put(workspace+"/apis/orders", fmt.Sprintf(`{"title":"Orders","kind":"rest","summary":"%d"}`, i))
	}
	half := d.store.Now()
	for i := range 60 {
		d.put(workspace+"/apis/pets", fmt.Sprintf(`{"title":"Pets","kind":"rest","summary":"%d"}`, i))
	}
	whole := d.activity(catalog.ActivityQuery{Limit: 1000, Keep: all}).Events
	var paged []inventory.Event
	for before := int64(0); ; {
		a := d.activity(catalog.ActivityQuery{Before: before, Limit: 7, Keep: all})
		paged = append(paged, a.Events...)
		if before = a.Next; before == 0 {
			break
		}
	}
	if len(paged) != len(whole) || paged[0].Sequence != whole[0].Sequence || paged[len(paged)-1].Sequence != whole[len(whole)-1].Sequence {
		t.Errorf("%d events in pages, %d at once", len(paged), len(whole))
	}
	later := d.activity(catalog.ActivityQuery{Since: half.Add(time.Nanosecond), Limit: 1000, Keep: all}).Events
	sooner := d.activity(catalog.ActivityQuery{Until: half, Limit: 1000, Keep: all}).Events
	if len(later)+len(sooner) != len(whole) || len(later) < 59 || len(later) > 60 {
		t.Errorf("%d events until an instant and %d since, of %d", len(sooner), len(later), len(whole))
	}
	few := d.activity(catalog.ActivityQuery{Until: half, Before: sooner[3].Sequence, Limit: 2, Keep: all})
	if few.Events[0].Sequence != sooner[4].Sequence || few.Next != sooner[5].Sequence {
		t.Errorf("a page in the middle begins with %d and ends with %d, want %d and %d", few.Events[0].Sequence, few.Next, sooner[4].Sequence, sooner[5].Sequence)
	}
}

// Who looks for something rare gets an answer in time, and where to go on.
func TestActivityLooksBackOnlySoFar(t *testing.T) {
	d := centre(t)
	d.put(workspace+"/apis/rare", `{"title":"Rare","kind":"rest"}`)
	err := d.store.Update(d.ctx, "ann", func(tx inventory.Tx) error {
		for i := range 2100 {
			own := inventory.Doc{}
			own.Set("/title", "Many")
			if _, err := tx.PutOwn(fmt.Sprintf("%s/environments/many-%d", workspace, i), own, inventory.Condition{}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	q := catalog.ActivityQuery{Limit: 10, Keep: func(e inventory.Event) (inventory.Event, bool) {
		return e, e.Path == workspace+"/apis/rare"
	}}
	first := d.activity(q)
	if len(first.Events) != 0 || first.Next == 0 || first.Looked.IsZero() {
		t.Fatalf("looked through all: %+v", first)
	}
	q.Before = first.Next
	if second := d.activity(q); len(second.Events) != 1 || second.Next != 0 || !second.Looked.IsZero() {
		t.Errorf("further back: %+v", second)
	}
}

// Nobody sees what happened in a service that was purged because another has its name.
func TestANewServiceDoesNotShowWhatHappenedInOneThatHadItsName(t *testing.T) {
	d := centre(t)
	api := workspace + "/apis/orders"
	d.put(api, `{"title":"Secret","kind":"rest"}`)
	if err := d.Delete(d.ctx, id(api), catalog.Match{}); err != nil {
		t.Fatal(err)
	}
	if err := d.Delete(d.ctx, id(center), catalog.Match{}); err != nil {
		t.Fatal(err)
	}
	if err := d.Purge(d.ctx, id(center), catalog.Match{}); err != nil {
		t.Fatal(err)
	}
	history := func(path string) []inventory.Event {
		events, err := d.History(d.ctx, id(path), 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		return events
	}
	gone := history(center)
	if len(gone) < 4 || gone[0].Action != inventory.Purged {
		t.Errorf("of a service that is gone, everything is told: %v", gone)
	}
	d.put(center, `{"location":"x"}`)
	events, told := history(center), d.activity(catalog.ActivityQuery{Limit: 100, Keep: all}).Events
	for _, e := range append(events, told...) {
		if e.Sequence <= gone[0].Sequence {
			t.Errorf("the new one shows %s of %s", e.Action, e.Path)
		}
	}
	if len(events) == 0 || len(told) != len(events) {
		t.Errorf("%d events in the history of the new one, %d in its activity", len(events), len(told))
	}
	if _, err := d.History(d.ctx, id(api), 0, 100); !errors.Is(err, inventory.NotFound) {
		t.Errorf("an API of the old one: %v", err)
	}
	if kept, err := d.Kept(d.ctx, id(center)); err != nil || kept.After != gone[0].Sequence {
		t.Errorf("kept of the new one: %+v, %v", kept, err)
	}
	if m, err := d.ExplainMissing(d.ctx, id(workspace), "orders", "", func(inventory.Resource) bool { return true }); err != nil || m.Left != nil {
		t.Errorf("missing in the new one: %+v, %v", m.Left, err)
	}
}
