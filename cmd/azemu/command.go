package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"apicenter/internal/emulator"
	"apicenter/internal/emulator/certificate"
)

// settings are the flags that are not the emulator's own options.
type settings struct {
	listen    string
	anywhere  bool
	readyFile string
	shape     string
	tls       bool
	tlsCA     string
	opts      emulator.Options
	faults    faults
}

func command() *cobra.Command {
	var s settings
	c := &cobra.Command{
		Use:   "azemu",
		Short: "Run an emulated Azure API Management",
		Long: `azemu serves the management API of Azure API Management from memory, with the
tokens, roles, export links and events around it.

Without --specs and --apis it holds the demo instance of a made-up retailer.
It has no faults unless a flag or PUT /admin/faults asks for them.`,
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(c *cobra.Command, _ []string) error {
			return run(c.Context(), s, c.OutOrStdout())
		},
	}
	f := c.Flags()
	f.SortFlags = false
	f.StringVar(&s.listen, "listen", "127.0.0.1:0", "address to listen on, on the loopback interface")
	f.BoolVar(&s.anywhere, "i-know-this-is-an-emulator", false, "allow --listen on other interfaces; anybody there can read and change everything")
	f.StringVar(&s.opts.Specs, "specs", "", "folder of API definitions, each of which becomes an API")
	f.IntVar(&s.opts.APIs, "apis", 0, "number of generated APIs")
	f.BoolVar(&s.opts.Empty, "empty", false, "start with an instance without APIs")
	f.IntVar(&s.opts.Instances, "instances", 1, "number of instances, spread over three subscriptions")
	f.Uint64Var(&s.opts.Seed, "seed", 1, "seed of all that is generated or random")
	f.StringVar(&s.readyFile, "ready-file", "", "write addresses and ids to this file once the emulator listens")
	f.StringVar(&s.opts.Token, "token", "azemu", "bearer token that is always accepted")
	f.BoolVar(&s.opts.NoRole, "no-role", false, "start the managed identity without the reader role")
	f.StringVar(&s.shape, "export-shape", string(emulator.Both), "form of the answer to an export: both, nested, flat, bare or raw")
	f.DurationVar(&s.opts.LinkLife, "link-life", 5*time.Minute, "how long an export link works")
	f.BoolVar(&s.opts.Async, "async", false, "answer 202 to the deletion of an API, from 2024-05-01 on")
	f.BoolVar(&s.opts.TouchParent, "touch-parent", false, "let edits of operations and schemas move the ETag of their API")
	s.faults.register(f)
	f.BoolVar(&s.tls, "tls", false, "serve https with a certificate made for this run")
	f.StringVar(&s.tlsCA, "tls-ca", "", "write the certificate to trust to this file")
	return c
}

// run serves until the context ends.
func run(ctx context.Context, s settings, out io.Writer) error {
	shape, err := emulator.ParseShape(s.shape)
	if err != nil {
		return err
	}
	s.opts.Shape = shape
	s.opts.Faults = s.faults.config(s.opts.Seed)
	l, err := listen(s.listen, s.anywhere)
	if err != nil {
		return err
	}
	defer l.Close()
	scheme := "http"
	if s.tls {
		cert, trust, err := certificate.New()
		if err != nil {
			return err
		}
		if s.tlsCA != "" {
			if err := writeFile(s.tlsCA, trust); err != nil {
				return err
			}
		}
		scheme, l = "https", tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}})
	}
	srv, err := emulator.New(s.opts)
	if err != nil {
		return err
	}
	web := &http.Server{Handler: srv.Handler(), ReadHeaderTimeout: 10 * time.Second}
	done := make(chan error, 1)
	go func() { done <- web.Serve(l) }()
	delivery, undeliver := context.WithCancel(ctx)
	delivered := make(chan error, 1)
	go func() { delivered <- srv.Run(delivery) }()
	defer func() {
		undeliver()
		<-delivered
	}()

	ready := readyOf(scheme+"://"+l.Addr().String(), srv.Target())
	if s.readyFile != "" {
		if err := writeReady(s.readyFile, ready); err != nil {
			return errors.Join(err, web.Close(), <-done)
		}
	}
	fmt.Fprintf(out, "azemu listens on %s\ninstance %s\ntoken    %s\n", ready.Emulator, ready.InstanceID, ready.Token)

	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	grace, stop := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer stop()
	err = web.Shutdown(grace)
	if served := <-done; !errors.Is(served, http.ErrServerClosed) {
		return served
	}
	return err
}

// listen refuses other interfaces, unless told loudly: whoever reaches the
// emulator owns all that is in it.
func listen(address string, anywhere bool) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("--listen: %w", err)
	}
	if ip := net.ParseIP(host); !anywhere && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("--listen %s is no loopback address; everybody who reaches the emulator can read and change all of it; add --i-know-this-is-an-emulator if that is meant", address)
	}
	return net.Listen("tcp", address)
}
