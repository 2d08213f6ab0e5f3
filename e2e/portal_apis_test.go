package e2e

import (
	"strings"
	"testing"

	"apicenter/e2e/browser"
)

// apiCalled is the address of the page of an API of the demo.
func apiCalled(p *browser.Page, title string) string {
	p.Open("/portal/demo/default/apis?q=" + title)
	return browser.Eval[string](p, `[...document.querySelectorAll("main a")].find(a => a.innerText.trim() === `+"`"+title+"`"+`).getAttribute("href")`)
}

// readAPIs looks at the pages of an API and its definitions.
func readAPIs(p *browser.Page, screen string) {
	orders := apiCalled(p, "Orders")
	p.Open(orders + "/versions")
	definition := browser.Eval[string](p, `document.querySelector(".rows a.strong").getAttribute("href")`)
	parts := strings.Split(definition, "/")
	newest := parts[len(parts)-3] + "/" + parts[len(parts)-1]
	oldest := browser.Eval[string](p, `(a => a[a.length-1].getAttribute("href"))([...document.querySelectorAll(".rows a.strong")]).split("/").filter((x, i, all) => i === all.length-3 || i === all.length-1).join("/")`)
	search := apiCalled(p, "Search")
	p.Open(search + "/versions")
	graphql := browser.Eval[string](p, `document.querySelector(".rows a.strong").getAttribute("href")`)
	for _, page := range []struct{ name, path, says string }{
		{"api", orders, "In step"},
		{"versions", orders + "/versions", "New version"},
		{"deployments", orders + "/deployments", "https://"},
		{"history", orders + "/history", "was added"},
		{"definition", definition, "List orders"},
		{"schema", definition + "?schema=Order", "Order"},
		{"source", definition + "/source", "openapi"},
		{"graphql", graphql, "QUERIES"},
		{"compare", orders + "/compare?from=" + oldest + "&to=" + newest, "Breaking"},
		{"api-edit", orders + "/edit", "The source retail determines this"},
		{"api-delete", orders + "/delete", "delete the link"},
		{"api-new", "/portal/demo/default/-/new-api", "required"},
		{"definition-new", orders + "/versions/" + parts[len(parts)-3] + "/-/new-definition", "Or its text"},
		{"deployment-new", orders + "/-/new-deployment", "Base URLs"},
		{"environments", "/portal/demo/default/environments", "New environment"},
		{"environment", "/portal/demo/default/environments/retail", "What runs here"},
		{"environment-edit", "/portal/demo/default/environments/retail/edit", "How to get access"},
	} {
		p.Open(page.path)
		p.See(page.says)
		if page.name == "definition" {
			p.Click("GET / List orders")
			p.See("customerId")
		}
		p.Check()
		p.Shot(screen + "-" + page.name)
		if page.name == "definition" { // what is open stays so while one searches
			p.Type("#op-q", "list orders")
			p.Settle()
			p.See("customerId")
		}
	}
}

// TestPortalAPIs makes an API by hand, gives it a hostile definition, and reads it
// with scripts and without.
func TestPortalAPIs(t *testing.T) {
	t.Parallel()
	d := startDemo(t, "--quiet-source")
	b := browser.Start(t, axe, *shots)
	p := b.Page(t, d.Center, 1280, 900)
	signInTo(p, d)
	p.Open("/portal/demo/default/-/new-api")
	p.Fill("Title required", "Pets")
	browser.Eval[any](p, `document.getElementById("kind").value = '"rest"'; null`)
	p.Click("Create")
	p.See("No version yet")
	p.Click("Versions & definitions 0")
	p.Click("New version")
	p.Fill("Title required", "v1")
	browser.Eval[any](p, `document.getElementById("lifecycleStage").value = '"design"'; null`)
	p.Click("Create")
	p.Click("Definition")
	p.Fill("Title required", "OpenAPI")
	browser.Eval[any](p, `document.getElementById("document").value = `+"`"+hostilePets+"`"+`; null`)
	p.Click("Create")
	p.See("onerror=window.evil=1")
	p.Click("GET /pets <img src=x onerror=window.evil=1>")
	p.Check()
	p.Shot("hostile-definition")
	p.Click("Source")
	p.Check()
	p.Open("/portal/demo/default/apis/pets/versions/version-v1/definitions/openapi?schema=Pet")
	p.Check()
	if browser.Eval[bool](p, `"evil" in window || document.querySelector("main img, main script, main a[href^='javascript']") !== null`) {
		t.Error("something of a definition became part of the page")
	}
	p.Scripts(false)
	p.Open("/portal/demo/default/apis/pets")
	p.Click("OpenAPI")
	p.Click("GET /pets <img src=x onerror=window.evil=1>")
	p.See("The answer")
}

const hostilePets = `{"openapi":"3.0.1","info":{"title":"Pets<script>window.evil=1</script>","description":"[x](javascript:window.evil=1) <img src=x onerror=window.evil=1>","version":"1"},
"servers":[{"url":"javascript:window.evil=1"}],"externalDocs":{"url":"javascript:window.evil=1"},
"paths":{"/pets":{"get":{"summary":"<img src=x onerror=window.evil=1>","responses":{"200":{"description":"The answer","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Pet"}}}}}}}},
"components":{"schemas":{"Pet":{"type":"object","properties":{"<svg onload=window.evil=1>":{"type":"string","description":"</code></pre><script>window.evil=1</script>"},"again":{"$ref":"#/components/schemas/Pet"},"far":{"$ref":"https://evil.example/x.json"}}}}}}`
