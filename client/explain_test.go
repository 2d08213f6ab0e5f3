package client_test

import (
	"errors"
	"strings"
	"testing"

	"apicenter/client"
	"apicenter/internal/inventory"
)

func TestAnAPIIsMergedExplainedAndFollowed(t *testing.T) {
	ctx, c := t.Context(), newCenter(t)
	c.brings(t, "pets")
	put(t, c.workspace().APIs(), "pets", client.API{Title: "pets", Kind: "rest", Summary: "ours"})
	api := c.workspace().API("pets")
	n := 0
	for s, err := range api.Sources(ctx) {
		if n++; err != nil || s.Name != "gateway" || !s.Leads || s.ExternalID != "apis/pets" || s.ReadAt.IsZero() {
			t.Errorf("came by %+v, %v", s, err)
		}
	}
	if n != 1 {
		t.Errorf("%d sources", n)
	}
	for what, err := range map[string]error{
		"merge with itself": second(api.Merge(ctx, "pets")), "unmerge the only one": second(api.Unmerge(ctx, "gateway")), "led by none": second(api.Lead(ctx, "none")),
	} {
		if refusal, ok := errors.AsType[*client.Error](err); !ok || refusal.Status < 400 || refusal.Status > 499 {
			t.Errorf("%s: %v", what, err)
		}
	}
	if led, err := api.Lead(ctx, "gateway"); err != nil || led.Properties.Title != "pets" {
		t.Errorf("led: %+v, %v", led, err)
	}
	if e, err := c.Explain(ctx, api.ID(), "/title"); err != nil || len(e.Fields) != 1 || e.Fields[0].Layer != "source" || e.Fields[0].Editable || e.Fields[0].Source == nil {
		t.Errorf("explained: %+v, %v", e, err)
	}
	if e, err := c.Explain(ctx, api.ID(), ""); err != nil || len(e.Fields) < 3 || e.ID != api.ID() {
		t.Errorf("explained: %+v, %v", e, err)
	}
	if m, err := c.workspace().ExplainMissing(ctx, "pets", ""); err != nil || m.Verdict != "present" || len(m.Found) != 1 {
		t.Errorf("missing: %+v, %v", m, err)
	}
	events := 0
	for e, err := range c.History(ctx, api.ID(), 0) {
		if err != nil || e.ID != api.ID() || len(e.Changes) == 0 {
			t.Errorf("event %+v, %v", e, err)
		}
		if events++; events == 1 && (e.By != "ada" || e.Changes[0].Fields[0].Field != "/summary" || string(e.Changes[0].Fields[0].After) != `"ours"`) {
			t.Errorf("the newest is %+v", e)
		}
	}
	if events != 2 {
		t.Errorf("%d events", events)
	}
}

func TestWhatIsHeldIsJudged(t *testing.T) {
	ctx, c := t.Context(), newCenter(t)
	c.brings(t, "pets")
	c.asSource(t, func(tx inventory.SourceTx) error {
		return tx.PutDeletion(inventory.MustID(linked), inventory.Deletion{External: "apis/pets", Why: "it was held", Since: c.store.Now()})
	})
	link := c.workspace().APISource("gateway")
	for d, err := range link.Deletions(ctx) {
		if err != nil || d.External != "apis/pets" || d.Title != "pets" || !strings.HasSuffix(d.ID, "/versions/v1") || d.Verdict != "" {
			t.Errorf("held: %+v, %v", d, err)
		}
	}
	if all, err := link.Reject(ctx, "apis/pets"); err != nil || len(all) != 1 {
		t.Errorf("rejected %v, %v", all, err)
	}
	if all, err := link.Approve(ctx); err != nil || len(all) != 0 {
		t.Errorf("approved %v, %v", all, err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestEventsAreFollowedByACursor(t *testing.T) {
	ctx, c := t.Context(), newCenter(t)
	_, cursor, err := c.service().Events(ctx, "latest", 0)
	if err != nil {
		t.Fatal(err)
	}
	put(t, c.workspace().APIs(), "pets", client.API{Title: "Pets", Kind: "rest"})
	letters, next, err := c.service().Events(ctx, cursor, 0)
	if err != nil || len(letters) != 1 || letters[0].Subject != c.workspace().APIs().ID("pets") || letters[0].Actor != "ada" || next == cursor {
		t.Errorf("after %s: %+v, %s, %v", cursor, letters, next, err)
	}
	if more, same, err := c.service().Events(ctx, next, 0); err != nil || len(more) != 0 || same != next {
		t.Errorf("after %s: %+v, %s, %v", next, more, same, err)
	}
}
