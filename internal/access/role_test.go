package access_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"apicenter/internal/access"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// actions are those that Azure API Center has, and some around it.
var actions = []string{
	"Microsoft.ApiCenter/register/action",
	"Microsoft.ApiCenter/operations/read",
	"Microsoft.ApiCenter/deletedServices/read",
	"Microsoft.ApiCenter/deletedServices/delete",
	"Microsoft.ApiCenter/services/read",
	"Microsoft.ApiCenter/services/write",
	"Microsoft.ApiCenter/services/delete",
	"Microsoft.ApiCenter/services/importFromApim/action",
	"Microsoft.ApiCenter/services/exportMetadataSchema/action",
	"Microsoft.ApiCenter/services/metadataSchemas/read",
	"Microsoft.ApiCenter/services/metadataSchemas/write",
	"Microsoft.ApiCenter/services/workspaces/read",
	"Microsoft.ApiCenter/services/workspaces/importApiSource/action",
	"Microsoft.ApiCenter/services/workspaces/apis/read",
	"Microsoft.ApiCenter/services/workspaces/apis/write",
	"Microsoft.ApiCenter/services/workspaces/apis/delete",
	"Microsoft.ApiCenter/services/workspaces/apis/versions/definitions/read",
	"Microsoft.ApiCenter/services/workspaces/apis/versions/definitions/importSpecification/action",
	"Microsoft.ApiCenter/services/workspaces/apis/versions/definitions/exportSpecification/action",
	"Microsoft.ApiCenter/services/workspaces/apis/versions/definitions/updateAnalysisState/action",
	"Microsoft.ApiCenter/services/workspaces/apis/versions/securityRequirements/getCredentials/action",
	"Microsoft.ApiCenter/services/workspaces/environments/read",
	"Microsoft.ApiCenter/services/workspaces/apiSources/read",
	"Microsoft.ApiCenter/services/workspaces/apiSources/write",
	"Microsoft.ApiCenter/services/workspaces/apiSources/sync/action",
	"Microsoft.ApiCenter/services/workspaces/apiSources/runs/read",
	"Microsoft.ApiCenter/services/workspaces/apiSources/notify/action",
	"Microsoft.Authorization/roleAssignments/read",
	"Microsoft.Authorization/roleAssignments/write",
	"Microsoft.Authorization/roleAssignments/delete",
	"Microsoft.Authorization/roleDefinitions/read",
	"Microsoft.Resources/subscriptions/read",
	"Microsoft.Resources/subscriptions/resourceGroups/read",
	"Microsoft.Resources/subscriptions/resourceGroups/write",
	"Microsoft.ApiManagement/service/read",
}

// What each role may do is pinned as a table: c the control plane, d the data plane.
func TestRightsOfRoles(t *testing.T) {
	var b strings.Builder
	for _, r := range guard(t).Roles() {
		fmt.Fprintf(&b, "%s\n%s\n", r.Name, r.ID)
		for _, action := range actions {
			marks := ""
			if r.Allows(action) {
				marks += "c"
			}
			if r.AllowsData(action) {
				marks += "d"
			}
			if marks != "" {
				fmt.Fprintf(&b, "  %-2s %s\n", marks, action)
			}
		}
	}
	golden(t, "rights.txt", b.String())
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func TestPatterns(t *testing.T) {
	for _, tt := range []struct {
		pattern, action string
		want            bool
	}{
		{"*", "a/b/c", true},
		{"*/read", "a/b/read", true},
		{"*/read", "read", false},
		{"*/read", "a/b/reader", false},
		{"a/*", "a/b/c", true},
		{"a/*", "A/B", true},
		{"a/*", "ab/c", false},
		{"a/*/read", "a/b/c/read", true},
		{"a/*/read", "a/read", true}, // the star may stand for nothing at all
		{"a/*/read", "aread", false},
		{"a/*/read", "a//read", true},
		{"a/b/Read", "A/B/READ", true},
		{"a/b", "a/b/c", false},
		{"a/b/c", "a/b", false},
		{"a*b*c", "axxbyyc", true},
		{"a*b*c", "axxbyy", false},
		{"", "", true},
		{"", "a", false},
	} {
		r := access.Role{Actions: []string{tt.pattern}, NotDataActions: []string{tt.pattern}, DataActions: []string{"*"}}
		if got := r.Allows(tt.action); got != tt.want {
			t.Errorf("%q for %q: %v, want %v", tt.pattern, tt.action, got, tt.want)
		}
		if got := r.AllowsData(tt.action); got == tt.want {
			t.Errorf("without %q, %q: %v, want %v", tt.pattern, tt.action, got, !tt.want)
		}
	}
}

func TestRoleIDs(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range guard(t).Roles() {
		if seen[r.ID] || seen[r.Name] || len(r.ID) != 36 || r.ID != strings.ToLower(r.ID) || r.Description == "" {
			t.Errorf("role %q with id %q", r.Name, r.ID)
		}
		seen[r.ID], seen[r.Name] = true, true
	}
}

func TestFindRole(t *testing.T) {
	g := guard(t)
	const id = "/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/"
	for in, want := range map[string]string{
		access.ReaderID:                       "Reader",
		strings.ToUpper(access.ReaderID):      "Reader",
		id + access.DataReaderID:              "Azure API Center Data Reader",
		"azure api center data READER":        "Azure API Center Data Reader",
		"API Center Administrator":            "API Center Administrator",
		"":                                    "",
		"Read":                                "",
		id + "Reader":                         "",
		access.ReaderID[:len("acdd72a7-338")]: "",
	} {
		if r, ok := g.FindRole(in); r.Name != want || ok != (want != "") {
			t.Errorf("FindRole(%q) = %q, %v, want %q", in, r.Name, ok, want)
		}
	}
}

func TestParseScope(t *testing.T) {
	for in, want := range map[string]string{
		"/":                                      "/",
		"/subscriptions/S1":                      "/subscriptions/s1",
		"//Subscriptions/S1/resourceGroups//RG/": "/subscriptions/s1/resourcegroups/rg",
		"/subscriptions/s/resourceGroups/g/providers/Microsoft.ApiCenter/services/C": "/subscriptions/s/resourcegroups/g/providers/microsoft.apicenter/services/c",
		"":                                   "",
		"subscriptions/s":                    "",
		"/subscriptions":                     "",
		"/other/s":                           "",
		"/subscriptions/s/x/y":               "",
		"/subscriptions/s%2ft":               "",
		"/subscriptions/s\n":                 "",
		"/subscriptions/s/resourceGroups/..": "",
		"/subscriptions/s/../.":              "",
		"/subscriptions/s/resourceGroups":    "",
		"/subscriptions/" + strings.Repeat("x", 2000): "",
	} {
		got, err := access.ParseScope(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("ParseScope(%.80q) = %q, %v, want %q", in, got, err, want)
		}
	}
}

// FuzzScope: what was read is read as itself, and is in the scopes above it only.
func FuzzScope(f *testing.F) {
	for _, s := range []string{"/", "/subscriptions/s", "/subscriptions/S/resourceGroups/g/providers/N/t/n/u/m", "//", "/subscriptions/ſ/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		scope, err := access.ParseScope(in)
		if err != nil {
			return
		}
		again, err := access.ParseScope(scope)
		if err != nil || again != scope || !strings.HasPrefix(scope, "/") || scope != strings.ToLower(scope) {
			t.Errorf("%q was read as %q, and that as %q, %v", in, scope, again, err)
		}
	})
}

// The law: a star stands for any characters, whatever stands around it.
func FuzzPattern(f *testing.F) {
	f.Add("Microsoft.ApiCenter/services/*", "microsoft.apicenter/SERVICES/workspaces/read")
	f.Add("*a*b", "xaab")
	f.Add("a*a", "a")
	f.Fuzz(func(t *testing.T, pattern, action string) {
		if strings.Contains(pattern, "/*/") || len(pattern)+len(action) > 200 || !plain(pattern) || !plain(action) {
			return
		}
		law := "(?is)^" + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*") + "$"
		got := access.Role{Actions: []string{pattern}}.Allows(action)
		if want := regexp.MustCompile(law).MatchString(action); got != want {
			t.Errorf("%q allows %q: %v, want %v", pattern, action, got, want)
		}
	})
}

// plain says that a text is ASCII, as all actions are.
func plain(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > 127 })
}
