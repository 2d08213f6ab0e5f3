package cli

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
)

// refuseLinks makes the PUT of a link fail, but not that of an environment.
func refuseLinks(c *center, name string) {
	c.fail["PUT "+name] = func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/environments/") {
			doc := c.store(r.URL.Path, map[string]any{})
			answerJSON(w, 200, doc)
			return
		}
		refuse(w, 400, "ValidationError", "no such instance", "properties.azureApiManagementSource.resourceId")
	}
}

func TestErrorsSayWhatAndWhatToDo(t *testing.T) {
	answer := func(status int, code, target string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { refuse(w, status, code, "it is so", target) }
	}
	for _, tt := range []struct {
		name string
		fail http.HandlerFunc
		code int
		says []string
	}{
		{"bad request", answer(400, "ValidationError", "properties.title"), exitFailed, []string{"Error: ValidationError (400): it is so\n", "  target: properties.title\n"}},
		{"a token for another place", answer(401, "InvalidAuthenticationTokenAudience", ""), exitAuth, []string{"--scope https://management.azure.com/.default"}},
		{"no token", answer(401, "AuthenticationFailed", ""), exitAuth, []string{"APICENTER_TOKEN"}},
		{"no role", answer(403, "AuthorizationFailed", ""), exitAuth, []string{"ask for a role"}},
		{"not found", answer(404, "ResourceNotFound", ""), exitNotFound, []string{"ResourceNotFound (404)", "to do:"}},
		{"conflict", answer(409, "PropertyManagedBySource", ""), exitFailed, []string{"PropertyManagedBySource (409)"}},
		{"fault", answer(500, "InternalServerError", ""), exitFailed, []string{"look for request req-1"}},
		{"control characters", answer(400, "Bad", "\x1b[2J"), exitFailed, []string{"target:  [2J"}},
		{"details", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(400)
			_, _ = w.Write([]byte(`{"error":{"code":"C","message":"m","details":[{"code":"D","target":"x","message":"too long"}]}}`))
		}, exitFailed, []string{"  - x: too long\n"}},
		{"a page of a proxy", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(502)
			_, _ = w.Write([]byte("<html>"))
		}, exitFailed, []string{"BadGateway (502)", "is the server address right?"}},
		{"a redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://evil.example/", http.StatusFound)
		}, exitFailed, []string{"Found (302)"}},
		{"not JSON", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }, exitFailed, []string{"not that of an API center"}},
		{"next page elsewhere", func(w http.ResponseWriter, _ *http.Request) {
			answerJSON(w, 200, map[string]any{"value": []any{}, "nextLink": "https://127.0.0.1:8321/x"})
		}, exitFailed, []string{"the token must not go to another origin"}},
		{"the same page for ever", func(w http.ResponseWriter, _ *http.Request) {
			answerJSON(w, 200, map[string]any{"value": []any{}, "nextLink": fakeAddress + at + "/apis?api-version=2024-03-01"})
		}, exitFailed, []string{"the same page"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newCenter()
			c.fail["GET apis"] = tt.fail
			o := c.run(t, "api", "list")
			o.want(t, tt.code)
			for _, want := range tt.says {
				if !strings.Contains(o.err, want) {
					t.Errorf("stderr:\n%s\ndoes not say %q", o.err, want)
				}
			}
			if o.out != "" {
				t.Errorf("stdout %q on an error", o.out)
			}
		})
	}
}

func TestAReadIsRepeatedWhenToldToComeLater(t *testing.T) {
	for _, tt := range []struct{ refusals, code, requests int }{{2, exitOK, 3}, {9, exitFailed, 3}} {
		synctest.Test(t, func(t *testing.T) {
			c := newCenter()
			c.fail["GET petstore"] = func(w http.ResponseWriter, _ *http.Request) {
				if tt.refusals--; tt.refusals < 0 {
					answerJSON(w, 200, map[string]any{"name": "petstore"})
					return
				}
				w.Header().Set("Retry-After", "7")
				refuse(w, 429, "TooManyRequests", "slower", "")
			}
			o := c.run(t, "api", "show", "--api-id", "petstore", "--service-id", fakeService)
			o.want(t, tt.code)
			if len(o.requests) != tt.requests {
				t.Errorf("%d requests, want %d", len(o.requests), tt.requests)
			}
			if tt.code != exitOK && !strings.Contains(o.err, "wait 7 s") {
				t.Errorf("stderr %q does not say how long to wait", o.err)
			}
		})
	}
}

func TestACenterThatIsNotThereIsNamed(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "http://" + l.Addr().String()
	l.Close()
	var errs strings.Builder
	s := Streams{Err: &errs, Out: &errs}
	if code := Execute(t.Context(), New(s), s, []string{"api", "list", "--center", address}); code != exitFailed {
		t.Errorf("exit code %d, want %d", code, exitFailed)
	}
	for _, want := range []string{address, "connection refused", "--center", "APICENTER_SERVER"} {
		if !strings.Contains(errs.String(), want) {
			t.Errorf("stderr %q does not say %q", errs.String(), want)
		}
	}
}

func TestOverARealSocket(t *testing.T) {
	server := httptest.NewUnstartedServer(newCenter())
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it tells of the handshake that must fail
	server.StartTLS()
	defer server.Close()
	var out strings.Builder
	s := Streams{Err: &out, Out: &out, Transport: server.Client().Transport, Getenv: env("APICENTER_SERVER", server.URL, "APICENTER_TOKEN", fakeToken)}
	if code := Execute(t.Context(), New(s), s, []string{"environment", "list", "-o", "tsv"}); code != exitOK || out.String() != "prod\tProduction\tproduction\tAzure API Management\n" {
		t.Errorf("exit code %d, %q", code, out.String())
	}
	out.Reset()
	s.Transport = nil
	if code := Execute(t.Context(), New(s), s, []string{"environment", "list"}); code != exitFailed || !strings.Contains(out.String(), "--ca-file") {
		t.Errorf("unknown authority: exit code %d, %q", code, out.String())
	}
}

func TestAnInterruptIsSaidShortly(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	var errs strings.Builder
	s := Streams{Err: &errs, Out: &errs, Transport: newCenter()}
	Execute(ctx, New(s), s, []string{"api", "list", "--server", fakeAddress})
	if errs.String() != "Error: interrupted\n" {
		t.Errorf("stderr %q", errs.String())
	}
}

func TestExitCodeOfOthersErrors(t *testing.T) {
	if got := ExitCode(errors.New("serve: port in use")); got != exitFailed {
		t.Errorf("exit code %d, want %d", got, exitFailed)
	}
}

func FuzzServiceIDsRoundTrip(f *testing.F) {
	f.Add(fakeService)
	f.Add("/SUBSCRIPTIONS/a/resourcegroups/b/providers/microsoft.apicenter/SERVICES/c/")
	f.Fuzz(func(t *testing.T, id string) {
		s, ok := parseServiceID(id)
		if !ok {
			return
		}
		path, err := url.PathUnescape(s.path())
		if err != nil {
			t.Fatal(err)
		}
		if again, ok := parseServiceID(path); !ok || again != s {
			t.Errorf("%q gives %v, and its path %v", id, s, again)
		}
	})
}
