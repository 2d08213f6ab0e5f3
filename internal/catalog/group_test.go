package catalog_test

import (
	"context"
	"strings"
	"testing"

	"apicenter/internal/catalog"
	"apicenter/internal/inventory"
)

// groups says what groups a subscription has: "name@location".
func (d *desk) groups(subscription string) string {
	d.Helper()
	all, err := d.Groups(d.ctx, subscription)
	if err != nil {
		d.Fatal(err)
	}
	var out []string
	for _, g := range all {
		out = append(out, g.Name+"@"+g.Location)
	}
	return strings.Join(out, " ")
}

func TestGroupIsThereByItsServiceOrByItself(t *testing.T) {
	d := newDesk(t)
	d.put("Sub/Used/one", `{"location":"north"}`)
	d.put("Sub/used/two", `{"location":"south"}`)
	for _, name := range []string{"empty", "USED"} {
		g, created, err := d.PutGroup(d.ctx, inventory.Group{Subscription: "SUB", Name: name, Location: "north"})
		if err != nil || created != (name == "empty") || g.Created.By != "ada" {
			t.Errorf("make %s: %+v, new %v, %v", name, g, created, err)
		}
	}
	if _, _, err := d.PutGroup(d.ctx, inventory.Group{Subscription: "more", Name: "empty", Location: "local"}); err != nil {
		t.Error(err)
	}
	for subscription, want := range map[string]string{"sub": "Used@north empty@north", "more": "empty@local", "": "Used@north empty@north empty@local", "none": ""} {
		if got := d.groups(subscription); got != want {
			t.Errorf("groups of %q: %q, want %q", subscription, got, want)
		}
	}
	services, err := d.AllServices(d.ctx)
	if err != nil || len(services) != 2 || services[0].Name() != "one" {
		t.Errorf("services %+v, %v, want one and two", services, err)
	}
}

func TestGroupTakesTagsAndStays(t *testing.T) {
	d := newDesk(t)
	put := func(location string, tags map[string]string) (inventory.Group, error) {
		g, _, err := d.PutGroup(d.ctx, inventory.Group{Subscription: "s", Name: "Retail", Location: location, Tags: tags})
		return g, err
	}
	if _, err := put("West Europe", nil); err != nil {
		t.Fatal(err)
	}
	g, err := put("westeurope", map[string]string{"team": "a"})
	if err != nil || g.Location != "West Europe" || g.Tags["team"] != "a" {
		t.Errorf("tagged: %+v, %v", g, err)
	}
	if _, err := put("north", nil); inventory.CodeOf(err) != inventory.Conflict {
		t.Errorf("moved: %v, want a conflict", err)
	}
	if g, err := d.Group(d.ctx, "S", "RETAIL"); err != nil || g.Name != "Retail" || g.Tags["team"] != "a" {
		t.Errorf("after the conflict: %+v, %v", g, err)
	}
}

func TestGroupRefuses(t *testing.T) {
	d := newDesk(t)
	many := map[string]string{}
	for i := range 51 {
		many[strings.Repeat("x", i+1)] = ""
	}
	for name, g := range map[string]inventory.Group{
		"subscription": {Subscription: "a/b", Name: "g", Location: "x"},
		"name":         {Subscription: "s", Name: "a b", Location: "x"},
		"dot":          {Subscription: "s", Name: "a.", Location: "x"},
		"no location":  {Subscription: "s", Name: "g", Location: " "},
		"many tags":    {Subscription: "s", Name: "g", Location: "x", Tags: many},
		"long tag":     {Subscription: "s", Name: "g", Location: "x", Tags: map[string]string{"a": strings.Repeat("b", 257)}},
		"nameless tag": {Subscription: "s", Name: "g", Location: "x", Tags: map[string]string{"": "b"}},
	} {
		if _, _, err := d.PutGroup(d.ctx, g); inventory.CodeOf(err) != inventory.Invalid {
			t.Errorf("%s: %v, want invalid", name, err)
		}
	}
	if _, _, err := d.PutGroup(context.Background(), inventory.Group{Subscription: "s", Name: "g", Location: "x"}); inventory.CodeOf(err) != inventory.Denied {
		t.Errorf("by nobody: %v, want denied", err)
	}
	if got := d.groups(""); got != "" {
		t.Errorf("what was refused is there: %q", got)
	}
}

func TestGroupGoesWithItsServices(t *testing.T) {
	d := centre(t)
	segments := strings.Split(center, "/")
	d.put("other/"+segments[1]+"/kept", `{"location":"x"}`)
	if err := d.DeleteGroup(d.ctx, strings.ToUpper(segments[0]), segments[1]); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Get(d.ctx, id(center)); inventory.CodeOf(err) != inventory.NotFound {
		t.Errorf("the service: %v, want not found", err)
	}
	if _, err := d.Get(d.ctx, id("other/"+segments[1]+"/kept")); err != nil {
		t.Errorf("a service in a group of the same name: %v", err)
	}
	if _, err := d.Group(d.ctx, segments[0], segments[1]); inventory.CodeOf(err) != inventory.NotFound {
		t.Errorf("the group: %v, want not found", err)
	}
	if _, err := d.Restore(d.ctx, id(center), catalog.Match{}); err != nil {
		t.Errorf("restore the service: %v", err)
	}
}

func TestGroupGoes(t *testing.T) {
	d := newDesk(t)
	if _, _, err := d.PutGroup(d.ctx, inventory.Group{Subscription: "s", Name: "empty", Location: "x"}); err != nil {
		t.Fatal(err)
	}
	if err := d.DeleteGroup(d.ctx, "s", "Empty"); err != nil {
		t.Error(err)
	}
	if err := d.DeleteGroup(d.ctx, "s", "Empty"); inventory.CodeOf(err) != inventory.NotFound {
		t.Errorf("again: %v, want not found", err)
	}
	if _, err := d.Group(d.ctx, "s", "empty"); inventory.CodeOf(err) != inventory.NotFound {
		t.Errorf("get: %v, want not found", err)
	}
}
