package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"apicenter/internal/inventory"
)

// agenda are the promises of what is kept for links.
var agenda = []promise{
	{"a superseded claim cannot write", testClaims},
	{"the claim of a link that is gone cannot write", testClaimOfNothing},
	{"a status raises the version and not the revision", testStatus},
	{"a hint stays until it is taken", testHints},
	{"a link knows when an event came", testHeard},
	{"equal hints are one, and the newest", testEqualHints},
	{"a hint is not read before it is due", testDueHints},
	{"links wait that are due, hinted or being deleted", testWaiting},
	{"an entry of a log is new once", testFollow},
	{"runs are told newest first", testRuns},
	{"deletions wait until they are ended, and verdicts are told", testDeletions},
	{"definitions fall due by their age or their retry", testDue},
	{"a link tallies what it states", testTally},
	{"a removed link takes its agenda along", testRemove},
}

func testClaims(_ *testing.T, b *bench) {
	old := b.begin()
	next := b.begin()
	if next.Epoch <= old.Epoch {
		b.Errorf("epoch %d after %d", next.Epoch, old.Epoch)
	}
	b.claims[b.link] = old
	b.refused("write with an old claim", b.try(func(tx inventory.SourceTx) error {
		b.Error("a superseded writer got through the door")
		return nil
	}), inventory.Superseded)
	b.claims[b.link] = next
	b.put(petstore, "1", `{}`, `{}`, noon)
	b.refused("begin of nothing", b.Update(b.Context(), "ann", func(tx inventory.Tx) error {
		_, err := tx.Begin(id(linkPath + "-2"))
		return err
	}), inventory.NotFound)
	b.refused("begin of what is no link", b.Update(b.Context(), "ann", func(tx inventory.Tx) error {
		_, err := tx.Begin(id(workspace))
		return err
	}), inventory.NotFound)
}

func testClaimOfNothing(_ *testing.T, b *bench) {
	b.begin()
	b.update(func(tx inventory.Tx) error { return tx.Delete(id(linkPath), inventory.Condition{}) })
	b.refused("write", b.try(func(inventory.SourceTx) error { return nil }), inventory.Superseded)
	b.own(linkPath, `{"source":"/Instance/A"}`) // another link of the same name
	b.refused("write", b.try(func(inventory.SourceTx) error { return nil }), inventory.Superseded)
	old := b.claims[b.link]
	b.begin() // as often as for the old one
	b.claims[b.link] = old
	b.refused("write after the other link was claimed", b.try(func(inventory.SourceTx) error { return nil }), inventory.Superseded)
}

func testStatus(t *testing.T, b *bench) {
	before := b.get(linkPath)
	if string(before.Status) != "{}" {
		t.Errorf("status of a new link: %s", before.Status)
	}
	set := func(text string) {
		b.Helper()
		b.update(func(tx inventory.Tx) error {
			if err := tx.SetStatus(id(linkPath), map[string]string{"state": text}); err != nil {
				return err
			}
			r, err := tx.Get(id(linkPath))
			b.same("status in its transaction", string(r.Status), `{"state":"`+text+`"}`)
			return err
		})
	}
	set("syncing")
	set("syncing")
	set("error")
	after := b.get(linkPath)
	if after.Revision != before.Revision || after.Version != before.Version+2 || after.Updated != before.Updated {
		t.Errorf("after two changes of status: %+v, was %+v", after, before)
	}
	if r := b.own(linkPath, `{"source":"/Instance/A","title":"x"}`); r.Revision != before.Revision+1 || r.Version != after.Version+1 || string(r.Status) != `{"state":"error"}` {
		t.Errorf("after a change of settings: %+v", r)
	}
	b.update(func(tx inventory.Tx) error { // one after the other in one transaction
		if err := tx.SetStatus(id(linkPath), map[string]string{"state": "a"}); err != nil {
			return err
		}
		r, err := tx.PutOwn(linkPath, doc(`{"source":"/Instance/A","title":"y"}`), inventory.Condition{})
		if err != nil {
			return err
		}
		b.same("status after a put", string(r.Status), `{"state":"a"}`)
		return tx.SetStatus(id(linkPath), map[string]string{"state": "b"})
	})
	b.same("at last", string(b.get(linkPath).Status), `{"state":"b"}`)
	b.refused("status of nothing", b.Update(t.Context(), "ann", func(tx inventory.Tx) error {
		return tx.SetStatus(id(linkPath+"-2"), "x")
	}), inventory.NotFound)
}

func (b *bench) hints() []inventory.Hint {
	b.Helper()
	var out []inventory.Hint
	b.view(func(tx inventory.Reader) (err error) {
		out, err = tx.Hints(id(b.link), time.Now())
		return err
	})
	return out
}

func testHints(t *testing.T, b *bench) {
	hint := func(api string) {
		b.Helper()
		b.update(func(tx inventory.Tx) error {
			return tx.PutHint(inventory.Hint{Link: id(b.link), API: api, Trigger: "event"})
		})
	}
	for _, api := range []string{"a", "", "c"} {
		hint(api)
	}
	all := b.hints()
	if len(all) != 3 || all[0].API != "a" || all[1].API != "" || all[0].Sequence >= all[1].Sequence || all[0].At.IsZero() || all[2].Trigger != "event" {
		t.Fatalf("hints: %+v", all)
	}
	b.second()
	hint("b")
	b.apply(func(tx inventory.SourceTx) error {
		return tx.TakeHints([]int64{all[0].Sequence, b.hints()[0].Sequence})
	})
	b.same("hints of the second", len(b.hints()), 0)
	b.link = linkPath
	b.same("a link takes its own only", len(b.hints()), 3)
	b.apply(func(tx inventory.SourceTx) error { return tx.TakeHints([]int64{all[0].Sequence, all[2].Sequence}) })
	b.same("left", b.hints(), all[1:2])
	b.apply(func(tx inventory.SourceTx) error { return tx.TakeHints(nil) })
	b.same("still left", b.hints(), all[1:2])
	hint("late")
	if left := b.hints(); len(left) != 2 || left[1].Sequence <= all[2].Sequence {
		t.Errorf("a number was used again: %+v", left)
	}
	b.refused("hint of nothing", b.Update(t.Context(), "ann", func(tx inventory.Tx) error {
		return tx.PutHint(inventory.Hint{Link: id(linkPath + "-2")})
	}), inventory.NotFound)
}

func testHeard(_ *testing.T, b *bench) {
	heard := func() (at time.Time) {
		b.Helper()
		b.view(func(tx inventory.Reader) (err error) {
			at, err = tx.Heard(id(linkPath))
			return err
		})
		return at
	}
	put := func(h inventory.Hint) {
		b.Helper()
		h.Link = id(linkPath)
		b.update(func(tx inventory.Tx) error { return tx.PutHint(h) })
	}
	put(inventory.Hint{Trigger: "request"})
	put(inventory.Hint{Trigger: "event", Due: b.Now().Add(time.Minute)}) // a later look is no event
	b.same("before an event", heard().IsZero(), true)
	put(inventory.Hint{Trigger: "event", API: "apis/x"})
	first := heard()
	b.same("an event", first.IsZero(), false)
	b.apply(func(tx inventory.SourceTx) error {
		return tx.TakeHints([]int64{b.hints()[0].Sequence, b.hints()[1].Sequence})
	})
	b.same("when the hints are taken", heard(), first)
	put(inventory.Hint{Trigger: "event"})
	b.same("another", heard().After(first), true)
}

// testEqualHints has a hint come again after a worker took it up: what the
// worker takes must not take the new one along.
func testEqualHints(_ *testing.T, b *bench) {
	put := func(h inventory.Hint) {
		b.Helper()
		h.Link = id(b.link)
		b.update(func(tx inventory.Tx) error { return tx.PutHint(h) })
	}
	later := time.Now().Add(-time.Second).UTC().Truncate(time.Microsecond)
	for _, h := range []inventory.Hint{
		{API: "a", Trigger: "event"}, {API: "b", Trigger: "event"}, {API: "a", Trigger: "request"}, {API: "a", Trigger: "event", Due: later},
	} {
		put(h)
	}
	old := b.hints()
	b.same("hints that differ", len(old), 4)
	put(inventory.Hint{API: "a", Trigger: "event"})
	put(inventory.Hint{API: "a", Trigger: "event", Due: later})
	all := b.hints()
	b.same("hints", len(all), 4)
	if all[2].API != "a" || all[2].Sequence <= old[3].Sequence || !all[3].Due.Equal(later) || all[2].At.Before(old[0].At) {
		b.Errorf("after two came again: %+v, were %+v", all, old)
	}
	b.apply(func(tx inventory.SourceTx) error {
		return tx.TakeHints([]int64{old[0].Sequence, old[1].Sequence, old[2].Sequence, old[3].Sequence})
	})
	b.same("left", b.hints(), all[2:])
}

func testDueHints(_ *testing.T, b *bench) {
	due := noon.Add(5 * time.Second)
	b.update(func(tx inventory.Tx) error {
		return errors.Join(
			tx.SetDue(id(linkPath), noon.Add(time.Hour)),
			tx.PutHint(inventory.Hint{Link: id(linkPath), API: "a", Trigger: "event", Due: due}))
	})
	for _, tt := range []struct {
		at    time.Time
		hints int
	}{{due.Add(-time.Microsecond), 0}, {due, 1}} {
		b.view(func(tx inventory.Reader) error {
			hints, err := tx.Hints(id(linkPath), tt.at)
			waiting, failed := tx.Waiting(tt.at)
			b.same(fmt.Sprintf("hints and waiting links at %v", tt.at), []int{len(hints), len(waiting)}, []int{tt.hints, tt.hints})
			return errors.Join(err, failed)
		})
	}
}

func testWaiting(_ *testing.T, b *bench) {
	b.second()
	waiting := func(want ...string) {
		b.Helper()
		var got []string
		b.view(func(tx inventory.Reader) error {
			all, err := tx.Waiting(noon)
			for _, link := range all {
				got = append(got, link.Name())
			}
			return err
		})
		b.same("waiting", got, want)
	}
	due := func(link string, at time.Time) {
		b.Helper()
		b.update(func(tx inventory.Tx) error { return tx.SetDue(id(link), at) })
	}
	waiting("gateway", "second") // never synchronised
	due(linkPath, noon.Add(time.Microsecond))
	waiting("second")
	due(secondPath, noon.Add(time.Hour))
	waiting()
	due(linkPath, noon)
	waiting("gateway")
	due(secondPath, noon.Add(-time.Hour))
	waiting("second", "gateway")
	due(linkPath, noon.Add(time.Hour))
	due(secondPath, noon.Add(time.Hour))
	b.update(func(tx inventory.Tx) error { return tx.PutHint(inventory.Hint{Link: id(linkPath)}) })
	waiting("gateway")
	b.apply(func(tx inventory.SourceTx) error {
		return tx.SetStatus(id(secondPath), inventory.LinkStatus{State: inventory.Deleting})
	})
	waiting("gateway", "second")
	for _, path := range []string{linkPath, secondPath} {
		b.apply(func(tx inventory.SourceTx) error {
			s := inventory.LinkStatus{State: inventory.Syncing, Paused: &inventory.Pause{By: "ann", At: noon}}
			if path == secondPath {
				s.State = inventory.Deleting
			}
			return tx.SetStatus(id(path), s)
		})
	}
	waiting("second") // paused, and a deletion is not
	b.refused("due of nothing", b.Update(b.Context(), "ann", func(tx inventory.Tx) error {
		return tx.SetDue(id(linkPath+"-2"), noon)
	}), inventory.NotFound)
}

func testRuns(t *testing.T, b *bench) {
	runs := func(limit int) (out []inventory.Run) {
		b.Helper()
		b.view(func(tx inventory.Reader) (err error) {
			out, err = tx.Runs(id(b.link), limit)
			return err
		})
		return out
	}
	run := inventory.Run{Link: id(b.link), Trigger: "request", Scope: "apis/a", Phase: inventory.PhaseRead, Started: noon}
	put := func() {
		b.Helper()
		b.apply(func(tx inventory.SourceTx) (err error) {
			run.ID, err = tx.PutRun(run)
			return err
		})
	}
	open := func() (out []inventory.Run) {
		b.Helper()
		b.view(func(tx inventory.Reader) (err error) {
			out, err = tx.OpenRuns(id(b.link))
			return err
		})
		return out
	}
	b.same("open before there is any", open(), []inventory.Run(nil))
	put()
	b.same("open", open(), runs(10))
	run.Phase, run.Ended, run.Outcome, run.Message, run.Requests = inventory.PhaseDone, noon.Add(time.Minute), "partial", "one failed", 7
	run.Counts = inventory.Counts{Observed: 3, Bytes: 1 << 40}
	run.Errors = []inventory.RunError{{External: "apis/a", Message: "why"}}
	run.Breaks = []inventory.RunBreak{{External: "apis/b", Compatibility: inventory.Compatibility{
		Verdict: inventory.Breaking, Reasons: []inventory.Reason{{ID: "api-removed", Text: "gone", Operation: "GET", Path: "/a", Breaking: true}}, More: 2,
	}}}
	put()
	b.same("runs", runs(10), []inventory.Run{run})
	b.same("open after it has ended", open(), []inventory.Run(nil))
	first := run.ID
	for range 300 {
		run.ID = 0
		put()
	}
	if all := runs(1000); len(all) != 200 || all[0].ID != run.ID || all[199].ID >= all[198].ID {
		t.Errorf("%d runs kept", len(all))
	}
	b.same("at most", len(runs(3)), 3)
	run.ID = first
	b.refused("a run that is not kept any more", b.try(func(tx inventory.SourceTx) error {
		_, err := tx.PutRun(run)
		return err
	}), inventory.NotFound)
}

func testDeletions(_ *testing.T, b *bench) {
	b.put(petstore, "1", `{}`, `{}`, noon)
	b.put(version, "1", `{}`, `{}`, noon)
	waiting := func() (all []inventory.Deletion) {
		b.view(func(tx inventory.Reader) (err error) {
			all, err = tx.Deletions(id(linkPath))
			return err
		})
		return all
	}
	since := b.last()
	held := inventory.Deletion{External: "1", Why: "many", Since: noon}
	b.apply(func(tx inventory.SourceTx) error { return tx.PutDeletion(id(linkPath), held) })
	held.Why = "very many"
	b.apply(func(tx inventory.SourceTx) error { return tx.PutDeletion(id(linkPath), held) })
	approved := held
	approved.Verdict, approved.By, approved.At = inventory.Approved, "ann", noon.Add(time.Hour)
	b.update(func(tx inventory.Tx) error { return tx.PutDeletion(id(linkPath), approved) })
	other := inventory.Deletion{External: "0", Why: "beforehand", Since: noon, Verdict: inventory.Rejected, By: "ann", At: noon}
	b.update(func(tx inventory.Tx) error { return tx.PutDeletion(id(linkPath), other) })
	b.same("what waits", waiting(), []inventory.Deletion{other, approved})
	b.same("what was told", b.since(since), []string{
		"link/gateway updated " + petstore + ": deletionHeld " + version, "ann updated " + petstore + ": deletionApproved " + version,
	})
	b.apply(func(tx inventory.SourceTx) error { return tx.EndDeletion(id(linkPath), "1") })
	b.update(func(tx inventory.Tx) error { return tx.EndDeletion(id(linkPath), "unknown") })
	b.same("what waits in the end", waiting(), []inventory.Deletion{other})
	b.refused("of no link", b.Update(b.Context(), "ann", func(tx inventory.Tx) error { return tx.PutDeletion(id(workspace+"/links/none"), held) }), inventory.NotFound)
}

func testDue(_ *testing.T, b *bench) {
	b.put(petstore, "1", `{}`, `{}`, noon)
	b.put(version, "1", `{}`, `{}`, noon)
	definitions := map[string]inventory.Origin{
		"old":     {Verified: noon.Add(-2 * time.Hour)},
		"older":   {Verified: noon.Add(-3 * time.Hour)},
		"new":     {Verified: noon},
		"never":   {},
		"retry":   {Verified: noon.Add(-9 * time.Hour), Problem: "p", Retry: noon},
		"waiting": {Verified: noon.Add(-9 * time.Hour), Problem: "p", Retry: noon.Add(time.Second)},
		"first":   {Problem: "p", Retry: noon.Add(-time.Second)},
	}
	b.apply(func(tx inventory.SourceTx) error {
		for name, o := range definitions {
			o.External, o.Read, o.DocumentMark = name, noon, "mark "+name
			if err := tx.PutOrigin(id(version+"/definitions/"+name), o, nil); err != nil {
				return err
			}
		}
		return nil
	})
	due := func(before time.Time, limit int, want ...string) {
		b.Helper()
		b.view(func(tx inventory.Reader) error {
			all, err := tx.Due(id(linkPath), before, noon, limit)
			var got []string
			for _, e := range all {
				got = append(got, e.External)
				o := definitions[e.External]
				if e.ID != id(version+"/definitions/"+e.External) || e.Problem != o.Problem || !e.Retry.Equal(o.Retry) || !e.Verified.Equal(o.Verified) || e.DocumentMark != "mark "+e.External {
					b.Errorf("due: %+v", e)
				}
			}
			b.same(fmt.Sprintf("due before %v, at most %d", before, limit), got, want)
			return err
		})
	}
	due(noon.Add(-time.Hour), 10, "first", "retry", "older", "old")
	due(noon.Add(-time.Hour), 3, "first", "retry", "older")
	due(noon.Add(-time.Hour), 1, "first")
	due(time.Time{}, 10, "first", "retry") // no audit
}

func testTally(_ *testing.T, b *bench) {
	b.put(petstore, "1", `{}`, `{}`, noon)
	b.put(version, "1", `{}`, `{}`, noon)
	b.put(version+"-2", "2", `{}`, `{}`, noon)
	b.apply(func(tx inventory.SourceTx) error {
		other := version + "-2/definitions/openapi"
		return errors.Join(
			tx.PutOrigin(id(definition), inventory.Origin{External: "1", Problem: "p"}, nil),
			tx.PutOrigin(id(other), inventory.Origin{External: "2", Verified: noon}, nil),
			tx.PutOrigin(id(other+"-2"), inventory.Origin{External: "3", Verified: noon.Add(-time.Hour)}, nil))
	})
	b.view(func(tx inventory.Reader) error {
		got, err := tx.Tally(id(linkPath))
		b.same("tally", got, inventory.Tally{Versions: 2, Definitions: 3, Missing: 1, Problems: 1, Verified: noon.Add(-time.Hour)})
		return err
	})
}

// follow notes entries of the log and says which were new.
func (b *bench) follow(path string, before time.Time, entries ...inventory.LogEntry) (fresh string) {
	b.Helper()
	b.update(func(tx inventory.Tx) error {
		list, err := tx.Follow(id(path), entries, before)
		for _, e := range list {
			fresh += e.ID
		}
		return err
	})
	return fresh
}

func testFollow(_ *testing.T, b *bench) {
	b.own(secondPath, `{"source":"/Instance/B"}`)
	first, second := inventory.LogEntry{ID: "a", At: noon, API: "apis/x"}, inventory.LogEntry{ID: "b", At: noon.Add(time.Minute)}
	b.same("new at first", b.follow(linkPath, noon, first, second, first), "ab")
	b.same("new of what is known, before another", b.follow(linkPath, noon, second, first, inventory.LogEntry{ID: "c", At: noon}), "c")
	b.same("new for another link", b.follow(secondPath, noon, first), "a")
	b.same("new of nothing", b.follow(linkPath, noon.Add(time.Second)), "")
	b.same("new after the older one was forgotten", b.follow(linkPath, noon, first, second), "a")
	b.refused("of a link that is not there", b.Update(b.Context(), "ann", func(tx inventory.Tx) error {
		_, err := tx.Follow(id(linkPath+"-2"), nil, noon)
		return err
	}), inventory.NotFound)
}

func testRemove(_ *testing.T, b *bench) {
	b.update(func(tx inventory.Tx) error { return tx.PutHint(inventory.Hint{Link: id(linkPath)}) })
	entry := inventory.LogEntry{ID: "a", At: noon}
	b.follow(linkPath, noon, entry)
	b.put(petstore, "1", `{}`, `{}`, noon)
	b.apply(func(tx inventory.SourceTx) error {
		if _, err := tx.PutRun(inventory.Run{Link: id(linkPath), Started: noon}); err != nil {
			return err
		}
		if err := tx.DropOrigin(id(petstore), inventory.Unlinked); err != nil {
			return err
		}
		return tx.Remove()
	})
	b.missing(linkPath)
	b.own(linkPath, `{"source":"/Instance/A"}`)
	b.same("hints of another link of the same name", len(b.hints()), 0)
	b.same("new for it", b.follow(linkPath, noon, entry), "a")
	b.view(func(tx inventory.Reader) error {
		runs, err := tx.Runs(id(linkPath), 10)
		b.same("runs of it", len(runs), 0)
		return err
	})
}
