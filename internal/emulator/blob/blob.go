// Package blob stands in for the storage account to which export links point:
// each link carries its permission, lives for minutes and takes no other.
package blob

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Prefix is the path below which the store answers.
const Prefix = "/blob/"

// Blob is one document behind a link.
type Blob struct {
	Name      string // as in the link, with spaces and all
	MediaType string
	Open      func() (io.ReadSeekCloser, error)
}

// Store keeps blobs until their links expire. The zero value is ready.
type Store struct {
	mu    sync.Mutex // guards all below
	blobs map[string]*entry
	queue []*entry // in order of creation, to forget the oldest first
}

type entry struct {
	Blob
	key, signature string
	expires        time.Time
}

// grace is how long an expired link is told from one that never was.
const grace = 10 * time.Minute

// Put makes a link to a blob: a path and a query, for the caller to put a host
// before.
func (s *Store) Put(b Blob, life time.Duration) string {
	now := time.Now().UTC()
	e := &entry{Blob: b, key: random(12), signature: signature(), expires: now.Add(life)}
	s.mu.Lock()
	if s.blobs == nil {
		s.blobs = map[string]*entry{}
	}
	for len(s.queue) > 0 && now.Sub(s.queue[0].expires) > grace {
		delete(s.blobs, s.queue[0].key)
		s.queue = s.queue[1:]
	}
	s.blobs[e.key] = e
	s.queue = append(s.queue, e)
	s.mu.Unlock()
	q := url.Values{"sv": {"2017-04-17"}, "sr": {"b"}, "sp": {"r"}, "se": {e.expires.Format(time.RFC3339)}, "sig": {e.signature}}
	return Prefix + e.key + "/" + strings.ReplaceAll(url.PathEscape(b.Name), "%20", " ") + "?" + q.Encode()
}

func random(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

func signature() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b)
	return base64.StdEncoding.EncodeToString(b)
}

// ServeHTTP answers GET and HEAD in the manner of Azure Storage.
func (s *Store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		refuse(w, http.StatusMethodNotAllowed, "UnsupportedHttpVerb", "The resource doesn't support the specified HTTP verb.")
		return
	}
	if r.Header.Get("Authorization") != "" {
		refuse(w, http.StatusBadRequest, "InvalidAuthenticationInfo",
			"Authentication information is not given in the correct format: the link has its own signature, an Authorization header must not be sent.")
		return
	}
	key, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, Prefix), "/")
	s.mu.Lock()
	e := s.blobs[key]
	s.mu.Unlock()
	switch {
	case e == nil:
		refuse(w, http.StatusNotFound, "BlobNotFound", "The specified blob does not exist.")
	case time.Now().After(e.expires), r.URL.Query().Get("sig") != e.signature:
		refuse(w, http.StatusForbidden, "AuthenticationFailed",
			"Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly including the signature.")
	default:
		e.serve(w, r)
	}
}

func (e *entry) serve(w http.ResponseWriter, r *http.Request) {
	f, err := e.Open()
	if err != nil {
		refuse(w, http.StatusInternalServerError, "InternalError", err.Error())
		return
	}
	defer f.Close()
	h := w.Header()
	h.Set("Content-Type", e.MediaType)
	h.Set("x-ms-blob-type", "BlockBlob")
	h.Set("x-ms-version", "2017-04-17")
	// The name must not decide the type, so none is given.
	http.ServeContent(w, r, "", time.Time{}, f)
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	h := w.Header()
	h.Set("Content-Type", "application/xml")
	h.Set("x-ms-error-code", code)
	w.WriteHeader(status)
	fmt.Fprintf(w, `<?xml version="1.0" encoding="utf-8"?><Error><Code>%s</Code><Message>%s</Message></Error>`, code, message)
}
