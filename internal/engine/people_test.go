package engine_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"apicenter/internal/engine"
	"apicenter/internal/inventory"
	"apicenter/internal/source/sourcetest"
)

const ondemand = `{"sourceType":"Script","source":"/instance","importSpecification":"ondemand"}`

// definition is the one that the link states.
func (h *house) definition() (found inventory.Record) {
	h.Helper()
	h.view(func(r inventory.Reader) error {
		all, err := r.Below(inventory.MustID(workspace))
		for _, rec := range all {
			if rec.ID.Kind() == inventory.KindDefinition && rec.Linked {
				found = rec
			}
		}
		return err
	})
	return found
}

func TestWhatPeopleMadeIsNeverAdopted(t *testing.T) {
	h := newHouse(t, engine.Options{}, always)
	h.source.Put(sourcetest.Group("apiversionsets/s", "Set", sourcetest.Version("apis/1", "v1", []byte(`{}`))))
	h.pass("")
	set := h.api("Set")
	h.update(func(tx inventory.Tx) error {
		return errors.Join(
			put(tx, set.Path+"/versions/version-v2", `{"title":"ours"}`),
			put(tx, set.Path+"/versions/version-v3", `{"title":"ours"}`),
			put(tx, set.Path+"/versions/version-v1/definitions/mine", `{"title":"ours"}`))
	})
	h.source.Put(sourcetest.Group("apiversionsets/s", "Set", sourcetest.Version("apis/1", "v1", []byte(`{}`)), sourcetest.Version("apis/2", "v2", []byte(`{}`))))
	check := func(when string) {
		t.Helper()
		for _, below := range []string{"/versions/version-v2", "/versions/version-v3", "/versions/version-v1/definitions/mine"} {
			h.view(func(r inventory.Reader) error {
				rec, err := r.Record(inventory.MustID(set.Path + below))
				if err != nil || rec.Linked || rec.View().Text("/title") != "ours" {
					t.Errorf("%s, %s: linked %t, %s, %v", when, below, rec.Linked, rec.Doc, err)
				}
				return nil
			})
		}
	}
	run := h.pass("")
	if check("after the source had the name"); run.Counts.Added != 1 {
		t.Errorf("run: %+v", run)
	}
	h.source.Remove("apiversionsets/s")
	h.update(func(tx inventory.Tx) error {
		return approve(tx, inventory.MustID(linkPath), "apis/1", "apis/2")
	})
	if run := h.pass(""); run.Counts.Deleted != 2 || h.tree() != "" {
		t.Fatalf("deletion: %+v\n%s", run, h.tree())
	}
	h.source.Put(sourcetest.Group("apiversionsets/s", "Set", sourcetest.Version("apis/3", "v3", []byte(`{}`)),
		sourcetest.Version("apis/2", "v2", []byte(`{}`)), sourcetest.Version("apis/1", "v1", []byte(`{}`))))
	h.pass("")
	check("after it all came again")
}

func TestTheEnvironmentGoesWithItsLinkUnlessOthersAreDeployedInIt(t *testing.T) {
	for _, used := range []bool{false, true} {
		t.Run(fmt.Sprintf("used by others: %t", used), func(t *testing.T) { testEnvironmentAtUnlink(t, used) })
	}
}

func testEnvironmentAtUnlink(t *testing.T, used bool) {
	const mine, theirs = workspace + "/environments/mine", workspace + "/apis/theirs"
	named := strings.Replace(always, `{`, `{"targetEnvironmentId":"/workspaces/default/environments/mine",`, 1)
	h := newHouse(t, engine.Options{}, always)
	h.source.Put(petstore("Petstore"))
	h.pass("")
	h.update(func(tx inventory.Tx) error {
		err := errors.Join(put(tx, mine, `{"title":"Mine"}`), put(tx, linkPath, named), put(tx, theirs, `{"title":"Theirs"}`))
		if used {
			err = errors.Join(err, put(tx, theirs+"/deployments/one", `{"environmentId":"/workspaces/default/environments/mine"}`))
		}
		return err
	})
	h.pass("")
	for _, rec := range h.below(h.api("Petstore").ID) {
		if at := rec.View().Text("/environmentId"); rec.ID.Kind() == inventory.KindDeployment && at != "/workspaces/default/environments/mine" {
			t.Errorf("deployed in %s", at)
		}
	}
	h.update(func(tx inventory.Tx) error { // the link names it no more, and goes
		return errors.Join(put(tx, linkPath, always), tx.SetStatus(inventory.MustID(linkPath), inventory.LinkStatus{State: inventory.Deleting}))
	})
	p, err := h.engine.Begin(t.Context(), inventory.MustID(linkPath), engine.Work{Trigger: "unlink"})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if done, err := p.Unlink(t.Context(), time.Now().Add(time.Minute)); !done || err != nil {
		t.Fatalf("unlink: %t, %v", done, err)
	}
	err = h.store.View(t.Context(), func(r inventory.Reader) error {
		_, err := r.Get(inventory.MustID(mine))
		return err
	})
	if used && err != nil || !used && !errors.Is(err, inventory.NotFound) {
		t.Errorf("the environment after the unlink: %v", err)
	}
}

func (h *house) below(id inventory.ID) (all []inventory.Record) {
	h.Helper()
	h.view(func(r inventory.Reader) (err error) {
		all, err = r.Below(id)
		return err
	})
	return all
}

func TestImportIsSwitchedInMidLife(t *testing.T) {
	h := newHouse(t, engine.Options{}, ondemand)
	h.source.Put(petstore("Petstore"))
	h.pass("")
	if got := h.source.Opens(); got != 0 {
		t.Errorf("%d documents fetched before anybody asked", got)
	}
	h.update(func(tx inventory.Tx) error { return put(tx, linkPath, always) })
	h.pass("")
	if got := h.source.Opens(); got != 1 || h.definition().Document == "" {
		t.Errorf("%d documents fetched for a link that wants all", got)
	}
	h.update(func(tx inventory.Tx) error { return put(tx, linkPath, ondemand) })
	h.source.Put(petstore("Petshop"))
	h.pass("")
	if got := h.source.Opens(); got != 2 {
		t.Errorf("%d documents fetched: what is there is kept in step", got)
	}
}

func TestADemandFetchesNothingElse(t *testing.T) {
	h := newHouse(t, engine.Options{}, ondemand)
	h.source.Put(petstore("Petstore"))
	h.source.Put(sourcetest.API("apis/zoo", "Zoo", "v1", []byte(`{}`)))
	p, err := h.engine.Begin(t.Context(), inventory.MustID(linkPath), engine.Work{Trigger: "demand", Verify: []string{"apis/zoo"}})
	if err != nil {
		t.Fatal(err)
	}
	h.finish(p)
	if h.source.OpensOf("apis/zoo") != 1 || h.source.OpensOf("apis/petstore") != 0 {
		t.Errorf("opened %d times what was asked for, %d times what was not", h.source.OpensOf("apis/zoo"), h.source.OpensOf("apis/petstore"))
	}
}

func TestADocumentOnDemandThatFailedIsTriedAgainWhenDue(t *testing.T) {
	h := newHouse(t, engine.Options{}, ondemand)
	h.source.Put(petstore("Petstore"))
	h.source.FailDocument("apis/petstore", errors.New("too deep"))
	p, err := h.engine.Begin(t.Context(), inventory.MustID(linkPath), engine.Work{Trigger: "demand", Verify: []string{"apis/petstore"}})
	if err != nil {
		t.Fatal(err)
	}
	h.finish(p)
	o := h.definition().Origins[0]
	if o.Problem == "" || o.Retry.IsZero() {
		t.Fatalf("after a failure: %+v", o)
	}
	h.source.FailDocument("apis/petstore", nil)
	o.Retry = time.Now().Add(-time.Second)
	claim := h.claim()
	if err := h.store.Apply(t.Context(), claim, func(tx inventory.SourceTx) error { return tx.PutOrigin(h.definition().ID, o, nil) }); err != nil {
		t.Fatal(err)
	}
	if run := h.pass(""); run.Outcome != "ok" || h.definition().Document == "" || h.definition().Origins[0].Problem != "" {
		t.Errorf("when it was due: %+v, %+v", run, h.definition())
	}
}

func (h *house) claim() (c inventory.Claim) {
	h.Helper()
	h.update(func(tx inventory.Tx) (err error) {
		c, err = tx.Begin(inventory.MustID(linkPath))
		return err
	})
	return c
}
