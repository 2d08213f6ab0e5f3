package storetest

import (
	"testing"
	"time"

	"apicenter/internal/inventory"
)

// sessions are the promises of who is signed in to the portal.
var sessions = []promise{
	{"a session is kept until it ends", testSession},
	{"an expired session is none", testExpiredSession},
	{"all sessions of one principal end together", testEndSessions},
}

func (b *bench) signIn(hash inventory.Digest, principal string, expires time.Time) inventory.Session {
	b.Helper()
	s := inventory.Session{Hash: hash, Principal: principal, Key: "k", Identity: []byte(`{"ID":"x"}`), Expires: expires}
	if err := b.PutSession(b.Context(), s); err != nil {
		b.Fatal(err)
	}
	return s
}

func (b *bench) signedIn(hash inventory.Digest) bool {
	b.Helper()
	_, err := b.Session(b.Context(), hash)
	if err != nil {
		b.refused("session "+string(hash), err, inventory.NotFound)
	}
	return err == nil
}

func testSession(_ *testing.T, b *bench) {
	expires := b.Now().Add(time.Hour).Truncate(time.Microsecond).UTC()
	want := b.signIn("h1", "ann", expires)
	got, err := b.Session(b.Context(), "h1")
	if err != nil {
		b.Fatal(err)
	}
	if got.Created.IsZero() || got.Created.After(b.Now()) {
		b.Errorf("created at %s", got.Created)
	}
	want.Created = got.Created
	b.same("the session", got, want)
	b.refused("another of its hash", b.PutSession(b.Context(), want), inventory.Conflict)
	for range 2 { // ending twice is no error
		if err := b.EndSession(b.Context(), "h1"); err != nil {
			b.Error(err)
		}
	}
	b.same("after its end", b.signedIn("h1"), false)
}

func testExpiredSession(_ *testing.T, b *bench) {
	b.signIn("h1", "ann", b.Now().Add(-time.Second))
	b.same("expired", b.signedIn("h1"), false)
	b.signIn("h2", "ann", b.Now().Add(time.Hour))
	b.signIn("h1", "ann", b.Now().Add(time.Hour)) // the expired one made room
	b.same("the next", b.signedIn("h1") && b.signedIn("h2"), true)
}

func testEndSessions(_ *testing.T, b *bench) {
	later := b.Now().Add(time.Hour)
	b.signIn("h1", "ann", later)
	b.signIn("h2", "bob", later)
	b.signIn("h3", "ann", later)
	ended, err := b.EndSessions(b.Context(), "ann")
	if err != nil {
		b.Fatal(err)
	}
	b.same("ended", ended, 2)
	b.same("who is left", []bool{b.signedIn("h1"), b.signedIn("h2"), b.signedIn("h3")}, []bool{false, true, false})
}
