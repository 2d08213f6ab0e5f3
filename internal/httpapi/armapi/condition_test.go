package armapi_test

import (
	"net/http"
	"strings"
	"testing"

	"apicenter/internal/httpapi/armapi"
)

// bodies are what the kinds with conditions take, by the path of one of them.
var bodies = []struct{ path, body string }{
	{center + "/workspaces/more", `{"properties":{"title":"More"}}`},
	{api, `{"properties":{"title":"Pets","kind":"rest"}}`},
	{petVersion, `{"properties":{"title":"1","lifecycleStage":"design"}}`},
	{definition, `{"properties":{"title":"OpenAPI"}}`},
	{api + "/deployments/dep", `{"properties":{"title":"Dep"}}`},
	{space + "/environments/prod", `{"properties":{"title":"Prod","kind":"production"}}`},
	{link, linkBody},
	{schemaPath, `{"properties":{"schema":"{}"}}`},
	{analyzerPath, `{"properties":{"title":"Lint"}}`},
	{portalPath, `{"properties":{"title":"Portal"}}`},
}

func TestEveryChildHasConditions(t *testing.T) {
	d := centre(t)
	for _, b := range bodies {
		d.fails("PUT", b.path, b.body, 412, "PreconditionFailed", "", "If-Match", `"1-1"`)
		first := d.must("PUT", b.path, b.body, 201, "If-None-Match", "*").Header().Get("ETag")
		if again := d.must("GET", b.path, "", 200).Header().Get("ETag"); first == "" || again != first {
			t.Errorf("%s: tag %q, then %q", b.path, first, again)
		}
		d.must("GET", b.path, "", 304, "If-None-Match", first)
		d.must("HEAD", b.path, "", 304, "If-None-Match", first)
		changed := strings.Replace(b.body, `{"properties":{`, `{"properties":{"description":"changed","allowAnonymousAccess":true,"assignedTo":[{"entity":"api"}],"importSpecification":"always",`, 1)
		changed = strings.Replace(changed, `"design"`, `"retired"`, 1)
		d.fails("PUT", b.path, changed, 412, "PreconditionFailed", "", "If-None-Match", "*")
		d.fails("PUT", b.path, changed, 412, "PreconditionFailed", "", "If-None-Match", `"x", `+first)
		d.fails("PUT", b.path, changed, 412, "PreconditionFailed", "", "If-Match", `"none-of-ours"`)
		second := d.must("PUT", b.path, changed, 200, "If-Match", first).Header().Get("ETag")
		if second == first {
			t.Errorf("%s: the tag is %s after a change, too", b.path, first)
		}
		d.must("PUT", b.path, changed, 200, "If-None-Match", first)
		d.fails("DELETE", b.path, "", 412, "PreconditionFailed", "", "If-Match", first)
	}
	for i := len(bodies) - 1; i >= 0; i-- {
		tag := d.must("GET", bodies[i].path, "", 200).Header().Get("ETag")
		d.fails("DELETE", bodies[i].path, "", 412, "PreconditionFailed", "", "If-None-Match", "*")
		d.must("DELETE", bodies[i].path, "", 200, "If-Match", tag)
	}
}

func TestRestoringHasConditions(t *testing.T) {
	d := centre(t)
	const restore = `{"properties":{"restore":true}}`
	d.fails("PUT", center, restore, 412, "PreconditionFailed", "", "If-None-Match", "*")
	d.must("DELETE", center, "", 200)
	for _, method := range []string{"PUT", "PATCH"} {
		d.fails(method, center, restore, 412, "PreconditionFailed", "", "If-Match", "*")
	}
	d.must("PUT", center, restore, 200, "If-None-Match", "*")
}

func TestHeadIsGetWithoutABody(t *testing.T) {
	d := furnished(t)
	for _, o := range armapi.Operations() {
		if o.Method != http.MethodGet {
			continue
		}
		path := fill.Replace(o.Path)
		get, head := d.ask("GET", path, ""), d.ask("HEAD", path, "")
		if head.Code != get.Code || head.Header().Get("ETag") != get.Header().Get("ETag") || head.Header().Get("Content-Type") != get.Header().Get("Content-Type") {
			t.Errorf("HEAD %s: %d %v, GET: %d %v", path, head.Code, head.Header(), get.Code, get.Header())
		}
	}
}

func TestNamesAreThoseOfAzure(t *testing.T) {
	d := centre(t)
	for _, b := range bodies {
		if strings.Contains(b.path, petVersion) || strings.Contains(b.path, "/deployments/") {
			d.ask("PUT", api, bodies[1].body)
			d.ask("PUT", petVersion, bodies[2].body)
		}
		at := b.path[:strings.LastIndexByte(b.path, '/')+1]
		for _, name := range []string{"ab", "a%20bc", "a_bc", "a%3Bbc", "%C3%A9t%C3%A9", strings.Repeat("x", 91)} {
			d.fails("PUT", at+name, b.body, 400, "ValidationError", "3 to 90")
			d.must("GET", at+name, "", 404)
			d.must("DELETE", at+name, "", 204)
		}
		if b.path == portalPath { // there is one
			d.fails("PUT", at+"other", b.body, 400, "ValidationError", "default")
			d.must("PUT", at+"Default", b.body, 201)
			continue
		}
		d.must("PUT", at+strings.Repeat("x", 90), b.body, 201)
		if strings.HasSuffix(at, "/apiSources/") {
			continue // another to the same source cannot be
		}
		d.must("PUT", at+"ABC", b.body, 201)
		d.must("PUT", at+"abc", b.body, 200)
		if got := d.must("GET", at+"aBc", "", 200).Body.String(); !strings.Contains(got, `"name":"ABC"`) {
			t.Errorf("%sABC is shown as %s", at, got)
		}
	}
}

// TestWhatIsReadCanBePutBack: clients get, merge and put whole objects, with all
// that is read-only in them.
func TestWhatIsReadCanBePutBack(t *testing.T) {
	d := furnished(t)
	for _, path := range []string{
		center, space, api, petVersion, definition, api + "/deployments/dep", space + "/environments/prod", link, schemaPath, analyzerPath, portalPath,
	} {
		first := d.must("GET", path, "", 200)
		d.must("PUT", path, first.Body.String(), 200)
		again := d.must("GET", path, "", 200)
		if again.Body.String() != first.Body.String() || again.Header().Get("ETag") != first.Header().Get("ETag") {
			t.Errorf("%s reads %s, and when that is put back %s", path, first.Body, again.Body)
		}
	}
}
