package portal

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"apicenter/internal/inventory"
)

func TestWhatIsHeldForAPersonEndsWithTheSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p personal
		keep := func(hash inventory.Digest, principal string, age time.Duration) {
			p.keep(inventory.Session{Hash: hash, Principal: principal, Expires: time.Now().Add(age)}, 0, "refresh")
		}
		keep("one", "ann", time.Hour)
		keep("two", "ann", time.Hour)
		keep("three", "bob", time.Hour)
		keep("four", "bob", 2*time.Hour)
		if p.find("one", "ann") == nil || p.find("one", "bob") != nil || p.find("none", "ann") != nil {
			t.Error("it is not that of its principal alone")
		}
		if p.forget("one"); p.find("one", "ann") != nil || p.find("two", "ann") == nil {
			t.Error("one is forgotten: not that alone")
		}
		if p.forgetAll("ann"); p.find("two", "ann") != nil || p.find("three", "bob") == nil {
			t.Error("all of a principal are forgotten: not those alone")
		}
		time.Sleep(time.Hour)
		if p.find("three", "bob") != nil || p.find("four", "bob") == nil {
			t.Error("after an hour: not what has ended alone has gone")
		}
		if keep("five", "bob", time.Hour); len(p.held) != 2 {
			t.Errorf("%d are held, want 2", len(p.held))
		}
		for i := range maxPersonal {
			p.held[inventory.Digest(strconv.Itoa(i))] = &personalToken{ends: time.Now().Add(time.Hour)}
		}
		if keep("six", "bob", time.Hour); len(p.held) > maxPersonal || p.find("six", "bob") == nil {
			t.Errorf("%d are held, want %d at most, and the newest", len(p.held), maxPersonal)
		}
	})
}
