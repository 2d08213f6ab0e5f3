package managerapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/apimanagement/armapimanagement/v3"

	"apicenter/internal/emulator"
	"apicenter/internal/httpapi/managerapi"
)

// linked is a world with an emulated Azure as its upstream, and how clients reach it.
type linked struct {
	*world
	azure    *emulator.Server
	url      string // of the front
	instance string
}

func startLinked(t testing.TB, o emulator.Options) *linked {
	t.Helper()
	o.Token = ownerToken
	azure, err := emulator.New(o)
	if err != nil {
		t.Fatal(err)
	}
	behind := httptest.NewServer(azure.Handler())
	t.Cleanup(behind.Close)
	l := &linked{azure: azure, instance: azure.Target().InstanceID}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { l.handler.ServeHTTP(w, r) }))
	t.Cleanup(front.Close)
	l.url = front.URL
	l.world = start(t, func(o *managerapi.Options) { o.Upstream, o.PublicURL = behind.URL, front.URL })
	return l
}

// credential has its token already.
type credential struct{}

func (credential) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: ownerToken, ExpiresOn: time.Now().Add(time.Hour)}, nil
}

func (l *linked) sdk() *armapimanagement.ClientFactory {
	l.Helper()
	f, err := armapimanagement.NewClientFactory(emulator.SubscriptionID, credential{}, &arm.ClientOptions{
		ClientOptions: policy.ClientOptions{
			InsecureAllowCredentialWithHTTP: true,
			Cloud: cloud.Configuration{
				ActiveDirectoryAuthorityHost: "https://login.microsoftonline.com/",
				Services: map[cloud.ServiceName]cloud.ServiceConfiguration{
					cloud.ResourceManager: {Endpoint: l.url, Audience: "https://management.azure.com"},
				},
			},
		},
	})
	if err != nil {
		l.Fatal(err)
	}
	return f
}

// all reads a pager to its end.
func all[P, R any](t *testing.T, pager *runtime.Pager[P], rows func(P) []R) (out []R, pages int) {
	t.Helper()
	for pager.More() {
		page, err := pager.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, rows(page)...)
		pages++
	}
	return out, pages
}

// The official SDK knows one address, the front's: it pages, writes and polls through it.
func TestSDKReadsAPIManagementThroughTheFront(t *testing.T) {
	l := startLinked(t, emulator.Options{APIs: 250, Async: true})
	group, service := emulator.ResourceGroup, l.instance[strings.LastIndexByte(l.instance, '/')+1:]
	f := l.sdk()
	rows, pages := all(t, f.NewAPIClient().NewListByServicePager(group, service, nil),
		func(p armapimanagement.APIClientListByServiceResponse) []*armapimanagement.APIContract {
			return p.Value
		})
	if len(rows) != 250 || pages != 3 {
		t.Errorf("%d rows on %d pages, want 250 on 3", len(rows), pages)
	}
	got, err := f.NewServiceClient().Get(t.Context(), group, service, nil)
	if err != nil || !strings.EqualFold(*got.ID, l.instance) {
		t.Errorf("instance: %v, %v", got.ID, err)
	}
	api := f.NewAPIClient()
	made, err := api.BeginCreateOrUpdate(t.Context(), group, service, "pets", armapimanagement.APICreateOrUpdateParameter{
		Properties: &armapimanagement.APICreateOrUpdateProperties{Path: new("pets"), DisplayName: new("Pets")},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := made.PollUntilDone(t.Context(), nil); err != nil || *r.Properties.DisplayName != "Pets" {
		t.Errorf("create: %v", err)
	}
	gone, err := api.BeginDelete(t.Context(), group, service, "pets", "*", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := gone.PollUntilDone(t.Context(), &runtime.PollUntilDoneOptions{Frequency: time.Second}); err != nil {
		t.Errorf("delete, by polling: %v", err)
	}
	if tag, err := api.GetEntityTag(t.Context(), group, service, "pets", nil); err == nil {
		t.Errorf("what is deleted has the tag %v", tag.ETag)
	}
}

func TestListsAreUnions(t *testing.T) {
	l := startLinked(t, emulator.Options{APIs: 1, Instances: 3})
	l.must(201, ownerToken, "PUT", sub+"/resourceGroups/"+emulator.ResourceGroup, `{"location":"local","tags":{"ours":"yes"}}`)
	for path, want := range map[string]struct{ member, names string }{
		"/subscriptions":        {"subscriptionId", emulator.SubscriptionID + " " + emulator.SecondSubscriptionID},
		sub + "/resourceGroups": {"name", "Retail " + emulator.ResourceGroup},
		sub + "/resources?$filter=resourceType eq 'Microsoft.ApiCenter/services'": {"name", "Center"},
		sub + "/providers": {"namespace", "Microsoft.ApiCenter"},
		"/tenants":         {"tenantId", emulator.TenantID},
	} {
		sep := "?"
		if strings.Contains(path, "?") {
			sep = "&"
		}
		if got := l.names(want.member, ownerToken, path+sep+"api-version=2021-04-01"); got != want.names {
			t.Errorf("%s: %q, want %q", path, got, want.names)
		}
	}
	if got := l.names("type", ownerToken, sub+"/resources?api-version=2021-04-01"); !strings.HasPrefix(got, "Microsoft.ApiCenter/services Microsoft.ApiManagement/service") {
		t.Errorf("resources %q, want ours first and then theirs", got)
	}
	// Ours stand for those that both have.
	if got := l.must(200, ownerToken, "GET", sub+"/resourceGroups?api-version=2021-04-01", "").Body.String(); !strings.Contains(got, `"ours":"yes"`) {
		t.Errorf("groups %s, want ours of those that both have", got)
	}
}

// What is not ours is the upstream's: what it has, and how it refuses.
func TestWhatIsNotOursIsTheUpstreams(t *testing.T) {
	l := startLinked(t, emulator.Options{APIs: 1, Instances: 2})
	second := "/subscriptions/" + emulator.SecondSubscriptionID
	const v = "?api-version=2021-04-01"
	for _, tt := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", second + v, "", 200, emulator.SecondSubscriptionID},
		{"HEAD", sub + "/resourcegroups/" + emulator.ResourceGroup + v, "", 204, ""},
		{"HEAD", sub + "/resourcegroups/none" + v, "", 404, ""},
		{"GET", sub + "/resourcegroups/" + emulator.ResourceGroup + v, "", 200, emulator.ResourceGroup},
		{"GET", second + "/resourcegroups" + v, "", 200, emulator.ResourceGroup},
		{"GET", other + v, "", 404, "SubscriptionNotFound"},
		{"GET", sub + "/providers/Microsoft.ApiManagement" + v, "", 200, "Registered"},
		{"POST", sub + "/providers/Microsoft.ApiManagement/register" + v, "", 200, "Registered"},
		{"GET", l.instance + v, "", 200, "gatewayUrl"},
		{"GET", l.instance, "", 400, "MissingApiVersionParameter"},
		{"PUT", l.instance + assignments + "/" + first + v, `{"properties":{"roleDefinitionId":"` + apimReader + `","principalId":"` + ada + `"}}`, 201, apimReader},
		{"GET", l.instance + assignments + v, "", 200, apimReader},
		{"GET", "/providers/Microsoft.Authorization/roleDefinitions/" + apimReader + v, "", 200, "API Management Service Reader Role"},
		{"GET", sub + "/nothing" + v, "", 404, "InvalidResourceType"},
	} {
		got := l.must(tt.status, ownerToken, tt.method, tt.path, tt.body)
		if !strings.Contains(got.Body.String(), tt.want) {
			t.Errorf("%s %s: %s, want %s in it", tt.method, tt.path, got.Body, tt.want)
		}
	}
}

// At a scope that both have, a role of ours is assigned here and any other there.
func TestRolesAtSharedScopes(t *testing.T) {
	l := startLinked(t, emulator.Options{APIs: 1})
	const v = "?api-version=2022-04-01"
	grant := func(role string) string {
		return `{"properties":{"roleDefinitionId":"` + role + `","principalId":"` + ada + `","principalType":"User"}}`
	}
	l.must(201, ownerToken, "PUT", sub+assignments+"/"+first+v, grant(serviceReader))
	l.must(201, ownerToken, "PUT", sub+assignments+"/"+second+v, grant(apimReader))
	if got, err := l.guard.Assignments(t.Context()); err != nil || len(got) != 1 || got[0].Role != serviceReader {
		t.Errorf("here: %+v, %v, want the role of ours alone", got, err)
	}
	if got := l.names("name", ownerToken, sub+assignments+v+"&$filter=principalId eq '"+ada+"'"); got != first+" "+second {
		t.Errorf("listed: %q, want both", got)
	}
	if got := l.names("name", ownerToken, sub+"/providers/Microsoft.Authorization/roleDefinitions"+v); !strings.Contains(got, apimReader) || strings.Count(got, serviceReader) != 1 {
		t.Errorf("definitions: %q, want those of both, each once", got)
	}
	for _, name := range []string{first, second} {
		if got := l.must(200, ownerToken, "GET", sub+assignments+"/"+name+v, "").Body.String(); !strings.Contains(got, ada) {
			t.Errorf("%s: %s", name, got)
		}
		l.must(200, ownerToken, "DELETE", sub+assignments+"/"+name+v, "")
		l.must(204, ownerToken, "DELETE", sub+assignments+"/"+name+v, "")
	}
	l.fails(400, "InvalidRequestContent", "JSON", ownerToken, "PUT", sub+assignments+"/"+first+v, "{") // neither here nor there
	l.fails(404, "RoleDefinitionDoesNotExist", "", ownerToken, "PUT", center+assignments+"/"+first+v, grant(apimReader))
}

func TestGraphKnowsTheUpstreamsInstances(t *testing.T) {
	l := startLinked(t, emulator.Options{APIs: 1, Instances: 3})
	const query = `{"query":"Resources|where type=~\"Microsoft.ApiManagement/Service\""`
	ask := func(token, more string) string {
		var out struct {
			TotalRecords int
			Data         []map[string]any
		}
		if err := json.Unmarshal(l.must(200, token, "POST", "/providers/Microsoft.ResourceGraph/resources", query+more+"}").Body.Bytes(), &out); err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, d := range out.Data {
			names = append(names, fmt.Sprint(d["type"], " ", d["resourceGroup"], " ", d["subscriptionId"]))
		}
		slices.Sort(names)
		return strings.Join(names, ", ")
	}
	const in = "microsoft.apimanagement/service rg-apis "
	if got := ask(ownerToken, ""); !strings.Contains(got, in+emulator.SubscriptionID) || !strings.Contains(got, in+emulator.SecondSubscriptionID) {
		t.Errorf("instances: %q, want those of both subscriptions", got)
	}
	if got := ask(ownerToken, `,"subscriptions":["`+emulator.SecondSubscriptionID+`"]`); got != in+emulator.SecondSubscriptionID {
		t.Errorf("of one subscription: %q", got)
	}
	if got := ask(ownerToken, `,"subscriptions":["../../providers"]`); got != "" {
		t.Errorf("of a subscription that is none: %q", got)
	}
	if got := ask(keyToken, ""); got != "" {
		t.Errorf("with a key of ours: %q, want none", got)
	}
}

const web = sub + "/resourceGroups/g/providers/Microsoft.Web/sites/x"

// The upstream's pages come after ours, by tokens that lead nowhere but to it.
func TestPagesOfBoth(t *testing.T) {
	var base string
	w, base := behind(t, func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "application/json")
		switch q := r.URL.Query(); {
		case q.Get("ctx") == "2":
			_, _ = io.WriteString(rw, `{"value":[{"id":"`+sub+`/resourceGroups/u3","name":"u3"}]}`)
		case q.Get("evil") != "":
			_, _ = io.WriteString(rw, `{"value":[],"nextLink":"`+base+`/admin"}`)
		case q.Get("odd") != "":
			_, _ = io.WriteString(rw, `{"value":[null,5,"x",[],{"id":5},{"id":"`+sub+`/resourceGroups/u1","name":"u1"}]}`)
		default:
			_, _ = io.WriteString(rw, `{"value":[{"id":"`+sub+`/resourceGroups/u1","name":"u1","top":"`+q.Get("$top")+`"},{"id":"`+sub+`/RESOURCEGROUPS/retail","name":"twice"}],"nextLink":"`+base+r.URL.Path+`?ctx=2"}`)
		}
	})
	for _, name := range []string{"a", "b"} {
		w.must(201, ownerToken, "PUT", sub+"/resourceGroups/"+name, `{"location":"local"}`)
	}
	for top, want := range map[string]string{"": "Retail a b u1 u3", "?$top=2": "Retail a b u1 u3", "?$top=3": "Retail a b u1 u3", "?$top=4": "Retail a b u1 u3"} {
		var names []string
		pages := 0
		for path := sub + "/resourceGroups" + top; path != ""; pages++ {
			if pages == 6 {
				t.Fatal("the pages never end")
			}
			var page struct {
				Value    []struct{ Name string }
				NextLink string
			}
			if err := json.Unmarshal(w.must(200, ownerToken, "GET", path, "").Body.Bytes(), &page); err != nil {
				t.Fatal(err)
			}
			for _, g := range page.Value {
				names = append(names, g.Name)
			}
			path = strings.TrimPrefix(page.NextLink, "https://center.example")
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%q: %q on %d pages, want %q", top, got, pages, want)
		}
	}
	for _, token := range []string{"x", "-1", "up.%25", "up.!"} {
		w.fails(400, "InvalidRequestContent", "nextLink", ownerToken, "GET", sub+"/resourceGroups?$skiptoken="+token, "")
	}
	if got := w.must(200, ownerToken, "GET", sub+"/resourceGroups?evil=1", ""); strings.Contains(got.Body.String(), "nextLink") {
		t.Errorf("a nextLink that leads elsewhere: %s", got.Body)
	}
	if got := w.names("name", ownerToken, sub+"/resourceGroups?odd=1"); got != "Retail a b u1" {
		t.Errorf("beside things that are none: %q", got)
	}
	w.fails(400, "InvalidRequestContent", "$top", ownerToken, "GET", sub+"/resourceGroups?$top=0", "")
}
