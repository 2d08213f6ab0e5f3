package portal

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"apicenter/internal/auth"
	"apicenter/internal/httpapi/reply"
	"apicenter/internal/inventory"
)

const (
	sessionCookie = "apicenter_session"
	sessionAge    = 12 * time.Hour
	ticketAge     = time.Hour
)

var errNobody = errors.New("nobody is signed in")

var anonymous = auth.Principal{Kind: auth.Anonymous}

// whose says who sends a request, and by which session: whoever the server has found by
// a token comes by none, whatever cookies he sends besides.
func (h *Handler) whose(r *http.Request) (auth.Principal, inventory.Digest, error) {
	if p, ok := auth.From(r.Context()); ok && p.Kind != auth.Anonymous {
		return p, "", nil
	}
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return anonymous, "", nil //nolint:nilerr // there is no cookie: nobody is signed in
	}
	s, err := h.sessions.Session(r.Context(), auth.HashOf(cookie.Value))
	if inventory.CodeOf(err) == inventory.NotFound {
		return anonymous, "", nil
	}
	if err != nil {
		return anonymous, "", err
	}
	if s.Key != "" {
		if p, err := h.keys.Recall(s.Key); err == nil {
			return p, s.Hash, nil
		}
		return anonymous, "", nil // the key has ended, and with it all that it opened
	}
	var p auth.Principal
	if err := json.Unmarshal(s.Identity, &p); err != nil {
		return anonymous, "", fmt.Errorf("read a session of %s: %w", s.Principal, err)
	}
	return p, s.Hash, nil
}

// begin signs a principal in to the browser that is answered. key is the hash of
// the API key that it has; empty: an issuer has said who it is.
func (h *Handler) begin(w http.ResponseWriter, r *http.Request, p auth.Principal, key inventory.Digest) (s inventory.Session, err error) {
	secret := rand.Text() + rand.Text()
	s = inventory.Session{Hash: auth.HashOf(secret), Principal: p.ID, Key: key, Expires: time.Now().Add(sessionAge)}
	if key == "" {
		if s.Identity, err = json.Marshal(p); err != nil {
			return s, fmt.Errorf("keep who signed in: %w", err)
		}
	}
	if err := h.sessions.PutSession(r.Context(), s); err != nil {
		return s, err
	}
	h.setCookie(w, r, http.Cookie{Name: sessionCookie, Value: secret, MaxAge: int(sessionAge.Seconds())})
	return s, nil
}

// setCookie sets a cookie that no script reads and no other site sends.
func (h *Handler) setCookie(w http.ResponseWriter, r *http.Request, c http.Cookie) {
	c.Path, c.HttpOnly, c.SameSite = Root, true, http.SameSiteLaxMode
	c.Secure = strings.HasPrefix(reply.Base(h.publicURL, r), "https:")
	http.SetCookie(w, &c)
}

// end signs the browser out that is answered.
func (h *Handler) end(ctx context.Context, w http.ResponseWriter, r *http.Request) error {
	if cookie, err := r.Cookie(sessionCookie); err == nil {
		hash := auth.HashOf(cookie.Value)
		h.personal.forget(hash)
		if err := h.sessions.EndSession(ctx, hash); err != nil {
			return err
		}
	}
	h.setCookie(w, r, http.Cookie{Name: sessionCookie, MaxAge: -1})
	return nil
}

// tickets each let one browser in, once. The zero value is ready.
type tickets struct {
	mu   sync.Mutex
	open map[inventory.Digest]ticket // by hash
}

type ticket struct {
	key     inventory.Digest // of the API key that it is as good as
	expires time.Time
}

// Ticket gives the path of a page that signs a browser in as the holder of an API
// key: once, and within an hour.
func (h *Handler) Ticket(key string) string {
	secret := rand.Text()
	h.tickets.mu.Lock()
	defer h.tickets.mu.Unlock()
	if h.tickets.open == nil {
		h.tickets.open = map[inventory.Digest]ticket{}
	}
	h.tickets.open[auth.HashOf(secret)] = ticket{auth.HashOf(key), time.Now().Add(ticketAge)}
	return Root + "/-/sign-in/" + secret
}

// take gives the key that a ticket is as good as, and ends it; false when it is none.
func (t *tickets) take(secret string) (inventory.Digest, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	hash := auth.HashOf(secret)
	found, ok := t.open[hash]
	delete(t.open, hash)
	return found.key, ok && time.Now().Before(found.expires)
}
