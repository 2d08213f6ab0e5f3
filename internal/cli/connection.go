package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// connection is the flags that every verb takes: which center, as whom, which
// service, and how to print.
type connection struct {
	streams Streams

	server, token, readyFile     string
	subscription, group, service string
	serviceID, workspace, format string
}

// connect adds the flags to cmd and all its children.
func connect(cmd *cobra.Command, s Streams) *connection {
	c := &connection{streams: s}
	f := cmd.PersistentFlags()
	f.StringVar(&c.server, "server", "", "`address` of the center (env APICENTER_SERVER)")
	f.StringVar(&c.token, "token", "", "bearer token; others on this machine can see flags, so prefer env APICENTER_TOKEN")
	f.StringVar(&c.readyFile, "ready-file", "",
		"`file` that a running server or demo wrote; gives defaults for all of these (env APICENTER_READY_FILE)")
	f.StringVar(&c.subscription, "subscription", "", "subscription id; default: the only one (env APICENTER_SUBSCRIPTION)")
	f.StringVarP(&c.group, "resource-group", "g", "", "resource group of the service; default: that of the only service")
	f.StringVarP(&c.service, "service-name", "n", "", "name of the service; default: the only one")
	f.StringVar(&c.serviceID, "service-id", "", "ARM id of the service, instead of the three before")
	f.StringVar(&c.workspace, "workspace-name", "default", "workspace of the service")
	f.StringVarP(&c.format, "output", "o", "table",
		"`format`: table, json (as az prints it), yaml, or tsv (the columns of the table, raw, no header)")
	if err := f.MarkHidden("workspace-name"); err != nil {
		panic(err)
	}
	complete(cmd, "output", words("table", "json", "yaml", "tsv"))
	for _, other := range []string{"subscription", "resource-group", "service-name"} {
		cmd.MarkFlagsMutuallyExclusive("service-id", other)
	}
	return c
}

// session is an open connection: one service of one center.
type session struct {
	*client
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
	switch c.format {
	case "table", "json", "yaml", "tsv":
	default:
		return nil, service{}, usage(cmd, "--output %q is none of table, json, yaml, tsv", c.format)
	}
	sources, err := c.sources(cmd)
	if err != nil {
		return nil, service{}, err
	}
	base, token, err := choose(cmd, sources)
	if err != nil {
		return nil, service{}, err
	}
	if token != "" && base.Scheme == "http" && !loopback(base.Hostname()) {
		fmt.Fprintf(c.streams.Err, "Warning: the token travels unencrypted to %s; use https\n", base.Host)
	}
	s := &session{
		client: newClient(base, token, c.streams.Transport), streams: c.streams,
		print: printer{out: c.streams.Out, format: c.format}, workspace: c.workspace,
	}
	return s, merge(sources), nil
}

// settings is what one source says: the flags, the environment or a file.
type settings struct {
	server, token string
	service       service // any part may be empty
}

// sources lists what there is to go by, the strongest first. A file that was
// named by a flag is stronger than the environment.
func (c *connection) sources(cmd *cobra.Command) ([]settings, error) {
	flags := settings{server: c.server, token: c.token, service: service{c.subscription, c.group, c.service}}
	if c.serviceID != "" {
		id, ok := parseServiceID(c.serviceID)
		if !ok {
			return nil, usage(cmd, "--service-id %q is not the id of an API center service", c.serviceID)
		}
		flags.service = id
	}
	env := settings{
		server: c.streams.env("APICENTER_SERVER"), token: c.streams.env("APICENTER_TOKEN"),
		service: service{subscription: c.streams.env("APICENTER_SUBSCRIPTION")},
	}
	if c.readyFile != "" {
		file, err := readReady(c.readyFile)
		if err != nil {
			return nil, err
		}
		return []settings{flags, file, env}, nil
	}
	name := c.streams.env("APICENTER_READY_FILE")
	if name == "" {
		return []settings{flags, env}, nil
	}
	file, err := readReady(name)
	if err != nil && flags.server == "" && env.server == "" {
		return nil, err
	}
	return []settings{flags, env, file}, nil
}

// readReady reads the file that a server writes when it is ready.
func readReady(name string) (settings, error) {
	hint := "is the server that writes it running? Or name a center with --server"
	f, err := os.Open(name)
	if err != nil {
		return settings{}, failed(hint, "read the ready file: %v", err)
	}
	defer f.Close()
	var ready struct {
		Center         string `json:"center"`
		Token          string `json:"token"`
		ServiceID      string `json:"serviceId"`
		SubscriptionID string `json:"subscriptionId"`
	}
	if err := json.NewDecoder(io.LimitReader(f, 1<<20)).Decode(&ready); err != nil {
		return settings{}, failed(hint, "read the ready file %s: %v", name, err)
	}
	s := settings{server: ready.Center, token: ready.Token}
	s.service, _ = parseServiceID(ready.ServiceID)
	s.service.subscription = cmp.Or(s.service.subscription, ready.SubscriptionID)
	return s, nil
}

// choose takes the address of the strongest source that has one, and a token.
// A source that names another center gives nothing: its token stays at home.
func choose(cmd *cobra.Command, sources []settings) (*url.URL, string, error) {
	server := ""
	for _, s := range sources {
		server = cmp.Or(server, s.server)
	}
	if server == "" {
		err := usage(cmd, "which center? None is named")
		err.hint = "set --server or APICENTER_SERVER to its address, or --ready-file to the file that `apicenter demo` wrote"
		return nil, "", err
	}
	base, err := url.Parse(server)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" || base.User != nil {
		return nil, "", usage(cmd, "the server address must look like https://center.example:8443")
	}
	base.RawQuery, base.Fragment = "", ""
	token := ""
	for i, s := range sources {
		if s.server != "" {
			if u, err := url.Parse(s.server); err != nil || origin(u) != origin(base) {
				sources[i] = settings{}
				continue
			}
		}
		token = cmp.Or(token, s.token)
	}
	return base, token, nil
}

// merge is the service that the sources name. Group and name go together: a
// name from the flags is not looked for in the group of a file.
func merge(sources []settings) service {
	want := sources[0].service
	for _, s := range sources[1:] {
		want.subscription = cmp.Or(want.subscription, s.service.subscription)
		if want.group == "" && want.name == "" && strings.EqualFold(want.subscription, s.service.subscription) {
			want.group, want.name = s.service.group, s.service.name
		}
	}
	return want
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
