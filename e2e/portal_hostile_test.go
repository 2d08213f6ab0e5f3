package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"apicenter/e2e/browser"
)

// evil runs, if it runs, whatever it is taken for: text of an element, an attribute
// in either quote, a comment, a template, a style, an entity, Markdown, an address.
const evil = `"><script>window.hacked=1</script><img src=x onerror=window.hacked=2>'--><svg onload=window.hacked=3>` +
	`{{.}}${window.hacked=4}</style></textarea></title>&lt;script&gt;[x](javascript:window.hacked=5)<iframe src=//elsewhere.example>`

// wide has no place to break, turns the direction of what follows, and hides.
var wide = strings.Repeat("W", 2000) + "\u202e\u2066\u0000\u200b" + strings.Repeat("\u0301", 200)

// hostile is an OpenAPI document with evil wherever people read a text, schemas
// that lead in circles, and references that lead outside.
func hostile() []byte {
	ref := func(to string) map[string]any { return map[string]any{"$ref": to} }
	doc := map[string]any{
		"openapi": "3.0.3",
		"info": map[string]any{
			"title": evil, "version": evil, "description": evil + wide, "termsOfService": "javascript:window.hacked=6",
			"contact": map[string]any{"name": evil, "url": "javascript:window.hacked=7", "email": evil}, "license": map[string]any{"name": evil, "url": "data:text/html,<script>window.hacked=8</script>"},
		},
		"servers":      []any{map[string]any{"url": "javascript:window.hacked=9", "description": evil}, map[string]any{"url": "https://elsewhere.example/" + wide}},
		"externalDocs": map[string]any{"url": "javascript:window.hacked=10", "description": evil},
		"tags":         []any{map[string]any{"name": evil, "description": evil}},
		"paths": map[string]any{
			"/" + evil: map[string]any{"get": map[string]any{
				"operationId": evil, "summary": evil, "description": evil, "tags": []any{evil},
				"parameters": []any{map[string]any{"name": evil, "in": "query", "description": evil, "schema": map[string]any{"type": "string", "example": evil, "pattern": evil, "enum": []any{evil}, "default": evil}}},
				"responses":  map[string]any{"200": map[string]any{"description": evil, "content": map[string]any{evil: map[string]any{"schema": ref("#/components/schemas/Loop"), "example": evil}}}},
			}},
			"/" + wide: map[string]any{"get": map[string]any{"summary": wide, "responses": map[string]any{"200": map[string]any{"description": wide}}}},
			"/outside": map[string]any{"post": map[string]any{
				"requestBody": map[string]any{"content": map[string]any{"application/json": map[string]any{"schema": ref("https://elsewhere.example/schema.json")}}},
				"responses":   map[string]any{"200": map[string]any{"description": "ok", "content": map[string]any{"application/json": map[string]any{"schema": ref("file:///etc/passwd")}}}},
			}},
		},
		"components": map[string]any{"schemas": map[string]any{
			"Loop": map[string]any{"type": "object", "description": evil, "properties": map[string]any{evil: ref("#/components/schemas/Loop"), "all": map[string]any{"allOf": []any{ref("#/components/schemas/Loop")}}}},
		}},
	}
	b, err := json.Marshal(doc)
	if err != nil {
		panic(err)
	}
	return b
}

// TestHostileContent has a source, and people, say what is meant to harm who reads
// it: nothing of it runs, nothing is asked of another host, no page is broken.
func TestHostileContent(t *testing.T) {
	t.Parallel()
	d := startDemo(t, "--quiet-source")
	send := func(method, url, contentType string, body []byte) []byte {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+d.Token)
		req.Header.Set("Content-Type", contentType)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		answer, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode >= 300 {
			t.Fatalf("%s %s: %s %.600s %v", method, url, resp.Status, answer, err)
		}
		return answer
	}
	properties := func(p map[string]any) []byte {
		b, err := json.Marshal(map[string]any{"properties": p})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}

	// The source: an API whose document and words are hostile.
	send("PUT", d.Emulator+d.APIMID+"/apis/evil?api-version=2024-05-01", "application/json", properties(map[string]any{
		"format": "openapi+json", "value": string(hostile()), "path": "evil",
	}))
	send("PUT", d.Emulator+d.APIMID+"/apis/evil?api-version=2024-05-01", "application/json", properties(map[string]any{
		"displayName": (evil + wide)[:290], "description": evil + wide[:700], "path": "evil", "protocols": []any{"https"},
	}))

	// People: what they may write about an API, an environment and a schema.
	center := d.Center + d.ServiceID
	const version = "?api-version=2024-06-01-preview"
	send("PUT", center+"/metadataSchemas/evil"+version, "application/json", properties(map[string]any{
		"schema":     `{"type":"string","title":` + quoted(evil) + `,"description":` + quoted(evil) + `}`,
		"assignedTo": []any{map[string]any{"entity": "api"}, map[string]any{"entity": "environment"}},
	}))
	send("PUT", center+"/workspaces/default/apis/by-hand"+version, "application/json", properties(map[string]any{
		"title": evil[:45], "kind": "rest", "summary": (evil + wide)[:195], "description": evil + wide[:500],
		"termsOfService": map[string]any{"url": "javascript:window.hacked=11"}, "license": map[string]any{"name": evil[:90], "url": "javascript:window.hacked=12"},
		"externalDocumentation": []any{map[string]any{"title": evil[:45], "description": evil, "url": "javascript:window.hacked=13"}},
		"contacts":              []any{map[string]any{"name": evil[:90], "url": "javascript:window.hacked=14", "email": "javascript:window.hacked=15"}},
		"customProperties":      map[string]any{"evil": evil + wide[:500]},
	}))
	send("PUT", center+"/workspaces/default/apis/by-hand/versions/v-1"+version, "application/json", properties(map[string]any{"title": evil[:45], "lifecycleStage": "production"}))
	send("PUT", center+"/workspaces/default/environments/evil"+version, "application/json", properties(map[string]any{
		"title": evil[:45], "kind": "production", "description": evil, "customProperties": map[string]any{"evil": evil},
		"server":     map[string]any{"type": "Kubernetes", "managementPortalUri": []any{"javascript:window.hacked=16"}},
		"onboarding": map[string]any{"instructions": evil + wide[:500], "developerPortalUri": []any{"javascript:window.hacked=17"}},
	}))
	send("PUT", center+"/workspaces/default/apis/by-hand/deployments/evil"+version, "application/json", properties(map[string]any{
		"title": evil[:45], "description": evil, "environmentId": "/workspaces/default/environments/evil", "server": map[string]any{"runtimeUri": []any{"javascript:window.hacked=18"}},
	}))
	texts := map[string]string{
		"graphql": "# </pre>" + evil + "\ntype Query { \"\"\"" + evil + "\"\"\" a: String }", "wsdl": `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e "` + "x" + `">]><definitions xmlns="http://schemas.xmlsoap.org/wsdl/">&e;<documentation><script xmlns="http://www.w3.org/1999/xhtml">window.hacked=19</script></documentation></definitions>`,
		"asyncapi": "asyncapi: 2.6.0\ninfo:\n  title: " + quoted(evil) + "\n  version: '1'\nchannels: {}\n",
		"other":    `<svg xmlns="http://www.w3.org/2000/svg" onload="window.hacked=20"><script>window.hacked=21</script></svg>`,
	}
	for name, text := range texts {
		at := center + "/workspaces/default/apis/by-hand/versions/v-1/definitions/" + name
		send("PUT", at+version, "application/json", properties(map[string]any{"title": evil[:45], "description": evil}))
		body, err := json.Marshal(map[string]any{"format": "inline", "value": text, "specification": map[string]any{"name": name, "version": "1"}})
		if err != nil {
			t.Fatal(err)
		}
		send("POST", at+"/importSpecification"+version, "application/json", body)
	}

	name := ""
	for until := time.Now().Add(time.Minute); name == "" && time.Now().Before(until); time.Sleep(100 * time.Millisecond) {
		var page struct {
			Value []struct {
				Name       string
				Properties struct{ Description string }
			}
		}
		if err := json.Unmarshal(send("GET", center+"/workspaces/default/apis"+version, "application/json", nil), &page); err != nil {
			t.Fatal(err)
		}
		for _, a := range page.Value {
			if a.Name != "by-hand" && strings.Contains(a.Properties.Description, "window.hacked") {
				name = a.Name
			}
		}
	}
	if name == "" {
		t.Fatal("what the source says has not come into the inventory")
	}

	b := browser.Start(t, axe, *shots)
	for _, screen := range []struct {
		name  string
		width int64
	}{{"desk", 1280}, {"phone", 390}} {
		p := b.Page(t, d.Center, screen.width, 900)
		signInTo(p, d)
		var pages []string
		for _, api := range []string{name, "by-hand"} {
			at := "/portal/demo/default/apis/" + api
			pages = append(pages, at, at+"/versions", at+"/deployments", at+"/history", at+"/edit")
		}
		pages = append(pages, "/portal/demo/default/apis/"+name+"/versions/original/definitions/openapi", "/portal/demo/default/apis/"+name+"/versions/original/definitions/openapi/source")
		for definition := range texts {
			pages = append(pages, "/portal/demo/default/apis/by-hand/versions/v-1/definitions/"+definition)
		}
		pages = append(pages, "/portal/demo", "/portal/demo/default/apis?q=script", "/portal/demo/default/environments", "/portal/demo/default/environments/evil",
			"/portal/demo/-/activity", "/portal/demo/-/metadata", "/portal/demo/default/apis?q="+strings.ReplaceAll(`%22%3E%3Cscript%3Ewindow.hacked%3D22%3C%2Fscript%3E`, " ", ""))
		for i, page := range pages {
			p.Open(page)
			p.Check()
			if hacked := browser.Eval[float64](p, `window.hacked || 0`); hacked != 0 {
				t.Errorf("%s ran number %v", page, hacked)
			}
			if links := browser.Eval[[]string](p, `[...document.querySelectorAll("a[href], form[action], iframe, object, embed")].map(e => /^(A|FORM)$/.test(e.tagName) ? new URL(e.getAttribute("href") || e.getAttribute("action"), location).href : e.tagName).filter(h => !/^(https?|mailto):/.test(h))`); len(links) > 0 {
				t.Errorf("%s leads to %q", page, links)
			}
			p.Shot(fmt.Sprintf("%s-hostile-%02d", screen.name, i))
		}
	}
}

// quoted is a text as a string of JSON.
func quoted(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(b)
}
