package catalog_test

import (
	"testing"

	"apicenter/internal/catalog"
	"apicenter/internal/inventory"
)

// asSource writes as the source of the link.
func (d *desk) asSource(f func(inventory.SourceTx) error) {
	d.Helper()
	var c inventory.Claim
	if err := d.store.Update(d.ctx, "test", func(tx inventory.Tx) (err error) {
		c, err = tx.Begin(id(linkPath))
		return err
	}); err != nil {
		d.Fatal(err)
	}
	if err := d.store.Apply(d.ctx, c, f); err != nil {
		d.Fatal(err)
	}
}

// vanishes has the source of the link have things no more, and the link keep them.
func (d *desk) vanishes(paths ...string) {
	d.Helper()
	d.asSource(func(tx inventory.SourceTx) error {
		for _, path := range paths {
			if err := tx.MarkGone(id(path), inventory.Gone{At: d.store.Now(), Why: inventory.Vanished}); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestWhatIsKeptIsPeoplesToEdit(t *testing.T) {
	const api = workspace + "/apis/orders-1"
	all := []string{api, api + "/versions/v1", api + "/versions/v1/definitions/openapi", api + "/deployments/gateway"}
	for _, tt := range []struct {
		name string
		keep func(d *desk)
	}{
		{"gone at the source", func(d *desk) { d.vanishes(all...) }},
		{"handed over", func(d *desk) {
			d.asSource(func(tx inventory.SourceTx) error {
				for _, path := range all {
					if err := tx.LetGo(id(path)); err != nil {
						return err
					}
				}
				return nil
			})
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := linked(t)
			tt.keep(d)
			d.put(api, `{"title":"Sales orders","kind":"rest","description":"all of them","summary":"mine"}`)
			d.put(api+"/versions/v1", `{"title":"2024","lifecycleStage":"deprecated"}`)
			d.put(api+"/versions/v1/definitions/openapi", `{"title":"The document"}`)
			d.put(api+"/deployments/gateway", `{"title":"T","server":{"runtimeUri":["https://elsewhere"]}}`)
			if err := d.ImportSpecification(d.ctx, id(api+"/versions/v1/definitions/openapi"), `{"openapi":"3.0.1"}`, catalog.Specification{Name: "openapi"}); err != nil {
				t.Fatal(err)
			}
			for path, want := range map[string]string{
				api:                                      "Sales orders",
				api + "/versions/v1":                     "2024",
				api + "/versions/v1/definitions/openapi": "The document",
			} {
				r, err := d.Get(d.ctx, id(path))
				if err != nil {
					t.Fatal(err)
				}
				if got := doc(d, string(r.Doc)).Text("/title"); got != want {
					t.Errorf("%s has the title %q, want %q", path, got, want)
				}
			}
			if got := read(d, api+"/versions/v1/definitions/openapi"); got != `{"openapi":"3.0.1"}` {
				t.Errorf("the document is %s", got)
			}
			r, err := d.Get(d.ctx, id(api+"/deployments/gateway"))
			if err != nil || !inventory.SameJSON(doc(d, string(r.Doc))["/server/runtimeUri"], []byte(`["https://elsewhere"]`)) {
				t.Errorf("the deployment reads %s, %v", r.Doc, err)
			}
			d.put(api, `{"title":"Sales orders","kind":"rest"}`) // what is theirs, they may remove
			if r, err := d.Get(d.ctx, id(api)); err != nil || doc(d, string(r.Doc)).Text("/description") != "" {
				t.Errorf("without a description it reads %s, %v", r.Doc, err)
			}
		})
	}
}

// When the thing is at its source again, the source's word counts, and people's
// is kept below it.
func TestWhatIsKeptIsTheSourcesAgainWhenItIsBack(t *testing.T) {
	d := linked(t)
	const api = workspace + "/apis/orders-1"
	d.vanishes(api)
	d.put(api, `{"title":"Mine","kind":"rest"}`)
	x, err := d.Explain(d.ctx, id(api), "/title")
	if err != nil || len(x.Fields) != 1 || x.Fields[0].Layer != inventory.LayerPeople || !x.Fields[0].Editable {
		t.Errorf("the title is explained as %+v, %v", x, err)
	}
	x, err = d.Explain(d.ctx, id(api), "/description")
	if err != nil || len(x.Fields) != 1 || x.Fields[0].Layer != inventory.LayerSource || !x.Fields[0].Editable || x.Fields[0].Advice != "" {
		t.Errorf("the description is explained as %+v, %v", x, err)
	}
	x, err = d.Explain(d.ctx, id(api), inventory.FieldGone)
	if err != nil || len(x.Fields) != 1 || x.Fields[0].Layer != inventory.LayerDerived || x.Fields[0].Editable {
		t.Errorf("that it is gone is explained as %+v, %v", x, err)
	}
	d.brings(api, "groups/orders", `{"title":"Orders","description":"d","kind":"rest"}`)
	r, err := d.Get(d.ctx, id(api))
	if err != nil || doc(d, string(r.Doc)).Text("/title") != "Orders" {
		t.Errorf("it is back as %s, %v", r.Doc, err)
	}
	d.refused(api, `{"title":"Mine","kind":"rest"}`, inventory.Owned)
}
