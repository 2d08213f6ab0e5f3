package main

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"apicenter/internal/auth"
	"apicenter/internal/emulator"
)

// azureOf is an emulated Azure for as long as the test runs.
func azureOf(t *testing.T) string {
	t.Helper()
	e, err := emulator.New(emulator.Options{Empty: true})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(e.Handler())
	t.Cleanup(s.Close)
	return s.URL
}

// start runs a center until the function that it gives is called.
func start(t *testing.T, s settings) (*center, func()) {
	t.Helper()
	c, err := startCenter(t.Context(), s, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return c, func() {
		t.Helper()
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}

// call gives the status and the body of an answer.
func call(t *testing.T, method, address, token, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json, text/event-stream")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(b)
}

// signIn gets a token for the control plane as az does.
func signIn(t *testing.T, azure string) string {
	t.Helper()
	return signInFor(t, azure, "https://management.azure.com/")
}

// signInFor gets a token for a resource.
func signInFor(t *testing.T, azure, resource string) string {
	t.Helper()
	answer, err := http.PostForm(azure+"/adfs/oauth2/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {emulator.ClientID}, "client_secret": {emulator.ClientSecret},
		"scope": {resource + "/.default"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var body struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&body); err != nil || body.Token == "" {
		t.Fatalf("no token: %s, %v", answer.Status, err)
	}
	return body.Token
}

func TestWhoComesIn(t *testing.T) {
	azure := azureOf(t)
	s := settings{
		listen: "127.0.0.1:0", data: t.TempDir(), service: localService, resourceManager: azure, audience: publicResourceManager,
		authority: publicAuthority, pollInterval: time.Hour, limits: "none", token: auth.NewToken(),
		issuers: []string{azure + "/adfs"}, administrators: []string{strings.ToUpper(emulator.ApplicationID), emulator.ApplicationID},
	}
	c, stop := start(t, s)
	key, err := os.ReadFile(filepath.Join(s.data, auth.AdminKeyFile))
	if err != nil {
		t.Fatal(err)
	}
	who := func(token, want string) {
		t.Helper()
		status, body := call(t, "GET", c.url+"/whoami", token, "")
		if status != 200 || !strings.Contains(body, want) || !strings.Contains(body, `"roleName":"API Center Administrator","scope":"/"`) {
			t.Errorf("whoami: %d %s, want an administrator with %s", status, body, want)
		}
	}
	who(s.token, `"id":"administrator"`)
	who(string(bytes.TrimSpace(key)), `"id":"administrator"`)
	who(signIn(t, azure), `"id":"`+emulator.ApplicationID+`","name":"automation","kind":"Application"`)

	status, body := call(t, "POST", c.url+"/keys", signIn(t, azure), `{"name":"ci","role":"API Center Administrator","scope":"/"}`)
	var made struct{ Token string }
	if err := json.Unmarshal([]byte(body), &made); err != nil || status != 201 || !strings.Contains(body, `"createdBy":"automation"`) {
		t.Fatalf("create a key: %d %s", status, body)
	}
	if status, body := call(t, "GET", c.url+"/whoami", "nobody's", ""); status != 401 {
		t.Errorf("a token of nobody: %d %s", status, body)
	}
	stop()

	s.token, s.issuers = "", nil // who was made administrator stays so, and a key goes on to work
	c, stop = start(t, s)
	who(made.Token, `"name":"ci","kind":"Key"`)
	if all, err := c.store.Assignments(t.Context()); err != nil || len(all) != 1 || all[0].Created.By != "administrator" {
		t.Errorf("assignments after two starts: %+v, %v", all, err)
	}
	if status, body := call(t, "GET", c.url+"/whoami", signIn(t, azure), ""); status != 401 {
		t.Errorf("a token of an issuer that is not trusted any more: %d %s", status, body)
	}
	stop()
}

func TestAgentsComeWithATokenOfEitherPlane(t *testing.T) {
	azure := azureOf(t)
	c, stop := start(t, settings{
		listen: "127.0.0.1:0", data: t.TempDir(), service: localService, resourceManager: azure, audience: publicResourceManager,
		authority: publicAuthority, pollInterval: time.Hour, limits: "none", issuers: []string{azure + "/adfs"},
	})
	defer stop()
	for resource, want := range map[string]int{
		"https://management.azure.com/": 200, "https://azure-apicenter.net": 200, "https://graph.microsoft.com": 401,
	} {
		status, body := call(t, "POST", c.url+"/mcp", signInFor(t, azure, resource), `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`)
		if status != want {
			t.Errorf("for %s: %d %s, want %d", resource, status, body, want)
		}
	}
	status, body := call(t, "GET", c.url+c.service+"?api-version=2024-03-01", signInFor(t, azure, "https://azure-apicenter.net"), "")
	if status != 401 {
		t.Errorf("the control plane takes a token for the other: %d %s", status, body)
	}
}

// Who comes after a service that was purged must not find its rights in force.
func TestRightsEndWithTheirService(t *testing.T) {
	azure := azureOf(t)
	c, stop := start(t, settings{
		listen: "127.0.0.1:0", data: t.TempDir(), service: localService, resourceManager: azure, audience: publicResourceManager,
		authority: "https://login.microsoftonline.com/", pollInterval: time.Hour, limits: "none", issuers: []string{azure + "/adfs"},
	})
	defer stop()
	const version = "?api-version=2024-03-01"
	service := walkServices + "short-lived"
	ask := func(token, method, path, body string, want int) string {
		t.Helper()
		status, answer := call(t, method, c.url+path, token, body)
		if status != want {
			t.Fatalf("%s %s: %d %s, want %d", method, path, status, answer, want)
		}
		return answer
	}
	ask(c.token, "PUT", service+version, `{"location":"local"}`, 201)
	ask(c.token, "PUT", service+"/providers/Microsoft.Authorization/roleAssignments/"+auth.NewID()+version,
		`{"properties":{"roleDefinitionId":"Reader","principalId":"`+emulator.ApplicationID+`"}}`, 201)
	var key struct{ Token string }
	made := ask(c.token, "POST", "/keys", `{"name":"ci","role":"Reader","scope":"`+service+`/workspaces/default"}`, 201)
	if err := json.Unmarshal([]byte(made), &key); err != nil {
		t.Fatal(err)
	}
	somebody := signIn(t, azure)
	ask(somebody, "GET", service+version, "", 200)
	ask(key.Token, "GET", service+"/workspaces/default"+version, "", 200)

	ask(c.token, "DELETE", service+version, "", 200)
	ask(c.token, "PATCH", service+version, `{"properties":{"restore":true}}`, 200)
	ask(somebody, "GET", service+version, "", 200) // all is as it was
	ask(c.token, "DELETE", service+version, "", 200)
	ask(c.token, "DELETE", strings.Replace(service, "/services/", "/deletedServices/", 1)+version, "", 200)
	ask(c.token, "PUT", service+version, `{"location":"local"}`, 201)
	ask(somebody, "GET", service+version, "", 403)
	ask(key.Token, "GET", service+"/workspaces/default"+version, "", 401)
}

func TestBadDoors(t *testing.T) {
	azure := azureOf(t)
	good := settings{
		listen: "127.0.0.1:0", service: localService, resourceManager: azure, audience: publicResourceManager,
		authority: publicAuthority, pollInterval: time.Hour,
	}
	for want, change := range map[string]func(*settings){
		"is not a URL":       func(s *settings) { s.issuers = []string{"entra"} },
		"named twice":        func(s *settings) { s.issuers = []string{"https://login.example.com", "https://login.example.com"} },
		"no object id":       func(s *settings) { s.administrators = []string{"a person"} },
		"only travel over h": func(s *settings) { s.issuers = []string{"http://login.example.com"} },
	} {
		s := good
		s.data = t.TempDir()
		change(&s)
		c, err := startCenter(t.Context(), s, slog.New(slog.DiscardHandler))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
		if c != nil {
			_ = c.Close()
		}
	}
}
