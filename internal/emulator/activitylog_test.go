package emulator_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"apicenter/internal/emulator"
	"apicenter/internal/emulator/fault"
)

const logPath = "/subscriptions/" + emulator.SubscriptionID + "/providers/microsoft.insights/eventtypes/management/values"

// logged asks for the log and gives its entries, page by page, as "operation status name".
func (w *world) logged(filter, only string) (lines []string, pages int) {
	w.t.Helper()
	q := url.Values{"api-version": {"2015-04-01"}, "$filter": {filter}}
	if only != "" {
		q.Set("$select", only)
	}
	for next := logPath + "?" + q.Encode(); next != ""; pages++ {
		var page struct {
			Value []struct {
				Operation struct{ Value string } `json:"operationName"`
				Status    struct{ Value string } `json:"status"`
				Resource  string                 `json:"resourceId"`
				Caller    string                 `json:"caller"`
			} `json:"value"`
			NextLink string `json:"nextLink"`
		}
		if err := json.Unmarshal(w.must(200, http.MethodGet, next, "").body, &page); err != nil {
			w.t.Fatal(err)
		}
		for _, e := range page.Value {
			operation, _ := strings.CutPrefix(e.Operation.Value, "Microsoft.ApiManagement/")
			lines = append(lines, fmt.Sprint(operation, " ", e.Status.Value, " ", e.Resource[strings.LastIndexByte(e.Resource, '/')+1:], e.Caller))
		}
		next = page.NextLink
	}
	return lines, pages
}

// since is a filter for what happened from a while ago on.
func since(d time.Duration) string {
	return fmt.Sprintf("eventTimestamp ge '%s'", time.Now().Add(-d).UTC().Format(time.RFC3339Nano))
}

func TestWritesAreInTheActivityLog(t *testing.T) {
	w := start(t, emulator.Options{Empty: true, PageSize: 3})
	w.must(201, "PUT", "apis/echo", `{"properties":{"displayName":"Echo","path":"echo"}}`)
	w.must(201, "PUT", "apis/echo/operations/say", `{"properties":{"displayName":"Say","method":"GET","urlTemplate":"/say"}}`)
	w.must(400, "PUT", "apis/other", `{"properties":{"path":"other"}}`)
	w.must(204, "DELETE", "apis/echo", "", "If-Match", "*")
	w.must(200, "GET", "apis", "")
	want := []string{
		"service/apis/delete Succeeded echo", "service/apis/delete Started echo",
		"service/apis/write Failed other", "service/apis/write Started other",
		"service/apis/operations/write Succeeded say", "service/apis/operations/write Started say",
		"service/apis/write Succeeded echo", "service/apis/write Started echo",
	}
	only := "operationName, status,resourceId"
	if got, pages := w.logged(since(time.Minute)+" and resourceProvider eq 'microsoft.apimanagement'", only); !slices.Equal(got, want) || pages != 3 {
		t.Errorf("%d pages:\n%s\nwant 3:\n%s", pages, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got, _ := w.logged(since(time.Minute)+fmt.Sprintf(" and resourceUri eq '%s/apis/ECHO'", w.instance), ""); len(got) != 4 || !strings.HasSuffix(got[0], "owner@emulator.example") {
		t.Errorf("of one API: %q", got)
	}
	for _, tt := range []struct {
		filter string
		want   int
	}{
		{since(-time.Minute), 0},
		{since(time.Minute) + " and eventTimestamp le '" + time.Now().Add(-time.Minute).UTC().Format(time.RFC3339) + "'", 0},
		{since(time.Minute) + " and resourceGroupName eq 'RG-apis'", 8},
		{since(time.Minute) + " and resourceProvider eq 'Microsoft.Storage'", 0},
	} {
		if got, _ := w.logged(tt.filter, ""); len(got) != tt.want {
			t.Errorf("%s: %d entries, want %d", tt.filter, len(got), tt.want)
		}
	}
	for _, filter := range []string{
		"", "resourceGroupName eq 'rg'", "eventTimestamp ge 'yesterday'", since(91 * 24 * time.Hour), since(time.Minute) + " or caller eq 'x'",
		since(time.Minute) + " and resourceGroupName eq 'a' and resourceProvider eq 'b'",
	} {
		w.must(400, "GET", logPath+"?api-version=2015-04-01&$filter="+url.QueryEscape(filter), "")
	}
	w.must(405, "PUT", logPath+"?api-version=2015-04-01", "{}")
	w.must(404, "GET", w.instance+"/providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01", "")
}

func TestTheActivityLogNeedsARole(t *testing.T) {
	w := start(t, emulator.Options{Empty: true})
	reader := "Bearer " + w.managedToken()
	get := logPath + "?api-version=2015-04-01&$filter=" + url.QueryEscape(since(time.Minute))
	w.must(200, "GET", "apis", "", "Authorization", reader)
	if a := w.must(403, "GET", get, "", "Authorization", reader); !strings.Contains(string(a.body), "Microsoft.Insights/eventtypes/values/read' over scope '/subscriptions/"+emulator.SubscriptionID+"'") {
		t.Errorf("refused with %s", a.body)
	}
	w.must(201, "PUT", "/subscriptions/"+emulator.SubscriptionID+"/providers/Microsoft.Authorization/roleAssignments/6b1f3c7e-0000-4000-8000-000000000002?api-version=2022-04-01",
		`{"properties":{"roleDefinitionId":"/providers/Microsoft.Authorization/roleDefinitions/43d0d8ad-25c7-4714-9337-8ba259a9fe05","principalId":"`+emulator.ManagedID+`"}}`)
	w.must(200, "GET", get, "", "Authorization", reader)
}

// managedToken is a token of the center's identity.
func (w *world) managedToken() string {
	w.t.Helper()
	var token struct {
		AccessToken string `json:"access_token"`
	}
	a := w.must(200, "GET", "/msi/token?api-version=2019-08-01&resource=https://management.azure.com", "", "X-Identity-Header", "azemu", "Authorization", "")
	if err := json.Unmarshal(a.body, &token); err != nil {
		w.t.Fatal(err)
	}
	return token.AccessToken
}

func TestTheActivityLogIsLate(t *testing.T) {
	w := start(t, emulator.Options{Empty: true, Faults: fault.Config{ActivityLogDelay: fault.Duration(time.Hour)}})
	w.must(201, "PUT", "apis/echo", `{"properties":{"displayName":"Echo","path":"echo"}}`)
	if got, _ := w.logged(since(time.Minute), ""); len(got) != 0 {
		t.Errorf("shown before its time: %q", got)
	}
	w.must(200, "PUT", "/admin/faults", `{"activityLogDelay":"1ns"}`)
	w.must(200, "PUT", "apis/echo", `{"properties":{"displayName":"Echo","path":"echo"}}`)
	if got, _ := w.logged(since(time.Minute), ""); len(got) != 2 {
		t.Errorf("shown after its time: %q, want the entries of the second write", got)
	}
}
