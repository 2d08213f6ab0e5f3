package portal_test

import (
	"bufio"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"apicenter/internal/access"
	"apicenter/internal/auth"
	"apicenter/internal/feed"
	"apicenter/internal/inventory"
	"apicenter/internal/portal"
	"apicenter/internal/source"
)

func TestLinkIsSteered(t *testing.T) {
	d, a := linkDesk(t)
	d.link("contoso")
	a.notified = nil
	admin, reader := d.signedIn(adminKey), d.signedIn(d.key("reader", access.ReaderID))
	for _, path := range []string{"/sync", "/delete", "/approve", "/reject"} {
		if w := reader.post(linksPage+"/contoso"+path, url.Values{"what": {"delete"}, "all": {"yes"}}); w.Code != http.StatusForbidden {
			t.Errorf("a reader: %s: %d", path, w.Code)
		}
	}
	if body := reader.shows(linksPage+"/contoso", http.StatusOK); strings.Contains(body, "Sync now") || strings.Contains(body, "/delete") {
		t.Error("a reader is offered what he may not do")
	}
	if w := admin.post(linksPage+"/contoso/sync", nil); w.Code != http.StatusSeeOther || len(a.notified) != 1 {
		t.Errorf("sync: %d, notified %v", w.Code, a.notified)
	}
	admin.shows(linksPage+"/contoso/doctor", http.StatusOK, "got one", "Freshness")
	if w := admin.post(linksPage+"/contoso/approve", nil); w.Code != http.StatusBadRequest {
		t.Errorf("approve nothing: %d", w.Code)
	}
}

func TestHeldDeletionsAreJudged(t *testing.T) {
	d, _ := linkDesk(t)
	d.link("contoso")
	d.holds("contoso", "apis/a", "apis/b")
	b := d.signedIn(adminKey)
	b.shows(linksPage+"/contoso", http.StatusOK, "Held deletions", "apis/a", "too many at once")
	b.tellsOfHeld(`<a href="#held">2 deletions wait</a> for approval`)
	if w := b.post(linksPage+"/contoso/reject", url.Values{"external": {"apis/a"}}); w.Code != http.StatusSeeOther {
		t.Errorf("reject: %d %s", w.Code, w.Body)
	}
	b.shows(linksPage+"/contoso", http.StatusOK, "Rejected", "ada")
	b.tellsOfHeld(`<a href="#held">1 deletion waits</a> for approval`)
	if w := b.post(linksPage+"/contoso/approve", allHeld(b.reads(linksPage+"/contoso"))); w.Code != http.StatusSeeOther {
		t.Errorf("approve all: %d %s", w.Code, w.Body)
	}
	if got := d.verdicts("contoso"); got != "apis/a rejected, apis/b approved" {
		t.Error(got)
	}
}

func TestTheEndOfALinkIsTold(t *testing.T) {
	d, _ := linkDesk(t)
	d.link("contoso")
	b := d.signedIn(adminKey)
	if body := b.shows(linksPage+"?deleted=contoso", http.StatusOK); strings.Contains(body, "deleted.") {
		t.Error("what is there is called deleted")
	}
	to := b.post(linksPage+"/contoso/delete", url.Values{"what": {"delete"}}).Header().Get("Location")
	b.shows(to, http.StatusOK, "The link contoso is being deleted.", "Deleting", `hx-get="`+to+`"`)
	err := d.store.Update(t.Context(), "test", func(tx inventory.Tx) error {
		return tx.Delete(inventory.MustID(workspace+"/links/contoso"), inventory.Condition{})
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, headers := range [][]string{nil, {"HX-Request", "true"}} {
		w := b.get(to, headers...)
		b.says("the list after it", w.Code, w.Body.String(), http.StatusOK, []string{"The link contoso is deleted.", "No links yet"})
	}
}

// What an address says is told only where it can be so.
func TestNothingElseIsToldToBeDeleted(t *testing.T) {
	d, _ := linkDesk(t)
	b := d.signedIn(adminKey)
	for _, name := range []string{"", "your account", "x/apis/y", "a%2Fb"} {
		if body := b.shows(linksPage+"?deleted="+url.QueryEscape(name), http.StatusOK); strings.Contains(body, "is deleted") {
			t.Errorf("%q is told to be deleted", name)
		}
	}
}

func TestWhoHasARoleOnALinkAloneIsLedToNoOthers(t *testing.T) {
	d, _ := linkDesk(t)
	d.link("contoso")
	owner, _ := d.guard.FindRole("Owner")
	b := d.signedIn(d.keyAt("owner of a link", owner.ID, feed.ARMID(workspace+"/links/contoso")))
	if body := b.shows(linksPage+"/contoso", http.StatusOK); strings.Contains(body, `href="`+linksPage+`"`) {
		t.Error("the page leads to the list of links")
	}
	if to := b.post(linksPage+"/contoso/delete", url.Values{"what": {"delete"}}).Header().Get("Location"); to != "/portal" {
		t.Errorf("who has deleted it is led to %q", to)
	}
	if err := d.store.Update(t.Context(), "test", func(tx inventory.Tx) error {
		return tx.Delete(inventory.MustID(workspace+"/links/contoso"), inventory.Condition{})
	}); err != nil {
		t.Fatal(err)
	}
	if to := b.get(linksPage+"/contoso", "HX-Request", "true").Header().Get("HX-Redirect"); to != "/portal" {
		t.Errorf("who looked at it is led to %q", to)
	}
	if w := b.get(linksPage + "/contoso/watch"); w.Body.String() != "event: gone\ndata: /portal\n\n" {
		t.Errorf("who watched it is told %q", w.Body)
	}
	b.shows("/portal", http.StatusOK, "no API center that you may see")
}

// All are those that the page showed: neither what is held since, nor what
// somebody has judged or the source has brought back meanwhile.
func TestAllHeldDeletionsAreThoseShown(t *testing.T) {
	d, _ := linkDesk(t)
	d.link("contoso")
	d.holds("contoso", "apis/a", "apis/b", "apis/c \"&")
	b := d.signedIn(adminKey)
	shown := allHeld(b.reads(linksPage + "/contoso"))
	d.holds("contoso", "apis/new")
	if w := b.post(linksPage+"/contoso/reject", url.Values{"external": {"apis/a"}}); w.Code != http.StatusSeeOther {
		t.Fatalf("reject: %d %s", w.Code, w.Body)
	}
	if err := d.store.Update(t.Context(), "test", func(tx inventory.Tx) error {
		return tx.EndDeletion(inventory.MustID(workspace+"/links/contoso"), "apis/b")
	}); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time, nothing of it waits any more
		if w := b.post(linksPage+"/contoso/approve", shown); w.Code != http.StatusSeeOther {
			t.Errorf("approve all: %d %s", w.Code, w.Body)
		}
		if got := d.verdicts("contoso"); got != `apis/a rejected, apis/c "& approved, apis/new ` {
			t.Error(got)
		}
	}
	for name, form := range map[string]url.Values{"nothing": {"all": {"yes"}}, "no list": {"all": {"yes"}, "held": {"apis/new"}}} {
		if w := b.post(linksPage+"/contoso/approve", form); w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
}

var heldInput = regexp.MustCompile(`<input type="hidden" name="held" value="([^"]*)">`)

// allHeld is what "Delete all" and "Keep all" of a page send.
func allHeld(page string) url.Values {
	form := url.Values{"all": {"yes"}}
	for _, m := range heldInput.FindAllStringSubmatch(page, -1) {
		form.Add("held", html.UnescapeString(m[1]))
	}
	return form
}

// holds has a link hold deletions back.
func (d *desk) holds(link string, externals ...string) {
	d.Helper()
	id := inventory.MustID(workspace + "/links/" + link)
	if err := d.store.Update(d.Context(), "test", func(tx inventory.Tx) error {
		for _, e := range externals {
			if err := tx.PutDeletion(id, inventory.Deletion{External: e, Why: "too many at once", Since: time.Now()}); err != nil {
				return err
			}
		}
		return tx.SetStatus(id, inventory.LinkStatus{State: inventory.Syncing, Held: externals})
	}); err != nil {
		d.Fatal(err)
	}
}

// verdicts tells the deletions of a link and what was said of them.
func (d *desk) verdicts(link string) string {
	d.Helper()
	all, err := d.people.Deletions(auth.With(d.Context(), administrator), inventory.MustID(workspace+"/links/"+link))
	if err != nil {
		d.Fatal(err)
	}
	texts := make([]string, len(all))
	for i, deletion := range all {
		texts[i] = deletion.External + " " + string(deletion.Verdict)
	}
	return strings.Join(texts, ", ")
}

// tellsOfHeld wants the part of a link's page that changes by itself to say so.
func (b *browser) tellsOfHeld(text string) {
	b.Helper()
	w := b.get(linksPage+"/contoso", "HX-Request", "true")
	b.says("the live part", w.Code, w.Body.String(), http.StatusOK, []string{text})
}

func TestLinkIsDeleted(t *testing.T) {
	d, _ := linkDesk(t)
	d.link("contoso")
	for i := range 50 {
		d.brings(workspace+"/links/contoso", fmt.Sprintf("%s/apis/brought-%d", workspace, i), fmt.Sprintf("apis/%d", i), fmt.Sprintf(`{"title":"Brought %d","kind":"rest"}`, i))
	}
	b := d.signedIn(adminKey)
	b.shows(linksPage+"/contoso/delete", http.StatusOK, "<b>50</b> APIs", "Type the name", "Brought 7", "These become entries of your own")
	for _, form := range []url.Values{{}, {"what": {"delete"}}, {"what": {"delete"}, "name": {"other"}}} {
		if w := b.post(linksPage+"/contoso/delete", form); w.Code != http.StatusBadRequest {
			t.Errorf("delete with %v: %d", form, w.Code)
		}
	}
	if w := b.post(linksPage+"/contoso/delete", url.Values{"what": {"keep"}}); w.Code != http.StatusSeeOther || w.Header().Get("Location") != linksPage+"?deleted=contoso" {
		t.Errorf("delete: %d %v %s", w.Code, w.Header(), w.Body)
	}
	link, err := d.people.Get(t.Context(), inventory.MustID(workspace+"/links/contoso"))
	if s := inventory.StatusOf(link); err != nil || s.State != inventory.Deleting || !s.HandsOver {
		t.Errorf("state %+v, %v; want it to be handed over", s, err)
	}
	if body := b.shows(linksPage+"/contoso", http.StatusOK, "Deleting"); strings.Contains(body, "Sync now") {
		t.Error("a link that goes can be synchronised")
	}
}

func TestLinkRests(t *testing.T) {
	d, _ := linkDesk(t)
	d.link("contoso")
	b := d.signedIn(adminKey)
	if w := b.post(linksPage+"/contoso/pause", nil); w.Code != http.StatusSeeOther {
		t.Fatalf("pause: %d %s", w.Code, w.Body)
	}
	if body := b.shows(linksPage+"/contoso", http.StatusOK, "Paused", "ada paused it", "Resume"); strings.Contains(body, "Sync now") {
		t.Error("a paused link can be synchronised")
	}
	b.shows(linksPage, http.StatusOK, "Paused")
	if w := b.post(linksPage+"/contoso/resume", nil); w.Code != http.StatusSeeOther {
		t.Errorf("resume: %d %s", w.Code, w.Body)
	}
	b.shows(linksPage+"/contoso", http.StatusOK, "Sync now")
	reader := d.signedIn(d.key("reader", access.ReaderID))
	for _, path := range []string{"/pause", "/resume", "/edit", "/apply", "/inherit"} {
		if w := reader.post(linksPage+"/contoso"+path, nil); w.Code != http.StatusForbidden {
			t.Errorf("a reader: %s: %d", path, w.Code)
		}
	}
}

func TestLinkSettingsChange(t *testing.T) {
	d, a := linkDesk(t)
	d.link("contoso")
	b := d.signedIn(adminKey)
	b.shows(linksPage+"/contoso/edit", http.StatusOK, `value="always" selected`, "See what it would do")
	form := url.Values{"import": {"never"}, "stage": {"testing"}, "onVanish": {"hold"}, "target": {"120"}, "exclude": {"tag=internal\nname=test-*"}}
	b.shows(linksPage+"/contoso/plan?"+form.Encode(), http.StatusOK, onePlan, "Save and do this", `value="hold"`)
	b.shows(linksPage+"/contoso/edit?"+form.Encode(), http.StatusOK, `value="hold" selected`, "tag=internal")
	if w := b.post(linksPage+"/contoso/edit", form); w.Code != http.StatusSeeOther {
		t.Fatalf("save: %d %s", w.Code, w.Body)
	}
	b.shows(linksPage+"/contoso", http.StatusOK, "tag=internal", "name=test-*", "held until somebody approves", "2 min", "Testing")
	form.Set("digest", onePlan)
	form.Set("target", "60")
	if w := b.post(linksPage+"/contoso/edit", form); w.Code != http.StatusSeeOther {
		t.Errorf("save with a plan: %d %s", w.Code, w.Body)
	}
	b.shows(linksPage+"/contoso", http.StatusOK, "A plan was agreed to")
	for field, bad := range map[string]string{"target": "1", "exclude": "x", "identity": "me"} {
		wrong := url.Values{"import": {"never"}, field: {bad}}
		w := b.post(linksPage+"/contoso/edit", wrong)
		if w.Code != http.StatusBadRequest || field != "identity" && !strings.Contains(w.Body.String(), `id="`+field+`-fault"`) {
			t.Errorf("%s %q: %d %s", field, bad, w.Code, w.Body)
		}
	}
	if w := b.get(linksPage + "/contoso/plan?target=1"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "10") {
		t.Errorf("the plan of what may not be: %d", w.Code)
	}
	// The plan of the link as it is.
	b.shows(linksPage+"/contoso/plan", http.StatusOK, "Do this", "Pets&lt;script&gt;")
	if w := b.post(linksPage+"/contoso/apply", url.Values{"digest": {onePlan}}); w.Code != http.StatusSeeOther {
		t.Errorf("apply: %d %s", w.Code, w.Body)
	}
	if w := b.post(linksPage+"/contoso/apply", url.Values{"digest": {"x"}}); w.Code != http.StatusBadRequest {
		t.Errorf("apply what is no plan: %d", w.Code)
	}
	a.fault = &source.Error{Message: "the source is down"}
	b.shows(linksPage+"/contoso/plan", http.StatusOK, "the source is down")
	a.fault = errors.New("select * from link")
	if body := b.shows(linksPage+"/contoso/plan", http.StatusOK, "log tells why"); strings.Contains(body, "select") {
		t.Error("what is ours is told to readers")
	}
}

// What a plan comes to is told whole, and in good English of one, too.
func TestPlansAreCounted(t *testing.T) {
	d, a := linkDesk(t)
	d.link("contoso")
	b := d.signedIn(adminKey)
	for count, says := range map[string]string{
		"adds": "<b>1</b> comes in.", "updates": "<b>1</b> changes.", "moves": "<b>1</b> moves.", "merges": "<b>1</b> becomes one with another.",
		"joins": "<b>1</b> joins an API of another link.", "deletes": "<b>1</b> goes.", "leaves": "<b>1</b> leaves the scope.",
		"kept": "<b>1</b> is kept though gone at the source.", "held": "<b>1</b> waits for approval.", "limited": "<b>1</b> stays out: a limit.",
	} {
		a.plan = map[string]any{"digest": onePlan, "observed": 1, "requests": 1, "expectedSeconds": 1, count: 1, "changes": []any{}}
		body := b.shows(linksPage+"/contoso/plan", http.StatusOK, says, "1 API version seen", "1 second and 1 request to the source", "Do this")
		if strings.Contains(body, "Nothing") {
			t.Errorf("%s: it says that nothing would change", count)
		}
	}
	a.plan = map[string]any{"digest": onePlan, "kept": 2, "adds": 3, "changes": []any{}}
	b.shows(linksPage+"/contoso/plan", http.StatusOK, "<b>3</b> come in, <b>2</b> are kept though gone at the source.")
	b.shows(newLink+"/review?"+typed("plan", "yes", "name", "other", "instance", strings.Replace(gateway, "contoso", "other", 1)).Encode(), http.StatusOK, "0 requests to the source")
}

func TestLinkInherits(t *testing.T) {
	d, _ := linkDesk(t)
	d.link("contoso")
	b := d.signedIn(adminKey)
	b.shows(linksPage+"/contoso", http.StatusOK, "After a rename", "integration events -i contoso --create", "Microsoft.ApiManagement.APICreated", "/hooks/events")
	for _, from := range []string{"", "x", gateway, gateway + "-old"} {
		if w := b.post(linksPage+"/contoso/inherit", url.Values{"from": {from}}); w.Code != http.StatusBadRequest {
			t.Errorf("inherit from %q: %d %s", from, w.Code, w.Body)
		}
	}
}

// A stream ends when nothing goes on any more, or when the link is gone.
func TestWatchEnds(t *testing.T) {
	d, _ := linkDesk(t)
	d.stopping = nil // the server goes on
	d.open(portal.Issuers{})
	d.link("contoso")
	b := d.signedIn(adminKey)
	server := httptest.NewServer(d.handler)
	t.Cleanup(server.Close)
	end := func(change func()) string {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+linksPage+"/contoso/watch", nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range b.cookies {
			r.AddCookie(&http.Cookie{Name: name, Value: value})
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body := bufio.NewReader(resp.Body)
		if line, err := body.ReadString('\n'); !strings.HasPrefix(line, "data: ") {
			t.Fatalf("the stream begins with %q, %v", line, err)
		}
		change()
		rest, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		return string(rest)
	}
	if body := end(func() {
		d.status("contoso", inventory.LinkStatus{State: inventory.Syncing, SyncedAt: time.Now(), ProvenAt: time.Now()})
	}); !strings.Contains(body, "In step") || !strings.Contains(body, "event: done") {
		t.Errorf("once it is in step: %s", body)
	}
	d.status("contoso", inventory.LinkStatus{State: inventory.Deleting})
	if body := end(func() {
		if err := d.store.Update(t.Context(), "test", func(tx inventory.Tx) error {
			return tx.Delete(inventory.MustID(workspace+"/links/contoso"), inventory.Condition{})
		}); err != nil {
			t.Error(err)
		}
	}); !strings.Contains(body, "event: gone") {
		t.Errorf("once it is gone: %s", body)
	}
	if w := b.get(linksPage + "/contoso/watch"); !strings.Contains(w.Body.String(), "event: gone") {
		t.Errorf("after it is gone: %d %s", w.Code, w.Body)
	}
	if w := b.get(linksPage+"/contoso", "HX-Request", "true"); w.Header().Get("HX-Redirect") != linksPage {
		t.Errorf("the part of a page of what is gone: %d %v", w.Code, w.Header())
	}
	if w := d.browser().get(linksPage+"/contoso", "HX-Request", "true", "HX-Current-URL", "http://host"+linksPage+"?a=b"); w.Header().Get("HX-Redirect") != "/portal/-/sign-in?to="+url.QueryEscape(linksPage+"?a=b") {
		t.Errorf("a part for nobody: %d %v", w.Code, w.Header())
	}
	if body := b.get(newLink+"/plan", "HX-Request", "true").Body.String(); strings.Contains(body, "<html") || !strings.Contains(body, "Choose an instance") {
		t.Errorf("the error of a part: %s", body)
	}
}
