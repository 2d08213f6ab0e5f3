package dataapi

import (
	"net/http"
	"slices"
	"strings"
)

// openToBrowsers lets pages of any origin read an answer. The data plane knows
// no cookies: a page sends a token that it has itself, so there is nothing that
// a strange one could borrow.
func openToBrowsers(h http.Header) {
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "Operation-Location, Retry-After, X-Ms-Error-Code, X-Ms-Request-Id")
}

// preflight answers what browsers ask before each request of a page, without a
// token and on every path: the request itself is then refused or not.
func preflight(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", "GET, POST, OPTIONS")
	h.Set("Access-Control-Allow-Headers", strings.Join(allowedHeaders(r.Header.Get("Access-Control-Request-Headers")), ", "))
	h.Set("Access-Control-Max-Age", "7200")
	h.Set("Vary", "Access-Control-Request-Headers")
	w.WriteHeader(http.StatusNoContent)
}

// maxRequested bounds how many headers a page may ask for besides those that clients send.
const maxRequested = 16

// allowedHeaders are those that clients send, and those that were asked for.
func allowedHeaders(asked string) []string {
	out := []string{"authorization", "content-type", "accept"}
	for name := range strings.SplitSeq(asked, ",") {
		name = strings.ToLower(strings.TrimSpace(name))
		if len(out) == 3+maxRequested {
			break
		}
		if isToken(name) && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// isToken says that a text can be the name of a header, of a usual length.
func isToken(s string) bool {
	return s != "" && len(s) <= 64 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-_") == ""
}
