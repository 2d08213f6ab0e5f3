package emulator_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"apicenter/internal/emulator"
)

const version = "2024-05-01"

// world is an emulator that listens, with the names of its first instance.
type world struct {
	*emulator.Server
	t        testing.TB
	url      string
	instance string
}

func start(t testing.TB, opts emulator.Options) *world {
	t.Helper()
	srv, err := emulator.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(srv.Handler())
	t.Cleanup(web.Close)
	return &world{Server: srv, t: t, url: web.URL, instance: srv.Target().InstanceID}
}

// answer is a response with its body read.
type answer struct {
	*http.Response
	body []byte
}

// field digs a value out of a JSON body: "properties.value.link".
func (a answer) field(t testing.TB, path string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(a.body, &v); err != nil {
		t.Fatalf("the body is no JSON: %v: %s", err, a.body)
	}
	for _, k := range strings.Split(path, ".") {
		m, _ := v.(map[string]any)
		v = m[k]
	}
	return v
}

// call sends a request; headers come in pairs. A path without scheme is below
// the emulator, one without a slash below the instance.
func (w *world) call(method, path, body string, headers ...string) answer {
	w.t.Helper()
	if !strings.HasPrefix(path, "http") {
		if !strings.HasPrefix(path, "/") {
			path = w.instance + "/" + path
		}
		path = w.url + path
	}
	if strings.Contains(path, "/subscriptions") && !strings.Contains(path, "api-version") {
		sep := "?"
		if strings.Contains(path, "?") {
			sep = "&"
		}
		path += sep + "api-version=" + version
	}
	r, err := http.NewRequestWithContext(w.t.Context(), method, path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer azemu")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
		if headers[i+1] == "" {
			r.Header.Del(headers[i])
		}
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return answer{resp, b}
}

// must is call with the status that it has to have.
func (w *world) must(status int, method, path, body string, headers ...string) answer {
	w.t.Helper()
	a := w.call(method, path, body, headers...)
	if a.StatusCode != status {
		w.t.Fatalf("%s %s: status %d, want %d: %s", method, path, a.StatusCode, status, a.body)
	}
	return a
}

// staticToken is a credential that has its token already.
type staticToken struct{}

func (staticToken) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "azemu", ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// clientOptions are those of the contract, section 5.1.
func (w *world) clientOptions() *arm.ClientOptions {
	return &arm.ClientOptions{
		ClientOptions: policy.ClientOptions{
			InsecureAllowCredentialWithHTTP: true,
			Cloud: cloud.Configuration{
				ActiveDirectoryAuthorityHost: "https://login.microsoftonline.com/",
				Services: map[cloud.ServiceName]cloud.ServiceConfiguration{
					cloud.ResourceManager: {Endpoint: w.url, Audience: "https://management.azure.com"},
				},
			},
		},
		DisableRPRegistration: true,
	}
}

// names are the parts of the instance's id that SDK calls want.
func (w *world) names() (group, service string) {
	return emulator.ResourceGroup, w.instance[strings.LastIndexByte(w.instance, '/')+1:]
}
