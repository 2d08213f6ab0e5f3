package cli

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"apicenter/internal/specification"
)

// registration is the flags of `api register`.
type registration struct {
	location, environment, api, version, kind string
}

func registerCommand(c *connection) *cobra.Command {
	cmd := &cobra.Command{
		Use: "register", Short: "Register an API from its definition: API, version, definition and deployment at once",
		Long: `Register an API from its definition: API, version, definition and deployment at once.

The definition is a file or an address: OpenAPI 2 or 3 and AsyncAPI in JSON or
YAML, WSDL, WADL, OData (EDMX), GraphQL SDL, gRPC (protobuf), the server.json
of an MCP server, or the card of an A2A agent. What it says of the API is taken
over: title, summary, description, contacts, license, documentation, terms.
Texts longer than every center takes are cut at a word, with a note.

To register the same API again brings it up to date: what the definition does
not say is left as it is.`,
		Example: "  apicenter api register -l petstore.yaml\n" +
			"  apicenter api register -l petstore.yaml -e prod --api-id pets --version-id 2024-05-01",
	}
	var r registration
	f := cmd.Flags()
	f.StringVarP(&r.location, "api-location", "l", "", "the definition: a file, - for the standard input, or an address")
	f.StringVarP(&r.environment, "environment-id", "e", "", "environment that it is deployed to, by name or id (default: no deployment)")
	f.StringVar(&r.api, "api-id", "", "name of the API (default: made of its title)")
	f.StringVar(&r.version, "version-id", "", "name of the version (default: made of the version in the definition)")
	f.StringVar(&r.kind, "type", "", "kind of the API (default: what the definition tells)")
	require(cmd, "api-location")
	if err := cmd.MarkFlagFilename("api-location"); err != nil {
		panic(err)
	}
	alias(cmd, "environment-id", "environment-name")
	alias(cmd, "service-name", "service", "s")
	complete(cmd, "environment-id", c.completeNames(environmentKind(), nil))
	complete(cmd, "api-id", c.completeNames(apiKind(), nil))
	complete(cmd, "type", words("rest", "graphql", "grpc", "soap", "webhook", "websocket"))
	return leaf(cmd, func(cmd *cobra.Command) error { return r.run(cmd, c) })
}

func (r *registration) run(cmd *cobra.Command, c *connection) error {
	ctx := cmd.Context()
	data, err := c.streams.fetch(ctx, r.location)
	if err != nil {
		return err
	}
	doc, err := specification.Detect(r.file(), data)
	if err != nil {
		return failed("create the API with `apicenter api create`, then use `apicenter api definition import-specification`",
			"%s: %v", r.location, err)
	}
	content := object{"format": "inline", "value": string(data), "specification": object{"name": doc.Name, "version": doc.Version}}
	if len(data) > maxInline {
		if !isAddress(r.location) {
			return usage(cmd, "%s has %d bytes, and inline takes %d: put it at an address and register that", r.location, len(data), maxInline)
		}
		content["format"], content["value"] = "link", r.location
	}
	s, err := c.open(ctx, cmd)
	if err != nil {
		return err
	}
	e := entry{session: s, doc: doc, data: content, from: r.location}
	return e.register(ctx, r)
}

// file is the name of the file, for what the bytes do not tell.
func (r *registration) file() string {
	if u, err := url.Parse(r.location); err == nil && isAddress(r.location) {
		return path.Base(u.Path)
	}
	return filepath.Base(r.location)
}

func isAddress(location string) bool {
	lower := strings.ToLower(location)
	return strings.HasPrefix(lower, "https://") || strings.HasPrefix(lower, "http://")
}

// entry is what is registered, on its way into a center.
type entry struct {
	*session
	doc  specification.Document
	data object // body of the import
	from string

	api, version, definition string // names
}

// register writes the API and what hangs on it, from the top down. What can be
// refused without a trace is looked at first.
func (e *entry) register(ctx context.Context, r *registration) error {
	var environment object
	var err error
	if r.environment != "" {
		id := shortID(r.environment, e.workspace)
		if environment, err = e.get(ctx, e.service.path()+id, stable); err != nil {
			return fmt.Errorf("look for the environment: %w", err)
		}
	}
	base := strings.TrimSuffix(r.file(), path.Ext(r.file()))
	e.doc.Title = cmp.Or(e.doc.Title, base)
	e.doc.Release = cmp.Or(e.doc.Release, "1.0.0")
	e.doc.Kind = cmp.Or(strings.ToLower(r.kind), e.doc.Kind)
	e.api = cmp.Or(r.api, slug(e.doc.Title, "api"))
	e.version = cmp.Or(r.version, slug(e.doc.Release, "version"))
	e.definition = e.doc.Definition
	of := names{"api-id": &e.api, "version-id": &e.version, "definition-id": &e.definition}
	if _, err := e.ensure(ctx, e.at(apiKind(), of), stable, e.putAPI); err != nil {
		return fmt.Errorf("register the API %s: %w", e.api, err)
	}
	if _, err := e.ensure(ctx, e.at(versionKind(), of), stable, e.putVersion); err != nil {
		return fmt.Errorf("register the version %s: %w", e.version, err)
	}
	definition := e.at(definitionKind(), of)
	if _, err := e.ensure(ctx, definition, stable, e.putDefinition); err != nil {
		return fmt.Errorf("register the definition %s: %w", e.definition, err)
	}
	if _, err := e.post(ctx, call{path: definition + "/importSpecification", version: stable, body: e.data, patient: documentPatience}); err != nil {
		return fmt.Errorf("import the document: %w", err)
	}
	if environment != nil {
		name := environment.text("name")
		of["deployment-id"] = &name
		_, err := e.ensure(ctx, e.at(deploymentKind(), of), stable, func(o object) error { return e.putDeployment(o, environment.flat()) })
		if err != nil {
			return fmt.Errorf("register the deployment %s: %w", name, err)
		}
	}
	api, err := e.get(ctx, e.at(apiKind(), of), stable) // its stage comes from the version
	if err != nil {
		return err
	}
	return apiKind().row(e.print, api)
}

// The lengths that every center takes.
const (
	maxTitle       = 50
	maxSummary     = 200
	maxDescription = 1000
	maxName        = 100
	maxNote        = 500
)

func (e *entry) putAPI(o object) error {
	put(o, "title", e.cut("title", e.doc.Title, maxTitle))
	put(o, "kind", e.doc.Kind)
	put(o, "summary", e.cut("summary", e.doc.Summary, maxSummary))
	put(o, "description", e.cut("description", e.doc.Description, maxDescription))
	if e.doc.TermsOfService != "" {
		put(o, "termsOfService", map[string]any{"url": e.doc.TermsOfService})
	}
	if l := e.doc.License; l != (specification.License{}) {
		put(o, "license", texts("name", e.cut("name of the license", l.Name, maxName), "url", l.URL, "identifier", l.Identifier))
	}
	var contacts, docs []any
	for _, c := range e.doc.Contacts {
		contacts = append(contacts, texts("name", e.cut("name of the contact", c.Name, maxName), "url", c.URL, "email", c.Email))
	}
	put(o, "contacts", contacts)
	for _, d := range e.doc.Documentation {
		docs = append(docs, texts("title", d.Title, "description", e.cut("description of the documentation", d.Description, maxNote), "url", d.URL))
	}
	put(o, "externalDocumentation", docs)
	return nil
}

func (e *entry) putVersion(o object) error {
	put(o, "title", e.cut("version", e.doc.Release, maxTitle))
	begin(o, "lifecycleStage", "design")
	return nil
}

func (e *entry) putDefinition(o object) error {
	begin(o, "title", e.doc.Label)
	return nil
}

func (e *entry) putDeployment(o, environment object) error {
	begin(o, "title", e.cut("title of the deployment", cmp.Or(environment.text("title"), environment.text("name")), maxTitle))
	put(o, "environmentId", shortID(environment.text("id"), e.workspace))
	put(o, "definitionId", "/workspaces/"+e.workspace+"/apis/"+e.api+"/versions/"+e.version+"/definitions/"+e.definition)
	var addresses []any
	for _, a := range e.doc.Servers {
		addresses = append(addresses, e.absolute(a))
	}
	if len(addresses) > 0 {
		put(o, "server", map[string]any{"runtimeUri": addresses})
	}
	begin(o, "state", "active")
	return nil
}

// absolute is the address of a server, which may be relative to that of the document.
func (e *entry) absolute(server string) string {
	if !isAddress(e.from) {
		return server
	}
	base, err := url.Parse(e.from)
	if err != nil {
		return server
	}
	u, err := base.Parse(server)
	if err != nil {
		return server
	}
	return u.String()
}

// put sets a property of a resource, unless there is nothing to say.
func put(o object, name string, v any) {
	switch v := v.(type) {
	case string:
		if v == "" {
			return
		}
	case []any:
		if len(v) == 0 {
			return
		}
	}
	properties, _ := asObject(o["properties"])
	properties[name] = v
}

// begin is put for what is people's from then on.
func begin(o object, name string, v any) {
	if o.at("properties."+name) == nil {
		put(o, name, v)
	}
}

// texts makes an object of name and text, where there is one.
func texts(pairs ...string) map[string]any {
	m := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			m[pairs[i]] = pairs[i+1]
		}
	}
	return m
}

// cut cuts a text to n characters at a word, and says so.
func (e *entry) cut(what, text string, n int) string {
	runes := []rune(text)
	if len(runes) <= n {
		return text
	}
	short := string(runes[:n-1])
	if i := strings.LastIndexAny(short, " \t\r\n"); i > len(short)/2 {
		short = short[:i]
	}
	short = strings.TrimRight(short, " \t\r\n") + "…"
	fmt.Fprintf(e.streams.Err, "Note: the %s has %d characters and is cut to %d\n", what, len(runes), len([]rune(short)))
	return short
}

// slug makes a name of a text: letters, digits and single hyphens, 3 to 90 of
// them. What is too short for a name gets the prefix.
func slug(text, prefix string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(text) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	s := strings.Trim(b.String(), "-")
	if s == "" { // none of the letters that a name may have
		h := fnv.New32a()
		h.Write([]byte(text))
		s = fmt.Sprintf("%s-%08x", prefix, h.Sum32())
	}
	if len(s) < 3 {
		s = prefix + "-" + s
	}
	return strings.TrimRight(s[:min(len(s), 90)], "-")
}

// fetch reads a definition from a file, the standard input or an address. No
// token goes along: the address may be anybody's.
func (s Streams) fetch(ctx context.Context, location string) ([]byte, error) {
	switch {
	case location == "-":
		return limitedBytes(s.In, "the standard input")
	case !isAddress(location):
		f, err := os.Open(location)
		if err != nil {
			return nil, failed("", "read the definition: %v", err)
		}
		defer f.Close()
		return limitedBytes(f, location)
	}
	ctx, stop := context.WithTimeout(ctx, documentPatience)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, location, nil)
	if err != nil {
		return nil, failed("", "%s is not an address", location)
	}
	resp, err := (&http.Client{Transport: s.Transport}).Do(req)
	if err != nil {
		return nil, failed("", "read the definition: %v", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, failed("", "%s answers %s", location, resp.Status)
	}
	return limitedBytes(resp.Body, location)
}

func limitedBytes(r io.Reader, name string) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, specification.MaxSize+1))
	switch {
	case err != nil:
		return nil, failed("", "read %s: %v", name, err)
	case len(b) > specification.MaxSize:
		return nil, failed("", "%s is larger than %d MiB", name, specification.MaxSize>>20)
	}
	return b, nil
}
