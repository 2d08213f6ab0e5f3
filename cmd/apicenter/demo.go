package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"apicenter/internal/cli"
	"apicenter/internal/emulator"
	"apicenter/internal/emulator/certificate"
	"apicenter/internal/inventory"
)

// demo is what the demonstration is told.
type demo struct {
	settings
	emulatorListen string
	specs          string
	apis           int
	quietSource    bool
	noLink         bool
}

const (
	demoLink = "retail"        // the link that the demonstration makes
	trickle  = 8 * time.Second // between two changes at the source
)

func demoCommand(streams cli.Streams) *cobra.Command {
	d := demo{settings: settings{
		audience: publicResourceManager, authority: publicAuthority,
		pollInterval: 10 * time.Second, auditPeriod: time.Minute, logLevel: slog.LevelWarn,
		service: "/subscriptions/" + emulator.SubscriptionID + "/resourceGroups/rg-center/providers/Microsoft.ApiCenter/services/demo",
	}}
	c := &cobra.Command{
		Use:   "demo",
		Short: "Show the whole of it on this machine: an emulated Azure, a center, a link, live changes",
		Long: `Show the whole of it on this machine, without an Azure subscription: an
emulated API Management instance of a retailer, an API center, and a link
between them. After the first synchronisation the emulated source goes on to
change, and each change shows up in the inventory: what a listing of the source
shows within ten seconds, an edit inside a definition within a minute.

Everything listens on the loopback interface and is gone at the end, unless
--data names a folder to keep the inventory in.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return d.run(c.Context(), streams) },
	}
	f := c.Flags()
	f.SortFlags = false
	f.StringVar(&d.listen, "listen", "127.0.0.1:0", "address of the center")
	f.StringVar(&d.emulatorListen, "emulator-listen", "127.0.0.1:0", "address of the emulated Azure, on the loopback interface")
	f.StringVar(&d.data, "data", "", "folder of the inventory; a temporary one if empty")
	f.StringVar(&d.specs, "specs", "", "folder of API definitions for the emulated source, in place of the retailer")
	f.IntVar(&d.apis, "apis", 0, "number of generated APIs for the emulated source, in place of the retailer")
	f.BoolVar(&d.quietSource, "quiet-source", false, "no changes at the source after the first synchronisation")
	f.BoolVar(&d.noLink, "no-link", false, "everything but the link")
	d.register(f)
	return c
}

func (d demo) run(ctx context.Context, streams cli.Streams) (err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if d.data == "" {
		if d.data, err = os.MkdirTemp("", "apicenter-demo-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(d.data)) }()
	}
	// No key of the center's own, which would never be sent on: this one opens the emulated Azure too.
	d.token = "demo-" + rand.Text()
	azure, err := d.startEmulator(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, azure.Close()) }()
	if azure.trust != nil {
		if d.roots, err = x509.SystemCertPool(); err != nil {
			return err
		}
		d.roots.AppendCertsFromPEM(azure.trust)
		d.tls.others = azure.trust
		d.tls.caFile = cmp.Or(d.tls.caFile, filepath.Join(d.data, "ca.pem"))
	}

	// The center gets its tokens as it would in Azure: from the identity
	// endpoint that its platform announces, and from nowhere else.
	for name, value := range map[string]string{
		"IDENTITY_ENDPOINT": azure.url + "/msi/token", "IDENTITY_HEADER": "demo", "MSI_ENDPOINT": "", "AZURE_CLIENT_ID": "",
	} {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	d.resourceManager, d.upstream, d.tenant = azure.url, azure.url, emulator.TenantID
	// Who signs in at the emulated Azure, as az and `apicenter login` do, administers the center.
	d.issuers = append(d.issuers, azure.url+"/"+emulator.TenantID+"/v2.0", azure.url+"/adfs")
	d.administrators = append(d.administrators, emulator.ApplicationID, emulator.OwnerID)
	d.clientID = cmp.Or(d.clientID, "apicenter")
	log := slog.New(slog.NewJSONHandler(streams.Err, &slog.HandlerOptions{Level: d.logLevel}))
	running, err := startCenter(ctx, d.settings, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, running.Close()) }()

	target := azure.Target()
	out := streams.Out
	fmt.Fprintf(out, "API center      %s\nemulated Azure  %s\n\n", running.url, azure.url)
	r := ready{
		Center: running.url, Emulator: azure.url, Token: running.token, ServiceID: running.service,
		APIMID: target.InstanceID, SubscriptionID: target.SubscriptionID, TenantID: target.TenantID,
		CA: running.ca, Authority: azure.url + "/adfs",
	}
	if !d.noLink {
		r.LinkID = running.service + "/workspaces/default/apiSources/" + demoLink
		if err := d.link(ctx, streams, r); err != nil {
			return err
		}
	}
	d.explain(out, r)
	if err := r.write(d.readyFile); err != nil {
		return err
	}
	if d.noLink || d.quietSource {
		<-ctx.Done()
		return nil
	}
	return runAll(ctx,
		func(ctx context.Context) error { return d.show(ctx, out, running) },
		func(ctx context.Context) error {
			return azure.Trickle(ctx, trickle, 1, func(what string) {
				fmt.Fprintf(out, "%s  source     %s\n", time.Now().Format(time.TimeOnly), what)
			})
		})
}

// link makes the link with the command that a person would use, and waits for the first synchronisation.
func (d demo) link(ctx context.Context, streams cli.Streams, r ready) error {
	args := []string{
		"integration", "create", "apim", "--integration-name", demoLink, "--azure-apim", r.APIMID,
		"--environment-title", "Retail", "--environment-type", "production", "--wait", "-o", "table",
	}
	fmt.Fprintf(streams.Out, "$ apicenter %s\n", strings.Join(args, " "))
	ours := streams
	var err error
	if ours.Transport, err = trusting(r.CA); err != nil {
		return err
	}
	ours.Getenv = func(name string) string {
		switch name {
		case "APICENTER_SERVER":
			return r.Center
		case "APICENTER_SUBSCRIPTION":
			return r.SubscriptionID
		case "APICENTER_TOKEN":
			return r.Token
		}
		return ""
	}
	root := cli.New(ours)
	if code := cli.Execute(ctx, root, ours, args); code != 0 {
		return fmt.Errorf("the first synchronisation did not go well (exit code %d)", code)
	}
	return nil
}

// trusting is a transport that trusts the authorities in a file, or those of the system when none is named.
func trusting(caFile string) (http.RoundTripper, error) {
	transport := &http.Transport{}
	if caFile != "" {
		trust, err := os.ReadFile(caFile)
		if err != nil {
			return nil, err
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(trust)
		transport.TLSClientConfig = &tls.Config{RootCAs: roots}
	}
	return transport, nil
}

// explain prints what to try next.
func (d demo) explain(out io.Writer, r ready) {
	trust := ""
	if r.CA != "" {
		trust = "\n  export SSL_CERT_FILE=" + r.CA
	}
	fmt.Fprintf(out, `
Try, in another terminal of this folder:

  export APICENTER_SERVER=%s APICENTER_TOKEN=%s%s
  export APICENTER_SUBSCRIPTION=%s

  go run ./cmd/apicenter api list
  go run ./cmd/apicenter api list --search orders -o json
  go run ./cmd/apicenter integration list
  go run ./cmd/apicenter integration runs -i %s
  go run ./cmd/apicenter integration sync -i %s --wait
  curl -H "Authorization: Bearer $APICENTER_TOKEN" "%s%s/workspaces/default/apis?api-version=2024-03-01"

The emulated source, through the same address and with the same token:

  curl -H "Authorization: Bearer $APICENTER_TOKEN" "%s%s/apis?api-version=2024-05-01"

Ctrl-C ends everything.

`, r.Center, r.Token, trust, r.SubscriptionID, demoLink, demoLink, r.Center, r.ServiceID, r.Center, r.APIMID)
}

// show prints what changes in the inventory, as it does.
func (d demo) show(ctx context.Context, out io.Writer, c *center) error {
	seen, err := lastEvent(ctx, c)
	if err != nil {
		return err
	}
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		err := c.store.View(ctx, func(r inventory.Reader) error {
			for e, err := range r.Events(seen, 100) {
				if err != nil {
					return err
				}
				seen = e.Sequence
				fmt.Fprintf(out, "%s  inventory  %s\n", time.Now().Format(time.TimeOnly), describe(e))
			}
			return nil
		})
		if err != nil && ctx.Err() == nil {
			return err
		}
	}
}

func lastEvent(ctx context.Context, c *center) (last int64, err error) {
	err = c.store.View(ctx, func(r inventory.Reader) error {
		for {
			n := 0
			for e, err := range r.Events(last, 1000) {
				if err != nil {
					return err
				}
				last = e.Sequence
				n++
			}
			if n == 0 {
				return nil
			}
		}
	})
	return last, err
}

// describe says what an event changed, in a line.
func describe(e inventory.Event) string {
	name := e.Path[strings.LastIndexByte(e.Path, '/')+1:]
	var what []string
	for _, c := range e.Changes {
		below := strings.TrimPrefix(strings.TrimPrefix(c.Path, e.Path), "/")
		if c.Action != inventory.Updated {
			if below != "" {
				what = append(what, string(c.Action)+" "+below)
			}
			continue
		}
		for _, f := range c.Fields {
			what = append(what, strings.TrimPrefix(below+string(f.Field), "/"))
		}
	}
	return strings.TrimSuffix(fmt.Sprintf("%s %s: %s", e.Action, name, strings.Join(what, ", ")), ": ")
}

// azureServer is the emulated Azure, served on an address of its own.
type azureServer struct {
	*emulator.Server
	url   string
	trust []byte // what its clients have to trust, as PEM; nil: it speaks plain HTTP
	http  *http.Server
	stop  context.CancelFunc
	ended chan error
}

func (d demo) startEmulator(ctx context.Context) (*azureServer, error) {
	host, _, err := net.SplitHostPort(d.emulatorListen)
	if ip := net.ParseIP(host); err != nil || host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("--emulator-listen %q: the emulator only listens on the loopback interface, such as 127.0.0.1:0", d.emulatorListen)
	}
	e, err := emulator.New(emulator.Options{Token: d.token, Specs: d.specs, APIs: d.apis})
	if err != nil {
		return nil, err
	}
	var listen net.ListenConfig
	l, err := listen.Listen(ctx, "tcp", d.emulatorListen)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	s := &azureServer{Server: e, url: "http://" + l.Addr().String(), stop: stop, ended: make(chan error, 2)}
	if d.tls.mode == selfSigned {
		cert, trust, err := certificate.New()
		if err != nil {
			stop()
			return nil, errors.Join(err, l.Close())
		}
		s.url, s.trust = "https://"+l.Addr().String(), trust
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}})
	}
	s.http = &http.Server{Handler: e.Handler(), ReadHeaderTimeout: 10 * time.Second}
	go func() { s.ended <- e.Run(ctx) }()
	go func() { s.ended <- s.http.Serve(l) }()
	return s, nil
}

// Close stops serving and delivering events.
func (s *azureServer) Close() error {
	s.stop()
	err := s.http.Close()
	for range cap(s.ended) {
		if failed := <-s.ended; !errors.Is(failed, http.ErrServerClosed) && !errors.Is(failed, context.Canceled) {
			err = errors.Join(err, failed)
		}
	}
	return err
}
