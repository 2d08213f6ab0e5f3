package portal

import (
	"context"
	"net/http"
	"strconv"
	"strings"
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
	documentAge = time.Hour      // for which the document of an issuer is taken to be as it was
	documentEnd = 24 * time.Hour // past that, for which it is where it cannot be had anew
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
	return h.documents[number].get(documentEnd, func() (*signin.Issuer, time.Time, error) {
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
	session, err := h.begin(w, r.Request, p, "")
	if err != nil {
		return err
	}
	if h.issuers.Resource != "" && token.Refresh != "" {
		h.personal.keep(session, v.Issuer, token.Refresh)
	}
	return redirect(w, r, v.To)
}

func (h *Handler) notSignedIn(w http.ResponseWriter, r *request, to, why string) error {
	return h.show(w, r, view{
		template: "sign-in", title: "Sign in", status: http.StatusUnauthorized,
		data: signInView{To: to, Fault: why, Issuers: h.issuerButtons()},
	})
}
