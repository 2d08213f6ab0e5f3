package storetest

import (
	"errors"
	"testing"
	"time"

	"apicenter/internal/inventory"
)

// people are the promises of the people's door.
var people = []promise{
	{"a person's write is read back", testPutOwn},
	{"conditions are held against the present state", testConditions},
	{"a service stands at the root and keeps its case", testService},
	{"what is deleted takes all below it", testDelete},
	{"people cannot tear a link from what it states", testSeparable},
	{"a record has the layers that readers see as one", testRecord},
	{"below lists parents first and nothing beside", testBelow},
	{"a writer reads what it wrote", testOwnWrites},
	{"an API has the stage of its newest version", testStage},
	{"the caller may go on with the layer that it gave", testLayerIsCopied},
	{"what people have written to is known", testEdited},
	{"people take over what a source has no more, until it has it again", testTake},
}

func testPutOwn(t *testing.T, b *bench) {
	put := b.own(workspace+"/apis/PetStore", `{"title":"Pets","customProperties":{"team":"x"}}`)
	if put.Revision != 1 || put.Name() != "PetStore" || put.Created.By != "ann" {
		t.Errorf("put: revision %d, name %q, by %q", put.Revision, put.Name(), put.Created.By)
	}
	b.same("what Put gives and what Get gives", b.get(petstore), put)
	b.reads(petstore, `{"title":"Pets","customProperties":{"team":"x"},"contacts":[],"externalDocumentation":[]}`)
	again := b.own(petstore, `{"title":"Pets 2"}`)
	if again.Revision != 2 || again.Name() != "PetStore" || again.Key != put.Key || again.Created != put.Created {
		t.Errorf("put again: %+v after %+v", again, put)
	}
	if same := b.own(petstore, `{"title":"Pets 2"}`); same.Revision != 2 || same.Updated != again.Updated {
		t.Errorf("the same put changed the resource: %+v after %+v", same, again)
	}
	b.refused("put below nothing", b.Update(t.Context(), "ann", func(tx inventory.Tx) error {
		_, err := tx.PutOwn(petstore+"/versions/v1/definitions/openapi", doc(`{}`), inventory.Condition{})
		return err
	}), inventory.NoParent)
	b.refused("put of no resource", b.Update(t.Context(), "ann", func(tx inventory.Tx) error {
		_, err := tx.PutOwn(petstore+"/versions", doc(`{}`), inventory.Condition{})
		return err
	}), inventory.Invalid)
}

func testConditions(t *testing.T, b *bench) {
	link := b.get(linkPath)
	b.update(func(tx inventory.Tx) error { return tx.SetStatus(id(linkPath), map[string]string{"state": "syncing"}) })
	b.own(petstore, `{"title":"1"}`)
	b.own(petstore, `{"title":"2"}`)
	for _, tt := range []struct {
		name, path string
		c          inventory.Condition
		put, del   inventory.Code
	}{
		{"none", petstore, inventory.Condition{}, "", ""},
		{"present and it is", petstore, inventory.Condition{Present: true}, "", ""},
		{"at its revision", petstore, inventory.Condition{Revision: 2}, "", ""},
		{"at an older revision", petstore, inventory.Condition{Revision: 1}, inventory.Changed, inventory.Changed},
		{"absent and it is not", petstore, inventory.Condition{Absent: true}, inventory.Exists, inventory.Exists},
		{"present and it is not", petstore + "x", inventory.Condition{Present: true}, inventory.Changed, inventory.NotFound},
		{"a revision of nothing", petstore + "x", inventory.Condition{Revision: 2}, inventory.Changed, inventory.NotFound},
		{"absent and it is", petstore + "x", inventory.Condition{Absent: true}, "", inventory.NotFound},
		{"a link at its revision, after its status changed", linkPath, inventory.Condition{Revision: link.Revision}, inventory.Changed, inventory.Changed},
		{"a link at its version", linkPath, inventory.Condition{Revision: link.Version + 1}, "", ""},
	} {
		undo := errors.New("undo")
		for _, try := range []struct {
			name string
			want inventory.Code
			do   func(inventory.Tx) error
		}{
			{"put", tt.put, func(tx inventory.Tx) error {
				_, err := tx.PutOwn(tt.path, doc(`{"title":"3"}`), tt.c)
				return err
			}},
			{"delete", tt.del, func(tx inventory.Tx) error { return tx.Delete(id(tt.path), tt.c) }},
		} {
			err := b.Update(t.Context(), "ann", func(tx inventory.Tx) error { return errors.Join(try.do(tx), undo) })
			if got := inventory.CodeOf(err); got != try.want {
				t.Errorf("%s, %s: %v, want code %q", tt.name, try.name, err, try.want)
			}
		}
	}
	b.reads(petstore, `{"title":"2","customProperties":{},"contacts":[],"externalDocumentation":[]}`)
}

func testService(t *testing.T, b *bench) {
	r := b.own("Sub/Group/Other", `{"title":"y"}`)
	if r.Path != "Sub/Group/Other" || r.ID != id("sub/group/other") || r.ID.Kind() != inventory.KindService {
		t.Errorf("service: %+v", r)
	}
	if w := b.own("sub/GROUP/other/workspaces/Main", `{}`); w.Path != "Sub/Group/Other/workspaces/Main" {
		t.Errorf("workspace: %s, want the case of the service as it was first seen", w.Path)
	}
	b.same("services", b.list(inventory.Query{Kind: inventory.KindService}), []string{"center", "Other"})
}

func testDelete(t *testing.T, b *bench) {
	for _, path := range []string{petstore, version, definition, deployment, petstore + "-2"} {
		b.own(path, `{"title":"x"}`)
	}
	b.update(func(tx inventory.Tx) error { return tx.Delete(id(petstore), inventory.Condition{}) })
	for _, path := range []string{petstore, version, definition, deployment} {
		b.missing(path)
	}
	b.get(petstore + "-2") // its path begins alike
	b.refused("delete again", b.Update(t.Context(), "ann", func(tx inventory.Tx) error {
		return tx.Delete(id(petstore), inventory.Condition{})
	}), inventory.NotFound)
	if again := b.own(petstore, `{"title":"new"}`); again.Revision != 1 || again.Key <= b.get(petstore+"-2").Key {
		t.Errorf("made anew: %+v, want revision 1 and the newest key", again)
	}
}

func testSeparable(t *testing.T, b *bench) {
	b.put(petstore, "apis/petstore", `{"title":"Pets"}`, `{}`, noon)
	for _, path := range []string{petstore, linkPath} {
		b.refused("delete "+path, b.Update(t.Context(), "ann", func(tx inventory.Tx) error {
			return tx.Delete(id(path), inventory.Condition{})
		}), inventory.Conflict)
	}
	b.refused("remove a link that states something", b.try(func(tx inventory.SourceTx) error { return tx.Remove() }), inventory.Conflict)
	b.update(func(tx inventory.Tx) error { return tx.Delete(id(service), inventory.Condition{}) })
	b.missing(petstore)
	b.missing(linkPath)
}

func testRecord(t *testing.T, b *bench) {
	b.put(petstore, "apis/petstore", `{"title":"Pets","kind":"rest"}`, `{"summary":"seed"}`, noon)
	rec := b.record(petstore)
	if o, ok := rec.Stated("/title"); !ok || o.Link != id(linkPath) || o.External != "apis/petstore" || !o.Read.Equal(noon) {
		t.Errorf("who states the title: %+v, %v", o, ok)
	}
	if _, ok := rec.Stated("/summary"); ok {
		t.Error("the summary is a seed, and no source states it")
	}
	b.same("own layer", string(rec.Own.Encode()), `{"/summary":"seed"}`)
	b.refused("record of nothing", b.View(t.Context(), func(tx inventory.Reader) error {
		_, err := tx.Record(id(petstore + "-2"))
		return err
	}), inventory.NotFound)
}

func testBelow(_ *testing.T, b *bench) {
	for _, path := range []string{petstore + "-2", petstore, deployment, version + "-b", version, definition} {
		b.own(path, `{"title":"x"}`)
	}
	var got []string
	b.view(func(tx inventory.Reader) error {
		all, err := tx.Below(id(petstore))
		for _, rec := range all {
			got = append(got, rec.Path)
		}
		return err
	})
	b.same("below", got, []string{petstore, deployment, version, version + "-b", definition})
}

func testOwnWrites(t *testing.T, b *bench) {
	b.apply(func(tx inventory.SourceTx) error {
		for _, name := range []string{"a1", "a2"} {
			if err := tx.PutOrigin(id(workspace+"/apis/"+name), inventory.Origin{External: name, States: doc(`{"title":"Otters"}`), Mark: "m", Read: noon}, nil); err != nil {
				return err
			}
		}
		listed, found, entries := 0, 0, 0
		for _, err := range tx.List(inventory.Query{Parent: id(workspace), Kind: inventory.KindAPI}) {
			listed++
			if err != nil {
				return err
			}
		}
		for r, err := range tx.List(inventory.Query{Kind: inventory.KindAPI, Search: "otter"}) {
			if err != nil {
				return err
			}
			if _, err := tx.Get(r.ID); err != nil { // a query within a query
				return err
			}
			found++
		}
		for _, err := range tx.Origins(id(linkPath), inventory.KindAPI) {
			entries++
			if err != nil {
				return err
			}
		}
		if listed != 2 || found != 2 || entries != 2 {
			t.Errorf("in its transaction: %d listed, %d found, %d origins, want 2 of each", listed, found, entries)
		}
		return nil
	})
}

func testStage(t *testing.T, b *bench) {
	stage := func() string {
		d, err := inventory.ParseDoc(b.get(petstore).Doc)
		if err != nil {
			t.Fatal(err)
		}
		return d.Text(inventory.FieldLifecycleStage)
	}
	second := petstore + "/versions/v2"
	for _, step := range []struct {
		name string
		do   func()
		want string
	}{
		{"no version", func() { b.put(petstore, "apis/petstore", `{"title":"Pets"}`, `{"lifecycleStage":"mine"}`, noon) }, ""},
		{"one", func() { b.put(version, "apis/petstore", `{"title":"v1"}`, `{"lifecycleStage":"design"}`, noon) }, "design"},
		{"a newer one", func() { b.put(second, "apis/petstore-2", `{"title":"v2"}`, `{"lifecycleStage":"testing"}`, noon) }, "testing"},
		{"the older one changes", func() { b.own(version, `{"lifecycleStage":"retired"}`) }, "testing"},
		{"the newer one changes", func() { b.own(second, `{"lifecycleStage":"production"}`) }, "production"},
		{"the newer one has none", func() { b.own(second, `{}`) }, ""},
		{"the newer one goes", func() { b.drop(second) }, "retired"},
		{"the last one goes", func() { b.drop(version) }, ""},
		{"all at once", func() {
			b.apply(func(tx inventory.SourceTx) error {
				for _, path := range []string{petstore + "-2", petstore + "-2/versions/v1", petstore + "-2/versions/v2"} {
					if err := tx.PutOrigin(id(path), inventory.Origin{External: path, Read: noon}, doc(`{"lifecycleStage":"`+path[len(path)-2:]+`"}`)); err != nil {
						return err
					}
				}
				if err := tx.DropOrigin(id(petstore+"-2/versions/v2"), inventory.Left); err != nil {
					return err
				}
				return tx.PutOrigin(id(petstore+"-2/versions/v3"), inventory.Origin{External: "v3", Read: noon}, doc(`{"lifecycleStage":"v3"}`))
			})
		}, ""},
		{"the newest made and gone at once", func() {
			b.apply(func(tx inventory.SourceTx) error {
				for _, name := range []string{"v1", "v2"} {
					if err := tx.PutOrigin(id(petstore+"/versions/"+name), inventory.Origin{External: name, Read: noon}, doc(`{"lifecycleStage":"`+name+`"}`)); err != nil {
						return err
					}
				}
				return tx.DropOrigin(id(petstore+"/versions/v2"), inventory.Left)
			})
		}, "v1"},
	} {
		step.do()
		if got := stage(); got != step.want {
			t.Errorf("%s: stage %q, want %q", step.name, got, step.want)
		}
	}
	b.reads(petstore+"-2", `{"lifecycleStage":"v3","customProperties":{},"contacts":[],"externalDocumentation":[]}`)
}

func testLayerIsCopied(_ *testing.T, b *bench) {
	own := doc(`{"title":"one"}`)
	b.update(func(tx inventory.Tx) error {
		if _, err := tx.PutOwn(petstore, own, inventory.Condition{}); err != nil {
			return err
		}
		own.Set("/title", "two")
		_, err := tx.PutOwn(petstore, own, inventory.Condition{})
		return err
	})
	b.reads(petstore, `{"title":"two","customProperties":{},"contacts":[],"externalDocumentation":[]}`)
}

func testTake(t *testing.T, b *bench) {
	edit := func() {
		b.update(func(tx inventory.Tx) error {
			if err := tx.Take(id(petstore), "/title"); err != nil {
				return err
			}
			_, err := tx.PutOwn(petstore, doc(`{"title":"Ours"}`), inventory.Condition{})
			return err
		})
	}
	title := func(when, want string) { b.same("the title "+when, b.record(petstore).View().Text("/title"), want) }
	b.put(petstore, "apis/petstore", `{"title":"Pets","kind":"rest"}`, `{}`, noon)
	edit()
	title("while the source has it", "Pets")
	b.apply(func(tx inventory.SourceTx) error {
		return tx.MarkGone(id(petstore), inventory.Gone{At: noon.Add(time.Minute), Why: inventory.Vanished})
	})
	title("as it was stated last", "Pets")
	edit()
	title("that people gave it", "Ours")
	b.same("the kind, of which they said nothing", b.record(petstore).View().Text("/kind"), "rest")
	b.put(petstore, "apis/petstore", `{"title":"Pets","kind":"rest"}`, `{}`, noon.Add(time.Hour))
	title("when it is back", "Pets")
	b.refused("take over what is not there", b.Update(t.Context(), "ann", func(tx inventory.Tx) error { return tx.Take(id(twin), "/title") }), inventory.NotFound)
}

func testEdited(_ *testing.T, b *bench) {
	edited := func() (out string) {
		b.view(func(tx inventory.Reader) error {
			all, err := tx.Edited(id(linkPath))
			for _, id := range all {
				out += id.Name() + " "
			}
			return err
		})
		return out
	}
	for _, path := range []string{petstore, petstore + "-2", workspace + "/environments/gateway"} {
		b.put(path, path, `{"title":"x"}`, `{"summary":"seed"}`, noon)
	}
	b.same("what a source alone has written", edited(), "")
	b.own(petstore+"-2/versions/mine", `{"title":"mine"}`)
	b.own(workspace+"/environments/gateway", `{"title":"ours"}`)
	b.own(workspace+"/apis/mine", `{"title":"of people alone"}`)
	b.same("what people have", edited(), "petstore-2 gateway ")
}
