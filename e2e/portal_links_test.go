package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"apicenter/e2e/browser"
	"apicenter/e2e/system"
)

// sparing counts what a person has to do.
type sparing struct {
	*browser.Page
	clicks, typed int
}

func (s *sparing) Click(name string) {
	s.clicks++
	s.Page.Click(name)
}

func (s *sparing) Fill(label, text string) {
	s.typed++
	s.Page.Fill(label, text)
}

// TestPortalLinkStory is the whole life of a link in the browser: an empty center,
// the first link, what it brings, a change at the source, and the end of it.
func TestPortalLinkStory(t *testing.T) {
	t.Parallel()
	d := startDemo(t, "--no-link")
	b := browser.Start(t, axe, *shots)
	p := &sparing{Page: b.Page(t, d.Center, 1280, 900)}
	signInTo(p.Page, d)
	p.Click("Links")
	p.See("No links yet")
	p.Check()
	p.Shot("links-empty")
	p.Click("New link")
	p.See("Environment title")
	p.Check()
	p.Shot("link-new")
	p.Click("Check and plan")
	p.See("What it would do, API by API")
	p.Check()
	p.Shot("link-review")
	p.Click("Create link")
	p.See("In step")
	if p.clicks > 6 || p.typed > 2 {
		t.Errorf("%d clicks and %d typed fields from sign-in to the first link synchronised; want at most 6 and 2", p.clicks, p.typed)
	}
	t.Logf("%d clicks, %d typed fields", p.clicks, p.typed)
	p.Check()
	p.Shot("link-synced")
	link := p.Location()

	// What the source has is here, and what changes there.
	p.Click("See the APIs")
	p.See("Loyalty")
	rename(t, d, "loyalty", "Loyalty club")
	p.Open(link)
	p.Click("Plan")
	p.See("Loyalty club")
	p.Check()
	p.Shot("link-plan")
	p.Click("Do this")
	p.See("1 changed")
	p.Open("/portal/demo/default/apis?q=club")
	p.See("Loyalty club")

	// It rests, and goes on.
	p.Open(link)
	p.Click("Pause")
	p.See("Nothing is read until somebody resumes it")
	p.Check()
	p.Shot("link-paused")
	p.Click("Resume")
	p.See("In step")

	// Without script, all that is read is there.
	p.Scripts(false)
	p.Open(link)
	p.See("What came of it")
	p.Open("/portal/demo/default/new-link?part=" + url.QueryEscape(d.APIMID+"/workspaces/marketplace"))
	p.See("(linked)")
	p.Scripts(true)

	// The end of it.
	p.Open(link)
	p.Click("Delete")
	p.See("These go: ")
	p.Check()
	p.Shot("link-delete")
	p.Click("Delete the link")
	p.See(" is deleted.")
	p.See("No links yet")
	p.Check()
	p.Open("/portal/demo/default/apis")
	if strings.Contains(p.Text(), "Loyalty") {
		t.Error("an API of the link is still there")
	}
}

// rename gives an API of the demo's source another name.
func rename(t *testing.T, d system.CenterReady, api, title string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, d.Center+d.APIMID+"/apis/"+api+"?api-version=2024-05-01",
		strings.NewReader(`{"properties":{"displayName":"`+title+`"}}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+d.Token)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("If-Match", "*")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("rename %s: %s", api, resp.Status)
	}
}
