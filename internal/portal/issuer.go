package portal

import (
	"cmp"
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"apicenter/internal/auth"
	"apicenter/internal/httpapi/reply"
	"apicenter/internal/inventory"
	"apicenter/internal/signin"
)

// Issuers are where people sign in.
type Issuers struct {
	SignIns []auth.SignIn
	// Tokens says who an issuer's access token stands for.
	Tokens interface {
		Authenticate(ctx context.Context, bearer string) (auth.Principal, error)
	}
	HTTP *http.Client // asks the issuers
	// Resource is the scope of a token with which a person acts in Azure itself;
	// empty: nobody does from here.
	Resource string
}

const (
	callback    = Root + "/-/signed-in"
	documentAge = time.Hour // for which the document of an issuer is taken to be as it was
)

// issuerButton is one issuer to sign in with.
type issuerButton struct {
	Number int
	Name   string
}

func (h *Handler) issuerButtons() (all []issuerButton) {
	for i, s := range h.issuers.SignIns {
		_, name, _ := strings.Cut(s.Issuer, "://")
		all = append(all, issuerButton{i, name})
	}
	return all
}

// issuer is one of the issuers. Who began to ask for its document may go away: others
// wait for it.
func (h *Handler) issuer(ctx context.Context, number int) (*signin.Issuer, error) {
	return h.documents[number].get(func() (*signin.Issuer, time.Time, error) {
		s := h.issuers.SignIns[number]
		i, err := signin.Discover(context.WithoutCancel(ctx), signin.Options{Issuer: s.Issuer, ClientID: s.ClientID, Scopes: s.Scopes, HTTP: h.issuers.HTTP})
		if err != nil {
			err = inventory.Errorf(inventory.Unavailable, "", "%s cannot be asked to sign anybody in: %v; try again in a minute", s.Issuer, err)
		}
		return i, time.Now().Add(documentAge), err
	})
}

// leave sends a browser to the page of an issuer.
func (h *Handler) leave(w http.ResponseWriter, r *request) error {
	number, err := strconv.Atoi(r.PathValue("issuer"))
	if err != nil || number < 0 || number >= len(h.issuers.SignIns) {
		return reply.NotFound(r.Request)
	}
	issuer, err := h.issuer(r.Context(), number)
	if err != nil {
		return err
	}
	v := visit{
		Visit:  signin.NewVisit(reply.Base(h.publicURL, r.Request) + callback),
		Issuer: number, To: within(r.FormValue("to")), Ends: time.Now().Add(visitAge),
	}
	page, err := issuer.Page(v.Visit)
	if err != nil {
		return inventory.Errorf(inventory.Unavailable, "", "nobody can sign in with %s: %v", h.issuers.SignIns[number].Issuer, err)
	}
	// The browser that comes back must be the one that left: another's would be
	// signed in as somebody else without knowing.
	sealed, err := h.visits.seal(v)
	if err != nil {
		return err
	}
	h.setCookie(w, r.Request, http.Cookie{Name: visitCookie, Value: sealed, MaxAge: int(visitAge.Seconds())})
	http.Redirect(w, r.Request, page, http.StatusSeeOther)
	return nil
}

// arrive takes a browser that comes back from an issuer.
func (h *Handler) arrive(w http.ResponseWriter, r *request) error {
	const foreign = "This is no answer to a sign-in that this browser has begun. Begin again."
	query := r.URL.Query()
	h.setCookie(w, r.Request, http.Cookie{Name: visitCookie, MaxAge: -1})
	cookie, err := r.Cookie(visitCookie)
	if err != nil {
		return h.notSignedIn(w, r, Root, foreign)
	}
	v, err := h.visits.open(cookie.Value)
	if err != nil {
		return h.notSignedIn(w, r, Root, "This sign-in has taken too long, or has ended already. Begin again.")
	}
	if !v.Returns(query) {
		return h.notSignedIn(w, r, Root, foreign)
	}
	issuer, err := h.issuer(r.Context(), v.Issuer)
	if err != nil {
		return err
	}
	token, err := issuer.End(r.Context(), v.Visit, query)
	if err != nil {
		return h.notSignedIn(w, r, v.To, "You are not signed in: "+err.Error()+".")
	}
	p, err := h.issuers.Tokens.Authenticate(r.Context(), token.Access)
	if err != nil {
		return h.notSignedIn(w, r, v.To, "You are not signed in: "+err.Error()+".")
	}
	hash, err := h.begin(w, r.Request, p, "")
	if err != nil {
		return err
	}
	h.personal.keep(hash, personalToken{issuer: v.Issuer, refresh: token.Refresh})
	return redirect(w, r, v.To)
}

func (h *Handler) notSignedIn(w http.ResponseWriter, r *request, to, why string) error {
	return h.show(w, r, view{
		template: "sign-in", title: "Sign in", status: http.StatusUnauthorized,
		data: signInView{To: to, Fault: why, Issuers: h.issuerButtons()},
	})
}

// personal keeps, in memory alone, with what people who are signed in get tokens
// for Azure itself: it is their right there, and none of ours. The zero value is ready.
type personal struct {
	mu   sync.Mutex
	held map[inventory.Digest]personalToken // by session
}

type personalToken struct {
	issuer  int
	refresh string
	access  string // for Azure
	expires time.Time
}

// maxPersonal bounds the memory. Past it all are forgotten, and people sign in again to act in Azure.
const maxPersonal = 10_000

func (p *personal) keep(session inventory.Digest, t personalToken) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held == nil || len(p.held) >= maxPersonal {
		p.held = map[inventory.Digest]personalToken{}
	}
	p.held[session] = t
}

func (p *personal) find(session inventory.Digest) (personalToken, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t, ok := p.held[session]
	return t, ok
}

func (p *personal) forget(session inventory.Digest) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.held, session)
}

// personalToken gives the token with which who asks acts in Azure itself. Denied
// for who has not signed in at an issuer since this server was started.
func (h *Handler) personalToken(r *request) (string, error) {
	const remedy = "to act in Azure from here, sign in with your organisation, and not with a key"
	cookie, err := r.Cookie(sessionCookie)
	if err != nil || h.issuers.Resource == "" {
		return "", inventory.Errorf(inventory.Denied, "", "%s", remedy)
	}
	session := auth.HashOf(cookie.Value)
	t, ok := h.personal.find(session)
	switch {
	case !ok || t.refresh == "":
		return "", inventory.Errorf(inventory.Denied, "", "%s", remedy)
	case t.access != "" && time.Until(t.expires) > time.Minute:
		return t.access, nil
	}
	issuer, err := h.issuer(r.Context(), t.issuer)
	if err != nil {
		return "", err
	}
	fresh, err := issuer.For(h.issuers.Resource).Refresh(r.Context(), t.refresh)
	if err != nil {
		return "", inventory.Errorf(inventory.Denied, "", "%s gives no token for Azure: %v; sign in again", h.issuers.SignIns[t.issuer].Issuer, err)
	}
	t.access, t.refresh, t.expires = fresh.Access, cmp.Or(fresh.Refresh, t.refresh), fresh.Expires
	h.personal.keep(session, t)
	return t.access, nil
}
