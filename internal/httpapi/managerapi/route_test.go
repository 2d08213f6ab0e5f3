package managerapi_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"apicenter/internal/auth"
	"apicenter/internal/httpapi/managerapi"
)

// address fills a template in.
func address(o managerapi.Operation) string {
	return strings.NewReplacer("{scope}", center, "{subscription}", strings.TrimPrefix(sub, "/subscriptions/"), "{group}", "Retail",
		"{namespace}", "Microsoft.ApiCenter", "{name}", first).Replace(o.Path)
}

// Who has no role gets nowhere: he is refused, by the action that the table
// names, or told nothing but what is no secret.
func TestEveryOperationAsksForItsAction(t *testing.T) {
	w := start(t)
	for _, o := range managerapi.Operations() {
		body := `{"query":"resources | where type =~ 'microsoft.apicenter/services'"}`
		got := w.ask(adaToken, o.Method, address(o), body)
		if !o.Anyone {
			if got.Code != http.StatusForbidden || o.Method != http.MethodHead && !strings.Contains(got.Body.String(), "'"+o.Action+"'") {
				t.Errorf("%s %s without a role: %d %s, want 403 and %s", o.Method, o.Path, got.Code, got.Body, o.Action)
			}
			continue
		}
		public := strings.HasPrefix(o.Path, "/providers") && o.Method != http.MethodPost || strings.HasPrefix(o.Path, "/tenants")
		if got.Code != http.StatusOK || !public && strings.Contains(got.Body.String(), "/subscriptions/") {
			t.Errorf("%s %s without a role: %d %s, want nothing told", o.Method, o.Path, got.Code, got.Body)
		}
	}
}

// With each role of the table that has the action, the operation is not refused;
// with each that has not, it is.
func TestEveryOperationWithEveryRole(t *testing.T) {
	w := start(t)
	for _, role := range w.guard.Roles() {
		p := auth.Principal{ID: "x", Name: "x", Grants: []auth.Grant{{Role: role.ID, Scope: "/"}}}
		people["role-token"] = p
		for _, o := range managerapi.Operations() {
			allowed := o.Anyone || w.guard.Allowed(auth.With(t.Context(), p), o.Action, "/")
			if got := w.ask("role-token", o.Method, address(o), "{}"); (got.Code != http.StatusForbidden) != allowed {
				t.Errorf("%s %s as %s: %d, want it allowed: %v", o.Method, o.Path, role.Name, got.Code, allowed)
			}
		}
	}
	delete(people, "role-token")
}

// A role on one thing shows that thing, and the subscription that it is in.
func TestListsLeaveOutWhatMayNotBeRead(t *testing.T) {
	w := start(t)
	w.service(sub+"/resourceGroups/Second/providers/Microsoft.ApiCenter/services/Beta", `{"location":"north"}`)
	w.service(other+"/resourceGroups/g/providers/Microsoft.ApiCenter/services/Gamma", `{"location":"north"}`)
	graph := func() string {
		var out struct{ Data []struct{ Name string } }
		got := w.must(200, adaToken, "POST", "/providers/Microsoft.ResourceGraph/resources", `{"query":"resources | where type =~ 'microsoft.apicenter/services'"}`)
		if err := json.Unmarshal(got.Body.Bytes(), &out); err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, d := range out.Data {
			names = append(names, d.Name)
		}
		return strings.Join(names, " ")
	}
	for _, step := range []struct {
		scope, role                               string
		subscriptions, groups, services, wholeOne string
	}{
		{"", "", "", "", "", ""},
		{center + "/workspaces/default/apis/pets", serviceReader, "ours", "", "", ""},
		{center, serviceReader, "ours", "", "Center", "Center"},
		{group, serviceReader, "ours", "Retail", "Center", "Center"},
		{sub, reader, "ours", "Retail Second", "Center Beta", "Center Beta"},
		{"/", reader, "ours other", "Retail Second", "Center Beta", "Center Beta Gamma"},
	} {
		if step.role != "" {
			w.assign(first, step.scope, step.role, ada)
		}
		subscriptions := strings.NewReplacer(strings.TrimPrefix(sub, "/subscriptions/"), "ours", "other-sub", "other").
			Replace(w.names("subscriptionId", adaToken, "/subscriptions"))
		for what, pair := range map[string][2]string{
			"subscriptions": {subscriptions, step.subscriptions},
			"groups":        {w.names("name", adaToken, sub+"/resourceGroups"), step.groups},
			"resources":     {w.names("name", adaToken, sub+"/resources"), step.services},
			"graph":         {graph(), step.wholeOne},
		} {
			if pair[0] != pair[1] {
				t.Errorf("with a role on %q: %s %q, want %q", step.scope, what, pair[0], pair[1])
			}
		}
		if step.role != "" {
			w.must(200, ownerToken, "DELETE", strings.TrimSuffix(step.scope, "/")+assignments+"/"+first, "")
		}
	}
}

// Whoever may not assign roles at a scope cannot give himself one there.
func TestAssigningTakesTheRightToAssignThere(t *testing.T) {
	w := start(t)
	const administrator = "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9"
	w.assign(first, center, administrator, ada)
	body := `{"properties":{"roleDefinitionId":"` + owner + `","principalId":"` + ada + `"}}`
	for _, scope := range []string{"", sub, group, sub + "/resourceGroups/retail/providers/Microsoft.ApiCenter/services/Center2"} {
		w.fails(403, "AuthorizationFailed", "Microsoft.Authorization/roleAssignments/write", adaToken, "PUT", scope+assignments+"/"+second, body)
	}
	w.must(201, adaToken, "PUT", center+"/workspaces/default"+assignments+"/"+second, body)
	w.must(403, adaToken, "DELETE", sub+assignments+"/"+first, "")
}

func TestPathsAreReadAsAzureDoes(t *testing.T) {
	w := start(t)
	w.assign(first, center, reader, ada)
	for _, path := range []string{
		"//SUBSCRIPTIONS//" + strings.ToUpper(strings.TrimPrefix(sub, "/subscriptions/")) + "/",
		sub + "/RESOURCEGROUPS/retail/", sub + "/resourcegroups//%52etail", "/subscriptions/", "/Tenants", "/PROVIDERS",
		sub + "/providers//microsoft.apicenter", "//providers/MICROSOFT.APICENTER/",
		strings.ToLower(center) + "/Providers/microsoft.authorization/ROLEASSIGNMENTS/" + first,
		sub + "/resourcegroups/retail/PROVIDERS/microsoft.apicenter//services/center/providers//Microsoft.Authorization/roleassignments",
		sub + "/providers/Microsoft.ApiCenter?api-version=1999-01-01", sub + "/providers/Microsoft.ApiCenter?api-version=",
	} {
		w.must(200, ownerToken, "GET", path, "")
	}
}

func TestTheProvidersPathsAreItsOwn(t *testing.T) {
	w := start(t)
	for _, path := range []string{
		center + "/workspaces", sub + "/providers/Microsoft.ApiCenter/services", "/providers/Microsoft.ApiCenter/operations",
		sub + "/resourceGroups/g/providers/Microsoft%2EApiCenter/services/x/y",
		center + "/workspaces/default/apis/providers", center + "/workspaces/default/apis/providers/versions/Microsoft.Authorization",
		center + "/workspaces/default/apis/providers/versions/roleAssignments/definitions/x",
	} {
		w.fails(http.StatusTeapot, "Provider", "", adaToken, "GET", path, "")
	}
	w.must(200, ownerToken, "GET", center+"/workspaces/default/apis/providers"+assignments, "")
}

func TestMethodsThatAreNotPossible(t *testing.T) {
	w := start(t)
	for path, allow := range map[string]string{
		"/subscriptions": "GET, HEAD", "/tenants": "GET, HEAD", group: "GET, HEAD, PUT, PATCH, DELETE", sub + "/providers/Microsoft.ApiCenter/register": "POST",
		center + assignments + "/" + first: "GET, HEAD, PUT, DELETE", "/providers/Microsoft.ResourceGraph/resources": "POST", "/providers/Microsoft.ApiCenter": "GET, HEAD",
	} {
		got := w.must(405, ownerToken, "BREW", path, "")
		if got.Header().Get("Allow") != allow || !strings.Contains(got.Body.String(), "MethodNotAllowed") {
			t.Errorf("%s: Allow %q, want %q: %s", path, got.Header().Get("Allow"), allow, got.Body)
		}
	}
}

func TestUnknownPaths(t *testing.T) {
	w := start(t)
	for _, path := range []string{
		sub + "/a/b/c", group + "/deployments", "/subscriptions/a/../../admin", "/subscriptions/%2e%2e/x", "/subscriptions/a%2Fb", "/subscriptions/a%00",
		"/providers/Microsoft.Web/x", center + "/providers/Microsoft.Authorization/locks", center + "/providers/Microsoft.Insights/x",
		"/subscriptions" + strings.Repeat("/a", 60), "/subscriptions/a%5Cb", sub + "/providers/Microsoft.Authorization",
	} {
		w.must(404, ownerToken, "GET", path, "")
	}
}

func TestOperationsAreWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, o := range managerapi.Operations() {
		key := o.Method + " " + o.Path
		if seen[key] || o.Action == "" || strings.Count(o.Action, "/") < 1 {
			t.Errorf("%+v is there twice, or names no action", o)
		}
		seen[key] = true
		if o.Method == http.MethodGet && !slices.ContainsFunc(managerapi.Operations(), func(h managerapi.Operation) bool {
			return h.Method == http.MethodHead && h.Path == o.Path
		}) {
			t.Errorf("%s has GET and no HEAD", o.Path)
		}
	}
}

func TestNewWantsAllThatDecides(t *testing.T) {
	w := start(t)
	whole := managerapi.Options{Catalog: w.catalog, Access: w.guard, Roles: w.guard, Provider: http.NotFoundHandler(), Log: discard}
	for name, drop := range map[string]func(*managerapi.Options){
		"catalog": func(o *managerapi.Options) { o.Catalog = nil }, "access": func(o *managerapi.Options) { o.Access = nil }, "roles": func(o *managerapi.Options) { o.Roles = nil },
		"provider": func(o *managerapi.Options) { o.Provider = nil }, "log": func(o *managerapi.Options) { o.Log = nil },
	} {
		o := whole
		drop(&o)
		if _, err := managerapi.New(o); err == nil {
			t.Errorf("made without %s", name)
		}
	}
}

// The laws: whatever path is asked for, by whatever method, the answer is no
// fault of ours, and an error says what is wrong in Azure's form.
func FuzzPath(f *testing.F) {
	for _, o := range managerapi.Operations() {
		f.Add(o.Method, address(o), "$filter=name eq 'x'", "{}")
	}
	f.Add("GET", "//subscriptions/%2e%2e/x", "$skiptoken=up.x&$top=-1", "")
	f.Add("POST", "/providers/Microsoft.ResourceGraph/resources", "", `{"query":"resources | where type =~ 'microsoft.apicenter/services'","options":{"$top":1,"$skip":9,"resultFormat":"table"}}`)
	f.Add("PUT", center+assignments+"/"+first, "", `{"properties":{"roleDefinitionId":"`+reader+`","principalId":"`+ada+`"}}`)
	w := start(f)
	f.Fuzz(func(t *testing.T, method, path, query, body string) {
		r, err := http.NewRequestWithContext(t.Context(), method, "http://center.example/"+path, strings.NewReader(body))
		if err != nil {
			return // no client can send it
		}
		r.URL.RawQuery = query
		r.RequestURI = r.URL.RequestURI()
		r.Header.Set("Authorization", "Bearer "+ownerToken)
		got := httptest.NewRecorder()
		w.handler.ServeHTTP(got, r)
		switch {
		case got.Code >= 500:
			t.Errorf("%s %s?%s: %d %s", method, path, query, got.Code, got.Body)
		case got.Code >= 400:
			var e struct {
				Error struct{ Code, Message string }
			}
			if err := json.Unmarshal(got.Body.Bytes(), &e); err != nil || e.Error.Code == "" || e.Error.Message == "" {
				t.Errorf("%s %s?%s: %d with the body %q", method, path, query, got.Code, got.Body)
			}
		}
	})
}
