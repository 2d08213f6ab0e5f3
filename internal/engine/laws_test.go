package engine_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"apicenter/internal/engine"
	"apicenter/internal/inventory"
	"apicenter/internal/store/storetest"
)

// The laws: whatever a source goes through, whatever people do beside, however
// passes fail, are killed, are cut in slices or have looks at single APIs between
// them, when all is quiet the inventory is what the source is, nothing that
// exists was ever deleted, and no word of people's is lost.

func TestLaws(t *testing.T) { rapid.Check(t, laws) }

// TestMain draws fewer histories than rapid would, each being a life of its own
// on disk; ask for more with -rapid.checks.
func TestMain(m *testing.M) {
	flag.Parse()
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "rapid.checks" })
	if !asked {
		if err := flag.Set("rapid.checks", "8"); err != nil {
			panic(err)
		}
	}
	m.Run()
}

func FuzzLaws(f *testing.F) { f.Fuzz(rapid.MakeFuzz(laws)) }

func laws(t *rapid.T) {
	w := newWorld(t)
	defer w.close()
	actions := []func(){
		w.mutate, w.mutate, w.mutate, w.wholePass, w.wholePass, w.slice, w.slice, w.slice, w.event, w.event, w.event,
		w.curate, w.curateBelow, w.makeBeside, w.breakListing, w.failDocument, w.lose, w.refuseProof, w.arm, w.switchImport,
	}
	for range rapid.IntRange(1, 40).Draw(t, "steps") {
		actions[rapid.IntRange(0, len(actions)-1).Draw(t, "action")]()
		w.keeps()
	}
	w.quiet()
	w.mirrors()
	w.rests()
}

// curate has people say something of a version.
func (w *world) curate() {
	name := external(w.draw("api", population-1))
	if v, ok := w.versions()[name]; ok {
		w.count++
		w.words[name] = fmt.Sprintf("word %d", w.count)
		w.update(func(tx inventory.Tx) error {
			_, err := tx.PutOwn(v.Path, v.Own.With("/lifecycleStage", w.words[name]), inventory.Condition{})
			return err
		})
	}
}

// curateBelow has people make a definition below a version.
func (w *world) curateBelow() {
	name := external(w.draw("api", population-1))
	if v, ok := w.versions()[name]; ok {
		w.below[name] = true
		w.update(func(tx inventory.Tx) error { return put(tx, v.Path+"/definitions/mine", `{"title":"mine"}`) })
	}
}

// makeBeside has people make an API, under the name that one of the source had
// or will ask for, if it is free.
func (w *world) makeBeside() {
	var names []string
	for _, rec := range w.records() {
		if rec.ID.Kind() == inventory.KindAPI {
			names = append(names, rec.Name())
		}
	}
	name := rapid.SampledFrom(append([]string{"a-c8a9bfae", "b-c8a9bfae", "mine"}, names...)).Draw(w.T, "name")
	if path := workspace + "/apis/" + name; !slices.Contains(names, name) {
		w.beside = append(w.beside, path)
		w.update(func(tx inventory.Tx) error { return put(tx, path, `{"title":"mine"}`) })
	}
}

// keeps holds after each step: what exists at the source is never deleted, not
// even to come again, and what a look has seen is not undone by older rows.
func (w *world) keeps() {
	versions := w.versions()
	for name, title := range w.seen {
		if v, ok := versions[name]; ok != (title != "") || ok && v.View().Text("/title") != title {
			w.Fatalf("a look saw %q of %s; readers see %q of %s", title, name, v.View().Text("/title"), v.Path)
		}
	}
	for name, key := range w.keys {
		if v, ok := versions[name]; !ok || v.Key != key {
			w.Fatalf("%s was row %d, is row %d", name, key, v.Key)
		}
	}
	for n := range w.rows {
		if v, ok := versions[external(n)]; ok {
			w.keys[external(n)] = v.Key
		}
	}
}

// sound holds the promises of the store.
func (w *world) sound() {
	w.Helper()
	faults, err := storetest.Faults(context.Background(), w.store.Store)
	if err != nil || len(faults) > 0 {
		w.Fatal(err, strings.Join(faults, "\n"))
	}
}

// quiet heals all, has people approve what is held, and lets passes catch up.
func (w *world) quiet() {
	w.store.left, w.lost = 0, ""
	w.source.FailAfter(0, nil)
	w.source.FailGone(nil)
	var all []string
	for n := range population {
		w.source.FailDocument(external(n), nil)
		all = append(all, external(n))
	}
	for range 2 {
		w.update(func(tx inventory.Tx) error { return approve(tx, w.link, all...) })
		w.foretell()
	}
	if p := w.begin(engine.Work{Trigger: "demand", Verify: all}); p != nil { // what failed is tried again, due or not
		w.run(p, never)
	}
}

// foretell holds when nothing goes wrong: a pass does what was planned, and a plan of the same is the same.
func (w *world) foretell() {
	plan, err := w.engine.Preview(context.Background(), w.link, nil)
	again, failure := w.engine.Preview(context.Background(), w.link, nil)
	if err != nil || failure != nil || plan.Digest != again.Digest {
		w.Fatal(plan.Digest, err, again.Digest, failure)
	}
	w.wholePass()
	w.view(func(r inventory.Reader) error {
		runs, err := r.Runs(w.link, 1)
		if c := runs[0].Counts; err == nil && (c.Added != plan.Adds || c.Moved != plan.Moves || c.Deleted != plan.Deletes || c.Updated > plan.Updates) {
			w.Errorf("planned %+v, done %+v", plan, c)
		}
		return err
	})
}

// mirrors holds when all is quiet: the inventory is the source, and people's words are where they were.
func (w *world) mirrors() {
	var got, want []string
	apis := map[inventory.ID]string{}
	bodies := map[string]string{}
	for _, rec := range w.records() {
		o, stated := w.stated(rec)
		if !stated {
			continue
		}
		title := rec.View().Text("/title")
		switch rec.ID.Kind() {
		case inventory.KindAPI:
			apis[rec.ID] = o.External
			got = append(got, "api "+o.External+" "+title)
		case inventory.KindVersion:
			got = append(got, "version "+o.External+" "+title+" in "+apis[rec.ID.Parent()])
			if stage := rec.Own.Text("/lifecycleStage"); w.words[o.External] != "" && stage != w.words[o.External] {
				w.Errorf("people said %q of %s, and find %q", w.words[o.External], o.External, stage)
			}
		case inventory.KindDefinition:
			bodies[o.External] = w.read(rec.Document)
			got = append(got, "definition "+o.External+" of "+rec.ID.Parent().Name())
		case inventory.KindDeployment:
			got = append(got, fmt.Sprintf("deployment %s in %s, env %t, definition %t", o.External, apis[rec.ID.Parent()],
				rec.View().Text("/environmentId") != "", rec.View().Text("/definitionId") != ""))
		}
	}
	versions := w.versions()
	sets := map[string]bool{}
	for n, r := range w.rows {
		root, title := external(n), r.title
		if r.set > 0 {
			root, title = fmt.Sprintf("apiversionsets/%d", r.set), fmt.Sprintf("Set %d", r.set)
		}
		if !sets[root] {
			want = append(want, "api "+root+" "+title)
		}
		sets[root] = true
		want = append(want, "version "+external(n)+" "+r.title+" in "+root,
			fmt.Sprintf("deployment %s in %s, env true, definition %t", external(n), root, w.imports != "never"))
		if w.imports != "never" {
			want = append(want, "definition "+external(n)+" of "+versions[external(n)].ID.Name())
			if bodies[external(n)] != r.body {
				w.Errorf("document of %s is %q, want %q", external(n), bodies[external(n)], r.body)
			}
		}
		if v := versions[external(n)]; w.below[external(n)] && !slices.ContainsFunc(w.records(), func(rec inventory.Record) bool {
			return rec.ID == v.ID.Child(inventory.KindDefinition, "mine") && !rec.Linked
		}) {
			w.Errorf("what people made below %s is gone", external(n))
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		w.Errorf("inventory:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, path := range w.beside {
		if !slices.ContainsFunc(w.records(), func(rec inventory.Record) bool {
			return rec.Path == path && !rec.Linked && rec.Revision == 1 && rec.View().Text("/title") == "mine"
		}) {
			w.Errorf("%s, which people made, is not as they made it", path)
		}
	}
	w.sound()
}

func (w *world) read(d inventory.Digest) string {
	r, _, err := w.store.Document(context.Background(), d)
	if err != nil {
		return err.Error()
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		w.Fatal(err)
	}
	return string(b)
}

// rests holds when all is quiet: there is nothing to do, and nothing is done.
func (w *world) rests() {
	preview, err := w.engine.Preview(context.Background(), w.link, nil)
	if err != nil || len(preview.Changes) > 0 {
		w.Errorf("the next plan: %+v, %v", preview.Changes, err)
	}
	state := func() string {
		var b strings.Builder
		for _, rec := range w.records() {
			if rec.ID.Kind() != inventory.KindLink {
				fmt.Fprintln(&b, rec.Path, rec.Revision, rec.Own, rec.Origins)
			}
		}
		return b.String()
	}
	before, opens := state(), w.source.Opens()
	w.wholePass()
	if after := state(); after != before || w.source.Opens() != opens {
		w.Errorf("an unchanged pass wrote, or opened %d documents:\n%s\nwas\n%s", w.source.Opens()-opens, after, before)
	}
}
