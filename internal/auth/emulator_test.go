package auth_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"apicenter/internal/auth"
	"apicenter/internal/emulator/identity"
)

// The tokens of the emulated Azure are taken, whichever way they were had.
func TestEmulatedIssuer(t *testing.T) {
	const tenant = "11111111-2222-3333-4444-555555555555"
	authority, err := identity.New(identity.Options{
		TenantID:        tenant,
		ManagedIdentity: identity.Principal{ObjectID: "Machine", ClientID: "m"},
		Clients: map[string]identity.Client{
			"app":  {Secret: "s", Principal: identity.Principal{ObjectID: "App"}},
			"user": {Secret: "s", Principal: identity.Principal{ObjectID: "Ada", Name: "ada", Type: identity.User}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	authority.Register(mux)
	server := httptest.NewTLSServer(mux)
	defer server.Close()
	o, err := auth.NewOIDC(slog.New(slog.DiscardHandler),
		auth.Issuer{URL: server.URL + "/adfs", Client: server.Client()},
		auth.Issuer{URL: server.URL + "/" + tenant + "/v2.0", Client: server.Client()})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(path string, form url.Values) string {
		t.Helper()
		r, err := http.NewRequest(http.MethodPost, server.URL+path, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Metadata", "true")
		answer, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		var body struct {
			Token string `json:"access_token"`
		}
		if err := json.NewDecoder(answer.Body).Decode(&body); err != nil || body.Token == "" {
			t.Fatalf("%s: %s, no token (%v)", path, answer.Status, err)
		}
		return body.Token
	}
	credentials := func(client, scope string) url.Values {
		return url.Values{"grant_type": {"client_credentials"}, "client_id": {client}, "client_secret": {"s"}, "scope": {scope}}
	}
	const control, data = "https://management.azure.com//.default", "https://azure-apicenter.net/.default"
	for _, tt := range []struct {
		name, token string
		tokens      *auth.Tokens
		id          string
		kind        auth.Kind
	}{
		{"az, control", ask("/adfs/oauth2/token", credentials("app", control)), o.Control(), "app", auth.Application},
		{"az, data", ask("/adfs/oauth2/token", credentials("app", data)), o.Data(), "app", auth.Application},
		{"an SDK", ask("/"+tenant+"/oauth2/v2.0/token", credentials("user", control)), o.Control(), "ada", auth.User},
		{"a person, data", ask("/"+tenant+"/oauth2/v2.0/token", credentials("user", data)), o.Data(), "ada", auth.User},
		{"a managed identity", ask("/msi/token", url.Values{"resource": {"https://management.azure.com/"}}), o.Control(), "machine", auth.Application},
	} {
		p, err := tt.tokens.Authenticate(t.Context(), tt.token)
		if err != nil || p.ID != tt.id || p.Kind != tt.kind || p.Tenant != tenant {
			t.Errorf("%s: %+v, %v, want %s, %s", tt.name, p, err, tt.id, tt.kind)
		}
	}
}
