package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
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
	f.speak()
	return f
}

// spoken are the APIs that a person says something of.
func (f *follower) spoken() []system.Thing {
	f.Helper()
	apis, err := f.center.List(f.Context(), f.center.Workspace()+"/apis?$filter="+url.QueryEscape("startswith(name,'"+kept+"')"))
	f.must(err)
	if len(apis) == 0 {
		f.Fatalf("no API is there whose name begins with %s", kept)
	}
	return apis
}

// speak adds a person's words to some APIs.
func (f *follower) speak() {
	f.Helper()
	for _, a := range f.spoken() {
		f.must(f.center.Edit(f.Context(), a.ID, "summary", words))
	}
}

// heard holds that the words stand.
func (f *follower) heard() {
	f.Helper()
	for _, a := range f.spoken() {
		var p struct{ Summary string }
		f.must(json.Unmarshal(a.Properties, &p))
		if p.Summary != words {
			f.Errorf("%s has %q, and a person had written %q", a.ID, p.Summary, words)
		}
	}
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
	case "keep":
		err = f.center.HandOver(f.Context(), crashLink)
	default:
		f.last, err = f.center.LastRun(f.Context(), crashLink)
		f.must(err)
		err = f.center.Sync(f.Context(), crashLink, "")
	}
	if _, answered := errors.AsType[*system.StatusError](err); answered {
		f.Fatal(err)
	} // else the work had begun, and the kill was faster than the answer
}

// arrive waits for the end of the work; after the end of the link it links again.
func (f *follower) arrive(phase string) {
	f.Helper()
	switch phase {
	case "unlink":
		f.gone()
	case "keep":
		f.left()
	default:
		f.inStep()
		f.heard()
		return
	}
	f.must(f.source.ResetStats(f.Context()))
	f.set("apply")
	f.inStep()
	if phase == "keep" {
		f.speak()
	}
	f.heard()
}

// left waits until the link has gone, and all that it brought is there as it was
// and the people's own: they delete it.
func (f *follower) left() {
	f.Helper()
	f.end()
	f.compareWithSource()
	f.heard()
	for _, collection := range []string{"/apis", "/environments"} {
		own, err := f.center.List(f.Context(), f.center.Workspace()+collection)
		f.must(err)
		for _, r := range own {
			f.must(f.center.Delete(f.Context(), r.ID))
		}
	}
}

// gone waits until the link has gone, and nothing of it is left.
func (f *follower) gone() {
	f.Helper()
	f.end()
	for _, collection := range []string{"/apis", "/environments"} {
		left, err := f.center.List(f.Context(), f.center.Workspace()+collection)
		f.must(err)
		if len(left) != 0 {
			f.Errorf("after the link had gone, %d of its %s were left: %s …", len(left), collection[1:], left[0].ID)
		}
	}
}

// end waits until the link has gone.
func (f *follower) end() {
	f.Helper()
	ctx, stop := context.WithTimeout(f.Context(), lapWithin)
	defer stop()
	f.must(system.Poll(ctx, "the link to be gone", func() (bool, error) { return f.unlinked(ctx) }))
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

// compareWithSource checks that the inventory holds the documents of the
// source, each once, each under its title, and nothing half.
func (f *follower) compareWithSource() {
	f.Helper()
	apis, err := f.center.Inventory(f.Context())
	f.must(err)
	want, got := ofSource(f.T, f.source), ofCenter(f.T, apis)
	if !maps.Equal(want, got) {
		f.Errorf("the inventory is not the source's:\n%s", difference(want, got))
	}
	for _, a := range apis {
		if lacks, missing := missingIn(a); missing != "" {
			f.Errorf("%s has %s", lacks.ID, missing)
		}
		if len(a.Deployments) != len(a.Versions) {
			f.Errorf("%s has %d deployments of %d versions", a.ID, len(a.Deployments), len(a.Versions))
		}
	}
}
