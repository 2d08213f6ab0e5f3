package identity_test

import (
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/golang-jwt/jwt/v5"

	"apicenter/internal/emulator/identity"
)

// tokenOf asks a credential of the Azure SDK for a token for ARM.
func tokenOf(t *testing.T, cred azcore.TokenCredential) string {
	t.Helper()
	token, err := cred.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{arm + "/.default"}, EnableCAE: true})
	if err != nil {
		t.Fatal(err)
	}
	return token.Token
}

func TestAzureSDKManagedIdentity(t *testing.T) {
	a := newAuthority(t)
	mux := http.NewServeMux()
	a.Register(mux)
	server := httptest.NewServer(mux)
	defer server.Close()
	t.Setenv("IDENTITY_ENDPOINT", server.URL+"/msi/token")
	t.Setenv("IDENTITY_HEADER", "any")
	for want, id := range map[string]azidentity.ManagedIDKind{
		"oid-center": nil,
		"oid-mirror": azidentity.ResourceID(mirror),
	} {
		cred, err := azidentity.NewManagedIdentityCredential(&azidentity.ManagedIdentityCredentialOptions{ID: id})
		if err != nil {
			t.Fatal(err)
		}
		// Only the claims are looked at: the SDK keeps the tokens of managed identities for the life of the
		// process, so under -count this one may be of an earlier authority, with another key.
		if got := claimsOf(t, tokenOf(t, cred))["oid"]; got != want {
			t.Errorf("identity %v is %v, want %s", id, got, want)
		}
	}
}

func TestAzureSDKClientSecret(t *testing.T) {
	const shouted = "AAAAAAAA-0000-0000-0000-00000000000B" // the client writes it in lower case
	for _, tt := range []struct{ tenant, path string }{
		{tenant, tenant},
		{shouted, shouted},
		{tenant, "adfs"},
	} {
		a, err := identity.New(identity.Options{TenantID: tt.tenant, Clients: map[string]identity.Client{
			"app-robot": {Secret: "s3cret", Principal: identity.Principal{ObjectID: "oid-robot"}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		mux := http.NewServeMux()
		a.Register(mux)
		server := httptest.NewTLSServer(mux)
		defer server.Close()
		cred, err := azidentity.NewClientSecretCredential(tt.path, "app-robot", "s3cret", &azidentity.ClientSecretCredentialOptions{
			ClientOptions:            azcore.ClientOptions{Cloud: cloud.Configuration{ActiveDirectoryAuthorityHost: server.URL}, Transport: server.Client()},
			DisableInstanceDiscovery: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		if p, err := a.Authenticate(bearer("Bearer " + tokenOf(t, cred))); p.ObjectID != "oid-robot" {
			t.Errorf("tenant %s: signed in as %q (%v), want oid-robot", tt.path, p.ObjectID, err)
		}
	}
}

func TestTokenVerifiesWithThePublishedKey(t *testing.T) {
	mux := newMux(t)
	_, doc := ask(t, mux, "GET", "/"+tenant+"/v2.0/.well-known/openid-configuration", "", nil)
	_, set := ask(t, mux, "GET", doc["jwks_uri"].(string), "", nil)
	b, err := json.Marshal(set["keys"])
	if err != nil {
		t.Fatal(err)
	}
	var keys []struct{ Kid, N, E string }
	if err := json.Unmarshal(b, &keys); err != nil {
		t.Fatal(err)
	}
	number := func(s string) *big.Int {
		b, err := base64.RawURLEncoding.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return new(big.Int).SetBytes(b)
	}
	_, answer := ask(t, mux, "GET", "/msi/token?resource="+arm, "", map[string]string{"X-IDENTITY-HEADER": "any"})
	_, err = jwt.Parse(answer["access_token"].(string), func(token *jwt.Token) (any, error) {
		if token.Header["kid"] != keys[0].Kid {
			t.Errorf("signed by %v, published %s", token.Header["kid"], keys[0].Kid)
		}
		return &rsa.PublicKey{N: number(keys[0].N), E: int(number(keys[0].E).Int64())}, nil
	}, jwt.WithIssuer(doc["issuer"].(string)), jwt.WithAudience(arm), jwt.WithExpirationRequired())
	if err != nil {
		t.Error(err)
	}
}
