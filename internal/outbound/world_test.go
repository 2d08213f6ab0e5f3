package outbound

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
)

// Two places on this machine: one in a network that a test allows, one outside of it.
var (
	allowed = netip.MustParsePrefix("127.0.0.2/32")
	inside  = netip.MustParsePrefix("127.0.0.1/32")
)

// names is a name server: what each name resolves to, the first time, the
// second time and so on; the last answer stays.
type names map[string][]string

func (n names) resolver(t testing.TB) *net.Resolver {
	var mu sync.Mutex // guards asked
	asked := map[string]int{}
	answer := func(query []byte) []byte {
		mu.Lock()
		defer mu.Unlock()
		name, end := question(query)
		kind := binary.BigEndian.Uint16(query[end:])
		answers := n[name]
		if answers == nil {
			t.Logf("nobody knows %s", name)
			return response(query[:end+4], nil)
		}
		ip := netip.MustParseAddr(answers[min(asked[name], len(answers)-1)])
		if want := uint16(1); ip.Is4() && kind == want || ip.Is6() && kind == 28 {
			asked[name]++
			return response(query[:end+4], ip.AsSlice())
		}
		return response(query[:end+4], nil)
	}
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			defer theirs.Close()
			var size [2]byte
			if _, err := io.ReadFull(theirs, size[:]); err != nil {
				return
			}
			query := make([]byte, binary.BigEndian.Uint16(size[:]))
			if _, err := io.ReadFull(theirs, query); err != nil {
				return
			}
			reply := answer(query)
			_, _ = theirs.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...))
		}()
		return ours, nil
	}}
}

// question is the name that a query asks for, and where it ends.
func question(query []byte) (name string, end int) {
	for end = 12; query[end] != 0; end += int(query[end]) + 1 {
		name += string(query[end+1:end+1+int(query[end])]) + "."
	}
	return name[:len(name)-1], end + 1
}

// response answers a question, up to its end, with one address or none.
func response(query, ip []byte) []byte {
	out := append([]byte{query[0], query[1], 0x81, 0x80, 0, 1, 0, byte(min(len(ip), 1)), 0, 0, 0, 0}, query[12:]...)
	if len(ip) == 0 {
		return out
	}
	kind := map[int]byte{4: 1, 16: 28}[len(ip)]
	return append(append(out, 0xc0, 12, 0, kind, 0, 1, 0, 0, 0, 0, 0, byte(len(ip))), ip...)
}

// place is a server that counts who comes.
type place struct {
	*httptest.Server
	visits atomic.Int32
	port   string
}

func start(t *testing.T, at netip.Prefix, secure bool, h http.HandlerFunc) *place {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", netip.AddrPortFrom(at.Addr(), 0).String())
	if err != nil {
		t.Fatal(err)
	}
	p := &place{}
	p.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.visits.Add(1)
		h(w, r)
	}))
	p.Listener.Close()
	p.Listener = l
	if secure {
		p.StartTLS()
	} else {
		p.Start()
	}
	t.Cleanup(p.Close)
	_, p.port, _ = net.SplitHostPort(l.Addr().String())
	return p
}

func secret(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "secret") }
