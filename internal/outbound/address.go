package outbound

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// maxAddress is longer than any link that works everywhere.
const maxAddress = 8 << 10

// Error says why an address was not asked, or gave nothing. It is fit to be
// shown to whoever named the address.
type Error struct {
	Host   string // as it was given; "" when there is none
	Reason string
}

func (e *Error) Error() string {
	if e.Host == "" {
		return "the address " + e.Reason
	}
	return fmt.Sprintf("the address at %s %s", e.Host, e.Reason)
}

// rules say which addresses may be asked.
type rules struct {
	allow []netip.Prefix
}

// parse reads an address that a person gave.
func (r rules) parse(address string) (*url.URL, error) {
	if len(address) > maxAddress {
		return nil, &Error{Reason: fmt.Sprintf("has more than %d characters", maxAddress)}
	}
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil {
		return nil, &Error{Reason: "cannot be parsed: want https://host/path"}
	}
	return u, r.check(u)
}

// check refuses what can be refused by its looks. What a name resolves to is
// for [rules.admit].
func (r rules) check(u *url.URL) error {
	host := u.Hostname()
	refuse := func(reason string) error { return &Error{Host: shown(host), Reason: reason} }
	switch {
	case host == "":
		return refuse("names no host: want https://host/path")
	case u.User != nil:
		return refuse("carries credentials: leave out what is before the @")
	case u.Scheme == "http" && len(r.allow) == 0, u.Scheme != "https" && u.Scheme != "http":
		return refuse("is not https, and nothing else is asked")
	}
	ip, err := netip.ParseAddr(host)
	switch {
	case err != nil && !isName(host):
		return refuse("has no valid host: write a name in ASCII, or an IP address in its usual form")
	case err == nil:
		return r.admit(host, ip, u.Scheme)
	}
	return nil
}

// admit says whether an address may be dialled, by its scheme. host is what the error calls it.
func (r rules) admit(host string, ip netip.Addr, scheme string) error {
	ip = ip.Unmap()
	for _, network := range r.allow {
		if network.Contains(ip.WithZone("")) {
			return nil
		}
	}
	switch {
	case ip.Zone() != "" || !Public(ip):
		return &Error{Host: shown(host), Reason: "is not a public one, and its network is not among those that the administrator allows"}
	case scheme != "https":
		return &Error{Host: shown(host), Reason: "is not https, and nothing else is asked outside of the networks that the administrator allows"}
	}
	return nil
}

// isName says that a host is a name and not an IP address in one of the old
// ways of writing them (2130706433, 0x7f.1, 0177.0.0.1, 127.1), which some
// resolvers understand.
func isName(host string) bool {
	host = strings.TrimSuffix(host, ".")
	if host == "" || len(host) > 253 {
		return false
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || strings.ContainsFunc(label, func(r rune) bool {
			return r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
		}) {
			return false
		}
	}
	last := host[strings.LastIndexByte(host, '.')+1:]
	return last[0] < '0' || last[0] > '9' // no name ends in such a label, and every number does
}

// shown is a host as an error may show it.
func shown(host string) string {
	host = strings.ToValidUTF8(host, "�")
	if len(host) > 100 {
		host = strings.ToValidUTF8(host[:100], "") + "…"
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, host)
}
