package catalog_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"apicenter/internal/catalog"
	"apicenter/internal/inventory"
)

func TestDeletedServiceComesBackAsItWas(t *testing.T) {
	d := linked(t)
	d.put(workspace+"/apis/orders-1", `{"title":"Orders","kind":"rest","summary":"mine"}`)
	before := d.reads(workspace+"/apis/orders-1", `{"title":"Orders","description":"d","kind":"rest","summary":"mine","customProperties":{},"contacts":[],"externalDocumentation":[]}`)
	if err := d.Delete(d.ctx, id(center), catalog.Match{}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Get(d.ctx, id(workspace+"/apis/orders-1")); !errors.Is(err, inventory.NoParent) {
		t.Errorf("an API of a deleted service: %v, want no parent", err)
	}
	if err := d.Delete(d.ctx, id(center), catalog.Match{}); !errors.Is(err, inventory.NotFound) {
		t.Errorf("deleted again: %v", err)
	}
	e := d.refused(center, `{"location":"x"}`, inventory.Conflict)
	if !strings.Contains(e.Message, "properties.restore") || !strings.Contains(e.Message, "deletedServices") {
		t.Errorf("made again: %s", e.Message)
	}
	for range 2 { // twice is no error
		if r, err := d.Restore(d.ctx, id(center), catalog.Match{}); err != nil || r.Path != center {
			t.Fatalf("restored %+v, %v", r, err)
		}
	}
	after, err := d.Get(d.ctx, before.ID)
	if err != nil || after.Path != before.Path || after.Revision != before.Revision || string(after.Doc) != string(before.Doc) || !after.Linked {
		t.Errorf("restored %+v (%v), was %+v", after, err, before)
	}
	if _, err := d.Restore(d.ctx, id("sub/group/none"), catalog.Match{}); !errors.Is(err, inventory.NotFound) {
		t.Errorf("restore of nothing: %v", err)
	}
}

func TestPurge(t *testing.T) {
	d := linked(t)
	if err := d.Purge(d.ctx, id(center), catalog.Match{}); !errors.Is(err, inventory.NotFound) {
		t.Errorf("purge of a living service: %v", err)
	}
	if err := d.Delete(d.ctx, id(center), catalog.Match{}); err != nil {
		t.Fatal(err)
	}
	if err := d.Purge(d.ctx, id(center), catalog.Match{Tags: []catalog.Tag{{Key: -1}}}); !errors.Is(err, inventory.Changed) {
		t.Errorf("purge of another one: %v", err)
	}
	if err := d.Purge(d.ctx, id(center), catalog.Match{}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Restore(d.ctx, id(center), catalog.Match{}); !errors.Is(err, inventory.NotFound) {
		t.Errorf("restore after purge: %v", err)
	}
	d.put(center, `{"location":"x"}`)
}

func TestDeletedServicesArePurgedInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := centre(t)
		defer d.run()()
		if err := d.Delete(d.ctx, id(center), catalog.Match{}); err != nil {
			t.Fatal(err)
		}
		s, err := d.DeletedService(d.ctx, id(center))
		if err != nil || s.Purge.Sub(s.Deleted.At).Round(time.Second) != 30*24*time.Hour {
			t.Fatalf("deleted service %+v, %v", s, err)
		}
		time.Sleep(30*24*time.Hour - time.Hour)
		synctest.Wait()
		if _, err := d.DeletedService(d.ctx, id(center)); err != nil {
			t.Errorf("an hour before its time: %v", err)
		}
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		if _, err := d.DeletedService(d.ctx, id(center)); !errors.Is(err, inventory.NotFound) {
			t.Errorf("an hour after its time: %v", err)
		}
	})
}

func TestDeletedServicesOfAGroup(t *testing.T) {
	d := newDesk(t)
	for _, path := range []string{"s/g1/one", "s/g2/two", "other/g1/three", "s/g1/four", "s/g1/five"} {
		d.put(path, `{"location":"x"}`)
		if strings.HasSuffix(path, "five") {
			continue
		}
		if err := d.Delete(d.ctx, id(path), catalog.Match{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct{ subscription, group, want string }{
		{"S", "", "one two four"}, {"s", "G1", "one four"}, {"other", "", "three"}, {"none", "", ""},
	} {
		var got []string
		for q := (inventory.Query{Limit: 1}); ; {
			page, next, err := d.DeletedServices(d.ctx, tt.subscription, tt.group, q, everything)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range page {
				got = append(got, s.Name())
			}
			if q.After = next; next.IsZero() {
				break
			}
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("deleted services of %q %q: %v, want %s", tt.subscription, tt.group, got, tt.want)
		}
	}
}

func TestAmendChangesWhatIsGiven(t *testing.T) {
	d := newDesk(t)
	full := strings.NewReplacer("<ids>", "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities").Replace
	d.put(center, full(`{"location":"x","tags":{"a":"1"},"identity":{"type":"UserAssigned","userAssignedIdentities":{"<ids>/a":{},"<ids>/b":{}}}}`))
	for _, tt := range []struct{ name, tags, identity, want string }{
		{"nothing", "", "", `"tags":{"a":"1"},"identity":{"type":"UserAssigned","userAssignedIdentities":{"<ids>/a":{},"<ids>/b":{}}}`},
		{"tags", `{"b":"2"}`, "", `"tags":{"b":"2"},"identity":{"type":"UserAssigned","userAssignedIdentities":{"<ids>/a":{},"<ids>/b":{}}}`},
		{"an identity less", "", `{"userAssignedIdentities":{"<ids>/a":null,"<ids>/c":{}}}`, `"tags":{"b":"2"},"identity":{"type":"UserAssigned","userAssignedIdentities":{"<ids>/b":{},"<ids>/c":{}}}`},
		{"another type", "", `{"type":"None","userAssignedIdentities":null}`, `"tags":{"b":"2"},"identity":{"type":"None"}`},
	} {
		r, err := d.Amend(d.ctx, id(center), raw(tt.tags), raw(full(tt.identity)), catalog.Match{})
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if want := `{"location":"x","sku":{"name":"Standard"},` + full(tt.want) + `}`; !inventory.SameJSON(r.Doc, json.RawMessage(want)) {
			t.Errorf("%s: %s, want %s", tt.name, r.Doc, want)
		}
	}
	for _, tt := range []struct {
		tags, identity string
		m              catalog.Match
		want           inventory.Code
	}{
		{`[]`, "", catalog.Match{}, inventory.Invalid},
		{`{"a":1}`, "", catalog.Match{}, inventory.Invalid},
		{"", `5`, catalog.Match{}, inventory.Invalid},
		{"", `{"type":null}`, catalog.Match{}, inventory.Invalid},
		{`{}`, "", catalog.Match{Tags: []catalog.Tag{{Key: -1}}}, inventory.Changed},
	} {
		if _, err := d.Amend(d.ctx, id(center), raw(tt.tags), raw(tt.identity), tt.m); !errors.Is(err, tt.want) {
			t.Errorf("tags %s, identity %s: %v, want %s", tt.tags, tt.identity, err, tt.want)
		}
	}
	if _, err := d.Amend(d.ctx, id("sub/group/none"), raw(`{}`), nil, catalog.Match{}); !errors.Is(err, inventory.NotFound) {
		t.Errorf("amend of nothing: %v", err)
	}
}

func raw(text string) json.RawMessage {
	if text == "" {
		return nil
	}
	return json.RawMessage(text)
}

func TestTagsOfAService(t *testing.T) {
	d := newDesk(t)
	many := map[string]string{}
	for i := range 51 {
		many[strings.Repeat("x", i+1)] = ""
	}
	tooMany, err := json.Marshal(many)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ tags, fault string }{
		{`{"a":5}`, "texts"},
		{`[]`, "texts"},
		{`{"":"x"}`, "0 characters"},
		{`{"` + strings.Repeat("x", 513) + `":""}`, "513 characters"},
		{`{"a":"` + strings.Repeat("x", 257) + `"}`, "257 characters"},
		{string(tooMany), "51 members"},
	} {
		if e := d.refused(center, `{"location":"x","tags":`+tt.tags+`}`, inventory.Invalid); !strings.Contains(e.Message, tt.fault) || !strings.HasPrefix(e.Target, "tags") {
			t.Errorf("tags %.50s: %s at %s, want %q", tt.tags, e.Message, e.Target, tt.fault)
		}
	}
	d.put(center, `{"location":"x","tags":{"`+strings.Repeat("é", 512)+`":"`+strings.Repeat("é", 256)+`"}}`)
}

func TestOpenToAllIsSwitched(t *testing.T) {
	d := centre(t)
	res, err := d.Get(d.ctx, id(center))
	if err != nil {
		t.Fatal(err)
	}
	d.put(center+"/portals/default", `{"title":"Ours"}`)
	for _, open := range []bool{true, true, false} {
		if err := d.SetOpenToAll(d.ctx, res, open); err != nil {
			t.Fatal(err)
		}
		if got, err := d.OpenToAll(d.ctx, res.ID); got != open || err != nil {
			t.Errorf("open: %v, %v; want %v", got, err, open)
		}
	}
	d.reads(center+"/portals/default", `{"allowAnonymousAccess":false,"title":"Ours"}`)
	other := centre(t)
	if err := other.SetOpenToAll(other.ctx, res, true); err != nil {
		t.Errorf("without a portal: %v", err)
	}
}
