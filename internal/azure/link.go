package azure

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

// Links fetches what the signed links in Azure's answers point to. It sends
// no token, follows no redirect and goes to public addresses only: an answer
// must not be able to send us round the inside of a network. The address is
// checked when it is dialled, so a name that resolves differently the second
// time gains nothing; for the same reason it takes no proxy.
type Links struct {
	pipeline runtime.Pipeline
	local    bool
	sent     atomic.Int64
}

// NewLinks builds a fetcher. With local, links may also point to this very
// machine, over plain HTTP too: for an endpoint that is here itself.
func NewLinks(local bool) *Links {
	l := &Links{local: local}
	transport := NewTransport()
	transport.Proxy = nil
	transport.DialContext = (&net.Dialer{Timeout: 15 * time.Second, Control: l.admit}).DialContext
	l.pipeline = runtime.NewPipeline("apicenter", "v1.0.0", runtime.PipelineOptions{}, &policy.ClientOptions{
		Retry:     policy.RetryOptions{MaxRetries: maxRetries, MaxRetryDelay: 10 * time.Second, RetryDelay: 400 * time.Millisecond},
		Telemetry: policy.TelemetryOptions{Disabled: true},
		Transport: newWire(transport, &l.sent),
	})
	return l
}

// Fetched is how many requests were sent. They count against no budget of Azure Resource Manager.
func (l *Links) Fetched() int64 { return l.sent.Load() }

// Get asks for what a link points to. Any answer but 200 is an [Error]; a link
// to where none may point is an [AddressError]. The caller closes the body, and
// bounds what is read of it and for how long.
func (l *Links) Get(ctx context.Context, link string) (*http.Response, error) {
	address, err := l.check(link)
	if err != nil {
		return nil, err
	}
	req, err := runtime.NewRequest(ctx, http.MethodGet, address)
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

// check reads a link. The name of a blob holds the API's display name, spaces
// and all, and not every answer escapes them.
func (l *Links) check(link string) (string, error) {
	u, err := url.Parse(strings.ReplaceAll(strings.TrimSpace(link), " ", "%20"))
	if err != nil {
		return "", &AddressError{Host: "the link", Reason: "it cannot be parsed"}
	}
	refuse := func(reason string) (string, error) {
		return "", &AddressError{Host: "the link to " + cut(u.Hostname(), 100), Reason: reason}
	}
	switch {
	case u.Hostname() == "":
		return refuse("it names no host")
	case u.User != nil:
		return refuse("it carries credentials")
	case u.Scheme == "https", u.Scheme == "http" && l.local && IsLoopback(u.Hostname()):
		return u.String(), nil
	}
	return refuse("only https is fetched")
}

// admit is asked with each resolved address, before it is dialled.
func (l *Links) admit(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return &AddressError{Host: "the link", Reason: "its address cannot be parsed"}
	}
	ip := ap.Addr().Unmap().WithZone("")
	if isPublic(ip) || l.local && ip.IsLoopback() {
		return nil
	}
	return &AddressError{Host: "the link to " + ip.String(), Reason: "only public addresses are fetched"}
}

// isPublic says that an address is somewhere on the internet, and not inside
// somebody's network, nor one that stands for such an address.
func isPublic(ip netip.Addr) bool {
	if !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return false
	}
	for _, reserved := range []string{
		"0.0.0.0/8",                                         // this network
		"100.64.0.0/10",                                     // shared behind a carrier's NAT
		"168.63.129.16/32",                                  // Azure's own host services, reachable from every machine there
		"192.0.0.0/24",                                      // protocol assignments
		"192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", // documentation
		"198.18.0.0/15",                                                     // benchmarks
		"240.0.0.0/4",                                                       // reserved
		"::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", // IPv4 in disguise
		"100::/64", "2001:db8::/32", "fec0::/10", // discard, documentation, site-local
	} {
		if netip.MustParsePrefix(reserved).Contains(ip) {
			return false
		}
	}
	return true
}
