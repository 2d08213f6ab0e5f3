package engine_test

import (
	"context"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"apicenter/internal/auth"
	"apicenter/internal/catalog"
	"apicenter/internal/inventory"
)

// An entry of several links goes on with the others when one hands over, and
// what that one brought stays in it, as people's own.
func TestASharedEntryIsHandedOver(t *testing.T) {
	w := newTown(t, "name", "dev", "prod")
	w.sources["dev"].Put(orders("orders", "Orders of dev", "v1", "v2"))
	w.sources["prod"].Put(orders("orders", "Orders", "v1"))
	w.pass("dev", "prod")
	entry := w.api("dev", "apiversionsets/orders")
	w.handOver("dev")
	w.wants("after dev has gone", `Orders [prod:apiversionsets/orders]
  deployment [people] in dev
  deployment [people] in dev
  deployment [prod:apis/orders-v1] in prod
  version v1 [prod:apis/orders-v1]
  version v1 has definition [people]
  version v1 has definition [prod:apis/orders-v1]
  version v2 [people]
  version v2 has definition [people]
`)
	w.rests("prod")

	w.connect("dev")
	w.pass("dev")
	if got := w.api("dev", "apiversionsets/orders").ID; got != entry.ID {
		t.Errorf("linked again, dev has %s, want %s", got, entry.ID)
	}
	w.rests("prod", "dev")
	w.unlink("dev")
	w.unlink("prod")
	w.wants("after both have gone", `Orders of dev [people]
  deployment [people] in dev
  deployment [people] in dev
  version v1 [people]
  version v1 has definition [people]
  version v2 [people]
  version v2 has definition [people]
`)
}

// What a preview says of a deletion is what comes of it.
func TestAPreviewOfADeletionIsTrue(t *testing.T) { rapid.Check(t, previewing) }

func previewing(t *rapid.T) {
	links := []string{"dev", "prod"}
	w, done := drawTown(t, "title", links...)
	defer done()
	for _, link := range links {
		w.serve(link, drawSource(t, link, false))
	}
	w.pass(rapid.Permutation(links).Draw(t, "order")...)
	edited := map[inventory.ID]bool{}
	for _, rec := range w.records() {
		if rec.ID.Kind() == inventory.KindAPI && rapid.Bool().Draw(t, "edited") {
			edited[rec.ID] = true
			w.update(func(tx inventory.Tx) error {
				at := rapid.SampledFrom(w.environments()).Draw(t, "deployed in")
				return put(tx, rec.Path+"/deployments/mine", `{"title":"mine","environmentId":"`+at+`"}`)
			})
		}
	}
	if rapid.Bool().Draw(t, "one handed over before") {
		w.handOver("prod")
		w.connect("prod")
		w.pass("prod")
	}
	before := w.byID()
	ctx := auth.With(context.Background(), auth.Principal{Name: "ann"})
	u, err := catalog.New(w.store, catalog.Options{}).PreviewDelete(ctx, linkTo("dev"))
	if err != nil {
		t.Fatal(err)
	}
	w.unlink("dev")
	after := w.byID()
	var gone, kept inventory.Amount
	for id, rec := range before {
		if _, there := after[id]; !there && id.Kind() != inventory.KindLink {
			gone.Count(rec)
		}
		if rec.Of(linkTo("dev")) {
			kept.Count(rec)
		}
	}
	if u.Goes != gone || u.Keeps != kept {
		t.Errorf("foreseen: %+v goes, %+v would stay; it was %+v and %+v", u.Goes, u.Keeps, gone, kept)
	}
	for _, e := range u.Entries {
		if _, stays := after[e.Resource.ID]; stays == e.Goes || (e.Why != "") != stays {
			t.Errorf("%s: foreseen %+v, and it stays: %t", e.Resource.Path, e, stays)
		}
		if e.Resource.ID.Kind() == inventory.KindAPI && e.Edited != edited[e.Resource.ID] {
			t.Errorf("%s: edited %t, want %t", e.Resource.Path, e.Edited, edited[e.Resource.ID])
		}
	}
}

// environments are the short ids of what there is to be deployed in.
func (w *town) environments() (out []string) {
	w.Helper()
	for _, rec := range w.records() {
		if rec.ID.Kind() == inventory.KindEnvironment {
			out = append(out, inventory.ShortID(rec.Path))
		}
	}
	return out
}

func TestHandingOverLosesNothing(t *testing.T) { rapid.Check(t, handingOver) }

func FuzzHandingOverLosesNothing(f *testing.F) { f.Fuzz(rapid.MakeFuzz(handingOver)) }

// handingOver holds: whatever was merged, a link that hands over leaves each
// thing where it was; what others state of it is seen then, and of all else what
// was seen before. When those others go, what the link stated is there still.
func handingOver(t *rapid.T) {
	links := []string{"dev", "prod", "test"}
	w, done := drawTown(t, "name", links...)
	defer done()
	for _, link := range links {
		w.serve(link, drawSource(t, link, true))
	}
	w.pass(rapid.Permutation(links).Draw(t, "order")...)
	for _, rec := range w.records() {
		if k := rec.ID.Kind(); (k == inventory.KindAPI || k == inventory.KindVersion) && rapid.Bool().Draw(t, "curated") {
			w.update(func(tx inventory.Tx) error {
				_, err := tx.PutOwn(rec.Path, rec.Own.With("/lifecycleStage", "retired").With("/title", "of people"), inventory.Condition{})
				return err
			})
		}
	}
	leaves := rapid.SampledFrom(links).Draw(t, "leaves")
	rest := slices.DeleteFunc(slices.Clone(links), func(s string) bool { return s == leaves })
	before := w.records()
	w.handOver(leaves)
	w.compare(before, leaves)
	w.rests(rest...)

	for _, other := range rapid.Permutation(rest).Draw(t, "go then") {
		w.unlink(other)
	}
	after := w.byID()
	for _, was := range before {
		for _, o := range was.Origins {
			now, there := after[was.ID]
			if o.Link != linkTo(leaves) {
				continue
			}
			if want := inventory.Overlay(was.Own, []inventory.Origin{o}); !there || !visible(now.View()).Equal(visible(want)) {
				t.Errorf("%s, which was handed over, is %s when all links have gone; want %s", was.Path, now.View().Encode(), want.Encode())
			}
		}
	}
}

// compare holds what is there after a link handed over against what was before.
func (w *town) compare(before []inventory.Record, left string) {
	w.Helper()
	after := w.byID()
	for _, was := range before {
		if was.ID == linkTo(left) {
			continue
		}
		now, there := after[was.ID]
		others := slices.DeleteFunc(slices.Clone(was.Origins), func(o inventory.Origin) bool { return o.Link == linkTo(left) })
		want := inventory.Overlay(was.View(), others)
		if !there || !visible(now.View()).Equal(visible(want)) || len(now.Origins) != len(others) {
			w.Errorf("%s is %s of %d links after %s handed over; want %s of %d", was.Path, now.View().Encode(), len(now.Origins), left, want.Encode(), len(others))
		}
	}
}

func (w *town) byID() map[inventory.ID]inventory.Record {
	w.Helper()
	out := map[inventory.ID]inventory.Record{}
	for _, rec := range w.records() {
		out[rec.ID] = rec
	}
	return out
}

// visible is what of a view readers see.
func visible(view inventory.Doc) inventory.Doc {
	out := maps.Clone(view)
	delete(out, inventory.FieldHandedOver)
	return out
}
