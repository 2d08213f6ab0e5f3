package apim

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"apicenter/internal/azure"
	"apicenter/internal/inventory"
	"apicenter/internal/source"
)

// Name is the kind of source, as links name it.
const Name = "AzureApiManagement"

const (
	defaultAPIVersion  = "2024-05-01"
	defaultMaxDocument = 50 << 20
)

// Options say where and as whom to read. They are the same for all links.
type Options struct {
	Endpoint   string                                                // of Azure Resource Manager
	Audience   string                                                // for whom tokens are made out; empty: the endpoint
	Credential func(identity string) (azcore.TokenCredential, error) // of a link's identity; "" is the server's own
	Limiters   *azure.Limiters                                       // shared by all that read as one identity

	APIVersion    string // empty: 2024-05-01
	MaxDocument   int64  // bytes; 0: 50 MB
	AllowLoopback bool   // the endpoint may be this machine, over plain HTTP: for development

	Random func() float64 // from 0 to 1, spreads what is tried again; nil: by chance

	Roots *x509.CertPool // authorities that are trusted; nil: those of the system

	// Transport carries all requests, in place of connections of its own: for a
	// source in this very process. With it, nobody looks at where a link leads.
	Transport http.RoundTripper
}

// New is the kind of source. Its connectors share their connections.
func New(o Options) source.Kind {
	if o.APIVersion == "" {
		o.APIVersion = defaultAPIVersion
	}
	if o.MaxDocument <= 0 {
		o.MaxDocument = defaultMaxDocument
	}
	k := &kind{Options: o, facts: map[instance]facts{}}
	if o.Transport != nil {
		k.links = azure.NewLinks(o.Transport, o.Random)
	} else {
		own := azure.NewTransport()
		own.TLSClientConfig = &tls.Config{RootCAs: o.Roots}
		k.Transport = own
		k.links = azure.NewLinks(azure.NewLinkTransport(o.AllowLoopback && isLocal(o.Endpoint), o.Roots), o.Random)
	}
	return source.Kind{Name: Name, Open: k.open, Notice: notice, Events: events(), Find: k.find}
}

type kind struct {
	Options
	links *azure.Links

	mu    sync.Mutex         // guards facts
	facts map[instance]facts // as last read
}

// instance is one as an identity sees it.
type instance struct{ path, identity string }

// open builds the connector of one link.
func (k *kind) open(_ context.Context, link inventory.Link, env source.Env) (source.Connector, error) {
	place, err := parsePlace(link.Source)
	if err != nil {
		return nil, &source.Error{Stalled: true, Message: err.Error()}
	}
	credential, err := k.Credential(link.Identity)
	if err != nil {
		return nil, &source.Error{Stalled: true, Message: "the identity cannot be used", Err: err}
	}
	limiter := k.Limiters.For(place.subscription, link.Identity)
	client, err := azure.NewClient(azure.Options{
		Endpoint: k.Endpoint, Audience: k.Audience, Credential: credential, AllowLoopbackHTTP: k.AllowLoopback,
		Limiter: limiter, First: env.First || env.Prompt,
		UserAgent: env.UserAgent, Transport: k.Transport, Now: env.Now, Random: k.Random,
	})
	if err != nil {
		return nil, &source.Error{Stalled: true, Message: "the connection is misconfigured", Err: err}
	}
	if env.Now == nil {
		env.Now = time.Now
	}
	return &connector{
		kind: k, place: place, instance: instance{fold(place.path), link.Identity}, azure: client, limiter: limiter, first: env.First,
		imports: link.Import != inventory.ImportNever, stage: stageOf(link), scope: link.Scope, log: link.ActivityLog, now: env.Now,
		proven: env.Proven,
	}, nil
}

func stageOf(link inventory.Link) string {
	if link.Stage == "" {
		return "design"
	}
	return link.Stage
}

// connector reads for one link.
type connector struct {
	*kind
	place    place
	instance instance
	azure    *azure.Client
	limiter  *azure.Limiter
	first    bool
	imports  bool
	stage    string
	now      func() time.Time
	proven   time.Time // nothing that was read before counts
	scope    inventory.Scope
	log      bool // the activity log is followed
}

// Requests is how many requests went to Azure Resource Manager.
func (c *connector) Requests() int64 { return c.azure.Requests() }

// Expect is how long the budget makes so many requests take.
func (c *connector) Expect(requests int64) time.Duration { return c.limiter.Expect(requests, c.first) }

// url is the address of a path below the endpoint on the connector's api-version.
func (c *connector) url(path string, query ...string) string {
	return c.azure.URL(path, append([]string{"api-version", c.APIVersion}, query...)...)
}

var (
	_ source.Connector = (*connector)(nil)
	_ source.Estimator = (*connector)(nil)
	_ source.Watcher   = (*connector)(nil)
)
