package e2e

import (
	"strings"
	"testing"

	"apicenter/e2e/browser"
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
	p.See("What will come in")
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

	p.Open(strings.Replace(link, "/links/", "/apis?x=", 1))
	p.See("Orders")
	p.Open(link + "/doctor")
	p.See("Directory")
	p.Check()
	p.Shot("link-doctor")
}
