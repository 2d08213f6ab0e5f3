package e2e

import (
	"strings"
	"testing"

	"apicenter/e2e/browser"
)

// TestPortalWithoutScript reads all of it with scripts switched off.
func TestPortalWithoutScript(t *testing.T) {
	t.Parallel()
	d := startDemo(t, "--quiet-source")
	p := browser.Start(t, axe, *shots).Page(t, d.Center, 1280, 900)
	p.Scripts(false)
	p.Open("/portal")
	p.Type("#key", d.Token+"\r")
	for _, page := range []struct{ path, says string }{
		{"/portal/demo", "GraphQL"},
		{"/portal/demo/default/apis", "Live order tracking"},
		{"/portal/demo/default/apis?q=loyalty", "Loyalty"},
		{"/portal/demo/default/apis?kind=graphql", "Store feed"},
		{"/portal/demo/default/environments", "Retail"},
		{"/portal/demo/default/links/retail", "In step"},
	} {
		if text := p.Read(page.path); !strings.Contains(text, page.says) {
			t.Errorf("%s does not say %q without script:\n%s", page.path, page.says, text)
		}
	}
	api := p.First("/portal/demo/default/apis?q=orders", "main tbody a")
	for path, says := range map[string]string{api: "Orders", api + "/versions": "Versions", api + "/deployments": "https://", api + "/history": "was added"} {
		if text := p.Read(path); !strings.Contains(text, says) {
			t.Errorf("%s does not say %q without script:\n%s", path, says, text)
		}
	}
	reader := p.First(api+"/versions", `main a[href*="/definitions/"]`)
	if text := p.Read(reader); !strings.Contains(text, "/orders") || !strings.Contains(strings.ToUpper(text), "GET") {
		t.Errorf("%s shows no operations without script:\n%s", reader, text)
	}
}

// TestPortalByKeyboard finds an API and reads it without a mouse.
func TestPortalByKeyboard(t *testing.T) {
	t.Parallel()
	d := startDemo(t, "--quiet-source")
	p := browser.Start(t, axe, *shots).Page(t, d.Center, 1280, 900)
	p.Open("/portal")
	p.Press(d.Token + "\r") // the field has the focus
	p.See("APIs")
	p.Press("\t")
	if on := p.Focused(); on != "Skip to the content" {
		t.Errorf("the first tab leads to %q", on)
	}
	p.Press("\r\t")
	if !browser.Eval[bool](p, `document.querySelector("main").contains(document.activeElement)`) {
		t.Errorf("after the skip link the focus is on %q, outside of the content", p.Focused())
	}
	browser.Eval[any](p, `document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key: "k", ctrlKey: true, bubbles: true})); null`)
	if on := browser.Eval[string](p, `document.activeElement.id`); on != "top-q" {
		t.Errorf("Control and K lead to %q", on)
	}
	p.Press("loyalty\r")
	p.See("Loyalty")
	for range 60 { // past the menu and the filters
		if p.Focused() == "Loyalty" {
			break
		}
		p.Press("\t")
	}
	p.Press("\r")
	p.See("Points, levels and rewards")
	if !browser.Eval[bool](p, `!!document.querySelector("main h1")`) {
		t.Error("the API's page has no heading")
	}
	// The menu opens and closes, and gives the focus back.
	browser.Eval[any](p, `document.querySelector(".top .menu:has(.who) summary").focus()`)
	p.Press("\r")
	p.See("Sign out everywhere")
	p.Press("\u001b")
	if browser.Eval[bool](p, `document.querySelector(".top .menu:has(.who)").open`) {
		t.Error("Escape leaves the menu open")
	}
}

// TestPortalSignInAtAnIssuer signs a person in at the emulated directory, and out again everywhere.
func TestPortalSignInAtAnIssuer(t *testing.T) {
	t.Parallel()
	d := startDemo(t, "--quiet-source")
	b := browser.Start(t, axe, *shots)
	in := func() *browser.Page {
		p := b.Page(t, d.Center, 1280, 900)
		p.Open("/portal/demo/default/links")
		p.Click("Sign in with " + strings.TrimPrefix(d.Authority, "http://"))
		p.See("tarnwick-retail") // where the page was to lead
		return p
	}
	one, other := in(), in()
	browser.Eval[any](one, `document.querySelector(".top .menu:has(.who)").open = true`)
	one.Click("Sign out everywhere")
	one.See("API key")
	other.Open("/portal/demo/default/links")
	other.See("API key")
}

// TestPortalWeight holds the first view to what a slow line takes.
func TestPortalWeight(t *testing.T) {
	t.Parallel()
	d := startDemo(t, "--quiet-source")
	b := browser.Start(t, axe, *shots)
	for _, path := range []string{"/portal/demo", "/portal/demo/default/apis", "/portal/demo/default/links"} {
		p := b.Page(t, d.Center, 1280, 900) // with nothing kept
		signInTo(p, d)
		p.Forget()
		p.Open(path)
		p.Settle()
		requests, bytes := p.Weight()
		t.Logf("%s: %d requests, %d bytes", path, requests, bytes)
		if requests > 10 || bytes > 150_000 || bytes < 5_000 {
			t.Errorf("%s takes %d requests and %d bytes; want at most 10 and 150,000", path, requests, bytes)
		}
	}
}
