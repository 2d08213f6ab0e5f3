package server

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"apicenter/internal/arm"
	"apicenter/internal/auth"
	"apicenter/internal/httpapi/reply"
	"apicenter/internal/inventory"
)

// gate lets in who has a token, and says who that is.
type gate struct {
	tokens    Authenticator
	anonymous bool   // lets in who has none, too
	authority string // where one gets a token; may be empty
	log       *slog.Logger
}

func (o Options) gate() gate { return gate{tokens: o.Keys, authority: o.Authority, log: o.Log} }

func (g gate) admit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, err := g.identify(r)
		if err == nil {
			next.ServeHTTP(w, r.WithContext(auth.With(r.Context(), p)))
			return
		}
		if g.anonymous {
			// A page whose token has ended must be able to see that it has.
			w.Header().Set("Access-Control-Allow-Origin", "*")
		}
		switch {
		case errors.Is(err, errTwoTokens):
			g.refuse(w, `, error="invalid_request"`, err.Error()+"; send one")
		case errors.Is(err, errNoToken):
			g.refuse(w, "", g.remedy())
		case errors.Is(err, auth.ErrUnknown):
			g.refuse(w, `, error="invalid_token"`, err.Error()+"; "+g.remedy())
		case errors.Is(err, inventory.Unavailable):
			w.Header().Set("Retry-After", "60")
			reply.Error(w, arm.Errorf(http.StatusServiceUnavailable, "ServiceUnavailable", "%v", err))
		default:
			g.log.ErrorContext(r.Context(), "authenticate", "error", err, "request", w.Header().Get(reply.RequestID))
			reply.Internal(w)
		}
	})
}

var (
	errNoToken = errors.New("there is no bearer token")
	// Whoever hears of the request after us might look at the other one.
	errTwoTokens = errors.New("there is more than one Authorization header")
)

func (g gate) identify(r *http.Request) (auth.Principal, error) {
	if len(r.Header["Authorization"]) > 1 {
		return auth.Principal{}, errTwoTokens
	}
	header := r.Header.Get("Authorization")
	if g.anonymous && (header == "" || r.Method == http.MethodOptions) {
		return auth.Principal{Kind: auth.Anonymous}, nil
	}
	token, ok := auth.Bearer(header)
	if !ok {
		return auth.Principal{}, errNoToken
	}
	return g.tokens.Authenticate(r.Context(), token)
}

func (g gate) refuse(w http.ResponseWriter, why, message string) {
	challenge := `Bearer realm="apicenter"` + why
	if g.authority != "" {
		// Clients of Azure look for this parameter first.
		challenge = `Bearer authorization_uri="` + quoted.Replace(g.authority) + `", realm="apicenter"` + why
	}
	w.Header()["Www-Authenticate"] = []string{challenge}
	reply.Error(w, arm.Errorf(http.StatusUnauthorized, arm.CodeUnauthenticated, "%s", message))
}

var quoted = strings.NewReplacer(`"`, "%22", `\`, "%5C")

// remedy says what to do to be let in.
func (g gate) remedy() string {
	if g.authority == "" {
		return "send the header 'Authorization: Bearer <key>' with an API key"
	}
	return "send the header 'Authorization: Bearer <token>' with a token of " + g.authority + " or an API key"
}
