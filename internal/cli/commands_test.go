package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"unicode"

	"github.com/spf13/cobra"
)

const (
	at        = fakeWorkspace
	apimID    = "/subscriptions/sub1/resourceGroups/apis/providers/Microsoft.ApiManagement/service/contoso"
	aDigest   = "4f0c5e4f0c5e4f0c5e4f0c5e4f0c5e4f0c5e4f0c5e4f0c5e4f0c5e4f0c5e4f0c"
	atPreview = " ?2024-06-01-preview"
	atStable  = " ?2024-03-01"
)

func TestFlagsBecomeRequests(t *testing.T) {
	env := func(props string) string {
		return "PUT " + at + "/environments/gw" + atStable + ` {"properties":` + props + `}`
	}
	link := func(props string) string {
		return "PUT " + at + "/apiSources/gw" + atPreview + ` {"properties":{"apiSourceType":"AzureApiManagement","azureApiManagementSource":` + props + `}}`
	}
	create := []string{"integration", "create", "apim", "-i", "gw", "--azure-apim"}
	for _, tt := range []struct {
		name string
		args []string
		want []string // writes and reads, without those that find the service
	}{
		{
			"create, shortest", append(create, "contoso"),
			[]string{link(`{"resourceId":"` + apimID + `"},"importSpecification":"always"`)},
		},
		{
			"create, everything", append(create, "contoso", "--apim-resource-group", "rg2", "--apim-subscription", "sub2", "--workspace", "team a",
				"--msi-resource-id", "/m", "--import-specification", "never", "--target-environment-id", "prod", "--target-lifecycle-stage", "Production"),
			[]string{link(`{"msiResourceId":"/m","resourceId":"/subscriptions/sub2/resourceGroups/rg2/providers/Microsoft.ApiManagement/service/contoso/workspaces/team%20a"},` +
				`"importSpecification":"never","targetEnvironmentId":"/workspaces/default/environments/prod","targetLifecycleStage":"production"`)},
		},
		{
			"create by ids", append(create, apimID+"/", "--target-environment-id", fakeWorkspace+"/environments/prod"),
			[]string{link(`{"resourceId":"` + apimID + `"},"importSpecification":"always","targetEnvironmentId":"/workspaces/default/environments/prod"`)},
		},
		{"create with an environment", append(create, "contoso", "--environment-title", "Gate"), []string{
			"GET " + at + "/environments/gw" + atStable,
			env(`{"kind":"production","server":{"type":"Azure API Management"},"title":"Gate"}`),
			link(`{"resourceId":"` + apimID + `"},"importSpecification":"always","targetEnvironmentId":"/workspaces/default/environments/gw"`),
		}},
		{"create with an environment that exists", []string{"integration", "create", "apim", "-i", "prod", "--azure-apim", "contoso", "--environment-type", "Staging"}, []string{
			"GET " + at + "/environments/prod" + atStable,
			"PUT " + at + "/environments/prod" + atStable + ` {"properties":{"customProperties":{},"kind":"staging","server":{"managementPortalUri":[],"type":"Azure API Management"},"title":"Production"}}`,
			"PUT " + at + "/apiSources/prod" + atPreview + ` {"properties":{"apiSourceType":"AzureApiManagement","azureApiManagementSource":{"resourceId":"` + apimID +
				`"},"importSpecification":"always","targetEnvironmentId":"/workspaces/default/environments/prod"}}`,
		}},
		{
			"list with a filter",
			[]string{"integration", "list", "--filter", "name eq 'x'", "--top", "2"},
			[]string{"GET " + at + "/apiSources" + " ?%24filter=name+eq+%27x%27&%24top=2&api-version=2024-06-01-preview"},
		},
		{
			"search",
			[]string{"api", "list", "--search", "Pets"},
			[]string{"GET " + at + "/apis ?%24search=Pets&api-version=2024-03-01"},
		},
		{"as it was", []string{"api", "show", "--api-id", "petstore", "--at", "2026-01-31T13:00:00+01:00"}, []string{"GET " + at + "/apis/petstore" + atStable + "&at=2026-01-31T12%3A00%3A00Z"}},
		{"history", []string{"api", "history", "--api-id", "petstore", "--top", "3"}, []string{"GET " + at + "/apis/petstore/history ?%24top=3&api-version=2024-06-01-preview"}},
		{"delete", []string{"integration", "delete", "-i", "prod-gateway", "-y"}, []string{"DELETE " + at + "/apiSources/prod-gateway" + atPreview}},
		{"sync", []string{"integration", "sync", "-i", "prod-gateway"}, []string{"POST " + at + "/apiSources/prod-gateway/sync" + atPreview + " {}"}},
		{
			"sync of an API",
			[]string{"link", "sync", "-i", "prod-gateway", "--api", "echo"},
			[]string{"POST " + at + "/apiSources/prod-gateway/sync" + atPreview + ` {"api":"echo"}`},
		},
		{
			"runs",
			[]string{"integration", "runs", "-i", "prod-gateway", "--top", "5"},
			[]string{"GET " + at + "/apiSources/prod-gateway/runs ?%24top=5&api-version=2024-06-01-preview"},
		},
		{"plan", []string{"integration", "plan", "-i", "prod-gateway"}, []string{"POST " + at + "/apiSources/prod-gateway/plan" + atPreview + " {}"}},
		{
			"plan a new link",
			[]string{"integration", "plan", "-i", "new", "--azure-apim", apimID, "--import-specification", "never"},
			[]string{"POST " + at + "/apiSources/new/plan" + atPreview + ` {"properties":{"apiSourceType":"AzureApiManagement","azureApiManagementSource":{"resourceId":"` + apimID +
				`"},"importSpecification":"never"}}`},
		},
		{
			"plan another scope",
			[]string{"integration", "plan", "-i", "new", "--azure-apim", apimID, "--include", "name=pet*", "--exclude", "tag=internal,path=a/*"},
			[]string{"POST " + at + "/apiSources/new/plan" + atPreview + ` {"properties":{"apiSourceType":"AzureApiManagement","azureApiManagementSource":{"resourceId":"` + apimID +
				`"},"importSpecification":"always","scope":{"include":[{"name":"pet*"}],"exclude":[{"path":"a/*","tag":"internal"}]}}}`},
		},
		{
			"apply",
			[]string{"integration", "apply", "-i", "prod-gateway", "--plan", aDigest},
			[]string{"POST " + at + "/apiSources/prod-gateway/apply" + atPreview + ` {"digest":"` + aDigest + `"}`},
		},
		{"merge", []string{"api", "merge", "--api-id", "echo", "--into", "petstore"}, []string{"POST " + at + "/apis/echo/merge" + atPreview + ` {"into":"petstore"}`}},
		{"unmerge", []string{"api", "unmerge", "--api-id", "echo", "-i", "prod-gateway"}, []string{"POST " + at + "/apis/echo/unmerge" + atPreview + ` {"link":"prod-gateway"}`}},
		{"lead", []string{"api", "lead", "--api-id", "echo", "-i", "prod-gateway"}, []string{"POST " + at + "/apis/echo/lead" + atPreview + ` {"link":"prod-gateway"}`}},
		{"merge rule", []string{"api", "merge-rule", "--set", "title"}, []string{
			"GET " + at + atPreview,
			"PUT " + at + atPreview + ` {"properties":{"mergeRule":"title","title":"Default workspace"}}`,
		}},
		{"diff", []string{"api", "definition", "diff", "--api-id", "petstore", "--version-id", "v1-0", "--definition-id", "openapi", "--from", "2026-01-31T12:00:00Z", "--with", "apis/b/versions/v/definitions/d"}, []string{
			"POST " + at + "/apis/petstore/versions/v1-0/definitions/openapi/diff" + atPreview + ` {"from":{"id":"` + at + `/apis/b/versions/v/definitions/d","at":"2026-01-31T12:00:00Z"},"to":{}}`,
		}},
		{"approve", []string{"integration", "approve", "-i", "prod-gateway"}, []string{"POST " + at + "/apiSources/prod-gateway/approve" + atPreview + " {}"}},
		{
			"reject",
			[]string{"integration", "reject", "-i", "prod-gateway", "--object", "apis/a", "--object", "apis/b"},
			[]string{"POST " + at + "/apiSources/prod-gateway/reject" + atPreview + ` {"externals":["apis/a","apis/b"]}`},
		},
		{"pause", []string{"integration", "pause", "-i", "prod-gateway"}, []string{"POST " + at + "/apiSources/prod-gateway/pause" + atPreview}},
		{"resume", []string{"integration", "resume", "-i", "prod-gateway"}, []string{"POST " + at + "/apiSources/prod-gateway/resume" + atPreview}},
		{"hand over", []string{"integration", "delete", "-i", "prod-gateway", "-y", "--keep"}, []string{"DELETE " + at + "/apiSources/prod-gateway" + atPreview + "&keep=true"}},
		{
			"inherit",
			[]string{"integration", "inherit", "-i", "prod-gateway", "--from", apimID + "-old"},
			[]string{"POST " + at + "/apiSources/prod-gateway/inherit" + atPreview + ` {"from":"` + apimID + `-old"}`},
		},
		{"restore a tombstone", []string{"tombstone", "restore", "--id", "17"}, []string{"POST " + fakeService + "/restoreTombstone" + atPreview + ` {"id":17}`}},
		{"forget a tombstone", []string{"tombstone", "forget", "--id", "17", "-y"}, []string{"POST " + fakeService + "/forgetTombstone" + atPreview + ` {"id":17}`}},
		{"deletions", []string{"integration", "deletions", "-i", "prod-gateway"}, []string{"GET " + at + "/apiSources/prod-gateway/deletions" + atPreview}},
		{
			"show",
			[]string{"api", "definition", "show", "--api-id", "petstore", "--version-id", "v1-0", "--definition-id", "openapi"},
			[]string{"GET " + at + "/apis/petstore/versions/v1-0/definitions/openapi" + atStable},
		},
		{
			"metadata create",
			[]string{"metadata", "create", "--metadata-name", "team", "--schema", `{"type": "string"}`, "--assignments", "[{entity:api,required:true}]", "{entity:environment}"},
			[]string{"PUT " + fakeService + "/metadataSchemas/team" + atStable +
				` {"properties":{"assignedTo":[{"entity":"api","required":true},{"entity":"environment"}],"schema":"{\"type\": \"string\"}"}}`},
		},
		{
			"metadata update",
			[]string{"metadata", "update", "--metadata-name", "team", "--assignments", "[]"},
			[]string{
				"GET " + fakeService + "/metadataSchemas/team" + atStable,
				"PUT " + fakeService + "/metadataSchemas/team" + atStable + ` {"properties":{"assignedTo":[],"schema":"{\"type\":\"string\",\"title\":\"Team\"}"}}`,
			},
		},
		{"metadata list", []string{"metadata", "list", "--filter", "name eq 'x'"}, []string{"GET " + fakeService + "/metadataSchemas ?%24filter=name+eq+%27x%27&api-version=2024-03-01"}},
		{"metadata delete", []string{"metadata", "delete", "--metadata-name", "team", "-y"}, []string{"DELETE " + fakeService + "/metadataSchemas/team" + atStable}},
		{
			"metadata export",
			[]string{"metadata", "export", "--assignments", "API", "--file-name", "-"},
			[]string{"POST " + fakeService + "/exportMetadataSchema" + atStable + ` {"assignedTo":"api"}`},
		},
		{
			"analysis create, shortest",
			[]string{"api-analysis", "create", "-c", "house"},
			[]string{"PUT " + at + "/analyzerConfigs/house" + atPreview + ` {"properties":{"analyzerType":"spectral","title":"house"}}`},
		},
		{
			"analysis create, everything",
			[]string{
				"api-analysis", "create", "-c", "house", "--title", "House", "--analyzer-type", "Spectral", "--description", "Ours",
				"--filter", "{apis:[{operator:equals,property:kind,value:rest}],apiVersions:[]}",
			},
			[]string{"PUT " + at + "/analyzerConfigs/house" + atPreview +
				` {"properties":{"analyzerType":"spectral","description":"Ours","filter":{"apiVersions":[],"apis":[{"operator":"equals","property":"kind","value":"rest"}]},"title":"House"}}`},
		},
		{
			"analysis update",
			[]string{"api-analysis", "update", "-c", "spectral-openapi", "--title", "Mine"},
			[]string{
				"GET " + at + "/analyzerConfigs/spectral-openapi" + atPreview,
				"PUT " + at + "/analyzerConfigs/spectral-openapi" + atPreview + ` {"properties":{"analyzerType":"spectral","state":"active","title":"Mine"}}`,
			},
		},
		{"analysis delete", []string{"api-analysis", "delete", "-c", "x", "-y"}, []string{"DELETE " + at + "/analyzerConfigs/x" + atPreview}},
		{
			"import of a document at an address",
			[]string{
				"api", "definition", "import-specification", "--api-id", "petstore", "--version-id", "v1-0", "--definition-id", "openapi",
				"--format", "link", "--value", "https://specs.example/pets.json", "--specification", "name=openapi", "version=3.0.1",
			},
			[]string{"POST " + at + "/apis/petstore/versions/v1-0/definitions/openapi/importSpecification" + atStable +
				` {"format":"link","specification":{"name":"openapi","version":"3.0.1"},"value":"https://specs.example/pets.json"}`},
		},
		{
			"import from APIM",
			[]string{"import-from-apim", "--apim-name", "contoso", "--apim-apis", "orders", "weather api", "--no-wait"},
			[]string{"POST " + fakeService + "/importFromApim" + atStable + ` {"sourceResourceIds":["` + apimID + `/apis/orders","` + apimID + `/apis/weather%20api"]}`},
		},
		{
			"import from APIM, waiting",
			[]string{"service", "import-from-apim", "--apim-name", "contoso", "--apim-apis", "*", "--apim-subscription", "sub2", "--apim-resource-group", "rg2"},
			[]string{
				"POST " + fakeService + "/importFromApim" + atStable +
					` {"sourceResourceIds":["/subscriptions/sub2/resourceGroups/rg2/providers/Microsoft.ApiManagement/service/contoso/apis/*"]}`,
				"GET " + fakeService + "/operationResults/op ?x",
			},
		},
		{
			"link to Amazon",
			[]string{
				"integration", "create", "aws", "-i", "amazon", "-a", "https://v/key", "-s", "https://v/secret", "-r", "us-east-2",
				"--msi-resource-id", "/m", "--import-specification", "ondemand", "--target-lifecycle-stage", "Testing",
			},
			[]string{"PUT " + at + "/apiSources/amazon" + atPreview + ` {"properties":{"amazonApiGatewaySource":{"accessKey":"https://v/key","msiResourceId":"/m","regionName":"us-east-2","secretAccessKey":"https://v/secret"},` +
				`"apiSourceType":"AmazonApiGateway","importSpecification":"ondemand","targetLifecycleStage":"testing"}}`},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newCenter().run(t, append(tt.args, "--service-id", fakeService)...)
				o.want(t, exitOK)
				if !slices.Equal(o.requests, tt.want) {
					t.Errorf("requests:\n%s\nwant:\n%s", strings.Join(o.requests, "\n"), strings.Join(tt.want, "\n"))
				}
			})
		})
	}
}

func TestWrongCommandLinesAskForNothing(t *testing.T) {
	create := []string{"integration", "create", "apim", "-i", "gw", "--azure-apim"}
	for _, tt := range []struct {
		args []string
		says string
	}{
		{[]string{"nope"}, `"nope" is not a command of "apicenter"`},
		{[]string{"integration", "lst"}, "did you mean: list?"},
		{[]string{"api", "version", "nope"}, "apicenter api version --help"},
		{[]string{"api", "list", "stray"}, "takes no arguments"},
		{[]string{"api", "list", "--nope"}, "unknown flag"},
		{[]string{"api", "list", "--top", "x"}, "invalid argument"},
		{[]string{"api", "list", "--top", "-1"}, "negative"},
		{[]string{"api", "list", "--top", "1", "--max-items", "2"}, "[max-items top]"},
		{[]string{"api", "show"}, `"api-id" not set`},
		{[]string{"api", "list", "-o", "xml"}, "none of table, json"},
		{[]string{"integration", "runs", "-i", "x", "--top", "0"}, "at least 1"},
		{[]string{"integration", "delete", "-i", "x"}, "say --yes"},
		{[]string{"api", "show", "--api-id", "x", "--at", "yesterday"}, "--at"},
		{[]string{"api", "list", "--at", "-3h"}, "--at"},
		{[]string{"api", "create", "--api-id", "new", "--title", "T"}, `"type" not set`},
		{[]string{"api", "create", "--api-id", "new", "--title", "T", "--type", "rest", "--contacts", "[{a"}, "--contacts: "},
		{[]string{"api", "create", "--api-id", "new", "--title", "T", "--type", "rest", "--license", "[a]"}, "is a list"},
		{[]string{"api", "create", "--api-id", "new", "--title", "T", "--type", "rest", "--license", "MIT"}, "neither an object"},
		{[]string{"api", "create", "--api-id", "new", "--title", "@/nonexistent", "--type", "rest"}, "no such file"},
		{[]string{"create", "-n", "x", "-l", "here"}, `"resource-group" not set`},
		{[]string{"create", "-n", "x", "-g", "g", "-l", "here", "--identity", "{type:None}", "--system-assigned"}, "[identity system-assigned]"},
		{[]string{"service", "purge", "-n", "x", "-g", "g"}, "say --yes"},
		{append(create, "contoso", "--import-specification", "maybe"), "none of always"},
		{append(create, "contoso", "--target-environment-id", "a", "--environment-title", "b"), "environment-title"},
		{append(create, apimID, "--apim-resource-group", "b"), "already"},
		{append(create, "a/b"), "neither a name nor the id"},
		{append(create, apimID+"/workspaces/w", "--workspace", "w"), "so does --workspace"},
	} {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			o := newCenter().runWith(t, Streams{Getenv: env("APICENTER_SERVER", fakeAddress, "APICENTER_TOKEN", fakeToken)}, tt.args...)
			o.want(t, exitUsage)
			if !strings.Contains(o.err, tt.says) {
				t.Errorf("stderr %q does not say %q", o.err, tt.says)
			}
			for _, r := range o.requests {
				if !strings.HasPrefix(r, "POST /providers/Microsoft.ResourceGraph/") {
					t.Errorf("asked for %s", r)
				}
			}
		})
	}
}

func TestListsAreFollowedToTheirEnd(t *testing.T) {
	for _, tt := range []struct {
		args        []string
		rows, pages int
	}{
		{nil, 3, 2}, {[]string{"--max-items", "3"}, 3, 2}, {[]string{"--max-items", "2"}, 2, 1}, {[]string{"--top", "1"}, 1, 1},
	} {
		o := newCenter().run(t, append([]string{"api", "list", "-o", "tsv", "--service-id", fakeService}, tt.args...)...)
		o.want(t, exitOK)
		if got := strings.Count(o.out, "\n"); got != tt.rows || len(o.requests) != tt.pages {
			t.Errorf("%q: %d rows by %d requests, want %d by %d", tt.args, got, len(o.requests), tt.rows, tt.pages)
		}
	}
}

func TestDeletionAsksAPerson(t *testing.T) {
	for _, tt := range []struct {
		says string
		code int
	}{{"y\n", exitOK}, {"Yes\n", exitOK}, {"n\n", exitFailed}, {"\n", exitFailed}, {"", exitFailed}} {
		c := newCenter()
		o := c.runWith(t, Streams{In: strings.NewReader(tt.says), InTerminal: true}, "integration", "delete", "-i", "prod-gateway")
		o.want(t, tt.code)
		for _, line := range []string{
			"This deletes the link prod-gateway, and with it:",
			"  2 APIs, 3 versions, 1 thing that people made in them",
			"  people have written to 1 of these, and tombstones keep their words for 30d: Pets",
			"  what stays, since others bring or keep it, too: Orders (dev)",
			"  the environment Gateway stays: something else is deployed in it",
		} {
			if !strings.Contains(o.err, line+"\n") {
				t.Errorf("%q: stderr\n%s\ndoes not say %q", tt.says, o.err, line)
			}
		}
		if deleted := len(c.gone) == 1; deleted != (tt.code == exitOK) {
			t.Errorf("%q: deleted %t", tt.says, deleted)
		}
	}
}

func TestAHandOverSaysWhatStays(t *testing.T) {
	c := newCenter()
	o := c.runWith(t, Streams{In: strings.NewReader("y\n"), InTerminal: true}, "integration", "delete", "-i", "prod-gateway", "--keep")
	o.want(t, exitOK)
	for _, line := range []string{
		"This deletes the link prod-gateway, and leaves as entries of your own:",
		"  3 APIs, 4 versions, 1 environment",
		"  of these, a part of 1 API that others bring or keep, too: Orders (dev)",
	} {
		if !strings.Contains(o.err, line+"\n") {
			t.Errorf("stderr\n%s\ndoes not say %q", o.err, line)
		}
	}
}

func TestEnvironmentOfARefusedLinkIsTakenBack(t *testing.T) {
	for _, tt := range []struct {
		link string
		want bool // the environment is there afterwards
	}{{"gw", false}, {"prod", true}} {
		c := newCenter()
		c.fail["PUT "+tt.link] = nil
		refuseLinks(c, tt.link)
		o := c.run(t, "integration", "create", "apim", "-i", tt.link, "--azure-apim", "contoso", "--environment-title", "T")
		o.want(t, exitFailed)
		if _, there := c.docs[strings.ToLower(at+"/environments/"+tt.link)]; there != tt.want {
			t.Errorf("link %s: environment there %t, want %t", tt.link, there, tt.want)
		}
	}
}

// Every example in the help does what it says against a center that has those names.
func TestExamplesAreTrue(t *testing.T) {
	n := 0
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		if cmd.HasSubCommands() {
			for _, child := range cmd.Commands() {
				walk(child)
			}
			return
		}
		if cmd.Example == "" {
			t.Errorf("%s has no example", cmd.CommandPath())
		}
		for line := range strings.Lines(strings.ReplaceAll(cmd.Example, "\\\n", " ")) {
			line, _, _ = strings.Cut(line, " # ")
			n++
			t.Chdir(exampleFolder(t))
			synctest.Test(t, func(t *testing.T) {
				c := newCenter()
				if strings.Contains(line, "metadata export") {
					c.exports["value"] = `{"properties":{"customProperties":{"type":"object"}}}`
				}
				if strings.Contains(line, "ruleset") {
					c.exports = map[string]any{"format": "inline-zip", "value": zipped(t, "ruleset.yml", "extends: spectral:oas\n")}
				}
				s := Streams{In: strings.NewReader("y\n"), InTerminal: true}
				o := c.runWith(t, s, split(line)[1:]...)
				if o.code != exitOK {
					t.Errorf("%s: exit code %d\n%s%s", line, o.code, o.out, o.err)
				}
			})
		}
	}
	walk(New(Streams{}))
	if n < 70 {
		t.Errorf("only %d examples", n)
	}
}

// exampleFolder has the files that the examples speak of.
func exampleFolder(t *testing.T) string {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "rules"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"petstore.yaml":     "openapi: 3.0.3\ninfo:\n  title: Petstore\n  version: 1.0.0\nservers:\n  - url: https://pets.example\n",
		"rules/ruleset.yml": "extends: spectral:oas\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// split is what a shell makes of a line, as far as examples need it.
func split(line string) []string {
	var words []string
	word, in, quote := "", false, rune(0)
	for _, r := range line + " " {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote, in = r, true
		case quote == 0 && unicode.IsSpace(r):
			if in {
				words = append(words, word)
			}
			word, in = "", false
		default:
			word += string(r)
			in = true
		}
	}
	return words
}

func TestCompletionKnowsTheNames(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"integration", "show", "-i", ""}, "prod-gateway\n:4\n"},
		{[]string{"api", "show", "--api-id", ""}, "petstore\tPets\necho\tEcho\nweather\t天気予報\n:4\n"},
		{[]string{"api", "version", "show", "--api-id", "petstore", "--version-id", ""}, "v1-0\tv1\n:4\n"},
		{[]string{"api", "version", "show", "--version-id", ""}, ":4\n"},
		{[]string{"integration", "create", "apim", "--import-specification", ""}, "always\nondemand\nnever\n:4\n"},
		{[]string{"api", "list", "-o", ""}, "table\njson\njsonc\nyaml\nyamlc\ntsv\nnone\n:4\n"},
		{[]string{"metadata", "show", "--metadata-name", ""}, "team\n:4\n"},
		{[]string{"api-analysis", "update", "-c", ""}, "spectral-openapi\tOpenAPI\n:4\n"},
		{[]string{"api", "register", "-e", ""}, "prod\tProduction\n:4\n"},
		{[]string{"api", "create", "--type", ""}, "rest\ngraphql\ngrpc\nsoap\nwebhook\nwebsocket\n:4\n"},
		{[]string{"integration", "show", "--token", "wrong", "-i", ""}, ":4\n"},
	} {
		o := newCenter().run(t, append([]string{"__complete"}, tt.args...)...)
		if o.out != tt.want {
			t.Errorf("%q completes with %q, want %q (%s)", tt.args, o.out, tt.want, o.err)
		}
	}
}
