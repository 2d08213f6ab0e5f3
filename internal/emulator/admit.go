package emulator

import (
	"net/http"
	"strings"

	"apicenter/internal/emulator/apim"
	"apicenter/internal/emulator/eventgrid"
	"apicenter/internal/emulator/rbac"
	"apicenter/internal/emulator/wire"
)

// extension serves resources that may stand below any other, in a room of its
// own: role assignments, event subscriptions and the log.
type extension struct {
	class string
	http.Handler
}

// extension finds the handler of a path that ends in an extension resource.
func (s *Server) extension(path []string) (provider string, e *extension) {
	for i := len(path) - 3; i >= 0; i-- {
		if !strings.EqualFold(path[i], "providers") {
			continue
		}
		for provider, e := range s.extensions {
			if strings.EqualFold(path[i+1], provider) {
				return provider, e
			}
		}
		return "", nil
	}
	return "", nil
}

func (s *Server) admitExtension(c *call, provider string) error {
	if err := s.identify(c); err != nil {
		return err
	}
	action, scope, _ := wire.Operation(c.Method, c.URL.Path, provider)
	if parts := segments(scope); len(parts) > 1 && strings.EqualFold(parts[0], "subscriptions") {
		if err := s.checkDirectory(c, parts[1]); err != nil {
			return err
		}
	}
	if provider == eventgrid.Provider {
		if err := s.checkTopic(scope); err != nil {
			return err
		}
	}
	if scope == "/" && c.reads() {
		return nil // the definitions of roles are no secret
	}
	return s.allow(c, action, scope)
}

// checkTopic is nil if the scope is an instance, the only resource with events.
func (s *Server) checkTopic(scope string) error {
	return s.Cloud.View(func() error {
		for _, svc := range s.Cloud.Services.All() {
			if strings.EqualFold(svc.ID(), wire.Scope(scope)) {
				return nil
			}
		}
		return wire.Errorf(http.StatusNotFound, "ResourceNotFound", "The Resource '%s' was not found.", scope)
	})
}

// admit lets in those who belong to the directory of the subscription and have
// a role that allows the action. What stands around the instances is open to
// the whole directory, as to anybody with a role somewhere below.
func (s *Server) admit(c *call, to *route, path []string) error {
	id := c.arg("subscription")
	if id == "" {
		return nil
	}
	if err := s.checkDirectory(c, id); err != nil {
		return err
	}
	if to.open && c.reads() {
		return nil
	}
	return s.allow(c, to.action+"/"+verb(c.Method), "/"+strings.Join(path, "/"))
}

func verb(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead:
		return "read"
	case http.MethodDelete:
		return "delete"
	case http.MethodPost:
		return "action"
	default:
		return "write"
	}
}

func (s *Server) checkDirectory(c *call, subscription string) error {
	var sub *apim.Subscription
	err := s.Cloud.View(func() (err error) {
		sub, err = s.subscription(subscription)
		return err
	})
	if err != nil {
		return err
	}
	return s.authority.CheckTenant(c.Request, c.principal, sub.Tenant)
}

func (s *Server) allow(c *call, action, scope string) error {
	if s.roles.Allowed(c.principal.ObjectID, action, scope) {
		return nil
	}
	return rbac.Denied(c.principal, action, scope)
}

// may filters lists that hold what the caller can read, and nothing else.
func (c *call) may(action, scope string) bool {
	return c.server.roles.Allowed(c.principal.ObjectID, action, scope)
}
