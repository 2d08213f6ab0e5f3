package main

import (
	"crypto/x509"
	"log/slog"
	"time"

	"github.com/spf13/pflag"

	"apicenter/internal/plan"
)

// settings are what a center is told: by its flags, which they are named after,
// and by the demonstration.
type settings struct {
	listen        string
	metricsListen string // where the metrics are without a token; empty: nowhere
	publicURL     string // how clients reach the server, if not at the address that it listens on
	data          string
	service       string // ARM id of the service that is there from the first start on

	resourceManager string
	audience        string
	authority       string
	development     bool           // the login of the Azure CLI may stand in for the server's identity
	upstream        string         // endpoint of the resource manager that answers for other providers; empty: none does
	trustedCAFile   string         // authorities that are trusted when it calls others, besides those of the system
	roots           *x509.CertPool // all that are trusted then; nil: those of the system and of the file
	tenant          string         // directory that the center belongs to; empty: that of whoever asks

	tls certificates

	pollInterval   time.Duration
	auditPeriod    time.Duration
	allowance      time.Duration // how old what a source answers may be
	brake          *plan.Brake   // of deletions; nil: that of the engine
	brakeWindow    time.Duration // within which they count together
	tombstones     time.Duration // for how long they are kept; 0: for ever
	eventRetention time.Duration // of events and of what there was

	limits       string // the preset
	maxAPIs      int    // that one link may bring; 0: that of the preset
	dataRequests int    // a minute, of the data plane of each service; 0: that of the preset
	dataDomain   string // below which each service's data plane has a host name

	issuers        []string
	audiences      []string // of tokens of the issuers, besides Azure's
	clientID       string   // with which people sign in at the issuers
	administrators []string // object ids
	token          string   // one more administrator's token, besides the key in the data folder

	allowed networks // that addresses which people give may lead into, though they are not public

	logLevel  slog.Level
	accessLog bool
	readyFile string
}

const (
	publicResourceManager = "https://management.azure.com"
	publicAuthority       = "https://login.microsoftonline.com/"
)

// registerOwn adds the flags that only serve has: the demonstration brings its
// own Azure.
func (s *settings) registerOwn(f *pflag.FlagSet) {
	f.StringVar(&s.listen, "listen", "127.0.0.1:8080", "address to listen on")
	f.StringVar(&s.metricsListen, "metrics-listen", "", "address of its own for /metrics, for whoever reaches it, without a token; empty: /metrics is at --listen only, with one")
	f.StringVar(&s.publicURL, "public-url", "", "how clients reach the server, if a proxy is in front: https://apis.example.com")
	f.StringVar(&s.data, "data", "apicenter-data", "folder of the inventory, made if need be")
	f.StringVar(&s.service, "service", localService, "ARM id of the service that is there from the first start on")

	f.StringVar(&s.resourceManager, "resource-manager", publicResourceManager, "endpoint of Azure Resource Manager")
	f.StringVar(&s.audience, "audience", publicResourceManager, "for whom its tokens are made out")
	f.StringVar(&s.authority, "authority", publicAuthority, "who issues them")
	f.BoolVar(&s.development, "development", false, "read with the login of the Azure CLI where the machine has no identity of its own")
	f.StringVar(&s.upstream, "upstream-resource-manager", "", "resource manager to pass requests of all other providers on to, with the caller's token; "+publicResourceManager)
	f.StringVar(&s.trustedCAFile, "trusted-ca-file", "", "certificates in PEM form to trust when calling others, besides the system's")
}

// register adds the flags that serve and demo have in common.
func (s *settings) register(f *pflag.FlagSet) {
	s.tls.register(f)

	f.DurationVar(&s.pollInterval, "poll-interval", s.pollInterval, "within which a change at a source is to be here, for links that do not say otherwise")
	f.DurationVar(&s.eventRetention, "event-retention", s.eventRetention, "how long history, events and what there was are kept")
	f.DurationVar(&s.auditPeriod, "audit-period", s.auditPeriod, "time within which every definition is fetched again; 0: never")
	f.DurationVar(&s.allowance, "consistency-allowance", s.allowance, "how old what a source answers may be: it is added to the age that links show")

	s.brake = new(plan.DefaultBrake)
	f.IntVar(&s.brake.Things, "brake-apis", plan.DefaultBrake.Things, "deletions of a link wait for a person when within --brake-window more APIs than this would go, and more than --brake-share")
	f.Float64Var(&s.brake.Share, "brake-share", plan.DefaultBrake.Share, "share of a link's APIs, from 0 to 1; 1: only what would empty the link waits")
	f.DurationVar(&s.brakeWindow, "brake-window", time.Hour, "time within which deletions count together")

	f.DurationVar(&s.tombstones, "tombstone-retention", 30*24*time.Hour, "for how long the words of people on what a source took away are kept; 0: for ever")

	f.StringVar(&s.limits, "limits", "none", "how much may be in a service: none, free or standard, as Azure's plans have it")
	f.IntVar(&s.maxAPIs, "max-apis", 0, "most APIs that one link may bring; 0: that of --limits")
	f.IntVar(&s.dataRequests, "data-requests-per-minute", 0, "most requests a minute to the data plane of a service; 0: that of --limits")
	f.StringVar(&s.dataDomain, "data-domain", "", "domain below which SERVICE.data.LOCATION is the data plane of a service; empty: a path of this server")

	f.StringArrayVar(&s.issuers, "oidc-issuer", nil, "whose tokens are trusted, such as https://login.microsoftonline.com/TENANT-ID/v2.0; may be repeated")
	f.StringArrayVar(&s.audiences, "oidc-audience", nil, "for whom such tokens may be made out, besides Azure's audiences; may be repeated")
	f.StringVar(&s.clientID, "oidc-client-id", "", "application with which people sign in at the issuers")
	f.StringArrayVar(&s.administrators, "administrator", nil, "object id of who is made an administrator of everything; may be repeated")

	f.Var(&s.allowed, "allow-network", "network that is not public and where addresses that people give (imports, webhooks) may lead all the same, over plain http too; may be repeated")

	f.TextVar(&s.logLevel, "log-level", s.logLevel, "debug, info, warn or error")
	f.BoolVar(&s.accessLog, "access-log", false, "log each request")
	f.StringVar(&s.readyFile, "ready-file", "", "write addresses, ids and a token to this file once all is up")
}
