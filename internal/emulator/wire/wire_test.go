package wire_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"apicenter/internal/emulator/wire"
)

func TestScope(t *testing.T) {
	for in, want := range map[string]string{
		"":                     "/",
		"/":                    "/",
		"//":                   "/",
		"/subscriptions/s":     "/subscriptions/s",
		"subscriptions/s":      "/subscriptions/s",
		"//subscriptions//S/":  "/subscriptions/S",
		"/a/providers/P//x/y/": "/a/providers/P/x/y",
	} {
		if got := wire.Scope(in); got != want {
			t.Errorf("Scope(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestExtension(t *testing.T) {
	const provider = "Microsoft.Authorization"
	for _, tt := range []struct {
		name, path, scope string
		rest              []string
	}{
		{"list", "/subscriptions/s/providers/Microsoft.Authorization/roleAssignments", "/subscriptions/s", []string{"roleAssignments"}},
		{"named", "/subscriptions/s/providers/microsoft.authorization/roleAssignments/n", "/subscriptions/s", []string{"roleAssignments", "n"}},
		{"root", "/providers/Microsoft.Authorization/roleDefinitions", "/", []string{"roleDefinitions"}},
		{"doubled slash", "//subscriptions/s//providers/Microsoft.Authorization/x", "/subscriptions/s", []string{"x"}},
		{"below another provider", "/subscriptions/s/providers/P/a/b/providers/Microsoft.Authorization/x", "/subscriptions/s/providers/P/a/b", []string{"x"}},
		{"on an extension of itself", "/providers/Microsoft.Authorization/a/b/providers/Microsoft.Authorization/x", "/providers/Microsoft.Authorization/a/b", []string{"x"}},
		{"nothing after it", "/subscriptions/s/providers/Microsoft.Authorization", "", nil},
		{"another provider", "/subscriptions/s/providers/P/x", "", nil},
		{"short", "/", "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			scope, rest, ok := wire.Extension(tt.path, provider)
			if scope != tt.scope || !slices.Equal(rest, tt.rest) || ok != (tt.rest != nil) {
				t.Errorf("Extension(%q) = %q, %q, %v, want %q, %q", tt.path, scope, rest, ok, tt.scope, tt.rest)
			}
		})
	}
}

func TestOperation(t *testing.T) {
	for _, tt := range []struct{ method, path, action, scope string }{
		{"GET", "/a/providers/P/kinds", "P/kinds/read", "/a"},
		{"HEAD", "/a/providers/p/kinds/n", "P/kinds/read", "/a"},
		{"PUT", "/a/providers/P/kinds/n", "P/kinds/write", "/a"},
		{"PATCH", "/a/providers/P/kinds/n/parts/m", "P/kinds/parts/write", "/a"},
		{"DELETE", "/providers/P/kinds/n", "P/kinds/delete", "/"},
		{"POST", "/a/providers/P/kinds/n/check", "P/kinds/check/action", "/a"},
		{"GET", "/a/providers/Q/kinds", "", ""},
	} {
		action, scope, ok := wire.Operation(tt.method, tt.path, "P")
		if action != tt.action || scope != tt.scope || ok != (tt.action != "") {
			t.Errorf("%s %s is %q over %q, %v, want %q over %q", tt.method, tt.path, action, scope, ok, tt.action, tt.scope)
		}
	}
}

func TestErrorIsWrittenInTheEnvelope(t *testing.T) {
	e := wire.Errorf(http.StatusTooManyRequests, "Slow", "wait %d", 3)
	e.Header = http.Header{"Retry-After": {"3"}}
	w := httptest.NewRecorder()
	e.Write(w)
	if got, want := w.Body.String(), `{"error":{"code":"Slow","message":"wait 3"}}`; w.Code != 429 || got != want {
		t.Errorf("wrote %d %s, want 429 %s", w.Code, got, want)
	}
	if got := w.Header().Get("Retry-After") + w.Header().Get("x-ms-error-code"); got != "3Slow" {
		t.Errorf("headers %v", w.Header())
	}
}

func TestRead(t *testing.T) {
	for body, ok := range map[string]bool{
		`{"a":1}`: true, ` {"a":1,"b":2} `: true,
		``: false, `{`: false, `{} {}`: false, `{}]`: false, `{"a":"x"}`: false,
		`{"b":"` + strings.Repeat("x", 1<<20) + `"}`: false,
	} {
		var v struct{ A int }
		r := httptest.NewRequest(http.MethodPut, "/", strings.NewReader(body))
		if err := wire.Read(httptest.NewRecorder(), r, &v); (err == nil) != ok {
			t.Errorf("Read(%.20q): %v, want ok %v", body, err, ok)
		}
	}
	for body, ok := range map[string]bool{`{"a":1}`: true, `{"a":1,"b":2}`: false, `{} {}`: false} {
		var v struct{ A int }
		r := httptest.NewRequest(http.MethodPut, "/", strings.NewReader(body))
		if err := wire.ReadStrict(httptest.NewRecorder(), r, &v); (err == nil) != ok {
			t.Errorf("ReadStrict(%q): %v, want ok %v", body, err, ok)
		}
	}
}

func TestBase(t *testing.T) {
	for _, want := range []string{"http://127.0.0.1:8080", "https://azure.test"} {
		if got := wire.Base(httptest.NewRequest(http.MethodGet, want+"/a/b?c", nil)); got != want {
			t.Errorf("Base is %s, want %s", got, want)
		}
	}
}

func TestNewGUID(t *testing.T) {
	form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	seen := map[string]bool{}
	for range 100 {
		id := wire.NewGUID()
		if !form.MatchString(id) || seen[id] {
			t.Errorf("GUID %q", id)
		}
		seen[id] = true
	}
}
