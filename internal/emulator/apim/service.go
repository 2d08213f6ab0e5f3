package apim

import (
	"cmp"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/http"
	"strings"
	"time"

	"apicenter/internal/emulator/wire"
)

// Service is one API Management instance.
type Service struct {
	Space
	Name         string
	Group        *Group
	ETag         string
	Created      time.Time
	Contract     ServiceContract
	Workspaces   Table[*Workspace]
	SelfHosted   Table[*Entity[SelfHostedGateway]]
	subscription *Subscription
}

// ServiceContract is what a writer says of an instance and a reader gets back.
type ServiceContract struct {
	Location   string            `json:"location"`
	Tags       map[string]string `json:"tags,omitempty"`
	SKU        SKU               `json:"sku"`
	Identity   json.RawMessage   `json:"identity,omitempty"`
	Zones      []string          `json:"zones,omitempty"`
	Properties ServiceProperties `json:"properties"`
}

// SKU is the tier of an instance.
type SKU struct {
	Name     string `json:"name"`
	Capacity int    `json:"capacity"`
}

// ServiceProperties are those that a connector or a tool may look at.
type ServiceProperties struct {
	PublisherEmail        string          `json:"publisherEmail"`
	PublisherName         string          `json:"publisherName"`
	NotificationEmail     string          `json:"notificationSenderEmail,omitempty"`
	ProvisioningState     string          `json:"provisioningState"`
	TargetState           string          `json:"targetProvisioningState"`
	CreatedAt             string          `json:"createdAtUtc"`
	GatewayURL            string          `json:"gatewayUrl"`
	GatewayRegionalURL    string          `json:"gatewayRegionalUrl,omitempty"`
	PortalURL             string          `json:"portalUrl,omitempty"`
	DeveloperPortalURL    string          `json:"developerPortalUrl,omitempty"`
	ManagementAPIURL      string          `json:"managementApiUrl,omitempty"`
	ScmURL                string          `json:"scmUrl,omitempty"`
	Hostnames             []Hostname      `json:"hostnameConfigurations"`
	AdditionalLocations   []Location      `json:"additionalLocations,omitempty"`
	CustomProperties      json.RawMessage `json:"customProperties,omitempty"`
	VirtualNetworkType    string          `json:"virtualNetworkType"`
	DisableGateway        bool            `json:"disableGateway"`
	APIVersionConstraint  json.RawMessage `json:"apiVersionConstraint,omitempty"`
	PublicNetworkAccess   string          `json:"publicNetworkAccess,omitempty"`
	PlatformVersion       string          `json:"platformVersion,omitempty"`
	DeveloperPortalStatus string          `json:"developerPortalStatus,omitempty"`
}

// Hostname is a host name of an instance; those of type Proxy lead to its gateway.
type Hostname struct {
	Type              string `json:"type"`
	HostName          string `json:"hostName"`
	DefaultSSLBinding bool   `json:"defaultSslBinding"`
	CertificateSource string `json:"certificateSource,omitempty"`
}

// Location is a further region of an instance.
type Location struct {
	Location           string `json:"location"`
	SKU                *SKU   `json:"sku,omitempty"`
	GatewayRegionalURL string `json:"gatewayRegionalUrl,omitempty"`
	DisableGateway     bool   `json:"disableGateway"`
}

// SelfHostedGateway is a gateway that a customer runs himself.
type SelfHostedGateway struct {
	Description  *string         `json:"description,omitempty"`
	LocationData json.RawMessage `json:"locationData,omitempty"`
}

// ServiceKind is the resource type of an instance.
const ServiceKind = "Microsoft.ApiManagement/service"

// PutService creates an instance, or replaces what is said of it.
func (c *Cloud) PutService(g *Group, name string, contract ServiceContract) (svc *Service, created bool, err error) {
	svc = c.Services.Get(name)
	if svc != nil && svc.Group != g {
		return nil, false, wire.Errorf(http.StatusConflict, "ServiceAlreadyExists", "Api service already exists: %s", name)
	}
	etag, at := c.stamp()
	if created = svc == nil; created {
		svc = &Service{Name: name, Group: g, Created: at, subscription: g.Subscription}
		id := g.Path() + "/providers/" + ServiceKind + "/" + name
		svc.Space = Space{cloud: c, service: svc, id: id, kind: ServiceKind}
		c.Services.Put(name, svc)
	}
	before := svc.Contract.Properties.Hostnames
	svc.ETag, svc.Contract = etag, contract
	svc.complete()
	svc.announceHosts(before)
	return svc, created, nil
}

// DeleteService removes an instance with all that it has.
func (c *Cloud) DeleteService(name string) bool { return c.Services.Delete(name) }

// complete computes what API Management decides about an instance.
func (s *Service) complete() {
	k, p := &s.Contract, &s.Contract.Properties
	k.Location = cmp.Or(k.Location, s.Group.Location)
	k.SKU = SKU{cmp.Or(k.SKU.Name, "Developer"), cmp.Or(k.SKU.Capacity, 1)}
	host := strings.ToLower(s.Name)
	region := strings.ToLower(strings.ReplaceAll(k.Location, " ", ""))
	gateway := host + ".azure-api.net"
	p.ProvisioningState, p.TargetState = "Succeeded", ""
	p.CreatedAt = s.Created.Format(time.RFC3339Nano)
	p.GatewayURL = "https://" + gateway
	p.GatewayRegionalURL = fmt.Sprintf("https://%s-%s-01.regional.azure-api.net", host, region)
	p.DeveloperPortalURL = fmt.Sprintf("https://%s.developer.azure-api.net", host)
	p.PortalURL = fmt.Sprintf("https://%s.portal.azure-api.net", host)
	p.ManagementAPIURL = fmt.Sprintf("https://%s.management.azure-api.net", host)
	p.ScmURL = fmt.Sprintf("https://%s.scm.azure-api.net", host)
	p.VirtualNetworkType = cmp.Or(p.VirtualNetworkType, "None")
	p.PublicNetworkAccess = cmp.Or(p.PublicNetworkAccess, "Enabled")
	p.PlatformVersion = cmp.Or(p.PlatformVersion, "stv2")
	p.DeveloperPortalStatus = cmp.Or(p.DeveloperPortalStatus, "Enabled")
	for i := range p.AdditionalLocations {
		l := &p.AdditionalLocations[i]
		name := strings.ToLower(strings.ReplaceAll(l.Location, " ", ""))
		l.GatewayRegionalURL = fmt.Sprintf("https://%s-%s-01.regional.azure-api.net", host, name)
	}
	s.ownHostname(gateway)
}

// ownHostname keeps the built-in host name in the list. It is the default
// unless a custom one claims to be.
func (s *Service) ownHostname(gateway string) {
	p := &s.Contract.Properties
	custom := []Hostname{}
	def := true
	for _, h := range p.Hostnames {
		if strings.EqualFold(h.HostName, gateway) {
			continue
		}
		custom = append(custom, h)
		def = def && (h.Type != "Proxy" || !h.DefaultSSLBinding)
	}
	own := Hostname{Type: "Proxy", HostName: gateway, DefaultSSLBinding: def, CertificateSource: "BuiltIn"}
	p.Hostnames = append([]Hostname{own}, custom...)
}

func (s *Service) announceHosts(before []Hostname) {
	if before == nil {
		return
	}
	old := map[string]Hostname{}
	for _, h := range before {
		old[strings.ToLower(h.HostName)] = h
	}
	path := func(h Hostname) string { return "/gateways/managed/hostnameConfigurations/" + h.HostName }
	for _, h := range s.Contract.Properties.Hostnames {
		was, ok := old[strings.ToLower(h.HostName)]
		delete(old, strings.ToLower(h.HostName))
		switch {
		case !ok:
			s.cloud.tell("GatewayHostnameConfigurationCreated", s, path(h))
		case was != h:
			s.cloud.tell("GatewayHostnameConfigurationUpdated", s, path(h))
		}
	}
	for _, h := range before {
		if _, gone := old[strings.ToLower(h.HostName)]; gone {
			s.cloud.tell("GatewayHostnameConfigurationDeleted", s, path(h))
		}
	}
}

// host is where the gateway of the instance answers: the default custom host
// name if there is one.
func (s *Service) host() string {
	for _, h := range s.Contract.Properties.Hostnames {
		if h.Type == "Proxy" && h.DefaultSSLBinding {
			return h.HostName
		}
	}
	return strings.TrimPrefix(s.Contract.Properties.GatewayURL, "https://")
}

// GatewayURL is where the revision answers calls.
func (r *Revision) GatewayURL() string {
	p, space := r.Properties, r.API.Space
	host := space.service.host()
	if g := space.cloud.gatewayOf(space); g != nil {
		host = g.Hostname()
	}
	scheme := "https"
	if len(p.Protocols) > 0 && p.Protocols[0] != "https" {
		scheme = p.Protocols[len(p.Protocols)-1]
	}
	parts := []string{scheme + "://" + host}
	if p.Path != "" {
		parts = append(parts, p.Path)
	}
	if set := space.SetOf(p.APIVersionSetID); set != nil && p.APIVersion != "" && strings.EqualFold(set.Properties.VersioningScheme, "Segment") {
		parts = append(parts, p.APIVersion)
	}
	url := strings.Join(parts, "/")
	if r != r.API.Current {
		url += fmt.Sprintf(";rev=%d", r.Number)
	}
	return url
}

// short is a stable hash for host names.
func short(s string) string {
	h := fnv.New32a()
	h.Write([]byte(strings.ToLower(s)))
	return fmt.Sprintf("%08x", h.Sum32())
}
