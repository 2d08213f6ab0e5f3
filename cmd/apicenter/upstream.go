package main

import (
	"crypto/x509"
	"fmt"
	"os"

	"apicenter/internal/httpapi/managerapi"
)

// resources is the front of all of Azure's paths, with the resource manager
// behind it that the settings name.
func (s settings) resources(o managerapi.Options) (*managerapi.Handler, error) {
	if s.upstream == "" {
		return managerapi.New(o)
	}
	roots, err := trusted(s.upstreamCA)
	if err != nil {
		return nil, fmt.Errorf("--upstream-ca-file: %w", err)
	}
	o.Upstream, o.Transport = s.upstream, managerapi.NewTransport(roots)
	front, err := managerapi.New(o)
	if err != nil {
		return nil, fmt.Errorf("--upstream-resource-manager: %w", err)
	}
	return front, nil
}

// trusted are the system's certificates and those in a file; nil, which means
// the system's, when no file is named.
func trusted(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s has no certificate in PEM form", file)
	}
	return roots, nil
}
