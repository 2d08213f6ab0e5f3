package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// What the client takes from a center at most.
const (
	maxAnswer = 64 << 20 // bytes of one answer
	attempts  = 3        // of a read that is told to come later
	maxPause  = time.Minute
	patience  = 100 * time.Second // for one answer
)

// TokenSource gives the bearer token of a request. It is asked before each one,
// by several goroutines at once, and keeps what it can give again.
type TokenSource interface {
	Token(ctx context.Context) (string, error)
}

// Options say how to speak to a center. The zero value is somebody without a
// token, who may read what is public.
type Options struct {
	// Token is the bearer token: an API key or an access token.
	Token string
	// TokenSource gives tokens that change; it comes before Token.
	TokenSource TokenSource
	// HTTP carries the requests; nil means http.DefaultClient. Its redirects
	// are not followed.
	HTTP *http.Client
	// UserAgent names the program; "apicenter-client" without it.
	UserAgent string
	// MaxAnswer bounds the bytes of one answer; 0 means 64 MiB.
	MaxAnswer int64
}

// Client speaks to one center. It is safe for concurrent use.
type Client struct {
	base   *url.URL
	tokens TokenSource
	http   *http.Client
	agent  string
	limit  int64
}

// New makes a client of the center at address, such as
// https://apis.example:8443. It sends nothing.
func New(address string, o Options) (*Client, error) {
	base, err := url.Parse(address)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" || base.User != nil {
		return nil, errors.New("the address of a center must look like https://center.example:8443")
	}
	base.RawQuery, base.Fragment = "", ""
	base.Path = strings.TrimRight(base.Path, "/")
	c := &Client{base: base, tokens: o.TokenSource, agent: o.UserAgent, limit: o.MaxAnswer}
	if c.tokens == nil {
		c.tokens = fixed(o.Token)
	}
	if c.agent == "" {
		c.agent = "apicenter-client"
	}
	if c.limit <= 0 {
		c.limit = maxAnswer
	}
	carrier := http.Client{}
	if o.HTTP != nil {
		carrier = *o.HTTP
	}
	// ARM has no redirects; following one could carry the token away.
	carrier.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.http = &carrier
	return c, nil
}

// Address is the address of the center.
func (c *Client) Address() *url.URL {
	u := *c.base
	return &u
}

// fixed is a token that does not change.
type fixed string

func (t fixed) Token(context.Context) (string, error) { return string(t), nil }

// Request is one call of the center.
type Request struct {
	// Method is GET when it is empty.
	Method string
	// Path is below the address of the center, escaped; or it is a whole
	// address that the center gave, which must be of the same origin.
	Path string
	// APIVersion becomes the query parameter api-version unless it is empty.
	APIVersion string
	// Query is added to that of Path.
	Query url.Values
	// Body is sent as JSON unless it is nil.
	Body any
	// Header is sent besides what the client sends. An Authorization in it goes
	// instead of the token.
	Header http.Header
	// When says on what conditions.
	When []Condition
	// Patience is how long to wait for the answer; 0 means 100 seconds.
	Patience time.Duration

	public bool // goes without a token
}

// Condition makes a request depend on what the center has.
type Condition struct{ header, tag string }

// IfMatch lets a request pass if the resource still is the one with this ETag,
// or with "*" if it is there at all.
func IfMatch(etag string) Condition { return Condition{"If-Match", etag} }

// IfNoneMatch lets a request pass unless the resource is the one with this
// ETag; with "*", unless it is there.
func IfNoneMatch(etag string) Condition { return Condition{"If-None-Match", etag} }

// Response is a success: any 2xx.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Decode reads the body as JSON into v. An empty body leaves v as it is.
func (r *Response) Decode(v any) error {
	if len(bytes.TrimSpace(r.Body)) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(r.Body))
	d.UseNumber()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return nil
}

// Do makes the call and gives the answer if it is a success, and an [*Error] if
// the center refused. A 202 is given as it is; see [Client.Finish].
func (c *Client) Do(ctx context.Context, r Request) (*Response, error) {
	if r.Method == "" {
		r.Method = http.MethodGet
	}
	read := r.Method == http.MethodGet || r.Method == http.MethodHead
	for n := 1; ; n++ {
		a, err := c.once(ctx, r)
		if err != nil {
			return nil, err
		}
		if a.Status >= 200 && a.Status < 300 {
			return a, nil
		}
		refusal := readError(a)
		later := a.Status == http.StatusTooManyRequests || a.Status == http.StatusServiceUnavailable
		if !read || !later || n == attempts || refusal.RetryAfter > maxPause {
			return nil, refusal
		}
		if err := sleep(ctx, pauseOf(a.Header)); err != nil {
			return nil, err
		}
	}
}

func (c *Client) once(ctx context.Context, r Request) (*Response, error) {
	limit := patience
	if r.Patience > 0 {
		limit = r.Patience
	}
	ctx, stop := context.WithTimeout(ctx, limit)
	defer stop()
	req, err := c.request(ctx, r)
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, unreachable(c.base, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, c.limit+1))
	if err != nil {
		return nil, unreachable(c.base, err)
	}
	if int64(len(body)) > c.limit {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, c.limit)
	}
	return &Response{Status: resp.StatusCode, Header: resp.Header, Body: body}, nil
}

func (c *Client) request(ctx context.Context, r Request) (*http.Request, error) {
	address, err := c.address(r)
	if err != nil {
		return nil, err
	}
	var body io.Reader
	if r.Body != nil {
		var text bytes.Buffer
		e := json.NewEncoder(&text)
		e.SetEscapeHTML(false)
		if err := e.Encode(r.Body); err != nil {
			return nil, fmt.Errorf("encode the request: %w", err)
		}
		body = bytes.NewReader(bytes.TrimSpace(text.Bytes()))
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, address.String(), body)
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.agent)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, w := range r.When {
		req.Header.Set(w.header, w.tag)
	}
	for name, values := range r.Header {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	if r.public || req.Header.Get("Authorization") != "" {
		return req, nil
	}
	token, err := c.tokens.Token(ctx)
	if err != nil {
		return nil, fmt.Errorf("get a token: %w", err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	return req, nil
}

// address is where the request goes.
func (c *Client) address(r Request) (*url.URL, error) {
	path := r.Path
	if strings.HasPrefix(path, "/") {
		path = c.base.String() + path
	}
	u, err := c.own(path)
	if err != nil || r.APIVersion == "" && len(r.Query) == 0 {
		return u, err
	}
	query := u.Query()
	if r.APIVersion != "" {
		query.Set("api-version", r.APIVersion)
	}
	for k, v := range r.Query {
		query[k] = v
	}
	u.RawQuery = query.Encode()
	return u, nil
}

// own reads an address and refuses one of another origin: the token would
// travel with it.
func (c *Client) own(address string) (*url.URL, error) {
	u, err := c.base.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("%w: an address that is none: %w", ErrFormat, err)
	}
	if Origin(u) != Origin(c.base) {
		return nil, fmt.Errorf("%w: the center at %s goes on at %s", ErrElsewhere, Origin(c.base), Origin(u))
	}
	return u, nil
}

// Origin is the scheme and host of u, with the port spelt out.
func Origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return strings.ToLower(u.Scheme + "://" + u.Hostname() + ":" + port)
}

// retryAfter reads the header, which is a number of seconds or a date.
func retryAfter(h http.Header) (time.Duration, bool) {
	text := h.Get("Retry-After")
	if n, err := strconv.ParseInt(text, 10, 32); err == nil && n >= 0 {
		return time.Duration(n) * time.Second, true
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, time.Until(at)), true
	}
	return 0, false
}

// pauseOf is how long to wait before asking again: as long as the center says,
// within bounds, and a second if it says nothing.
func pauseOf(h http.Header) time.Duration {
	if d, ok := retryAfter(h); ok {
		return min(d, maxPause)
	}
	return time.Second
}

// sleep waits for d or for the end of ctx, whose cause it gives.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}
