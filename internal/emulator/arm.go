package emulator

import (
	"cmp"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"apicenter/internal/emulator/activitylog"
	"apicenter/internal/emulator/wire"
)

// serveARM takes a request through the doors of Resource Manager, in its order:
// who asks, for which version, of what, and may he.
func (s *Server) serveARM(w http.ResponseWriter, r *http.Request) {
	c := &call{Request: r, server: s, query: r.URL.Query()}
	path := segments(r.URL.EscapedPath())
	if provider, extension := s.extension(path); extension != nil {
		s.stats.classes[extension.class].Add(1)
		if err := s.admitExtension(c, provider); err != nil {
			refuse(w, err)
			return
		}
		extension.ServeHTTP(w, r)
		return
	}
	to, args := s.routes.find(path)
	c.args = args
	s.stats.classes[class(to, c)].Add(1)
	out, err := s.answer(c, to, path)
	if err != nil {
		refuse(w, err)
		return
	}
	out.write(w, r.Method == http.MethodHead)
}

func (s *Server) answer(c *call, to *route, path []string) (reply, error) {
	if err := s.identify(c); err != nil {
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
	var out reply
	run := func() (err error) {
		out, err = handle(c)
		return err
	}
	if !c.reads() {
		if err := c.readBody(); err != nil {
			return reply{}, err
		}
	}
	if to.before != nil {
		if err := to.before(c); err != nil {
			return reply{}, err
		}
	}
	locked := s.Cloud.Update
	if c.reads() {
		locked = s.Cloud.View
	}
	began := time.Now()
	err := locked(run)
	if !c.reads() {
		s.record(c, to, path, began, out, err)
	}
	return out, err
}

// record takes a write into the activity log.
func (s *Server) record(c *call, to *route, path []string, began time.Time, out reply, err error) {
	status := cmp.Or(out.status, http.StatusOK)
	if err != nil {
		status = http.StatusInternalServerError
		if e, ok := errors.AsType[*wire.Error](err); ok {
			status = e.Status
		}
	}
	s.log.Record(activitylog.Write{
		Action: to.action + "/" + verb(c.Method), ResourceID: strings.Join(path, "/"), Caller: c.principal,
		Method: c.Method, RequestID: c.Header.Get("X-Ms-Client-Request-Id"), Began: began, Ended: time.Now(), Status: status,
	})
}

// identify finds out who asks, and for which version.
func (s *Server) identify(c *call) error {
	p, err := s.authority.Authenticate(c.Request)
	if err != nil {
		return err
	}
	c.principal = p
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

// reads is true of calls that change nothing.
func (c *call) reads() bool { return c.Method == http.MethodGet || c.Method == http.MethodHead }

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
