package dataapi

import (
	"net"
	"net/http"
	"slices"
	"strings"

	"apicenter/internal/arm"
	"apicenter/internal/httpapi/documents"
)

// address is where a request was sent: to which service, and what is below it.
//
//	https://{service}.data.{region}.{domain}/workspaces/…   by host name
//	https://{any host}/data/{service}/workspaces/…           by name
//	https://{any host}/workspaces/…                          the default service
type address struct {
	host     string   // of a host name that is a service's: all of it, in lower case
	service  string   // the name, of a path below /data/
	segments []string // of the path below the service's address, decoded
	verb     string   // what stands behind a colon at its end
}

// roots are the first words of paths without a service.
var roots = []string{"workspaces", "apis", "environments", "metadataSchemas"}

// named is the first word of paths with the name of a service.
const named = "data"

// maxSegments bounds what a path may have; the longest operation has ten.
const maxSegments = 16

// serviceHost is the host that a request was sent to, if it can be a service's.
func (h *Handler) serviceHost(r *http.Request) (string, bool) {
	if h.domain == "" {
		return "", false
	}
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	below, ok := strings.CutSuffix(host, "."+h.domain)
	labels := strings.Split(below, ".")
	return host, ok && len(labels) == 3 && labels[1] == "data"
}

// Owns says that a request is the data plane's to answer. On the host name of a
// service that is all but the documents, which export leads to.
func (h *Handler) Owns(r *http.Request) bool {
	if _, ok := h.serviceHost(r); ok {
		return !strings.HasPrefix(r.URL.Path, documents.Prefix)
	}
	first, _, _ := strings.Cut(strings.TrimLeft(r.URL.Path, "/"), "/")
	return strings.EqualFold(first, named) || isRoot(first)
}

func isRoot(word string) bool {
	return slices.ContainsFunc(roots, func(root string) bool { return strings.EqualFold(root, word) })
}

// locate reads where a request was sent; false when there can be nothing.
func (h *Handler) locate(r *http.Request) (address, bool) {
	var a address
	for escaped := range strings.SplitSeq(r.URL.EscapedPath(), "/") {
		if escaped == "" {
			continue
		}
		segment, ok := arm.Unescape(escaped)
		if !ok || len(a.segments) == maxSegments {
			return a, false
		}
		a.segments = append(a.segments, segment)
	}
	if n := len(a.segments); n > 0 {
		a.segments[n-1], a.verb, _ = strings.Cut(a.segments[n-1], ":")
	}
	var byHost bool
	if a.host, byHost = h.serviceHost(r); byHost {
		return a, true
	}
	a.host = ""
	if len(a.segments) >= 2 && strings.EqualFold(a.segments[0], named) {
		a.service, a.segments = a.segments[1], a.segments[2:]
	}
	return a, true
}
