package apim_test

import (
	"testing"

	"apicenter/internal/inventory"
	"apicenter/internal/source"
	"apicenter/internal/source/apim"
)

func TestNotice(t *testing.T) {
	const instance = "/subscriptions/S/resourceGroups/G/providers/Microsoft.ApiManagement/service/Retail"
	everything := []string{""}
	for _, tt := range []struct {
		name, typ, subject, resource string
		instance, sales              []string // where links to the instance and to its workspace sales look; nil: nowhere
	}{
		{"an API", "APIUpdated", "/apis/Petstore;Rev=1", instance + "/apis/Petstore;Rev=1", []string{"apis/petstore"}, nil},
		{"written otherwise", "apiCREATED", "", "/subscriptions/S/resourceGroups/G/Microsoft.ApiManagement/service/Retail/apis/petstore", []string{"apis/petstore"}, nil},
		{"without the full id", "APIDeleted", "/apis/petstore;Rev=2", "", []string{"apis/petstore"}, nil},
		{"a workspace", "APIUpdated", "/workspaces/Sales/apis/orders", "", []string{"workspaces/sales/apis/orders"}, []string{"workspaces/sales/apis/orders"}},
		{"another workspace", "APIUpdated", "/workspaces/other/apis/orders", "", []string{"workspaces/other/apis/orders"}, nil},
		{"a release", "APIReleaseCreated", "/apis/petstore/releases/first", "", []string{"apis/petstore"}, nil},
		{"a gateway", "GatewayAPIAdded", "/gateways/store/apis/petstore", "", []string{"apis/petstore"}, nil},
		{"host names", "GatewayHostnameConfigurationUpdated", "/gateways/store/hostnameConfigurations/h", "", everything, everything},
		{"an API without a name", "APIUpdated", "/apis/", "", everything, everything},
		{"a name that leads away", "APIUpdated", "/apis/..", "", everything, everything},
		{"a product", "ProductUpdated", "/products/p", "", nil, nil},
		{"a circuit breaker", "CircuitBreaker.Opened", "/backends/b", "", nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			kind := apim.New(apim.Options{Endpoint: "https://management.example"})
			for source, want := range map[string][]string{instance: tt.instance, instance + "/workspaces/sales": tt.sales} {
				look(t, kind, inventory.Link{Source: source}, event("Microsoft.ApiManagement."+tt.typ, tt.subject, tt.resource), want)
			}
		})
	}
	t.Run("another provider", func(t *testing.T) {
		kind := apim.New(apim.Options{Endpoint: "https://management.example"})
		look(t, kind, inventory.Link{Source: instance}, event("Microsoft.Storage.APIUpdated", "/apis/a", ""), nil)
	})
}

func event(typ, subject, resource string) source.Event {
	return source.Event{Type: typ, Subject: subject, Resource: resource}
}

func look(t *testing.T, kind source.Kind, link inventory.Link, e source.Event, want []string) {
	t.Helper()
	scope, ok := kind.Notice(link, e)
	if ok != (want != nil) || ok && scope.API != want[0] {
		t.Errorf("%+v for %s: look at %q, %v; want %q", e, link.Source, scope.API, ok, want)
	}
}
