package armapi_test

import (
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"apicenter/internal/auth"
	"apicenter/internal/catalog"
	"apicenter/internal/httpapi/armapi"
	"apicenter/internal/httpapi/documents"
	"apicenter/internal/inventory"
)

func TestServiceIsRestoredByPutAndByPatch(t *testing.T) {
	d := filled(t)
	tag := d.must("GET", api, "", 200).Header().Get("ETag")
	for _, method := range []string{"PUT", "PATCH"} {
		d.must("DELETE", center, "", 200)
		d.must("DELETE", center, "", 204)
		d.must("GET", center, "", 404)
		d.fails("GET", api, "", 404, "ParentResourceNotFound", "petstore")
		d.fails("PUT", api, `{"properties":{"title":"x","kind":"rest"}}`, 404, "ParentResourceNotFound", "")
		d.fails("PATCH", center, `{"tags":{}}`, 404, "ResourceNotFound", "center")
		d.fails("PUT", center, `{"location":"x"}`, 409, "Conflict", "restore")
		if names, _ := d.follow(base + "/services"); len(names) != 0 {
			t.Errorf("services: %v", names)
		}
		if names, _ := d.follow(base + "/deletedServices"); strings.Join(names, " ") != "Center" {
			t.Errorf("deleted services: %v", names)
		}
		w := d.must(method, center, `{"location":"ignored","tags":{"a":5},"properties":{"restore":true}}`, 200)
		if !strings.Contains(w.Body.String(), `"location":"westeurope"`) || strings.Contains(w.Body.String(), "tags") {
			t.Errorf("restored with %s: %s", method, w.Body)
		}
		if got := d.must("GET", api, "", 200).Header().Get("ETag"); got != tag {
			t.Errorf("tag of an API %s, was %s", got, tag)
		}
		if names, _ := d.follow(base + "/deletedServices"); len(names) != 0 {
			t.Errorf("deleted services: %v", names)
		}
	}
	d.fails("PUT", base+"/services/none", `{"properties":{"restore":true}}`, 404, "ResourceNotFound", "none")
}

func TestDeletedServicesAreHiddenAndPaged(t *testing.T) {
	d := newDesk(t)
	for _, name := range []string{"one", "two", "hidden"} {
		d.must("PUT", base+"/services/"+name, `{"location":"x"}`, 201)
		d.must("DELETE", base+"/services/"+name, "", 200)
	}
	d.guard.deny = func(_, scope string) bool { return strings.HasSuffix(scope, "/deletedServices/hidden") }
	for query, want := range map[string]string{"": "one two", "?$top=1": "one two", "?$skip=1": "two", "?$skip=9": ""} {
		if names, _ := d.follow(base + "/deletedServices" + query); strings.Join(names, " ") != want {
			t.Errorf("deletedServices%s: %v, want %s", query, names, want)
		}
	}
	d.fails("GET", base+"/deletedServices?$filter=name%20eq%20'one'", "", 400, "ValidationError", "$filter")
	d.fails("GET", base+"/deletedServices?$orderby=name", "", 400, "ValidationError", "$orderby")
	d.fails("GET", base+"/deletedServices/hidden", "", 403, "AuthorizationFailed", "deletedServices/read")
	d.fails("DELETE", base+"/deletedServices/one", "", 412, "PreconditionFailed", "", "If-Match", `"none-of-ours"`)
	d.must("DELETE", base+"/deletedServices/ONE", "", 200)
	d.must("DELETE", base+"/deletedServices/one", "", 204)
	d.must("PUT", base+"/services/one", `{"location":"x"}`, 201)
	d.fails("GET", base+"/services/two~deleted", "", 404, "ResourceNotFound", "")
	d.fails("PUT", base+"/services/two~deleted/workspaces/default/apis/abc", `{"properties":{"title":"x","kind":"rest"}}`, 404, "ResourceNotFound", "")
}

func TestPatchOfAService(t *testing.T) {
	d := centre(t)
	d.must("PATCH", center, `{"tags":{"a":"b"},"location":"ignored"}`, 200)
	w := d.must("PATCH", center, `{"identity":{"type":"SystemAssigned"},"tags":null}`, 200)
	for _, want := range []string{`"location":"westeurope"`, `"tags":{"a":"b"}`, `"identity":{"type":"SystemAssigned","principalId":"p0","tenantId":"t0"}`} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s, want %s in it", w.Body, want)
		}
	}
	d.must("PATCH", center, `{}`, 200)
	d.fails("PATCH", center, ``, 400, "InvalidRequestContent", "empty")
	d.fails("PATCH", center, `[]`, 400, "InvalidRequestContent", "JSON object")
	d.fails("PATCH", center, `{"tags":{"a":1}}`, 400, "ValidationError", "tags")
	d.fails("PATCH", center, `{"identity":5}`, 400, "ValidationError", "identity")
	d.fails("PATCH", center, `{}`, 412, "PreconditionFailed", "read it again", "If-Match", `"none-of-ours"`)
	d.must("PATCH", center, `{}`, 200, "If-Match", "*")
}

func TestHostnamesOfAService(t *testing.T) {
	d := centre(t)
	d.must("PUT", base+"/services/default-one", `{"location":"West Europe"}`, 201)
	for _, tt := range []struct {
		name, path   string
		options      armapi.Options
		data, portal string
	}{
		{"of the request", center, armapi.Options{}, "example.com/data/Center", "example.com"},
		{"public", center, armapi.Options{PublicURL: "https://apis.example.org:8443"}, "apis.example.org:8443/data/Center", "apis.example.org:8443"},
		{"of the default service", base + "/services/default-one", armapi.Options{DefaultService: inventory.MustID("s/g/default-one")}, "example.com", "example.com"},
		{
			"below a domain", base + "/services/default-one",
			armapi.Options{DataDomain: "apis.example.org"},
			"default-one.data.westeurope.apis.example.org", "default-one.portal.westeurope.apis.example.org",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := tt.options
			o.Catalog, o.Access = catalog.New(d.store, catalog.Options{}), d.guard
			o.Signer, o.Log = documents.NewSigner([]byte("key")), slog.New(slog.DiscardHandler)
			r := httptest.NewRequest("GET", tt.path+"?api-version="+version, nil)
			w := httptest.NewRecorder()
			armapi.New(o).ServeHTTP(w, r.WithContext(auth.With(r.Context(), auth.Principal{Name: "ada"})))
			p := properties(t, w)
			if p["dataApiHostname"] != tt.data || p["portalHostname"] != tt.portal || p["provisioningState"] != "Succeeded" {
				t.Errorf("properties %v, want %s and %s", p, tt.data, tt.portal)
			}
		})
	}
}
