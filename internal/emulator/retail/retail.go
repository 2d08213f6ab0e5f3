// Package retail holds the demo instance of the API Management emulator: the
// APIs of Tarnwick, a made-up retailer of things for home and garden.
//
// It is data and nothing else. [Instance] describes the instance as it is when
// the emulator starts; [Changes] lists what its people do next, for an emulator
// that wants to look alive. How APIM shows any of this on the wire is not
// decided here.
//
// The manifest is Go (manifest.go, changes.go); the documents are files that
// are found by the name of their API:
//
//	specs/orders-v3.json                 document of the API orders-v3
//	specs/stock.rev2.json                document of its revision 2, where that differs
//	specs/shopping-agent.card.json       agent card of an a2a API
//	specs/marketplace/…                  documents of the workspace marketplace
//	specs/changes/…                      documents that arrive with a change
//
// The extension tells the format. An API without a file has no document.
//
// Operation ids are lower case with dashes, which is what APIM makes of any
// other spelling, so they survive an import as they are.
package retail

import (
	"embed"
	"fmt"
	"path"
)

// Types of an API, as APIM spells them.
const (
	TypeHTTP      = "http"
	TypeSOAP      = "soap"
	TypeGraphQL   = "graphql"
	TypeWebSocket = "websocket"
	TypeMCP       = "mcp"
	TypeA2A       = "a2a"
	TypeGRPC      = "grpc"
	TypeOData     = "odata"
)

// Formats of a document.
const (
	FormatOpenAPI = "openapi+json" // OpenAPI 3.0 in JSON
	FormatWSDL    = "wsdl"         // WSDL 1.1
	FormatGraphQL = "graphql"      // GraphQL SDL
	FormatProto   = "proto"        // protocol buffers, version 3
	FormatEDMX    = "edmx"         // OData 4.0 metadata
)

// Versioning schemes of a version set, as APIM spells them.
const (
	SchemeSegment = "Segment"
	SchemeQuery   = "Query"
	SchemeHeader  = "Header"
)

// Service is a whole APIM instance.
type Service struct {
	Name           string // resource name
	Title          string // for people
	Location       string // Azure region
	PublisherName  string
	PublisherEmail string
	CustomHosts    []string // gateway host names, the preferred one first

	VersionSets []VersionSet
	APIs        []API // the first is a plain http API: one revision, no version
	Products    []Product
	Tags        []string
	Workspaces  []Workspace
}

// Workspace is a part of the instance with APIs and version sets of its own.
type Workspace struct {
	Name, DisplayName, Description string

	VersionSets []VersionSet
	APIs        []API
}

// VersionSet joins the versions of one API.
type VersionSet struct {
	Name, DisplayName, Description string

	Scheme     string // SchemeSegment, SchemeQuery or SchemeHeader
	QueryName  string // set for SchemeQuery
	HeaderName string // set for SchemeHeader
}

// Product bundles APIs for subscribers.
type Product struct {
	Name, DisplayName, Description string

	ApprovalRequired bool
}

// API is one API as its current revision shows it.
type API struct {
	Name        string
	DisplayName string
	Description string // may hold HTML
	Path        string // below the gateway, without slashes at the ends; empty for the root
	Type        string
	Version     string // empty for the original version, or without a set
	VersionSet  string // name of a version set of the same service or workspace
	ServiceURL  string // the backend
	Protocols   []string

	SubscriptionRequired bool

	Revision            int // number of the current revision
	RevisionDescription string
	Revisions           []Revision // all others, by number
	Releases            []Release  // oldest first

	Document []byte // nil if the type has none
	Format   string // empty if there is no document

	MCP   *MCP   // set for TypeMCP
	Agent *Agent // set for TypeA2A

	Products []string // names of products
	Tags     []string
}

// Revision is a revision of an API that is not the current one.
type Revision struct {
	Number      int
	Description string
	Online      bool   // callable with ";rev=" in the path
	Document    []byte // nil if it is that of the current revision
}

// Release is the moment in which a revision became the current one.
type Release struct {
	Revision int
	Notes    string
}

// MCP is what an MCP server has on top of an API.
type MCP struct {
	Transport string // "streamable"
	Endpoint  string // path of the messages, below the path of the API
	Tools     []Tool
}

// Tool is a tool of an MCP server: an operation of one of our http APIs.
type Tool struct {
	Name        string
	Description string
	API         string // name of the API
	Operation   string // operationId in its document
}

// Agent is what an a2a API has on top of an API.
type Agent struct {
	ID           string
	Name         string
	ProviderName string
	CardPath     string // below the path of the API
	BackendURL   string // where the agent itself listens for JSON-RPC
	Card         []byte // the agent card, JSON
}

// Instance describes the demo instance. Each call builds a fresh one, always
// the same, that the caller may change.
func Instance() Service {
	s := tarnwick()
	attach("", s.APIs)
	for _, w := range s.Workspaces {
		attach(w.Name, w.APIs)
	}
	return s
}

//go:embed specs
var specs embed.FS

// attach gives the APIs their documents from a folder below specs.
func attach(folder string, apis []API) {
	for i := range apis {
		a := &apis[i]
		a.Document, a.Format = document(folder, a.Name)
		for j := range a.Revisions {
			r := &a.Revisions[j]
			r.Document, _ = document(folder, fmt.Sprintf("%s.rev%d", a.Name, r.Number))
		}
		if a.Agent != nil {
			a.Agent.Card, _ = document(folder, a.Name+".card")
		}
	}
}

// document finds a document by its name without extension, and tells its
// format. It is nil if there is no such file.
func document(folder, name string) (data []byte, format string) {
	for _, f := range []struct{ extension, format string }{
		{".json", FormatOpenAPI},
		{".wsdl", FormatWSDL},
		{".graphql", FormatGraphQL},
		{".proto", FormatProto},
		{".edmx", FormatEDMX},
	} {
		if data, err := specs.ReadFile(path.Join("specs", folder, name+f.extension)); err == nil {
			return data, f.format
		}
	}
	return nil, ""
}
