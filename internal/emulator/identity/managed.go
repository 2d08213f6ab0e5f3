package identity

import (
	"net/http"
	"strconv"
	"strings"

	"apicenter/internal/emulator/wire"
)

// maxForm bounds a token request.
const maxForm = 64 << 10

// Register adds the endpoints of the authority. Their patterns name methods and literal tenants, so that none
// of them overlaps with the paths of ARM.
func (a *Authority) Register(mux *http.ServeMux) {
	for _, path := range []string{"/msi/token", "/msi/token/{$}"} { // az adds the slash
		mux.HandleFunc("GET "+path, a.appService)
		mux.HandleFunc("POST "+path, a.cloudShell)
	}
	mux.HandleFunc("GET /common/discovery/instance", a.instance)
	for tenant := range a.tenants() {
		mux.HandleFunc("GET /"+tenant+"/v2.0/.well-known/openid-configuration", a.configuration(tenant))
		mux.HandleFunc("GET /"+tenant+"/discovery/v2.0/keys", a.keys)
		mux.HandleFunc("POST /"+tenant+"/oauth2/v2.0/token", a.token(tenant))
		mux.HandleFunc("POST /"+tenant+"/oauth2/v2.0/devicecode", a.device(tenant))
		mux.HandleFunc("GET /"+tenant+"/oauth2/v2.0/authorize", a.authorize(tenant))
	}
	mux.HandleFunc("GET /adfs/.well-known/openid-configuration", a.configuration(adfs))
	mux.HandleFunc("GET /adfs/discovery/keys", a.keys)
	mux.HandleFunc("POST /adfs/oauth2/token", a.token(adfs))
	mux.HandleFunc("POST /adfs/oauth2/devicecode", a.device(adfs))
	mux.HandleFunc("GET /adfs/oauth2/authorize", a.authorize(adfs))
	mux.HandleFunc("GET /devicelogin", a.devicePage)
}

// appService answers a managed identity as App Service does: IDENTITY_ENDPOINT with IDENTITY_HEADER of version
// 2019-08-01, or MSI_ENDPOINT with MSI_SECRET of 2017-09-01. The header proves that the caller runs in the app;
// any value does.
func (a *Authority) appService(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Identity-Header") == "" && r.Header.Get("Secret") == "" {
		refuseGrant(w, http.StatusUnauthorized, "invalid_request", "the header X-IDENTITY-HEADER (or secret, for version 2017-09-01) is missing")
		return
	}
	a.grant(w, r)
}

// cloudShell answers a managed identity as Cloud Shell does: a form posted to MSI_ENDPOINT.
func (a *Authority) cloudShell(w http.ResponseWriter, r *http.Request) {
	if !strings.EqualFold(r.Header.Get("Metadata"), "true") {
		refuseGrant(w, http.StatusBadRequest, "invalid_request", "the header Metadata: true is missing")
		return
	}
	a.grant(w, r)
}

func (a *Authority) grant(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	resource := r.FormValue("resource")
	if resource == "" {
		refuseGrant(w, http.StatusBadRequest, "invalid_request", "the parameter resource is missing")
		return
	}
	p, ok := a.assigned(r)
	if !ok {
		refuseGrant(w, http.StatusBadRequest, "invalid_request", "Identity not found")
		return
	}
	token, expires := a.issue(p, resource, a.issuer(r, p.TenantID))
	w.Header().Set("Cache-Control", "no-store")
	wire.JSON(w, http.StatusOK, map[string]string{
		"access_token": token,
		"expires_on":   strconv.FormatInt(expires.Unix(), 10),
		"resource":     resource,
		"token_type":   "Bearer",
		"client_id":    p.ClientID,
	})
}

// assigned finds the managed identity that a request asks for, by whichever id it gives in whichever spelling
// of the platforms; the system-assigned one if it gives none.
func (a *Authority) assigned(r *http.Request) (Principal, bool) {
	for _, name := range []string{"client_id", "clientid", "object_id", "principal_id", "mi_res_id", "msi_res_id"} {
		want := r.FormValue(name)
		if want == "" {
			continue
		}
		for _, u := range a.managed {
			has := u.ClientID
			switch name {
			case "object_id", "principal_id":
				has = u.ObjectID
			case "mi_res_id", "msi_res_id":
				has = u.ResourceID
			}
			if strings.EqualFold(has, want) {
				return u.Principal, true
			}
		}
		return Principal{}, false
	}
	return a.opts.ManagedIdentity, a.opts.ManagedIdentity.ObjectID != ""
}
