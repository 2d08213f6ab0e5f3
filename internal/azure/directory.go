package azure

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// subscriptionsVersion is the api-version of subscriptions.
const subscriptionsVersion = "2022-12-01"

// Directory learns to which directory a subscription belongs: from the
// subscription itself or, where it may not be read, from the challenge by which
// Azure sends whoever has no token to the right authority. It is "" when it
// cannot be learnt. The error is one of getting a token, or the context's.
func (c *Client) Directory(ctx context.Context, subscription string) (string, error) {
	address := c.URL("/subscriptions/"+url.PathEscape(subscription), "api-version", subscriptionsVersion)
	s, err := Read[struct {
		TenantID string `json:"tenantId"`
	}](ctx, c, address)
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if e, ok := errors.AsType[*TokenError](err); ok {
		return "", e
	}
	if err == nil && isGUID(s.TenantID) {
		return strings.ToLower(s.TenantID), nil
	}
	if e, ok := errors.AsType[*Error](err); ok && e.Directory != "" {
		return e.Directory, nil
	}
	return c.challenge(ctx, address)
}

// challenge asks without a token, and gives the directory of the answer.
func (c *Client) challenge(ctx context.Context, address string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, tryTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", err
	}
	req.Header.Set("User-Agent", c.userAgent)
	resp, err := c.wire.Do(req)
	if err != nil {
		return "", ctx.Err() // no answer teaches nothing
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, errorBody)) // the connection is used again
	return challenged(resp.Header), nil
}

var guid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

func isGUID(s string) bool { return guid.MatchString(s) }

var authority = regexp.MustCompile(`(?i)\bauthorization(?:_uri)?="([^"]*)"`)

// challenged is the directory whose authority a challenge names, or "".
func challenged(h http.Header) string {
	for _, challenge := range h.Values("WWW-Authenticate") {
		m := authority.FindStringSubmatch(challenge)
		if m == nil {
			continue
		}
		u, err := url.Parse(m[1])
		if err != nil {
			continue
		}
		if tenant, _, _ := strings.Cut(strings.Trim(u.Path, "/"), "/"); isGUID(tenant) {
			return strings.ToLower(tenant)
		}
	}
	return ""
}
