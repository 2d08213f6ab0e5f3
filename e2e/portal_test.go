package e2e

import (
	"flag"
	"net/http"
	"net/url"
	"testing"

	"apicenter/e2e/browser"
	"apicenter/e2e/system"
)

var shots = flag.String("shots", "", "folder for pictures of the portal's pages")

// axe is where make node puts axe-core.
const axe = "node/node_modules/axe-core/axe.min.js"

// signInTo signs a browser in with the demo's key, as a person does.
func signInTo(p *browser.Page, d system.CenterReady) {
	p.Open("/portal")
	p.Fill("API key", d.Token)
	p.Click("Sign in")
	p.See("Home") // in the menu: the page that follows is there
}

// TestPortalPages looks at every page, in the light and in the dark, on a desk and
// on a phone: nothing keeps people out, nothing is asked of other hosts.
func TestPortalPages(t *testing.T) {
	t.Parallel()
	d := startDemo(t, "--quiet-source")
	b := browser.Start(t, axe, *shots)
	for _, screen := range []struct {
		name          string
		width, height int64
		dark          bool
	}{{"desk", 1280, 900, false}, {"dark", 1280, 900, true}, {"phone", 390, 844, false}} {
		t.Run(screen.name, func(t *testing.T) {
			t.Parallel()
			p := b.Page(t, d.Center, screen.width, screen.height)
			p.Dark(screen.dark)
			p.Open("/portal")
			p.Check()
			p.Shot(screen.name + "-sign-in")
			signInTo(p, d)
			for _, page := range []struct{ name, path, says string }{
				{"home", "/portal/demo", "Home"},
				{"inventory", "/portal/demo/default/apis", "APIs"},
				{"search", "/portal/demo/default/apis?q=" + url.QueryEscape("orders"), "APIs"},
				{"access", "/portal/demo/-/access", "Access control"},
				{"keys", "/portal/demo/-/keys", "API keys"},
				{"facets", "/portal/demo/default/apis?stage=design&kind=rest&kind=soap", "APIs"},
				{"cards", "/portal/demo/default/apis?view=cards", "APIs"},
				{"none", "/portal/demo/default/apis?q=nothingofthesort", "No API fits"},
				{"metadata", "/portal/demo/-/metadata", "Metadata"},
				{"metadata-new", "/portal/demo/-/new-metadata", "What people will see"},
				{"settings", "/portal/demo/-/settings", "Limits in force"},
				{"activity", "/portal/demo/-/activity", "Activity"},
				{"activity-breaking", "/portal/demo/-/activity?breaking=yes&action=updated", "Activity"},
				{"tombstones", "/portal/demo/-/tombstones", "Removed things"},
				{"webhooks", "/portal/demo/-/webhooks", "Webhooks"},
				{"webhook-new", "/portal/demo/-/new-webhook", "Address"},
				{"links", "/portal/demo/default/links", "tarnwick-retail"},
				{"link", "/portal/demo/default/links/retail", "Last run"},
				{"link-run", "/portal/demo/default/links/retail/runs/1", "What came of it"},
				{"link-doctor", "/portal/demo/default/links/retail/doctor", "Directory"},
				{"link-delete", "/portal/demo/default/links/retail/delete", "Leave it"},
				{"link-edit", "/portal/demo/default/links/retail/edit", "See what it would do"},
				{"link-plan", "/portal/demo/default/links/retail/plan", "What would change"},
				{"link-access", "/portal/demo/default/links/retail/access", "az role assignment"},
				{"identities", "/portal/demo/-/identities", "System-assigned"},
				{"link-new", "/portal/demo/default/new-link", "Environment title"},
			} {
				p.Open(page.path)
				p.See(page.says)
				p.Check()
				p.Shot(screen.name + "-" + page.name)
			}
			p.Refused("/portal/demo/default/apis/none", http.StatusNotFound)
			p.See("Not found")
			p.Check()
			p.Shot(screen.name + "-fault")
			readAPIs(p, screen.name)
		})
	}
}
