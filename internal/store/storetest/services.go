package storetest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"apicenter/internal/inventory"
)

// services are the promises of deleting a service and giving it back.
var services = []promise{
	{"a deleted service is out of sight with all below it", testSoftDelete},
	{"a restored service is as it was", testRestore},
	{"a purged service is gone with what was kept of it", testPurge},
	{"rights on a service end when it is purged", testPurgeOfRights},
	{"nothing but a deleted service can be restored", testNothingToRestore},
	{"links of a deleted service neither wait nor write", testLinksOfDeleted},
}

// inhabit gives the service something of each sort.
func inhabit(b *bench) {
	b.put(petstore, "apis/petstore", `{"title":"Pets","kind":"rest"}`, `{"summary":"seed"}`, noon)
	b.own(version, `{"title":"1","lifecycleStage":"production"}`)
	b.own(definition, `{"title":"OpenAPI"}`)
	b.own(deployment, `{"definitionId":"`+inventory.ShortID(definition)+`"}`)
	b.own(workspace+"/environments/prod", `{"title":"Prod"}`)
	b.put(workspace+"/apis/former", "apis/former", `{"title":"Former"}`, `{}`, noon)
	b.own(workspace+"/apis/former", `{"summary":"kept"}`)
	b.drop(workspace + "/apis/former")
	b.own("sub/group/center-2/workspaces/default/apis/other", `{"title":"Pets"}`) // its path begins alike
}

// below gives all records of a service.
func (b *bench) below(path string) (all []inventory.Record) {
	b.Helper()
	b.view(func(tx inventory.Reader) (err error) {
		all, err = tx.Below(id(path))
		return err
	})
	return all
}

func (b *bench) softDelete(purge time.Time) {
	b.Helper()
	b.update(func(tx inventory.Tx) error { return tx.SoftDelete(id(service), purge) })
}

func (b *bench) deletedServices() (all []inventory.DeletedService) {
	b.Helper()
	b.view(func(tx inventory.Reader) (err error) {
		all, err = tx.DeletedServices()
		return err
	})
	return all
}

func testSoftDelete(t *testing.T, b *bench) {
	b.own("sub/group/center-2", `{"location":"x"}`)
	b.own("sub/group/center-2/workspaces/default", `{}`)
	inhabit(b)
	was, last := b.get(service), b.last()
	b.softDelete(noon)
	for _, path := range []string{service, workspace, linkPath, petstore, definition} {
		b.missing(path)
	}
	b.same("services", b.list(inventory.Query{Kind: inventory.KindService}), []string{"center-2"})
	b.same("APIs of any parent", b.list(inventory.Query{Kind: inventory.KindAPI}), []string{"other"})
	b.same("found anywhere", b.list(inventory.Query{Kind: inventory.KindAPI, Search: "pets"}), []string{"other"})
	b.same("events", b.since(last), []string{"ann softDeleted sub/group/center: softDeleted sub/group/center"})
	all := b.deletedServices()
	if len(all) != 1 || all[0].ID != id(service) || all[0].Path != was.Path || string(all[0].Doc) != string(was.Doc) ||
		!all[0].Purge.Equal(noon) || all[0].Deleted.By != "ann" || all[0].Deleted.At.IsZero() || all[0].Created != was.Created {
		t.Errorf("deleted services: %+v", all)
	}
	if _, err := inventory.ParseID("sub/group/center~deleted"); err == nil {
		t.Error("the place where it is kept can be named")
	}
	b.refused("delete again", b.Update(t.Context(), "ann", func(tx inventory.Tx) error { return tx.SoftDelete(id(service), noon) }), inventory.NotFound)
}

func testRestore(t *testing.T, b *bench) {
	b.own("Sub/Group/Center-2", `{"location":"x"}`)
	b.own("Sub/Group/Center-2/workspaces/default", `{}`)
	inhabit(b)
	b.update(func(tx inventory.Tx) error {
		return tx.PutHint(inventory.Hint{Link: id(linkPath), API: "apis/x", Trigger: "request"})
	})
	was := b.below(service)
	b.softDelete(noon)
	last := b.last()
	b.update(func(tx inventory.Tx) error {
		r, err := tx.Restore(id(service))
		if r.ID != id(service) || r.Path != was[0].Path {
			t.Errorf("restored %+v", r)
		}
		return err
	})
	if diff := cmp.Diff(was, b.below(service), cmpopts.EquateComparable(inventory.ID{})); diff != "" {
		t.Errorf("what was restored differs (-before +after):\n%s", diff)
	}
	b.same("events", b.since(last), []string{"ann restored sub/group/center: restored sub/group/center"})
	b.same("deleted services", len(b.deletedServices()), 0)
	b.same("hints", len(b.hints()), 1)
	b.same("found", b.list(inventory.Query{Parent: id(workspace), Kind: inventory.KindAPI, Search: "pets"}), []string{"petstore"})
	b.begin()
	b.put(workspace+"/apis/former", "apis/former", `{"title":"Former"}`, `{}`, noon.Add(time.Hour))
	b.reads(workspace+"/apis/former", `{"title":"Former","summary":"kept","customProperties":{},"contacts":[],"externalDocumentation":[]}`)
	b.own("sub/group/center-2", `{"location":"y"}`)
	b.softDelete(noon) // once more
}

func testPurge(t *testing.T, b *bench) {
	b.own("sub/group/center-2", `{"location":"x"}`)
	b.own("sub/group/center-2/workspaces/default", `{}`)
	inhabit(b)
	b.softDelete(noon)
	last := b.last()
	b.update(func(tx inventory.Tx) error { return tx.Purge(id(service)) })
	b.same("events", b.since(last), []string{"ann purged sub/group/center: purged sub/group/center"})
	b.same("deleted services", len(b.deletedServices()), 0)
	b.refused("purge again", b.Update(t.Context(), "ann", func(tx inventory.Tx) error { return tx.Purge(id(service)) }), inventory.NotFound)
	b.get("sub/group/center-2/workspaces/default/apis/other")

	b.own(service, `{"title":"x"}`)
	b.own(workspace, `{}`)
	b.own(linkPath, `{"source":"/Instance/A"}`)
	b.begin()
	b.put(workspace+"/apis/former", "apis/former", `{"title":"Former"}`, `{}`, noon)
	b.reads(workspace+"/apis/former", `{"title":"Former","customProperties":{},"contacts":[],"externalDocumentation":[]}`)
}

func testPurgeOfRights(_ *testing.T, b *bench) {
	const (
		group  = "/subscriptions/sub/resourcegroups/group"
		center = group + "/providers/microsoft.apicenter/services/center"
	)
	for name, scope := range map[string]string{
		"a1": center, "a2": center + "/workspaces/default/apis/petstore", "a3": group + "/providers/microsoft.apicenter/deletedservices/center",
		"a4": group, "a5": center + "-2", "a6": "/",
	} {
		b.assign(inventory.Assignment{Name: name, Scope: scope, Role: "reader", Principal: "p"})
		b.putKey(inventory.Key{ID: "k" + name, Name: "ci", Hash: inventory.Digest(name), Role: "reader", Scope: scope})
	}
	left := func() (names []string) {
		for _, a := range b.assignments() {
			names = append(names, a.Name)
		}
		keys, err := b.Keys(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		for _, k := range keys {
			names = append(names, k.ID)
		}
		slices.Sort(names)
		return names
	}
	b.softDelete(noon)
	b.same("rights on what can be restored", len(left()), 12)
	last := b.last()
	b.update(func(tx inventory.Tx) error { return tx.Purge(id(service)) })
	b.same("rights that are left", left(), []string{"a4", "a5", "a6", "ka4", "ka5", "ka6"})
	var told []string
	for _, e := range b.since(last) {
		told = append(told, strings.SplitN(e, ":", 2)[0])
	}
	slices.Sort(told)
	b.same("events", told, []string{
		"ann deleted /access/keys/ka1", "ann deleted /access/keys/ka2", "ann deleted /access/keys/ka3",
		"ann deleted /access/roleAssignments/a1", "ann deleted /access/roleAssignments/a2", "ann deleted /access/roleAssignments/a3",
		"ann purged sub/group/center",
	})
}

func testNothingToRestore(t *testing.T, b *bench) {
	for name, do := range map[string]func(inventory.Tx) error{
		"restore of what is there":  func(tx inventory.Tx) error { _, err := tx.Restore(id(service)); return err },
		"restore of nothing":        func(tx inventory.Tx) error { _, err := tx.Restore(id(service + "-2")); return err },
		"purge of what is there":    func(tx inventory.Tx) error { return tx.Purge(id(service)) },
		"soft deletion of nothing":  func(tx inventory.Tx) error { return tx.SoftDelete(id(service+"-2"), noon) },
		"soft deletion of no child": func(tx inventory.Tx) error { return tx.SoftDelete(id(petstore), noon) },
	} {
		b.refused(name, b.Update(t.Context(), "ann", do), inventory.NotFound)
	}
	b.refused("soft deletion of a workspace", b.Update(t.Context(), "ann", func(tx inventory.Tx) error {
		return tx.SoftDelete(id(workspace), noon)
	}), inventory.Invalid)
}

func testLinksOfDeleted(t *testing.T, b *bench) {
	b.begin()
	waiting := func() (links []inventory.ID) {
		b.view(func(tx inventory.Reader) (err error) {
			links, err = tx.Waiting(time.Now())
			return err
		})
		return links
	}
	b.same("links that wait", len(waiting()), 1)
	b.softDelete(noon)
	b.same("links that wait", len(waiting()), 0)
	write := func(inventory.SourceTx) error { return nil }
	b.refused("write while it is deleted", b.try(write), inventory.Superseded)
	b.update(func(tx inventory.Tx) error { _, err := tx.Restore(id(service)); return err })
	b.refused("write with the claim of before", b.try(write), inventory.Superseded)
	b.same("links that wait", len(waiting()), 1)
	b.begin()
	if err := b.try(write); err != nil {
		t.Errorf("write with a new claim: %v", err)
	}
}

// operations are the promises of long operations.
var operations = []promise{
	{"a long operation is told to its end", testOperation},
	{"what nobody does any more has failed", testAbandon},
	{"ended operations are forgotten", testForget},
}

func (b *bench) operation(name string) inventory.Operation {
	b.Helper()
	var o inventory.Operation
	b.view(func(tx inventory.Reader) (err error) {
		o, err = tx.Operation(name)
		return err
	})
	return o
}

func testOperation(t *testing.T, b *bench) {
	o := inventory.Operation{Name: "op-1", On: id(service), Action: "importFromApim", By: "ann", Status: inventory.InProgress, Started: noon}
	b.update(func(tx inventory.Tx) error { return tx.PutOperation(o) })
	b.same("while it goes on", b.operation("op-1"), o)
	o.Status, o.Ended, o.Failure = inventory.Broken, noon.Add(time.Second), inventory.Errorf(inventory.Invalid, "value", "no %s", strings.Repeat("x", 9))
	b.update(func(tx inventory.Tx) error { return tx.PutOperation(o) })
	b.same("at its end", b.operation("op-1"), o)
	b.refused("another", b.View(t.Context(), func(tx inventory.Reader) error { _, err := tx.Operation("op-2"); return err }), inventory.NotFound)
}

func testAbandon(_ *testing.T, b *bench) {
	on := inventory.Operation{Name: "on", On: id(service), Action: "a", By: "ann", Status: inventory.InProgress, Started: noon}
	done := inventory.Operation{Name: "done", On: id(service), Action: "a", By: "ann", Status: inventory.Succeeded, Started: noon, Ended: noon}
	b.update(func(tx inventory.Tx) error {
		for _, o := range []inventory.Operation{on, done} {
			if err := tx.PutOperation(o); err != nil {
				return err
			}
		}
		return tx.AbandonOperations(inventory.Errorf(inventory.Unavailable, "", "the server stopped"))
	})
	b.same("one that was done", b.operation("done"), done)
	if o := b.operation("on"); o.Status != inventory.Broken || o.Ended.IsZero() || o.Failure.Message != "the server stopped" {
		b.Errorf("one that went on: %+v", o)
	}
}

func testForget(t *testing.T, b *bench) {
	b.update(func(tx inventory.Tx) error {
		for name, ended := range map[string]time.Time{"old": noon, "new": noon.Add(time.Hour), "on": {}} {
			o := inventory.Operation{Name: name, On: id(service), Action: "a", By: "ann", Status: inventory.InProgress, Started: noon, Ended: ended}
			if err := tx.PutOperation(o); err != nil {
				return err
			}
		}
		return tx.ForgetOperations(noon.Add(time.Minute))
	})
	b.operation("new")
	b.operation("on")
	b.refused("an old one", b.View(t.Context(), func(tx inventory.Reader) error { _, err := tx.Operation("old"); return err }), inventory.NotFound)
}
