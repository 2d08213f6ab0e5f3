package storetest

import (
	"slices"
	"testing"
	"time"

	"apicenter/internal/inventory"
)

// access are the promises of what is kept of who may do what.
var access = []promise{
	{"assignments are kept in order", testAssignments},
	{"an assignment cannot become another", testReassignment},
	{"each change of access is an event", testAccessEvents},
	{"keys are kept until they are deleted", testKeys},
	{"two keys are never the same", testSameKey},
}

func (b *bench) assignments() []inventory.Assignment {
	b.Helper()
	all, err := b.Assignments(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return all
}

func (b *bench) assign(a inventory.Assignment) (inventory.Assignment, bool) {
	b.Helper()
	stored, created, err := b.PutAssignment(b.Context(), "ann", a)
	if err != nil {
		b.Fatal(err)
	}
	return stored, created
}

var reader = inventory.Assignment{Name: "n1", Scope: "/subscriptions/s", Role: "reader", Principal: "p", PrincipalType: "User", Description: "why"}

func testAssignments(_ *testing.T, b *bench) {
	b.same("at first", len(b.assignments()), 0)
	var want []inventory.Assignment
	for _, a := range []inventory.Assignment{
		reader,
		{Name: "n0", Scope: "/", Role: "reader", Principal: "p"},
		{Name: "n2", Scope: "/subscriptions/s", Role: "owner", Principal: "p"},
		{Name: "n3", Scope: "/subscriptions/s", Role: "reader", Principal: "q"},
	} {
		before := time.Now().Add(-time.Second)
		stored, created := b.assign(a)
		if !created || stored.Created.By != "ann" || stored.Created.At.Before(before) || stored.Updated != stored.Created {
			b.Errorf("put %+v: %+v, created %v", a, stored, created)
		}
		want = append(want, stored)
	}
	b.same("assignments", b.assignments(), want)
	if err := b.DeleteAssignment(b.Context(), "ann", "n0"); err != nil {
		b.Error(err)
	}
	b.refused("second deletion", b.DeleteAssignment(b.Context(), "ann", "n0"), inventory.NotFound)
	b.same("assignments that are left", b.assignments(), slices.Delete(want, 1, 2))
}

func testReassignment(_ *testing.T, b *bench) {
	first, _ := b.assign(reader)
	again, created := b.assign(reader)
	if created {
		b.Error("the same again is taken for new")
	}
	b.same("the same again", again, first)
	described := reader
	described.Description, described.PrincipalType = "another why", "Group"
	changed, created := b.assign(described)
	if created || changed.Description != "another why" || changed.PrincipalType != "Group" || changed.Created != first.Created {
		b.Errorf("described anew: %+v", changed)
	}
	b.same("kept", b.assignments(), []inventory.Assignment{changed})
	for what, a := range map[string]inventory.Assignment{
		"another role":      {Name: "n1", Scope: reader.Scope, Role: "owner", Principal: reader.Principal},
		"another scope":     {Name: "n1", Scope: "/", Role: reader.Role, Principal: reader.Principal},
		"another principal": {Name: "n1", Scope: reader.Scope, Role: reader.Role, Principal: "q"},
	} {
		_, _, err := b.PutAssignment(b.Context(), "ann", a)
		b.refused(what, err, inventory.Invalid)
	}
	twin := reader
	twin.Name = "n2"
	_, _, err := b.PutAssignment(b.Context(), "ann", twin)
	b.refused("the same under another name", err, inventory.Conflict)
	b.same("kept after all refusals", b.assignments(), []inventory.Assignment{changed})
}

func testAccessEvents(_ *testing.T, b *bench) {
	start := b.last()
	a := reader
	b.assign(a)
	b.assign(a)
	a.Description = "because"
	b.assign(a)
	if err := b.DeleteAssignment(b.Context(), "bob", a.Name); err != nil {
		b.Fatal(err)
	}
	b.putKey(key)
	if err := b.DeleteKey(b.Context(), "bob", key.ID); err != nil {
		b.Fatal(err)
	}
	const at, keyAt = "/access/roleAssignments/n1", "/access/keys/k1"
	b.same("events", b.since(start), []string{
		"ann created " + at + ": created " + at,
		"ann updated " + at + ": updated " + at + ` /description "why"→"because"`,
		"bob deleted " + at + ": deleted " + at + ` /description "because"→null /principal "p"→null /principalType "User"→null /role "reader"→null /scope "/subscriptions/s"→null`,
		"ann created " + keyAt + ": created " + keyAt,
		"bob deleted " + keyAt + ": deleted " + keyAt + ` /name "ci"→null /prefix "apic_abc"→null /role "reader"→null /scope "/"→null`,
	})
}

var key = inventory.Key{ID: "k1", Name: "ci", Prefix: "apic_abc", Hash: "h1", Role: "reader", Scope: "/", Expires: noon}

func (b *bench) putKey(k inventory.Key) inventory.Key {
	b.Helper()
	stored, err := b.PutKey(b.Context(), "ann", k)
	if err != nil {
		b.Fatal(err)
	}
	return stored
}

func (b *bench) keys(want ...inventory.Key) {
	b.Helper()
	all, err := b.Keys(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.same("keys", all, want)
}

func testKeys(_ *testing.T, b *bench) {
	b.keys()
	first := b.putKey(key)
	if first.Created.By != "ann" || first.Created.At.IsZero() || !first.Expires.Equal(noon) {
		b.Errorf("stored %+v", first)
	}
	second := b.putKey(inventory.Key{ID: "a-later-one", Hash: "h2"})
	b.keys(first, second)
	if err := b.DeleteKey(b.Context(), "bob", "k1"); err != nil {
		b.Error(err)
	}
	b.refused("second deletion", b.DeleteKey(b.Context(), "bob", "k1"), inventory.NotFound)
	b.keys(second)
}

func testSameKey(_ *testing.T, b *bench) {
	first := b.putKey(key)
	for what, k := range map[string]inventory.Key{
		"the same id":   {ID: "k1", Hash: "h2"},
		"the same hash": {ID: "k2", Hash: "h1"},
	} {
		_, err := b.PutKey(b.Context(), "ann", k)
		b.refused(what, err, inventory.Conflict)
	}
	b.keys(first)
}
