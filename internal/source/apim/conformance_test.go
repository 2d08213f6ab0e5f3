package apim_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"apicenter/internal/emulator"
	"apicenter/internal/inventory"
	"apicenter/internal/source"
	"apicenter/internal/source/sourcetest"
)

// subject is the emulator under the suite, with pages of five so that listings have several.
type subject struct {
	*world
	workspace string
}

const limit = 300 << 10

func (s subject) Connect(t testing.TB, first bool) source.Connector {
	o := s.options()
	o.MaxDocument = limit
	link := inventory.Link{Source: s.instance + s.prefix()}
	return (&world{t: t, instance: s.instance}).open(o, link, first)
}

func (s subject) prefix() string {
	if s.workspace == "" {
		return ""
	}
	return "/workspaces/" + s.workspace
}

func (s subject) Put(t testing.TB, name, title string, document []byte) {
	s.put(s.prefix()+"/apis/"+name, m{"displayName": title, "path": name, "format": "openapi+json", "value": string(document)})
}

func (s subject) Delete(_ testing.TB, name string) {
	s.call(http.MethodDelete, s.prefix()+"/apis/"+name, nil)
}

func (s subject) External(name string) string {
	return strings.TrimPrefix(strings.ToLower(s.prefix())+"/apis/"+name, "/")
}

func (s subject) MaxDocument() int64 { return limit }

func (s subject) Break(_ testing.TB, f sourcetest.Fault) {
	if f == sourcetest.Healthy {
		s.intercept(nil)
		return
	}
	s.intercept(func(rw http.ResponseWriter, r *http.Request) bool {
		switch f {
		case sourcetest.Refusing:
			refuse(rw, http.StatusForbidden, "AuthorizationFailed", "The client 'x' with object id 'oid-1' does not have authorization to perform action.")
		case sourcetest.Missing:
			refuse(rw, http.StatusNotFound, "ResourceNotFound", "The Resource 'Microsoft.ApiManagement/service/x' was not found.")
		case sourcetest.Busy:
			rw.Header().Set("Retry-After", "120")
			refuse(rw, http.StatusTooManyRequests, "TooManyRequests", "Come again.")
		case sourcetest.Down:
			down(rw)
		case sourcetest.Halfway:
			if !strings.Contains(r.URL.RawQuery, "skip=") {
				return false
			}
			down(rw)
		}
		return true
	})
}

// refuse answers with an error of Resource Manager.
func refuse(rw http.ResponseWriter, status int, code, message string) {
	rw.Header().Set("Content-Type", "application/json")
	rw.WriteHeader(status)
	fmt.Fprintf(rw, `{"error":{"code":%q,"message":%q}}`, code, message)
}

// down answers with an error that is worth trying again, at once so that a test need not wait.
func down(rw http.ResponseWriter) {
	rw.Header().Set("Retry-After-Ms", "1")
	refuse(rw, http.StatusServiceUnavailable, "ServiceUnavailable", "Not now.")
}

func TestConnectorKeepsTheLaws(t *testing.T) {
	for _, workspace := range []string{"", "Sales"} {
		t.Run("workspace "+workspace, func(t *testing.T) {
			sourcetest.Run(t, func(t testing.TB) sourcetest.Subject {
				w := newWorld(t, emulator.Options{Empty: true, PageSize: 5})
				if workspace != "" {
					w.put("/workspaces/"+workspace, m{"displayName": workspace})
				}
				return subject{w, workspace}
			})
		})
	}
}
