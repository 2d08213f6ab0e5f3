package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"apicenter/internal/inventory"
)

// journal are the promises of events.
var journal = []promise{
	{"an event tells of an API with all below it, once a transaction", testOneEvent},
	{"an event has each field before and after", testFieldChanges},
	{"steps of one transaction are told as one", testJoined},
	{"a move is told to both APIs", testMoveEvents},
	{"in one transaction a resource moves once", testMovesOfOneTransaction},
	{"what goes says why, and what there was", testDeletionEvents},
	{"events come in order, after a number, at most so many", testEventPages},
	{"what changes nothing for readers makes no event", testNoEvent},
	{"what a new document means is told with its change", testCompared},
	{"the past of a thing is that of its API, newest first", testPast},
}

// since gives the events after a number, as text.
func (b *bench) since(after int64) []string {
	b.Helper()
	var out []string
	b.view(func(tx inventory.Reader) error {
		for e, err := range tx.Events(after, 1000) {
			if err != nil {
				return err
			}
			text := fmt.Sprintf("%s %s %s:", e.Actor, e.Action, e.Path)
			for _, c := range e.Changes {
				text += fmt.Sprintf(" %s %s", c.Action, c.Path)
				if c.To != "" {
					text += " to " + c.To
				}
				if c.Why != "" {
					text += " (" + string(c.Why) + ")"
				}
				for _, f := range c.Fields {
					text += fmt.Sprintf(" %s %s→%s", f.Field, f.Before, f.After)
				}
			}
			out = append(out, text)
		}
		return nil
	})
	return out
}

// last is the number of the newest event.
func (b *bench) last() int64 {
	b.Helper()
	var last int64
	b.view(func(tx inventory.Reader) error {
		for e, err := range tx.Events(0, 1000) {
			if err != nil {
				return err
			}
			last = e.Sequence
		}
		return nil
	})
	return last
}

func testOneEvent(_ *testing.T, b *bench) {
	start := b.last()
	b.apply(func(tx inventory.SourceTx) error {
		for _, path := range []string{petstore, petstore + "-2", version, workspace + "/environments/prod", deployment} {
			if err := tx.PutOrigin(id(path), inventory.Origin{External: path, States: doc(`{"title":"x"}`), Read: noon}, nil); err != nil {
				return err
			}
			if _, err := tx.Get(id(path)); err != nil { // writes what is pending, which makes no more events
				return err
			}
		}
		return nil
	})
	b.same("events", b.since(start), []string{
		"link/gateway created " + petstore + ": created " + petstore + " created " + version + " created " + deployment,
		"link/gateway created " + petstore + "-2: created " + petstore + "-2",
		"link/gateway created " + workspace + "/environments/prod: created " + workspace + "/environments/prod",
	})
}

func testFieldChanges(_ *testing.T, b *bench) {
	b.own(workspace+"/apis/PetStore", `{"title":"one","summary":"s","customProperties":{"a":1}}`)
	b.own(version, `{"title":"v","lifecycleStage":"design"}`)
	start := b.last()
	b.own(petstore, `{"title":"two","customProperties":{"a":1,"b":[2]}}`)
	b.own(version, `{"title":"v","lifecycleStage":"production"}`)
	shown := workspace + "/apis/PetStore"
	b.same("events", b.since(start), []string{
		"ann updated " + shown + ": updated " + shown + ` /customProperties/b null→[2] /summary "s"→null /title "one"→"two"`,
		"ann updated " + shown + ": updated " + shown + `/versions/v1 /lifecycleStage "design"→"production" updated ` + shown + ` /lifecycleStage "design"→"production"`,
	})
}

func testJoined(_ *testing.T, b *bench) {
	b.own(petstore, `{"title":"one","summary":"s"}`)
	b.own(petstore+"-2", `{"title":"one"}`)
	start := b.last()
	b.update(func(tx inventory.Tx) error {
		put := func(path, text string) {
			b.Helper()
			if _, err := tx.PutOwn(path, doc(text), inventory.Condition{}); err != nil {
				b.Fatal(err)
			}
		}
		put(petstore, `{"title":"two","summary":"t"}`)
		put(petstore, `{"title":"three","summary":"s"}`)
		put(version, `{"title":"made"}`)
		put(version, `{"title":"and changed"}`)
		put(version+"-2", `{"title":"made and gone"}`)
		put(petstore+"-2", `{"title":"changed and gone","summary":"new"}`)
		if err := tx.Delete(id(version+"-2"), inventory.Condition{}); err != nil {
			return err
		}
		return tx.Delete(id(petstore+"-2"), inventory.Condition{})
	})
	b.same("events", b.since(start), []string{
		"ann updated " + petstore + ": updated " + petstore + ` /title "one"→"three" created ` + version,
		"ann deleted " + petstore + "-2: deleted " + petstore + `-2 /title "one"→null`,
	})
	if got := b.get(petstore).Revision; got != 2 {
		b.Errorf("revision %d after two steps of one transaction, want 2", got)
	}
	start = b.last()
	b.update(func(tx inventory.Tx) error {
		for _, text := range []string{`{"title":"x"}`, `{"title":"y"}`} {
			if _, err := tx.PutOwn(petstore+"-3", doc(text), inventory.Condition{}); err != nil {
				return err
			}
		}
		return tx.Delete(id(petstore+"-3"), inventory.Condition{})
	})
	b.same("what nobody saw", b.since(start), []string(nil))
}

func testMoveEvents(_ *testing.T, b *bench) {
	other := petstore + "-2"
	b.put(petstore, "1", `{"title":"1"}`, `{}`, noon)
	b.put(other, "2", `{"title":"2"}`, `{}`, noon)
	b.put(version, "v", `{"title":"v"}`, `{"lifecycleStage":"design"}`, noon)
	start := b.last()
	b.apply(func(tx inventory.SourceTx) error { return tx.Move(id(version), id(other+"/versions/v1")) })
	step := " moved " + version + " to " + other + "/versions/v1"
	b.same("events", b.since(start), []string{
		"link/gateway updated " + petstore + ":" + step + " updated " + petstore + ` /lifecycleStage "design"→null`,
		"link/gateway updated " + other + ":" + step + " updated " + other + ` /lifecycleStage null→"design"`,
	})
	start = b.last()
	b.apply(func(tx inventory.SourceTx) error { return tx.Move(id(petstore), id(workspace+"/apis/zoo")) })
	b.same("events", b.since(start), []string{"link/gateway moved " + petstore + ": moved " + petstore + " to " + workspace + "/apis/zoo"})
}

func testMovesOfOneTransaction(_ *testing.T, b *bench) {
	other, third := petstore+"-2", petstore+"-3"
	for n, path := range []string{petstore, other, third} {
		b.put(path, fmt.Sprint(n), `{"title":"A"}`, `{}`, noon)
	}
	b.put(version, "v", `{"title":"0"}`, `{}`, noon)
	titled := func(tx inventory.SourceTx, path, title string) error {
		return tx.PutOrigin(id(path), inventory.Origin{External: path, States: doc(`{"title":"` + title + `"}`), Read: noon}, nil)
	}
	start := b.last()
	b.apply(func(tx inventory.SourceTx) error {
		return errors.Join(titled(tx, version, "1"), tx.Move(id(version), id(other+"/versions/v1")),
			titled(tx, other+"/versions/v1", "2"), tx.Move(id(other+"/versions/v1"), id(petstore+"/versions/v1-2")), titled(tx, petstore+"/versions/v1-2", "3"))
	})
	b.same("there and back", b.since(start), []string{
		"link/gateway updated " + petstore + ": moved " + version + " to " + petstore + "/versions/v1-2 updated " + petstore + `/versions/v1-2 /title "0"→"3"`,
	})
	start = b.last()
	b.apply(func(tx inventory.SourceTx) error {
		return errors.Join(titled(tx, third, "B"), titled(tx, petstore+"/versions/v1-2", "4"), tx.Move(id(petstore+"/versions/v1-2"), id(other+"/versions/v1")),
			tx.Move(id(other+"/versions/v1"), id(third+"/versions/v1")))
	})
	step := " moved " + petstore + "/versions/v1-2 to " + third + "/versions/v1"
	b.same("by another to one that is told of before", b.since(start), []string{
		"link/gateway updated " + third + ": updated " + third + ` /title "A"→"B"` + step + " updated " + third + `/versions/v1 /title "3"→"4"`,
		"link/gateway updated " + petstore + ":" + step,
	})
	start = b.last()
	b.apply(func(tx inventory.SourceTx) error {
		return errors.Join(titled(tx, third+"/versions/v1", "5"), tx.Move(id(third+"/versions/v1"), id(other+"/versions/v1")), tx.Move(id(other+"/versions/v1"), id(third+"/versions/v1")))
	})
	b.same("there and home", b.since(start), []string{"link/gateway updated " + third + ": updated " + third + `/versions/v1 /title "4"→"5"`})
}

func testDeletionEvents(_ *testing.T, b *bench) {
	b.put(petstore, "1", `{"title":"1"}`, `{"summary":"s"}`, noon)
	b.put(version, "v", `{"title":"v"}`, `{"lifecycleStage":"design"}`, noon)
	start := b.last()
	b.drop(version)
	b.drop(petstore)
	b.same("events", b.since(start), []string{
		"link/gateway updated " + petstore + ": deleted " + version + ` (vanished) /lifecycleStage "design"→null /title "v"→null updated ` + petstore + ` /lifecycleStage "design"→null`,
		"link/gateway deleted " + petstore + ": deleted " + petstore + ` (vanished) /summary "s"→null /title "1"→null`,
	})
}

func testEventPages(t *testing.T, b *bench) {
	start := b.last()
	before := time.Now().Add(-time.Second)
	for i := range 5 {
		b.own(fmt.Sprintf("%s-%d", petstore, i), `{"title":"x"}`)
	}
	var got []inventory.Event
	b.view(func(tx inventory.Reader) error {
		for e, err := range tx.Events(start+1, 3) {
			if err != nil {
				return err
			}
			got = append(got, e)
		}
		return nil
	})
	if len(got) != 3 || got[0].Sequence != start+2 || got[2].Sequence != start+4 {
		t.Fatalf("three events after %d: %+v", start+1, got)
	}
	if got[0].At.Before(before) || got[0].Path != petstore+"-1" {
		t.Errorf("first event: %+v", got[0])
	}
}

func testNoEvent(t *testing.T, b *bench) {
	b.put(petstore, "1", `{"title":"1"}`, `{"summary":"s"}`, noon)
	start, before := b.last(), b.get(petstore)
	b.own(petstore, `{"summary":"s","title":"hidden"}`)
	b.put(petstore, "1", `{"title":"1"}`, `{}`, noon.Add(time.Hour))
	b.apply(func(tx inventory.SourceTx) error {
		return tx.PutOrigin(id(petstore), inventory.Origin{External: "1", States: doc(`{"title":"1"}`), Mark: "other", Read: noon.Add(time.Hour), Problem: "p"}, nil)
	})
	b.update(func(tx inventory.Tx) error { return tx.SetStatus(id(linkPath), json.RawMessage(`{"state":"syncing"}`)) })
	if err := b.Update(t.Context(), "ann", func(tx inventory.Tx) error {
		if _, err := tx.PutOwn(petstore, doc(`{"summary":"rolled back"}`), inventory.Condition{}); err != nil {
			return err
		}
		return inventory.Conflict
	}); err == nil {
		t.Error("an error of f must come back")
	}
	b.same("events", b.since(start), []string(nil))
	b.same("what readers see", b.get(petstore), before)
}

func testCompared(_ *testing.T, b *bench) {
	for _, path := range []string{petstore, version, definition} {
		b.put(path, path, `{"title":"x"}`, `{}`, noon)
	}
	start := b.last()
	write := func(text string, at time.Time, c inventory.Compatibility) {
		b.Helper()
		digest, _, err := b.PutDocument(b.Context(), strings.NewReader(text))
		if err != nil {
			b.Fatal(err)
		}
		b.apply(func(tx inventory.SourceTx) error {
			states := doc(`{"title":"x"}`).With(inventory.FieldDocument, string(digest))
			if err := tx.PutOrigin(id(definition), inventory.Origin{External: definition, States: states, Read: at}, nil); err != nil {
				return err
			}
			return tx.Compared(id(definition), c)
		})
	}
	breaks := inventory.Compatibility{Verdict: inventory.Breaking, Reasons: []inventory.Reason{{ID: "api-removed", Text: "gone", Breaking: true}}}
	write("aa", noon.Add(time.Minute), breaks)
	write("bb", noon, inventory.Compatibility{Verdict: inventory.NonBreaking}) // an older observation, which changes nothing
	var told []inventory.Compatibility
	b.view(func(tx inventory.Reader) error {
		for e, err := range tx.Events(start, 1000) {
			if err != nil {
				return err
			}
			for _, c := range e.Changes {
				if c.Compatibility != nil {
					told = append(told, *c.Compatibility)
				}
			}
		}
		return nil
	})
	b.same("what events tell", told, []inventory.Compatibility{breaks})
	b.refused("of nothing", b.try(func(tx inventory.SourceTx) error { return tx.Compared(id(version+"-2"), breaks) }), inventory.NotFound)
}

func testPast(_ *testing.T, b *bench) {
	b.own(petstore, `{"title":"one"}`)
	b.own(petstore+"-2", `{"title":"other"}`)
	b.own(version, `{"title":"v"}`)
	b.own(petstore, `{"title":"two"}`)
	b.update(func(tx inventory.Tx) error { return tx.Delete(id(petstore), inventory.Condition{}) })
	var before int64
	for _, tt := range []struct {
		before func() int64
		limit  int
		want   []inventory.Action
	}{
		{func() int64 { return 0 }, 10, []inventory.Action{inventory.Deleted, inventory.Updated, inventory.Updated, inventory.Created}},
		{func() int64 { return 0 }, 2, []inventory.Action{inventory.Deleted, inventory.Updated}},
		{func() int64 { return before }, 10, []inventory.Action{inventory.Updated, inventory.Created}},
	} {
		var got []inventory.Action
		b.view(func(tx inventory.Reader) error {
			for e, err := range tx.Past(version, tt.before(), tt.limit) {
				if err != nil {
					return err
				}
				got, before = append(got, e.Action), e.Sequence
			}
			return nil
		})
		b.same("actions", got, tt.want)
	}
	var left []string
	b.view(func(tx inventory.Reader) error {
		for e, err := range tx.Departures(id(workspace), 10) {
			if err != nil {
				return err
			}
			left = append(left, e.Path)
		}
		return nil
	})
	b.same("what left", left, []string{petstore})
}
