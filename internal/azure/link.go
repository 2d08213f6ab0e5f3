package azure

import (
	"context"
	"crypto/x509"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"apicenter/internal/outbound"
)

// Links fetches what the signed links in Azure's answers point to. It sends
// no token, follows no redirect and, by its transport, goes to public addresses
// only: an answer must not be able to send us round the inside of a network.
type Links struct {
	pipeline runtime.Pipeline
	sent     atomic.Int64
}

// NewLinks builds a fetcher that sends through a transport; see [NewLinkTransport].
// random, from 0 to 1, spreads what is tried again; nil: by chance.
func NewLinks(through http.RoundTripper, random func() float64) *Links {
	if random == nil {
		random = rand.Float64
	}
	l := &Links{}
	again := retry{first: 400 * time.Millisecond, most: 10 * time.Second, random: random}
	l.pipeline = runtime.NewPipeline("apicenter", "v1.0.0", runtime.PipelineOptions{PerRetry: []policy.Policy{again}}, &policy.ClientOptions{
		Retry:     noRetry,
		Telemetry: policy.TelemetryOptions{Disabled: true},
		Transport: newWire(through, &l.sent),
	})
	return l
}

// NewLinkTransport is a transport that goes to public addresses only. With local,
// links may also point to this very machine, over plain HTTP too: for an endpoint
// that is here itself. roots are the authorities that are trusted; nil: those of the system.
func NewLinkTransport(local bool, roots *x509.CertPool) http.RoundTripper {
	o := outbound.Options{Roots: roots}
	if local {
		o.Allow = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	}
	return guarded{outbound.Transport(o)}
}

// Fetched is how many requests were sent. They count against no budget of Azure Resource Manager.
func (l *Links) Fetched() int64 { return l.sent.Load() }

// Get asks for what a link points to. Any answer but 200 is an [Error]; a link
// to where none may point is an [AddressError]. The caller closes the body, and
// bounds what is read of it and for how long.
func (l *Links) Get(ctx context.Context, link string) (*http.Response, error) {
	// The name of a blob holds the API's display name, spaces and all, and not
	// every answer escapes them.
	u, err := url.Parse(strings.ReplaceAll(strings.TrimSpace(link), " ", "%20"))
	switch {
	case err != nil || u.Hostname() == "":
		return nil, &AddressError{Host: "the link", Reason: "it is no address"}
	case u.Scheme != "https" && !IsLoopback(u.Hostname()): // refused without looking a name up
		return nil, &AddressError{Host: "the link to " + cut(u.Hostname(), 100), Reason: "only https is fetched"}
	}
	req, err := runtime.NewRequest(ctx, http.MethodGet, u.String())
	if err != nil {
		return nil, bare(err)
	}
	runtime.SkipBodyDownload(req)
	req.Raw().Header.Set("User-Agent", "apicenter") // says nothing more to whom we were sent
	resp, err := l.pipeline.Do(req)
	if err != nil {
		return nil, bare(err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, answerError(resp)
	}
	return resp, nil
}

// guarded is a transport whose refusals azcore leaves alone.
type guarded struct{ http.RoundTripper }

func (g guarded) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := g.RoundTripper.RoundTrip(req)
	if refused, ok := errors.AsType[*outbound.Error](err); ok {
		return nil, &AddressError{Host: "the link", Reason: refused.Error()}
	}
	return resp, err
}
