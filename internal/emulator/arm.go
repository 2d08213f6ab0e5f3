package emulator

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"apicenter/internal/emulator/wire"
)

// serveARM takes a request through the doors of Resource Manager, in its order:
// who asks, for which version, of what, and may he.
func (s *Server) serveARM(w http.ResponseWriter, r *http.Request) {
	c := &call{Request: r, server: s, query: r.URL.Query()}
	path := segments(r.URL.EscapedPath())
	found, args := s.routes.find(path)
	c.args = args
	s.stats.classes[class(found, c)].Add(1)
	out, err := s.answer(c, found, path)
	if err != nil {
		refuse(w, err)
		return
	}
	out.write(w, r.Method == http.MethodHead)
}

func (s *Server) answer(c *call, to *route, path []string) (reply, error) {
	var err error
	if c.principal, err = s.authority.Authenticate(c.Request); err != nil {
		return reply{}, err
	}
	if err := c.readVersion(); err != nil {
		return reply{}, err
	}
	if to == nil {
		return reply{}, wire.Errorf(http.StatusNotFound, "InvalidResourceType", "The resource type of '/%s' could not be found.", strings.Join(path, "/"))
	}
	handle := to.handle[c.Method]
	if handle == nil {
		e := wire.Errorf(http.StatusMethodNotAllowed, "MethodNotAllowed", "The resource does not support the method '%s'.", c.Method)
		e.Header = http.Header{"Allow": {strings.Join(slices.Sorted(maps.Keys(to.handle)), ", ")}}
		return reply{}, e
	}
	if err := s.admit(c, to, path); err != nil {
		return reply{}, err
	}
	if c.reads() {
		var out reply
		err := s.Cloud.View(func() (err error) {
			out, err = handle(c)
			return err
		})
		return out, err
	}
	return s.write(c, to, handle)
}

func (s *Server) write(c *call, to *route, handle handler) (reply, error) {
	if err := c.readBody(); err != nil {
		return reply{}, err
	}
	if to.before != nil && c.Method == http.MethodPut {
		if err := to.before(c); err != nil {
			return reply{}, err
		}
	}
	var out reply
	err := s.Cloud.Update(func() (err error) {
		out, err = handle(c)
		return err
	})
	return out, err
}

// reads is true of calls that change nothing.
func (c *call) reads() bool { return c.Method == http.MethodGet || c.Method == http.MethodHead }

// admit lets in those who belong to the directory of the subscription and have
// a role that allows the action.
func (s *Server) admit(c *call, to *route, path []string) error {
	id := c.arg("subscription")
	if id == "" {
		return nil
	}
	tenant := ""
	_ = s.Cloud.View(func() error {
		if sub := s.Cloud.Subscriptions.Get(id); sub != nil {
			tenant = sub.Tenant
		}
		return nil
	})
	if tenant == "" {
		return wire.Errorf(http.StatusNotFound, "SubscriptionNotFound", "The subscription '%s' could not be found.", id)
	}
	return s.authority.CheckTenant(c.Request, c.principal, tenant)
}

// class is how the statistics count a call.
func class(to *route, c *call) string {
	switch {
	case to == nil:
		return "unknown"
	case c.Method == http.MethodHead:
		return "head"
	case c.Method != http.MethodGet:
		return "write"
	case c.query.Has("export"):
		return "export"
	default:
		return to.class
	}
}

func (c *call) readVersion() error {
	c.version = c.query.Get("api-version")
	switch {
	case c.version == "":
		return wire.Errorf(http.StatusBadRequest, "MissingApiVersionParameter",
			"The api-version query parameter (?api-version=) is required for all requests.")
	case !isVersion(c.version):
		return wire.Errorf(http.StatusBadRequest, "InvalidApiVersionParameter", "The api-version '%s' is invalid.", c.version)
	}
	return nil
}

// isVersion takes any date: which versions there are is not the emulator's to
// say, only which of them know what.
func isVersion(s string) bool {
	date, _ := strings.CutSuffix(s, "-preview")
	_, err := time.Parse(time.DateOnly, date)
	return err == nil
}
