package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"time"

	"apicenter/client"
)

// object is a JSON object as the center sent it; numbers are json.Number.
type object map[string]any

// caller is a center as the verbs speak to it: with objects, and errors that
// say what to do.
type caller struct{ *client.Client }

// call is one request: a path below the center's address.
type call struct {
	method   string
	path     string
	version  string
	query    url.Values
	body     object // nil sends none
	ifMatch  string // go on only if the resource still has this ETag
	ifAbsent bool   // go on only if there is no such resource
	patient  time.Duration
}

func (r call) request() client.Request {
	out := client.Request{Method: r.method, Path: r.path, APIVersion: r.version, Query: r.query, Patience: r.patient}
	if r.body != nil {
		out.Body = r.body
	}
	if r.ifMatch != "" {
		out.When = append(out.When, client.IfMatch(r.ifMatch))
	}
	if r.ifAbsent {
		out.When = append(out.When, client.IfNoneMatch("*"))
	}
	return out
}

// answer is a success: any 2xx.
type answer struct{ *client.Response }

// object decodes the body; an empty body is an empty object.
func (a answer) object() (object, error) {
	o := object{}
	if err := a.Decode(&o); err != nil {
		return nil, explain(err)
	}
	return o, nil
}

// do makes the call. Errors are *apiError or *failure.
func (c caller) do(ctx context.Context, r call) (answer, error) {
	a, err := c.Do(ctx, r.request())
	return answer{a}, explain(err)
}

// get reads one object.
func (c caller) get(ctx context.Context, path, version string) (object, error) {
	a, err := c.do(ctx, call{method: http.MethodGet, path: path, version: version})
	if err != nil {
		return nil, err
	}
	return a.object()
}

// all reads the objects of a list, page by page.
func (c caller) all(ctx context.Context, path, version string, query url.Values) iter.Seq2[object, error] {
	return func(yield func(object, error) bool) {
		r := client.Request{Path: path, APIVersion: version, Query: query}
		for o, err := range client.Items[object](ctx, c.Client, r) {
			if !yield(o, explain(err)) {
				return
			}
		}
	}
}

// finish follows a 202 to its end by the Location header. An operation that
// ended badly is an error.
func (c caller) finish(ctx context.Context, a answer) (answer, error) {
	done, err := c.Finish(ctx, a.Response)
	return answer{done}, explain(err)
}

// ref is the service that is meant.
func (s *session) ref() client.ServiceRef {
	return s.Service(s.service.subscription, s.service.group, s.service.name)
}

// space is the workspace that is meant.
func (s *session) space() client.WorkspaceRef { return s.ref().Workspace(s.workspace) }

// link is the link that the flags name.
func (s *session) link(of names) client.APISourceRef {
	return s.space().APISource(*of[linkStep().flag])
}

// settings are the properties of a link, as the client takes them.
func settings(link object) (*client.APISource, error) {
	text, err := json.Marshal(link["properties"])
	if err != nil {
		return nil, failed("", "write the link: %v", err)
	}
	var p client.APISource
	if err := json.Unmarshal(text, &p); err != nil {
		return nil, failed("", "read the link: %v", err)
	}
	return &p, nil
}

// tell is what a method of the client gave, as it is printed.
func tell[T any](v T, err error) (object, error) {
	if err != nil {
		return nil, explain(err)
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil, failed("", "write what the center said: %v", err)
	}
	o := object{}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return o, d.Decode(&o)
}

// told is tell for each item of a list.
func told[T any](items iter.Seq2[T, error]) ([]object, error) {
	var out []object
	for v, err := range items {
		o, err := tell(v, err)
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, nil
}

// sleep waits for d or for the end of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ended(ctx)
	case <-time.After(d):
		return nil
	}
}
