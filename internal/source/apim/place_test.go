package apim

import (
	"strings"
	"testing"
)

const instanceID = "/subscriptions/s1/resourceGroups/Rg/providers/Microsoft.ApiManagement/service/Contoso"

func TestParsePlace(t *testing.T) {
	for _, tt := range []struct{ name, in, path, workspace string }{
		{"instance", instanceID, instanceID, ""},
		{"trailing slash", instanceID + "/", instanceID, ""},
		{"no case", strings.ToUpper(instanceID), "/subscriptions/S1/resourceGroups/RG/providers/Microsoft.ApiManagement/service/CONTOSO", ""},
		{"workspace", instanceID + "/workspaces/Sales", instanceID, "Sales"},
		{"API", instanceID + "/apis/echo", "", ""},
		{"another provider", "/subscriptions/s1/resourceGroups/rg/providers/Microsoft.ApiCenter/services/c", "", ""},
		{"subscription", "/subscriptions/s1", "", ""},
		{"empty", "", "", ""},
		{"nonsense", "contoso", "", ""},
		{"an address", "https://management.azure.com" + instanceID, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := parsePlace(tt.in)
			if (err == nil) != (tt.path != "") || p.path != tt.path || p.workspace != tt.workspace {
				t.Errorf("got %+v, %v; want %q, %q", p, err, tt.path, tt.workspace)
			}
		})
	}
}

func TestIdentities(t *testing.T) {
	p := place{path: instanceID}
	for _, tt := range []struct {
		space            space
		collection, name string
		want             string
	}{
		{space{p, ""}, apiCollection, "Echo", "apis/echo"},
		{space{p, ""}, apiCollection, "echo;Rev=12", "apis/echo"},
		{space{p, ""}, apiCollection, "semi;colon", "apis/semi;colon"},
		{space{p, "Sales"}, apiCollection, "Orders", "workspaces/sales/apis/orders"},
		{space{p, "Sales"}, setCollection, "Orders", "workspaces/sales/apiversionsets/orders"},
	} {
		if got := tt.space.identity(tt.collection, tt.name); got != tt.want {
			t.Errorf("identity of %s %q is %q, want %q", tt.collection, tt.name, got, tt.want)
		}
	}
}

func FuzzIdentity(f *testing.F) {
	f.Add("sales", "echo;rev=2")
	f.Add("", "ECHO")
	f.Fuzz(func(t *testing.T, workspace, name string) {
		if strings.Contains(workspace+name, "/") || !isName(base(name)) || workspace != "" && !isName(workspace) {
			return // no name of Azure
		}
		s := space{place{path: instanceID}, workspace}
		for _, collection := range []string{apiCollection, setCollection} {
			external := s.identity(collection, name)
			got, ok := s.place.parse(external)
			if !ok || got.space.identity(got.collection, got.name) != external {
				t.Errorf("%q was parsed as %+v, %t", external, got, ok)
			}
		}
	})
}

func TestAnIdentityMayBeAResourceID(t *testing.T) {
	p, err := parsePlace(instanceID + "/workspaces/Sales")
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{
		instanceID + "/apis/Echo":                            "apis/echo",
		strings.ToUpper(instanceID) + "/APIS/echo;rev=2/":    "apis/echo",
		instanceID + "/workspaces/Sales/apis/Orders":         "workspaces/sales/apis/orders",
		instanceID + "2/apis/echo":                           "",
		instanceID:                                           "",
		instanceID + "/apis/echo/operations/get":             "",
		"/subscriptions/other/resourceGroups/rg/providers/x": "",
	} {
		got, ok := p.parse(in)
		if ok != (want != "") || ok && got.space.identity(got.collection, got.name) != want {
			t.Errorf("%q was parsed as %+v, %t; want %q", in, got, ok, want)
		}
	}
}

func TestThingsThatAreNone(t *testing.T) {
	for _, external := range []string{"", "apis", "apis/", "apis/a/b", "products/x", "workspaces/w/apis", "workspaces//apis/a", "../apis/a", "/apis/a", "apis/..", "apis/.", "workspaces/../apis/a"} {
		if got, ok := (place{}).parse(external); ok {
			t.Errorf("%q was parsed as %+v", external, got)
		}
	}
}
