package jobs_test

import (
	"errors"
	"testing"
	"time"

	"apicenter/internal/inventory"
	"apicenter/internal/source"
)

// withoutRole is what a source says to a reader who lacks a role.
var withoutRole = &source.Error{
	Stalled: true, Message: "waiting for role: it may not read",
	Remedy: &inventory.Remedy{Role: "Reader", PrincipalID: "oid", Scope: "/instance", Command: "az role assignment create --assignee-object-id oid"},
	Err:    errors.New("AuthorizationFailed: The client does not have authorization"),
}

// link is the link with its status, and apis what there is of it.
func (b *bench) link() (status inventory.LinkStatus, apis int) {
	b.Helper()
	if err := b.store.View(b.Context(), func(r inventory.Reader) error {
		res, err := r.Get(link)
		if err != nil {
			return err
		}
		status = inventory.StatusOf(res)
		tally, err := r.Tally(link)
		apis = tally.Versions
		return err
	}); err != nil {
		b.Fatal(err)
	}
	return status, apis
}

func (b *bench) waits(when string, apis int) {
	b.Helper()
	s, got := b.link()
	if s.State != inventory.Failed || !s.Stalled || s.Message != withoutRole.Advice() {
		b.Errorf("%s: %+v", when, s)
	}
	if got != apis {
		b.Errorf("%s: %d APIs, want %d", when, got, apis)
	}
}

func (b *bench) works(when string) {
	b.Helper()
	if s, apis := b.link(); s.State != inventory.Syncing || s.Stalled || s.Message != "" || apis != 1 {
		b.Errorf("%s: %d APIs, %+v", when, apis, s)
	}
}

func TestALinkWaitsForItsRoleAndGoesOnByItself(t *testing.T) {
	run(t, "always", func(b *bench) {
		b.source.FailAfter(0, withoutRole)
		time.Sleep(20 * time.Minute)
		b.waits("without the role", 0)
		b.source.FailAfter(0, nil)
		time.Sleep(time.Minute)
		b.works("a poll interval after it was given")
	})
}

func TestALinkThatLosesItsRoleLosesNothingElse(t *testing.T) {
	run(t, "always", func(b *bench) {
		time.Sleep(5 * time.Second)
		b.works("with the role")
		b.source.Remove("apis/petstore") // nobody may see that
		b.source.FailAfter(0, withoutRole)
		b.source.FailGone(withoutRole)
		time.Sleep(time.Minute)
		b.waits("a poll interval after it was taken", 1)
		time.Sleep(20 * time.Minute)
		b.waits("long after it was taken", 1)
	})
}

// calm is for longer than events leave a link alone that failed.
const calm = time.Minute + 10*time.Second

func TestAnEventWakesALinkThatHasFailedForLong(t *testing.T) {
	run(t, "always", func(b *bench) {
		b.source.FailAfter(0, &source.Error{Stalled: true, Message: "the instance is not there"})
		time.Sleep(2 * time.Hour)
		before := b.source.Reads()
		time.Sleep(time.Hour)
		if got := b.source.Reads() - before; got < 3 || got > 6 {
			b.Errorf("%d looks in the third hour, want one each quarter", got)
		}
		s, _ := b.link()
		time.Sleep(time.Until(s.NextDue) + calm)
		b.source.FailAfter(0, nil)
		if err := b.queue.Ring(b.Context(), []inventory.Hint{{Link: link, API: "apis/petstore"}}); err != nil {
			b.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		b.works("after an event")
	})
}
