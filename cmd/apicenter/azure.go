package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"

	"apicenter/internal/azure"
	"apicenter/internal/httpapi/managerapi"
	"apicenter/internal/source"
	"apicenter/internal/source/apim"
)

// apim is the source of API Management links, read from the settings' Azure, and
// the credentials that it is read with.
func (s settings) apim(limiters *azure.Limiters) (source.Kind, *azure.Credentials, error) {
	endpoint, err := url.Parse(s.resourceManager)
	if err != nil || endpoint.Host == "" {
		return source.Kind{}, nil, fmt.Errorf("--resource-manager %q is not a URL such as %s", s.resourceManager, publicResourceManager)
	}
	local := azure.IsLoopback(endpoint.Hostname())
	if endpoint.Scheme != "https" && !local {
		return source.Kind{}, nil, fmt.Errorf("--resource-manager %s: tokens only travel over https; plain http is for an emulator on this machine", s.resourceManager)
	}
	if local && os.Getenv("IDENTITY_ENDPOINT") == "" {
		// An emulator is its own identity endpoint, so that a local trial needs no environment.
		if err := errors.Join(
			os.Setenv("IDENTITY_ENDPOINT", strings.TrimSuffix(s.resourceManager, "/")+"/msi/token"),
			os.Setenv("IDENTITY_HEADER", "local")); err != nil {
			return source.Kind{}, nil, err
		}
	}
	credentials := &azure.Credentials{Transport: s.outside(), Development: s.development, Cloud: cloud.Configuration{
		ActiveDirectoryAuthorityHost: s.authority,
		Services: map[cloud.ServiceName]cloud.ServiceConfiguration{
			cloud.ResourceManager: {Endpoint: s.resourceManager, Audience: s.audience},
		},
	}}
	return apim.New(apim.Options{
		Endpoint: s.resourceManager, Audience: s.audience, Credential: credentials.For,
		Limiters: limiters, AllowLoopback: local, Roots: s.roots,
	}), credentials, nil
}

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
