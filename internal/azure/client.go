package azure

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	chance "math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	armpolicy "github.com/Azure/azure-sdk-for-go/sdk/azcore/arm/policy"
	armruntime "github.com/Azure/azure-sdk-for-go/sdk/azcore/arm/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

const (
	tryTimeout = time.Minute // of one request, its body included
	// pageLimit bounds one JSON answer. A page of a hundred rows is some
	// hundred kilobytes; one of a hundred rows at their longest stays below this.
	pageLimit = 32 << 20
)

// Options are what a Client needs.
type Options struct {
	Endpoint   string // "https://management.azure.com"
	Audience   string // for whom tokens are made out; empty: the endpoint
	Credential azcore.TokenCredential
	Limiter    *Limiter // shared by all clients of the identity and the subscription
	First      bool     // this client may use all of the budget but the reserve
	UserAgent  string
	Transport  http.RoundTripper // shared, so that connections are; see NewTransport
	Now        func() time.Time  // stamps pages with when they were asked for; nil: time.Now
	Random     func() float64    // from 0 to 1, spreads what is tried again; nil: by chance

	// AllowLoopbackHTTP lets tokens go over plain HTTP to this very machine, for
	// development. To any other host they never do.
	AllowLoopbackHTTP bool
}

// Client reads from one endpoint as one identity. Its methods may be called at the same time.
type Client struct {
	endpoint  *url.URL
	audience  string
	tokens    *tokens
	wire      wire
	pipeline  runtime.Pipeline
	limiter   *Limiter
	first     bool
	userAgent string
	now       func() time.Time
	sent      atomic.Int64
	buffers   sync.Pool // of *bytes.Buffer, for answers that are decoded and forgotten
}

// NewClient builds a client; it sends nothing.
func NewClient(o Options) (*Client, error) {
	endpoint, err := parseEndpoint(o.Endpoint, o.AllowLoopbackHTTP)
	if err != nil {
		return nil, err
	}
	if o.Limiter == nil || o.Credential == nil || o.Transport == nil {
		return nil, errors.New("azure: a client needs a limiter, a credential and a transport")
	}
	audience := strings.TrimSuffix(o.Audience, "/")
	if audience == "" {
		audience = endpoint.String()
	}
	c := &Client{
		endpoint: endpoint, audience: audience, tokens: &tokens{TokenCredential: o.Credential},
		limiter: o.Limiter, first: o.First, userAgent: o.UserAgent, now: o.Now,
	}
	if c.now == nil {
		c.now = time.Now
	}
	if o.Random == nil {
		o.Random = chance.Float64
	}
	c.wire = newWire(o.Transport, &c.sent)
	c.pipeline, err = armruntime.NewPipeline("apicenter", "v1.0.0", c.tokens,
		// The turn is taken before the token policy, so that a retry takes its own;
		// the time limit begins after it, so that waiting for one costs nothing of it.
		runtime.PipelineOptions{PerRetry: []policy.Policy{retry{first: 800 * time.Millisecond, most: longPark, random: o.Random}, policyFunc(c.takeTurn)}},
		&armpolicy.ClientOptions{
			DisableRPRegistration: true, // it writes, and a reader may not
			ClientOptions: policy.ClientOptions{
				Cloud: cloud.Configuration{Services: map[cloud.ServiceName]cloud.ServiceConfiguration{
					cloud.ResourceManager: {Endpoint: endpoint.String(), Audience: audience},
				}},
				InsecureAllowCredentialWithHTTP: endpoint.Scheme == "http",
				Retry:                           noRetry,
				Telemetry:                       policy.TelemetryOptions{Disabled: true}, // the user agent is ours
				Transport:                       c.wire,
			},
		})
	if err != nil {
		return nil, fmt.Errorf("azure: %w", err)
	}
	return c, nil
}

// NewTransport is a transport for clients of one endpoint. It keeps a
// connection for each request in flight, and reads pages in few bites.
func NewTransport() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          64,
		MaxIdleConnsPerHost:   2 * inFlight,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   15 * time.Second,
		ReadBufferSize:        64 << 10,
		ResponseHeaderTimeout: tryTimeout,
	}
}

// parseEndpoint reads the address of a resource manager. Plain HTTP is for
// loopback only, and there only when allowed: azcore would otherwise send the
// token in the clear to whatever the setting names.
func parseEndpoint(text string, allowLoopbackHTTP bool) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || strings.Trim(u.Path, "/") != "" {
		return nil, fmt.Errorf("azure: %q is not the address of a resource manager: want https://host", text)
	}
	u.Path = ""
	switch {
	case u.Scheme == "https":
	case u.Scheme == "http" && allowLoopbackHTTP && IsLoopback(u.Hostname()):
	default:
		return nil, fmt.Errorf("azure: endpoint %q: want https; plain http is for a loopback address in development only", text)
	}
	return u, nil
}

// IsLoopback says that a host is this very machine by its name alone, without a look-up.
func IsLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// Requests is how many requests have been sent to Azure Resource Manager, retries included.
func (c *Client) Requests() int64 { return c.sent.Load() }

// Authenticate gets a token and says whom it is for, as far as it tells. TokenError.
func (c *Client) Authenticate(ctx context.Context) (Identity, error) {
	_, err := c.tokens.GetToken(ctx, tokenRequest(c.audience))
	return c.Identity(), err
}

// Identity is whom the last token was for; nothing before the first.
func (c *Client) Identity() Identity { return c.tokens.identity() }

// URL is the address of an escaped path below the endpoint, with a query of
// names and values in turn. Spaces become %20: not every provider reads + as one.
func (c *Client) URL(path string, query ...string) string {
	var b strings.Builder
	b.WriteString(c.endpoint.Scheme + "://" + c.endpoint.Host + path)
	for i := 0; i+1 < len(query); i += 2 {
		b.WriteByte("?&"[min(i, 1)])
		b.WriteString(query[i] + "=" + strings.ReplaceAll(url.QueryEscape(query[i+1]), "+", "%20"))
	}
	return b.String()
}

// Get asks for an address at the endpoint. Any answer but 200 is an [Error]; an
// address elsewhere is an [AddressError], and is not asked. The body is not read
// yet; who closes it frees the turn, so it must be closed soon.
func (c *Client) Get(ctx context.Context, address string) (*http.Response, error) {
	u, err := c.resolve(address)
	if err != nil {
		return nil, err
	}
	req, err := runtime.NewRequest(ctx, http.MethodGet, u)
	if err != nil {
		return nil, err
	}
	runtime.SkipBodyDownload(req)
	h := req.Raw().Header
	h.Set("Accept", "application/json")
	h.Set("User-Agent", c.userAgent)
	h.Set("X-Ms-Client-Request-Id", rand.Text()) // the same for all tries of one request
	resp, err := c.pipeline.Do(req)
	if err != nil {
		return nil, bare(err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, answerError(resp)
	}
	return resp, nil
}

// resolve checks that an address is at the endpoint: same scheme, host and
// port, whether the port is written or not. A nextLink may say what it likes.
func (c *Client) resolve(address string) (string, error) {
	ref, err := url.Parse(address)
	if err != nil {
		return "", &AddressError{Host: "an address", Reason: "it cannot be parsed"}
	}
	u := c.endpoint.ResolveReference(ref)
	if u.Scheme != c.endpoint.Scheme || hostPort(u) != hostPort(c.endpoint) || u.User != nil {
		return "", &AddressError{Host: cut(u.Host, 100), Reason: "it is not the resource manager " + c.endpoint.Host}
	}
	return u.String(), nil
}

func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// Read asks for an address at the endpoint and decodes the answer. A body that
// is cut short is asked for once more, then it is a [BodyError].
func Read[T any](ctx context.Context, c *Client, address string) (T, error) {
	v, err := readOnce[T](ctx, c, address)
	if _, short := errors.AsType[*BodyError](err); short && ctx.Err() == nil {
		v, err = readOnce[T](ctx, c, address)
	}
	return v, err
}

func readOnce[T any](ctx context.Context, c *Client, address string) (v T, err error) {
	resp, err := c.Get(ctx, address)
	if err != nil {
		return v, err
	}
	defer resp.Body.Close()
	buffer, _ := c.buffers.Get().(*bytes.Buffer)
	if buffer == nil {
		buffer = new(bytes.Buffer)
	}
	defer c.buffers.Put(buffer)
	buffer.Reset()
	if n := resp.ContentLength; n > 0 && n <= pageLimit {
		buffer.Grow(int(n) + bytes.MinRead)
	}
	switch n, err := buffer.ReadFrom(io.LimitReader(resp.Body, pageLimit+1)); {
	case ctx.Err() != nil:
		return v, ctx.Err()
	case err != nil:
		return v, &BodyError{Reason: fmt.Sprintf("the answer broke off after %d bytes", n)}
	case n > pageLimit:
		return v, &BodyError{Reason: fmt.Sprintf("the answer is larger than %d MB", pageLimit>>20)}
	}
	if err := json.Unmarshal(buffer.Bytes(), &v); err != nil {
		var none T // nothing of half an answer
		return none, &BodyError{Reason: "the answer is not the JSON that was asked for: " + clean(err.Error())}
	}
	return v, nil
}

// takeTurn is the policy that waits for the limiter before each try, limits the
// time of the try, and tells the limiter what came of it.
func (c *Client) takeTurn(req *policy.Request) (*http.Response, error) {
	turn, err := c.limiter.Wait(req.Raw().Context(), c.first)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(req.Raw().Context(), tryTimeout)
	end := sync.OnceFunc(func() { cancel(); turn.End() })
	resp, err := req.WithContext(ctx).Next()
	if err != nil {
		end()
		return nil, err
	}
	turn.Answered(resp.StatusCode, resp.Header)
	if resp.StatusCode >= http.StatusBadRequest {
		end() // azcore has read the bodies of errors by now
		return resp, nil
	}
	resp.Body = &turnBody{ReadCloser: resp.Body, end: end}
	return resp, nil
}

// turnBody gives the turn back when the body is closed.
type turnBody struct {
	io.ReadCloser
	end func()
}

func (b *turnBody) Close() error {
	defer b.end()
	return b.ReadCloser.Close()
}

type policyFunc func(*policy.Request) (*http.Response, error)

func (f policyFunc) Do(req *policy.Request) (*http.Response, error) { return f(req) }
