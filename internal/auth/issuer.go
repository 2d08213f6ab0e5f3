package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"apicenter/internal/inventory"
)

// Issuer is an OpenID Connect provider whose tokens are trusted.
type Issuer struct {
	// URL names it, as its tokens and its discovery document do. A tenant of Entra
	// may be named in any of its forms, and is meant in all of them. Plain http is
	// for an emulator on this machine.
	URL string
	// Audiences are those for which a token may be made out, besides Azure's own.
	Audiences []string
	// ClientID is the application with which people sign in; an audience too. May be empty.
	ClientID string
	// Client asks it for its keys; nil: one that trusts whom the machine trusts.
	Client *http.Client
}

// Limits of what is asked of an issuer.
const (
	keyPause    = time.Minute // between two times that keys are asked for
	keyAge      = time.Hour   // after which keys are asked for anew
	issuerWait  = 10 * time.Second
	maxDocument = 1 << 20
)

const wellKnown = "/.well-known/openid-configuration"

// entra are the hosts of Entra in its clouds: where people sign in, which is how
// tokens of version 2 name a tenant, and how those of version 1 do.
var entra = []struct{ login, sts string }{
	{"login.microsoftonline.com", "sts.windows.net"},
	{"login.microsoftonline.us", "sts.windows.net"},
	{"login.partner.microsoftonline.cn", "sts.chinacloudapi.cn"},
}

// trusted is an issuer, and the keys that it signs with.
type trusted struct {
	Issuer
	client    *http.Client
	log       *slog.Logger
	audiences []string // of its own, in plain form
	names     []string // in its tokens; the first is that in its discovery document, too
	discovery string   // address of that document
	authority string   // where people sign in
	scopes    []string // what they ask for

	mu     sync.Mutex // held by whoever asks for keys; guards the next two
	asked  time.Time  // when the last answer came
	failed error      // why that was none

	keys atomic.Pointer[keySet]
}

func newTrusted(i Issuer, log *slog.Logger) (*trusted, error) {
	u, err := url.Parse(i.URL)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("issuer %q is not a URL such as https://login.example.com/realm", i.URL)
	}
	if !safe(u) {
		return nil, fmt.Errorf("issuer %s: its keys may only travel over https; plain http is for an emulator on this machine", i.URL)
	}
	client := http.Client{}
	if i.Client != nil {
		client = *i.Client
	}
	client.Timeout = issuerWait
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	audiences := []string{}
	for _, a := range append(i.Audiences, i.ClientID) {
		if a = plain(a); a != "" {
			audiences = append(audiences, a)
		}
	}
	t := &trusted{
		Issuer: i, audiences: audiences, client: &client, log: log, names: []string{i.URL}, discovery: strings.TrimSuffix(i.URL, "/") + wellKnown, authority: i.URL,
		scopes: []string{"openid", "profile", "email", "offline_access"},
	}
	return t, t.entra(u)
}

var tenantID = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// entra gives an issuer that is a tenant of Entra the names and addresses of one.
func (t *trusted) entra(u *url.URL) error {
	for _, cloud := range entra {
		if u.Host != cloud.login && u.Host != cloud.sts {
			continue
		}
		tenant, _, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
		if tenant = strings.ToLower(tenant); !tenantID.MatchString(tenant) {
			return fmt.Errorf("issuer %s: Entra names a tenant by its id, as in https://%s/00000000-0000-0000-0000-000000000000/v2.0", t.URL, cloud.login)
		}
		t.authority = "https://" + cloud.login + "/" + tenant
		t.names = []string{t.authority + "/v2.0", "https://" + cloud.sts + "/" + tenant + "/"}
		t.discovery = t.authority + "/v2.0" + wellKnown
		t.scopes = []string{"openid", "profile", "offline_access", t.ClientID + "/.default"}
		return nil
	}
	return nil
}

// safe says that what comes from an address comes from whom it names.
func safe(u *url.URL) bool {
	if u.Scheme == "http" {
		ip := net.ParseIP(u.Hostname())
		return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	}
	return u.Scheme == "https"
}

var errNoKey = errors.New("the issuer has no such key")

// key finds the key of an id. One that is not known is asked for, but never more
// often than once in keyPause; a known one never waits for another's question.
// Unavailable when the issuer does not answer.
func (t *trusted) key(ctx context.Context, id string) (key, error) {
	set := t.keys.Load()
	k, known := set.find(id)
	switch {
	case known && time.Since(set.read) < keyAge:
		return k, nil
	case !known:
		t.mu.Lock()
	case !t.mu.TryLock():
		return k, nil
	}
	defer t.mu.Unlock()
	err := t.renew(ctx)
	if k, known = t.keys.Load().find(id); known {
		return k, nil
	}
	if err != nil {
		return key{}, inventory.Errorf(inventory.Unavailable, "", "the issuer %s of the token cannot be asked for its keys at present; try again in a minute", t.URL)
	}
	return key{}, errNoKey
}

// renew asks for the keys, unless that was done just before. The old ones stay
// when there is no answer. The caller holds mu, and the question outlives his
// request: others wait for the answer too.
func (t *trusted) renew(ctx context.Context) error {
	if !t.asked.IsZero() && time.Since(t.asked) < keyPause {
		return t.failed
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), issuerWait)
	defer cancel()
	set, err := t.read(ctx)
	t.asked, t.failed = time.Now(), err
	if err != nil {
		t.log.WarnContext(ctx, "the keys of an issuer cannot be read", "issuer", t.URL, "error", err)
		return err
	}
	t.keys.Store(set)
	return nil
}
