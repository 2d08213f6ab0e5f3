package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"apicenter/internal/cli"
	"apicenter/internal/emulator"
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
		pollInterval: 10 * time.Second, auditPeriod: time.Minute, eventRetention: 24 * time.Hour, logLevel: slog.LevelWarn,
		service: "/subscriptions/" + emulator.SubscriptionID + "/resourceGroups/rg-center/providers/Microsoft.ApiCenter/services/demo",
	}}
	c := &cobra.Command{
		Use:   "demo",
		Short: "Show the whole of it on this machine: an emulated Azure, a center, a link, live changes",
		Long: `Show the whole of it on this machine, without an Azure subscription: an
emulated API Management instance of a retailer, an API center, and a link
between them. After the first synchronisation the emulated source goes on to
change, and each change shows up in the inventory within a second, by events of
the source. With TLS there are none, and what a listing of the source shows is
there within ten seconds, an edit inside a definition within a minute.

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

func (d *demo) run(ctx context.Context, streams cli.Streams) (err error) {
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
	if err := d.live(azure); err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(streams.Err, &slog.HandlerOptions{Level: d.logLevel}))
	running, err := startCenter(ctx, d.settings, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, running.Close()) }()

	fmt.Fprintf(streams.Out, "API center      %s\nemulated Azure  %s\n\nIn a browser, once:  %s%s\n\n",
		running.url, azure.url, running.url, running.portal.Ticket(running.token))
	r := d.ready(azure, running)
	if !d.noLink {
		if err := d.link(ctx, streams, r); err != nil {
			return err
		}
		// The emulated Event Grid trusts none but certificates of public authorities, as Azure's does.
		if azure.trust == nil {
			if err := d.subscribe(ctx, streams, r); err != nil {
				return err
			}
		}
	}
	d.explain(streams.Out, r)
	if err := r.write(d.readyFile); err != nil {
		return err
	}
	if d.noLink || d.quietSource {
		<-ctx.Done()
		return nil
	}
	return runAll(ctx,
		func(ctx context.Context) error { return d.show(ctx, streams.Out, running) },
		func(ctx context.Context) error {
			return azure.Trickle(ctx, trickle, 1, func(what string) {
				fmt.Fprintf(streams.Out, "%s  source     %s\n", time.Now().Format(time.TimeOnly), what)
			})
		})
}

// live has the center live in the emulated Azure.
func (d *demo) live(azure *azureServer) (err error) {
	if azure.trust != nil {
		if d.roots, err = x509.SystemCertPool(); err != nil {
			return err
		}
		d.roots.AppendCertsFromPEM(azure.trust)
		d.tls.others = azure.trust
		d.tls.caFile = cmp.Or(d.tls.caFile, filepath.Join(d.data, "ca.pem"))
	}
	d.resourceManager, d.upstream, d.tenant = azure.url, azure.url, emulator.TenantID
	// Who signs in at the emulated Azure, as az and `apicenter login` do, administers the center.
	d.issuers = append(d.issuers, azure.url+"/"+emulator.TenantID+"/v2.0", azure.url+"/adfs")
	d.administrators = append(d.administrators, emulator.ApplicationID, emulator.OwnerID)
	d.clientID = cmp.Or(d.clientID, "apicenter")
	// It gets its tokens as it would in Azure: from the identity endpoint that its
	// platform announces, and from nowhere else.
	return errors.Join(
		os.Setenv("IDENTITY_ENDPOINT", azure.url+"/msi/token"), os.Setenv("IDENTITY_HEADER", "demo"),
		os.Setenv("MSI_ENDPOINT", ""), os.Setenv("AZURE_CLIENT_ID", ""))
}

// ready is what there is for scripts.
func (d *demo) ready(azure *azureServer, c *center) ready {
	target := azure.Target()
	r := ready{
		Center: c.url, Emulator: azure.url, Token: c.token, ServiceID: c.service,
		APIMID: target.InstanceID, SubscriptionID: target.SubscriptionID, TenantID: target.TenantID,
		CA: c.ca, Authority: azure.url + "/adfs",
	}
	if !d.noLink {
		r.LinkID = c.service + "/workspaces/default/apiSources/" + demoLink
	}
	return r
}

// link makes the link with the command that a person would use, and waits for the first synchronisation.
func (d *demo) link(ctx context.Context, streams cli.Streams, r ready) error {
	return d.act(ctx, streams, r, "the first synchronisation did not go well",
		"integration", "create", "apim", "--integration-name", demoLink, "--azure-apim", r.APIMID,
		"--environment-title", "Retail", "--environment-type", "production", "--wait", "-o", "table")
}

// subscribe has the emulated Azure tell the center of changes.
func (d *demo) subscribe(ctx context.Context, streams cli.Streams, r ready) error {
	return d.act(ctx, streams, r, "the center is not told of changes",
		"integration", "events", "--integration-name", demoLink, "--create", "-o", "table")
}

// act runs a command as a person would, and shows it.
func (d *demo) act(ctx context.Context, streams cli.Streams, r ready, unwell string, args ...string) error {
	fmt.Fprintf(streams.Out, "$ apicenter %s\n", strings.Join(args, " "))
	ours := streams
	ours.ConfigDir = "" // what the person has set is about other centers
	ours.Getenv = func(name string) string {
		return map[string]string{"APICENTER_SERVER": r.Center, "APICENTER_TOKEN": r.Token, "APICENTER_CA_FILE": r.CA}[name]
	}
	root := cli.New(ours)
	if code := cli.Execute(ctx, root, ours, args); code != 0 {
		return fmt.Errorf("%s (exit code %d)", unwell, code)
	}
	return nil
}

// explain prints what to try next.
func (d *demo) explain(out io.Writer, r ready) {
	trust := ""
	if r.CA != "" {
		trust = "\n  export SSL_CERT_FILE=" + r.CA
	}
	next := fmt.Sprintf(`integration list
  go run ./cmd/apicenter integration runs -i %[1]s
  go run ./cmd/apicenter integration sync -i %[1]s --wait`, demoLink)
	if r.LinkID == "" {
		next = fmt.Sprintf("integration create apim -i %s --azure-apim %s --wait", demoLink, r.APIMID)
	}
	fmt.Fprintf(out, `
Try, in another terminal of this folder:

  export APICENTER_SERVER=%s APICENTER_TOKEN=%s%s

  go run ./cmd/apicenter api list
  go run ./cmd/apicenter api list --search orders -o json
  go run ./cmd/apicenter %s
  curl -H "Authorization: Bearer $APICENTER_TOKEN" "%s%s/workspaces/default/apis?api-version=2024-03-01"

The emulated source, through the same address and with the same token:

  curl -H "Authorization: Bearer $APICENTER_TOKEN" "%s%s/apis?api-version=2024-05-01"

Ctrl-C ends everything.

`, r.Center, r.Token, trust, next, r.Center, r.ServiceID, r.Center, r.APIMID)
}
