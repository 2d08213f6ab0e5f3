package apim

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"
)

// row is an API as a list or a GET states it, as far as we read it.
type row struct {
	Name       string     `json:"name"`
	Properties properties `json:"properties"`

	space space
	asked time.Time // when the request that brought it began
}

type properties struct {
	DisplayName       string   `json:"displayName"`
	Description       *string  `json:"description"`
	Path              string   `json:"path"`
	Protocols         []string `json:"protocols"`
	Type              string   `json:"type"`
	APIVersion        string   `json:"apiVersion"`
	APIVersionSetID   string   `json:"apiVersionSetId"`
	APIVersionSet     *set     `json:"apiVersionSet"`
	APIRevision       string   `json:"apiRevision"`
	IsCurrent         *bool    `json:"isCurrent"`
	IsOnline          *bool    `json:"isOnline"`
	ProvisioningState string   `json:"provisioningState"`

	// Of agents, on the api-versions that tell.
	MCP     *mcp     `json:"mcpProperties"`
	JSONRPC *jsonRPC `json:"jsonRpcProperties"`

	// What only the mark of the document needs.
	ServiceURL             string          `json:"serviceUrl"`
	SubscriptionRequired   *bool           `json:"subscriptionRequired"`
	TermsOfServiceURL      string          `json:"termsOfServiceUrl"`
	APIVersionDescription  string          `json:"apiVersionDescription"`
	APIRevisionDescription string          `json:"apiRevisionDescription"`
	Contact                json.RawMessage `json:"contact"`
	License                json.RawMessage `json:"license"`
	Authentication         json.RawMessage `json:"authenticationSettings"`
	KeyNames               json.RawMessage `json:"subscriptionKeyParameterNames"`
}

// set is a version set, as it stands in a row that was asked to expand it.
type set struct {
	Name              string `json:"name"` // the display name, not the id
	Description       string `json:"description"`
	VersioningScheme  string `json:"versioningScheme"`
	VersionQueryName  string `json:"versionQueryName"`
	VersionHeaderName string `json:"versionHeaderName"`
}

// setResource is a version set, as its own list and GET state it.
type setResource struct {
	Name       string `json:"name"`
	Properties struct {
		set
		DisplayName string `json:"displayName"`
	} `json:"properties"`
}

func (r setResource) set() *set {
	s := r.Properties.set
	s.Name = r.Properties.DisplayName
	return &s
}

// mcp are the properties of an MCP server. The published type makes a list of
// the endpoints; the service answers with a dictionary.
type mcp struct {
	Endpoints json.RawMessage `json:"endpoints"`
}

type jsonRPC struct {
	Path string `json:"path"`
}

// messages is the path where an MCP server takes messages.
func (m *mcp) messages() string {
	type endpoint struct {
		URITemplate string `json:"uriTemplate"`
	}
	if m != nil {
		var named struct {
			Message endpoint `json:"message"`
		}
		if json.Unmarshal(m.Endpoints, &named) == nil && named.Message.URITemplate != "" {
			return named.Message.URITemplate
		}
		var listed []endpoint
		if json.Unmarshal(m.Endpoints, &listed) == nil && len(listed) > 0 && listed[0].URITemplate != "" {
			return listed[0].URITemplate
		}
	}
	return "/mcp"
}

// current says that the row is of the current revision. The list was asked for
// those only, but filters have been ignored before.
func (r *row) current() bool {
	return base(r.Name) == r.Name && (r.Properties.IsCurrent == nil || *r.Properties.IsCurrent)
}

// key tells the row from all others of its list, revisions too.
func (r *row) key() string { return strings.ToLower(r.Name) }

func (r *row) identity() string { return r.space.identity(apiCollection, r.Name) }

// setName is the id of the version set that the API belongs to, or "".
func (r *row) setName() string { return lastSegment(r.Properties.APIVersionSetID) }

func (r *row) description() string {
	if r.Properties.Description == nil {
		return ""
	}
	return *r.Properties.Description
}

// online says that the gateway serves the API; it does unless it says otherwise.
func (r *row) online() bool { return r.Properties.IsOnline == nil || *r.Properties.IsOnline }

// pending says that an import is still going on, or failed half way: what an
// export gives now is neither the old document nor the new one.
func (r *row) pending() bool {
	return strings.EqualFold(r.Properties.ProvisioningState, "InProgress")
}

// markVersion is part of each mark; raise it when other documents are to be had from the same rows.
const markVersion = "1"

// mark hashes everything in the row that may tell of another document. It
// leaves out what says nothing of it: whether the API is online, and how far an import is.
func (r *row) mark() string {
	p := &r.Properties
	b := make([]byte, 0, 1024)
	add := func(text string) { b = append(binary.AppendUvarint(b, uint64(len(text))), text...) }
	flag := func(v *bool) {
		switch {
		case v == nil:
			b = append(b, 0)
		case *v:
			b = append(b, 1)
		default:
			b = append(b, 2)
		}
	}
	add(markVersion)
	add(p.DisplayName)
	add(r.description())
	add(p.Path)
	b = binary.AppendUvarint(b, uint64(len(p.Protocols)))
	for _, protocol := range p.Protocols {
		add(protocol)
	}
	add(p.Type)
	add(p.APIVersion)
	add(strings.ToLower(r.setName()))
	if s := p.APIVersionSet; s != nil {
		add(s.VersioningScheme)
		add(s.VersionQueryName)
		add(s.VersionHeaderName)
	}
	add(p.APIRevision)
	add(p.ServiceURL)
	flag(p.SubscriptionRequired)
	add(p.TermsOfServiceURL)
	add(p.APIVersionDescription)
	add(p.APIRevisionDescription)
	for _, raw := range []json.RawMessage{p.Contact, p.License, p.Authentication, p.KeyNames} {
		b = append(binary.AppendUvarint(b, uint64(len(raw))), raw...)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}
