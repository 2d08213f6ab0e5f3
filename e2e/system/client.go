package system

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// client speaks JSON with one of the programs.
type client struct {
	base, token, version string
	http                 *http.Client
}

func newClient(base, token, version string) client {
	transport := &http.Transport{MaxIdleConnsPerHost: 32} // no proxy: all is on the loopback
	return client{base: base, token: token, version: version, http: &http.Client{Transport: transport}}
}

// StatusError is an answer that is not a success.
type StatusError struct {
	Status int
	Call   string
	Body   string
}

func (e *StatusError) Error() string { return fmt.Sprintf("%s: %d %s", e.Call, e.Status, e.Body) }

// Gone says that err is the answer 404.
func Gone(err error) bool {
	e, ok := errors.AsType[*StatusError](err)
	return ok && e.Status == http.StatusNotFound
}

// call sends a request and reads a successful answer into out, unless out is nil.
func (c client) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	b, err := c.raw(ctx, method, c.url(path), body, true)
	if err != nil || out == nil {
		return err
	}
	if err := json.Unmarshal(b, out); err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	return nil
}

// url completes a path; what is absolute already, a nextLink, stays as it is.
func (c client) url(path string) string {
	if strings.HasPrefix(path, "http://") || strings.HasPrefix(path, "https://") {
		return path
	}
	sep := "?"
	if strings.Contains(path, "?") {
		sep = "&"
	}
	return c.base + path + sep + "api-version=" + c.version
}

func (c client) raw(ctx context.Context, method, url string, body io.Reader, authorised bool) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return nil, err
	}
	if authorised {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if method == http.MethodPatch || method == http.MethodDelete {
		req.Header.Set("If-Match", "*") // API Management demands it
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, req.URL.Path, err)
	}
	if resp.StatusCode >= 300 {
		return nil, &StatusError{resp.StatusCode, method + " " + req.URL.Path, string(b[:min(len(b), 2000)])}
	}
	return b, nil
}

// page is one page of a list.
type page struct {
	Value    []json.RawMessage `json:"value"`
	NextLink string            `json:"nextLink"`
}

// all reads a list to its end.
func all[T any](ctx context.Context, c client, path string) ([]T, error) {
	var out []T
	for path != "" {
		var p page
		if err := c.call(ctx, http.MethodGet, path, nil, &p); err != nil {
			return nil, err
		}
		for _, raw := range p.Value {
			var v T
			if err := json.Unmarshal(raw, &v); err != nil {
				return nil, fmt.Errorf("GET %s: %w", path, err)
			}
			out = append(out, v)
		}
		path = p.NextLink
	}
	return out, nil
}
