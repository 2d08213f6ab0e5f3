package portal

import (
	"errors"
	"net/http"
	"strings"

	"apicenter/internal/auth"
	"apicenter/internal/inventory"
)

// signInView is the page that lets people in.
type signInView struct {
	To      string // where to go on
	Fault   string // why it did not work
	Issuers []issuerButton
}

func (h *Handler) signInPage(w http.ResponseWriter, r *request) error {
	return h.show(w, r, view{template: "sign-in", title: "Sign in", data: signInView{To: within(r.FormValue("to")), Issuers: h.issuerButtons()}})
}

// signIn takes an API key.
func (h *Handler) signIn(w http.ResponseWriter, r *request) error {
	to, key := within(r.FormValue("to")), strings.TrimSpace(r.PostFormValue("key"))
	p, err := h.keys.Authenticate(r.Context(), key)
	if errors.Is(err, auth.ErrUnknown) {
		return h.notSignedIn(w, r, to, "This key opens nothing here: it is mistyped, has expired, or was revoked.")
	}
	if err != nil {
		return err
	}
	if _, err := h.begin(w, r.Request, p, auth.HashOf(key)); err != nil {
		return err
	}
	return redirect(w, r, to)
}

// redeem takes a ticket.
func (h *Handler) redeem(w http.ResponseWriter, r *request) error {
	key, ok := h.tickets.take(r.PathValue("ticket"))
	if !ok {
		return h.notSignedIn(w, r, Root, "This link has been used already, or is too old. Sign in another way, or ask for another link.")
	}
	p, err := h.keys.Recall(key)
	if err != nil {
		return inventory.Errorf(inventory.Denied, "", "the key that this link stands for has ended; ask for another link")
	}
	if _, err := h.begin(w, r.Request, p, key); err != nil {
		return err
	}
	return redirect(w, r, Root)
}

// signOut ends the session of this browser or, if that is asked for, of all that
// the same principal has.
func (h *Handler) signOut(w http.ResponseWriter, r *request) error {
	if r.PostFormValue("everywhere") != "" && r.who.Kind != auth.Anonymous {
		h.personal.forgetAll(r.who.ID)
		if _, err := h.sessions.EndSessions(r.Context(), r.who.ID); err != nil {
			return err
		}
	}
	if err := h.end(r.Context(), w, r.Request); err != nil {
		return err
	}
	return redirect(w, r, Root+"/-/sign-in")
}

// themeCookie says whether the reader wants it light or dark; none: as the system has it.
const themeCookie = "apicenter_theme"

func (h *Handler) setTheme(w http.ResponseWriter, r *request) error {
	c := http.Cookie{Name: themeCookie, Value: r.PostFormValue("theme"), MaxAge: 365 * 24 * 3600}
	if c.Value != "light" && c.Value != "dark" {
		c.Value, c.MaxAge = "", -1
	}
	h.setCookie(w, r.Request, c)
	return redirect(w, r, within(r.FormValue("to")))
}

// within is an address of the portal; any other becomes the portal's root, since
// nobody must be sent elsewhere by a link to us.
func within(to string) string {
	if to == Root || strings.HasPrefix(to, Root+"/") && !strings.ContainsAny(to, "\\\r\n") {
		return to
	}
	return Root
}

// redirect sends a browser on with a GET.
func redirect(w http.ResponseWriter, r *request, to string) error {
	http.Redirect(w, r.Request, to, http.StatusSeeOther)
	return nil
}
