package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"apicenter/e2e/browser"
)

// TestPortalGovernStory is what somebody who looks after an API center does in the
// browser: metadata with a preview as he types, a webhook, who did all that, and what there was before.
func TestPortalGovernStory(t *testing.T) {
	t.Parallel()
	d := startDemo(t, "--quiet-source")
	b := browser.Start(t, axe, *shots)
	p := b.Page(t, d.Center, 1280, 900)
	signInTo(p, d)

	p.Click("Metadata")
	p.See("No metadata of your own yet")
	p.Click("New metadata")
	p.Fill("Name", "tier")
	p.Click("Choice one of some values")
	p.Fill("Values", "gold | answered at once")
	p.Fill("Title (optional)", "Support tier")
	p.See("Support tier")
	if options := browser.Eval[int](p, `document.querySelectorAll("#preview select option").length`); options != 2 {
		t.Errorf("the preview offers %d options, want none and gold", options)
	}
	p.Check()
	p.Shot("metadata-preview")
	p.Click("Make it")
	p.See("Support tier")
	p.Check()

	p.Click("Webhooks")
	p.Click("New webhook")
	p.Fill("Name", "chat")
	p.Fill("Address", "https://hooks.example.com/apis?key=swordfish")
	p.Click("Make the webhook")
	p.See("It is shown this once")
	p.Check()
	p.Shot("webhook-made")

	p.Click("Activity")
	p.See("Webhook chat was added")
	p.Fill("By", "nobody of this name")
	p.See("Nothing that is known fits")
	p.Check()
	// A moment is typed in the zone of the reader, and asked for exactly.
	p.Open("/portal/demo/-/activity")
	browser.Eval[any](p, `(() => { const f = document.getElementById("since"); f.value = "2999-01-01T00:00"; f.dispatchEvent(new Event("input", {bubbles: true})); })()`)
	p.See("Nothing that is known fits")
	if at := p.Location(); !strings.Contains(at, "2999-01-01T") && !strings.Contains(at, "2998-12-31T") || !strings.Contains(at, "Z") {
		t.Errorf("the address of what happened since a moment is %s", at)
	}
	p.Open("/portal/demo/-/activity?kind=api&text=orders")
	p.Click("As of then")
	p.See("Back to the present")
	p.See("Where it ran")
	if p.Has("Edit") {
		t.Error("what was can be edited")
	}
	p.Check()
	p.Shot("api-then")
	p.Click("APIs")
	p.Open("/portal/demo/default/apis?at=" + time.Now().UTC().Format(time.RFC3339))
	p.See("Back to the present")
	p.See("Orders")
	p.Check()
	p.Shot("inventory-then")
	p.Click("Back to the present")
	p.See("Take all")
	p.Refused("/portal/demo/default/apis?at=2999-01-01", http.StatusBadRequest)
	p.See("yet to come")
	p.Check()
	p.Shot("no-past")
	p.Scripts(false)
	p.Open("/portal/demo/-/activity?kind=schema")
	p.See("Metadata tier was added")
	p.Open("/portal/demo/-/metadata/tier")
	p.See("Support tier")
	p.Scripts(true)
}
