package apim

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"

	"apicenter/internal/azure"
)

// factsLife is how long readings of single APIs may rely on what anybody last
// read of their instance. A reading of the whole always reads it anew.
const factsLife = time.Minute

// theInstance is what errors call it; a 404 on it means that the link reads nothing.
const theInstance = "the instance"

// facts are what the instance says of itself.
type facts struct {
	GatewayURL         string     `json:"gatewayUrl"`
	GatewayRegionalURL string     `json:"gatewayRegionalUrl"`
	DeveloperPortalURL string     `json:"developerPortalUrl"`
	DisableGateway     bool       `json:"disableGateway"`
	Locations          []location `json:"additionalLocations"`
	Hostnames          []hostname `json:"hostnameConfigurations"`

	asked time.Time // when the request that brought them began
}

type location struct {
	GatewayRegionalURL string `json:"gatewayRegionalUrl"`
	DisableGateway     bool   `json:"disableGateway"`
}

type hostname struct {
	Type     string `json:"type"`
	HostName string `json:"hostName"`
	Default  bool   `json:"defaultSslBinding"`
}

// hosts are the names under which the gateway answers, best first: custom
// names, the one with the default certificate before the others, then the
// built-in one; and, of an instance in several regions, those of the regions,
// for callers who need a certain one.
func (f *facts) hosts() []string {
	proxies := slices.DeleteFunc(slices.Clone(f.Hostnames), func(h hostname) bool { return !strings.EqualFold(h.Type, "Proxy") })
	builtIn := hostOf(f.GatewayURL)
	slices.SortStableFunc(proxies, func(a, b hostname) int { return cmp.Compare(rank(a, builtIn), rank(b, builtIn)) })
	var hosts []string
	for _, h := range proxies {
		hosts = addHost(hosts, h.HostName)
	}
	if len(hosts) == 0 {
		hosts = addHost(hosts, builtIn)
	}
	if len(f.Locations) > 0 && !f.DisableGateway {
		hosts = addHost(hosts, hostOf(f.GatewayRegionalURL))
	}
	for _, l := range f.Locations {
		if !l.DisableGateway {
			hosts = addHost(hosts, hostOf(l.GatewayRegionalURL))
		}
	}
	return hosts
}

// rank orders gateway names: the built-in one last, the default one first.
func rank(h hostname, builtIn string) int {
	switch {
	case strings.EqualFold(h.HostName, builtIn):
		return 2
	case h.Default:
		return 0
	}
	return 1
}

func addHost(hosts []string, host string) []string {
	if host == "" || slices.ContainsFunc(hosts, func(h string) bool { return strings.EqualFold(h, host) }) {
		return hosts
	}
	return append(hosts, host)
}

// hostOf is the host of an address, or of a bare name, with its port.
func hostOf(address string) string {
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		return u.Host
	}
	return strings.Trim(address, "/")
}

// open says that some gateway of the instance serves requests.
func (f *facts) open() bool {
	return !f.DisableGateway || slices.ContainsFunc(f.Locations, func(l location) bool { return !l.DisableGateway })
}

// readFacts asks the instance about itself.
func (c *connector) readFacts(ctx context.Context) (facts, error) {
	asked := c.now()
	answer, err := azure.Read[struct {
		Properties facts `json:"properties"`
	}](ctx, c.azure, c.url(c.place.path))
	if err != nil {
		return facts{}, c.fault(theInstance, err)
	}
	f := answer.Properties
	f.asked = asked
	c.keep(f)
	return f, nil
}

// keep keeps facts for others, and forgets those that are too old to be of use.
func (c *connector) keep(f facts) {
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.facts, func(_ instance, old facts) bool { return f.asked.Sub(old.asked) >= factsLife })
	if f.asked.After(c.facts[c.instance].asked) {
		c.facts[c.instance] = f
	}
}

// recentFacts are at most a minute old, and no older than what the link has proven:
// another server may have done that.
func (c *connector) recentFacts(ctx context.Context) (facts, error) {
	c.mu.Lock()
	f := c.facts[c.instance]
	c.mu.Unlock()
	if !f.asked.IsZero() && c.now().Sub(f.asked) < factsLife && !f.asked.Before(c.proven) {
		return f, nil
	}
	return c.readFacts(ctx)
}

// gateway is a workspace gateway; connection is what ties one to a workspace.
type gateway struct {
	ID         string `json:"id"`
	Properties struct {
		Frontend struct {
			DefaultHostname string `json:"defaultHostname"`
		} `json:"frontend"`
	} `json:"properties"`
}

type connection struct {
	Properties struct {
		SourceID        string   `json:"sourceId"`
		DefaultHostname string   `json:"defaultHostname"`
		Hostnames       []string `json:"hostnames"`
	} `json:"properties"`
}

// workspaceHosts are the gateway hosts of the instance's workspaces, by folded
// name. A workspace without an entry is served by the instance's own gateway.
// So it is for a reader who may not look: the reader role does not cover these
// gateways, and that is no reason to fail.
func (c *connector) workspaceHosts(ctx context.Context) (map[string][]string, error) {
	hosts := map[string][]string{}
	for page, err := range azure.Pages[gateway](ctx, c.azure, c.url(c.place.gateways())) {
		if refused(err) {
			return hosts, nil
		}
		if err != nil {
			return nil, c.fault("the workspace gateways", err)
		}
		for _, g := range page.Value {
			if err := c.connectedHosts(ctx, g, hosts); err != nil {
				return nil, err
			}
		}
	}
	return hosts, nil
}

// connectedHosts adds the hosts that one gateway gives to our workspaces.
func (c *connector) connectedHosts(ctx context.Context, g gateway, hosts map[string][]string) error {
	id, err := arm.ParseResourceID(g.ID)
	if err != nil {
		return nil // not a gateway that can be asked
	}
	path := "/subscriptions/" + url.PathEscape(id.SubscriptionID) + "/resourceGroups/" + url.PathEscape(id.ResourceGroupName) +
		"/providers/Microsoft.ApiManagement/gateways/" + url.PathEscape(id.Name) + "/configConnections"
	for page, err := range azure.Pages[connection](ctx, c.azure, c.url(path)) {
		if refused(err) {
			return nil
		}
		if err != nil {
			return c.fault("the workspace gateways", err)
		}
		for _, conn := range page.Value {
			p, err := parsePlace(conn.Properties.SourceID)
			if err != nil || p.workspace == "" || !strings.EqualFold(p.path, c.place.path) {
				continue
			}
			key := strings.ToLower(p.workspace)
			for _, h := range conn.Properties.Hostnames {
				hosts[key] = addHost(hosts[key], hostOf(h))
			}
			if len(hosts[key]) == 0 {
				hosts[key] = addHost(hosts[key], hostOf(conn.Properties.DefaultHostname))
			}
			if len(hosts[key]) == 0 {
				hosts[key] = addHost(hosts[key], hostOf(g.Properties.Frontend.DefaultHostname))
			}
		}
	}
	return nil
}

// refused says that an error is a plain no, which asking again will not change.
func refused(err error) bool {
	s := status(err)
	return s >= 400 && s < 500 && s != http.StatusUnauthorized && s != http.StatusTooManyRequests && s != http.StatusRequestTimeout
}
