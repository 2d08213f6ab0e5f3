package mcpapi

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"apicenter/internal/feed"
	"apicenter/internal/inventory"
)

// What the tools need the right to.
const (
	readAPIs   = "Microsoft.ApiCenter/services/workspaces/apis/read"
	exportThem = "Microsoft.ApiCenter/services/workspaces/apis/versions/definitions/exportSpecification/action"

	// Who did what is for the control plane, wherever else it can be read.
	readHistory      = "Microsoft.ApiCenter/services/workspaces/history/read"
	readHistoryOfAPI = "Microsoft.ApiCenter/services/workspaces/apis/history/read"
)

// Bounds of the answers.
const (
	usualItems = 20
	maxItems   = 100
	usualChars = 60_000
	maxChars   = 400_000
	maxParts   = 200 // versions or deployments of an API
	maxText    = 64 << 20
)

type searchInput struct {
	Query   string `json:"query,omitempty" jsonschema:"words that all must begin a word of the API's name, title, summary or description, or of what its definitions define: paths, operations, types"`
	Kind    string `json:"kind,omitempty" jsonschema:"only APIs of this kind: rest, soap, graphql, grpc, websocket, webhook, mcp, a2a"`
	Stage   string `json:"lifecycleStage,omitempty" jsonschema:"only APIs of this stage: design, development, testing, preview, production, deprecated, retired"`
	Service string `json:"service,omitempty" jsonschema:"name of the API center, if there are several"`
	Limit   int    `json:"limit,omitempty" jsonschema:"how many at most, 20 unless given, 100 at most"`
	Cursor  string `json:"cursor,omitempty" jsonschema:"nextCursor of the page before"`
}

type found struct {
	Name           string `json:"name"`
	Title          string `json:"title"`
	Summary        string `json:"summary,omitempty"`
	Kind           string `json:"kind"`
	LifecycleStage string `json:"lifecycleStage,omitempty"`
	Updated        string `json:"updated"`
	Match          string `json:"match,omitempty" jsonschema:"what a definition has that was searched for: an operation, a type"`
	Version        string `json:"version,omitempty" jsonschema:"name of the version that it is in"`
}

type searchOutput struct {
	APIs       []found `json:"apis"`
	NextCursor string  `json:"nextCursor,omitempty"`
}

func (c *call) search(in searchInput) (searchOutput, error) {
	out := searchOutput{APIs: []found{}}
	workspace, err := c.readable(in.Service, readAPIs)
	if err != nil {
		return out, err
	}
	q := inventory.Query{Parent: workspace, Kind: inventory.KindAPI, Search: in.Query, Deep: in.Query != "", Limit: within(in.Limit, usualItems, maxItems)}
	if in.Query != "" {
		q.Order.By = inventory.ByRank
	}
	if in.Cursor != "" {
		if q.After, err = inventory.ParsePosition(in.Cursor); err != nil {
			return out, noCursor(in.Cursor)
		}
	}
	q.Filter = all(equals("/kind", in.Kind), equals(inventory.FieldLifecycleStage, in.Stage))
	page, err := c.Catalog.Browse(c.ctx, q)
	if err != nil {
		return out, err
	}
	for _, r := range page.Items {
		d, err := inventory.ParseDoc(r.Doc)
		if err != nil {
			return out, err
		}
		f := foundIn(r, d)
		if in, ok := page.Found[r.Key]; ok {
			f.Match, f.Version = in.Entry, in.Version.Name()
		}
		out.APIs = append(out.APIs, f)
	}
	if !page.Next.IsZero() {
		out.NextCursor = page.Next.String()
	}
	return out, nil
}

func foundIn(r inventory.Resource, d inventory.Doc) found {
	return found{
		Name: r.Name(), Title: d.Text("/title"), Summary: d.Text("/summary"), Kind: d.Text("/kind"),
		LifecycleStage: d.Text(inventory.FieldLifecycleStage), Updated: stamp(r.Updated.At),
	}
}

// equals is the condition that a field has a value; nil for no value.
func equals(f inventory.Field, value string) *inventory.Expr {
	if value == "" {
		return nil
	}
	return &inventory.Expr{Op: "eq", Field: f, Value: value}
}

// all is the condition that all of them hold; nil when there is none.
func all(conditions ...*inventory.Expr) *inventory.Expr {
	var args []inventory.Expr
	for _, e := range conditions {
		if e != nil {
			args = append(args, *e)
		}
	}
	switch len(args) {
	case 0:
		return nil
	case 1:
		return &args[0]
	default:
		return &inventory.Expr{Op: "and", Args: args}
	}
}

func within(n, usual, most int) int {
	if n <= 0 {
		return usual
	}
	return min(n, most)
}

type apiInput struct {
	API     string `json:"api" jsonschema:"name of the API, as search_apis gives it"`
	Service string `json:"service,omitempty" jsonschema:"name of the API center, if there are several"`
}

type apiOutput struct {
	found
	Description string         `json:"description,omitempty"`
	Properties  map[string]any `json:"properties,omitempty" jsonschema:"contacts, license, documentation and custom metadata"`
	Versions    []version      `json:"versions"`
	Deployments []deployment   `json:"deployments"`
}

type version struct {
	Name           string       `json:"name"`
	Title          string       `json:"title"`
	LifecycleStage string       `json:"lifecycleStage,omitempty"`
	Definitions    []definition `json:"definitions"`
}

type definition struct {
	Name   string `json:"name"`
	Title  string `json:"title"`
	Format string `json:"format,omitempty" jsonschema:"openapi, wsdl, graphql and so on, with its version"`
}

type deployment struct {
	Name        string   `json:"name"`
	Title       string   `json:"title,omitempty"`
	Environment string   `json:"environment,omitempty"`
	BaseURLs    []string `json:"baseUrls"`
}

func (c *call) api(in apiInput) (apiOutput, error) {
	out := apiOutput{Versions: []version{}, Deployments: []deployment{}}
	id, err := c.apiNamed(in.Service, in.API, readAPIs)
	if err != nil {
		return out, err
	}
	r, err := c.Catalog.Get(c.ctx, id)
	if err != nil {
		return out, err
	}
	d, err := inventory.ParseDoc(r.Doc)
	if err != nil {
		return out, err
	}
	out.found, out.Description = foundIn(r, d), d.Text("/description")
	for f := range d.All() {
		switch name, _, _ := strings.Cut(string(f[1:]), "/"); name {
		case "contacts", "license", "termsOfService", "externalDocumentation", "customProperties":
			var v any
			if out.Properties == nil {
				out.Properties = map[string]any{}
			}
			d.Read(f, &v)
			out.Properties[string(f[1:])] = v
		}
	}
	err = c.each(inventory.Query{Parent: id, Kind: inventory.KindVersion, Limit: maxParts}, func(r inventory.Resource, d inventory.Doc) error {
		v := version{Name: r.Name(), Title: d.Text("/title"), LifecycleStage: d.Text("/lifecycleStage"), Definitions: []definition{}}
		err := c.each(inventory.Query{Parent: r.ID, Kind: inventory.KindDefinition, Limit: maxParts}, func(r inventory.Resource, d inventory.Doc) error {
			var s struct{ Name, Version string }
			d.Read("/specification", &s)
			v.Definitions = append(v.Definitions, definition{Name: r.Name(), Title: d.Text("/title"), Format: strings.TrimSpace(s.Name + " " + s.Version)})
			return nil
		})
		out.Versions = append(out.Versions, v)
		return err
	})
	if err != nil {
		return out, err
	}
	return out, c.each(inventory.Query{Parent: id, Kind: inventory.KindDeployment, Limit: maxParts}, func(r inventory.Resource, d inventory.Doc) error {
		at := deployment{Name: r.Name(), Title: d.Text("/title"), BaseURLs: []string{}}
		environment := d.Text("/environmentId")
		at.Environment = environment[strings.LastIndexByte(environment, '/')+1:]
		d.Read("/server/runtimeUri", &at.BaseURLs)
		out.Deployments = append(out.Deployments, at)
		return nil
	})
}

// each calls f with each thing of a query.
func (c *call) each(q inventory.Query, f func(inventory.Resource, inventory.Doc) error) error {
	page, err := c.Catalog.List(c.ctx, q)
	if err != nil {
		return err
	}
	for _, r := range page.Items {
		d, err := inventory.ParseDoc(r.Doc)
		if err == nil {
			err = f(r, d)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// apiNamed is the API of a name, in a service that the caller may read.
func (c *call) apiNamed(service, name, action string) (inventory.ID, error) {
	workspace, err := c.readable(service, action)
	if err != nil {
		return inventory.ID{}, err
	}
	return child(workspace, inventory.KindAPI, "api", name)
}

// child is the thing of a kind that a caller names.
func child(in inventory.ID, k inventory.Kind, argument, name string) (inventory.ID, error) {
	id, err := inventory.ParseID(in.String() + "/" + k.Collection() + "/" + name)
	if err != nil || id.Kind() != k {
		return id, inventory.Errorf(inventory.Invalid, argument, "%q is no name of a %s", name, k)
	}
	return id, nil
}

type definitionInput struct {
	API        string `json:"api" jsonschema:"name of the API"`
	Version    string `json:"version" jsonschema:"name of the version, as get_api gives it"`
	Definition string `json:"definition" jsonschema:"name of the definition, as get_api gives it"`
	Service    string `json:"service,omitempty" jsonschema:"name of the API center, if there are several"`
	Offset     int    `json:"offset,omitempty" jsonschema:"where to begin, in bytes: nextOffset of the part before"`
	Limit      int    `json:"limit,omitempty" jsonschema:"how many bytes at most, from 4 to 400000, 60000 unless given"`
}

type definitionOutput struct {
	Text       string `json:"text"`
	Size       int64  `json:"size" jsonschema:"of the whole document, in bytes"`
	NextOffset int    `json:"nextOffset,omitempty" jsonschema:"where the next part begins; absent after the last"`
}

func (c *call) definition(in definitionInput) (out definitionOutput, err error) {
	api, err := c.apiNamed(in.Service, in.API, exportThem)
	if err != nil {
		return out, err
	}
	v, err := child(api, inventory.KindVersion, "version", in.Version)
	if err != nil {
		return out, err
	}
	id, err := child(v, inventory.KindDefinition, "definition", in.Definition)
	if err != nil {
		return out, err
	}
	digest, err := c.Catalog.ExportSpecification(c.ctx, id, time.Time{})
	if err != nil {
		return out, err
	}
	document, size, err := c.Catalog.Document(c.ctx, digest)
	if err != nil {
		return out, err
	}
	defer document.Close()
	if in.Offset < 0 || int64(in.Offset) > size || size > maxText {
		return out, inventory.Errorf(inventory.Invalid, "offset", "the document has %d bytes, and can be read from 0 to its end, up to %d", size, maxText)
	}
	if _, err := io.CopyN(io.Discard, document, int64(in.Offset)); err != nil {
		return out, fmt.Errorf("read document %s: %w", digest, err)
	}
	limit := max(within(in.Limit, usualChars, maxChars), utf8.UTFMax) // so that each part has a character
	part, err := io.ReadAll(io.LimitReader(document, int64(limit)))
	if err != nil {
		return out, fmt.Errorf("read document %s: %w", digest, err)
	}
	if in.Offset > 0 && len(part) > 0 && !utf8.RuneStart(part[0]) {
		return out, inventory.Errorf(inventory.Invalid, "offset", "no character begins at offset %d: use nextOffset of the part before; a definition that is no text, download by exportSpecification", in.Offset)
	}
	if int64(in.Offset+len(part)) < size {
		part = whole(part)
		out.NextOffset = in.Offset + len(part)
	}
	if !utf8.Valid(part) {
		return out, inventory.Errorf(inventory.Invalid, "", "the definition is no text; download it by exportSpecification")
	}
	out.Text, out.Size = string(part), size
	return out, nil
}

// whole leaves out a character at the end that is not all there.
func whole(b []byte) []byte {
	for cut := 1; cut < utf8.UTFMax && cut <= len(b); cut++ {
		if start := len(b) - cut; utf8.RuneStart(b[start]) {
			if !utf8.FullRune(b[start:]) {
				return b[:start]
			}
			break
		}
	}
	return b
}

type changesInput struct {
	API     string `json:"api,omitempty" jsonschema:"only changes of this API and of all in it"`
	Service string `json:"service,omitempty" jsonschema:"name of the API center, if there are several"`
	Cursor  string `json:"cursor,omitempty" jsonschema:"nextCursor of the page before, for older changes"`
	Limit   int    `json:"limit,omitempty" jsonschema:"how many at most, 20 unless given, 100 at most"`
}

type changesOutput struct {
	Changes    []event `json:"changes"`
	NextCursor string  `json:"nextCursor,omitempty"`
}

type event struct {
	At      string   `json:"at"`
	Actor   string   `json:"actor"`
	What    string   `json:"what" jsonschema:"the thing, by its path in the service"`
	Action  string   `json:"action"`
	Details []detail `json:"details,omitempty"`
}

type detail struct {
	What     string   `json:"what"`
	Action   string   `json:"action"`
	Fields   []string `json:"fields,omitempty"`
	Breaking bool     `json:"breaking,omitempty" jsonschema:"its new definition breaks who uses the API"`
}

func (c *call) changes(in changesInput) (changesOutput, error) {
	out := changesOutput{Changes: []event{}}
	of, action := func(workspace inventory.ID) inventory.ID { return workspace }, readHistory
	if in.API != "" {
		name, err := child(c.DefaultService.Child(inventory.KindWorkspace, "default"), inventory.KindAPI, "api", in.API)
		if err != nil {
			return out, err
		}
		of = func(workspace inventory.ID) inventory.ID { return workspace.Child(inventory.KindAPI, name.Name()) }
		action = readHistoryOfAPI
	}
	workspace, err := c.workspace(in.Service, action, func(workspace inventory.ID) error {
		return c.Access.Authorize(c.ctx, action, feed.ARMID(of(workspace).String()))
	})
	if err != nil {
		return out, err
	}
	var before int64
	if in.Cursor != "" {
		if before, err = strconv.ParseInt(in.Cursor, 10, 64); err != nil || before <= 0 {
			return out, noCursor(in.Cursor)
		}
	}
	limit := within(in.Limit, usualItems, maxItems)
	events, err := c.Catalog.History(c.ctx, of(workspace), before, limit+1)
	if err != nil {
		return out, err
	}
	if len(events) > limit {
		events = events[:limit]
		out.NextCursor = strconv.FormatInt(events[limit-1].Sequence, 10)
	}
	for _, e := range events {
		out.Changes = append(out.Changes, told(e))
	}
	return out, nil
}

func noCursor(text string) error {
	return inventory.Errorf(inventory.Invalid, "cursor", "%q is no cursor; use nextCursor of a page", text)
}

func told(e inventory.Event) event {
	out := event{At: stamp(e.At), Actor: e.Actor, What: below(e.Path), Action: string(e.Action)}
	for _, change := range e.Changes {
		d := detail{What: below(change.Path), Action: string(change.Action), Breaking: change.Compatibility != nil && change.Compatibility.Verdict == inventory.Breaking}
		for _, f := range feed.Visible(change.Fields) {
			d.Fields = append(d.Fields, string(f.Field))
		}
		out.Details = append(out.Details, d)
	}
	return out
}

// below is a path without the service that it is in.
func below(path string) string {
	parts := strings.SplitN(path, "/", 4)
	return parts[len(parts)-1]
}
