package dataapi_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"apicenter/internal/httpapi/dataapi"
)

func TestRequestsPerMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, dataapi.Limits{RequestsPerMinute: 30})
		d.put("S/G/second", `{"location":"westeurope"}`)
		for range 30 {
			d.must("GET", "/apis", "", 200)
		}
		w := d.must("GET", "/apis", "", 429)
		if got := w.Header().Get("Retry-After"); got != "2" {
			t.Errorf("Retry-After %q, want the 2 seconds that a request of 30 a minute takes", got)
		}
		d.put(center+"/workspaces/default/apis/new", `{"title":"x","kind":"rest"}`)
		d.fails("GET", "/apis", "", 429, "TooManyRequests", "30 requests a minute") // a write gives nothing back
		d.must("GET", "/data/second/apis", "", 200)                                 // another service has its own
		d.must("GET", "/apis", "", 401, nobody()...)                                // who may not read takes nothing
		d.must("OPTIONS", "/apis", "", 204)
		time.Sleep(2 * time.Second)
		d.must("GET", "/apis", "", 200)
		d.must("GET", "/apis", "", 429)
		time.Sleep(time.Hour)
		for range 30 {
			d.must("GET", "/apis", "", 200)
		}
		d.must("GET", "/apis", "", 429)
	})
}

// TestReachableAPIs shows the oldest APIs of a limited service, and nothing of others.
func TestReachableAPIs(t *testing.T) {
	d := newDesk(t, dataapi.Limits{APIs: 2})
	for i := range 4 {
		api := fmt.Sprintf("%s/apis/api-%d", space, 9-i)
		d.put(api, `{"title":"Same title","kind":"rest"}`)
		d.put(api+"/versions/v-1", `{"title":"x","lifecycleStage":"design"}`)
	}
	for path, want := range map[string]string{
		"/apis": "api-9 api-8",
		"/workspaces/default/apis?$orderby=name%20asc":        "api-8 api-9",
		"/workspaces/default/apis?$top=1":                     "api-9 api-8",
		"/workspaces/default/apis?$search=same":               "api-9 api-8",
		"/workspaces/default/apis?$filter=kind%20eq%20'rest'": "api-9 api-8",
		"/workspaces/default/apis/api-8/versions":             "v-1",
	} {
		if got, _ := d.list(path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	d.must("GET", "/workspaces/default/apis/api-9", "", 200)
	for _, path := range []string{"/workspaces/default/apis/api-7", "/workspaces/default/apis/api-6/versions", "/workspaces/default/apis/api-6/versions/v-1"} {
		d.fails("GET", path, "", 404, "ResourceNotFound", "shows 2 APIs")
	}
	d.fails("GET", "/workspaces/default/apis/none", "", 404, "ResourceNotFound", "none")
	if got, _ := d.list("/workspaces/default/environments"); got != "" {
		t.Errorf("environments %q, want none", got)
	}
}
