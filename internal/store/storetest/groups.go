package storetest

import (
	"errors"
	"testing"

	"apicenter/internal/inventory"
)

// groups are the promises about resource groups.
var groups = []promise{
	{"a resource group is one without regard to case", testPutGroup},
	{"a resource group goes when it is deleted", testDeleteGroup},
	{"a resource group that is not committed is not there", testGroupUndone},
}

// group writes a resource group.
func (b *bench) group(g inventory.Group) (created bool) {
	b.Helper()
	b.update(func(tx inventory.Tx) (err error) {
		created, err = tx.PutGroup(g)
		return err
	})
	return created
}

// groupNames are the names of the groups in a subscription, in order.
func (b *bench) groupNames(subscription string) []string {
	b.Helper()
	names := []string{}
	for _, g := range b.groups(subscription) {
		names = append(names, g.Name)
	}
	return names
}

func (b *bench) groups(subscription string) (all []inventory.Group) {
	b.Helper()
	b.view(func(tx inventory.Reader) (err error) {
		all, err = tx.Groups(subscription)
		return err
	})
	return all
}

func testPutGroup(t *testing.T, b *bench) {
	if !b.group(inventory.Group{Subscription: "Sub", Name: "Retail", Location: "local"}) {
		t.Error("a new group was there already")
	}
	first := b.groups("")[0]
	if first.Created.By != "ann" || first.Created.At.IsZero() || first.Created != first.Updated || first.Tags == nil {
		t.Errorf("made: %+v", first)
	}
	b.group(inventory.Group{Subscription: "other", Name: "retail", Location: "local"})
	for range 3 { // within one tick of the clock, too
		if b.group(inventory.Group{Subscription: "SUB", Name: "RETAIL", Location: "north", Tags: map[string]string{"Team": "é"}}) {
			t.Error("a group that was there is new")
		}
	}
	all := b.groups("sub")
	if len(all) != 1 {
		t.Fatalf("groups of one subscription: %+v", all)
	}
	got := all[0]
	b.same("the group", inventory.Group{Subscription: got.Subscription, Name: got.Name, Location: got.Location, Tags: got.Tags},
		inventory.Group{Subscription: "Sub", Name: "Retail", Location: "north", Tags: map[string]string{"Team": "é"}})
	if got.Created != first.Created || !got.Updated.At.After(first.Updated.At) {
		t.Errorf("updated: %+v after %+v", got, first)
	}
	b.same("groups of all subscriptions", b.groupNames(""), []string{"Retail", "retail"})
	b.same("groups of none", b.groupNames("none"), []string{})
}

func testDeleteGroup(t *testing.T, b *bench) {
	for _, name := range []string{"b", "a", "c"} {
		b.group(inventory.Group{Subscription: "s", Name: name})
	}
	b.update(func(tx inventory.Tx) error { return tx.DeleteGroup("S", "A") })
	b.same("what is left", b.groupNames("s"), []string{"b", "c"})
	b.refused("delete again", b.Update(t.Context(), "ann", func(tx inventory.Tx) error {
		return tx.DeleteGroup("s", "a")
	}), inventory.NotFound)
	if !b.group(inventory.Group{Subscription: "s", Name: "a"}) {
		t.Error("made anew: it was there already")
	}
	b.same("made anew comes last", b.groupNames("s"), []string{"b", "c", "a"})
}

func testGroupUndone(t *testing.T, b *bench) {
	undo := errors.New("undo")
	if err := b.Update(t.Context(), "ann", func(tx inventory.Tx) error {
		if _, err := tx.PutGroup(inventory.Group{Subscription: "s", Name: "a"}); err != nil {
			return err
		}
		all, err := tx.Groups("s")
		if err != nil || len(all) != 1 {
			t.Errorf("the writer sees %+v, %v", all, err)
		}
		return undo
	}); !errors.Is(err, undo) {
		t.Errorf("update: %v", err)
	}
	b.same("groups", b.groupNames(""), []string{})
}
