package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"apicenter/internal/emulator"
	"apicenter/internal/emulator/certificate"
)

// azureServer is the emulated Azure, served on an address of its own.
type azureServer struct {
	*emulator.Server
	url   string
	trust []byte // what its clients have to trust, as PEM; nil: it speaks plain HTTP
	http  *http.Server
	stop  context.CancelFunc
	ended chan error
}

func (d *demo) startEmulator(ctx context.Context) (*azureServer, error) {
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
