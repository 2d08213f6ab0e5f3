package cli

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const petstore = `openapi: 3.1.0
info:
  title: Pet Store
  summary: All about pets
  description: Sells pets.
  version: 1.2.0
  termsOfService: https://pets.example/terms
  contact: {name: Ann, email: ann@pets.example, url: https://pets.example}
  license: {name: MIT, identifier: MIT}
externalDocs: {description: The guide, url: https://docs.pets.example}
servers:
  - url: https://{region}.pets.example/v1
    variables: {region: {default: eu}}
  - url: /relative
paths: {}
`

func TestRegister(t *testing.T) {
	w := newWorld(t)
	w.run("environment", "create", "--environment-id", "prod", "--title", "Production", "--type", "production")
	file := fileOf(t, "petstore.yaml", petstore)
	w.run("api", "register", "-l", file, "-e", "prod")
	w.has(inWorkspace+"/apis/pet-store", "title=Pet Store", "kind=rest", "summary=All about pets", "description=Sells pets.", "lifecycleStage=design",
		"termsOfService.url=https://pets.example/terms", `contacts=[{"email":"ann@pets.example","name":"Ann","url":"https://pets.example"}]`,
		`license={"identifier":"MIT","name":"MIT"}`,
		`externalDocumentation=[{"description":"The guide","title":"External documentation","url":"https://docs.pets.example"}]`)
	w.has(inWorkspace+"/apis/pet-store/versions/1-2-0", "title=1.2.0", "lifecycleStage=design")
	w.has(inWorkspace+"/apis/pet-store/versions/1-2-0/definitions/openapi", "title=OpenAPI", "specification.name=openapi", "specification.version=3.1.0")
	w.has(inWorkspace+"/apis/pet-store/deployments/prod", "title=Production", "environmentId=/workspaces/default/environments/prod", "state=active",
		"definitionId=/workspaces/default/apis/pet-store/versions/1-2-0/definitions/openapi", `server.runtimeUri=["https://eu.pets.example/v1","/relative"]`)
	if o := w.run("api", "definition", "export-specification", "--api-id", "pet-store", "--version-id", "1-2-0", "--definition-id", "openapi", "--file-name", "-"); o.out != petstore {
		t.Errorf("the document came back as %q", o.out)
	}

	// What people add stays when the API is registered again; what the document says is brought up to date.
	w.run("api", "update", "--api-id", "pet-store", "--custom-properties", "team=pets", "--summary", "Mine")
	w.run("api", "version", "update", "--api-id", "pet-store", "--version-id", "1-2-0", "--lifecycle-stage", "production")
	w.run("api", "deployment", "update", "--api-id", "pet-store", "--deployment-id", "prod", "--state", "inactive")
	w.run("api", "deployment", "update", "--api-id", "pet-store", "--deployment-id", "prod", "--title", "Ours")
	changed, _, _ := strings.Cut(strings.Replace(petstore, "Sells pets.", "Sells and buys pets.", 1), "servers:")
	again := fileOf(t, "petstore.yaml", strings.Replace(changed, "  summary: All about pets\n", "", 1)+"paths: {}\n")
	w.run("api", "register", "-l", again, "--environment-name", "/workspaces/default/environments/prod")
	w.has(inWorkspace+"/apis/pet-store", "description=Sells and buys pets.", "summary=Mine", "customProperties.team=pets", "lifecycleStage=production")
	w.has(inWorkspace+"/apis/pet-store/deployments/prod", "state=inactive", "title=Ours", `server.runtimeUri=["https://eu.pets.example/v1","/relative"]`)
	if o := w.run("api", "list", "-o", "tsv"); strings.Count(o.out, "\n") != 1 {
		t.Errorf("registered twice, there are:\n%s", o.out)
	}
}

func TestRegisterTakesNamesFromTheCommandLine(t *testing.T) {
	w := newWorld(t)
	w.run("api", "register", "-l", fileOf(t, "petstore.yaml", petstore), "--api-id", "Pets", "--version-id", "2024-05-01", "--type", "WebHook")
	w.has(inWorkspace+"/apis/pets", "name=Pets", "kind=webhook")
	w.has(inWorkspace+"/apis/pets/versions/2024-05-01/definitions/openapi", "specification.version=3.1.0")
}

func TestRegisterKnowsEachSort(t *testing.T) {
	for _, tt := range []struct {
		file, content          string
		api, kind, definition  string // path below apis
		specification, version string
	}{
		{"orders.json", `{"swagger":"2.0","info":{"title":"Orders","version":"1"},"host":"api.example"}`, "orders", "rest", "version-1/definitions/openapi", "openapi", "2.0"},
		{"feed.yml", "asyncapi: 3.0.0\ninfo: {title: Feed, version: v2}\nservers: {a: {host: ws.example, protocol: wss}}\n", "feed", "websocket", "version-v2/definitions/asyncapi", "asyncapi", "3.0.0"},
		{"calc.wsdl", `<definitions name="Calculator" xmlns="http://schemas.xmlsoap.org/wsdl/"/>`, "calculator", "soap", "1-0-0/definitions/wsdl", "wsdl", "1.1"},
		{"old.wadl", `<application xmlns="http://wadl.dev.java.net/2009/02"><doc title="Old one"/></application>`, "old-one", "rest", "1-0-0/definitions/wadl", "wadl", ""},
		{"shop.edmx", `<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"/>`, "shop", "rest", "1-0-0/definitions/odata", "other", "4.0"},
		{"shop.graphql", "type Query { pets: [Pet] }", "shop", "graphql", "1-0-0/definitions/graphql", "graphql", ""},
		{"route.proto", "syntax = \"proto3\";\npackage route.v1;\nservice RouteGuide { }", "routeguide", "grpc", "version-v1/definitions/grpc", "grpc", "proto3"},
		{"server.json", `{"name":"io.example/weather","version":"1.0.2","remotes":[{"type":"sse","url":"https://mcp.example"}]}`, "io-example-weather", "mcp", "1-0-2/definitions/mcp", "mcp", ""},
		{"agent.json", `{"name":"Travel agent","version":"3.1.4","protocolVersion":"0.3.0","url":"https://a.example","skills":[],"capabilities":{}}`, "travel-agent", "a2a", "3-1-4/definitions/a2a", "a2a", "0.3.0"},
		{"日本.graphql", "type Query { a: Int }", "api-9f26ee51", "graphql", "1-0-0/definitions/graphql", "graphql", ""},
	} {
		t.Run(tt.file, func(t *testing.T) {
			w := newWorld(t)
			o := w.run("api", "register", "-l", fileOf(t, tt.file, tt.content), "-o", "tsv")
			if name, _, _ := strings.Cut(o.out, "\t"); name != tt.api {
				t.Fatalf("registered as %q, want %q", name, tt.api)
			}
			w.has(inWorkspace+"/apis/"+tt.api, "kind="+tt.kind)
			w.has(inWorkspace+"/apis/"+tt.api+"/versions/"+tt.definition, "specification.name="+tt.specification, "specification.version="+tt.version)
		})
	}
}

func TestRegisterCutsAtAWordAndSaysSo(t *testing.T) {
	w := newWorld(t)
	long := strings.TrimSpace(strings.Repeat("wörter ", 200))
	o := w.run("api", "register", "-l", fileOf(t, "long.json", `{"openapi":"3.0.3","info":{"title":"`+long+`","description":"`+long+`","version":"1.0"}}`), "--api-id", "long")
	api := w.has(inWorkspace + "/apis/long")
	for name, most := range map[string]int{"title": maxTitle, "description": maxDescription} {
		got := api.text(name)
		if n := len([]rune(got)); n > most || n < most-8 || !strings.HasSuffix(got, "wörter…") {
			t.Errorf("%s has %d characters, want at most %d and a whole word: %q", name, n, most, got)
		}
		if !strings.Contains(o.err, fmt.Sprintf("the %s has 1399 characters and is cut", name)) {
			t.Errorf("nothing is said of the %s: %q", name, o.err)
		}
	}
}

func TestRegisterRefusesBeforeItWrites(t *testing.T) {
	w := newWorld(t)
	petstoreFile := fileOf(t, "petstore.yaml", petstore)
	for _, tt := range []struct {
		code int
		says string
		args []string
	}{
		{exitFailed, "no such file", []string{"-l", filepath.Join(t.TempDir(), "nothing.json")}},
		{exitFailed, "none of OpenAPI", []string{"-l", fileOf(t, "a.txt", "hello")}},
		{exitFailed, "not in UTF-8", []string{"-l", fileOf(t, "a.json", "{\"openapi\":\"3.0.0\xff\"}")}},
		{exitFailed, "cannot be read as YAML", []string{"-l", fileOf(t, "a.yaml", "openapi: 3.0.0\n\tinfo: x")}},
		{exitUsage, "put it at an address", []string{"-l", fileOf(t, "big.json", `{"openapi":"3.0.0","x":"`+strings.Repeat("x", maxInline)+`"}`)}},
		{exitNotFound, "nowhere", []string{"-l", petstoreFile, "-e", "nowhere"}},
	} {
		w.fails(tt.code, tt.says, append([]string{"api", "register"}, tt.args...)...)
	}
	if o := w.run("api", "list", "-o", "json"); o.out != "[]\n" {
		t.Errorf("something was written:\n%s", o.out)
	}
}

func TestRegisterReadsAnAddress(t *testing.T) {
	c := newCenter()
	var auth string
	document := `{"openapi":"3.0.3","info":{"title":"Remote","version":"1.0"},"servers":[{"url":"/v1"}]}`
	c.fail["GET api.json"] = func(w http.ResponseWriter, r *http.Request) {
		auth = r.Header.Get("Authorization")
		_, _ = w.Write([]byte(document))
	}
	c.run(t, "api", "register", "-l", "https://specs.example/one/api.json", "-e", "prod").want(t, exitOK)
	if auth != "" {
		t.Errorf("the token went along: %q", auth)
	}
	if got := text(c.docs[strings.ToLower(at+"/apis/remote/deployments/prod")]["properties"].(map[string]any)["server"]); got != `{"runtimeUri":["https://specs.example/v1"]}` {
		t.Errorf("the server's address is %s", got)
	}
	// What is too large to be sent is fetched by the center.
	document = `{"openapi":"3.0.3","info":{"title":"Remote","version":"1.0"},"x":"` + strings.Repeat("x", maxInline) + `"}`
	o := c.run(t, "api", "register", "-l", "https://specs.example/one/api.json")
	o.want(t, exitOK)
	want := `importSpecification` + atStable + ` {"format":"link","specification":{"name":"openapi","version":"3.0.3"},"value":"https://specs.example/one/api.json"}`
	if !strings.Contains(strings.Join(o.requests, "\n"), want) {
		t.Errorf("no request ends with %s", want)
	}
	c.fail["GET api.json"] = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }
	if o := c.run(t, "api", "register", "-l", "https://specs.example/one/api.json"); o.code != exitFailed || !strings.Contains(o.err, "418") {
		t.Errorf("exit code %d, %q", o.code, o.err)
	}
}

func TestSlug(t *testing.T) {
	for text, want := range map[string]string{
		"Pet Store": "pet-store", "1.0.0": "1-0-0", "v1": "api-v1", "  A  ": "api-a", "--Über  API!!--": "ber-api",
		strings.Repeat("ab ", 60): strings.TrimRight(strings.Repeat("ab-", 30), "-"),
	} {
		if got := slug(text, "api"); got != want {
			t.Errorf("slug(%q) = %q, want %q", text, got, want)
		}
	}
}

// Whatever a title is, its slug is a name.
func FuzzSlug(f *testing.F) {
	for _, seed := range []string{"Pet Store", "", "日本", "a", strings.Repeat("x-", 80)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := slug(text, "api")
		if len(got) < 3 || len(got) > 90 || strings.Trim(got, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			t.Errorf("slug(%q) = %q", text, got)
		}
		if again := slug(got, "api"); again != got {
			t.Errorf("slug(%q) = %q, and of that %q", text, got, again)
		}
	})
}

// fileOf writes a file of that name and gives its path.
func fileOf(t testing.TB, name, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
