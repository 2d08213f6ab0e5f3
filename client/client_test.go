package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"apicenter/client"
)

// script answers with a function, without a socket, so that it works in a
// bubble. It remembers what was asked.
type script struct {
	answer func(w http.ResponseWriter, r *http.Request)
	asked  []string
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	s.asked = append(s.asked, r.Method+" "+r.URL.RequestURI()+" "+r.Header.Get("Authorization"))
	w := httptest.NewRecorder()
	s.answer(w, r)
	return w.Result(), nil
}

func (s *script) client(t *testing.T, o client.Options) *client.Client {
	t.Helper()
	o.HTTP = &http.Client{Transport: s}
	c, err := client.New("https://center.example/base/", o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func text(status int, body string, header ...string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func TestAddressesThatAreNone(t *testing.T) {
	for _, address := range []string{"", "center.example", "ftp://center.example", "https://", "https://a:b@center.example", "://"} {
		if _, err := client.New(address, client.Options{}); err == nil || strings.Contains(err.Error(), "a:b") {
			t.Errorf("New(%q): %v", address, err)
		}
	}
}

func TestRequestsAreWhatWasAsked(t *testing.T) {
	s := &script{answer: text(200, `{}`)}
	c := s.client(t, client.Options{Token: "T"})
	for _, tt := range []struct {
		call func() error
		want string
	}{
		{
			func() error {
				_, err := c.Service("s", "a b", "x/y").Workspace("w").APIs().Get(t.Context(), "é")
				return err
			},
			"GET /base/subscriptions/s/resourceGroups/a%20b/providers/Microsoft.ApiCenter/services/x%2Fy/workspaces/w/apis/%C3%A9?api-version=2024-03-01 Bearer T",
		},
		{
			func() error { _, err := c.RoleAssignments("subscriptions/s/").Get(t.Context(), "n"); return err },
			"GET /base/subscriptions/s/providers/Microsoft.Authorization/roleAssignments/n?api-version=2022-04-01 Bearer T",
		},
		{func() error { return c.DeleteKey(t.Context(), "a/b") }, "DELETE /base/keys/a%2Fb Bearer T"},
		{func() error { _, err := c.CreateKey(t.Context(), client.Key{Name: "n"}); return err }, "POST /base/keys Bearer T"},
		{func() error { _, err := c.WhoAmI(t.Context()); return err }, "GET /base/whoami Bearer T"},
		{func() error { _, err := c.SignIns(t.Context()); return err }, "GET /base/.well-known/apicenter "},
		{
			func() error { return c.Service("s", "g", "n").ImportFromAPIM(t.Context(), "x") },
			"POST /base/subscriptions/s/resourceGroups/g/providers/Microsoft.ApiCenter/services/n/importFromApim?api-version=2024-03-01 Bearer T",
		},
		{
			func() error {
				_, err := c.Do(t.Context(), client.Request{Path: "https://CENTER.example:443/elsewhere?x=1"})
				return err
			},
			"GET /elsewhere?x=1 Bearer T",
		},
	} {
		s.asked = nil
		if err := tt.call(); err != nil || !slices.Equal(s.asked, []string{tt.want}) {
			t.Errorf("asked %q (%v), want %q", s.asked, err, tt.want)
		}
	}
}

func TestErrorsTellAll(t *testing.T) {
	s := &script{answer: text(409, `{"error":{"code":"Conflict","message":"no","target":"x","details":[{"code":"D","message":"m","target":"y"}]}}`,
		"x-ms-request-id", "r1", "Retry-After", "90")}
	c := s.client(t, client.Options{})
	_, err := c.Do(t.Context(), client.Request{Path: "/x"})
	e, ok := errors.AsType[*client.Error](err)
	if !ok || e.Code != "Conflict" || e.Status != 409 || e.Target != "x" || e.RequestID != "r1" || e.RetryAfter != 90*time.Second ||
		len(e.Details) != 1 || e.Details[0].Target != "y" || err.Error() != "Conflict (409): no" {
		t.Errorf("%#v", err)
	}
}

func TestAnswersThatAreNotTaken(t *testing.T) {
	page := func(next string) func(http.ResponseWriter, *http.Request) {
		return text(200, `{"value":[],"nextLink":"`+next+`"}`)
	}
	for _, tt := range []struct {
		name   string
		answer func(http.ResponseWriter, *http.Request)
		want   error
	}{
		{"a next page elsewhere", page("http://center.example/x"), client.ErrElsewhere},
		{"a next page of another port", page("https://center.example:8443/x"), client.ErrElsewhere},
		{"the same page for ever", page("https://center.example/base/x"), client.ErrFormat},
		{"not JSON", text(200, "<html>"), client.ErrFormat},
		{"a redirect", text(302, "", "Location", "https://evil.example/"), &client.Error{Status: 302}},
		{"a page of a proxy", text(502, "<html>"), &client.Error{Code: "BadGateway"}},
		{"too large", text(200, strings.Repeat(" ", 1025)), client.ErrTooLarge},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &script{answer: tt.answer}
			c := s.client(t, client.Options{Token: "T", MaxAnswer: 1024})
			var err error
			for _, err = range client.Items[json.RawMessage](t.Context(), c, client.Request{Path: "/x"}) {
			}
			if !errors.Is(err, tt.want) {
				t.Errorf("%v, want %v", err, tt.want)
			}
			if len(s.asked) > 2 {
				t.Errorf("asked %q", s.asked)
			}
		})
	}
}

func TestTheTokenStaysWithTheOrigin(t *testing.T) {
	for _, tt := range []struct{ link, asked string }{
		{"https://center.example/x", "GET /x T"},
		{"https://CENTER.example:443/x?a=b", "GET /x?a=b T"},
		{"/x", "GET /x T"},
		{"x", "GET /x T"},
		{"http://center.example/x", ""},
		{"https://center.example:8443/x", ""},
		{"https://center.example.evil/x", ""},
		{"//evil.example/x", ""},
		{"https://center.example@evil.example/", ""},
		{"%zz", ""},
	} {
		s := &script{}
		s.answer = func(w http.ResponseWriter, r *http.Request) {
			if len(s.asked) == 1 {
				answer, err := json.Marshal(map[string]string{"nextLink": tt.link})
				if err != nil {
					t.Fatal(err)
				}
				text(200, string(answer))(w, r)
				return
			}
			text(200, "{}")(w, r)
		}
		var err error
		for _, err = range client.Items[json.RawMessage](t.Context(), s.client(t, client.Options{Token: "T"}), client.Request{Path: "/list"}) {
		}
		got := ""
		if len(s.asked) > 1 {
			got = strings.Replace(s.asked[1], "Bearer ", "", 1)
		}
		if got != tt.asked || (err == nil) != (tt.asked != "") {
			t.Errorf("next page %q: asked %q (%v), want %q", tt.link, got, err, tt.asked)
		}
	}
}

func TestOnlyReadsAreRepeatedWhenToldToComeLater(t *testing.T) {
	for _, tt := range []struct {
		method string
		status int
		after  string
		asked  int
		took   time.Duration
	}{
		{"GET", 429, "7", 3, 14 * time.Second},
		{"GET", 503, "", 3, 2 * time.Second},
		{"HEAD", 503, "0", 3, 0},
		{"GET", 429, "3600", 1, 0},
		{"GET", 500, "1", 1, 0},
		{"PUT", 429, "1", 1, 0},
		{"POST", 503, "1", 1, 0},
		{"DELETE", 503, "1", 1, 0},
	} {
		t.Run(fmt.Sprint(tt.method, tt.status, tt.after), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{answer: text(tt.status, `{"error":{"code":"C","message":"m"}}`, "Retry-After", tt.after)}
				began := time.Now()
				_, err := s.client(t, client.Options{}).Do(t.Context(), client.Request{Method: tt.method, Path: "/x"})
				if !errors.Is(err, &client.Error{Code: "C"}) || len(s.asked) != tt.asked || time.Since(began) != tt.took {
					t.Errorf("%d requests in %v, %v; want %d in %v", len(s.asked), time.Since(began), err, tt.asked, tt.took)
				}
			})
		})
	}
}

func TestOperationsAreFollowed(t *testing.T) {
	for _, tt := range []struct {
		name string
		last func(http.ResponseWriter, *http.Request)
		want error
	}{
		{"done", text(200, `{"status":"Succeeded"}`), nil},
		{"done without a word", text(204, ""), nil},
		{"failed", text(200, `{"status":"Failed","error":{"code":"Boom","message":"m"}}`), &client.Error{Code: "Boom"}},
		{"canceled", text(200, `{"status":"Canceled"}`), &client.Error{Code: "OperationCanceled"}},
		{"failed in words", text(200, `{"status":"Failed","properties":{"comment":"no rules in it"}}`), &client.Error{Code: "OperationFailed"}},
		{"refused", text(400, `{"error":{"code":"Bad","message":"m"}}`), &client.Error{Code: "Bad"}},
		{"elsewhere", text(202, "", "Location", "https://evil.example/"), client.ErrElsewhere},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{}
				s.answer = func(w http.ResponseWriter, r *http.Request) {
					switch len(s.asked) {
					case 1:
						text(202, "", "Location", "https://center.example/base/ops/1?t=1", "Retry-After", "2")(w, r)
					case 2:
						text(202, `{"status":"InProgress"}`, "Retry-After", "3")(w, r) // the address is still good
					default:
						tt.last(w, r)
					}
				}
				began := time.Now()
				err := s.client(t, client.Options{}).Service("s", "g", "n").ImportFromAPIM(t.Context(), "x")
				if tt.want == nil && err != nil || !errors.Is(err, tt.want) {
					t.Errorf("%v, want %v", err, tt.want)
				}
				if tt.name == "failed in words" && !strings.Contains(err.Error(), "no rules in it") {
					t.Errorf("%v does not say why", err)
				}
				if took := time.Since(began); len(s.asked) != 3 || s.asked[2] != "GET /base/ops/1?t=1 " || took != 5*time.Second {
					t.Errorf("asked %q in %v", s.asked, took)
				}
			})
		})
	}
}

func TestOperationsAreNotFollowedForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answer: text(202, "", "Location", "/ops/1", "Retry-After", "59")}
		err := s.client(t, client.Options{}).Service("s", "g", "n").ImportFromAPIM(t.Context(), "x")
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v, want the deadline", err)
		}
	})
}

// tokens gives the next token at each request.
type tokens struct{ left []string }

func (s *tokens) Token(context.Context) (string, error) {
	if len(s.left) == 0 {
		return "", errors.New("sign in again")
	}
	t := s.left[0]
	s.left = s.left[1:]
	return t, nil
}

func TestTokensComeFromTheSource(t *testing.T) {
	s := &script{answer: text(200, `{}`)}
	c := s.client(t, client.Options{Token: "never", TokenSource: &tokens{[]string{"one", "two"}}})
	for _, want := range []string{"Bearer one", "Bearer two"} {
		if _, err := c.WhoAmI(t.Context()); err != nil || !strings.HasSuffix(s.asked[len(s.asked)-1], want) {
			t.Errorf("asked %q (%v), want %s", s.asked, err, want)
		}
	}
	if _, err := c.WhoAmI(t.Context()); err == nil || !strings.Contains(err.Error(), "sign in again") || len(s.asked) != 2 {
		t.Errorf("without a token: %v, %q", err, s.asked)
	}
}

func TestNoAnswerSaysWhereAndNotWhat(t *testing.T) {
	s := &script{answer: text(200, `{"format":"link","value":"https://blob.example/secret?sig=secret"}`)}
	c := s.client(t, client.Options{Token: "T"})
	ctx, stop := context.WithCancel(t.Context())
	answer := s.answer
	s.answer = func(w http.ResponseWriter, r *http.Request) { answer(w, r); stop() }
	_, err := c.Service("s", "g", "n").Workspace("w").API("a").Version("v").Definition("d").ExportSpecification(ctx)
	u, ok := errors.AsType[*client.UnreachableError](err)
	if !ok || u.Address != "https://blob.example" || !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
}

func TestLinksToDocuments(t *testing.T) {
	for _, tt := range []struct {
		doc  client.Document
		want error
	}{
		{client.Document{Format: "link", Value: "ftp://blob.example/x"}, client.ErrFormat},
		{client.Document{Format: "link", Value: "https://blob.example/\x00"}, client.ErrFormat},
		{client.Document{Format: "zip"}, client.ErrFormat},
		{client.Document{Format: "link", Value: "https://blob.example/gone"}, client.ErrExpired},
	} {
		s := &script{answer: text(403, "")}
		if _, err := s.client(t, client.Options{Token: "T"}).Open(t.Context(), tt.doc); !errors.Is(err, tt.want) {
			t.Errorf("Open(%q): %v, want %v", tt.doc.Value, err, tt.want)
		}
		if len(s.asked) > 0 && strings.Contains(s.asked[0], "Bearer") {
			t.Errorf("asked %q", s.asked)
		}
	}
}

// endless is a document without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func (endless) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(endless{})}, nil
}

func TestDocumentsAreBounded(t *testing.T) {
	c, err := client.New("https://center.example", client.Options{HTTP: &http.Client{Transport: endless{}}})
	if err != nil {
		t.Fatal(err)
	}
	r, err := c.Open(t.Context(), client.Document{Format: "link", Value: "https://blob.example/x"})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if n, err := io.Copy(io.Discard, r); !errors.Is(err, client.ErrTooLarge) || n > 256<<20 {
		t.Errorf("read %d bytes, %v; want %v", n, err, client.ErrTooLarge)
	}
}

func TestChecksNameTheRemedy(t *testing.T) {
	s := &script{answer: text(200, `{"ok":false,"findings":[{"check":"token","outcome":"ok","message":"m"},
		{"check":"instance","outcome":"refused","message":"m","remedy":{"role":"Reader","command":"az role"}}]}`)}
	link := s.client(t, client.Options{}).Service("s", "g", "n").Workspace("w").APISource("l")
	c, err := link.Check(t.Context(), &client.APISource{APIManagement: &client.APIManagement{ResourceID: "/x"}})
	if err != nil || c.OK || len(c.Findings) != 2 || c.Findings[0].Remedy != nil || c.Findings[1].Remedy.Command != "az role" {
		t.Errorf("%+v, %v", c, err)
	}
}
