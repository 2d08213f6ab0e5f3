package e2e

import (
	"strings"
	"testing"
	"time"

	"apicenter/e2e/browser"
)

// TestPortalInventory is a curator's: find by an operation inside a definition,
// narrow, and change what is found, all at once.
func TestPortalInventory(t *testing.T) {
	d := startDemo(t, "--quiet-source")
	b := browser.Start(t, axe, *shots)
	p := b.Page(t, d.Center, 1280, 900)
	signInTo(p, d)
	const list = "/portal/demo/default/apis"

	// What definitions define is read in the background: it is there soon.
	for range 20 {
		if p.Open(list + "?q=block-account"); strings.Contains(p.Text(), "Loyalty") {
			break
		}
		time.Sleep(250 * time.Millisecond)
	}
	p.Open(list)
	p.Type("#q", "block acc")
	p.See("Loyalty")
	p.See("in version")
	p.Check()
	p.Shot("inventory-found")

	p.Open(list)
	p.Click("SOAP")
	p.See("2 APIs")
	if got := p.Location(); got != list+"?kind=soap" {
		t.Errorf("the address is %s", got)
	}
	p.Check()
	p.Shot("inventory-chosen")
	p.Click("Edit all 2")
	p.See("Edit 2 APIs")
	p.Check()
	p.Shot("several")
	p.Click("Change: Lifecycle")
	browser.Eval[any](p, `(() => { const s = document.querySelector("[name=lifecycleStage]"); s.value = '"deprecated"'; })()`)
	p.Click("Preview")
	p.See("2 APIs change")
	p.Check()
	p.Shot("several-preview")
	p.Click("Change 2 APIs")
	p.See("2 changed, 0 as they were, 0 refused")
	p.Check()
	p.Open(list + "?stage=deprecated")
	p.See("2 APIs")

	phone := b.Page(t, d.Center, 390, 844)
	signInTo(phone, d)
	phone.Open(list + "/-/edit?all=yes")
	phone.Check()
	phone.Shot("phone-several")
	phone.Open(list + "?kind=soap")
	phone.Check()
	phone.Shot("phone-chosen")
}
