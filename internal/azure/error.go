package azure

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"
)

// Error is an answer of Azure that is not what was asked for.
type Error struct {
	Status     int    // HTTP status
	Code       string // Azure's word for it; "" when the body had none
	Message    string // Azure's text, cut to a line, without secrets
	RetryAfter time.Duration
	Directory  string // of a 401: whose tokens would be taken; "" when it does not say
}

func (e *Error) Error() string {
	text := fmt.Sprintf("%d %s", e.Status, http.StatusText(e.Status))
	if e.Code != "" {
		text = fmt.Sprintf("%d %s", e.Status, e.Code)
	}
	if e.Message != "" {
		text += ": " + e.Message
	}
	return text
}

// NonRetriable tells azcore to leave it: what is to be tried again was, or is parked.
func (e *Error) NonRetriable() {}

// TokenError says that the identity got no token: nothing was sent to Azure Resource Manager.
type TokenError struct {
	// Refused says that the identity is not there, or was turned away: no use
	// in trying again. Otherwise its endpoint did not answer as it should.
	Refused bool
	Err     error
}

func (e *TokenError) Error() string { return "no token: " + clean(e.Err.Error()) }

// Unwrap gives the cause.
func (e *TokenError) Unwrap() error { return e.Err }

// NonRetriable tells azcore to leave it: the credential tried again by itself.
func (e *TokenError) NonRetriable() {}

// AddressError says that an address was not asked, since it may not be.
type AddressError struct {
	Host   string
	Reason string
}

func (e *AddressError) Error() string { return fmt.Sprintf("%s was not asked: %s", e.Host, e.Reason) }

// NonRetriable tells azcore to leave it.
func (e *AddressError) NonRetriable() {}

// BodyError says that a body was cut short, too large or not what it claims to be.
type BodyError struct{ Reason string }

func (e *BodyError) Error() string { return e.Reason }

const (
	errorBody    = 64 << 10 // bytes of an error's body that are read
	errorMessage = 500      // bytes of its message that are kept
)

// answerError turns an answer into an Error. It reads and closes the body.
func answerError(resp *http.Response) *Error {
	defer resp.Body.Close()
	e := &Error{Status: resp.StatusCode, Code: resp.Header.Get("X-Ms-Error-Code"), RetryAfter: retryAfter(resp.Header), Directory: challenged(resp.Header)}
	body, _ := io.ReadAll(io.LimitReader(resp.Body, errorBody)) // what came is what is parsed
	code, message := parseError(body)
	if code != "" {
		e.Code = code
	}
	e.Message = message
	return e
}

// parseError finds code and message in an error's body: in ARM's envelope, or
// at top level, as some providers write them. Anything else gives nothing.
func parseError(body []byte) (code, message string) {
	type fault struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	var envelope struct {
		Error fault `json:"error"`
		fault
	}
	if json.Unmarshal(body, &envelope) != nil {
		return "", ""
	}
	f := envelope.Error
	if f == (fault{}) {
		f = envelope.fault
	}
	return cut(clean(f.Code), 100), clean(f.Message)
}

// clean makes one bounded line of a foreign text and takes out what may be a
// secret: the query of an address, a signature, a token.
func clean(text string) string {
	words := strings.Fields(text)
	for i, w := range words {
		switch {
		case strings.Contains(w, "eyJ") || strings.Contains(strings.ToLower(w), "sig="):
			words[i] = "***"
		case strings.Contains(w, "://"):
			words[i], _, _ = strings.Cut(w, "?")
		}
	}
	return cut(strings.Join(words, " "), errorMessage)
}

// cut makes text valid, and shortens it to n bytes without splitting a rune.
func cut(text string, n int) string {
	text = strings.ToValidUTF8(text, "�") // first, for it may grow
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n] + "…"
}
