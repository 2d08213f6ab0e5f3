package storetest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"apicenter/internal/inventory"
	"apicenter/internal/store"
)

// laws plays random writes of people and of two links, and holds against each
// what must be true of all: see world.
func laws(t *testing.T, s *store.Store) {
	n := 0
	rapid.Check(t, func(r *rapid.T) {
		n++
		w := newWorld(r, s, fmt.Sprintf("sub/group/case-%d", n))
		r.Repeat(map[string]func(*rapid.T){
			"people put":    w.put,
			"people delete": w.delete,
			"source states": w.state,
			"source drops":  w.drop,
			"source lets go": func(r *rapid.T) {
				w.source(r, "let go", func(tx inventory.SourceTx, _ string, at inventory.ID) error { return tx.LetGo(at) }, layersMayChange)
			},
			"source moves":    w.move,
			"source merges":   w.merge,
			"service returns": w.restore,
			"":                w.watch,
		})
		w.past(r)
		faults, err := Faults(context.WithoutCancel(t.Context()), s)
		if err != nil || len(faults) > 0 {
			r.Fatalf("%v %v", faults, err)
		}
	})
}

// world is a service with two links and what is expected of it:
//   - no operation of a source changes a people's layer, but for LetGo, and for
//     references into what was moved;
//   - no operation of one link changes what another states, but for such references;
//   - what a source drops and states again has the people's layer that it had;
//   - people's operations change no origin;
//   - a service that is deleted and restored is as it was;
//   - what there was at any instant is found as it was then.
type world struct {
	s         *store.Store
	workspace string
	links     []inventory.ID
	claims    []inventory.Claim
	buried    map[string]inventory.Doc // by link, kind and external: what a tombstone must hold
	clock     time.Time
	moments   []moment
}

// moment is what readers saw at an instant.
type moment struct {
	at   time.Time
	seen []inventory.Resource
}

// watch notes what readers see.
func (w *world) watch(r *rapid.T) {
	w.moments = append(w.moments, moment{after(w.s), w.seen(r, time.Time{})})
}

// past fails unless all that was watched is found as it was, in lists and one by one.
func (w *world) past(r *rapid.T) {
	for _, m := range w.moments {
		if diff := cmp.Diff(m.seen, w.seen(r, m.at), cmpopts.EquateComparable(inventory.ID{})); diff != "" {
			r.Fatalf("at %s (-it was +it is said to have been):\n%s", m.at, diff)
		}
		w.must(r, w.s.View(context.Background(), func(tx inventory.Reader) error {
			for _, was := range m.seen {
				got, err := tx.GetAt(was.ID, m.at)
				if diff := cmp.Diff(was, got, cmpopts.EquateComparable(inventory.ID{})); diff != "" || err != nil {
					r.Fatalf("%s at %s: %v (-it was +it is said to have been):\n%s", was.Path, m.at, err, diff)
				}
			}
			return nil
		}))
	}
}

// seen is what readers see, or saw, in the workspace. Of what was they do not
// learn whether a source states something of it.
func (w *world) seen(r *rapid.T, at time.Time) (out []inventory.Resource) {
	w.must(r, w.s.View(context.Background(), func(tx inventory.Reader) error {
		for _, kind := range []inventory.Kind{inventory.KindAPI, inventory.KindVersion, inventory.KindDefinition, inventory.KindDeployment, inventory.KindEnvironment} {
			for have, err := range tx.List(inventory.Query{Kind: kind, Parent: id(w.workspace), At: at}) {
				if err != nil {
					return err
				}
				have.Linked = false
				out = append(out, have)
			}
		}
		return nil
	}))
	return out
}

func newWorld(r *rapid.T, s *store.Store, service string) *world {
	w := &world{s: s, workspace: service + "/workspaces/default", buried: map[string]inventory.Doc{}, clock: noon}
	w.must(r, s.Update(context.Background(), "ann", func(tx inventory.Tx) error {
		for _, path := range []string{service, w.workspace, w.workspace + "/links/a", w.workspace + "/links/b"} {
			if _, err := tx.PutOwn(path, doc(`{"source":"/`+path+`"}`), inventory.Condition{}); err != nil {
				return err
			}
		}
		for _, name := range []string{"a", "b"} {
			c, err := tx.Begin(id(w.workspace + "/links/" + name))
			if err != nil {
				return err
			}
			w.links, w.claims = append(w.links, c.Link), append(w.claims, c)
		}
		return nil
	}))
	return w
}

func (w *world) must(r *rapid.T, err error) {
	if err != nil {
		r.Fatal(err)
	}
}

// path draws one of few places, so that operations meet.
func (w *world) path(r *rapid.T) string {
	path := w.workspace + rapid.SampledFrom([]string{"/apis/one", "/apis/two", "/environments/env"}).Draw(r, "place")
	if path[len(path)-3:] == "env" {
		return path
	}
	switch rapid.IntRange(0, 3).Draw(r, "depth") {
	case 1:
		return path + "/deployments/prod"
	case 2:
		return path + "/versions/" + rapid.SampledFrom([]string{"v1", "v2"}).Draw(r, "version")
	case 3:
		return path + "/versions/" + rapid.SampledFrom([]string{"v1", "v2"}).Draw(r, "version") + "/definitions/def"
	}
	return path
}

// layer draws a people's layer, or what a source states.
func (w *world) layer(r *rapid.T, path string, nulls bool) inventory.Doc {
	values := []string{`"one"`, `"two words"`, `7`, `true`, `["x"]`}
	if nulls {
		values = append(values, "null")
	}
	d := inventory.Doc{}
	for _, f := range []inventory.Field{"/title", "/summary", "/lifecycleStage", "/customProperties/a", "/customProperties/b~1c"} {
		if rapid.Bool().Draw(r, "has "+string(f)) {
			d[f] = json.RawMessage(rapid.SampledFrom(values).Draw(r, string(f)))
		}
	}
	if id(path).Kind() == inventory.KindDeployment && !nulls && rapid.Bool().Draw(r, "points") {
		d.Set("/definitionId", inventory.ShortID(w.workspace+"/apis/one/versions/v1/definitions/def"))
	}
	return d
}

// snapshot is all records, by row.
type snapshot map[int64]inventory.Record

func (w *world) snapshot(r *rapid.T) snapshot {
	out := snapshot{}
	w.must(r, w.s.View(context.Background(), func(tx inventory.Reader) error {
		all, err := tx.Below(id(w.workspace))
		for _, rec := range all {
			out[rec.Key] = rec
		}
		return err
	}))
	return out
}

// restore deletes the service and gives it back; its links are claimed anew.
func (w *world) restore(r *rapid.T) {
	before := w.snapshot(r)
	service := id(w.workspace).Parent()
	for _, step := range []func(inventory.Tx) error{
		func(tx inventory.Tx) error { return tx.SoftDelete(service, noon) },
		func(tx inventory.Tx) error { _, err := tx.Restore(service); return err },
		func(tx inventory.Tx) (err error) {
			for i, link := range w.links {
				if w.claims[i], err = tx.Begin(link); err != nil {
					return err
				}
			}
			return nil
		},
	} {
		w.must(r, w.s.Update(context.Background(), "ann", step))
	}
	if diff := cmp.Diff(before, w.snapshot(r), cmpopts.EquateComparable(inventory.ID{})); diff != "" {
		r.Fatalf("a restored service differs (-before +after):\n%s", diff)
	}
}

func (w *world) put(r *rapid.T) {
	path := w.path(r)
	own := w.layer(r, path, false)
	before := w.snapshot(r)
	err := w.s.Update(context.Background(), "ann", func(tx inventory.Tx) error {
		_, err := tx.PutOwn(path, own, inventory.Condition{})
		return err
	})
	if code := inventory.CodeOf(err); err != nil && code != inventory.NoParent {
		r.Fatalf("put %s: %v", path, err)
	}
	w.originsKept(r, before, w.snapshot(r), inventory.ID{})
}

func (w *world) delete(r *rapid.T) {
	path := w.path(r)
	before := w.snapshot(r)
	err := w.s.Update(context.Background(), "ann", func(tx inventory.Tx) error { return tx.Delete(id(path), inventory.Condition{}) })
	if code := inventory.CodeOf(err); err != nil && code != inventory.NotFound && code != inventory.Conflict {
		r.Fatalf("delete %s: %v", path, err)
	}
	after := w.snapshot(r)
	w.originsKept(r, before, after, inventory.ID{})
	for key, rec := range before {
		if _, ok := after[key]; !ok && len(rec.Origins) > 0 {
			r.Fatalf("people deleted %s, which a link states", rec.Path)
		}
	}
}

// change says what an operation of a source may do besides its own words.
type change int

const (
	layersStay change = iota + 1
	layersMayChange
	referencesFollow
)

// source runs an operation of one of the links and holds the laws against it.
func (w *world) source(r *rapid.T, what string, f func(inventory.SourceTx, string, inventory.ID) error, allowed change) {
	n := rapid.IntRange(0, len(w.links)-1).Draw(r, "link")
	path := w.path(r)
	before := w.snapshot(r)
	err := w.s.Apply(context.Background(), w.claims[n], func(tx inventory.SourceTx) error { return f(tx, path, id(path)) })
	switch inventory.CodeOf(err) {
	case "":
		w.must(r, err)
	case inventory.NotFound, inventory.NoParent, inventory.Exists, inventory.Conflict, inventory.Invalid:
		if diff := changed(before, w.snapshot(r)); diff != "" {
			r.Fatalf("%s %s was refused (%v), and changed %s", what, path, err, diff)
		}
		return
	default:
		r.Fatalf("%s %s: %v", what, path, err)
	}
	after := w.snapshot(r)
	if allowed != referencesFollow {
		w.originsKept(r, before, after, w.links[n])
	}
	for key, rec := range before {
		now, ok := after[key]
		switch {
		case !ok:
			w.bury(rec, w.links[n])
		case allowed == layersStay && !now.Own.Equal(rec.Own):
			r.Fatalf("%s %s changed the people's layer of %s from %s to %s", what, path, rec.Path, rec.Own.Encode(), now.Own.Encode())
		}
	}
	w.revived(r, before, after, w.links[n])
}

// bury notes what a tombstone must hold of something that went.
func (w *world) bury(rec inventory.Record, link inventory.ID) {
	for _, o := range rec.Origins {
		if o.Link == link {
			w.buried[grave(rec.ID, o)] = rec.Own
		}
	}
}

func grave(at inventory.ID, o inventory.Origin) string {
	return o.Link.String() + " " + string(at.Kind()) + " " + o.External
}

// revived holds what came against what was kept of it.
func (w *world) revived(r *rapid.T, before, after snapshot, link inventory.ID) {
	for key, rec := range after {
		if _, ok := before[key]; ok {
			continue
		}
		for _, o := range rec.Origins {
			if own, ok := w.buried[grave(rec.ID, o)]; ok && o.Link == link {
				if !rec.Own.Equal(own) {
					r.Fatalf("%s came again with %s, it had %s", rec.Path, rec.Own.Encode(), own.Encode())
				}
				delete(w.buried, grave(rec.ID, o))
			}
		}
	}
}

// originsKept fails when anything but except changed in what links state.
func (w *world) originsKept(r *rapid.T, before, after snapshot, except inventory.ID) {
	others := func(rec inventory.Record) []inventory.Origin {
		return slices.DeleteFunc(slices.Clone(rec.Origins), func(o inventory.Origin) bool { return o.Link == except })
	}
	for key, rec := range before {
		was, is := others(rec), others(after[key])
		if !slices.EqualFunc(was, is, func(a, b inventory.Origin) bool {
			return a.Link == b.Link && a.External == b.External && a.Mark == b.Mark && a.States.Equal(b.States) && a.Read.Equal(b.Read)
		}) {
			r.Fatalf("%s: others stated %+v, and now %+v", rec.Path, was, is)
		}
	}
}

// changed names something that differs between two snapshots, or is "".
func changed(before, after snapshot) string {
	for key := range maps.Keys(after) {
		if b, a := before[key], after[key]; b.Revision != a.Revision || b.Path != a.Path {
			return a.Path
		}
	}
	if len(before) != len(after) {
		return "how many there are"
	}
	return ""
}

func (w *world) state(r *rapid.T) {
	w.source(r, "state", func(tx inventory.SourceTx, path string, at inventory.ID) error {
		w.clock = w.clock.Add(time.Second)
		external := path[len(w.workspace):]
		states, seeds := w.layer(r, path, true), w.layer(r, path, false)
		return tx.PutOrigin(at, inventory.Origin{External: external, States: states, Mark: string(states.Encode()), Read: w.clock}, seeds)
	}, layersStay)
}

func (w *world) drop(r *rapid.T) {
	w.source(r, "drop", func(tx inventory.SourceTx, _ string, at inventory.ID) error {
		return tx.DropOrigin(at, inventory.Vanished)
	}, layersStay)
}

func (w *world) move(r *rapid.T) {
	to := w.path(r)
	w.source(r, "move to "+to, func(tx inventory.SourceTx, _ string, at inventory.ID) error { return tx.Move(at, id(to)) }, referencesFollow)
}

func (w *world) merge(r *rapid.T) {
	to := w.path(r)
	w.source(r, "merge into "+to, func(tx inventory.SourceTx, _ string, at inventory.ID) error {
		if at.Contains(id(to)) || id(to).Contains(at) {
			return inventory.Errorf(inventory.Invalid, "", "no thing merges into itself")
		}
		return tx.Merge(at, id(to))
	}, layersStay)
}
