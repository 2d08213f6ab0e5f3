package managerapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/apimanagement/armapimanagement/v3"

	"apicenter/internal/emulator"
	"apicenter/internal/httpapi/managerapi"
	"apicenter/internal/inventory"
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

// behind makes a world whose upstream is a handler.
func behind(t testing.TB, h http.HandlerFunc) (*world, string) {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return start(t, func(o *managerapi.Options) { o.Upstream = srv.URL }), srv.URL
}

const web = sub + "/resourceGroups/g/providers/Microsoft.Web/sites/x"

func TestOnlyHeadersOfTheListGoOn(t *testing.T) {
	var got http.Header
	w, _ := behind(t, func(rw http.ResponseWriter, r *http.Request) {
		got = r.Header.Clone()
		for name, value := range map[string]string{
			"Content-Type": "application/json", "Etag": `"1"`, "X-Ms-Ratelimit-Remaining-Subscription-Reads": "7", "Retry-After": "3",
			"Set-Cookie": "a=b", "Connection": "X-Hop", "X-Hop": "1", "Server": "secret", "Strict-Transport-Security": "max-age=1", "Access-Control-Allow-Origin": "*",
		} {
			rw.Header().Set(name, value)
		}
		_, _ = io.WriteString(rw, `{}`)
	})
	answered := w.must(200, ownerToken, "GET", web, "", "Accept", "application/json", "If-Match", `"0"`, "X-Ms-Client-Request-Id", "c",
		"Commandname", "apim", "Cookie", "a=b", "X-Forwarded-For", "10.0.0.1", "Connection", "X-Hop", "X-Hop", "1", "Te", "trailers",
		"X-Ms-Authorization-Auxiliary", "Bearer other", "Accept-Encoding", "br", "Proxy-Authorization", "Basic x", "Range", "bytes=0-1")
	for name, want := range map[string]string{
		"Authorization": "Bearer " + ownerToken, "Accept": "application/json", "If-Match": `"0"`, "X-Ms-Client-Request-Id": "c", "Commandname": "apim",
		"Cookie": "", "X-Forwarded-For": "", "X-Hop": "", "Te": "", "X-Ms-Authorization-Auxiliary": "", "Accept-Encoding": "gzip", "Proxy-Authorization": "", "Range": "", "User-Agent": "",
	} {
		if got.Get(name) != want {
			t.Errorf("the upstream got %s %q, want %q", name, got.Get(name), want)
		}
	}
	for name, want := range map[string]string{
		"Etag": `"1"`, "X-Ms-Ratelimit-Remaining-Subscription-Reads": "7", "Retry-After": "3", "Set-Cookie": "", "X-Hop": "",
		"Connection": "", "Server": "", "Strict-Transport-Security": "", "Access-Control-Allow-Origin": "",
	} {
		if have := answered.Header().Get(name); have != want {
			t.Errorf("the client got %s %q, want %q", name, have, want)
		}
	}
}

func TestAddressesOfTheUpstreamBecomeOurs(t *testing.T) {
	var base string
	var body string
	w, base := behind(t, func(rw http.ResponseWriter, r *http.Request) {
		h := rw.Header()
		h.Set("Content-Type", "application/json; charset=utf-8")
		h.Set("Location", base+sub+"/operationresults/1?api-version=v&t=a%2Fb")
		h.Set("Azure-AsyncOperation", strings.ToUpper(base[:4])+base[4:]+sub+"/operations/1")
		h.Set("Operation-Location", "https://elsewhere.example/subscriptions/1")
		_, _ = io.WriteString(rw, body)
	})
	const ours = "https://center.example"
	for _, tt := range []struct{ body, want string }{
		{`{"value":[{"nextLink":"` + base + `/subscriptions/x"}], "nextLink" : "` + base + `/subscriptions/x?$skip=1&a=b", "z":1}`, `{"value":[{"nextLink":"` + base + `/subscriptions/x"}], "nextLink" : "` + ours + `/subscriptions/x?$skip=1&a=b", "z":1}`},
		{`{"nextLink":"https://elsewhere.example/subscriptions/x"}`, `{"nextLink":"https://elsewhere.example/subscriptions/x"}`},
		{`{"nextLink":"` + base + `/blob/x"}`, `{"nextLink":"` + base + `/blob/x"}`}, // we would not answer there
		{`{"nextLink":null,"value":[]}`, `{"nextLink":null,"value":[]}`},
		{`{"nextLink":"","value":[]}`, `{"nextLink":"","value":[]}`},
		{`[{"nextLink":"` + base + `/subscriptions/x"}]`, `[{"nextLink":"` + base + `/subscriptions/x"}]`},
		{`{"nextLink":"` + base + `/subscriptions/x`, `{"nextLink":"` + base + `/subscriptions/x`}, // no JSON
		{`"nextLink"`, `"nextLink"`},
		{`{"nextLink":"` + strings.Replace(base, "http://", "http://user@", 1) + `/subscriptions/x"}`, `{"nextLink":"` + strings.Replace(base, "http://", "http://user@", 1) + `/subscriptions/x"}`},
	} {
		body = tt.body
		got := w.must(200, ownerToken, "GET", web, "")
		if got.Body.String() != tt.want {
			t.Errorf("body %s\n got %s\nwant %s", tt.body, got.Body, tt.want)
		}
		if n := got.Header().Get("Content-Length"); n != fmt.Sprint(len(tt.want)) {
			t.Errorf("length %s of %d bytes", n, len(tt.want))
		}
	}
	got := w.must(200, ownerToken, "GET", web, "").Header()
	for name, want := range map[string]string{
		"Location":             ours + sub + "/operationresults/1?api-version=v&t=a%2Fb",
		"Azure-Asyncoperation": ours + sub + "/operations/1",
		"Operation-Location":   "https://elsewhere.example/subscriptions/1",
	} {
		if got.Get(name) != want {
			t.Errorf("%s %q, want %q", name, got.Get(name), want)
		}
	}
}

func TestKeysAreNeverSentUpstream(t *testing.T) {
	asked := 0
	w, _ := behind(t, func(rw http.ResponseWriter, r *http.Request) {
		asked++
		if r.Header.Get("Authorization") != "Bearer "+ownerToken {
			t.Errorf("the upstream got %q", r.Header.Get("Authorization"))
		}
	})
	w.fails(403, "AuthorizationFailed", "never sent", keyToken, "GET", web, "")
	w.fails(401, "AuthenticationFailed", "wants a token", "", "GET", web, "")
	w.must(200, keyToken, "GET", "/subscriptions", "")
	w.must(200, keyToken, "GET", sub+"/resources", "")
	w.fails(404, "ResourceGroupNotFound", "", keyToken, "GET", sub+"/resourceGroups/none", "")
	w.fails(404, "RoleAssignmentNotFound", "", keyToken, "GET", sub+assignments+"/"+first, "")
	if asked != 0 {
		t.Errorf("the upstream was asked %d times with a key, or with nothing", asked)
	}
	w.must(200, ownerToken, "GET", web, "")
	if asked != 1 {
		t.Errorf("the upstream was asked %d times, want once", asked)
	}
}

// What only we have, the upstream is not asked about; what it does not know, or
// does not show, is no failure.
func TestWhatTheUpstreamDoesNotHaveIsNoFailure(t *testing.T) {
	asked, status := 0, 0
	w, _ := behind(t, func(rw http.ResponseWriter, _ *http.Request) {
		asked++
		rw.WriteHeader(status)
	})
	for _, path := range []string{center + assignments, center + "/providers/Microsoft.Authorization/roleDefinitions", center + "/providers/Microsoft.Authorization/permissions"} {
		w.must(200, ownerToken, "GET", path, "")
	}
	w.must(204, ownerToken, "DELETE", center+assignments+"/"+first, "")
	w.must(404, ownerToken, "GET", center+"/providers/Microsoft.Insights/diagnosticSettings", "")
	if asked != 0 {
		t.Errorf("the upstream was asked %d times about a service of ours", asked)
	}
	for _, status = range []int{http.StatusNotFound, http.StatusForbidden} {
		if got := w.must(200, ownerToken, "GET", sub+"/resources", ""); got.Header().Get("Warning") != "" {
			t.Errorf("%d of the upstream is told as a failure: %s", status, got.Header().Get("Warning"))
		}
	}
	status = http.StatusUnauthorized
	if got := w.must(200, ownerToken, "GET", sub+"/resources", ""); got.Header().Get("Warning") == "" {
		t.Error("a token that the upstream refuses is not told")
	}
}

func TestUpstreamThatFails(t *testing.T) {
	answer := func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusBadGateway) }
	w, base := behind(t, func(rw http.ResponseWriter, r *http.Request) { answer(rw, r) })
	lists := map[string]string{"/subscriptions": "subscriptionId", sub + "/resourceGroups": "name", sub + "/resources": "name", "/providers": "namespace", sub + assignments: "name"}
	ours := func(why string) {
		t.Helper()
		for path, member := range lists {
			got := w.must(200, ownerToken, "GET", path, "")
			if warned := got.Header().Get("Warning"); !strings.Contains(warned, "left out") {
				t.Errorf("%s, %s: warning %q", why, path, warned)
			}
			if strings.Contains(w.names(member, ownerToken, path), " ") {
				t.Errorf("%s, %s: %s", why, path, got.Body)
			}
		}
		if got := w.names("name", ownerToken, sub+"/resources"); got != "Center" {
			t.Errorf("%s: resources %q", why, got)
		}
	}
	ours("an error")
	w.fails(502, "UpstreamError", "502", ownerToken, "GET", web, "")
	answer = func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "text/html")
		rw.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(rw, "<html>no</html>")
	}
	w.fails(403, "UpstreamError", "", ownerToken, "GET", web, "")
	answer = func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, `{"value":[{"id"`) }
	ours("half a page")
	answer = func(rw http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(rw).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(conn, "nonsense\r\n\r\n")
		_ = conn.Close()
	}
	w.fails(502, "BadGateway", strings.TrimPrefix(base, "http://"), ownerToken, "GET", web, "")
	ours("nonsense")
	redirects := 0
	answer = func(rw http.ResponseWriter, r *http.Request) {
		redirects++
		http.Redirect(rw, r, "/subscriptions/elsewhere", http.StatusTemporaryRedirect)
	}
	got := w.must(307, ownerToken, "PUT", web, "{}")
	if redirects != 1 || got.Header().Get("Location") != "/subscriptions/elsewhere" {
		t.Errorf("asked %d times, Location %q: a redirect is the client's to follow", redirects, got.Header().Get("Location"))
	}

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := l.Addr().String()
	_ = l.Close()
	w = start(t, func(o *managerapi.Options) { o.Upstream = "http://" + closed })
	ours("nobody listens")
	w.fails(503, "ServiceUnavailable", closed, ownerToken, "GET", web+"?sig=secret", "")
	if strings.Contains(w.log.String(), "secret") || strings.Contains(w.log.String(), ownerToken) {
		t.Errorf("the log tells a secret: %s", w.log)
	}
}

func TestBodiesGoThroughAsTheyCome(t *testing.T) {
	large := strings.Repeat("x", 9<<20)
	w, _ := behind(t, func(rw http.ResponseWriter, r *http.Request) {
		got, err := io.ReadAll(r.Body)
		if err != nil {
			return // the client broke off
		}
		if r.URL.RawQuery == "large" {
			rw.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(rw, `{"a":"`+large+`"}`)
			return
		}
		rw.Header().Set("Content-Type", "text/plain")
		rw.WriteHeader(http.StatusAccepted)
		fmt.Fprintf(rw, "%s %s %q", r.Method, r.URL.RequestURI(), got)
	})
	for _, method := range []string{"PUT", "POST", "PATCH", "DELETE"} {
		got := w.must(202, ownerToken, method, web+"/a%3Bb//c?x=1&y", "body")
		if want := fmt.Sprintf("%s %s/a%%3Bb//c?x=1&y %q", method, web, "body"); got.Body.String() != want {
			t.Errorf("%s: %s, want %s", method, got.Body, want)
		}
	}
	if got := w.must(200, ownerToken, "GET", web+"?large", "").Body.Len(); got != len(large)+8 {
		t.Errorf("%d bytes of a large body, want %d", got, len(large)+8)
	}
	if got := w.must(202, ownerToken, "HEAD", web, ""); got.Header().Get("Content-Type") != "text/plain" {
		t.Errorf("HEAD: %v", got.Header())
	}
	r := httptest.NewRequestWithContext(t.Context(), "PUT", web, http.MaxBytesReader(nil, io.NopCloser(strings.NewReader("too long")), 3))
	r.Header.Set("Authorization", "Bearer "+ownerToken)
	got := httptest.NewRecorder()
	w.handler.ServeHTTP(got, r)
	if got.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("a body over the limit: %d %s", got.Code, got.Body)
	}
	r = httptest.NewRequestWithContext(t.Context(), "PUT", web, iotest.ErrReader(inventory.Errorf(inventory.Invalid, "", "broken off")))
	r.Header.Set("Authorization", "Bearer "+ownerToken)
	got = httptest.NewRecorder()
	w.handler.ServeHTTP(got, r)
	if got.Code != http.StatusBadRequest || !strings.Contains(got.Body.String(), "broken off") {
		t.Errorf("a body that breaks off: %d %s", got.Code, got.Body)
	}
	w.must(405, ownerToken, "TRACE", web, "")
}

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

func TestUpstreamAddressIsChecked(t *testing.T) {
	for address, ok := range map[string]bool{
		"https://management.azure.com": true, "https://management.azure.com/": true, "http://127.0.0.1:80": true, "http://localhost": true, "http://[::1]:1/": true,
		"http://management.azure.com": false, "management.azure.com": false, "https://": false, "https://user@host": false,
		"https://host/path": false, "https://host?x=1": false, "ftp://127.0.0.1": false, ":": false, "http://127.0.0.1.example.com": false,
	} {
		w := start(t)
		_, err := managerapi.New(managerapi.Options{Catalog: w.catalog, Access: w.guard, Roles: w.guard, Provider: http.NotFoundHandler(), Log: discard, Upstream: address})
		if (err == nil) != ok {
			t.Errorf("%q: %v, want it taken: %v", address, err, ok)
		}
	}
}
