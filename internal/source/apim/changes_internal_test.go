package apim

import (
	"strings"
	"testing"
)

// FuzzConcerned: wherever an entry sends a link, it is to something that the link covers and that has a place in the instance.
func FuzzConcerned(f *testing.F) {
	const id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ApiManagement/service/Retail"
	f.Add("", "/apis/petstore;rev=2/operations/list", "Microsoft.ApiManagement/service/apis/operations/write")
	f.Add("Sales", "/workspaces/sales/apis/orders", "Microsoft.ApiManagement/service/workspaces/apis/delete")
	f.Add("Sales", "/workspaces/sales/apiVersionSets/v", "x/delete")
	f.Add("", "/apis/../apis/x", "write")
	f.Add("", "/workspaces/../apis/x", "write")
	f.Add("", "//apis//x/", "WRITE")
	f.Fuzz(func(t *testing.T, workspace, below, operation string) {
		if strings.Contains(workspace, "/") {
			return
		}
		link := id
		if workspace != "" {
			link += "/workspaces/" + workspace
		}
		place, err := parsePlace(link)
		if err != nil {
			return
		}
		c := &connector{place: place}
		scope, ok := c.concerned(logEntry{Resource: id + below, Operation: logWord{operation}, Status: logWord{"Succeeded"}})
		if !ok || scope.Whole() {
			return
		}
		api, named := place.parse(scope.API)
		if !named || api.collection != apiCollection || !place.covers(api.space.workspace) {
			t.Errorf("%q of %q sends to %q, of which the link covers nothing", below, link, scope.API)
		}
		if again := api.space.identity(api.collection, api.name); again != scope.API {
			t.Errorf("%q of %q sends to %q, which is called %q", below, link, scope.API, again)
		}
	})
}
