package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// What the client takes from a server at most.
const (
	maxAnswer = 64 << 20 // bytes of one JSON answer
	maxPages  = 10_000   // pages of one list
	attempts  = 3        // of a read that was asked to come later
	maxPause  = time.Minute
	patience  = 100 * time.Second // for one answer
)

// object is a JSON object as the center sent it; numbers are json.Number.
type object map[string]any

// client speaks to one center. The token never leaves for another host.
type client struct {
	base  *url.URL
	token string
	limit int64 // bytes of one answer
	http  *http.Client
}

func newClient(base *url.URL, token string, transport http.RoundTripper) *client {
	return &client{base: base, token: token, limit: maxAnswer, http: &http.Client{
		Transport: transport,
		// ARM has no redirects; following one could carry the token away.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// call is one request: a path below the center's address, or a whole address
// that the center named in an earlier answer.
type call struct {
	method  string
	path    string
	link    *url.URL // instead of path, already checked
	version string
	query   url.Values
	body    object // nil sends none
	ifMatch string // go on only if the resource still has this ETag
	// ifAbsent goes on only if there is no such resource.
	ifAbsent bool
	patient  time.Duration
}

// answer is a success: any 2xx.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// object decodes the body; an empty body is an empty object.
func (a answer) object() (object, error) {
	o := object{}
	if len(bytes.TrimSpace(a.body)) == 0 {
		return o, nil
	}
	d := json.NewDecoder(bytes.NewReader(a.body))
	d.UseNumber()
	if err := d.Decode(&o); err != nil {
		return nil, failed("is the server address that of an API center?",
			"the answer is not a JSON object: %v", err)
	}
	return o, nil
}

// do makes the call. A read that is told to come later (429, 503) is repeated
// a few times. Errors are *apiError or *failure.
func (c *client) do(ctx context.Context, r call) (answer, error) {
	for n := 1; ; n++ {
		a, err := c.once(ctx, r)
		if err != nil {
			return answer{}, err
		}
		if a.status < 300 {
			return a, nil
		}
		later := a.status == http.StatusTooManyRequests || a.status == http.StatusServiceUnavailable
		if r.method != http.MethodGet || !later || n == attempts {
			return answer{}, readError(a.status, a.header, a.body)
		}
		if err := c.pause(ctx, a.header); err != nil {
			return answer{}, err
		}
	}
}

func (c *client) once(ctx context.Context, r call) (answer, error) {
	limit := patience
	if r.patient > 0 {
		limit = r.patient
	}
	ctx, stop := context.WithTimeout(ctx, limit)
	defer stop()
	req, err := c.request(ctx, r)
	if err != nil {
		return answer{}, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return answer{}, unreachable(c.base, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, c.limit+1))
	if err != nil {
		return answer{}, unreachable(c.base, err)
	}
	if int64(len(body)) > c.limit {
		return answer{}, failed("ask for less, with --top or --filter",
			"the answer is larger than %d bytes", c.limit)
	}
	return answer{status: resp.StatusCode, header: resp.Header, body: body}, nil
}

func (c *client) request(ctx context.Context, r call) (*http.Request, error) {
	address := strings.TrimRight(c.base.String(), "/") + r.path
	if r.link != nil {
		address = r.link.String()
	} else {
		query := url.Values{"api-version": {r.version}}
		for k, v := range r.query {
			query[k] = v
		}
		address += "?" + query.Encode()
	}
	var body io.Reader
	if r.body != nil {
		text, err := json.Marshal(r.body)
		if err != nil {
			return nil, fmt.Errorf("encode the request: %w", err)
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, address, body)
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "apicenter-cli")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if r.ifMatch != "" {
		req.Header.Set("If-Match", r.ifMatch)
	}
	if r.ifAbsent {
		req.Header.Set("If-None-Match", "*")
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	return req, nil
}

// get reads one object.
func (c *client) get(ctx context.Context, path, version string) (object, error) {
	a, err := c.do(ctx, call{method: http.MethodGet, path: path, version: version})
	if err != nil {
		return nil, err
	}
	return a.object()
}

// all reads the objects of a list, page by page.
func (c *client) all(ctx context.Context, path, version string, query url.Values) iter.Seq2[object, error] {
	return func(yield func(object, error) bool) {
		r := call{method: http.MethodGet, path: path, version: version, query: query}
		for range maxPages {
			items, next, err := c.page(ctx, r)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, it := range items {
				if !yield(it, nil) {
					return
				}
			}
			if next == "" {
				return
			}
			before := r.link
			if r.link, err = c.own(next); err != nil {
				yield(nil, err)
				return
			}
			if before != nil && *before == *r.link {
				yield(nil, failed("", "the center names the same page as the next one: %s", next))
				return
			}
		}
		yield(nil, failed("ask for less, with --filter or --max-items", "the list has more than %d pages", maxPages))
	}
}

func (c *client) page(ctx context.Context, r call) ([]object, string, error) {
	a, err := c.do(ctx, r)
	if err != nil {
		return nil, "", err
	}
	var p struct {
		Value    []object `json:"value"`
		NextLink string   `json:"nextLink"`
	}
	d := json.NewDecoder(bytes.NewReader(a.body))
	d.UseNumber()
	if err := d.Decode(&p); err != nil {
		return nil, "", failed("is the server address that of an API center?", "the answer is not a list: %v", err)
	}
	return p.Value, p.NextLink, nil
}

// own reads an address that the center named, and refuses one of another host:
// the token would travel with it.
func (c *client) own(address string) (*url.URL, error) {
	u, err := c.base.Parse(address)
	if err != nil {
		return nil, failed("", "the center names an address that is none: %v", err)
	}
	if origin(u) != origin(c.base) {
		return nil, failed("if that is the same center, use its address in --server or APICENTER_SERVER",
			"the center at %s goes on at %s, and the token must not go there", origin(c.base), origin(u))
	}
	return u, nil
}

// finish follows a 202 to its end by the Location header.
func (c *client) finish(ctx context.Context, a answer) (answer, error) {
	for a.status == http.StatusAccepted && a.header.Get("Location") != "" {
		next, err := c.own(a.header.Get("Location"))
		if err != nil {
			return answer{}, err
		}
		if err := c.pause(ctx, a.header); err != nil {
			return answer{}, err
		}
		if a, err = c.do(ctx, call{method: http.MethodGet, link: next}); err != nil {
			return answer{}, err
		}
	}
	return a, nil
}

// pause waits as long as Retry-After says, a second without it.
func (c *client) pause(ctx context.Context, header http.Header) error {
	d := time.Second
	if n, err := strconv.Atoi(header.Get("Retry-After")); err == nil && n >= 0 {
		d = min(time.Duration(n)*time.Second, maxPause)
	}
	return sleep(ctx, d)
}

// sleep waits for d or for the end of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ended(ctx)
	case <-time.After(d):
		return nil
	}
}

// ended is why ctx ended.
func ended(ctx context.Context) error {
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return &failure{exit: exitFailed, message: "interrupted", cause: context.Canceled}
}

// origin is the scheme and host of u, with the port spelt out.
func origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return strings.ToLower(u.Scheme + "://" + u.Hostname() + ":" + port)
}
