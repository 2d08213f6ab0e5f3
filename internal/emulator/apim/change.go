package apim

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"apicenter/internal/emulator/document"
)

// Change is what a writer sends to create or replace an API.
type Change struct {
	Properties
	Format      string `json:"format"`
	Value       string `json:"value"`
	SoapAPIType string `json:"apiType"`

	// Import is the document behind Format and Value, read before the lock is
	// taken. Loaders may set Document alone, which is then parsed when needed.
	Import   *document.Definition `json:"-"`
	Document Document             `json:"-"`
}

// Read parses the document that came with a change: value is the document
// itself, fetched by the caller if the change had a link.
func (ch *Change) Read(value []byte) error {
	format, ok := importFormat(ch.Format)
	if !ok {
		return Invalid("format '%s' is not supported.", ch.Format)
	}
	def, err := document.Parse(format, value)
	if err != nil {
		return Invalid("Parsing error(s): %v.", err)
	}
	ch.Import, ch.Document = &def, Text(def.Format, value)
	return nil
}

func importFormat(name string) (document.Format, bool) {
	switch strings.TrimSuffix(strings.ToLower(name), "-link") {
	case "openapi", "openapi+json", "swagger-json", "swagger-link-json":
		return document.Unknown, true // the two are often mixed up, and told apart with ease
	case "wsdl":
		return document.WSDL, true
	case "wadl-xml", "wadl-link-json":
		return document.WADL, true
	case "graphql":
		return document.GraphQL, true
	case "odata":
		return document.OData, true
	case "grpc":
		return document.Proto, true
	default:
		return document.Unknown, false
	}
}

// PutAPI creates or replaces an API, or with ";rev=N" in the name one of its
// revisions. An import into an existing API replaces its operations.
func (s *Space) PutAPI(name string, ch Change) (r *Revision, created bool, err error) {
	base, number := SplitName(name)
	api := s.APIs.Get(base)
	if api != nil {
		r = api.Current
		if number != 0 {
			r = api.Revision(number)
		}
	}
	var source *Revision
	if ch.SourceAPIID != "" && r == nil {
		if source = s.Find(ch.SourceAPIID[strings.LastIndexByte(ch.SourceAPIID, '/')+1:]); source == nil {
			return nil, false, Invalid("The API '%s' to copy from does not exist.", ch.SourceAPIID)
		}
	}
	if api == nil && number > 1 {
		return nil, false, NotFound("API")
	}
	p, err := s.complete(ch, r, api, source)
	if err != nil {
		return nil, false, err
	}
	if err := s.claim(api, base, p); err != nil {
		return nil, false, err
	}
	if p.APIVersionSetID, err = s.join(ch, base); err != nil {
		return nil, false, err
	}
	s.remember(name)
	etag, at := s.cloud.stamp()
	if created = r == nil; created {
		r = s.grow(api, base, max(number, atoi(p.APIRevision), 1))
		r.Created = at
		if source != nil {
			r.copyContent(source)
		}
	}
	moved := r.Properties.DisplayName != p.DisplayName || r.Properties.Path != p.Path
	p.APIRevision, p.IsCurrent = fmt.Sprint(r.Number), r == r.API.Current
	s.settle(r, p)
	r.changed(etag, at)
	r.take(ch, moved && (source != nil || !created))
	s.follow(r)
	s.announce(created, r)
	return r, created, nil
}

// PatchAPI merges a change into a revision.
func (s *Space) PatchAPI(r *Revision, patch json.RawMessage) error {
	p, err := Merge(r.Properties, patch)
	if err != nil {
		return Invalid("%v", err)
	}
	p.APIRevision, p.IsCurrent, p.APIVersionSetID = r.Properties.APIRevision, r.Properties.IsCurrent, s.SetID(p.APIVersionSetID)
	if r != r.API.Current {
		p.share(r.API.Current.Properties)
	}
	if err := s.claim(r.API, r.API.Name, p); err != nil {
		return err
	}
	moved := r.Properties.DisplayName != p.DisplayName || r.Properties.Path != p.Path
	s.remember(r.Name())
	r.Operations() // before the document no longer tells
	r.edited = r.edited || moved
	s.settle(r, p)
	r.changed(s.cloud.stamp())
	s.follow(r)
	s.announce(false, r)
	return nil
}

// complete fills in what the writer left to API Management.
func (s *Space) complete(ch Change, r *Revision, api *API, source *Revision) (Properties, error) {
	p := ch.Properties
	from := r
	if from == nil {
		from = source
	}
	if from != nil {
		old := from.Properties
		p.DisplayName = cmp.Or(p.DisplayName, old.DisplayName)
		p.Type = cmp.Or(p.Type, old.Type)
		if r != nil || p.Path == "" {
			p.Path = cmp.Or(p.Path, old.Path)
		}
		p.Description = cmp.Or(p.Description, old.Description)
		p.ServiceURL = cmp.Or(p.ServiceURL, old.ServiceURL)
		if p.Protocols == nil {
			p.Protocols = old.Protocols
		}
	}
	if d := ch.Import; d != nil {
		p.DisplayName = cmp.Or(ch.DisplayName, d.Title, p.DisplayName)
		p.Description = cmp.Or(ch.Description, optional(d.Description), p.Description)
		p.ServiceURL = cmp.Or(ch.ServiceURL, optional(d.ServiceURL), p.ServiceURL)
	}
	p.Type = cmp.Or(typeOf(ch), p.Type, "http")
	if p.Protocols == nil {
		p.Protocols = []string{"https"}
		if p.Type == "websocket" {
			p.Protocols = []string{"wss"}
		}
	}
	if p.SubscriptionRequired == nil {
		p.SubscriptionRequired = new(true)
	}
	if p.KeyNames == nil {
		p.KeyNames = json.RawMessage(`{"header":"Ocp-Apim-Subscription-Key","query":"subscription-key"}`)
	}
	if api != nil && r != api.Current {
		p.share(api.Current.Properties)
	}
	p.SourceAPIID, p.APIVersionSet = "", nil
	p.Path = strings.Trim(p.Path, "/")
	switch {
	case p.DisplayName == "":
		return p, Invalid("One or more fields contain incorrect values: displayName is required.")
	case len([]rune(p.DisplayName)) > 300:
		return p, Invalid("One or more fields contain incorrect values: displayName must be at most 300 characters.")
	}
	return p, nil
}

// typeOf is the type that an import decides; empty if it does not.
func typeOf(ch Change) string {
	if ch.Import == nil {
		return ""
	}
	switch ch.Import.Format {
	case document.WSDL:
		if strings.EqualFold(ch.SoapAPIType, "http") {
			return "http" // SOAP to REST
		}
		return "soap"
	case document.GraphQL:
		return "graphql"
	case document.OData:
		return "odata"
	case document.Proto:
		return "grpc"
	default:
		return ""
	}
}

// share takes over what all revisions of an API have in common.
func (p *Properties) share(from Properties) {
	p.DisplayName, p.Type, p.Description, p.SubscriptionRequired = from.DisplayName, from.Type, from.Description, from.SubscriptionRequired
	p.Path, p.Protocols = from.Path, from.Protocols
	p.APIVersion, p.APIVersionDescription, p.APIVersionSetID = from.APIVersion, from.APIVersionDescription, from.APIVersionSetID
}

// follow makes the other revisions agree with a changed current one.
func (s *Space) follow(r *Revision) {
	if r != r.API.Current {
		return
	}
	for _, other := range r.API.Revisions {
		if other != r {
			other.Properties.share(r.Properties)
			other.forget()
		}
	}
}

// claim reserves path and version for an API; the pair must be unique.
func (s *Space) claim(api *API, name string, p Properties) error {
	key := pathKey(p)
	if other := s.paths[key]; other != nil && other != api {
		return Invalid("Cannot create API '%s' with the same Path '%s' and Version '%s' as API '%s'.",
			name, p.Path, p.APIVersion, other.Name)
	}
	return nil
}

// settle gives a revision its properties and keeps track of who has which path.
func (s *Space) settle(r *Revision, p Properties) {
	if s.paths == nil {
		s.paths = map[string]*API{}
	}
	if old := pathKey(r.Properties); s.paths[old] == r.API {
		delete(s.paths, old)
	}
	r.Properties = p
	s.paths[pathKey(p)] = r.API
}

func pathKey(p Properties) string {
	return strings.ToLower(p.Path) + "\x00" + strings.ToLower(p.APIVersion)
}

// join finds the version set of a change, or makes the one that it describes.
func (s *Space) join(ch Change, api string) (string, error) {
	id, d := ch.APIVersionSetID, ch.APIVersionSet
	if d != nil {
		id = cmp.Or(id, d.ID)
	}
	if id == "" && d != nil && d.Name != "" {
		set := VersionSet{d.Name, d.Description, d.VersioningScheme, d.VersionQueryName, d.VersionHeaderName}
		_, _, err := s.PutVersionSet(api+"-versions", set)
		return s.SetID(api + "-versions"), err
	}
	if id != "" && s.SetOf(id) == nil {
		return "", Invalid("The API version set '%s' does not exist.", id)
	}
	return s.SetID(id), nil
}

// grow adds a revision, and the API if it is the first.
func (s *Space) grow(api *API, name string, number int) *Revision {
	if api == nil {
		api = &API{Name: name, Space: s}
		s.APIs.Put(name, api)
	}
	r := &Revision{API: api, Number: number}
	if api.Current == nil {
		api.Current = r
	}
	api.Revisions = append(api.Revisions, r)
	slices.SortFunc(api.Revisions, func(a, b *Revision) int { return cmp.Compare(a.Number, b.Number) })
	s.rows = append(s.rows, r)
	return r
}

// copyContent makes a new revision start with the content of another.
func (r *Revision) copyContent(source *Revision) {
	r.load.Do(func() {})
	r.operations = source.Operations().clone()
	r.schemas, r.tools = source.schemas.clone(), source.tools.clone()
	r.Document, r.edited = source.Document, source.edited
}

// take lets a revision hold the document of a change.
func (r *Revision) take(ch Change, moved bool) {
	if ch.Document.Open == nil {
		if moved {
			r.Operations() // before the document no longer tells
			r.edited = true
		}
		if r.Properties.Type == "websocket" && r.operations.Len() == 0 {
			r.load.Do(func() {})
			r.fill([]document.Operation{{ID: "onhandshake", Title: "onHandshake", Method: "GET", Template: "/"}})
		}
		return
	}
	r.Document, r.edited = ch.Document, false
	if ch.Import == nil {
		return // a loader's document, parsed when it is needed
	}
	r.load.Do(func() {})
	r.fill(ch.Import.Operations)
	if id, kind := schemaOf(ch.Import.Format); id != "" {
		value, _ := ch.Document.bytes() // in memory, cannot fail
		Set(r.API.Space.cloud, &r.schemas, id, Schema{ContentType: kind, Document: SchemaDocument{Value: string(value)}})
	}
}

func schemaOf(f document.Format) (id, contentType string) {
	switch f {
	case document.GraphQL:
		return "graphql", GraphQLSchema
	case document.OData:
		return "odata", ODataSchema
	case document.Proto:
		return "grpc", ProtoSchema
	default:
		return "", ""
	}
}

// Merge lays a JSON merge patch over a value. The value is copied first, for
// decoding would write through its pointers.
func Merge[P any](old P, patch json.RawMessage) (P, error) {
	var p P
	if err := json.Unmarshal(Marshal(old), &p); err != nil {
		return p, err
	}
	if len(patch) == 0 {
		return p, nil
	}
	err := json.Unmarshal(patch, &p)
	return p, err
}
