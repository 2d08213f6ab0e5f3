package portal_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"apicenter/internal/access"
	"apicenter/internal/feed"
	"apicenter/internal/inventory"
)

// sameName makes centers of the name that the desk's has, in other places, each with an API.
func sameName(t *testing.T) *desk {
	d := newDesk(t)
	for _, c := range []struct{ path, api string }{{"sub/second/center", "pets"}, {"other/second/center", "cats"}} {
		d.put(c.path, `{"location":"westeurope"}`)
		d.put(c.path+"/workspaces/default", `{"title":"Default"}`)
		d.put(c.path+"/workspaces/default/apis/"+c.api, `{"title":"The `+c.api+`","kind":"rest"}`)
		d.put(c.path+"/workspaces/default/environments/shop", `{"title":"Shop","kind":"production"}`)
		d.put(c.path+"/metadataSchemas/team", `{"schema":"{\"type\":\"string\"}"}`)
	}
	return d
}

func TestCentersOfOneNameHaveAddressesOfTheirOwn(t *testing.T) {
	d := sameName(t)
	b := d.signedIn(adminKey)
	b.shows("/portal", http.StatusOK, `href="/portal/center~group"`, `href="/portal/center~second~sub"`, `href="/portal/center~second~other"`, "second, in sub ·", "second, in other ·", ">group ·")
	for address, says := range map[string]string{
		"/portal/center": "Orders", "/portal/center~group": "Orders", "/portal/center~second": "The pets", "/portal/CENTER~Second": "The pets",
		"/portal/center~second~sub": "The pets", "/portal/center~second~other": "The cats",
	} {
		b.shows(address+"/default/apis", http.StatusOK, says)
	}
	for _, address := range []string{"/portal/center~none", "/portal/center~group~other", "/portal/center~", "/portal/~second"} {
		b.shows(address, http.StatusNotFound, "There is no API center")
	}
}

// A reader of feeds takes what has another id for something new.
func TestTheFeedOfACenterStaysThatWhenAnotherHasItsName(t *testing.T) {
	d := newDesk(t)
	ids := func(address string) []string {
		w := d.signedIn(adminKey).get(address + "/-/changes.atom")
		all := regexp.MustCompile(`<id>[^<]+</id>`).FindAllString(w.Body.String(), -1)
		if len(all) < 2 {
			t.Fatalf("%s: %d %s", address, w.Code, w.Body)
		}
		return all
	}
	before := ids("/portal/center")
	d.put("sub/second/center", `{"location":"westeurope"}`)
	if after := ids("/portal/center~group"); !slices.Equal(after, before) {
		t.Errorf("the ids are %q, and were %q", after, before)
	}
	if there := ids("/portal/center~second"); there[0] == before[0] {
		t.Errorf("both have the id %s", there[0])
	}
}

func TestPagesLeadOnInTheirCenter(t *testing.T) {
	d := sameName(t)
	b := d.signedIn(adminKey)
	const at = "/portal/center~second~sub"
	addresses := regexp.MustCompile(`(?:href|action|hx-get|formaction)="(/portal/center[^"]*)"`)
	b.shows("/portal/center", http.StatusOK, `href="/portal/center~group/default/apis"`)
	for _, page := range []string{
		"", "/default/apis", "/default/apis/pets", "/default/apis/pets/history", "/default/apis/pets/edit", "/default/apis/none", "/default/environments", "/default/environments/shop",
		"/default/links", "/default/new-link", "/-/metadata", "/-/metadata/team", "/-/activity", "/-/tombstones", "/-/settings", "/-/webhooks", "/-/access", "/-/keys", "/-/identities",
	} {
		found := addresses.FindAllStringSubmatch(b.get(at+page).Body.String(), -1)
		if len(found) == 0 {
			t.Errorf("%s leads nowhere", page)
		}
		for _, f := range found {
			if f[1] != at && !strings.HasPrefix(f[1], at+"/") && !strings.HasPrefix(f[1], at+"?") {
				t.Errorf("%s leads to %s", page, f[1])
			}
		}
	}
	if w := b.post(at+"/-/settings/tags", url.Values{"tags": {"team=pets"}}); w.Code != http.StatusSeeOther || w.Header().Get("Location") != at+"/-/settings" {
		t.Errorf("set tags: %d to %s\n%s", w.Code, w.Header().Get("Location"), w.Body)
	}
	one := d.signedIn(d.keyAt("one", access.ReaderID, feed.ARMID("sub/second/center")))
	if w := one.get("/portal"); w.Header().Get("Location") != at || one.get(at).Code != http.StatusOK {
		t.Errorf("who has a role on one is led to %q, which answers %d", w.Header().Get("Location"), one.get(at).Code)
	}
}

func TestOneOfTheCentersOfOneNameIsDeleted(t *testing.T) {
	d := sameName(t)
	b := d.signedIn(adminKey)
	there := func(path string) bool {
		_, err := d.people.Get(t.Context(), inventory.MustID(path))
		return err == nil
	}
	const end = "/portal/center~second~sub/-/settings/delete"
	if w := b.post(end, url.Values{"name": {"center"}}); w.Code != http.StatusSeeOther {
		t.Fatalf("delete: %d %s", w.Code, w.Body)
	}
	if w := b.post(end, url.Values{"name": {"center"}}); w.Code != http.StatusNotFound {
		t.Errorf("delete it again: %d", w.Code)
	}
	if !there(service) || there("sub/second/center") || !there("other/second/center") {
		t.Fatal("another one was deleted")
	}
	if w := b.post("/portal/-/services/restore", url.Values{"path": {"sub/second/center"}}); w.Header().Get("Location") != "/portal/center~second~sub" {
		t.Errorf("restore: %d to %s", w.Code, w.Header().Get("Location"))
	}
	b.post("/portal/center~group/-/settings/delete", url.Values{"name": {"center"}})
	for _, address := range []string{"/portal/center", "/portal/center~second", "/portal/center~second~sub"} {
		b.shows(address+"/default/apis", http.StatusOK, "The pets")
	}
}
