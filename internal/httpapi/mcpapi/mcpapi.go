// Package mcpapi lets programs that speak the Model Context Protocol, AI agents
// above all, find APIs and read them: at /mcp, over streamable HTTP, without
// sessions. It only reads. Who may read a service by either plane may use it, and
// everybody where a service is open to all.
package mcpapi

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"apicenter/internal/arm"
	"apicenter/internal/auth"
	"apicenter/internal/catalog"
	"apicenter/internal/feed"
	"apicenter/internal/httpapi/reply"
	"apicenter/internal/inventory"
)

// Path is where the endpoint is.
const Path = "/mcp"

// maxBody is more than a call of any tool needs.
const maxBody = 64 << 10

// Access says who may do what, and who may read by either plane. The error of
// somebody who may not is Denied.
type Access interface {
	Authorize(ctx context.Context, action, scope string) error
	AuthorizeReading(ctx context.Context, action, scope string) error
}

// Options are what a Handler needs.
type Options struct {
	Catalog        *catalog.Catalog
	Access         Access
	DefaultService inventory.ID // of calls that name none
	Version        string       // of the program
	Log            *slog.Logger
}

// Handler answers at Path. The caller is in the context already; it may be nobody.
type Handler struct {
	Options
	schemas *mcp.SchemaCache
	serve   http.Handler
}

// New makes a Handler.
func New(o Options) *Handler {
	if o.Access == nil {
		panic("mcpapi: a handler without access would let everybody in")
	}
	h := &Handler{Options: o, schemas: mcp.NewSchemaCache()}
	h.serve = mcp.NewStreamableHTTPHandler(func(r *http.Request) *mcp.Server { return h.server(r.Context()) }, &mcp.StreamableHTTPOptions{
		Stateless: true, JSONResponse: true, MaxRequestBodyBytes: maxBody,
		DisableLocalhostProtection: true, // a token is what lets in, wherever the name of the host leads
	})
	h.serve = http.NewCrossOriginProtection().Handler(h.serve)
	return h
}

// Owns says that a request is for this surface.
func (h *Handler) Owns(r *http.Request) bool { return r.URL.Path == Path }

// ServeHTTP refuses who could read nothing before the protocol begins, so that
// clients learn that they need a token.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if p, ok := auth.From(r.Context()); !ok || p.Kind == auth.Anonymous {
		open, err := h.Catalog.OpenToAll(r.Context(), h.DefaultService)
		if err != nil {
			reply.Fail(w, r, h.Log, err, reply.Refusal(err))
			return
		}
		if !open {
			w.Header().Set("WWW-Authenticate", `Bearer realm="apicenter"`)
			reply.Error(w, arm.Errorf(http.StatusUnauthorized, arm.CodeUnauthenticated, "send the header 'Authorization: Bearer <key>' with an API key"))
			return
		}
	}
	h.serve.ServeHTTP(w, r)
}

// server is the server of one request: who asks is in ctx.
func (h *Handler) server(ctx context.Context) *mcp.Server {
	s := mcp.NewServer(&mcp.Implementation{Name: "apicenter", Title: "API center", Version: h.Version}, &mcp.ServerOptions{
		Instructions: "The inventory of all APIs of an organisation, in step with their gateways. Find an API with search_apis, " +
			"see its versions, base URLs and owners with get_api, and read its OpenAPI, GraphQL or WSDL definition with get_definition.",
		Capabilities: &mcp.ServerCapabilities{Tools: &mcp.ToolCapabilities{}},
		SchemaCache:  h.schemas,
	})
	c := &call{Handler: h, ctx: ctx}
	add(s, c, "search_apis", "Search APIs", "Finds APIs by words of their name, title, summary or description, and of the paths, operations and types of their definitions; without words it lists all of them.", (*call).search)
	add(s, c, "get_api", "Read an API", "Gives an API with its versions, definitions, and deployments with their base URLs.", (*call).api)
	add(s, c, "get_definition", "Fetch a definition", "Gives the text of a definition of an API, an OpenAPI document for example, from an offset on.", (*call).definition)
	add(s, c, "list_changes", "List changes", "Tells what has changed in the inventory or in one API, newest first.", (*call).changes)
	return s
}

// call is one request.
type call struct {
	*Handler
	ctx context.Context // of the HTTP request: who asks is in it
}

// add adds a tool that reads.
func add[In, Out any](s *mcp.Server, c *call, name, title, description string, do func(*call, In) (Out, error)) {
	no := false
	tool := &mcp.Tool{Name: name, Title: title, Description: description, Annotations: &mcp.ToolAnnotations{Title: title, ReadOnlyHint: true, OpenWorldHint: &no}}
	mcp.AddTool(s, tool, func(_ context.Context, _ *mcp.CallToolRequest, in In) (*mcp.CallToolResult, Out, error) {
		out, err := do(c, in)
		if err != nil {
			err = c.refusal(c.ctx, name, err)
		}
		return nil, out, err
	})
}

// refusal is an error as a caller may see it.
func (h *Handler) refusal(ctx context.Context, tool string, err error) error {
	if e := reply.Refusal(err); e != nil {
		return e
	}
	h.Log.ErrorContext(ctx, "tool failed", "tool", tool, "error", err)
	return arm.Errorf(http.StatusInternalServerError, arm.CodeInternal, "internal error; the server's log has the details")
}

// workspace finds the default workspace of a service where the caller may do
// something. Several services can have one name, and the caller is not told of those
// where he may not: they look like none.
func (c *call) workspace(service, action string, may func(workspace inventory.ID) error) (inventory.ID, error) {
	if service == "" {
		workspace := c.DefaultService.Child(inventory.KindWorkspace, "default")
		return workspace, may(workspace)
	}
	all, err := c.Catalog.AllServices(c.ctx)
	if err != nil {
		return inventory.ID{}, err
	}
	for _, s := range all {
		if !strings.EqualFold(s.Name(), service) {
			continue
		}
		workspace := s.ID.Child(inventory.KindWorkspace, "default")
		if err := may(workspace); inventory.CodeOf(err) != inventory.Denied {
			return workspace, err
		}
	}
	return inventory.ID{}, inventory.Errorf(inventory.NotFound, "service", "there is no API center %q in which you may perform action '%s'", service, action)
}

// readable finds the default workspace of a service that the caller may read, by
// either plane or because it is open to all.
func (c *call) readable(service, action string) (inventory.ID, error) {
	return c.workspace(service, action, func(workspace inventory.ID) error {
		refused := c.Access.AuthorizeReading(c.ctx, action, feed.ARMID(workspace.String()))
		if refused == nil {
			return nil
		}
		open, err := c.Catalog.OpenToAll(c.ctx, workspace.Parent())
		if open || err != nil {
			return err
		}
		return refused
	})
}

// stamp is a time on the wire.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
