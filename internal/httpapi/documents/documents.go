// Package documents serves the bytes of definitions under signed addresses: a
// browser or a download tool gets them without a token, for five minutes. The
// surfaces that export definitions sign; one handler answers.
package documents

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"apicenter/internal/arm"
	"apicenter/internal/httpapi/reply"
	"apicenter/internal/inventory"
)

// Prefix is where the handler is mounted.
const Prefix = "/documents/"

// validity is how long an address works: as long as Azure's do.
const validity = 5 * time.Minute

// Signer makes and checks addresses. All replicas need the same key.
type Signer struct{ key []byte }

// NewSigner makes a Signer; the key is 32 random bytes or more.
func NewSigner(key []byte) *Signer { return &Signer{key: key} }

// URL is the address of a document from now on, below base: "https://host".
func (s *Signer) URL(base string, d inventory.Digest, now time.Time) string {
	expires := strconv.FormatInt(now.Add(validity).Unix(), 10)
	return base + Prefix + string(d) + "?expires=" + expires + "&signature=" + s.sign(string(d), expires)
}

func (s *Signer) sign(digest, expires string) string {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte("document\n" + digest + "\n" + expires))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// Opener is what the handler needs of the catalog.
type Opener interface {
	Document(ctx context.Context, d inventory.Digest) (io.ReadCloser, int64, error)
}

// Handler answers GET and HEAD of signed addresses, and the preflight of browsers.
func Handler(s *Signer, docs Opener, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", "*")
		switch r.Method {
		case http.MethodGet, http.MethodHead:
		case http.MethodOptions:
			h.Set("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS")
			h.Set("Access-Control-Allow-Headers", "*")
			w.WriteHeader(http.StatusNoContent)
			return
		default:
			h.Set("Allow", "GET, HEAD, OPTIONS")
			reply.Error(w, arm.Errorf(http.StatusMethodNotAllowed, arm.CodeMethodNotAllowed, "documents are read with GET"))
			return
		}
		digest, e := s.check(r, time.Now())
		if e != nil {
			reply.Error(w, e)
			return
		}
		body, size, err := docs.Document(r.Context(), digest)
		switch {
		case inventory.CodeOf(err) == inventory.NotFound:
			reply.Error(w, arm.Errorf(http.StatusNotFound, arm.CodeNotFound, "the document is no longer there; export the definition again"))
			return
		case err != nil:
			log.ErrorContext(r.Context(), "open document", "digest", digest, "error", err, "request", h.Get(reply.RequestID))
			reply.Internal(w)
			return
		}
		defer body.Close()
		// Documents are other people's text on our own origin: nothing in them may run.
		h.Set("Content-Type", "application/octet-stream")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
		h.Set("Content-Length", strconv.FormatInt(size, 10))
		h.Set("Cache-Control", "private, max-age=300")
		if r.Method == http.MethodHead {
			return
		}
		if _, err := io.Copy(w, body); err != nil && r.Context().Err() == nil {
			log.ErrorContext(r.Context(), "send document", "digest", digest, "error", err, "request", h.Get(reply.RequestID))
			panic(http.ErrAbortHandler) // the only way to tell the client that this is not all
		}
	})
}

// check gives the digest that a request may read at now.
func (s *Signer) check(r *http.Request, now time.Time) (inventory.Digest, *arm.Error) {
	digest := strings.TrimPrefix(r.URL.Path, Prefix)
	expires, _ := arm.Param(r.URL.RawQuery, "expires")
	signature, _ := arm.Param(r.URL.RawQuery, "signature")
	if !hmac.Equal([]byte(signature), []byte(s.sign(digest, expires))) {
		return "", arm.Errorf(http.StatusForbidden, "AuthorizationFailed", "the signature of this address is not valid; export the definition to get a new address")
	}
	// Only what we signed comes here, so the number is ours.
	if until, err := strconv.ParseInt(expires, 10, 64); err != nil || now.Unix() > until {
		return "", arm.Errorf(http.StatusForbidden, "AuthorizationFailed", "this address has expired; export the definition to get a new one")
	}
	return inventory.Digest(digest), nil
}
