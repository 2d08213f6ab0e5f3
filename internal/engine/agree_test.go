package engine_test

import (
	"strings"
	"testing"

	"apicenter/internal/engine"
	"apicenter/internal/inventory"
	"apicenter/internal/source/sourcetest"
)

// agree has a person agree to a plan, perhaps with other settings.
func (h *house) agree(plan, properties string) {
	h.Helper()
	h.update(func(tx inventory.Tx) error {
		rec, err := tx.Record(inventory.MustID(linkPath))
		if err != nil {
			return err
		}
		s := inventory.StatusOf(rec.Resource)
		s.Agreed = &inventory.Agreement{Plan: plan, By: "ann"}
		if properties != "" {
			s.Agreed.Before = rec.Own.Encode()
			if err := put(tx, linkPath, properties); err != nil {
				return err
			}
		}
		return tx.SetStatus(rec.ID, s)
	})
}

func (h *house) status() (s inventory.LinkStatus, link inventory.Link) {
	h.Helper()
	h.update(func(tx inventory.Tx) error {
		rec, err := tx.Record(inventory.MustID(linkPath))
		s, link = inventory.StatusOf(rec.Resource), inventory.LinkOf(rec.Own)
		return err
	})
	return s, link
}

func TestPassDoesThePlanOrNothing(t *testing.T) {
	put := func(h *house, title string) { h.source.Put(sourcetest.API("apis/a", title, "v1", []byte(`{}`))) }
	never := strings.Replace(always, `"always"`, `"never"`, 1)
	planned := inventory.Link{SourceType: "Script", Source: "/instance", Import: inventory.ImportNever, Stage: "production", OnVanish: inventory.OnVanishDelete}
	for _, tt := range []struct {
		name     string
		synced   bool
		settings string // that come with the plan
		moves    func(h *house)
		outcome  string
		imports  inventory.Import // after it
		waits    bool
	}{
		{"a new link as planned", false, "", nil, "ok", inventory.ImportAlways, false},
		{"a new link whose source moved", false, "", func(h *house) { put(h, "C") }, "refused", inventory.ImportAlways, true},
		{"as planned", true, "", nil, "ok", inventory.ImportAlways, false},
		{"the source moved", true, "", func(h *house) { put(h, "C") }, "refused", inventory.ImportAlways, false},
		{"the record moved", true, "", func(h *house) { h.pass("apis/a") }, "refused", inventory.ImportAlways, false},
		{"other settings as planned", true, never, nil, "ok", inventory.ImportNever, false},
		{"other settings, and the source moved", true, never, func(h *house) { put(h, "C") }, "refused", inventory.ImportAlways, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t, engine.Options{}, always)
			if put(h, "A"); tt.synced {
				h.pass("")
			}
			put(h, "B")
			as := (*inventory.Link)(nil)
			if tt.settings != "" {
				as = &planned
			}
			plan := h.preview(linkPath, as)
			if tt.moves != nil {
				tt.moves(h)
			}
			before := h.shown()
			h.agree(plan.Digest, tt.settings)
			run := h.pass("")
			if run.Outcome != tt.outcome {
				t.Errorf("the run ended %s: %s; want %s", run.Outcome, run.Message, tt.outcome)
			}
			if refused := tt.outcome == "refused"; (h.shown() == before) != refused {
				t.Errorf("readers saw %s before and %s after a run that ended %s", before, h.shown(), run.Outcome)
			}
			s, link := h.status()
			if link.Import != tt.imports || (s.Agreed != nil) != tt.waits || s.Stalled != tt.waits {
				t.Errorf("then the link imports %s and says %+v", link.Import, s)
			}
			if tt.waits {
				h.waits(put)
			} else if run := h.pass(""); run.Outcome != "ok" {
				t.Errorf("the next run ended %s: %s", run.Outcome, run.Message)
			}
		})
	}
}

// waits holds of a new link whose plan was refused: nothing is applied until the source is as planned.
func (h *house) waits(put func(*house, string)) {
	h.Helper()
	if run := h.pass(""); run.Outcome != "refused" || h.shown() != "" {
		h.Errorf("the link waits, and a run ended %s with %s", run.Outcome, h.shown())
	}
	put(h, "B")
	if run := h.pass(""); run.Outcome != "ok" || h.shown() == "" {
		h.Errorf("the source is as planned, and a run ended %s with %s", run.Outcome, h.shown())
	}
}

// shown is what readers see of APIs and what is below them.
func (h *house) shown() string {
	h.Helper()
	var b strings.Builder
	h.update(func(tx inventory.Tx) error {
		all, err := tx.Below(inventory.MustID(workspace))
		for _, rec := range all {
			if !rec.ID.Ancestor(inventory.KindAPI).IsZero() {
				b.WriteString(rec.Path + string(rec.Doc) + string(rec.Document) + "\n")
			}
		}
		return err
	})
	return b.String()
}
