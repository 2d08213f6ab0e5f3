package identity

import (
	"encoding/base64"
	"math/big"
	"net/http"
	"strings"

	"apicenter/internal/emulator/wire"
)

// adfs stands for the tenant in the paths of Active Directory Federation Services, which have none. Old versions
// of az can be kept from the public cloud only with an authority of this kind.
const adfs = "adfs"

// tenants are those that have endpoints: every tenant of a principal, and the names for "any". Clients write a
// tenant as it was given to them or in lower case.
func (a *Authority) tenants() map[string]bool {
	all := map[string]bool{"common": true, "organizations": true}
	add := func(p Principal) { all[p.TenantID], all[strings.ToLower(p.TenantID)] = true, true }
	for _, m := range a.managed {
		add(m.Principal)
	}
	for _, c := range a.opts.Clients {
		add(c.Principal)
	}
	for _, p := range a.opts.StaticTokens {
		add(p)
	}
	return all
}

// issuer names a tenant, or ADFS, as the discovery document at the same address does.
func (a *Authority) issuer(r *http.Request, tenant string) string {
	switch tenant {
	case adfs:
		return wire.Base(r) + "/adfs"
	case "common", "organizations":
		tenant = a.opts.TenantID
	}
	return wire.Base(r) + "/" + tenant + "/v2.0"
}

func (a *Authority) configuration(tenant string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		root, version := wire.Base(r)+"/"+tenant, "/v2.0"
		if tenant == adfs {
			version = ""
		}
		wire.JSON(w, http.StatusOK, map[string]any{
			"issuer":                                a.issuer(r, tenant),
			"authorization_endpoint":                root + "/oauth2" + version + "/authorize",
			"token_endpoint":                        root + "/oauth2" + version + "/token",
			"device_authorization_endpoint":         root + "/oauth2" + version + "/devicecode",
			"jwks_uri":                              root + "/discovery" + version + "/keys",
			"response_types_supported":              []string{"code", "id_token", "token"},
			"response_modes_supported":              []string{"query", "fragment", "form_post"},
			"subject_types_supported":               []string{"pairwise"},
			"id_token_signing_alg_values_supported": []string{"RS256"},
			"token_endpoint_auth_methods_supported": []string{"client_secret_post", "client_secret_basic"},
			"scopes_supported":                      []string{"openid", "profile", "email", "offline_access"},
			"claims_supported":                      []string{"sub", "iss", "aud", "exp", "iat", "nbf", "tid", "oid", "azp", "appid", "name", "ver", "idtyp"},
		})
	}
}

func (a *Authority) keys(w http.ResponseWriter, _ *http.Request) {
	number := func(n *big.Int) string { return base64.RawURLEncoding.EncodeToString(n.Bytes()) }
	wire.JSON(w, http.StatusOK, map[string]any{"keys": []map[string]string{{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": a.keyID,
		"n": number(a.key.N), "e": number(big.NewInt(int64(a.key.E))),
	}}})
}

// instance tells a client that this host is an authority of its own with no other names.
func (a *Authority) instance(w http.ResponseWriter, r *http.Request) {
	wire.JSON(w, http.StatusOK, map[string]any{
		"tenant_discovery_endpoint": wire.Base(r) + "/" + a.opts.TenantID + "/v2.0/.well-known/openid-configuration",
		"api-version":               "1.1",
		"metadata": []map[string]any{{
			"preferred_network": r.Host, "preferred_cache": r.Host, "aliases": []string{r.Host},
		}},
	})
}

// token answers the grants, each to those who may ask for it.
func (a *Authority) token(tenant string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		switch got := r.PostFormValue("grant_type"); got {
		case "client_credentials":
			a.redeemSecret(w, r, tenant)
		case "authorization_code":
			a.redeemCode(w, r, tenant)
		case "refresh_token":
			a.redeemRefresh(w, r, tenant)
		case deviceGrant:
			a.redeemDevice(w, r, tenant)
		default:
			refuseGrant(w, http.StatusBadRequest, "unsupported_grant_type", "AADSTS70003: The app requested an unsupported grant type '"+got+"'.")
		}
	}
}

// redeemSecret answers an application that signs in with its secret.
func (a *Authority) redeemSecret(w http.ResponseWriter, r *http.Request, tenant string) {
	id, secret := r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	if user, password, ok := r.BasicAuth(); ok {
		id, secret = user, password
	}
	c, ok := a.opts.Clients[strings.ToLower(id)]
	if !ok || !a.serves(tenant, c.Principal) {
		refuseGrant(w, http.StatusBadRequest, "unauthorized_client", "AADSTS700016: Application with identifier '"+id+"' was not found in the directory '"+tenant+"'.")
		return
	}
	if secret != c.Secret {
		refuseGrant(w, http.StatusUnauthorized, "invalid_client", "AADSTS7000215: Invalid client secret provided for app '"+id+"'.")
		return
	}
	resource := resourceOf(r.PostFormValue("scope"))
	if resource == "" {
		refuseGrant(w, http.StatusBadRequest, "invalid_scope", "AADSTS1002012: The provided value for scope is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier.")
		return
	}
	issuer := tenant
	if tenant != adfs {
		issuer = c.Principal.TenantID
	}
	token, _ := a.issue(c.Principal, resource, a.issuer(r, issuer))
	life := int(a.opts.TokenLife.Seconds())
	w.Header().Set("Cache-Control", "no-store")
	wire.JSON(w, http.StatusOK, map[string]any{
		"token_type": "Bearer", "expires_in": life, "ext_expires_in": life, "access_token": token,
	})
}

// resourceOf takes the resource out of the scopes of an application: the one that ends in /.default, among those
// of OpenID Connect that clients add.
func resourceOf(scopes string) string {
	for scope := range strings.FieldsSeq(scopes) {
		if resource, ok := strings.CutSuffix(scope, "/.default"); ok {
			return resource
		}
	}
	return ""
}

// serves tells whether a principal signs in at the endpoints of a tenant.
func (a *Authority) serves(tenant string, p Principal) bool {
	switch tenant {
	case adfs, "common", "organizations":
		return true
	}
	return strings.EqualFold(tenant, p.TenantID)
}

// refuseGrant answers with an error of OAuth, which is also that of the managed identity endpoints.
func refuseGrant(w http.ResponseWriter, status int, code, description string) {
	wire.JSON(w, status, map[string]string{"error": code, "error_description": description})
}
