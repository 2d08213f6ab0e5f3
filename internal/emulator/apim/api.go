package apim

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"apicenter/internal/emulator/document"
)

// API is one API with all of its revisions. Exactly one revision is current;
// it answers to the bare name.
type API struct {
	Name      string
	Space     *Space
	Current   *Revision
	Revisions []*Revision // by number
	Releases  Table[*Entity[Release]]
	Tags      Table[*Entity[Tag]]
}

// Properties is the contract of an API on the wire. Parts that no rule looks
// into stay as they came.
type Properties struct {
	DisplayName            string          `json:"displayName"`
	APIRevision            string          `json:"apiRevision"`
	Description            *string         `json:"description,omitempty"`
	APIRevisionDescription string          `json:"apiRevisionDescription,omitempty"`
	SubscriptionRequired   *bool           `json:"subscriptionRequired,omitempty"`
	ServiceURL             *string         `json:"serviceUrl,omitempty"`
	BackendID              *string         `json:"backendId,omitempty"`
	Path                   string          `json:"path"`
	Protocols              []string        `json:"protocols,omitempty"`
	Authentication         json.RawMessage `json:"authenticationSettings,omitempty"`
	KeyNames               json.RawMessage `json:"subscriptionKeyParameterNames,omitempty"`
	Type                   string          `json:"type,omitempty"`
	IsCurrent              bool            `json:"isCurrent"`
	IsOnline               *bool           `json:"isOnline,omitempty"`
	APIVersion             string          `json:"apiVersion,omitempty"`
	APIVersionDescription  string          `json:"apiVersionDescription,omitempty"`
	APIVersionSetID        string          `json:"apiVersionSetId,omitempty"`
	APIVersionSet          *SetDetails     `json:"apiVersionSet,omitempty"`
	SourceAPIID            string          `json:"sourceApiId,omitempty"`
	TermsOfServiceURL      *string         `json:"termsOfServiceUrl,omitempty"`
	Contact                json.RawMessage `json:"contact,omitempty"`
	License                json.RawMessage `json:"license,omitempty"`
	ProvisioningState      string          `json:"provisioningState,omitempty"`
	Agents
}

// Agents are the properties that only preview versions know: those of MCP
// servers and of A2A agents.
type Agents struct {
	MCPTools          json.RawMessage `json:"mcpTools,omitempty"`
	MCPProperties     json.RawMessage `json:"mcpProperties,omitempty"`
	IsAgent           *bool           `json:"isAgent,omitempty"`
	Agent             json.RawMessage `json:"agent,omitempty"`
	A2AProperties     json.RawMessage `json:"a2aProperties,omitempty"`
	JSONRPCProperties json.RawMessage `json:"jsonRpcProperties,omitempty"`
}

// SetDetails is a version set inside of an API: what a reader who expands gets,
// and what a writer may send to make the set with the API.
type SetDetails struct {
	ID                string  `json:"id,omitempty"`
	Name              string  `json:"name,omitempty"`
	Description       *string `json:"description,omitempty"`
	VersioningScheme  string  `json:"versioningScheme,omitempty"`
	VersionQueryName  *string `json:"versionQueryName,omitempty"`
	VersionHeaderName *string `json:"versionHeaderName,omitempty"`
}

// Revision is one revision of an API: its contract and its content.
type Revision struct {
	API              *API
	Number           int
	ETag             string
	Created, Updated time.Time
	Properties       Properties
	Document         Document // where the content came from; the zero value is no document

	edited     bool // the model has moved on from the document
	load       sync.Once
	operations Table[*Entity[Operation]]
	schemas    Table[*Entity[Schema]]
	tools      Table[*Entity[ToolContract]]
	rows       [4]atomic.Pointer[[]byte] // rendered, by Form; cleared by each write
}

// Name is how the revision is addressed: bare when it is current.
func (r *Revision) Name() string {
	if r == r.API.Current {
		return r.API.Name
	}
	return r.FullName()
}

// FullName always spells the revision.
func (r *Revision) FullName() string { return r.API.Name + ";rev=" + strconv.Itoa(r.Number) }

// ID is the resource id under the revision's name.
func (r *Revision) ID() string { return r.API.Space.id + "/apis/" + r.Name() }

// Form says how a revision is shown: bits of Preview and Expanded.
type Form int

// The bits of a Form.
const (
	Preview  Form = 1 << iota // with the properties of agents
	Expanded                  // with its version set inside
)

// JSON is the revision on the wire. It is rendered once and kept until the next
// write, for lists of many thousand rows are read over and over. Callers must
// not change it.
func (r *Revision) JSON(form Form) []byte {
	if b := r.rows[form].Load(); b != nil {
		return *b
	}
	p := r.Properties
	if form&Preview == 0 {
		p.Agents = Agents{}
	}
	if form&Expanded != 0 && p.APIVersionSetID != "" {
		p.APIVersionSet = r.API.Space.details(p.APIVersionSetID)
	}
	b := Marshal(struct {
		ID         string     `json:"id"`
		Type       string     `json:"type"`
		Name       string     `json:"name"`
		Properties Properties `json:"properties"`
	}{r.ID(), r.API.Space.kind + "/apis", r.Name(), p})
	r.rows[form].Store(&b)
	return b
}

func (r *Revision) changed(etag string, at time.Time) {
	r.ETag, r.Updated = etag, at
	r.forget()
}

func (r *Revision) forget() {
	for i := range r.rows {
		r.rows[i].Store(nil)
	}
}

// Operations are read from the document when they are first asked for: an
// instance of ten thousand documents should start without parsing them.
func (r *Revision) Operations() *Table[*Entity[Operation]] {
	r.load.Do(r.parse)
	return &r.operations
}

// Schemas are the schemas of the revision.
func (r *Revision) Schemas() *Table[*Entity[Schema]] { return &r.schemas }

// Tools are the tools of an MCP server.
func (r *Revision) Tools() *Table[*Entity[ToolContract]] { return &r.tools }

func (r *Revision) parse() {
	data, err := r.Document.bytes()
	if err != nil {
		return // the document may be broken on purpose; then there are no operations
	}
	def, err := document.Parse(r.Document.Format, data)
	if err != nil {
		return
	}
	r.fill(def.Operations)
}

func (r *Revision) fill(ops []document.Operation) {
	r.operations = Table[*Entity[Operation]]{}
	for _, op := range ops {
		r.operations.Put(op.ID, &Entity[Operation]{
			Name: op.ID, ETag: r.ETag, Created: r.Created, Updated: r.Updated,
			Properties: Operation{
				DisplayName:        op.Title,
				Method:             op.Method,
				URLTemplate:        op.Template,
				Description:        optional(op.Description),
				TemplateParameters: parameters(op.Parameters),
			},
		})
	}
}

func parameters(names []string) json.RawMessage {
	type parameter struct {
		Name     string `json:"name"`
		Required bool   `json:"required"`
		Type     string `json:"type"`
	}
	list := make([]parameter, 0, len(names))
	for _, n := range names {
		list = append(list, parameter{n, true, "string"})
	}
	return Marshal(list)
}

// SplitName takes "echo;rev=2" apart; revision is 0 when the name is bare.
func SplitName(s string) (name string, revision int) {
	name, rest, ok := strings.Cut(s, ";")
	if !ok {
		return s, 0
	}
	if len(rest) < 5 || !strings.EqualFold(rest[:4], "rev=") {
		return s, 0
	}
	n, err := strconv.Atoi(rest[4:])
	if err != nil || n < 1 {
		return s, 0
	}
	return name, n
}

// Find is the revision that a name addresses, or nil.
func (s *Space) Find(name string) *Revision {
	base, n := SplitName(name)
	api := s.APIs.Get(base)
	if api == nil {
		return nil
	}
	if n == 0 {
		return api.Current
	}
	return api.Revision(n)
}

// Revision is the revision of that number, or nil.
func (a *API) Revision(number int) *Revision {
	for _, r := range a.Revisions {
		if r.Number == number {
			return r
		}
	}
	return nil
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// Marshal renders one of the wire types, none of which can fail. Links keep
// their ampersands.
func Marshal(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic("emulator: " + err.Error())
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

func atoi(s string) int {
	n, _ := strconv.Atoi(s) // an unreadable number counts as none
	return n
}
