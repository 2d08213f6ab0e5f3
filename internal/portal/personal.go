package portal

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"apicenter/internal/inventory"
	"apicenter/internal/signin"
)

// personal keeps, in memory alone, with what people who are signed in get tokens
// for Azure itself: it is their right there, and none of ours. The zero value is ready.
type personal struct {
	mu   sync.Mutex
	held map[inventory.Digest]*personalToken // by session
}

// personalToken is that of one session, and ends with it.
type personalToken struct {
	principal string
	ends      time.Time
	issuer    int
	access    memo[string] // for Azure
	refresh   string       // access.get alone uses and changes it
}

// maxPersonal bounds the memory. Past it all are forgotten, and people sign in again to act in Azure.
const maxPersonal = 10_000

// keep begins what a session has; what other sessions had that are over goes.
func (p *personal) keep(s inventory.Session, issuer int, refresh string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	maps.DeleteFunc(p.held, func(_ inventory.Digest, t *personalToken) bool { return t.over() })
	if p.held == nil || len(p.held) >= maxPersonal {
		p.held = map[inventory.Digest]*personalToken{}
	}
	p.held[s.Hash] = &personalToken{principal: s.Principal, ends: s.Expires, issuer: issuer, refresh: refresh}
}

// find gives what a session of a principal has; nil: nothing.
func (p *personal) find(session inventory.Digest, principal string) *personalToken {
	p.mu.Lock()
	defer p.mu.Unlock()
	if t := p.held[session]; t != nil && t.principal == principal && !t.over() {
		return t
	}
	return nil
}

// forget ends what a session has.
func (p *personal) forget(session inventory.Digest) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.held, session)
}

// forgetAll ends what all sessions of a principal have.
func (p *personal) forgetAll(principal string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	maps.DeleteFunc(p.held, func(_ inventory.Digest, t *personalToken) bool { return t.principal == principal })
}

func (t *personalToken) over() bool { return !time.Now().Before(t.ends) }

// personalToken gives the token with which who asks acts in Azure itself. Denied for
// who does not come by a session that began at an issuer since this server was started.
func (h *Handler) personalToken(r *request) (token string, err error) {
	t := h.personal.find(r.session, r.who.ID)
	if t != nil {
		token, err = t.access.get(reserve, func() (string, time.Time, error) { return h.refresh(r.Context(), t) })
	}
	if t == nil || h.personal.find(r.session, r.who.ID) != t { // maybe signed out while the issuer was asked
		return "", inventory.Errorf(inventory.Denied, "", "to act in Azure from here, sign in with your organisation, and not with a key")
	}
	return token, err
}

const (
	reserve = time.Minute // of its life that a token must still have
	unsaid  = time.Minute // for which a token is taken to be good when its issuer does not say
)

// refresh asks the issuer for a token, and says until when to use it. Whoever wanted
// it may go away: the refresh token may be good once, and the new one must not be lost.
func (h *Handler) refresh(ctx context.Context, t *personalToken) (token string, until time.Time, err error) {
	ctx = context.WithoutCancel(ctx)
	issuer, err := h.issuer(ctx, t.issuer)
	if err != nil {
		return "", until, err
	}
	fresh, err := issuer.For(h.issuers.Resource).Refresh(ctx, t.refresh)
	if err != nil {
		code, do := inventory.Unavailable, "try again in a minute"
		if _, refused := errors.AsType[*signin.Error](err); refused {
			code, do = inventory.Denied, "sign in again"
		}
		return "", until, inventory.Errorf(code, "", "%s gives no token for Azure: %v; %s", h.issuers.SignIns[t.issuer].Issuer, err, do)
	}
	t.refresh = fresh.Refresh
	if fresh.Expires.IsZero() {
		return fresh.Access, time.Now().Add(unsaid), nil
	}
	return fresh.Access, fresh.Expires.Add(-reserve), nil
}
