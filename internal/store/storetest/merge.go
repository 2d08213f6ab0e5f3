package storetest

import (
	"strings"
	"testing"

	"apicenter/internal/inventory"
)

// merges are the promises of what several links state together.
var merges = []promise{
	{"two APIs become one, and part as they were", testJoinAndPart},
	{"who leads is a person's to say", testLead},
	{"a source joins only what is its own", testJoinOfOthers},
	{"who is alike is found by key, unless a person said otherwise", testAlike},
	{"words on what is one go with their service", testWordsArePurged},
	{"words on what is one follow an instance to its new identity", testWordsAreInherited},
	{"words that sleep in what became one can be had back once the others are gone", testSleepingWordsAreRestored},
	{"words on what is left of one are kept when that becomes one with another", testWordsOnWhatBecameOneTwice},
	{"what a link lets go of stays when the others drop it", testLetGoOfWhatIsShared},
}

const twin = petstore + "-twin"

// pair has two links state an API each, with a version and a definition, and
// people curate the second.
func (b *bench) pair() {
	b.Helper()
	for _, root := range []string{petstore, twin} {
		b.apply(func(tx inventory.SourceTx) error {
			return tx.PutOrigin(id(root), inventory.Origin{External: "apis/pets", States: doc(`{"title":"` + root[strings.LastIndexByte(root, '/')+1:] + `"}`), MergeKey: "title pets", Read: noon}, nil)
		})
		b.put(root+"/versions/v1", "v1", `{"title":"V 1"}`, `{"lifecycleStage":"design"}`, noon)
		b.put(root+"/versions/v1/definitions/openapi", "v1", `{"title":"OpenAPI"}`, `{}`, noon)
		b.second()
	}
	b.own(twin, `{"summary":"of the twin"}`)
	b.own(twin+"/versions/v1", `{"lifecycleStage":"retired"}`)
}

func testJoinAndPart(t *testing.T, b *bench) {
	b.pair()
	before := []inventory.Record{b.record(petstore), b.record(twin), b.record(twin + "/versions/v1"), b.record(twin + "/versions/v1/definitions/openapi")}
	b.update(func(tx inventory.Tx) error { return tx.Join(id(twin), id(petstore)) })
	if err := b.missing(twin); !strings.Contains(err.Error(), petstore) {
		t.Errorf("the old name answers %v", err)
	}
	if got := b.record(petstore + "/versions/v1"); len(got.Origins) != 2 || got.View().Text("/lifecycleStage") != "design" {
		t.Errorf("the version that both have: %+v", got)
	}
	b.same("the definition's row", b.get(petstore+"/versions/v1/definitions/openapi-2").Key, before[3].Key)
	b.update(func(tx inventory.Tx) error {
		r, err := tx.Part(id(petstore), id(secondPath))
		if r.Path != twin {
			t.Errorf("parted as %s", r.Path)
		}
		return err
	})
	for _, was := range before {
		got := b.record(was.Path)
		if got.Key != was.Key || string(got.Doc) != string(was.Doc) || !got.Own.Equal(was.Own) || len(got.Origins) != 1 || got.Origins[0].External != was.Origins[0].External {
			t.Errorf("after: %+v\nbefore: %+v", got, was)
		}
	}
}

func testLead(t *testing.T, b *bench) {
	b.pair()
	b.update(func(tx inventory.Tx) error { return tx.Join(id(twin), id(petstore)) })
	before := b.get(petstore)
	b.update(func(tx inventory.Tx) error { return tx.Lead(id(petstore), id(secondPath)) })
	after := b.record(petstore)
	if after.Origins[0].Link != id(secondPath) || after.View().Text("/title") != "petstore-twin" || after.Revision != before.Revision+1 {
		t.Errorf("led by the second: %+v", after)
	}
	b.put(petstore, "apis/pets", `{"title":"again"}`, `{}`, noon)
	b.same("the title", b.record(petstore).View().Text("/title"), "again")
}

func testJoinOfOthers(_ *testing.T, b *bench) {
	b.pair()
	b.refused("another link's API", b.try(func(tx inventory.SourceTx) error { return tx.Join(id(petstore), id(twin)) }), inventory.Conflict)
	b.apply(func(tx inventory.SourceTx) error { return tx.Join(id(twin), id(petstore)) })
	b.missing(twin)
}

func testAlike(t *testing.T, b *bench) {
	b.pair()
	link := secondPath
	ask := func(what string, want ...string) {
		t.Helper()
		b.view(func(tx inventory.Reader) error {
			second, err := tx.Record(id(secondPath))
			if err != nil {
				return err
			}
			found, err := tx.Alike(id(link), inventory.LinkOf(second.Own).Instance(), "apis/pets", "title pets")
			got := []string{}
			for _, a := range found {
				got = append(got, a.ID.String())
			}
			b.same(what, strings.Join(got, " "), strings.Join(want, " "))
			return err
		})
	}
	ask("by key", petstore)
	b.update(func(tx inventory.Tx) error { return tx.Join(id(twin), id(petstore)) })
	ask("once it is one")
	b.update(func(tx inventory.Tx) error {
		_, err := tx.Part(id(petstore), id(secondPath))
		return err
	})
	ask("once a person said that it stays alone")
	link += "-to-be"
	ask("of a link that is not there, for which the word holds, too")
}

func testWordsArePurged(t *testing.T, b *bench) {
	b.pair()
	b.update(func(tx inventory.Tx) error { return tx.Join(id(twin), id(petstore)) })
	b.update(func(tx inventory.Tx) error { return tx.SoftDelete(id(service), noon) })
	b.update(func(tx inventory.Tx) error { return tx.Purge(id(service)) })
	var left int
	if err := b.Writer().QueryRowContext(t.Context(), `select count(*) from together`).Scan(&left); err != nil || left > 0 {
		t.Errorf("%d words are left, %v", left, err)
	}
}

func testWordsAreInherited(t *testing.T, b *bench) {
	b.pair()
	b.update(func(tx inventory.Tx) error { return tx.Join(id(twin), id(petstore)) })
	rename := func(instance string) {
		b.link = secondPath
		b.apply(func(tx inventory.SourceTx) error { return tx.DropOrigin(id(petstore), inventory.Unlinked) })
		b.missing(twin)
		b.relink(instance)
		b.apply(func(tx inventory.SourceTx) error {
			return tx.PutOrigin(id(twin), inventory.Origin{External: "apis/pets", States: doc(`{"title":"twin"}`), Read: noon}, nil)
		})
	}
	inherit := func(from string) (sum inventory.Inheritance) {
		b.update(func(tx inventory.Tx) (err error) {
			sum, err = tx.Inherit(id(secondPath), from)
			return err
		})
		delete(b.claims, secondPath) // its passes have ended
		return sum
	}
	was := inventory.LinkOf(b.record(secondPath).Own).Instance()
	rename("/instance/renamed")
	b.same("words", inherit(was).Words, 1)
	b.missing(twin)
	b.same("who states it", len(b.record(petstore).Origins), 2)

	b.update(func(tx inventory.Tx) error {
		_, err := tx.Part(id(petstore), id(secondPath))
		return err
	})
	b.own(twin, `{"summary":"of the one that is alone"}`)
	b.apply(func(tx inventory.SourceTx) error { return tx.DropOrigin(id(twin), inventory.Unlinked) })
	b.relink("/instance/again")
	b.apply(func(tx inventory.SourceTx) error {
		if err := tx.PutOrigin(id(twin), inventory.Origin{External: "apis/pets", States: doc(`{"title":"twin"}`), Read: noon}, nil); err != nil {
			return err
		}
		return tx.Join(id(twin), id(petstore)) // as a rule does that knows of no word
	})
	b.same("words", inherit("/instance/renamed").Words, 1)
	b.same("who states the one", len(b.record(petstore).Origins), 1)
	b.same("who states the other", len(b.record(twin).Origins), 1)
	b.same("what people said of the one", b.record(petstore).Own.Text("/summary"), "")
	b.same("what people said of the other", b.record(twin).Own.Text("/summary"), "of the one that is alone")
	b.same("what is left of the old identity", inherit("/instance/renamed"), inventory.Inheritance{})
}

func testSleepingWordsAreRestored(t *testing.T, b *bench) {
	b.pair()
	b.update(func(tx inventory.Tx) error { return tx.Join(id(twin), id(petstore)) })
	_, err := b.give(inventory.KindAPI)
	b.refused("while both have it", err, inventory.Conflict)
	b.own(petstore, `{"description":"of both"}`)
	b.link = linkPath
	b.drop(petstore + "/versions/v1")
	b.drop(petstore)
	b.same("who states it", len(b.record(petstore).Origins), 1)
	r, err := b.give(inventory.KindAPI)
	if err != nil || r.Resource.Path != petstore || r.Left || r.Things != 0 {
		t.Errorf("the API: %+v, %v", r, err)
	}
	b.same("the words of both", b.record(petstore).Own.Text("/description"), "of both")
	b.same("the words that slept", b.record(petstore).Own.Text("/summary"), "of the twin")
	r, err = b.give(inventory.KindVersion)
	if err != nil || r.Left || b.record(petstore+"/versions/v1").Own.Text("/lifecycleStage") != "retired" {
		t.Errorf("a version of which the other's people had said nothing: %+v, %v", r, err)
	}
	b.same("what is kept of what became one", len(b.tombstones()), 1) // the definition of the one that is gone
}

func testWordsOnWhatBecameOneTwice(t *testing.T, b *bench) {
	const other = workspace + "/apis/other"
	b.pair()
	b.update(func(tx inventory.Tx) error { return tx.Join(id(twin), id(petstore)) })
	b.own(petstore, `{"description":"of both"}`)
	b.own(petstore+"/versions/v1", `{"lifecycleStage":"testing"}`)
	b.link = linkPath
	b.drop(petstore + "/versions/v1")
	b.drop(petstore) // it is the second's alone
	b.put(other, "apis/other", `{"title":"Other"}`, `{}`, noon)
	b.put(other+"/versions/v1", "o1", `{"title":"V 1"}`, `{}`, noon)
	b.update(func(tx inventory.Tx) error { return tx.Join(id(petstore), id(other)) })
	b.missing(petstore)
	b.update(func(tx inventory.Tx) error {
		_, err := tx.Part(id(other), id(secondPath))
		return err
	})
	b.same("the words of both", b.record(petstore).Own.Text("/description"), "of both")
	b.same("those on the version", b.record(petstore+"/versions/v1").Own.Text("/lifecycleStage"), "testing")
	for _, kind := range []inventory.Kind{inventory.KindAPI, inventory.KindVersion} {
		if _, err := b.give(kind); err != nil {
			t.Errorf("what had slept of the %s before: %v", kind, err)
		}
	}
	b.same("the words that slept", b.record(petstore).Own.Text("/summary"), "of the twin")
}

func testLetGoOfWhatIsShared(t *testing.T, b *bench) {
	b.pair()
	b.update(func(tx inventory.Tx) error { return tx.Join(id(twin), id(petstore)) })
	b.own(petstore, `{"summary":"ours"}`)
	b.link = linkPath
	b.apply(func(tx inventory.SourceTx) error { return tx.LetGo(id(petstore)) })
	b.same("the title while another states it", b.record(petstore).View().Text("/title"), "petstore-twin")
	b.link = secondPath
	b.drop(petstore)
	left := b.record(petstore)
	b.same("the title when nobody does", left.View().Text("/title"), "petstore")
	b.same("people's word", left.View().Text("/summary"), "ours")
	b.same("who states it", len(left.Origins), 0)
	if strings.Contains(string(left.Doc), "handedOver") {
		t.Errorf("readers see %s", left.Doc)
	}
}
