package dataapi_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"apicenter/internal/httpapi/dataapi"
)

func TestOwns(t *testing.T) {
	d := newDesk(t, dataapi.Limits{})
	for url, want := range map[string]bool{
		"/workspaces/default/apis":   true,
		"//Workspaces//default":      true,
		"/%77orkspaces/default":      true,
		"/workspaces/default:search": true,
		"/apis":                      true,
		"/APIS/":                     true,
		"/environments":              true,
		"/metadataschemas":           true,
		"/data/center/apis":          true,
		"/data":                      true,
		"/":                          false,
		"/apisx":                     false,
		"/keys":                      false,
		"/healthz":                   false,
		"/documents/x":               false,
		"/subscriptions/s":           false,
		"http://center.data.westeurope.apis.example.com/":                true,
		"http://center.data.westeurope.apis.example.com/subscriptions/s": true,
		"http://CENTER.Data.WestEurope.APIs.example.com:8443/workspaces": true,
		"http://center.data.westeurope.apis.example.com./anything":       true,
		"http://center.data.westeurope.apis.example.com/documents/x":     false,
		"http://center.portal.westeurope.apis.example.com/":              false,
		"http://data.westeurope.apis.example.com/":                       false,
		"http://a.center.data.westeurope.apis.example.com/":              false,
		"http://center.data.westeurope.apis.example.com.evil.example/":   false,
		"http://apis.example.com/healthz":                                false,
		"http://[::1]:8080/workspaces/default":                           true,
	} {
		if got := d.handler.Owns(httptest.NewRequest(http.MethodGet, url, nil)); got != want {
			t.Errorf("Owns(%s) = %v, want %v", url, got, want)
		}
	}
}

// TestAddresses asks for the one API of each service at all addresses.
func TestAddresses(t *testing.T) {
	d := newDesk(t, dataapi.Limits{})
	d.put("S/Other/Center", `{"location":"northeurope"}`) // of the same name, and younger
	d.put("S/G/second", `{"location":"westeurope"}`)
	for service, api := range map[string]string{center: "of-default", "S/Other/Center": "of-other", "S/G/second": "of-second"} {
		d.put(service+"/workspaces/default/apis/"+api, `{"title":"x","kind":"rest"}`)
	}
	for _, tt := range []struct{ base, want string }{
		{"", "of-default"},
		{"//", "of-default"},
		{"/data/Center", "of-default"},
		{"/DATA/center/", "of-default"},
		{"/data/second", "of-second"},
		{"/data/%73econd", "of-second"},
		{"http://center.data.westeurope." + domain, "of-default"},
		{"http://Center.data.WESTEUROPE." + domain + ":8443", "of-default"},
		{"http://center.data.northeurope." + domain, "of-other"},
		{"http://second.data.westeurope." + domain, "of-second"},
		{"http://any.example.com:8080", "of-default"},
	} {
		for _, path := range []string{"/apis", "/workspaces/default/apis", "/WORKSPACES//Default/APIS/", "/workspaces/%64efault/%61pis"} {
			w := d.must("GET", tt.base+path, "", 200)
			if !strings.Contains(w.Body.String(), `"name":"`+tt.want+`"`) || strings.Count(w.Body.String(), `"name"`) != 1 {
				t.Errorf("%s%s: %s, want %s", tt.base, path, w.Body, tt.want)
			}
		}
		d.must("GET", tt.base+"/workspaces/default/apis/"+tt.want, "", 200)
	}
	for _, base := range []string{
		"/data/none", "/data/none", "http://none.data.westeurope." + domain, "http://second.data.northeurope." + domain, "http://center.data.x." + domain,
	} {
		d.fails("GET", base+"/apis", "", 404, "ResourceNotFound", "no API center")
		d.fails("GET", base+"/apis", "", 401, "AuthenticationFailed", "token", nobody()...) // who asks is told nothing of names
	}
}

func TestUnknownPaths(t *testing.T) {
	d := filled(t, dataapi.Limits{})
	for _, path := range []string{
		"/data", "/data/", "/data/center", "/workspaces", "/workspaces/default", "/workspaces/default/apis/a%2Fb", "/workspaces/default/apis/petstore/",
		"/workspaces/default/skills/x/versions", "/workspaces/default/agents/x/versions/1/artifacts", "/workspaces/default/plugins/x",
		"/workspaces/default/v0/servers/x", "/apis/petstore", "/data/center/data/center/apis", "/workspaces/default/apis/petstore:sync",
		"/workspaces/default/apis/petstore/versions/v-1/securityRequirements/x:getCredentials", strings.Repeat("/workspaces", 40),
		"/workspaces/default/apis/petstore/versions/v-1/definitions/openapi:exportSpecification/x",
		"http://center.data.westeurope." + domain + "/", "http://center.data.westeurope." + domain + "/healthz",
	} {
		if path == "/workspaces/default/apis/petstore/" {
			d.must("GET", path, "", 200)
			continue
		}
		for _, method := range []string{"GET", "POST", "PUT"} {
			d.fails(method, path, "", 404, "ResourceNotFound", "there is nothing at")
		}
	}
}

func TestMethodsThatAreNotPossible(t *testing.T) {
	d := filled(t, dataapi.Limits{})
	const at = "/workspaces/default/apis/petstore/versions/v-1/definitions/openapi"
	for _, tt := range []struct{ method, path, allow string }{
		{"PUT", "/apis", "GET, HEAD, OPTIONS"},
		{"DELETE", "/workspaces/default/apis/petstore", "GET, HEAD, OPTIONS"},
		{"PATCH", "/workspaces/default/environments/prod", "GET, HEAD, OPTIONS"},
		{"POST", at, "GET, HEAD, OPTIONS"},
		{"GET", at + ":exportSpecification", "POST, OPTIONS"},
		{"HEAD", "/workspaces/default:search", "POST, OPTIONS"},
	} {
		w := d.must(tt.method, tt.path, "", 405)
		if got := w.Header().Get("Allow"); got != tt.allow {
			t.Errorf("%s %s: Allow %q, want %q", tt.method, tt.path, got, tt.allow)
		}
	}
	for _, path := range []string{"/apis", at, "/metadataSchemas"} {
		d.must("HEAD", path, "", 200)
	}
	d.must("HEAD", "/workspaces/default/apis/none", "", 404)
}
