package portal_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"apicenter/internal/access"
	"apicenter/internal/inventory"
)

const severalPage = "/portal/center/default/apis/-/edit"

// hidden are the values that a page carries along.
func hidden(page string) url.Values {
	v := url.Values{}
	for _, m := range regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`).FindAllStringSubmatch(page, -1) {
		if m[1] != "to" {
			v.Add(m[1], strings.NewReplacer("&#34;", `"`, "&amp;", "&").Replace(m[2]))
		}
	}
	return v
}

func (d *desk) custom(api, name string) string {
	d.Helper()
	r, err := d.people.Get(d.Context(), inventory.MustID(workspace+"/apis/"+api))
	if err != nil {
		d.Fatal(err)
	}
	doc, err := inventory.ParseDoc(r.Doc)
	if err != nil {
		d.Fatal(err)
	}
	return doc.Text(inventory.Field("/" + name))
}

func TestSeveralAPIsAreEdited(t *testing.T) {
	d := stocked(t)
	b := d.signedIn(adminKey)
	page := b.page(severalPage + "?all=yes&kind=rest&kind=soap")
	if names := hidden(page)["api"]; len(names) != 3 || !strings.Contains(page, `name="set:lifecycleStage"`) || !strings.Contains(page, `name="set:customProperties/team"`) {
		t.Fatalf("the form is for %v\n%s", names, page)
	}
	form := hidden(page)
	form.Set("set:lifecycleStage", "yes")
	form.Set("lifecycleStage", `"retired"`)
	form.Set("set:customProperties/team", "yes")
	form.Set("customProperties/team", `"blue"`)
	w := b.post(severalPage, form)
	preview := w.Body.String()
	for _, want := range []string{
		"1 API changes, 0 are like that already, 2 are refused.",
		`<del>production</del> <span aria-hidden="true">→</span><span class="hidden"> becomes </span> <ins>retired</ins>`,
		`<del>red</del>`, "has no version, and its lifecycle stage is that of its newest version",
	} {
		if w.Code != http.StatusOK || !strings.Contains(preview, want) {
			t.Errorf("%d: the preview has no %s\n%s", w.Code, want, preview)
		}
	}
	if got := d.custom("api0", "lifecycleStage"); got != "production" {
		t.Errorf("the preview made it %s", got)
	}
	form = hidden(preview)
	form.Set("step", "apply")
	if w = b.post(severalPage, form); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "1 changed, 0 as they were, 0 refused.") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if got := d.custom("api0", "lifecycleStage") + d.custom("api0", "customProperties/team"); got != "retiredblue" {
		t.Errorf("it became %s", got)
	}
	// A preview holds for what it has seen, and for nothing else.
	w = b.post(severalPage, form)
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "0 changed, 0 as they were, 1 refused.") || !strings.Contains(w.Body.String(), "has changed since it was read") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// From the preview one comes back to the form, with all APIs and all values, and
// from either to the list as it was narrowed.
func TestSeveralAreEditedAgain(t *testing.T) {
	b := stocked(t).signedIn(adminKey)
	const narrowed = "kind=rest&kind=soap"
	page := b.page(severalPage + "?all=yes&" + narrowed)
	const address, back = `action="` + severalPage + `?all=yes&amp;kind=rest&amp;kind=soap"`, `href="` + apisPage + `?kind=rest&amp;kind=soap"`
	b.says("the form", http.StatusOK, page, http.StatusOK, []string{address, back})
	form := with(with(hidden(page), "set:lifecycleStage", "yes"), "lifecycleStage", `"retired"`)
	w := b.post(severalPage+"?all=yes&"+narrowed, form)
	b.says("the preview", w.Code, w.Body.String(), http.StatusOK, []string{address, back, `value="change">`})
	w = b.post(severalPage+"?all=yes&"+narrowed, with(hidden(w.Body.String()), "step", "change"))
	again := b.says("the form again", w.Code, w.Body.String(), http.StatusOK, []string{"Edit 3 APIs", address, back, `value="&#34;retired&#34;" selected`, `name="set:lifecycleStage" value="yes" checked`})
	if names := hidden(again)["api"]; len(names) != 3 {
		t.Errorf("the form is for %v", names)
	}
	w = b.post(severalPage, with(hidden(b.post(severalPage, form).Body.String()), "step", "apply"))
	b.says("what was done", w.Code, w.Body.String(), http.StatusOK, []string{"1 changed, 0 as they were, 0 refused."})
}

func TestSeveralTakeAway(t *testing.T) {
	d := stocked(t)
	b := d.signedIn(adminKey)
	form := url.Values{"api": {"api0", "api1", "api2"}, "set:customProperties/team": {"yes"}, "customProperties/team": {""}}
	w := b.post(severalPage, form)
	if !strings.Contains(w.Body.String(), "2 APIs change, 1 is like that already, 0 are refused.") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	form = hidden(w.Body.String())
	form.Set("step", "apply")
	b.post(severalPage, form)
	if got := d.custom("api0", "customProperties/team") + d.custom("api1", "customProperties/team"); got != "" {
		t.Errorf("left is %q", got)
	}
}

func TestSeveralRefuseNonsense(t *testing.T) {
	d := stocked(t)
	b := d.signedIn(adminKey)
	for what, form := range map[string]url.Values{
		"no API":            {"set:contacts": {"yes"}},
		"nothing ticked":    {"api": {"api0"}, "lifecycleStage": {`"retired"`}},
		"no JSON":           {"api": {"api0"}, "set:lifecycleStage": {"yes"}, "lifecycleStage": {"retired"}},
		"a name that is no": {"api": {"api0/versions/one"}, "set:contacts": {"yes"}},
		"a tag that is no":  {"api": {"api0 x"}, "set:contacts": {"yes"}},
	} {
		if w := b.post(severalPage, form); w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", what, w.Code)
		}
	}
	// What a schema forbids, and what is not there, is refused one by one.
	w := b.post(severalPage, url.Values{"api": {"api0", "nowhere"}, "set:customProperties/team": {"yes"}, "customProperties/team": {`"green"`}})
	if !strings.Contains(w.Body.String(), "0 APIs change, 0 are like that already, 2 are refused.") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := b.get(severalPage); w.Code != http.StatusBadRequest {
		t.Errorf("without any: %d", w.Code)
	}
}

func TestReadersEditNothing(t *testing.T) {
	d := stocked(t)
	b := d.signedIn(d.key("reader", access.ReaderID))
	if page := b.page(apisPage); strings.Contains(page, "/-/edit") || strings.Contains(page, `name="api"`) {
		t.Error("a reader is offered what he may not do")
	}
	if w := b.get(severalPage + "?api=api0"); w.Code != http.StatusForbidden {
		t.Errorf("the form: %d", w.Code)
	}
	form := url.Values{"api": {"api0"}, "set:contacts": {"yes"}, "step": {"apply"}}
	if w := b.post(severalPage, form); w.Code != http.StatusForbidden {
		t.Errorf("the change: %d", w.Code)
	}
	if w := d.signedIn(adminKey).post(severalPage, form, "Sec-Fetch-Site", "cross-site"); w.Code != http.StatusForbidden {
		t.Errorf("from another site: %d", w.Code)
	}
	picked := d.signedIn(adminKey).page(apisPage + "?api=api1")
	if !strings.Contains(picked, `value="api1" aria-label="Edit Old billing" checked`) {
		t.Error("what was ticked is lost")
	}
}
