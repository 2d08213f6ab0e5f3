package e2e

import (
	"context"
	"errors"
	"net/url"
	"testing"

	"apicenter/e2e/system"
)

const (
	crashLink = "prod"
	kept      = "sales" // APIs whose names begin so stay at the source, and a person adds words to them
	words     = "Words of a person, which no source may touch."
)

// follower is a server that is linked to a source.
type follower struct {
	*testing.T
	source *system.Emulator
	dir    string
	center *system.Center
	last   int64 // the newest run before the work that is waited for
}

// follow starts a server, links it to the source and adds words of a person,
// which must outlive kills and unlinking.
func follow(t *testing.T, source *system.Emulator) *follower {
	t.Helper()
	f := &follower{T: t, source: source, dir: t.TempDir()}
	f.start()
	f.set("apply")
	f.inStep()
	apis, err := f.center.List(t.Context(), f.center.Workspace()+"/apis?$filter="+url.QueryEscape("startswith(name,'"+kept+"')"))
	f.must(err)
	for _, a := range apis {
		f.must(f.center.Edit(t.Context(), a.ID, "summary", words))
	}
	return f
}

func (f *follower) start() {
	f.Helper()
	f.center = startCenter(f.T, f.source, f.dir, "--poll-interval", "240h", "--audit-period", "0", "--brake-window", "1ms", "--log-level", "debug")
}

// unlink ends the link and waits until it is gone, with all that it brought.
func (f *follower) unlink() {
	f.Helper()
	f.set("unlink")
	f.gone()
}

// set sets the server to work: on a pass, on a new link, or on the end of the link.
func (f *follower) set(phase string) {
	f.Helper()
	var err error
	switch phase {
	case "apply":
		f.last = 0
		err = f.center.Link(f.Context(), crashLink, f.source.Ready.APIMID)
	case "unlink":
		err = f.center.Unlink(f.Context(), crashLink)
	default:
		f.last, err = f.center.LastRun(f.Context(), crashLink)
		f.must(err)
		err = f.center.Sync(f.Context(), crashLink, "")
	}
	if _, answered := errors.AsType[*system.StatusError](err); answered {
		f.Fatal(err)
	} // else the work had begun, and the kill was faster than the answer
}

// arrive waits for the end of the work; after an unlinking it links again.
func (f *follower) arrive(phase string) {
	f.Helper()
	if phase == "unlink" {
		f.gone()
		f.must(f.source.ResetStats(f.Context()))
		f.set("apply")
	}
	f.inStep()
}

// gone waits until the link has gone, and nothing of it is left.
func (f *follower) gone() {
	f.Helper()
	ctx, stop := context.WithTimeout(f.Context(), lapWithin)
	defer stop()
	f.must(system.Poll(ctx, "the link to be gone", func() (bool, error) { return f.unlinked(ctx) }))
	for _, collection := range []string{"/apis", "/environments"} {
		left, err := f.center.List(f.Context(), f.center.Workspace()+collection)
		f.must(err)
		if len(left) != 0 {
			f.Errorf("after the link had gone, %d of its %s were left: %s …", len(left), collection[1:], left[0].ID)
		}
	}
}

func (f *follower) unlinked(ctx context.Context) (bool, error) {
	_, err := f.center.Get(ctx, f.center.Workspace()+"/apiSources/"+crashLink)
	if system.Gone(err) {
		return true, nil
	}
	return false, err
}

// inStep waits until a run has seen what there is at the source now.
func (f *follower) inStep() {
	f.Helper()
	ctx, stop := context.WithTimeout(f.Context(), lapWithin)
	defer stop()
	if _, err := f.center.Synced(ctx, crashLink, f.last); err != nil {
		f.Fatalf("%v; the server wrote:\n%s", err, f.center.Tail())
	}
}

func (f *follower) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}
