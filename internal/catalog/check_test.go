package catalog_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"apicenter/internal/catalog"
	"apicenter/internal/inventory"
)

// examiner finds what it is told to.
type examiner struct {
	findings []inventory.Finding
	hangs    bool // after the findings, until its context ends
	during   func()
	links    []inventory.Link
}

func (e *examiner) Check(ctx context.Context, link inventory.Link) ([]inventory.Finding, error) {
	e.links = append(e.links, link)
	if e.during != nil {
		e.during()
	}
	if e.hangs {
		<-ctx.Done()
		return e.findings, ctx.Err()
	}
	return e.findings, nil
}

var noRole = inventory.Finding{
	Check: "instance", Outcome: inventory.Refused, Message: "waiting for role: it may not read",
	Remedy: &inventory.Remedy{Role: "Reader", PrincipalID: "oid", Scope: gateway, Command: "az role assignment create"},
}

func examined(t *testing.T, findings ...inventory.Finding) (*desk, *examiner) {
	d := centre(t)
	e := &examiner{findings: findings}
	d.Catalog = catalog.New(d.store, catalog.Options{Waker: d.source, Checker: e})
	return d, e
}

func TestALinkWithoutItsRoleWaitsForItFromTheStart(t *testing.T) {
	d, _ := examined(t, inventory.Finding{Check: "token", Outcome: inventory.Passed}, noRole)
	s := inventory.StatusOf(d.put(linkPath, linkBody))
	if s.State != inventory.Failed || !s.Stalled || s.Message != "waiting for role: it may not read; grant it with: az role assignment create" || s.ChangedAt.IsZero() {
		t.Errorf("status %+v", s)
	}
	if len(d.source.notified) != 1 {
		t.Errorf("notified %q: the link is to be tried all the same", d.source.notified)
	}
}

func TestASourceOfAnotherDirectoryIsNotLinked(t *testing.T) {
	d, _ := examined(t, inventory.Finding{Check: inventory.CheckDirectory, Outcome: inventory.Refused, Message: "it is in directory B"})
	if e := d.refused(linkPath, linkBody, inventory.Invalid); e.Target != "properties.source" || e.Message != "it is in directory B" {
		t.Errorf("%+v", e)
	}
	if _, err := d.Get(d.ctx, id(linkPath)); !errors.Is(err, inventory.NotFound) {
		t.Errorf("after it: %v", err)
	}
}

func TestWhatACheckDoesNotLearnStopsNobody(t *testing.T) {
	for _, f := range []inventory.Finding{
		{Check: inventory.CheckDirectory, Outcome: inventory.Skipped},
		{Check: "apis", Outcome: inventory.NotProven, Message: "503"},
	} {
		d, _ := examined(t, f)
		if s := inventory.StatusOf(d.put(linkPath, linkBody)); s.State != inventory.Initializing {
			t.Errorf("%+v: %+v", f, s)
		}
	}
}

func TestLinkingWaitsForACheckASmallWhileOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, e := examined(t)
		e.hangs = true
		start := time.Now()
		s := inventory.StatusOf(d.put(linkPath, linkBody))
		if took := time.Since(start); s.State != inventory.Initializing || took > 5*time.Second {
			t.Errorf("after %v: %+v", took, s)
		}
	})
}

func TestALinkIsTriedOnlyWhenItReadsOtherwise(t *testing.T) {
	d, e := examined(t)
	const reader = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/reader"
	as := func(identity string) string {
		return strings.Replace(linkBody, `"source"`, `"identity":"`+identity+`","source"`, 1)
	}
	d.refused(linkPath, `{"sourceType":"AzureApiManagement"}`, inventory.Invalid)
	if len(e.links) != 0 {
		t.Error("a link that cannot be was tried")
	}
	d.put(linkPath, linkBody)
	d.put(linkPath, linkBody)
	d.put(linkPath, strings.Replace(linkBody, `"source"`, `"importSpecification":"never","source"`, 1))
	if len(e.links) != 1 || e.links[0].Source != gateway {
		t.Errorf("tried %+v", e.links)
	}
	e.findings = []inventory.Finding{noRole}
	s := inventory.StatusOf(d.put(linkPath, as(reader)))
	if len(e.links) != 2 || e.links[1].Identity != reader || s.State != inventory.Failed {
		t.Errorf("tried %+v: %+v", e.links, s)
	}
	d.put(linkPath, as("0d5b1c3e-6a47-4f92-8e10-b9c4d7a2f601")) // a client id
}

// TestARefusedCheckForgetsNothing has a pass end while the check goes on.
func TestARefusedCheckForgetsNothing(t *testing.T) {
	d, e := examined(t)
	d.put(linkPath, linkBody)
	e.findings = []inventory.Finding{noRole}
	e.during = func() {
		status := inventory.LinkStatus{State: inventory.Syncing, APIs: 3, Held: []string{"apis/orders"}}
		if err := d.store.Update(t.Context(), "test", func(tx inventory.Tx) error { return tx.SetStatus(id(linkPath), status) }); err != nil {
			t.Error(err)
		}
	}
	s := inventory.StatusOf(d.put(linkPath, strings.Replace(linkBody, `"source"`, `"identity":"0d5b1c3e-6a47-4f92-8e10-b9c4d7a2f601","source"`, 1)))
	if s.State != inventory.Failed || !s.Stalled || s.APIs != 3 || len(s.Held) != 1 {
		t.Errorf("status %+v", s)
	}
}

func TestCheckOfALink(t *testing.T) {
	d, e := examined(t, noRole)
	if _, err := d.Check(d.ctx, id(linkPath), nil); !errors.Is(err, inventory.NotFound) {
		t.Errorf("of none: %v", err)
	}
	if findings, err := d.Check(d.ctx, id(linkPath), doc(t, linkBody)); len(findings) != 1 || err != nil {
		t.Errorf("of one that is to be: %+v, %v", findings, err)
	}
	if _, err := d.Get(d.ctx, id(linkPath)); !errors.Is(err, inventory.NotFound) {
		t.Errorf("a check made it: %v", err)
	}
	if _, err := d.Check(d.ctx, id(linkPath), doc(t, `{"sourceType":"AzureApiManagement","source":"x"}`)); !errors.Is(err, inventory.Invalid) {
		t.Errorf("of one that cannot be: %v", err)
	}
	d.put(linkPath, linkBody)
	if findings, err := d.Check(d.ctx, id(linkPath), nil); len(findings) != 1 || err != nil {
		t.Errorf("of one that is there: %+v, %v", findings, err)
	}
	if _, err := d.Check(t.Context(), id(linkPath), nil); !errors.Is(err, inventory.Denied) {
		t.Errorf("by nobody: %v", err)
	}
	if n := len(e.links); n != 3 {
		t.Errorf("%d links were tried, want 3", n)
	}
}

func TestACheckThatDoesNotEndGivesWhatItFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, e := examined(t)
		e.hangs = true
		if _, err := d.Check(d.ctx, id(linkPath), doc(t, linkBody)); !errors.Is(err, inventory.Unavailable) {
			t.Errorf("nothing found: %v", err)
		}
		e.findings = []inventory.Finding{{Check: "token", Outcome: inventory.Passed}}
		if findings, err := d.Check(d.ctx, id(linkPath), doc(t, linkBody)); len(findings) != 1 || err != nil {
			t.Errorf("%+v, %v", findings, err)
		}
	})
}
