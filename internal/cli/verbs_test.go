package cli

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// inWorkspace is the path of the workspace below the service.
const inWorkspace = "/workspaces/default"

func TestAPIVerbs(t *testing.T) {
	w := newWorld(t)
	w.run("api", "create", "--api-id", "orders", "--title", "Orders", "--type", "REST", "--summary", "All orders",
		"--contacts", "[{name:Ann,email:ann@example.com}]", "--contacts", `{"name":"Bo"}`,
		"--license", "name=MIT", "url=https://mit.example", "--external-documentation", "{title:Guide,url:https://docs.example/a:b}",
		"--terms-of-service", "url=https://terms.example", "--custom-properties", "team=shop", "cost=12.5", "eu=true", "--description", "what it does")
	w.has(inWorkspace+"/apis/orders", "title=Orders", "kind=rest", "summary=All orders", "description=what it does",
		`contacts=[{"email":"ann@example.com","name":"Ann"},{"name":"Bo"}]`, `license={"name":"MIT","url":"https://mit.example"}`,
		`externalDocumentation=[{"title":"Guide","url":"https://docs.example/a:b"}]`, "termsOfService.url=https://terms.example",
		`customProperties={"cost":12.5,"eu":true,"team":"shop"}`)

	w.run("api", "update", "--api-id", "orders", "--title", "All orders", "--custom-properties", "cost=13")
	w.has(inWorkspace+"/apis/orders", "title=All orders", "summary=All orders", "customProperties.cost=13", "customProperties.team=shop")
	w.run("api", "update", "--api-id", "orders", "--contacts", "[1].email=bo@example.com")
	w.has(inWorkspace+"/apis/orders", `contacts=[{"email":"ann@example.com","name":"Ann"},{"email":"bo@example.com","name":"Bo"}]`)

	o := w.run("api", "show", "--api-id", "orders", "-o", "json")
	var shown map[string]any
	if err := json.Unmarshal([]byte(o.out), &shown); err != nil || shown["title"] != "All orders" || shown["resourceGroup"] != "apis" {
		t.Errorf("show is not as az prints it (%v):\n%s", err, o.out)
	}
	if o := w.run("api", "list", "--filter", "kind eq 'rest'", "-o", "tsv"); !strings.HasPrefix(o.out, "orders\tAll orders\trest\t") {
		t.Errorf("list: %q", o.out)
	}
	w.fails(exitUsage, "say --yes", "api", "delete", "--api-id", "orders")
	w.run("api", "delete", "--api-id", "orders", "-y")
	w.lacks(inWorkspace + "/apis/orders")
	w.run("api", "delete", "--api-id", "orders", "-y") // as az: what is gone is gone
	w.fails(exitNotFound, "orders", "api", "show", "--api-id", "orders")
	w.fails(exitNotFound, "orders", "api", "update", "--api-id", "orders", "--title", "x")
}

func TestVersionAndDefinitionVerbs(t *testing.T) {
	w := newWorld(t)
	w.run("api", "create", "--api-id", "orders", "--title", "Orders", "--type", "rest")
	version := []string{"--api-id", "orders", "--version-id", "v1-0"}
	w.run(append([]string{"api", "version", "create", "--title", "1.0", "--lifecycle-stage", "Production"}, version...)...)
	w.has(inWorkspace+"/apis/orders/versions/v1-0", "title=1.0", "lifecycleStage=production")
	w.run(append([]string{"api", "version", "update", "--lifecycle-stage", "deprecated"}, version...)...)
	w.has(inWorkspace+"/apis/orders/versions/v1-0", "title=1.0", "lifecycleStage=deprecated")
	w.has(inWorkspace+"/apis/orders", "lifecycleStage=deprecated")
	if o := w.run("api", "version", "list", "--api-id", "orders", "-o", "tsv"); o.out != "v1-0\t1.0\tdeprecated\n" {
		t.Errorf("version list: %q", o.out)
	}

	definition := append([]string{"--definition-id", "openapi"}, version...)
	in := func(words ...string) []string {
		return append(append([]string{"api", "definition"}, words...), definition...)
	}
	w.run(in("create", "--title", "OpenAPI", "--description", "the contract")...)
	w.has(inWorkspace+"/apis/orders/versions/v1-0/definitions/openapi", "title=OpenAPI", "description=the contract", "specification.name=")
	w.run(in("update", "--set", "description=null", "title=OpenAPI 3")...)
	w.has(inWorkspace+"/apis/orders/versions/v1-0/definitions/openapi", "title=OpenAPI 3", "description=")
	if o := w.run(append([]string{"api", "definition", "list", "-o", "tsv"}, version...)...); !strings.HasPrefix(o.out, "openapi\tOpenAPI 3\t") {
		t.Errorf("definition list: %q", o.out)
	}

	document := "{\"openapi\":\"3.0.3\",\r\n \"info\":{\"title\":\"Orders\",\"version\":\"1\"},\"paths\":{}}\n"
	file := fileOf(t, "orders.json", document)
	for name, value := range map[string][]string{
		"a file": {"--value", "@" + file}, "the older spelling": {"--file-name", file}, "as it is": {"--value", document},
	} {
		w.run(in(append([]string{"import-specification", "--format", "Inline", "--specification", `{"name":"OpenAPI","version":"3.0.3"}`}, value...)...)...)
		w.has(inWorkspace+"/apis/orders/versions/v1-0/definitions/openapi", "specification.name=openapi", "specification.version=3.0.3")
		if o := w.run(in("export-specification", "--file-name", "-")...); o.out != document {
			t.Errorf("%s: exported %q, want %q", name, o.out, document)
		}
	}
	o := w.try(Streams{In: strings.NewReader("type Query { a: Int }")},
		in("import-specification", "--format", "inline", "--value", "-", "--specification", "name=graphql", "--no-wait")...)
	o.want(t, exitOK)
	w.has(inWorkspace+"/apis/orders/versions/v1-0/definitions/openapi", "specification.name=graphql")
	w.fails(exitUsage, "--format link", in("import-specification", "--format", "inline", "--value", strings.Repeat("x", maxInline+1), "--specification", "name=raml")...)
	w.fails(exitUsage, "neither inline nor link", in("import-specification", "--format", "fax", "--value", "x", "--specification", "name=raml")...)

	w.run(in("delete", "--yes")...)
	w.lacks(inWorkspace + "/apis/orders/versions/v1-0/definitions/openapi")
	w.run(append([]string{"api", "version", "delete", "-y"}, version...)...)
	w.lacks(inWorkspace + "/apis/orders/versions/v1-0")
}

func TestEnvironmentAndDeploymentVerbs(t *testing.T) {
	w := newWorld(t)
	w.run("environment", "create", "--environment-id", "prod", "--title", "Production", "--type", "PRODUCTION",
		"--server", "{type:Kubernetes,management-portal-uri:[https://manage.example]}",
		"--onboarding", `{"instructions":"Ask","developerPortalUri":["https://portal.example"]}`, "--description", "where it counts", "--custom-properties", "{region:eu}")
	w.has(inWorkspace+"/environments/prod", "title=Production", "kind=production", "server.type=Kubernetes",
		`server.managementPortalUri=["https://manage.example"]`, "onboarding.instructions=Ask", "customProperties.region=eu")
	w.run("environment", "update", "--environment-id", "prod", "--server", "type=Azure API Management")
	w.has(inWorkspace+"/environments/prod", "server.type=Azure API Management", `server.managementPortalUri=["https://manage.example"]`)

	w.run("api", "register", "-l", fileOf(t, "orders.json", `{"openapi":"3.0.3","info":{"title":"Orders","version":"1.0"}}`))
	deployment := func(words ...string) []string {
		return append([]string{"api", "deployment", words[0], "--api-id", "orders", "--deployment-id", "live"}, words[1:]...)
	}
	w.fails(exitFailed, "environment", deployment("create", "--title", "Live", "--environment-id", "nowhere",
		"--definition-id", "/workspaces/default/apis/orders/versions/1-0/definitions/openapi", "--server", "{runtimeUri:[]}")...)
	w.run(deployment("create", "--title", "Live", "--environment-id", "prod", "--description", "the one",
		"--definition-id", "/workspaces/default/apis/orders/versions/1-0/definitions/openapi", "--server", `{"runtimeUri":["https://api.example"]}`, "--state", "Active")...)
	w.has(inWorkspace+"/apis/orders/deployments/live", "title=Live", "environmentId=/workspaces/default/environments/prod",
		`server.runtimeUri=["https://api.example"]`, "state=active", "description=the one")
	w.run(deployment("update", "--set", "server.runtimeUri[0]=https://api2.example", "--add", "server.runtimeUri", "https://api3.example")...)
	w.has(inWorkspace+"/apis/orders/deployments/live", `server.runtimeUri=["https://api2.example","https://api3.example"]`, "title=Live")
	if o := w.run("api", "deployment", "list", "--api-id", "orders"); !strings.Contains(o.out, "https://api2.example https://api3.example") {
		t.Errorf("deployment list:\n%s", o.out)
	}
	w.run(deployment("show")...)
	w.run(deployment("delete", "-y")...)
	w.lacks(inWorkspace + "/apis/orders/deployments/live")
	w.run("environment", "delete", "--environment-id", "prod", "-y")
	w.lacks(inWorkspace + "/environments/prod")
}

func TestMetadataVerbs(t *testing.T) {
	w := newWorld(t)
	schema := `{"type":"string", "title":"Cost center", "pattern":"^[0-9]+$"}`
	w.run("metadata", "create", "--metadata-name", "cost-center", "--schema", schema, "--assignments", "[{entity:api,required:true,deprecated:false}]", "{entity:environment}")
	w.has("/metadataSchemas/cost-center", "schema="+schema, `assignedTo=[{"deprecated":false,"entity":"api","required":true},{"entity":"environment"}]`)
	if o := w.run("metadata", "list"); !strings.Contains(o.out, "cost-center  Cost center  string  api (required), environment") {
		t.Errorf("list:\n%s", o.out)
	}
	w.run("metadata", "update", "--metadata-name", "cost-center", "--assignments", "[]")
	w.has("/metadataSchemas/cost-center", "schema="+schema, "assignedTo=[]")
	w.run("metadata", "update", "--metadata-name", "cost-center", "--schema", "@"+fileOf(t, "schema.json", `{"type":"string"}`+"\n"))
	w.has("/metadataSchemas/cost-center", `schema={"type":"string"}`)
	w.run("metadata", "show", "--metadata-name", "cost-center")
	w.run("metadata", "delete", "--metadata-name", "cost-center", "--yes")
	w.lacks("/metadataSchemas/cost-center")
}

func TestAnalysisVerbs(t *testing.T) {
	w := newWorld(t)
	w.run("api-analysis", "create", "-c", "rules")
	w.has(inWorkspace+"/analyzerConfigs/rules", "title=rules", "analyzerType=spectral")
	w.run("api-analysis", "update", "-c", "rules", "--description", "House rules", "--filter", "{apis:[{operator:equals,property:kind,value:rest}]}")
	w.has(inWorkspace+"/analyzerConfigs/rules", "title=rules", "description=House rules", "filter.apis="+`[{"operator":"equals","property":"kind","value":"rest"}]`)
	w.run("api-analysis", "show", "-c", "rules")
	if o := w.run("api-analysis", "list", "-o", "tsv"); !strings.HasPrefix(o.out, "rules\trules\tspectral\t") {
		t.Errorf("list: %q", o.out)
	}
	w.run("api-analysis", "delete", "-c", "rules", "-y")
	w.lacks(inWorkspace + "/analyzerConfigs/rules")
}

func TestServiceVerbs(t *testing.T) {
	for _, prefix := range [][]string{nil, {"service"}} {
		w := newWorld(t)
		verb := func(words ...string) []string { return append(prefix[:len(prefix):len(prefix)], words...) }
		at := strings.Replace(fakeService, "services/main", "services/second", 1)
		w.run(verb("create", "-g", "apis", "--name", "second", "-l", "westeurope", "--tags", "team=shop", "cost=12", "--identity", "{type:SystemAssigned}")...)
		show := verb("show", "--ids", at, "-o", "json")
		for _, want := range []string{`"location": "westeurope"`, `"team": "shop"`, `"cost": "12"`, `"type": "SystemAssigned"`, `"resourceGroup": "apis"`} {
			if o := w.run(show...); !strings.Contains(o.out, want) {
				t.Errorf("show lacks %s:\n%s", want, o.out)
			}
		}
		id := "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/one"
		w.run(verb("update", "-n", "second", "-g", "apis", "--user-assigned", id, "--tags", "cost=13")...)
		for _, want := range []string{`"team": "shop"`, `"cost": "13"`, `"type": "SystemAssigned,UserAssigned"`, id} {
			if o := w.run(show...); !strings.Contains(o.out, want) {
				t.Errorf("after the update, show lacks %s:\n%s", want, o.out)
			}
		}
		w.run(verb("update", "-n", "second", "-g", "apis", "--system-assigned=false", "--set", "tags.team=null")...)
		if o := w.run(show...); !strings.Contains(o.out, `"type": "UserAssigned"`) || strings.Contains(o.out, "shop") {
			t.Errorf("what was taken away is there:\n%s", o.out)
		}
		w.run(verb("update", "-n", "main", "-g", "apis", "--anonymous-access", "true")...)
		w.has("/portals/default", "allowAnonymousAccess=true")
		w.run(verb("update", "-n", "main", "-g", "apis", "--anonymous-access", "false")...)
		w.has("/portals/default", "allowAnonymousAccess=false")
		w.fails(exitUsage, "neither true nor false", verb("update", "-n", "main", "-g", "apis", "--anonymous-access", "maybe")...)

		if o := w.run(verb("list", "-o", "tsv")...); !strings.Contains(o.out, "main\tapis\tlocal\t") || !strings.Contains(o.out, "second\tapis\twesteurope\t") {
			t.Errorf("list: %q", o.out)
		}
		if o := w.run(verb("list", "-g", "elsewhere", "-o", "json")...); o.out != "[]\n" {
			t.Errorf("list of another group: %q", o.out)
		}
		w.fails(exitUsage, "service-name", verb("delete", "-y", "-g", "apis")...)
		w.run(verb("delete", "-n", "second", "-g", "apis", "-y")...)
		if o := w.run(verb("list", "-o", "tsv")...); strings.Contains(o.out, "second") {
			t.Errorf("deleted, but: %q", o.out)
		}
	}
}

func TestUpdateLosesNobodysChange(t *testing.T) {
	w := newWorld(t)
	w.run("api", "create", "--api-id", "orders", "--title", "Orders", "--type", "rest", "--custom-properties", "n=0")
	// Somebody writes between the read and the write: the update starts anew.
	w.between = func() { w.run("api", "update", "--api-id", "orders", "--summary", "theirs") }
	w.run("api", "update", "--api-id", "orders", "--title", "mine", "--service-id", fakeService)
	w.has(inWorkspace+"/apis/orders", "title=mine", "summary=theirs")
	// What came on the standard input is there for the second time, too.
	w.between = func() { w.run("api", "update", "--api-id", "orders", "--summary", "theirs again") }
	if o := w.try(Streams{In: strings.NewReader(`{"n":7}`)}, "api", "update", "--api-id", "orders", "--custom-properties", "@-", "--service-id", fakeService); o.code != exitOK {
		t.Error(o.err)
	}
	w.has(inWorkspace+"/apis/orders", "summary=theirs again", "customProperties.n=7")
	// Somebody who never stops is given up on, and still has what he wrote.
	n := 0
	var again func()
	again = func() {
		n++
		w.run("api", "update", "--api-id", "orders", "--set", "customProperties.n="+strconv.Itoa(n), "--service-id", fakeService)
		w.between = again
	}
	w.between = again
	w.fails(exitFailed, "PreconditionFailed (412)", "api", "update", "--api-id", "orders", "--title", "late", "--service-id", fakeService)
	w.between = nil
	w.has(inWorkspace+"/apis/orders", "title=mine", "customProperties.n="+strconv.Itoa(n))
}

func TestALinksEnvironmentLosesNobodysChange(t *testing.T) {
	w := newWorld(t)
	w.run("environment", "create", "--environment-id", "prod", "--title", "Old", "--type", "testing")
	w.between = func() { w.run("environment", "update", "--environment-id", "prod", "--description", "theirs") }
	w.run("integration", "create", "apim", "-i", "prod", "--azure-apim", "gateway", "--environment-title", "New", "--service-id", fakeService)
	w.has(inWorkspace+"/environments/prod", "title=New", "kind=testing", "description=theirs")
}

func TestRegisterMakesNothingThatIsThereByThen(t *testing.T) {
	w := newWorld(t)
	w.between = func() {
		w.run("api", "create", "--api-id", "pet-store", "--title", "Theirs", "--type", "rest", "--custom-properties", "team=theirs")
	}
	w.run("api", "register", "-l", fileOf(t, "petstore.yaml", petstore), "--service-id", fakeService)
	w.has(inWorkspace+"/apis/pet-store", "title=Pet Store", "customProperties.team=theirs")
}

func TestListsGoOnWhereTheyEnded(t *testing.T) {
	w := newWorld(t)
	for i := range 5 {
		name := "api-" + strconv.Itoa(i)
		w.run("api", "create", "--api-id", name, "--title", name, "--type", []string{"rest", "soap"}[i%2], "--service-id", fakeService)
	}
	for _, tt := range []struct {
		most int
		want []string
	}{{2, []string{"api-0 api-2", "api-4"}}, {1, []string{"api-0", "api-2", "api-4"}}, {3, []string{"api-0 api-2 api-4"}}} {
		var got []string
		for token := ""; ; {
			args := []string{"api", "list", "--filter", "kind eq 'rest'", "--max-items", strconv.Itoa(tt.most), "-o", "tsv"}
			if token != "" {
				args = append(args, "--next-token", token)
			}
			o := w.run(args...)
			var page []string
			for line := range strings.Lines(o.out) {
				name, _, _ := strings.Cut(line, "\t")
				page = append(page, name)
			}
			got = append(got, strings.Join(page, " "))
			var more bool
			if _, token, more = strings.Cut(strings.TrimSpace(o.err), "--next-token "); !more {
				break
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("--max-items %d gives %q, want %q", tt.most, got, tt.want)
		}
	}
	w.fails(exitUsage, "--next-token", "api", "list", "--next-token", "!!")
	w.fails(exitUsage, "--next-token", "api", "list", "--next-token", "bm8")
}
