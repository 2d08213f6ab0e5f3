package apim_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"apicenter/internal/emulator"
	"apicenter/internal/inventory"
	"apicenter/internal/source"
)

// changes are where the log sends a link, in its order.
func (w *world) changes(c source.Connector, since time.Time) (apis []string, err error) {
	for change, err := range c.(source.Watcher).Changes(w.t.Context(), since) {
		if err != nil {
			return apis, err
		}
		apis = append(apis, change.Scope.API)
	}
	return apis, nil
}

// log answers for the log with pages of entries: resource, operation and status.
func (w *world) log(pages ...[][3]string) {
	w.intercept(func(rw http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/eventtypes/management/values") {
			return false
		}
		n := len(r.URL.Query().Get("page"))
		var rows []string
		for i, e := range pages[min(n, len(pages)-1)] {
			rows = append(rows, fmt.Sprintf(`{"eventDataId":"%d-%d","resourceId":%q,"operationName":{"value":%q},"status":{"value":%q},"eventTimestamp":"2026-01-02T03:04:05.1234567Z"}`, n, i, e[0], e[1], e[2]))
		}
		next := ""
		if n+1 < len(pages) {
			next = fmt.Sprintf(`,"nextLink":"http://%s%s?page=%s"`, r.Host, r.URL.Path, strings.Repeat("x", n+1))
		}
		fmt.Fprintf(rw, `{"value":[%s]%s}`, strings.Join(rows, ","), next)
		return true
	})
}

func TestWhereAnEntryOfTheLogSendsALink(t *testing.T) {
	w := newWorld(t, emulator.Options{Empty: true})
	const done = "Succeeded"
	whole := []string{""}
	for _, tt := range []struct {
		name, resource, operation, status string // resource is below the instance
		scope                             inventory.Scope
		instance, sales                   []string // where links to the instance and to its workspace sales look
	}{
		{"an API", "/apis/Petstore", "apis/write", done, inventory.Scope{}, []string{"apis/petstore"}, nil},
		{"in capitals", "/APIS/PETSTORE", "APIS/DELETE", "succeeded", inventory.Scope{}, []string{"apis/petstore"}, nil},
		{"a revision", "/apis/petstore;rev=2", "apis/write", done, inventory.Scope{}, []string{"apis/petstore"}, nil},
		{"an operation", "/apis/petstore/operations/list", "apis/operations/delete", done, inventory.Scope{}, []string{"apis/petstore"}, nil},
		{"a schema", "/apis/petstore/schemas/s", "apis/schemas/write", done, inventory.Scope{}, []string{"apis/petstore"}, nil},
		{"a release", "/apis/petstore/releases/r", "apis/releases/write", done, inventory.Scope{}, []string{"apis/petstore"}, nil},
		{"a tag of an API", "/apis/petstore/tags/t", "apis/tags/write", done, inventory.Scope{}, []string{"apis/petstore"}, nil},
		{"a version set", "/apiVersionSets/v", "apiVersionSets/write", done, inventory.Scope{}, whole, nil},
		{"the instance", "", "write", done, inventory.Scope{}, whole, whole},
		{"an API of a workspace", "/workspaces/Sales/apis/orders", "workspaces/apis/write", done, inventory.Scope{}, []string{"workspaces/sales/apis/orders"}, []string{"workspaces/sales/apis/orders"}},
		{"a version set of a workspace", "/workspaces/sales/apiVersionSets/v", "workspaces/apiVersionSets/delete", done, inventory.Scope{}, whole, whole},
		{"a workspace", "/workspaces/sales", "workspaces/delete", done, inventory.Scope{}, whole, whole},
		{"another workspace", "/workspaces/other", "workspaces/delete", done, inventory.Scope{}, whole, nil},
		{"a tag that a rule asks for", "/tags/t", "tags/write", done, inventory.Scope{Include: []inventory.ScopeRule{{Tag: "t"}}}, whole, nil},
		{"a product that a rule asks for", "/products/p/apiLinks/l", "products/apiLinks/write", done, inventory.Scope{Exclude: []inventory.ScopeRule{{Product: "p"}}}, whole, nil},
		{"a tag", "/tags/t", "tags/write", done, inventory.Scope{}, nil, nil},
		{"a product", "/products/p/apis/petstore", "products/apis/write", done, inventory.Scope{}, nil, nil},
		{"a policy", "/apis/petstore/policies/policy", "apis/policies/write", done, inventory.Scope{}, nil, nil},
		{"a policy of an operation", "/apis/petstore/operations/list/policies/policy", "apis/operations/policies/write", done, inventory.Scope{}, nil, nil},
		{"a beginning", "/apis/petstore", "apis/write", "Started", inventory.Scope{}, nil, nil},
		{"a failure", "/apis/petstore", "apis/write", "Failed", inventory.Scope{}, nil, nil},
		{"an action", "/apis/petstore", "apis/action", done, inventory.Scope{}, nil, nil},
		{"a name that leads away", "/apis/..", "apis/write", done, inventory.Scope{}, nil, nil},
		{"a name too long", "/apis/" + strings.Repeat("x", 300), "apis/write", done, inventory.Scope{}, nil, nil},
		{"another instance", "-2/apis/petstore", "apis/write", done, inventory.Scope{}, nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w.log([][3]string{{w.instance + tt.resource, "Microsoft.ApiManagement/service/" + tt.operation, tt.status}})
			for below, want := range map[string][]string{"": tt.instance, "/workspaces/sales": tt.sales} {
				c := w.open(w.options(), inventory.Link{Source: w.instance + below, Scope: tt.scope}, false)
				if got, err := w.changes(c, time.Now()); !slices.Equal(got, want) || err != nil {
					t.Errorf("%s%s: %q, %v; want %q", w.instance, below, got, err, want)
				}
			}
		})
	}
}

func TestWhatTheLogIsAskedFor(t *testing.T) {
	w := newWorld(t, emulator.Options{Empty: true, PageSize: 2})
	w.rest("petstore", "Petstore", petstore("Petstore"))
	w.call(http.MethodDelete, "/apis/petstore", nil)
	w.put("/apiVersionSets/v", m{"displayName": "V", "versioningScheme": "Segment"})
	w.sent()
	since := time.Now().Add(-time.Hour)
	got, err := w.changes(w.connect(), since)
	if want := []string{"", "apis/petstore", "apis/petstore"}; !slices.Equal(got, want) || err != nil {
		t.Errorf("changes %q, %v; want %q", got, err, want)
	}
	sent := w.sent()
	u, err := url.Parse(strings.TrimPrefix(sent[0], "GET "))
	if err != nil || len(sent) != 3 || !strings.HasPrefix(u.Path, "/subscriptions/"+emulator.SubscriptionID+"/providers/Microsoft.Insights/") ||
		u.Query().Get("api-version") != "2015-04-01" || !strings.HasPrefix(u.Query().Get("$filter"), "eventTimestamp ge '"+since.UTC().Format("2006-01-02T15:04:05.")) {
		t.Errorf("asked %q", sent)
	}
}

func TestACrowdedLogIsNotReadToItsEnd(t *testing.T) {
	w := newWorld(t, emulator.Options{Empty: true})
	entry := [3]string{w.instance + "/apis/petstore", "Microsoft.ApiManagement/service/apis/write", "Succeeded"}
	for _, tt := range []struct {
		pages, entries, changes int
		end                     error
	}{
		{20, 1, 20, nil}, {21, 1, 20, source.ErrCrowded}, {1, 10_000, 10_000, nil}, {1, 10_001, 10_000, source.ErrCrowded},
	} {
		w.log(slices.Repeat([][][3]string{slices.Repeat([][3]string{entry}, tt.entries)}, tt.pages)...)
		got, err := w.changes(w.connect(), time.Now())
		if len(got) != tt.changes || !errors.Is(err, tt.end) {
			t.Errorf("%d pages of %d entries: %d changes, %v; want %d and %v", tt.pages, tt.entries, len(got), err, tt.changes, tt.end)
		}
	}
}

func TestTheLogNeedsARoleOfItsOwn(t *testing.T) {
	w := newWorld(t, emulator.Options{Empty: true})
	link := inventory.Link{ActivityLog: true}
	_, err := w.changes(w.open(w.managedOptions(), link, false), time.Now())
	e, _ := errors.AsType[*source.Error](err)
	if e == nil || !e.Stalled || e.Remedy == nil || e.Remedy.Role != "Monitoring Reader" || e.Remedy.PrincipalID != emulator.ManagedID ||
		e.Remedy.Scope != "/subscriptions/"+emulator.SubscriptionID || !strings.Contains(e.Message, "may not read the activity log") {
		t.Errorf("without the role: %+v", err)
	}
	if f := w.check(w.managedOptions(), link)["activityLog"]; f.Outcome != inventory.Warned || !strings.Contains(f.Message, `--role "Monitoring Reader"`) {
		t.Errorf("check without the role: %+v", f)
	}
	if f := w.check(w.options(), link)["activityLog"]; f.Outcome != inventory.Passed {
		t.Errorf("check with the role: %+v", f)
	}
	if _, there := w.check(w.options(), inventory.Link{})["activityLog"]; there {
		t.Error("a link that does not follow the log was checked for it")
	}
}
