package cli

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"apicenter/client"
	"apicenter/internal/signin"
)

// login is a sign-in as it is kept: an API key, or the tokens of an issuer.
type login struct {
	Server string `json:"server"`
	Key    string `json:"key,omitempty"`

	Issuer   string    `json:"issuer,omitempty"`
	ClientID string    `json:"clientId,omitempty"`
	Scopes   []string  `json:"scopes,omitempty"`
	Access   string    `json:"accessToken,omitempty"`
	Refresh  string    `json:"refreshToken,omitempty"`
	Expires  time.Time `json:"expiresAt,omitzero"`
}

// signingIn is the flags of `login`.
type signingIn struct {
	key, user, password         string
	device, program             bool
	issuer, tenant, application string
	scopes                      []string
}

func loginCommand(s Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use: "login", Short: "Sign in to a center, and remember it",
		Long: `Sign in to a center, and remember it.

The center says which issuer signs people in. In a terminal with a browser, a
page of the issuer opens; elsewhere a code is shown, to be typed in on another
device. A program signs in with its secret, or with an API key. The sign-in and
the address of the center are kept in the profile, in files that only their
owner can read. The secret of a program is not kept: when its token ends, it
signs in again. Other people on the machine can see flags, so give secrets on
the standard input:

  apicenter login --api-key - < key
  apicenter login --service-principal -u CLIENT_ID -p - < secret`,
		Example: `  apicenter login --center http://127.0.0.1:8321
  apicenter login --use-device-code`,
	}
	c := reach(cmd, s)
	var in signingIn
	f := cmd.Flags()
	f.BoolVar(&in.device, "use-device-code", false, "show a code to type in on another device, and open no browser")
	f.StringVar(&in.key, "api-key", "", "sign in with this API key; - asks for it, or reads it from the standard input")
	f.BoolVar(&in.program, "service-principal", false, "sign in as a program, with -u and -p")
	f.StringVarP(&in.user, "username", "u", "", "client id of the program")
	f.StringVarP(&in.password, "password", "p", "", "secret of the program; - asks for it, or reads it from the standard input")
	f.StringVarP(&in.tenant, "tenant", "t", "", "tenant, where the center knows issuers of several")
	f.StringVar(&in.issuer, "issuer", "", "address of the issuer (default that of the center)")
	f.StringVar(&in.application, "client-id", "", "application that signs people in (default that of the center)")
	f.StringSliceVar(&in.scopes, "scope", nil, "what to ask the issuer for (default what the center says)")
	cmd.MarkFlagsMutuallyExclusive("use-device-code", "api-key", "service-principal")
	cmd.MarkFlagsRequiredTogether("service-principal", "username")
	return leaf(cmd, func(cmd *cobra.Command) error { return in.run(cmd, c) })
}

func (in *signingIn) run(cmd *cobra.Command, c *connection) error {
	ctx := cmd.Context()
	t, err := c.settle(cmd)
	if err != nil {
		return err
	}
	p, err := c.openProfile(cmd)
	if err != nil {
		return err
	}
	nobody, err := c.session(cmd, t, client.Options{HTTP: t.carrier, UserAgent: userAgent})
	if err != nil {
		return err
	}
	l, err := in.signIn(ctx, cmd, nobody, t.carrier)
	if err != nil {
		return err
	}
	l.Server = nobody.Address().String()
	s, err := c.session(cmd, t, client.Options{HTTP: t.carrier, UserAgent: userAgent, Token: cmp.Or(l.Key, l.Access)})
	if err != nil {
		return err
	}
	who, err := s.get(ctx, "/whoami", "")
	if err != nil {
		return fmt.Errorf("the center does not take it: %w", err)
	}
	if err := p.remember(l, t.said["ca"]); err != nil {
		return err
	}
	if c.streams.env("APICENTER_TOKEN") != "" {
		fmt.Fprintln(c.streams.Err, "Warning: APICENTER_TOKEN is set, and comes before the sign-in")
	}
	fmt.Fprintf(c.streams.Err, "Signed in to %s as %s; kept in the profile %q.\n", l.Server, clean(who.text("name")), p.name)
	return s.print.one(who, whoColumns())
}

// remember keeps the sign-in, and the center that it is for.
func (p profile) remember(l login, ca string) error {
	v, err := p.settings()
	if err != nil {
		return err
	}
	if !sameOrigin(cmp.Or(v["server"], l.Server), l.Server) {
		v = values{"output": v["output"]} // the rest was said of another center
	}
	v["server"] = l.Server
	if ca != "" {
		v["ca"] = absolute(ca)
	}
	for k := range v {
		if v[k] == "" {
			delete(v, k)
		}
	}
	return errors.Join(p.save(v), p.keep(l))
}

// signIn gets a credential in the way that was asked for.
func (in *signingIn) signIn(ctx context.Context, cmd *cobra.Command, s *session, carrier *http.Client) (login, error) {
	if in.key != "" {
		key, err := s.streams.secret("API key: ", in.key)
		return login{Key: key}, err
	}
	with, err := in.with(ctx, cmd, s)
	if err != nil {
		return login{}, err
	}
	if in.program {
		with.ClientID = in.user
		if in.password, err = s.streams.secret("Secret: ", cmp.Or(in.password, "-")); err != nil {
			return login{}, err
		}
	}
	issuer, err := signin.Discover(ctx, signin.Options{Issuer: with.Issuer, ClientID: with.ClientID, Scopes: with.Scopes, HTTP: carrier})
	if err != nil {
		return login{}, refusedSignIn(err)
	}
	token, err := in.token(ctx, s.streams, issuer)
	if err != nil {
		return login{}, refusedSignIn(err)
	}
	return login{
		Issuer: with.Issuer, ClientID: with.ClientID, Scopes: with.Scopes,
		Access: token.Access, Refresh: token.Refresh, Expires: token.Expires,
	}, nil
}

func (in *signingIn) token(ctx context.Context, s Streams, issuer *signin.Issuer) (signin.Token, error) {
	switch {
	case in.program:
		return issuer.Secret(ctx, in.password)
	case in.device, (!s.InTerminal || s.Browse == nil) && issuer.HasDevice():
		return issuer.Device(ctx, func(code signin.Code) {
			fmt.Fprintln(s.Err, clean(cmp.Or(code.Message, "Open "+code.Address+" in a browser and type in the code "+code.UserCode)))
		})
	}
	return issuer.Browser(ctx, func(address string) {
		fmt.Fprintln(s.Err, "Sign in in the browser. If none opens, open this page:\n  "+clean(address))
		if s.Browse == nil {
			return
		}
		if err := s.Browse(address); err != nil {
			fmt.Fprintf(s.Err, "No browser opens: %v\n", err)
		}
	})
}

// with is the issuer to sign in with: what the flags say, else what the center does.
func (in *signingIn) with(ctx context.Context, cmd *cobra.Command, s *session) (client.SignIn, error) {
	with := client.SignIn{Issuer: in.issuer, ClientID: cmp.Or(in.application, in.user), Scopes: in.scopes}
	if with.Issuer != "" && with.ClientID != "" && len(with.Scopes) > 0 {
		return with, nil
	}
	ways, err := s.SignIns(ctx)
	if err != nil {
		return with, explain(err)
	}
	var fit []client.SignIn
	var issuers []string
	for _, w := range ways {
		if (in.issuer == "" || in.issuer == w.Issuer) && (in.tenant == "" || strings.Contains(w.Issuer, "/"+in.tenant)) {
			fit, issuers = append(fit, w), append(issuers, w.Issuer)
		}
	}
	switch {
	case len(ways) == 0:
		return with, failed("use --api-key, or name an issuer with --issuer, --client-id and --scope", "the center has no issuer to sign in with")
	case len(fit) == 0:
		return with, failed("name its --client-id and --scope too", "the center knows no such issuer")
	case len(fit) > 1: // the operator named the usual one first
		fmt.Fprintf(s.streams.Err, "Signing in with %s; choose another with --issuer: %s\n",
			clean(issuers[0]), clean(strings.Join(issuers[1:min(len(issuers), 20)], ", ")))
	}
	with.Issuer, with.ClientID = fit[0].Issuer, cmp.Or(with.ClientID, fit[0].ClientID)
	if len(with.Scopes) == 0 {
		with.Scopes = fit[0].Scopes
	}
	return with, nil
}

// refusedSignIn gives an error of the issuer the exit code of its kind.
func refusedSignIn(err error) error {
	if errors.Is(err, context.Canceled) {
		return explain(err)
	}
	f := failed("", "sign in: %v", err)
	f.cause = err
	if _, ok := errors.AsType[*signin.Error](err); ok {
		f.exit = exitAuth
	}
	return f
}

// secret is value, unless that is "-": then a person is asked for it, without
// an echo, or the first line of the input is read.
func (s Streams) secret(prompt, value string) (string, error) {
	if value != "-" {
		return value, nil
	}
	if f, ok := s.In.(*os.File); ok && s.InTerminal {
		fmt.Fprint(s.Err, prompt)
		text, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(s.Err)
		if err != nil {
			return "", fmt.Errorf("read the secret: %w", err)
		}
		value = string(text)
	} else {
		line, err := bufio.NewReader(io.LimitReader(s.In, maxFile)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", fmt.Errorf("read the secret: %w", err)
		}
		value = line
	}
	if value = strings.TrimSpace(value); value == "" {
		return "", failed("", "the secret is empty")
	}
	return value, nil
}

// keeper gives the tokens of a sign-in, and prolongs it when they end.
type keeper struct {
	profile profile
	carrier *http.Client

	mu    sync.Mutex // guards login
	login login
}

// early is how long before its end a token is not used any more.
const early = time.Minute

// Token is the token of the next request.
func (k *keeper) Token(ctx context.Context) (string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	l := &k.login
	if l.Key != "" || l.Expires.IsZero() || time.Until(l.Expires) > early {
		return cmp.Or(l.Key, l.Access), nil
	}
	ended := &failure{exit: exitAuth, message: "the sign-in has ended", hint: "sign in again: apicenter login"}
	if l.Refresh == "" {
		return "", ended
	}
	issuer, err := signin.Discover(ctx, signin.Options{Issuer: l.Issuer, ClientID: l.ClientID, Scopes: l.Scopes, HTTP: k.carrier})
	if err != nil {
		return "", refusedSignIn(err)
	}
	token, err := issuer.Refresh(ctx, l.Refresh)
	if refusal, ok := errors.AsType[*signin.Error](err); ok {
		ended.message += ": " + refusal.Error()
		return "", ended
	}
	if err != nil {
		return "", refusedSignIn(err)
	}
	l.Access, l.Refresh, l.Expires = token.Access, token.Refresh, token.Expires
	return l.Access, k.profile.keep(*l)
}

// browser shows a page in the browser of this machine, if it has one.
func browser() func(string) error {
	name, args := "xdg-open", []string{}
	switch runtime.GOOS {
	case "darwin":
		name = "open"
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler"}
	default:
		if os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
			return nil
		}
	}
	program, err := exec.LookPath(name)
	if err != nil {
		return nil
	}
	return func(address string) error {
		cmd := exec.Command(program, append(args, address)...)
		if err := cmd.Start(); err != nil {
			return err
		}
		return cmd.Process.Release() // the browser may stay open longer than we do
	}
}

var _ client.TokenSource = (*keeper)(nil)
