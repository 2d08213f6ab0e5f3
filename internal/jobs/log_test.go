package jobs_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"apicenter/internal/emulator"
	"apicenter/internal/emulator/fault"
	"apicenter/internal/engine"
	"apicenter/internal/inventory"
	"apicenter/internal/jobs"
	"apicenter/internal/source"
	"apicenter/internal/source/sourcetest"
	"apicenter/internal/store"
)

// alone runs a test on a worker that no queue calls: hours are short in it.
func alone(t *testing.T, test func(*bench)) {
	synctest.Test(t, func(t *testing.T) {
		s, err := store.Open(t.Context(), store.Options{Dir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		b := &bench{T: t, store: s, source: sourcetest.NewScript()}
		b.source.Put(sourcetest.API("apis/petstore", "Petstore", "v1", []byte(`{"openapi":"3.0.1"}`)))
		b.restart()
		b.update(func(tx inventory.Tx) error {
			own := inventory.Doc{}
			own.Set(inventory.FieldSourceType, b.source.Kind().Name)
			own.Set(inventory.FieldSource, "/instance")
			own.Set(inventory.FieldImport, inventory.ImportAlways)
			return errors.Join(put(tx, "sub/group/center", inventory.Doc{}), put(tx, workspace, inventory.Doc{}), put(tx, linkPath, own))
		})
		test(b)
		if err := errors.Join(b.queue.Close(context.Background()), s.Close()); err != nil {
			t.Error(err)
		}
	})
}

// restart begins anew with what is in the store.
func (b *bench) restart() {
	kind := b.source.Kind()
	e := engine.New(b.store, map[string]source.Kind{kind.Name: kind}, engine.Options{Interval: 10 * time.Minute})
	b.queue = &jobs.Queue{Worker: jobs.NewWorker(b.store, e)}
}

// live lets time pass, and each few seconds does what waits.
func (b *bench) live(d time.Duration) {
	b.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(5 * time.Second) {
		links, err := b.queue.Waiting(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		for range links {
			for again := true; again; {
				if again, err = b.queue.Step(b.Context(), link, time.Now().Add(time.Minute)); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
}

// followLog has the link follow the log of its source, or not, as a person does.
func (b *bench) followLog(yes bool) {
	b.Helper()
	b.update(func(tx inventory.Tx) error {
		rec, err := tx.Record(link)
		if err != nil {
			return err
		}
		return put(tx, linkPath, rec.Own.With(inventory.FieldActivityLog, yes))
	})
	b.notify("")
}

// log is how the log of the link's source is followed.
func (b *bench) log() inventory.LogStatus {
	b.Helper()
	s, _ := b.link()
	if s.ActivityLog == nil {
		return inventory.LogStatus{}
	}
	return *s.ActivityLog
}

// triggered are the scopes of the runs that a trigger began, the newest first.
func (b *bench) triggered(trigger string) (scopes []string) {
	b.Helper()
	for _, r := range b.runs() {
		if r.Trigger == trigger {
			scopes = append(scopes, r.Scope)
		}
	}
	return scopes
}

func TestAChangeOfTheLogIsLookedAtBeforeTheNextSweep(t *testing.T) {
	alone(t, func(b *bench) {
		b.followLog(true)
		b.live(3 * time.Minute) // the entries of the beginning are known by now
		before, opens := len(b.source.Scopes()), b.source.OpensOf("apis/petstore")
		b.source.Document("apis/petstore", []byte(`{"openapi":"3.0.1","info":{}}`)) // no listing shows it
		b.source.Note("apis/petstore")
		b.live(31 * time.Second)
		if got := b.source.OpensOf("apis/petstore"); got == opens {
			b.Errorf("the document was not fetched again; %v were read", b.source.Scopes()[before:])
		}
		if got := b.triggered("log"); len(got) == 0 || got[0] != "apis/petstore" {
			b.Errorf("runs by the log: %q", got)
		}
		b.live(2 * time.Minute)
		first := b.source.OpensOf("apis/petstore")
		b.live(10 * time.Minute) // the log goes on to show the entry
		if got := b.source.OpensOf("apis/petstore"); got != first {
			b.Errorf("the document was fetched %d times more because of an entry that is known", got-first)
		}
	})
}

func TestALinkReadsNoLogUnlessItIsToldTo(t *testing.T) {
	alone(t, func(b *bench) {
		b.live(5 * time.Minute)
		if got := b.source.LogReads(); len(got) != 0 {
			b.Errorf("the log was read since %v", got)
		}
		b.followLog(true)
		b.live(5 * time.Minute)
		if got := len(b.source.LogReads()); got < 9 || got > 11 {
			b.Errorf("%d readings of the log in five minutes, want one each half a minute", got)
		}
		b.followLog(false)
		b.live(time.Second)
		before := len(b.source.LogReads())
		b.live(5 * time.Minute)
		if got := len(b.source.LogReads()) - before; got != 0 {
			b.Errorf("%d readings of the log after it was turned off", got)
		}
	})
}

func TestALateEntryIsNotMissed(t *testing.T) {
	alone(t, func(b *bench) {
		b.source.Lag(20 * time.Minute)
		b.followLog(true)
		b.live(35 * time.Minute)
		opens := b.source.OpensOf("apis/petstore")
		b.source.Note("apis/petstore")
		b.live(21 * time.Minute)
		if got := b.source.OpensOf("apis/petstore") - opens; got != 1 {
			b.Errorf("the document was fetched %d times, want once: the change is long over", got)
		}
	})
}

func TestALogIsReadFromWhereItWasLeft(t *testing.T) {
	alone(t, func(b *bench) {
		// goesBack is how far the newest reading goes back.
		goesBack := func(when string, least, most time.Duration) {
			b.Helper()
			asked := b.source.LogReads()
			if got := time.Since(asked[len(asked)-1]); got < least || got > most {
				b.Errorf("%s the log is read since %s ago, want %s to %s", when, got, least, most)
			}
		}
		b.followLog(true)
		b.live(10 * time.Minute)
		goesBack("at work", 30*time.Minute, 31*time.Minute)
		time.Sleep(2 * time.Hour) // nobody is at work
		b.restart()
		b.live(time.Second)
		goesBack("after two hours without", 150*time.Minute, 151*time.Minute)
		b.live(time.Minute)
		goesBack("then", 30*time.Minute, 31*time.Minute)
		time.Sleep(72 * time.Hour)
		b.restart()
		b.live(time.Second)
		goesBack("after days without", 24*time.Hour, 24*time.Hour+time.Minute)
		if log := b.log(); time.Since(log.ReadAt) > time.Minute || log.Message != "" {
			b.Errorf("status %+v", log)
		}
	})
}

func TestALogThatMayNotBeReadIsLeftAloneAndSaysSo(t *testing.T) {
	alone(t, func(b *bench) {
		b.source.FailLog(withoutRole)
		b.followLog(true)
		b.live(40 * time.Minute)
		b.works("without the right to read the log")
		if got, log := len(b.source.LogReads()), b.log(); got != 1 || log.Message != withoutRole.Advice() || log.Failures != 1 {
			b.Errorf("%d readings; %+v; want one, and the remedy", got, log)
		}
		b.source.FailLog(nil)
		b.notify("") // somebody asks
		b.live(time.Second)
		if got, log := len(b.source.LogReads()), b.log(); got != 2 || log.Message != "" || log.ReadAt.IsZero() {
			b.Errorf("%d readings after somebody asked; %+v", got, log)
		}
		b.source.FailLog(withoutRole)
		b.live(3 * time.Minute)
		b.source.FailLog(nil)
		b.live(2*time.Hour + time.Minute)
		if log := b.log(); log.Message != "" || time.Since(log.ReadAt) > time.Minute {
			b.Errorf("hours after the role was given: %+v", log)
		}
	})
}

func TestALogThatFailsIsTriedAgainWithPatience(t *testing.T) {
	alone(t, func(b *bench) {
		b.source.FailLog(&source.Error{Message: "read the activity log", After: 7 * time.Minute})
		b.followLog(true)
		b.live(time.Hour)
		b.works("while the log fails")
		if got, log := len(b.source.LogReads()), b.log(); got < 8 || got > 9 || !strings.Contains(log.Message, "read the activity log") {
			b.Errorf("%d readings in an hour, want one each seven minutes; %+v", got, log)
		}
		b.source.FailLog(nil)
		b.source.Note("apis/petstore")
		opens := b.source.OpensOf("apis/petstore")
		b.live(8 * time.Minute)
		if b.source.OpensOf("apis/petstore") == opens {
			b.Error("a change during the failure was missed")
		}
	})
}

func TestACrowdedLogIsAnsweredByOneLookAtEverything(t *testing.T) {
	alone(t, func(b *bench) {
		b.followLog(true)
		b.live(35 * time.Minute)
		b.source.FailLog(source.ErrCrowded)
		for n := len(b.source.LogReads()); len(b.source.LogReads()) == n; {
			b.live(time.Second)
		}
		b.source.FailLog(nil)
		b.live(10 * time.Minute)
		asked := b.source.LogReads()
		if first := time.Since(asked[len(asked)-1]); first > 11*time.Minute {
			b.Errorf("the log is read since %s ago, though everything was looked at after that", first)
		}
		whole := slices.DeleteFunc(b.triggered("log"), func(scope string) bool { return scope != "" })
		if len(whole) < 1 || len(whole) > 3 { // at once and, against late answers, twice later
			b.Errorf("%d looks at everything", len(whole))
		}
	})
}

// follow has the shop's link follow the activity log.
func (s *shop) follow() {
	s.Helper()
	if err := s.store.Update(s.Context(), "ann", func(tx inventory.Tx) error {
		rec, err := tx.Record(link)
		if err != nil {
			return err
		}
		return put(tx, link.String(), rec.Own.With(inventory.FieldActivityLog, true))
	}); err != nil {
		s.Fatal(err)
	}
}

// write sends a request as the owner of the instance; path is below it.
func (s *shop) write(method, path, body string) {
	s.Helper()
	r := httptest.NewRequest(method, s.emulator.Target().InstanceID+path+"?api-version=2024-05-01", strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer azemu")
	w := httptest.NewRecorder()
	if s.emulator.Handler().ServeHTTP(w, r); w.Code >= 300 {
		s.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
}

// definition is the document of an API of the source.
func (s *shop) definition(external string) string {
	s.Helper()
	var digest inventory.Digest
	if err := s.store.View(s.Context(), func(r inventory.Reader) error {
		e, err := r.Origin(link, inventory.KindDefinition, external)
		digest = e.Document
		return err
	}); err != nil {
		s.Fatal(err)
	}
	body, _, err := s.store.Document(s.Context(), digest)
	if err != nil {
		s.Fatal(err)
	}
	defer body.Close()
	text, err := io.ReadAll(body)
	if err != nil {
		s.Fatal(err)
	}
	return string(text)
}

// TestAnEditThatOnlyTheLogTellsOf is over the real connector and an emulated Azure, whose log is minutes late.
func TestAnEditThatOnlyTheLogTellsOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t, emulator.Options{APIs: 12, Faults: fault.Config{ActivityLogDelay: fault.Duration(6 * time.Minute)}}, defaults)
		defer s.close()
		s.follow()
		s.work(time.Hour)
		const api = "apis/sales-orders-00000"
		s.write(http.MethodPut, "/"+api+"/operations/extra", `{"properties":{"displayName":"Extra","method":"GET","urlTemplate":"/extra"}}`)
		changed := time.Now()
		for time.Since(changed) < 10*time.Minute && !strings.Contains(s.definition(api), "/extra") {
			s.work(10 * time.Second)
		}
		if took := time.Since(changed); took < 3*time.Minute || took > 7*time.Minute {
			t.Errorf("the edit showed after %s, want soon after the log shows it", took)
		}
		if status, _ := s.look(); status.ActivityLog == nil || status.ActivityLog.Message != "" || status.State != inventory.Syncing {
			t.Errorf("%+v", status)
		}
	})
}
