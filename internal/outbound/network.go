package outbound

import "net/netip"

// Public says that an address is somewhere on the internet, and not inside
// somebody's network, nor one that stands for such an address.
func Public(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.Is6() && !unicast.Contains(ip) {
		return false
	}
	for _, network := range reserved {
		if network.Contains(ip) {
			return false
		}
	}
	return true
}

// unicast is all of IPv6 that has been given out. Beyond it are loopback,
// link-local, unique and site-local, multicast, and IPv4 under the disguises of
// ::/96, ::ffff:0:0/96 and 64:ff9b::/32.
var unicast = netip.MustParsePrefix("2000::/3")

// reserved are networks that look public and are not.
var reserved = [...]netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),        // this network
	netip.MustParsePrefix("100.64.0.0/10"),    // shared behind a carrier's NAT
	netip.MustParsePrefix("168.63.129.16/32"), // Azure's own host services, reachable from every machine there
	netip.MustParsePrefix("192.0.0.0/24"),     // protocol assignments
	netip.MustParsePrefix("192.0.2.0/24"),     // documentation
	netip.MustParsePrefix("192.88.99.0/24"),   // relays of 6to4
	netip.MustParsePrefix("198.18.0.0/15"),    // benchmarks
	netip.MustParsePrefix("198.51.100.0/24"),  // documentation
	netip.MustParsePrefix("203.0.113.0/24"),   // documentation
	netip.MustParsePrefix("240.0.0.0/4"),      // reserved
	netip.MustParsePrefix("2001::/23"),        // protocol assignments, Teredo (IPv4 in disguise) among them
	netip.MustParsePrefix("2001:db8::/32"),    // documentation
	netip.MustParsePrefix("2002::/16"),        // 6to4: IPv4 in disguise
	netip.MustParsePrefix("3fff::/20"),        // documentation
}
