package storetest

import (
	"io"
	"strings"
	"testing"
	"time"

	"apicenter/internal/inventory"
)

// sources are the promises of a source's door.
var sources = []promise{
	{"a source's write is read back, seeds included", testPutOrigin},
	{"the people's layer survives a source", testLayers},
	{"an older observation changes nothing", testOlderObservation},
	{"a run signs what it changes, and not what it reads again", testSigned},
	{"two links state one thing, and the first leads", testTwoLinks},
	{"people's things below what another link states stay", testPeopleBelowShared},
	{"a tombstone gives the people's layer back", testTombstones},
	{"a tombstone gives back what people made below", testTombstoneBelow},
	{"what comes again finds its former name", testFormer},
	{"a link to a workspace and one to the instance find each other's tombstones", testWorkspaceTombstones},
	{"a link inherits from an instance that has got another identity", testInherit},
	{"old tombstones go, unless they say where a thing went", testForgetTombstones},
	{"a tombstone is found by the names of its API", testEntombed},
	{"one identity may leave several tombstones", testSeveralTombstones},
	{"a tombstone gives a thing back as people's own, with all that went with it", testRestoreTombstones},
	{"a version comes back with its deployments", testRestoreAVersion},
	{"a tombstone can be forgotten", testForgetATombstone},
	{"what became one with another is not given back", testMergedIsNotRestored},
	{"a thing that is let go stays as readers saw it", testLetGo},
	{"a version moves with all below it, and what points to it follows", testMove},
	{"a moved API is found by its new name", testMoveAPI},
	{"what cannot move is told", testMoveRefused},
	{"what was merged says where it went, and comes back whole", testMerge},
	{"one identity at a source is one thing", testOneIdentity},
	{"documents are kept byte for byte", testDocuments},
	{"documents go when nothing names them", testSweep},
}

func testPutOrigin(t *testing.T, b *bench) {
	b.put(petstore, "apis/petstore", `{"title":"Pets","kind":"rest"}`, `{"summary":"All pets"}`, noon)
	b.reads(petstore, `{"title":"Pets","kind":"rest","summary":"All pets","customProperties":{},"contacts":[],"externalDocumentation":[]}`)
	before := b.get(petstore)
	if !before.Linked || before.Created.By != "link/gateway" {
		t.Errorf("made by a source: %+v", before)
	}
	b.put(petstore, "apis/petstore", `{"title":"Pets","kind":"rest"}`, `{"summary":"Other"}`, noon.Add(time.Hour))
	b.same("after an equal observation", b.get(petstore), before)
	var entries []inventory.Entry
	b.view(func(tx inventory.Reader) error {
		for e, err := range tx.Origins(id(linkPath), inventory.KindAPI, inventory.KindVersion) {
			if err != nil {
				return err
			}
			entries = append(entries, e)
		}
		return nil
	})
	b.same("origins", len(entries), 1)
	if e := entries[0]; e.ID != id(petstore) || e.Key != before.Key || e.External != "apis/petstore" || !e.Read.Equal(noon) {
		t.Errorf("origin: %+v", e)
	}
	b.view(func(tx inventory.Reader) error {
		one, err := tx.Origin(id(linkPath), inventory.KindAPI, "apis/petstore")
		b.same("the origin by its identity", one, entries[0])
		return err
	})
	b.refused("the origin of nothing", b.View(t.Context(), func(tx inventory.Reader) error {
		_, err := tx.Origin(id(linkPath), inventory.KindVersion, "apis/petstore")
		return err
	}), inventory.NotFound)
	b.refused("below nothing", b.try(func(tx inventory.SourceTx) error {
		return tx.PutOrigin(id(definition), inventory.Origin{External: "d"}, nil)
	}), inventory.NoParent)
}

func testLayers(t *testing.T, b *bench) {
	b.put(petstore, "apis/petstore", `{"title":"Pets","customProperties":{"a":1}}`, `{}`, noon)
	b.own(petstore, `{"summary":"ours","title":"hidden","customProperties":{"b":2}}`)
	b.put(petstore, "apis/petstore", `{"title":"Pets 2","customProperties":{"a":2}}`, `{}`, noon.Add(time.Minute))
	b.reads(petstore, `{"title":"Pets 2","summary":"ours","customProperties":{"a":2,"b":2},"contacts":[],"externalDocumentation":[]}`)
	if got := b.get(petstore).Revision; got != 3 {
		t.Errorf("revision %d, want 3", got)
	}
	b.apply(func(tx inventory.SourceTx) error { // a stated null hides what people said
		return tx.PutOrigin(id(petstore), inventory.Origin{
			External: "apis/petstore", States: inventory.Doc{"/summary": []byte("null")}, Read: noon.Add(2 * time.Minute),
		}, nil)
	})
	b.reads(petstore, `{"title":"hidden","customProperties":{"b":2},"contacts":[],"externalDocumentation":[]}`)
}

func testOlderObservation(_ *testing.T, b *bench) {
	b.put(petstore, "apis/petstore", `{"title":"New"}`, `{}`, noon)
	b.put(petstore, "apis/petstore", `{"title":"Old"}`, `{}`, noon.Add(-time.Second))
	b.reads(petstore, `{"title":"New","customProperties":{},"contacts":[],"externalDocumentation":[]}`)
}

func testSigned(_ *testing.T, b *bench) {
	during := func(run int64, states string, read time.Time) {
		b.Helper()
		c := b.begin()
		c.Run = run
		b.claims[b.link] = c
		b.put(petstore, "apis/petstore", states, `{}`, read)
	}
	signed := func() []int64 {
		b.Helper()
		runs := []int64{b.record(petstore).Origins[0].Run}
		b.view(func(tx inventory.Reader) error {
			for e, err := range tx.Events(0, 1000) {
				if err != nil {
					return err
				}
				if e.Path == petstore {
					runs = append(runs, e.Run)
				}
			}
			return nil
		})
		return runs
	}
	during(3, `{"title":"Pets"}`, noon)
	b.same("the run of the origin, then of the events", signed(), []int64{3, 3})
	during(4, `{"title":"Pets"}`, noon.Add(time.Minute))
	b.same("after it was read again", signed(), []int64{3, 3})
	b.apply(func(tx inventory.SourceTx) error { // a new mark is written, and states the same
		return tx.PutOrigin(id(petstore), inventory.Origin{External: "apis/petstore", States: doc(`{"title":"Pets"}`), Mark: "new", Read: noon.Add(time.Hour)}, nil)
	})
	b.same("after it was marked anew", signed(), []int64{3, 3})
	during(5, `{"title":"Dogs"}`, noon.Add(2*time.Hour))
	b.same("after a change", signed(), []int64{5, 3, 5})
	b.own(petstore, `{"summary":"ours"}`)
	b.same("after a person's change", signed(), []int64{5, 3, 5, 0})
}

func testTwoLinks(t *testing.T, b *bench) {
	b.put(petstore, "apis/petstore", `{"title":"A","kind":"rest"}`, `{}`, noon)
	b.own(petstore, `{"summary":"ours"}`)
	b.second()
	b.put(petstore, "apis/pets", `{"title":"B","license":{"name":"MIT"}}`, `{"summary":"seed"}`, noon)
	b.reads(petstore, `{"title":"A","kind":"rest","license":{"name":"MIT"},"summary":"ours","customProperties":{},"contacts":[],"externalDocumentation":[]}`)
	b.link = linkPath
	b.drop(petstore)
	b.reads(petstore, `{"title":"B","license":{"name":"MIT"},"summary":"ours","customProperties":{},"contacts":[],"externalDocumentation":[]}`)
	b.put(petstore, "apis/petstore", `{"title":"A"}`, `{}`, noon)
	if o := b.record(petstore).Origins; len(o) != 2 || o[0].Link != id(secondPath) {
		t.Errorf("the link that came back leads: %+v", o)
	}
	b.drop(petstore)
	b.link = secondPath
	b.drop(petstore)
	b.missing(petstore)
	b.put(petstore, "apis/pets", `{"title":"B"}`, `{}`, noon)
	b.reads(petstore, `{"title":"B","summary":"ours","customProperties":{},"contacts":[],"externalDocumentation":[]}`)
}

func testPeopleBelowShared(_ *testing.T, b *bench) {
	b.put(petstore, "apis/petstore", `{"title":"A"}`, `{}`, noon)
	b.put(version, "v1", `{"title":"v1"}`, `{}`, noon)
	b.own(version+"-mine", `{"title":"mine"}`)
	b.own(version+"/definitions/mine", `{"title":"mine"}`)
	b.second()
	b.put(petstore, "apis/pets", `{"title":"B"}`, `{}`, noon)
	b.link = linkPath
	b.drop(petstore)
	b.reads(version+"-mine", `{"title":"mine"}`)
	b.missing(version)
	b.missing(version + "/definitions/mine") // it hung on what only the first link stated
	b.put(version, "v1", `{"title":"v1"}`, `{}`, noon)
	b.reads(version+"/definitions/mine", `{"title":"mine","specification":{"name":"","version":""}}`)
}

func testTombstones(_ *testing.T, b *bench) {
	b.put(petstore, "apis/petstore", `{"title":"Pets"}`, `{"summary":"seed"}`, noon)
	b.own(petstore, `{"summary":"ours"}`)
	b.drop(petstore)
	b.missing(petstore)
	b.drop(petstore) // twice is no error
	b.put(petstore, "apis/petstore", `{"title":"Pets"}`, `{"summary":"seed"}`, noon)
	b.reads(petstore, `{"title":"Pets","summary":"ours","customProperties":{},"contacts":[],"externalDocumentation":[]}`)
	// What was given back is not given back again: people have emptied it since.
	b.own(petstore, `{}`)
	b.drop(petstore)
	b.put(petstore, "apis/petstore", `{"title":"Pets"}`, `{"summary":"seed"}`, noon)
	b.reads(petstore, `{"title":"Pets","customProperties":{},"contacts":[],"externalDocumentation":[]}`)
	// A link to the same instance finds it too; one to another does not.
	b.own(petstore, `{"summary":"theirs"}`)
	b.drop(petstore)
	b.apply(func(tx inventory.SourceTx) error { return tx.Remove() })
	b.second()
	b.put(petstore+"-b", "apis/petstore", `{"title":"Pets"}`, `{}`, noon)
	b.reads(petstore+"-b", `{"title":"Pets","customProperties":{},"contacts":[],"externalDocumentation":[]}`)
	b.link = workspace + "/links/again"
	b.own(b.link, `{"source":"/instance/a/"}`)
	b.put(petstore, "apis/petstore", `{"title":"Pets"}`, `{}`, noon)
	b.reads(petstore, `{"title":"Pets","summary":"theirs","customProperties":{},"contacts":[],"externalDocumentation":[]}`)
}

func testTombstoneBelow(_ *testing.T, b *bench) {
	bring := func(api string) {
		b.put(api, "apis/petstore", `{"title":"Pets"}`, `{}`, noon)
		b.put(api+"/versions/v1", "apis/petstore", `{"title":"v1"}`, `{}`, noon)
		b.put(api+"/versions/v1/definitions/openapi", "apis/petstore", `{"title":"o"}`, `{}`, noon)
	}
	bring(petstore)
	b.own(version+"/definitions/Mine", `{"title":"mine"}`)
	b.own(petstore+"/versions/Beta", `{"title":"beta","lifecycleStage":"design"}`)
	b.own(petstore+"/versions/Beta/definitions/draft", `{"title":"draft"}`)
	b.own(deployment, `{"title":"d","definitionId":"/workspaces/default/apis/petstore/versions/v1/definitions/openapi"}`)
	b.drop(petstore)
	b.missing(petstore + "/versions/beta")
	bring(petstore + "-new") // under another name: what pointed into it follows
	for path, want := range map[string]string{
		"/versions/v1/definitions/mine":    `{"title":"mine","specification":{"name":"","version":""}}`,
		"/versions/beta":                   `{"title":"beta","lifecycleStage":"design"}`,
		"/versions/beta/definitions/draft": `{"title":"draft","specification":{"name":"","version":""}}`,
		"/deployments/prod":                `{"title":"d","definitionId":"/workspaces/default/apis/petstore-new/versions/v1/definitions/openapi","customProperties":{}}`,
	} {
		b.reads(petstore+"-new"+path, want)
	}
	b.same("the case that people gave", b.get(petstore+"-new/versions/beta").Name(), "Beta")
}

func testFormer(_ *testing.T, b *bench) {
	former := func(want string) {
		b.Helper()
		b.apply(func(tx inventory.SourceTx) error {
			got, err := tx.Former(inventory.KindAPI, "apis/petstore")
			b.same("former name", got, want)
			return err
		})
	}
	former("")
	b.put(petstore, "apis/petstore", `{"title":"Pets"}`, `{}`, noon)
	former("")
	b.drop(petstore)
	former("petstore")
	b.put(petstore, "apis/petstore", `{"title":"Pets"}`, `{}`, noon)
	former("")
}

func testLetGo(t *testing.T, b *bench) {
	environment := workspace + "/environments/prod"
	b.own(environment, `{"title":"Prod","kind":"production","server":{"managementPortalUri":["x"]}}`)
	b.put(environment, "environment", `{"server":{"type":"Azure API Management"}}`, `{}`, noon)
	b.put(petstore, "apis/petstore", `{"title":"Pets"}`, `{}`, noon)
	before := b.get(environment)
	b.apply(func(tx inventory.SourceTx) error { return tx.LetGo(id(environment)) })
	after := b.get(environment)
	if after.Linked || string(after.Doc) != string(before.Doc) || after.Revision != before.Revision {
		t.Errorf("let go: %+v, was %+v", after, before)
	}
	b.drop(environment) // states nothing of it any more
	b.get(environment)
	b.refused("let nothing go", b.try(func(tx inventory.SourceTx) error { return tx.LetGo(id(environment + "-2")) }), inventory.NotFound)
}

func testMove(t *testing.T, b *bench) {
	other := workspace + "/apis/Other"
	b.put(petstore, "apis/petstore", `{"title":"Pets"}`, `{}`, noon)
	b.own(other, `{"title":"Other"}`)
	b.put(version, "apis/petstore", `{"title":"v1"}`, `{"lifecycleStage":"design"}`, noon)
	b.put(definition, "apis/petstore", `{"title":"OpenAPI"}`, `{}`, noon)
	b.put(deployment, "apis/petstore", `{"definitionId":"/workspaces/default/apis/petstore/versions/v1/definitions/openapi"}`, `{}`, noon)
	b.own(other+"/deployments/mine", `{"definitionId":"/workspaces/default/apis/PETSTORE/versions/v1/definitions/openapi"}`)
	b.own(other+"/deployments/like", `{"definitionId":"/workspaces/default/apis/petstore/versions/v1/definitions/openapi-2"}`)
	before := b.get(deployment)
	b.apply(func(tx inventory.SourceTx) error {
		o := inventory.Origin{External: "apis/petstore", States: doc(`{"title":"new"}`), Mark: "new", Read: noon}
		if err := tx.PutOrigin(id(definition), o, nil); err != nil {
			return err
		}
		if err := tx.Move(id(version), id(other+"/versions/v1")); err != nil {
			return err
		}
		o.States = doc(`{"title":"newer"}`)
		return tx.PutOrigin(id(other+"/versions/v1/definitions/openapi"), o, nil)
	})
	b.reads(other+"/versions/v1/definitions/openapi", `{"title":"newer","specification":{"name":"","version":""}}`)
	b.missing(definition)
	b.missing(version)
	if got := b.get(other + "/versions/v1/definitions/openapi").Path; got != other+"/versions/v1/definitions/openapi" {
		t.Errorf("moved to %s", got)
	}
	b.reads(deployment, `{"definitionId":"/workspaces/default/apis/Other/versions/v1/definitions/openapi","customProperties":{}}`)
	b.reads(other+"/deployments/mine", `{"definitionId":"/workspaces/default/apis/Other/versions/v1/definitions/openapi","customProperties":{}}`)
	b.reads(other+"/deployments/like", `{"definitionId":"/workspaces/default/apis/petstore/versions/v1/definitions/openapi-2","customProperties":{}}`)
	b.reads(other, `{"title":"Other","lifecycleStage":"design","customProperties":{},"contacts":[],"externalDocumentation":[]}`)
	b.reads(petstore, `{"title":"Pets","customProperties":{},"contacts":[],"externalDocumentation":[]}`)
	if after := b.get(deployment); after.Revision != before.Revision+1 || after.Updated == before.Updated {
		t.Errorf("the deployment that follows: %+v, was %+v", after, before)
	}
}

func testMoveAPI(_ *testing.T, b *bench) {
	b.put(petstore, "apis/petstore", `{"title":"Pets"}`, `{}`, noon)
	b.put(version, "apis/petstore", `{"title":"v1"}`, `{}`, noon)
	b.put(definition, "apis/petstore", `{"title":"OpenAPI"}`, `{}`, noon)
	b.put(deployment, "apis/petstore", `{"definitionId":"/workspaces/default/apis/petstore/versions/v1/definitions/openapi"}`, `{}`, noon)
	b.apply(func(tx inventory.SourceTx) error { return tx.Move(id(petstore), id(workspace+"/apis/zoo")) })
	b.reads(workspace+"/apis/zoo/deployments/prod", `{"definitionId":"/workspaces/default/apis/zoo/versions/v1/definitions/openapi","customProperties":{}}`)
	for search, want := range map[string][]string{"zoo": {"zoo"}, "petstore": {}, "pets": {"zoo"}} {
		b.same("search "+search, b.list(inventory.Query{Kind: inventory.KindAPI, Search: search}), want)
	}
}

func testMoveRefused(_ *testing.T, b *bench) {
	b.own(workspace+"/environments/prod", `{}`)
	b.own(petstore, `{}`)
	b.own(version, `{}`)
	b.own(version+"-2", `{}`)
	for _, tt := range []struct {
		from, to string
		want     inventory.Code
	}{
		{version + "-3", version + "-4", inventory.NotFound},
		{version, version + "-2", inventory.Exists},
		{version, version, inventory.Exists},
		{version, workspace + "/apis/none/versions/v1", inventory.NoParent},
		{version, workspace + "/apis/v1", inventory.Invalid},
		{workspace + "/environments/prod", workspace + "/environments/test", inventory.Invalid},
	} {
		b.refused("move "+tt.from+" to "+tt.to, b.try(func(tx inventory.SourceTx) error { return tx.Move(id(tt.from), id(tt.to)) }), tt.want)
	}
}

func testMerge(_ *testing.T, b *bench) {
	other := workspace + "/apis/other"
	b.put(petstore, "apis/petstore", `{"title":"Pets"}`, `{}`, noon)
	b.put(other, "apis/other", `{"title":"Other"}`, `{}`, noon)
	b.own(petstore, `{"summary":"ours"}`)
	b.refused("merge into nothing", b.try(func(tx inventory.SourceTx) error { return tx.Merge(id(petstore), id(other+"-2")) }), inventory.NotFound)
	b.apply(func(tx inventory.SourceTx) error { return tx.Merge(id(petstore), id(other)) })
	if err := b.missing(petstore); !strings.Contains(err.Error(), other) {
		b.Errorf("a merged API's error does not name its new place: %v", err)
	}
	b.put(petstore, "apis/petstore", `{"title":"Pets"}`, `{}`, noon)
	b.reads(petstore, `{"title":"Pets","summary":"ours","customProperties":{},"contacts":[],"externalDocumentation":[]}`)
}

func testOneIdentity(_ *testing.T, b *bench) {
	b.put(petstore, "apis/petstore", `{"title":"Pets"}`, `{}`, noon)
	err := b.try(func(tx inventory.SourceTx) error {
		if err := tx.PutOrigin(id(petstore+"-2"), inventory.Origin{External: "apis/petstore", Read: noon}, nil); err != nil {
			return err
		}
		if _, err := tx.Get(id(petstore)); err == nil {
			b.Error("the database refused a write, and goes on")
		}
		return nil // whoever ignores that does not commit
	})
	b.refused("the same identity twice", err, inventory.Conflict)
	if strings.Contains(err.Error(), "UNIQUE") {
		b.Errorf("the driver's words reach people: %v", err)
	}
	b.missing(petstore + "-2")
}

func testDocuments(t *testing.T, b *bench) {
	body := strings.Repeat(`{"openapi":"3.0.1"}`+"\n\x00\xff", 10_000)
	digest, size, err := b.PutDocument(t.Context(), strings.NewReader(body))
	if err != nil || size != int64(len(body)) {
		t.Fatalf("put: %d bytes, %v", size, err)
	}
	if again, _, err := b.PutDocument(t.Context(), strings.NewReader(body)); err != nil || again != digest {
		t.Errorf("put again: %s, %v, want %s", again, err, digest)
	}
	if _, _, err := b.PutDocument(t.Context(), io.MultiReader(strings.NewReader("half"), failing{})); err == nil {
		t.Error("a reader that fails is no document")
	}
	for want, d := range map[string]inventory.Digest{body: digest, "": b.document("")} {
		r, size, err := b.Document(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil || string(got) != want || size != int64(len(want)) {
			t.Errorf("read back %d bytes of %d (size %d), %v", len(got), len(want), size, err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if _, err := r.Read(make([]byte, 1)); err == nil {
			t.Error("a closed document can be read")
		}
	}
	_, _, err = b.Document(t.Context(), "none")
	b.refused("a document that is not there", err, inventory.NotFound)
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// document stores one.
func (b *bench) document(body string) inventory.Digest {
	b.Helper()
	d, _, err := b.PutDocument(b.Context(), strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	return d
}

func testSweep(t *testing.T, b *bench) {
	stated, own, hidden, entombed, below, loose := b.document("1"), b.document("2"), b.document("3"), b.document("4"), b.document("5"), b.document("6")
	seen := b.document("7")
	naming := func(d inventory.Digest) string { return `{"document":"` + string(d) + `"}` }
	for _, name := range []string{"gone", "petstore"} {
		api := workspace + "/apis/" + name
		b.put(api, name, `{"title":"Pets"}`, `{}`, noon)
		b.put(api+"/versions/v1", name, `{"title":"v1"}`, `{}`, noon)
	}
	b.put(definition, "petstore", naming(stated), naming(hidden), noon)
	b.own(version+"/definitions/mine", naming(own))
	b.put(workspace+"/apis/gone/versions/v1/definitions/openapi", "gone", naming(seen), naming(entombed), noon)
	b.own(workspace+"/apis/gone/versions/v1/definitions/mine", naming(below))
	b.drop(workspace + "/apis/gone")
	if n, err := b.Sweep(t.Context(), time.Now().Add(-time.Hour)); n != 0 || err != nil {
		t.Errorf("swept %d documents younger than an hour, %v", n, err)
	}
	if n, err := b.Sweep(t.Context(), time.Now().Add(time.Second)); n != 1 || err != nil {
		t.Errorf("swept %d documents, %v, want the one that nothing names", n, err)
	}
	_, _, err := b.Document(t.Context(), loose)
	b.refused("the one that nothing names", err, inventory.NotFound)
	for name, d := range map[string]inventory.Digest{"stated": stated, "own": own, "hidden": hidden, "entombed": entombed, "seen": seen, "below": below} {
		r, _, err := b.Document(t.Context(), d)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		r.Close()
	}
}
