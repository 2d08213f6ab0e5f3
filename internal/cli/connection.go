package cli

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"apicenter/client"
)

// connection is the flags that every verb takes: which center, as whom, which
// service, and how to print.
type connection struct {
	streams Streams
	usual   string // the format when none is said

	server, token, readyFile     string
	caFile, profile, query       string
	subscription, group, service string
	serviceID, workspace, format string
}

// reach adds to cmd and all its children the flags that say which center.
func reach(cmd *cobra.Command, s Streams) *connection {
	c := &connection{streams: s, usual: "table"}
	f := cmd.PersistentFlags()
	f.StringVar(&c.server, "center", "", "`address` of the center (env APICENTER_SERVER)")
	f.Var(&other{f, "center"}, "server", "the same `address`; some verbs have another --server, a property as in az")
	f.StringVar(&c.token, "token", "", "bearer token; others on this machine can see flags, so prefer env APICENTER_TOKEN")
	f.StringVar(&c.profile, "profile", "", "`name` of the settings and the sign-in to use (env APICENTER_PROFILE; default \"default\")")
	f.StringVar(&c.caFile, "ca-file", "", "`file` of the authority that signed the center's certificate (env APICENTER_CA_FILE)")
	f.StringVar(&c.readyFile, "ready-file", "",
		"`file` that a running server or demo wrote; gives defaults for all of these (env APICENTER_READY_FILE)")
	f.StringVarP(&c.format, "output", "o", "", "`format`: "+strings.Join(formats(), ", ")+" (default table)")
	f.StringVar(&c.query, "query", "", "print only what this JMESPath `expression` selects of the result")
	complete(cmd, "output", words(formats()...))
	return c
}

// connect adds to cmd and all its children the flags that say which service of
// which center.
func connect(cmd *cobra.Command, s Streams) *connection {
	c := reach(cmd, s)
	f := cmd.PersistentFlags()
	f.StringVar(&c.subscription, "subscription", "", "subscription id; default: the one that the services are in (env APICENTER_SUBSCRIPTION)")
	f.StringVarP(&c.group, "resource-group", "g", "", "resource group of the service; default: that of the only service")
	f.StringVarP(&c.service, "service-name", "n", "", "name of the service; default: the only one")
	f.StringVar(&c.serviceID, "service-id", "", "ARM id of the service, instead of the three before")
	f.StringVar(&c.workspace, "workspace-name", "default", "workspace of the service")
	if err := f.MarkHidden("workspace-name"); err != nil {
		panic(err)
	}
	for _, other := range []string{"subscription", "resource-group", "service-name"} {
		cmd.MarkFlagsMutuallyExclusive("service-id", other)
	}
	return c
}

// session is an open connection: one service of one center.
type session struct {
	caller
	streams   Streams
	print     printer
	service   service
	workspace string
}

// open finds out which center and which service is meant.
func (c *connection) open(ctx context.Context, cmd *cobra.Command) (*session, error) {
	s, want, err := c.dial(cmd)
	if err != nil {
		return nil, err
	}
	if s.service, err = s.find(ctx, cmd, want); err != nil {
		return nil, err
	}
	return s, nil
}

// dial finds out which center is meant, and what is said of the service.
func (c *connection) dial(cmd *cobra.Command) (*session, service, error) {
	t, err := c.settle(cmd)
	if err != nil {
		return nil, service{}, err
	}
	options := client.Options{HTTP: t.carrier, UserAgent: userAgent}
	options.Token, options.TokenSource = t.credential()
	s, err := c.session(cmd, t, options)
	return s, merge(t.sources), err
}

// settled is what the flags, the environment and the files come to.
type settled struct {
	sources []source
	said    values
	carrier *http.Client
	query   *query
}

func (c *connection) settle(cmd *cobra.Command) (t settled, err error) {
	if t.sources, err = c.sources(cmd); err != nil {
		return t, err
	}
	t.said = chosen(t.sources)
	if err := checkFormat(t.said["output"]); err != nil {
		return t, usage(cmd, "--output %v", err)
	}
	if t.query, err = parseQuery(cmd, c.query); err != nil {
		return t, err
	}
	if t.said["server"] == "" {
		err := usage(cmd, "which center? None is named")
		err.hint = "sign in with `apicenter login --center ADDRESS`; or set --center or APICENTER_SERVER to its address, " +
			"or --ready-file to the file that `apicenter demo` wrote"
		return t, err
	}
	t.carrier, err = c.streams.carrier(t.said["ca"])
	return t, err
}

// session speaks to the center that was settled on.
func (c *connection) session(cmd *cobra.Command, t settled, o client.Options) (*session, error) {
	center, err := client.New(t.said["server"], o)
	if err != nil {
		return nil, usage(cmd, "%v", err)
	}
	if base := center.Address(); base.Scheme == "http" && !loopback(base.Hostname()) && (o.Token != "" || o.TokenSource != nil) {
		fmt.Fprintf(c.streams.Err, "Warning: the token travels unencrypted to %s; use https\n", base.Host)
	}
	c.workspace = t.said["workspace"]
	return &session{
		caller: caller{center}, streams: c.streams, workspace: c.workspace,
		print: printer{out: c.streams.Out, format: t.said["output"], color: c.streams.OutTerminal, query: t.query},
	}, nil
}

// userAgent is how the verbs call themselves.
const userAgent = "apicenter-cli"

// sources lists what there is to go by, the strongest first. A file that was
// named by a flag is stronger than the environment. What a weaker source says
// of another center than the one that is meant is left out.
func (c *connection) sources(cmd *cobra.Command) ([]source, error) {
	given, err := c.flags(cmd)
	if err != nil {
		return nil, err
	}
	env := environment(c.streams)
	kept, err := c.kept(cmd)
	if err != nil {
		return nil, err
	}
	rest := source{name: "default", values: values{"workspace": "default", "output": c.usual}}
	all := []source{given, env, kept}
	if c.readyFile != "" {
		file, err := readReady(c.readyFile)
		if err != nil {
			return nil, err
		}
		all = slices.Insert(all, 1, file)
	} else if name := c.streams.env("APICENTER_READY_FILE"); name != "" {
		file, err := readReady(name)
		if err != nil && chosen(all)["server"] == "" {
			return nil, err
		}
		all = append(all, file)
	}
	all = append(all, rest)
	base := chosen(all)["server"]
	for i, s := range all {
		if base != "" && !s.speaksOf(base) {
			all[i] = source{name: s.name, values: values{}}
			if v, ok := s.values["output"]; ok {
				all[i].values["output"] = v
			}
		}
	}
	return all, nil
}

// flags is what the command line says.
func (c *connection) flags(cmd *cobra.Command) (source, error) {
	s := source{name: "flag", values: values{}, token: c.token}
	for _, k := range keys() {
		if f := cmd.Flag(k.flag); f != nil && f.Changed {
			s.values[k.name] = f.Value.String()
		}
	}
	if c.serviceID != "" {
		id, ok := parseServiceID(c.serviceID)
		if !ok {
			return source{}, usage(cmd, "--service-id %q is not the id of an API center service", c.serviceID)
		}
		id.into(s.values)
	}
	return s, nil
}

// kept is what the profile says.
func (c *connection) kept(cmd *cobra.Command) (source, error) {
	p, err := c.openProfile(cmd)
	if err != nil {
		return source{}, err
	}
	s := source{name: "profile " + p.name, profile: p}
	if s.values, err = p.settings(); err != nil {
		return source{}, err
	}
	s.login, err = p.login()
	return s, err
}

// openProfile is the profile that is meant.
func (c *connection) openProfile(cmd *cobra.Command) (profile, error) {
	p, err := openProfile(c.streams, cmp.Or(c.profile, c.streams.env("APICENTER_PROFILE"), defaultProfile))
	if err != nil {
		return p, usage(cmd, "%v", err)
	}
	return p, nil
}

// readReady reads the file that a server writes when it is ready.
func readReady(name string) (source, error) {
	hint := "is the server that writes it running? Or name a center with --center"
	s := source{name: "ready file", values: values{}}
	f, err := os.Open(name)
	if err != nil {
		return s, failed(hint, "read the ready file: %v", err)
	}
	defer f.Close()
	var ready struct {
		Center         string `json:"center"`
		Token          string `json:"token"`
		ServiceID      string `json:"serviceId"`
		SubscriptionID string `json:"subscriptionId"`
	}
	if err := json.NewDecoder(io.LimitReader(f, maxFile)).Decode(&ready); err != nil {
		return s, failed(hint, "read the ready file %s: %v", name, err)
	}
	if ready.Center != "" { // else the token is for another program, as that of the emulator
		s.values["server"], s.token = ready.Center, ready.Token
	}
	if id, ok := parseServiceID(ready.ServiceID); ok {
		id.into(s.values)
	} else if ready.SubscriptionID != "" {
		s.values["subscription"] = ready.SubscriptionID
	}
	return s, nil
}

// into writes down which service is meant.
func (s service) into(v values) {
	v["subscription"], v["resource-group"], v["service-name"] = s.subscription, s.group, s.name
}

// chosen takes each setting from the strongest source that has it.
func chosen(sources []source) values {
	out := values{}
	for _, s := range slices.Backward(sources) {
		for k, v := range s.values {
			if v != "" {
				out[k] = v
			}
		}
	}
	return out
}

// credential is the token of the strongest source that has one, or what gives
// the tokens of a sign-in.
func (t settled) credential() (string, client.TokenSource) {
	for _, s := range t.sources {
		if s.token != "" {
			return s.token, nil
		}
		if s.login != nil && sameOrigin(s.login.Server, t.said["server"]) {
			return "", &keeper{profile: s.profile, login: *s.login, carrier: t.carrier}
		}
	}
	return "", nil
}

// merge is the service that the sources name. Group and name go together: a
// name from the flags is not looked for in the group of a file.
func merge(sources []source) service {
	var want service
	for _, s := range sources {
		want.subscription = cmp.Or(want.subscription, s.values["subscription"])
		if want.group == "" && want.name == "" && (s.values["subscription"] == "" || strings.EqualFold(want.subscription, s.values["subscription"])) {
			want.group, want.name = s.values["resource-group"], s.values["service-name"]
		}
	}
	return want
}

// carrier carries requests to a center whose certificate may be signed by an
// authority of its own.
func (s Streams) carrier(caFile string) (*http.Client, error) {
	if caFile == "" || s.Transport != nil {
		return &http.Client{Transport: s.Transport}, nil
	}
	pool, err := authorities(caFile)
	if err != nil {
		return nil, failed("name a PEM file with --ca-file or APICENTER_CA_FILE", "%v", err)
	}
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	return &http.Client{Transport: t}, nil
}

// authorities are those of the system and those in a file.
func authorities(file string) (*x509.CertPool, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("read the certificate authority: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return nil, fmt.Errorf("read the certificate authority: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(text) {
		return nil, errors.New("the file " + file + " holds no certificate")
	}
	return pool, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
