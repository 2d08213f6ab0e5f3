package outbound

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

func TestPublic(t *testing.T) {
	for address, want := range map[string]bool{
		"20.60.1.1": true, "1.1.1.1": true, "172.32.0.1": true, "100.128.0.1": true, "::ffff:1.1.1.1": true,
		"2603:1030::1": true, "2a00:1450::1": true, "2001:4860::1": true, "2001:200::1": true,
		"127.0.0.1": false, "10.1.2.3": false, "172.16.0.1": false, "192.168.1.1": false, "169.254.169.254": false, "100.64.0.1": false,
		"168.63.129.16": false, "0.0.0.0": false, "0.1.2.3": false, "192.0.0.170": false, "192.88.99.1": false, "198.18.0.1": false,
		"224.0.0.1": false, "240.0.0.1": false, "255.255.255.255": false,
		"::1": false, "::": false, "fe80::1": false, "fe80::1%lo": false, "fc00::1": false, "ff02::1": false, "fec0::1": false, "100::1": false, "5f00::1": false,
		"64:ff9b::a00:1": false, "64:ff9b:1::a00:1": false, "2002:a00:1::": false, "2001:0:1::": false, "::10.0.0.1": false, "::ffff:10.0.0.1": false,
		"::ffff:0:10.0.0.1": false, "2001:db8::1": false, "3fff::1": false,
	} {
		if got := Public(netip.MustParseAddr(address)); got != want {
			t.Errorf("Public(%s) = %t, want %t", address, got, want)
		}
	}
	if Public(netip.Addr{}) {
		t.Error("no address is public")
	}
}

// What IPv6 wraps is never more public than what is in it.
func FuzzDisguise(f *testing.F) {
	f.Add([]byte{127, 0, 0, 1})
	f.Add([]byte{169, 254, 169, 254})
	f.Add([]byte{8, 8, 8, 8})
	f.Fuzz(func(t *testing.T, b []byte) {
		v4, ok := netip.AddrFromSlice(b)
		if !ok || !v4.Is4() || Public(v4) {
			return
		}
		for _, prefix := range []string{"::ffff:", "::", "::ffff:0:", "64:ff9b::"} {
			if wrapped := netip.MustParseAddr(prefix + v4.String()); Public(wrapped) {
				t.Errorf("%s is not public, and %s is", v4, wrapped)
			}
		}
		six := [16]byte{0: 0x20, 1: 0x02}
		copy(six[2:], b)
		if sixToFour := netip.AddrFrom16(six); Public(sixToFour) {
			t.Errorf("%s is not public, and %s is", v4, sixToFour)
		}
	})
}

// An address that passes by its looks is https to a name or to a public IP
// address, however lenient the reader.
func FuzzAddress(f *testing.F) {
	for _, seed := range []string{
		"https://example.com/x?y=z#a", "https://user@example.com", "http://example.com", "https://[::ffff:127.0.0.1]/", "https://2130706433", "https://0x7f.1",
		"https://0177.0.0.1:443", "https://127.1.", "https://a%2eb", "https://[fe80::1%25lo]", "https://①②⑦.1", "//x", "https://\\\\127.0.0.1", "https://example.com@127.0.0.1",
	} {
		f.Add(seed)
	}
	c := New(Options{})
	f.Fuzz(func(t *testing.T, address string) {
		if err := c.CheckAddress(address); err != nil {
			if len(err.Error()) > 500 || strings.ContainsAny(err.Error(), "\n\x00") {
				t.Errorf("CheckAddress(%q) says %q", address, err)
			}
			return
		}
		u, err := url.Parse(strings.TrimSpace(address))
		if err != nil || u.Scheme != "https" || u.User != nil || u.Hostname() == "" {
			t.Fatalf("%q passes: %v, %v", address, u, err)
		}
		if ip, ok := lenient(u.Hostname()); ok && !Public(ip) {
			t.Errorf("%q passes, and may be read as %s", address, ip)
		}
	})
}

// lenient reads an IPv4 address as the C library does: up to four numbers,
// decimal, octal or hexadecimal, the last of which fills what is left.
func lenient(host string) (netip.Addr, bool) {
	host = strings.TrimSuffix(host, ".")
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip, true
	}
	parts := strings.Split(host, ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	var value uint64
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 0, 32)
		if err != nil {
			return netip.Addr{}, false
		}
		if i == len(parts)-1 {
			value = value<<(8*(5-len(parts))) | n
		} else {
			value = value<<8 | n&0xff
		}
	}
	return netip.AddrFrom4([4]byte{byte(value >> 24), byte(value >> 16), byte(value >> 8), byte(value)}), true
}
