package engine_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"apicenter/internal/inventory"
	"apicenter/internal/store/storetest"
)

// The laws of merging: whatever the order in which links are synchronised, what
// is one is the same; to part undoes to join; a link that goes leaves the others
// as if it had never been; and whatever happens, when all is quiet each link
// finds all that its source has once, and nothing is left to do.

// drawTown opens a town on a store of its own, which the test has to close.
func drawTown(t *rapid.T, rule string, links ...string) (*town, func()) {
	dir, err := os.MkdirTemp("", "merge")
	if err != nil {
		t.Fatal(err)
	}
	s, err := storetest.OpenIn(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return settle(t, s, rule, links...), func() {
		if err := errors.Join(s.Close(), os.RemoveAll(dir)); err != nil {
			t.Error(err)
		}
	}
}

// drawSource draws what a gateway serves: APIs by external name, each with a
// title and versions. Of one gateway no two have one title, unless twins may be.
func drawSource(t *rapid.T, label string, twins bool) map[string]apiOf {
	out := map[string]apiOf{}
	titles := []string{"Orders", "Stock", "Pets"}
	for i := range rapid.IntRange(0, 3).Draw(t, label+" apis") {
		at := fmt.Sprintf("%s api %d", label, i)
		title := titles[i]
		if twins {
			title = rapid.SampledFrom(titles).Draw(t, at+" title")
		}
		versions := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"v1", "v2", "v3"}), 1, 3, func(v string) string { return v }).Draw(t, at+" versions")
		slices.Sort(versions)
		out[fmt.Sprintf("s%d", i)] = apiOf{title, versions}
	}
	return out
}

type apiOf struct {
	title    string
	versions []string
}

func (w *town) serve(link string, apis map[string]apiOf) {
	for i := range 3 {
		w.sources[link].Remove(fmt.Sprintf("apiversionsets/s%d", i))
	}
	for _, name := range slices.Sorted(maps.Keys(apis)) {
		w.sources[link].Put(orders(name, apis[name].title, apis[name].versions...))
	}
}

func TestPassesInAnyOrderLeadToTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		links := []string{"dev", "prod", "test"}
		var want string
		served := map[string]map[string]apiOf{}
		for _, link := range links {
			served[link] = drawSource(t, link, false)
		}
		late := rapid.Bool().Draw(t, "rule later")
		for n := range 2 {
			order := rapid.Permutation(links).Draw(t, fmt.Sprintf("order %d", n))
			rule := "title"
			if late {
				rule = "none"
			}
			w, done := drawTown(t, rule, links...)
			for _, link := range links {
				w.serve(link, served[link])
			}
			w.pass(order...)
			if late {
				w.rule("title")
				w.pass(rapid.Permutation(links).Draw(t, fmt.Sprintf("order %d, later", n))...)
				w.pass(links...) // the younger joins when the older has a key
			}
			w.rests(links...)
			if got := w.chart(); want == "" {
				want = got
			} else if got != want {
				t.Errorf("in order %v:\n%sand else:\n%s", order, got, want)
			}
			done()
		}
	})
}

func TestUnlinkLeavesTheOtherAsIfAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, done := drawTown(t, "title", "dev", "prod")
		defer done()
		alone, end := drawTown(t, "title", "dev", "prod")
		defer end()
		stays := rapid.SampledFrom([]string{"dev", "prod"}).Draw(t, "stays")
		goes := map[string]string{"dev": "prod", "prod": "dev"}[stays]
		for _, link := range []string{"dev", "prod"} {
			apis := drawSource(t, link, false)
			w.serve(link, apis)
			alone.serve(link, apis)
		}
		w.pass(rapid.Permutation([]string{"dev", "prod"}).Draw(t, "order")...)
		both := w.chart()
		w.unlink(goes)
		alone.pass(stays)
		if got, want := w.chart(), alone.chart(); got != want {
			t.Errorf("after %s was unlinked:\n%swant:\n%s", goes, got, want)
		}
		w.rests(stays)
		w.connect(goes)
		w.pass(goes, stays)
		if got := w.chart(); got != both {
			t.Errorf("after %s was linked again:\n%swant:\n%s", goes, got, both)
		}
	})
}

func TestPartUndoesJoin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, done := drawTown(t, "none", "dev", "prod", "test")
		defer done()
		for _, link := range []string{"dev", "prod", "test"} {
			w.serve(link, map[string]apiOf{"s0": {"Of " + link, rapid.SampledFrom([][]string{{"v1"}, {"v1", "v2"}, {"v2", "v3"}}).Draw(t, link)}})
		}
		w.pass("dev", "prod", "test")
		for _, rec := range w.records() {
			if k := rec.ID.Kind(); k != inventory.KindAPI && k != inventory.KindVersion || !rapid.Bool().Draw(t, "curated") {
				continue
			}
			w.update(func(tx inventory.Tx) error {
				_, err := tx.PutOwn(rec.Path, rec.Own.With("/lifecycleStage", "word of "+rec.Path), inventory.Condition{})
				if rec.ID.Kind() == inventory.KindVersion {
					return errors.Join(err, put(tx, rec.Path+"/definitions/mine", `{"title":"mine"}`))
				}
				return errors.Join(err, put(tx, rec.Path+"/versions/mine", `{"title":"v1"}`), put(tx, rec.Path+"/deployments/mine", `{"title":"mine"}`))
			})
		}
		before := w.told()
		into := rapid.SampledFrom([]string{"dev", "prod", "test"}).Draw(t, "into")
		rest := slices.DeleteFunc([]string{"dev", "prod", "test"}, func(s string) bool { return s == into })
		one := w.api(into, "apiversionsets/s0").ID
		for _, link := range rapid.Permutation(rest).Draw(t, "joined") {
			w.join(w.api(link, "apiversionsets/s0").ID, one)
			w.rests("dev", "prod", "test")
		}
		for _, link := range rapid.Permutation(rest).Draw(t, "parted") {
			w.part(one, link)
			w.rests("dev", "prod", "test")
		}
		if after := w.told(); after != before {
			t.Errorf("after:\n%s\nbefore:\n%s", strings.Join(without(strings.Split(after, "\n"), strings.Split(before, "\n")), "\n"),
				strings.Join(without(strings.Split(before, "\n"), strings.Split(after, "\n")), "\n"))
		}
	})
}

func TestMergingInAWildLife(t *testing.T) { rapid.Check(t, wildLife) }

func FuzzMergingInAWildLife(f *testing.F) { f.Fuzz(rapid.MakeFuzz(wildLife)) }

func wildLife(t *rapid.T) {
	links := []string{"dev", "prod", "test"}
	w, done := drawTown(t, "title", links...)
	defer done()
	served := map[string]map[string]apiOf{"dev": {}, "prod": {}, "test": {}}
	anyLink := func() string { return rapid.SampledFrom(links).Draw(t, "link") }
	anyAPI := func() (inventory.Record, bool) {
		apis := slices.DeleteFunc(w.records(), func(rec inventory.Record) bool {
			return rec.ID.Kind() != inventory.KindAPI || len(rec.Origins) == 0
		})
		if len(apis) == 0 {
			return inventory.Record{}, false
		}
		return apis[rapid.IntRange(0, len(apis)-1).Draw(t, "api")], true
	}
	tolerant := func(f func(tx inventory.Tx) error) { // what may not be is refused, and changes nothing
		err := w.store.Update(context.Background(), "ann", f)
		if code := inventory.CodeOf(err); err != nil && code != inventory.Conflict && code != inventory.Invalid {
			t.Fatal(err)
		}
		w.sound()
	}
	mutate := func() {
		link := anyLink()
		served[link] = drawSource(t, link, true)
		w.serve(link, served[link])
	}
	actions := []func(){
		mutate, mutate,
		func() { w.pass(anyLink()) },
		func() { w.pass(anyLink()) },
		func() { w.look(anyLink(), fmt.Sprintf("apis/s%d-v1", rapid.IntRange(0, 2).Draw(t, "looked at"))) },
		func() { w.rule(rapid.SampledFrom([]string{"none", "title", "name", "path"}).Draw(t, "rule")) },
		func() {
			if a, ok := anyAPI(); ok {
				b, _ := anyAPI()
				tolerant(func(tx inventory.Tx) error { return tx.Join(a.ID, b.ID) })
			}
		},
		func() {
			if a, ok := anyAPI(); ok {
				tolerant(func(tx inventory.Tx) error {
					_, err := tx.Part(a.ID, a.Origins[rapid.IntRange(0, len(a.Origins)-1).Draw(t, "part")].Link)
					return err
				})
			}
		},
		func() {
			if a, ok := anyAPI(); ok {
				tolerant(func(tx inventory.Tx) error { return tx.Lead(a.ID, linkTo(anyLink())) })
			}
		},
		func() {
			link := anyLink()
			w.unlink(link)
			w.connect(link)
		},
		func() {
			link := anyLink()
			w.handOver(link)
			w.connect(link)
		},
		func() {
			if a, ok := anyAPI(); ok {
				tolerant(func(tx inventory.Tx) error {
					return errors.Join(put(tx, a.Path+"/versions/mine", `{"title":"v1"}`), put(tx, a.Path+"/deployments/mine", `{"title":"mine"}`))
				})
			}
		},
	}
	for range rapid.IntRange(1, 25).Draw(t, "steps") {
		actions[rapid.IntRange(0, len(actions)-1).Draw(t, "action")]()
	}
	for range 4 {
		for _, link := range links {
			w.update(func(tx inventory.Tx) error {
				var all []string
				for i := range 3 {
					for _, v := range []string{"v1", "v2", "v3"} {
						all = append(all, fmt.Sprintf("apis/s%d-%s", i, v))
					}
				}
				return approve(tx, linkTo(link), all...)
			})
			w.pass(link)
		}
	}
	w.rests(links...)
	w.hasAll(served)
}

// hasAll holds that each link states what its source has, once, in its place.
func (w *town) hasAll(served map[string]map[string]apiOf) {
	w.Helper()
	var got, want []string
	for _, rec := range w.records() {
		for _, o := range rec.Origins {
			api := rec.ID.Ancestor(inventory.KindAPI)
			at := ""
			for _, above := range w.records() {
				if above.ID == api {
					at = externalIn(above, o.Link)
				}
			}
			switch rec.ID.Kind() {
			case inventory.KindAPI:
				got = append(got, fmt.Sprintf("%s %s %s", o.Link.Name(), o.External, o.States.Text("/title")))
			case inventory.KindVersion, inventory.KindDefinition, inventory.KindDeployment:
				got = append(got, fmt.Sprintf("%s %s %s in %s", o.Link.Name(), rec.ID.Kind(), o.External, at))
			}
		}
	}
	for link, apis := range served {
		for name, a := range apis {
			want = append(want, fmt.Sprintf("%s apiversionsets/%s %s", link, name, a.title))
			for _, v := range a.versions {
				for _, kind := range []inventory.Kind{inventory.KindVersion, inventory.KindDefinition, inventory.KindDeployment} {
					want = append(want, fmt.Sprintf("%s %s apis/%s-%s in apiversionsets/%s", link, kind, name, v, name))
				}
			}
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		w.Errorf("too much:\n%s\nlacking:\n%s\nof\n%s", strings.Join(without(got, want), "\n"), strings.Join(without(want, got), "\n"), w.chart())
	}
}

func externalIn(rec inventory.Record, link inventory.ID) string {
	for _, o := range rec.Origins {
		if o.Link == link {
			return o.External
		}
	}
	return ""
}
