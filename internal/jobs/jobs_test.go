package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"apicenter/internal/engine"
	"apicenter/internal/inventory"
	"apicenter/internal/jobs"
	"apicenter/internal/source"
	"apicenter/internal/source/sourcetest"
	"apicenter/internal/store"
	"apicenter/internal/store/storetest"
)

const (
	workspace = "sub/group/center/workspaces/default"
	linkPath  = workspace + "/links/gateway"
)

var link = inventory.MustID(linkPath)

// bench is a queue over a real store and a scripted source.
type bench struct {
	*testing.T
	store  *store.Store
	source *sourcetest.Script
	queue  *jobs.Queue
}

// migrated puts a database into a folder that River's tables are in already.
var migrated = storetest.Template(func(s *store.Store) error {
	_, err := jobs.New(context.Background(), jobs.Options{
		DB: s.Writer(), Store: s, Engine: engine.New(s, nil, engine.Options{}), Log: slog.New(slog.DiscardHandler),
	})
	return err
})

// openStore opens an empty store; the test has to close it.
func openStore(t testing.TB) *store.Store {
	t.Helper()
	dir := t.TempDir()
	if err := migrated(dir); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), store.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// run runs a test in a bubble, where time passes only when nobody works.
func run(t *testing.T, importing string, test func(*bench)) {
	synctest.Test(t, func(t *testing.T) {
		s := openStore(t)
		defer func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}()
		b := &bench{T: t, store: s, source: sourcetest.NewScript()}
		b.source.Put(sourcetest.API("apis/petstore", "Petstore", "v1", []byte(`{"openapi":"3.0.1"}`)))
		kind := b.source.Kind()
		e := engine.New(s, map[string]source.Kind{kind.Name: kind}, engine.Options{Interval: time.Minute})
		var err error
		if b.queue, err = jobs.New(t.Context(), jobs.Options{
			DB: s.Writer(), Store: s, Engine: e, Log: slog.New(slog.NewTextHandler(t.Output(), nil)), TakeOver: s.TakeOver, Sweep: s.Sweep,
		}); err != nil {
			t.Fatal(err)
		}
		b.update(func(tx inventory.Tx) error {
			own := inventory.Doc{}
			own.Set(inventory.FieldSourceType, kind.Name)
			own.Set(inventory.FieldSource, "/instance")
			own.Set(inventory.FieldImport, importing)
			return errors.Join(put(tx, "sub/group/center", inventory.Doc{}), put(tx, workspace, inventory.Doc{}), put(tx, linkPath, own))
		})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- b.queue.Run(ctx) }()
		test(b)
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func put(tx inventory.Tx, path string, own inventory.Doc) error {
	_, err := tx.PutOwn(path, own, inventory.Condition{})
	return err
}

func (b *bench) update(f func(inventory.Tx) error) {
	b.Helper()
	if err := b.store.Update(b.Context(), "ann", f); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) notify(api string) {
	b.Helper()
	if err := b.queue.Notify(b.Context(), link, api, "request"); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) runs() (runs []inventory.Run) {
	b.Helper()
	if err := b.store.View(b.Context(), func(r inventory.Reader) (err error) {
		runs, err = r.Runs(link, 100)
		return err
	}); err != nil {
		b.Fatal(err)
	}
	return runs
}

// definition is the one that there is.
func (b *bench) definition() (id inventory.ID) {
	b.Helper()
	if err := b.store.View(b.Context(), func(r inventory.Reader) error {
		for d, err := range r.List(inventory.Query{Kind: inventory.KindDefinition}) {
			if err != nil {
				return err
			}
			id = d.ID
		}
		return nil
	}); err != nil {
		b.Fatal(err)
	}
	return id
}

func TestALinkIsWorkedAtOnceAndThenEachInterval(t *testing.T) {
	run(t, "always", func(b *bench) {
		time.Sleep(5 * time.Second)
		if got := b.source.Reads(); got != 1 {
			b.Errorf("%d readings after 5 seconds, want 1", got)
		}
		time.Sleep(10 * time.Minute)
		// Intervals of a minute, less a twentieth to a seventh each, and a second to be seen.
		if got := b.source.Reads(); got < 11 || got > 13 {
			b.Errorf("%d readings after ten minutes, want 11 to 13", got)
		}
	})
}

func TestAHintIsAnsweredAtOnce(t *testing.T) {
	run(t, "always", func(b *bench) {
		time.Sleep(5 * time.Second)
		b.notify("apis/petstore")
		time.Sleep(500 * time.Millisecond)
		scopes := b.source.Scopes()
		if len(scopes) != 2 || scopes[1].API != "apis/petstore" {
			b.Errorf("readings half a second after a hint: %v", scopes)
		}
	})
}

func TestABellIsAnsweredBeforeAnyTimePasses(t *testing.T) {
	run(t, "always", func(b *bench) {
		time.Sleep(5 * time.Second)
		for i := range 5 { // each after the one before has ended, whose job need not have
			b.notify("apis/petstore")
			synctest.Wait()
			if got := len(b.runs()); got != 2+i || b.runs()[0].Ended.IsZero() {
				b.Fatalf("%d runs as soon as the bell was rung for the %d. time, want %d that have ended", got, i+1, 2+i)
			}
		}
	})
}

func TestAHintDuringAPassIsNotLost(t *testing.T) {
	run(t, "always", func(b *bench) {
		release := b.source.Block()
		time.Sleep(2 * time.Second) // the first pass hangs in its listing
		b.notify("")
		time.Sleep(time.Second)
		release()
		time.Sleep(5 * time.Second)
		if got := b.source.Reads(); got != 2 {
			b.Errorf("%d readings, want one for the link and one for the hint", got)
		}
		time.Sleep(10 * time.Second)
		if got := b.source.Reads(); got != 2 {
			b.Errorf("%d readings 10 seconds later: the hint is answered again and again", got)
		}
	})
}

func TestALinkThatIsDeletedGoesAway(t *testing.T) {
	run(t, "always", func(b *bench) {
		time.Sleep(5 * time.Second)
		b.update(func(tx inventory.Tx) error {
			if _, err := tx.Begin(link); err != nil {
				return err
			}
			return tx.SetStatus(link, inventory.LinkStatus{State: inventory.Deleting})
		})
		b.queue.Wake()
		time.Sleep(5 * time.Second)
		err := b.store.View(b.Context(), func(r inventory.Reader) error {
			_, err := r.Get(link)
			return err
		})
		if !errors.Is(err, inventory.NotFound) {
			b.Errorf("the link after its deletion: %v, want not found", err)
		}
	})
}

func TestASourceThatFailsIsTriedAgainNoSoonerThanItAsked(t *testing.T) {
	run(t, "always", func(b *bench) {
		b.source.FailAfter(0, &source.Error{Message: "busy", After: 5 * time.Minute})
		time.Sleep(4 * time.Minute)
		if got := b.source.Reads(); got != 1 {
			b.Errorf("%d readings within the time that the source asked to wait, want 1", got)
		}
		b.source.FailAfter(0, nil)
		time.Sleep(90 * time.Second)
		if runs := b.runs(); len(runs) != 2 || runs[0].Outcome != "ok" || runs[1].Outcome != "failed" {
			b.Errorf("runs: %+v", runs)
		}
	})
}

func TestAHintOutlivesALookThatFails(t *testing.T) {
	run(t, "always", func(b *bench) {
		time.Sleep(5 * time.Second)
		b.source.FailAfter(0, &source.Error{Message: "down", After: 3 * time.Minute})
		if err := b.queue.Notify(b.Context(), link, "apis/petstore", "event"); err != nil {
			b.Fatal(err)
		}
		b.source.Document("apis/petstore", []byte(`{"openapi":"3.0.1","x":"an edit that no listing shows"}`))
		time.Sleep(2 * time.Minute)
		if got := b.source.Reads(); got != 2 {
			b.Errorf("%d readings within the time that the source asked to wait, want the first pass and the hint", got)
		}
		b.source.FailAfter(0, nil)
		opens := b.source.Opens()
		time.Sleep(90 * time.Second)
		if got := b.source.Opens() - opens; got != 1 {
			b.Errorf("%d documents fetched after the source came back, want the one of the hint", got)
		}
	})
}

func TestPeopleNeedNotWaitForALinkThatFailed(t *testing.T) {
	run(t, "always", func(b *bench) {
		time.Sleep(5 * time.Second)
		b.source.FailAfter(0, &source.Error{Message: "no role", Stalled: true, After: time.Hour})
		b.notify("apis/petstore")
		time.Sleep(time.Minute)
		b.source.FailAfter(0, nil)
		b.notify("apis/petstore")
		time.Sleep(time.Second)
		if got := b.runs()[0]; got.Outcome != "ok" || got.Scope != "" {
			b.Errorf("the run a second after a person asked: %+v", got)
		}
		reads := b.source.Reads()
		time.Sleep(10 * time.Second)
		if got := b.source.Reads(); got != reads {
			b.Errorf("%d more readings: the hints are answered again and again", got-reads)
		}
		time.Sleep(3 * time.Minute)
		if got := b.runs()[0]; got.Outcome != "ok" || got.Trigger != "schedule" {
			b.Errorf("three minutes later the newest run is %+v: the link rests as long as its source had asked for before", got)
		}
	})
}

func TestACrowdOfHintsIsAnsweredAtOnce(t *testing.T) {
	run(t, "always", func(b *bench) {
		for i := range 30 {
			b.source.Put(sourcetest.API(fmt.Sprintf("apis/a%02d", i), "A", "v1", []byte(`{}`)))
		}
		time.Sleep(5 * time.Second)
		opens := b.source.Opens()
		b.update(func(tx inventory.Tx) (err error) {
			for i := range 30 {
				err = errors.Join(err, tx.PutHint(inventory.Hint{Link: link, API: fmt.Sprintf("apis/a%02d", i), Trigger: "event"}))
			}
			return err
		})
		b.queue.Wake()
		time.Sleep(5 * time.Second)
		if got := b.source.Reads(); got != 2 {
			b.Errorf("%d readings, want the first and one for the crowd", got)
		}
		if got := b.source.Opens() - opens; got != 30 {
			b.Errorf("%d documents looked at, want all 30", got)
		}
	})
}

func TestAPanicOfASourceEndsNothingButThePass(t *testing.T) {
	run(t, "always", func(b *bench) {
		time.Sleep(5 * time.Second)
		b.source.Put(source.Object{Kind: inventory.KindAPI, External: "apis/zoo", Read: time.Now(), Children: []source.Object{{
			Kind: inventory.KindVersion, External: "apis/zoo", Children: []source.Object{{
				Kind: inventory.KindDefinition, External: "apis/zoo",
				Document: &source.Document{Mark: "m", Open: func(context.Context) (source.Content, error) { panic("a bug") }},
			}},
		}}})
		b.notify("")
		time.Sleep(5 * time.Second)
		if got := b.runs()[0]; got.Outcome != "failed" || got.Ended.IsZero() {
			b.Errorf("the run that panicked: %+v", got)
		}
		b.source.Remove("apis/zoo")
		time.Sleep(2 * time.Minute)
		if got := b.runs()[0]; got.Outcome != "ok" {
			b.Errorf("the run after: %+v", got)
		}
	})
}

func TestWhoWaitsForADocumentHearsThatTheSourceIsDown(t *testing.T) {
	run(t, "ondemand", func(b *bench) {
		time.Sleep(5 * time.Second)
		b.source.FailAfter(0, &source.Error{Message: "the gateway is gone", Stalled: true})
		asked := time.Now()
		err := b.queue.Fetch(b.Context(), b.definition())
		if !errors.Is(err, inventory.Unavailable) || !strings.Contains(err.Error(), "the gateway is gone") {
			b.Errorf("fetch: %v", err)
		}
		if waited := time.Since(asked); waited > 5*time.Second {
			b.Errorf("waited %v to hear it", waited)
		}
	})
}

func TestARunThatIsTakenOverIsClosed(t *testing.T) {
	run(t, "always", func(b *bench) {
		release := b.source.Block()
		time.Sleep(2 * time.Second)
		b.update(func(tx inventory.Tx) error {
			_, err := tx.Begin(link) // as a change of the link does
			return err
		})
		b.notify("")
		release()
		time.Sleep(5 * time.Second)
		for _, r := range b.runs() {
			if r.Ended.IsZero() {
				b.Errorf("a run that nobody works on: %+v", r)
			}
		}
		if got := b.runs()[0].Outcome; got != "ok" {
			b.Errorf("the run of the new holder: %s", got)
		}
	})
}

func TestADefinitionOnDemandIsFetchedWhenAsked(t *testing.T) {
	run(t, "ondemand", func(b *bench) {
		time.Sleep(5 * time.Second)
		if got := b.source.Opens(); got != 0 {
			b.Fatalf("%d documents fetched before anybody asked", got)
		}
		if err := b.queue.Fetch(b.Context(), b.definition()); err != nil {
			b.Fatal(err)
		}
		if got := b.source.Opens(); got != 1 {
			b.Errorf("%d documents fetched, want 1", got)
		}
	})
}

func TestTakeOverEndsWhatADeadServerDid(t *testing.T) {
	run(t, "always", func(b *bench) {
		time.Sleep(5 * time.Second)
		b.update(func(tx inventory.Tx) error {
			_, err := tx.PutRun(inventory.Run{Link: link, Trigger: "schedule", Phase: inventory.PhaseFetch, Started: time.Now()})
			return err
		})
		if err := b.store.TakeOver(b.Context()); err != nil {
			b.Fatal(err)
		}
		if run := b.runs()[0]; run.Outcome != "interrupted" || run.Ended.IsZero() {
			b.Errorf("the run of a dead server: %+v", run)
		}
	})
}

func TestLinksOfADeletedServiceRestUntilItIsRestored(t *testing.T) {
	run(t, "always", func(b *bench) {
		service := inventory.MustID("sub/group/center")
		time.Sleep(5 * time.Second)
		b.update(func(tx inventory.Tx) error { return tx.SoftDelete(service, time.Now().Add(time.Hour)) })
		before := b.source.Reads()
		b.source.Put(sourcetest.API("apis/orders", "Orders", "v1", []byte(`{"openapi":"3.0.1"}`)))
		time.Sleep(10 * time.Minute)
		if got := b.source.Reads(); got != before {
			b.Errorf("%d readings while the service was deleted", got-before)
		}
		b.update(func(tx inventory.Tx) error { _, err := tx.Restore(service); return err })
		time.Sleep(5 * time.Second)
		if got := b.source.Reads(); got != before+1 {
			b.Errorf("%d readings after it was restored, want 1", got-before)
		}
		if runs := b.runs(); len(runs) != 2 || runs[0].Outcome != "ok" || runs[0].Counts.Added != 1 || runs[0].Counts.Unchanged != 1 {
			b.Errorf("runs after it was restored: %+v", runs)
		}
	})
}
