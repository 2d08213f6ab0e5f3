package engine_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"apicenter/internal/inventory"
	"apicenter/internal/source/sourcetest"
)

// join has a person make an API of one link one with that of another.
func (w *town) join(id, to inventory.ID) {
	w.Helper()
	w.update(func(tx inventory.Tx) error { return tx.Join(id, to) })
	w.sound()
}

func (w *town) part(id inventory.ID, link string) (r inventory.Resource) {
	w.Helper()
	w.update(func(tx inventory.Tx) (err error) {
		r, err = tx.Part(id, linkTo(link))
		return err
	})
	w.sound()
	return r
}

// told is all that readers see and people said, by path, without when and how often.
func (w *town) told() string {
	w.Helper()
	var b strings.Builder
	for _, rec := range w.records() {
		if rec.ID.Kind() == inventory.KindLink {
			continue
		}
		fmt.Fprintf(&b, "%s %s %s", rec.Path, rec.Doc, rec.Own.Encode())
		for _, o := range rec.Origins {
			fmt.Fprintf(&b, " %s:%s", o.Link.Name(), o.External)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestToMergeAndUnmergeByHandLeavesAllAsItWas(t *testing.T) {
	w := newTown(t, "none", "dev", "prod")
	w.sources["dev"].Put(orders("orders", "Orders", "v1", "v2"))
	w.sources["prod"].Put(orders("order", "Order", "v1", "v3"))
	w.pass("dev", "prod")
	dev, prod := w.api("dev", "apiversionsets/orders"), w.api("prod", "apiversionsets/order")
	w.update(func(tx inventory.Tx) error {
		_, err := tx.PutOwn(prod.Path, prod.Own.With("/summary", "of prod"), inventory.Condition{})
		return errors.Join(err,
			put(tx, dev.Path, `{"summary":"of dev"}`),
			put(tx, prod.Path+"/versions/version-v1", `{"lifecycleStage":"retired"}`),
			put(tx, prod.Path+"/versions/version-v1/definitions/mine", `{"title":"mine"}`),
			put(tx, prod.Path+"/versions/beta", `{"title":"beta"}`),
			put(tx, prod.Path+"/versions/beta/definitions/draft", `{"title":"draft"}`),
			put(tx, prod.Path+"/deployments/edge", `{"title":"Edge","definitionId":"`+inventory.ShortID(prod.Path)+`/versions/version-v1/definitions/openapi"}`))
	})
	before := w.told()
	w.join(prod.ID, dev.ID)
	want := `Orders [dev:apiversionsets/orders prod:apiversionsets/order]
  deployment [dev:apis/orders-v1] in dev
  deployment [dev:apis/orders-v2] in dev
  deployment [people] in 
  deployment [prod:apis/order-v1] in prod
  deployment [prod:apis/order-v3] in prod
  version beta [people]
  version beta has definition [people]
  version v1 [dev:apis/orders-v1 prod:apis/order-v1]
  version v1 has definition [dev:apis/orders-v1]
  version v1 has definition [people]
  version v1 has definition [prod:apis/order-v1]
  version v2 [dev:apis/orders-v2]
  version v2 has definition [dev:apis/orders-v2]
  version v3 [prod:apis/order-v3]
  version v3 has definition [prod:apis/order-v3]
`
	w.wants("merged", want)
	if got := w.api("dev", "apiversionsets/orders"); got.View().Text("/summary") != "of dev" {
		t.Errorf("the summary is %q", got.View().Text("/summary"))
	}
	w.view(func(r inventory.Reader) error {
		if _, err := r.Get(prod.ID); !errors.Is(err, inventory.NotFound) || !strings.Contains(err.Error(), dev.Path) {
			t.Errorf("the old name answers %v", err)
		}
		return nil
	})
	w.rests("dev", "prod")
	w.update(func(tx inventory.Tx) error { return tx.Lead(dev.ID, linkTo("prod")) })
	if got := w.api("dev", "apiversionsets/orders").View().Text("/title"); got != "Order" {
		t.Errorf("prod leads, and the title is %q", got)
	}
	w.rests("dev", "prod")
	if got := w.part(dev.ID, "prod"); got.ID != prod.ID {
		t.Errorf("it is %s again, want %s", got.Path, prod.Path)
	}
	if after := w.told(); after != before {
		t.Errorf("after un-merging:\n%s\nwas\n%s", strings.Join(without(strings.Split(after, "\n"), strings.Split(before, "\n")), "\n"),
			strings.Join(without(strings.Split(before, "\n"), strings.Split(after, "\n")), "\n"))
	}
	w.rests("dev", "prod")
	w.rule("title")
	w.sources["prod"].Put(orders("order", "Orders", "v1", "v3"))
	w.pass("dev", "prod", "dev")
	if len(w.api("prod", "apiversionsets/order").Origins) != 1 {
		t.Errorf("a rule undid what a person said:\n%s", w.chart())
	}
	w.rests("dev", "prod")
}

func TestTheFounderMayLeave(t *testing.T) {
	w := newTown(t, "title", "dev", "prod")
	w.sources["dev"].Put(orders("orders", "Orders", "v1", "v2"))
	w.sources["prod"].Put(orders("orders", "Orders", "v1"))
	w.pass("dev", "prod")
	entry := w.api("dev", "apiversionsets/orders")
	w.update(func(tx inventory.Tx) error { return put(tx, entry.Path, `{"summary":"ours"}`) })
	r := w.part(entry.ID, "dev")
	if got := w.api("prod", "apiversionsets/orders"); got.ID != entry.ID || r.ID == entry.ID || got.View().Text("/summary") != "ours" {
		t.Errorf("dev is %s now, prod %s", r.Path, got.Path)
	}
	w.wants("apart", `Orders [dev:apiversionsets/orders]
  deployment [dev:apis/orders-v1] in dev
  deployment [dev:apis/orders-v2] in dev
  version v1 [dev:apis/orders-v1]
  version v1 has definition [dev:apis/orders-v1]
  version v2 [dev:apis/orders-v2]
  version v2 has definition [dev:apis/orders-v2]
Orders [prod:apiversionsets/orders]
  deployment [prod:apis/orders-v1] in prod
  version v1 [prod:apis/orders-v1]
  version v1 has definition [prod:apis/orders-v1]
`)
	w.rests("dev", "prod")
}

func TestAPersonsWordHoldsWhenLinksAreMadeAgain(t *testing.T) {
	for _, order := range [][]string{{"dev", "prod"}, {"prod", "dev"}} {
		w := newTown(t, "none", "dev", "prod")
		w.sources["dev"].Put(orders("orders", "Orders", "v1"))
		w.sources["prod"].Put(orders("order", "Order", "v1"))
		w.pass("dev", "prod")
		dev := w.api("dev", "apiversionsets/orders").ID
		w.join(w.api("prod", "apiversionsets/order").ID, dev)
		one := w.chart()
		for _, name := range order { // one after the other
			w.unlink(name)
			w.connect(name)
			w.pass(name)
			if got := w.api(name, "apiversionsets/"+map[string]string{"dev": "orders", "prod": "order"}[name]); got.ID != dev || len(got.Origins) != 2 {
				t.Errorf("after %s was linked again it is %s\n%s", name, got.Path, w.chart())
			}
		}
		for _, name := range order { // both at once
			w.unlink(name)
		}
		for _, name := range order {
			w.connect(name)
			w.pass(name)
		}
		if got := w.api("prod", "apiversionsets/order"); len(got.Origins) != 2 {
			t.Errorf("after both were linked again:\n%s\nwas\n%s", w.chart(), one)
		}
		w.rests("dev", "prod")
	}
}

func TestJoinRefuses(t *testing.T) {
	w := newTown(t, "none", "dev", "prod")
	w.sources["dev"].Put(orders("a", "A", "v1"))
	w.sources["dev"].Put(orders("b", "B", "v1"))
	w.sources["prod"].Put(sourcetest.API("apis/c", "C", "v1", nil))
	w.pass("dev", "prod")
	w.update(func(tx inventory.Tx) error { return put(tx, workspace+"/apis/mine", `{"title":"A"}`) })
	a, b, c := w.api("dev", "apiversionsets/a").ID, w.api("dev", "apiversionsets/b").ID, w.api("prod", "apis/c").ID
	mine := inventory.MustID(workspace + "/apis/mine")
	none := inventory.MustID(workspace + "/apis/none")
	before := w.told()
	for name, tt := range map[string]struct {
		do   func(inventory.Tx) error
		code inventory.Code
	}{
		"of one link":        {func(tx inventory.Tx) error { return tx.Join(a, b) }, inventory.Conflict},
		"itself":             {func(tx inventory.Tx) error { return tx.Join(a, a) }, inventory.Invalid},
		"what people made":   {func(tx inventory.Tx) error { return tx.Join(mine, a) }, inventory.Conflict},
		"into people's":      {func(tx inventory.Tx) error { return tx.Join(a, mine) }, inventory.Conflict},
		"nothing":            {func(tx inventory.Tx) error { return tx.Join(none, a) }, inventory.NotFound},
		"into nothing":       {func(tx inventory.Tx) error { return tx.Join(a, none) }, inventory.NotFound},
		"an environment":     {func(tx inventory.Tx) error { return tx.Join(c, inventory.MustID(workspace+"/environments/dev")) }, inventory.Invalid},
		"part of one alone":  {func(tx inventory.Tx) error { _, err := tx.Part(a, linkTo("dev")); return err }, inventory.Conflict},
		"part of another":    {func(tx inventory.Tx) error { _, err := tx.Part(a, linkTo("prod")); return err }, inventory.Invalid},
		"lead of another":    {func(tx inventory.Tx) error { return tx.Lead(a, linkTo("prod")) }, inventory.Invalid},
		"lead of nothing":    {func(tx inventory.Tx) error { return tx.Lead(none, linkTo("prod")) }, inventory.NotFound},
		"lead that is alone": {func(tx inventory.Tx) error { return tx.Lead(a, linkTo("dev")) }, ""},
	} {
		err := w.store.Update(t.Context(), "ann", tt.do)
		if inventory.CodeOf(err) != tt.code {
			t.Errorf("%s: %v, want %q", name, err, tt.code)
		}
	}
	if w.told() != before {
		t.Error("a refusal changed something")
	}
}
