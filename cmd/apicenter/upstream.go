package main

import (
	"fmt"

	"apicenter/internal/httpapi/managerapi"
)

// resources is the front of all of Azure's paths, with the resource manager
// behind it that the settings name.
func (s settings) resources(o managerapi.Options) (*managerapi.Handler, error) {
	if s.upstream == "" {
		return managerapi.New(o)
	}
	o.Upstream, o.Transport = s.upstream, managerapi.NewTransport(s.roots)
	front, err := managerapi.New(o)
	if err != nil {
		return nil, fmt.Errorf("--upstream-resource-manager: %w", err)
	}
	return front, nil
}
