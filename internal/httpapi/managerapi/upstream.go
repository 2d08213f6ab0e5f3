package managerapi

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"apicenter/internal/arm"
	"apicenter/internal/auth"
	"apicenter/internal/azure"
	"apicenter/internal/httpapi/reply"
	"apicenter/internal/inventory"
)

const (
	firstByteTimeout = time.Minute // what Resource Manager itself takes at most
	lastByteTimeout  = 5 * time.Minute
	maxUpstreamHead  = 64 << 10
	maxRewritten     = 8 << 20 // of a body that is looked through for addresses; a longer one goes on as it comes
)

// NewTransport reaches an upstream, and trusts the roots there; nil: the system's.
func NewTransport(roots *x509.CertPool) *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           64,
		MaxIdleConnsPerHost:    32,
		IdleConnTimeout:        90 * time.Second,
		TLSHandshakeTimeout:    10 * time.Second,
		TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		ResponseHeaderTimeout:  firstByteTimeout,
		MaxResponseHeaderBytes: maxUpstreamHead,
	}
}

// upstream is the resource manager that answers for all other providers.
type upstream struct {
	base      *url.URL
	transport http.RoundTripper
}

func newUpstream(address string, transport http.RoundTripper) (*upstream, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "" {
		return nil, fmt.Errorf("the upstream resource manager %q is not an address such as https://management.azure.com", address)
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !azure.IsLoopback(u.Hostname())) {
		return nil, fmt.Errorf("the upstream resource manager %q: tokens only travel over https; plain http is for an emulator on this machine", address)
	}
	u.Path = ""
	if transport == nil {
		transport = NewTransport(nil)
	}
	return &upstream{u, transport}, nil
}

// Headers that go on; all others stay. What a connection is about, cookies, and
// tokens of other directories are not among them.
var (
	requestHeaders = []string{
		"Accept", "Accept-Language", "Authorization", "Content-Language", "Content-Type", "If-Match", "If-Modified-Since",
		"If-None-Match", "If-Unmodified-Since", "Prefer", "User-Agent", "Commandname", "Parametersetname",
		"X-Ms-Client-Request-Id", "X-Ms-Correlation-Request-Id", "X-Ms-Effective-Locale", "X-Ms-Return-Client-Request-Id",
	}
	responseHeaders = []string{
		"Allow", "Azure-Asyncnotification", "Azure-Asyncoperation", "Azure-Deprecating", "Cache-Control", "Content-Disposition",
		"Content-Language", "Content-Type", "Etag", "Expires", "Last-Modified", "Location", "Operation-Location", "Pragma",
		"Preference-Applied", "Retry-After", "Www-Authenticate",
	}
	addressHeaders = []string{"Azure-Asyncoperation", "Location", "Operation-Location"}
)

// vendorHeader is how the headers of Azure itself begin.
const vendorHeader = "X-Ms-"

// reaches says that the upstream could be asked on behalf of the caller.
func (h *Handler) reaches(r *request) bool {
	_, err := bearer(r.Request)
	return h.upstream != nil && err == nil
}

// bearer is the token that the caller came with, if it may leave this house: a
// key of ours opens nothing elsewhere, and would be told to a stranger.
func bearer(r *http.Request) (string, error) {
	token, ok := auth.Bearer(r.Header.Get("Authorization"))
	switch {
	case !ok:
		return "", arm.Errorf(http.StatusUnauthorized, arm.CodeUnauthenticated,
			"this is another provider's, and its resource manager wants a token: send the header 'Authorization: Bearer <token>'")
	case auth.IsKey(token):
		return "", arm.Errorf(http.StatusForbidden, "AuthorizationFailed",
			"an API key of this server is never sent to the resource manager behind it; sign in with a token of the directory to use other providers than %s", apiCenter)
	}
	return token, nil
}

// methods are those of Resource Manager.
var methods = map[string]bool{"GET": true, "HEAD": true, "PUT": true, "PATCH": true, "POST": true, "DELETE": true, "OPTIONS": true}

// forward has the upstream answer. It follows no redirect, and both bodies go
// through as they come.
func (h *Handler) forward(w http.ResponseWriter, r *request) error {
	if _, err := bearer(r.Request); err != nil {
		return err
	}
	if !methods[r.Method] {
		return arm.Errorf(http.StatusMethodNotAllowed, arm.CodeMethodNotAllowed, "%s is not possible here", r.Method)
	}
	ctx, cancel := context.WithTimeout(r.Context(), lastByteTimeout)
	defer cancel()
	resp, err := h.upstream.send(ctx, r, r.URL.RawQuery)
	if err != nil {
		return h.unreachable(r, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode < http.StatusOK {
		return h.unreachable(r, fmt.Errorf("it answered %s", resp.Status))
	}
	body, err := h.readdress(resp, r)
	if err != nil {
		return h.unreachable(r, err)
	}
	h.copyHeaders(w.Header(), resp.Header, r)
	if resp.StatusCode >= http.StatusBadRequest && r.Method != http.MethodHead && !isJSON(resp) {
		w.Header().Del("Content-Disposition")
		return arm.Errorf(resp.StatusCode, "UpstreamError", "the resource manager behind this server answered %s, and not in its own words", resp.Status)
	}
	if resp.ContentLength > 0 {
		w.Header().Set("Content-Length", strconv.FormatInt(resp.ContentLength, 10))
	}
	w.WriteHeader(resp.StatusCode)
	if _, err := io.Copy(flushing{w, http.NewResponseController(w)}, body); err != nil {
		h.log.WarnContext(r.Context(), "an answer of the upstream resource manager broke off", "method", r.Method, "path", r.URL.Path, "error", plain(err))
		panic(http.ErrAbortHandler) // half an answer must not look like a whole one
	}
	return nil
}

func isJSON(resp *http.Response) bool {
	return strings.Contains(resp.Header.Get("Content-Type"), "json")
}

// send asks the upstream what the request asks, but for the query.
func (u *upstream) send(ctx context.Context, r *request, query string) (*http.Response, error) {
	address := *u.base
	address.Path, address.RawPath, address.RawQuery = r.URL.Path, r.URL.RawPath, query
	out := (&http.Request{Method: r.Method, URL: &address, Host: address.Host, Header: http.Header{}}).WithContext(ctx)
	for _, name := range requestHeaders {
		if v := r.Header[name]; len(v) > 0 {
			out.Header[name] = v
		}
	}
	if _, named := out.Header["User-Agent"]; !named {
		out.Header["User-Agent"] = []string{""} // not the name of our library
	}
	switch {
	case r.body != nil:
		out.Body, out.ContentLength = io.NopCloser(bytes.NewReader(r.body)), int64(len(r.body))
	case r.Body != nil && r.ContentLength != 0:
		out.Body, out.ContentLength = r.Body, r.ContentLength
	}
	return u.transport.RoundTrip(out)
}

// copyHeaders takes over the headers that may go on.
func (h *Handler) copyHeaders(to, from http.Header, r *request) {
	for name, values := range from {
		if strings.HasPrefix(name, vendorHeader) || slices.Contains(responseHeaders, name) {
			to[name] = values
		}
	}
	for _, name := range addressHeaders {
		if v := to.Get(name); v != "" {
			to.Set(name, h.ourAddress(v, r))
		}
	}
}

// ourAddress is an address of the upstream as clients reach it through us. Any
// other address stays as it is.
func (h *Handler) ourAddress(address string, r *request) string {
	u, err := url.Parse(address)
	if err != nil || !h.upstream.has(u) || !arm.Owns(u.Path) {
		return address
	}
	return reply.Base(h.publicURL, r.Request) + pathAndQuery(u)
}

// has says that an address is the upstream's, whether the port is written or not.
func (u *upstream) has(other *url.URL) bool {
	return strings.EqualFold(other.Scheme, u.base.Scheme) && hostPort(other) == hostPort(u.base) && other.User == nil
}

func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[strings.ToLower(u.Scheme)]
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

func pathAndQuery(u *url.URL) string {
	if u.RawQuery == "" {
		return u.EscapedPath()
	}
	return u.EscapedPath() + "?" + u.RawQuery
}

// readdress gives the body, with a nextLink that leads to us. It sets the
// response's length to what the body has then.
func (h *Handler) readdress(resp *http.Response, r *request) (io.Reader, error) {
	if r.Method == http.MethodHead || !isJSON(resp) || resp.ContentLength > maxRewritten {
		return resp.Body, nil
	}
	head, err := io.ReadAll(io.LimitReader(resp.Body, maxRewritten+1))
	if err != nil {
		return nil, err
	}
	if len(head) > maxRewritten {
		return io.MultiReader(bytes.NewReader(head), resp.Body), nil
	}
	if start, end, link, ok := nextLink(head); ok {
		ours := arm.AppendString(nil, h.ourAddress(link, r))
		head = append(append(append(make([]byte, 0, len(head)+len(ours)), head[:start]...), ours...), head[end:]...)
	}
	resp.ContentLength = int64(len(head))
	return bytes.NewReader(head), nil
}

// nextLink finds the nextLink of a JSON object: what it says, and where in the
// text its value stands.
func nextLink(body []byte) (start, end int, link string, ok bool) {
	if !bytes.Contains(body, []byte(`"nextLink"`)) {
		return 0, 0, "", false
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return 0, 0, "", false
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return 0, 0, "", false
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return 0, 0, "", false
		}
		if name == "nextLink" && json.Unmarshal(value, &link) == nil && link != "" {
			end = int(d.InputOffset())
			return end - len(value), end, link, true
		}
	}
	return 0, 0, "", false
}

// flushing passes on each piece of a body when it comes.
type flushing struct {
	io.Writer
	*http.ResponseController
}

func (f flushing) Write(b []byte) (int, error) {
	n, err := f.Writer.Write(b)
	if err == nil {
		_ = f.Flush() // not every writer can
	}
	return n, err
}

// unreachable is the answer when the upstream gives none.
func (h *Handler) unreachable(r *request, err error) error {
	if tooLong, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return tooLong
	}
	if inventory.CodeOf(err) == inventory.Invalid { // what the caller sends cannot be read
		return err
	}
	if r.Context().Err() != nil {
		return r.Context().Err()
	}
	h.log.WarnContext(r.Context(), "the upstream resource manager does not answer", "method", r.Method, "path", r.URL.Path, "error", plain(err))
	status, code := http.StatusBadGateway, "BadGateway"
	if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Op == "dial" {
		status, code = http.StatusServiceUnavailable, "ServiceUnavailable"
	} else if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		status, code = http.StatusGatewayTimeout, "GatewayTimeout"
	}
	return arm.Errorf(status, code, "the resource manager behind this server, %s, does not answer as it should; try again later", h.upstream.base.Host)
}

// plain is an error without the address that was asked, whose query may hold a secret.
func plain(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}
