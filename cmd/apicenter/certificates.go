package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"

	"apicenter/internal/server"
)

// certificates say how clients reach a center safely.
type certificates struct {
	mode      string // "" or selfSigned
	cert, key string
	caFile    string
	others    []byte // PEM: authorities that clients of the demonstration have to trust besides
}

const selfSigned = "self-signed"

func (c *certificates) register(f *pflag.FlagSet) {
	f.StringVar(&c.mode, "tls", "", "self-signed: https for development, by an authority that is kept in the data folder")
	f.StringVar(&c.cert, "tls-cert", "", "https with the certificate in this PEM file, with its chain; read again when it changes")
	f.StringVar(&c.key, "tls-key", "", "and the key in this one")
	f.StringVar(&c.caFile, "tls-ca-file", "", "with --tls self-signed: write what clients have to trust to this file")
}

// encryption is the TLS of a center, nil for none, and the file that tells
// clients whom to trust, if that is somebody new.
func (s settings) encryption(log *slog.Logger) (config *tls.Config, caFile string, err error) {
	switch c := s.tls; {
	case c.mode == "" && c.caFile != "":
		return nil, "", errors.New("--tls-ca-file goes with --tls self-signed")
	case c.mode == "" && c.cert == "" && c.key == "":
		return nil, "", nil
	case c.mode == "" && c.cert != "" && c.key != "":
		config, err = server.Certificate(c.cert, c.key, log)
		return config, "", err
	case c.mode != selfSigned || c.cert != "" || c.key != "":
		return nil, "", fmt.Errorf("--tls %q --tls-cert %q --tls-key %q: want --tls self-signed, or --tls-cert and --tls-key", c.mode, c.cert, c.key)
	}
	if config, err = server.SelfSigned(s.data, s.hosts()...); err != nil {
		return nil, "", err
	}
	caFile, err = s.tellAuthorities()
	return config, caFile, err
}

// hosts are the names by which clients may know the center, besides this machine's own.
func (s settings) hosts() (hosts []string) {
	if host, _, err := net.SplitHostPort(s.listen); err == nil && host != "" {
		if ip, err := netip.ParseAddr(host); err != nil || !ip.IsUnspecified() {
			hosts = append(hosts, host)
		}
	}
	if u, err := url.Parse(s.publicURL); err == nil && u.Hostname() != "" {
		hosts = append(hosts, u.Hostname())
	}
	if u, err := url.Parse("https://" + s.dataDomain); err == nil && u.Hostname() != "" {
		hosts = append(hosts, "."+u.Hostname()) // all names below it
	}
	return hosts
}

// tellAuthorities writes what clients have to trust to where the settings say.
func (s settings) tellAuthorities() (file string, err error) {
	own := filepath.Join(s.data, server.AuthorityFile)
	if file = own; s.tls.caFile != "" {
		file = s.tls.caFile
		trust, err := os.ReadFile(own)
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(file, append(trust, s.tls.others...), 0o644); err != nil {
			return "", fmt.Errorf("--tls-ca-file: %w", err)
		}
	}
	return filepath.Abs(file)
}
