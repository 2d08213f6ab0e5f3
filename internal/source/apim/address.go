package apim

import (
	"cmp"
	"net/url"
	"strings"
)

// addresses are where an API is called, one for each host of its gateway. The
// scheme is the best of those that the API speaks, the path is its own, and a
// version that is a path segment comes last. A version in the query or in a
// header is no part of a base address: operations could not be joined to it.
func addresses(p *properties, kind string, hosts []string) []string {
	path := join("", p.Path)
	if s := p.APIVersionSet; s != nil && strings.EqualFold(s.VersioningScheme, "Segment") {
		path = join(path, p.APIVersion)
	}
	switch kind {
	case "mcp":
		path = join(path, p.MCP.messages())
	case "a2a":
		if p.JSONRPC != nil {
			path = join(path, p.JSONRPC.Path)
		}
	}
	prefix := scheme(p.Protocols, kind) + "://"
	out := make([]string, 0, len(hosts))
	for _, host := range hosts {
		out = append(out, prefix+host+path)
	}
	return out
}

// scheme picks one of the protocols: the secure one if it is there, else the
// first. A websocket's are taken for those of websockets, however they are listed.
func scheme(protocols []string, kind string) string {
	names := map[string]string{}
	if kind == "websocket" {
		names = map[string]string{"http": "ws", "https": "wss"}
	}
	secure := cmp.Or(names["https"], "https")
	first := ""
	for _, p := range protocols {
		p = strings.ToLower(p)
		p = cmp.Or(names[p], p)
		if p == secure {
			return secure
		}
		first = cmp.Or(first, p)
	}
	return cmp.Or(first, secure)
}

// join appends the segments of more to a path, without doubled or trailing
// slashes, escaped where an address needs it.
func join(path, more string) string {
	for segment := range strings.SplitSeq(more, "/") {
		if segment != "" {
			path += "/" + (&url.URL{Path: segment}).EscapedPath()
		}
	}
	return path
}
