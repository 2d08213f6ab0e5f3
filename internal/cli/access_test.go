package cli

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"apicenter/internal/emulator/identity"
)

const (
	fakeTenant   = "11111111-1111-1111-1111-111111111111"
	fakeIssuer   = fakeAddress + "/" + fakeTenant + "/v2.0"
	fakeClient   = "22222222-2222-2222-2222-222222222222"
	fakeProgram  = "33333333-3333-3333-3333-333333333333"
	fakeSecret   = "pr0gram"
	fakeAssignee = "5f0c6a0e-4d5e-4f5a-9b6c-1a2b3c4d5e6f"
	readerRole   = "6cba8790-29c5-48e5-bab1-c7541b01cb04"
	dataRole     = "c7244dfb-f447-457d-b2ba-3999044d1706"
)

// entrance is the part of the fake center that lets people in: keys, roles and
// the sign-in at the emulated Entra, which is at the same address.
type entrance struct {
	once        sync.Once
	issuer      *http.ServeMux
	authority   *identity.Authority
	nobody      bool                      // the center knows no issuer
	second      string                    // an issuer that it names after the first one
	keys        []map[string]any          // with their tokens
	assignments map[string]map[string]any // by path
}

// signingKey is made once: it takes a while.
var signingKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func (a *entrance) init() {
	a.once.Do(func() {
		var err error
		a.authority, err = identity.New(identity.Options{
			TenantID: fakeTenant, Key: signingKey(), Audiences: []string{"api://center"},
			StaticTokens: map[string]identity.Principal{"unused": {ObjectID: "oid-ada", Name: "ada", Type: identity.User}},
			Clients:      map[string]identity.Client{fakeProgram: {Secret: fakeSecret, Principal: identity.Principal{ObjectID: "oid-robot", Name: "robot"}}},
		})
		if err != nil {
			panic(err)
		}
		a.issuer = http.NewServeMux()
		a.authority.Register(a.issuer)
		a.assignments = map[string]map[string]any{}
		a.assign(fakeService+"/providers/Microsoft.Authorization/roleAssignments/0e1d2c3b-0000-4000-8000-000000000000", map[string]any{
			"roleDefinitionId": "/subscriptions/sub1/providers/Microsoft.Authorization/roleDefinitions/" + readerRole,
			"principalId":      fakeAssignee, "principalType": "User",
		})
		a.assign("/subscriptions/sub1/providers/Microsoft.Authorization/roleAssignments/1e1d2c3b-0000-4000-8000-000000000000", map[string]any{
			"roleDefinitionId": "/providers/Microsoft.Authorization/roleDefinitions/" + dataRole, "principalId": "somebody",
		})
	})
}

func (a *entrance) assign(path string, p map[string]any) map[string]any {
	scope, name, _ := strings.Cut(path, "/providers/Microsoft.Authorization/roleAssignments/")
	p["scope"] = scope
	a.assignments[path] = map[string]any{"id": path, "name": name, "type": "Microsoft.Authorization/roleAssignments", "properties": p}
	return a.assignments[path]
}

// knows tells whether a request has a good token.
func (a *entrance) knows(r *http.Request) bool { return a.caller(r) != "" }

func (a *entrance) caller(r *http.Request) string {
	a.init()
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if token == fakeToken {
		return "administrator"
	}
	for _, k := range a.keys {
		if k["token"] == token {
			return k["name"].(string)
		}
	}
	if p, err := a.authority.Authenticate(r); err == nil {
		return p.Name
	}
	return ""
}

// serve answers what is its own, and tells whether it was.
func (a *entrance) serve(w http.ResponseWriter, r *http.Request, body []byte) bool {
	a.init()
	r.Body = http.NoBody
	if h, pattern := a.issuer.Handler(r); pattern != "" {
		r.Body = readCloser(body)
		h.ServeHTTP(w, r)
		return true
	}
	path := r.URL.Path
	if path == "/.well-known/apicenter" {
		ways := []any{map[string]any{"issuer": fakeIssuer, "clientId": fakeClient, "scopes": []string{"openid", "api://center/Read"}}}
		if a.nobody {
			ways = nil
		}
		if a.second != "" {
			ways = append(ways, map[string]any{"issuer": a.second, "clientId": fakeClient, "scopes": []string{"openid"}})
		}
		answerJSON(w, 200, map[string]any{"signIn": ways})
		return true
	}
	at, segment, authorization := strings.Cut(path, "/providers/Microsoft.Authorization/")
	if !authorization && path != "/whoami" && !strings.HasPrefix(path, "/keys") {
		return false
	}
	if !a.knows(r) {
		refuse(w, 401, "AuthenticationFailed", "the token is missing or wrong", "")
		return true
	}
	segment, _, _ = strings.Cut(segment, "/")
	switch {
	case path == "/whoami":
		answerJSON(w, 200, map[string]any{"id": "p1", "name": a.caller(r), "kind": "user", "assignments": []any{
			map[string]any{"role": readerRole, "roleName": "Azure API Center Service Reader", "scope": fakeService},
		}})
	case strings.HasPrefix(path, "/keys"):
		a.key(w, r, body)
	case segment == "roleDefinitions":
		var roles []any
		for id, name := range map[string]string{readerRole: "Azure API Center Service Reader", dataRole: "Azure API Center Data Reader"} {
			if f := r.URL.Query().Get("$filter"); f == "" || f == "roleName eq '"+name+"'" {
				roles = append(roles, map[string]any{
					"id": "/subscriptions/sub1/providers/Microsoft.Authorization/roleDefinitions/" + id, "name": id,
					"properties": map[string]any{"roleName": name, "description": "May read."},
				})
			}
		}
		slices.SortFunc(roles, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		answerJSON(w, 200, map[string]any{"value": roles})
	default:
		a.assignment(w, r, at, body)
	}
	return true
}

func (a *entrance) key(w http.ResponseWriter, r *http.Request, body []byte) {
	switch r.Method {
	case http.MethodPost:
		var k map[string]any
		if err := json.Unmarshal(body, &k); err != nil {
			refuse(w, 400, "InvalidRequestContent", err.Error(), "")
			return
		}
		k["roleName"] = k["role"] // the tests name roles
		k["id"], k["prefix"], k["createdAt"], k["createdBy"] = fmt.Sprintf("k%d", len(a.keys)+1), "apc_1", now(), a.caller(r)
		k["token"] = fmt.Sprintf("apc_1token%d", len(a.keys)+1)
		a.keys = append(a.keys, k)
		answerJSON(w, 201, k)
	case http.MethodDelete:
		a.keys = slices.DeleteFunc(a.keys, func(k map[string]any) bool { return "/keys/"+k["id"].(string) == r.URL.Path })
		w.WriteHeader(204)
	default:
		list := []any{}
		for _, k := range a.keys {
			shown := map[string]any{}
			for name, v := range k {
				if name != "token" {
					shown[name] = v
				}
			}
			list = append(list, shown)
		}
		answerJSON(w, 200, map[string]any{"value": list})
	}
}

func (a *entrance) assignment(w http.ResponseWriter, r *http.Request, scope string, body []byte) {
	switch r.Method {
	case http.MethodPut:
		var o struct{ Properties map[string]any }
		if err := json.Unmarshal(body, &o); err != nil {
			refuse(w, 400, "InvalidRequestContent", err.Error(), "")
			return
		}
		answerJSON(w, 201, a.assign(r.URL.Path, o.Properties))
	case http.MethodDelete:
		if a.assignments[r.URL.Path] == nil {
			w.WriteHeader(204)
			return
		}
		answerJSON(w, 200, a.assignments[r.URL.Path])
		delete(a.assignments, r.URL.Path)
	default:
		list := []any{}
		for path, o := range a.assignments {
			above, _, _ := strings.Cut(path, "/providers/Microsoft.Authorization/")
			if strings.HasPrefix(scope, above) {
				list = append(list, o)
			}
		}
		slices.SortFunc(list, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		answerJSON(w, 200, map[string]any{"value": list})
	}
}

func readCloser(text []byte) io.ReadCloser { return io.NopCloser(bytes.NewReader(text)) }
