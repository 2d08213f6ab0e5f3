package dataapi_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"apicenter/internal/httpapi/dataapi"
)

// crowd is a desk with seven APIs.
func crowd(t *testing.T) *desk {
	t.Helper()
	d := newDesk(t, dataapi.Limits{})
	d.put(center+"/workspaces/second", `{"title":"Second"}`)
	for i, title := range []string{"Zebra payments", "Orders", "it's here", "rock 'n' roll", "Payments", "Stock", "Pet shop"} {
		d.put(fmt.Sprintf("%s/apis/api-%d", space, 9-i), fmt.Sprintf(`{"title":%q,"kind":%q,"summary":%q,
			"customProperties":{"compliant":%v,"team":"t%d","n":%d,"tags":["x%d","all"]}}`,
			title, []string{"rest", "soap", "mcp"}[i%3], []string{"payments", "nothing"}[i%2], i%2 == 0, i%3, i, i))
	}
	return d
}

const all = "api-9 api-8 api-7 api-6 api-5 api-4 api-3"

func TestLists(t *testing.T) {
	d := crowd(t)
	for _, tt := range []struct {
		query, want string
		pages       int
	}{
		{"", all, 1},
		{"$top=3", all, 3},
		{"top=3", all, 3},
		{"maxpagesize=3", all, 3},
		{"top=5&maxpagesize=3", all, 3},
		{"%24top=3&$skip=2", "api-7 api-6 api-5 api-4 api-3", 2},
		{"$TOP=3&SKIP=2", "api-7 api-6 api-5 api-4 api-3", 2},
		{"$top=7", all, 1},
		{"$top=100000", all, 1},
		{"skip=99", "", 1},
		{"$top=2&$orderby=name asc", "api-3 api-4 api-5 api-6 api-7 api-8 api-9", 4},
		{"$top=2&$orderby=name desc", all, 4},
		{"$top=2&$orderby=updated asc", all, 4},
		{"$top=3&$orderby=updated desc", "api-3 api-4 api-5 api-6 api-7 api-8 api-9", 3},
		{"$orderby=title asc", "api-7 api-8 api-5 api-3 api-6 api-4 api-9", 1},
		{"$top=3&$orderby=title desc", "api-9 api-4 api-6 api-3 api-5 api-8 api-7", 3},
		{"$search=payments", "api-5 api-9 api-3 api-7", 1},
		{"$search=payments&$top=1", "api-5 api-9 api-3 api-7", 4},
		{"$search=payments&$orderby=name desc&$top=3", "api-9 api-7 api-5 api-3", 2},
		{"$search=payments&$filter=kind eq 'rest'", "api-9 api-3", 1},
		{"$search=payments&$orderby=systemData/createdAt asc", "api-9 api-7 api-5 api-3", 1},
		{"$search=pa", "api-9 api-7 api-5 api-3", 1},
		{"$search=", all, 1},
		{"$filter=(kind eq 'REST' or kind eq 'soap') and (customProperties/team eq 't1')", "api-8 api-5", 1},
		{"$filter=kind ne 'agent' and kind ne 'mcp' and kind ne 'model' and kind ne 'skill' and kind ne 'plugin'&$top=2", "api-9 api-8 api-6 api-5 api-3", 3},
		{"$filter=customProperties/compliant eq true", "api-9 api-7 api-5 api-3", 1},
		{"$filter=customProperties/compliant eq 'true'", "api-9 api-7 api-5 api-3", 1},
		{"$filter=customProperties/n eq '4'", "api-5", 1},
		{"$filter=contains(customProperties/team, '2')", "api-7 api-4", 1},
		{"$filter=customProperties/tags/any(t: t eq 'x3')", "api-6", 1},
		{"$filter=customProperties/tags/any(t: contains(t, 'al'))", all, 1},
		{"$filter=title eq 'it's here'", "api-7", 1},
		{"$filter=title eq 'rock 'n' roll'", "api-6", 1},
		{"$filter=title eq 'rock ''n'' roll' or name in ('API-3')", "api-6 api-3", 1},
		{"$filter=not startswith(title,'p') and endswith(title,'s')", "api-9 api-8", 1},
		{"$filter=lifecycleStage eq null", all, 1},
		{"$filter=customProperties/a[0] eq null", all, 1},
		{"$filter=lastUpdated gt 2001-01-01T00:00:00Z and lastUpdated lt '2999-01-01T00:00:00%2B01:00'", all, 1},
		{"api-version=2024-02-01-preview&$top=6", all, 2},
	} {
		escaped := strings.NewReplacer(" ", "%20").Replace(tt.query)
		for _, path := range []string{"/workspaces/default/apis", "/apis", "/data/center/apis"} {
			if got, pages := d.list(path + "?" + escaped); got != tt.want || pages != tt.pages {
				t.Errorf("%s?%s: %q in %d pages, want %q in %d", path, tt.query, got, pages, tt.want, tt.pages)
			}
		}
	}
}

func TestListsRefuse(t *testing.T) {
	d := crowd(t)
	for _, tt := range []struct{ query, code, text string }{
		{"$top=0", "ValidationError", "$top"},
		{"top=-1", "ValidationError", "top"},
		{"maxpagesize=x", "ValidationError", "maxpagesize"},
		{"$skip=-1", "ValidationError", "$skip"},
		{"$top=99999999999999", "ValidationError", "$top"},
		{"$skiptoken=!", "ValidationError", "nextLink"},
		{"$orderby=updated%20asc&$skiptoken=2.YQ", "ValidationError", "another order"},
		{"$orderby=kind%20asc", "InvalidOrderBy", "name, title or updated"},
		{"$filter=nonsense", "InvalidFilter", "$filter"},
		{"$filter=a%22b%20eq%20'x'", "InvalidFilter", "cannot be filtered by"},
		{"$filter=lastUpdated%20gt%20'soon'", "InvalidFilter", "instant"},
		{"api-version=2099-01-01", "InvalidApiVersionParameter", "2024-02-01-preview"},
	} {
		d.fails("GET", "/workspaces/default/apis?"+tt.query, "", 400, tt.code, tt.text)
	}
}

// TestOtherLists has the same query on lists of other kinds.
func TestOtherLists(t *testing.T) {
	d := filled(t, dataapi.Limits{})
	const api = "/workspaces/default/apis/petstore"
	for path, want := range map[string]string{
		"/environments?$orderby=name%20asc":                                                      "bare prod",
		"/workspaces/default/environments?$search=prod":                                          "prod",
		"/workspaces/default/environments?$filter=kind%20eq%20'testing'":                         "bare",
		"/workspaces/default/environments?$filter=server/type%20eq%20'azure%20api%20management'": "prod",
		api + "/deployments?$filter=recommended%20eq%20true":                                     "main",
		api + "/deployments?$top=1&$orderby=name%20asc":                                          "bare main",
		api + "/versions/v-1/definitions?$top=1":                                                 "empty openapi",
		api + "/versions?$search=ignored":                                                        "v-1",
	} {
		if got, _ := d.list(path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	d.fails("GET", "/workspaces/none/apis", "", 404, "ResourceNotFound", "none")
	d.fails("GET", api+"/versions/none/securityRequirements", "", 404, "ResourceNotFound", "none")
	if got := d.must("GET", "/metadataSchemas?$top=1", "", 200).Body.String(); strings.Count(got, `"name"`) != 1 {
		t.Errorf("one schema was asked for: %s", got)
	}
}

// TestSearchPages follows a search by POST to its end, which its links do by GET.
func TestSearchPages(t *testing.T) {
	d := crowd(t)
	for _, path := range []string{"/workspaces/default:search", "/data/center//workspaces/Default%3Asearch/"} {
		var page struct {
			Value    []struct{ Name string }
			NextLink string
		}
		w := d.must("POST", path+"?$top=1&$filter="+url.QueryEscape("kind ne 'soap'"), `{"query":"an API for payments or refunds","searchType":"vector"}`, 200)
		if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil {
			t.Fatal(err)
		}
		rest, pages := d.list(page.NextLink)
		if got := page.Value[0].Name + " " + rest; got != "api-9 api-3 api-7" || pages != 2 {
			t.Errorf("%s: %q in %d more pages", path, got, pages)
		}
	}
}
