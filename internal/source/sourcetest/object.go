package sourcetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"

	"apicenter/internal/inventory"
	"apicenter/internal/source"
)

// Environment is the root of an instance, as every whole reading has one.
func Environment(name string) source.Object {
	return source.Object{
		Kind: inventory.KindEnvironment, Name: name,
		States: doc("/server/type", "Azure API Management"),
		Seeds:  doc("/title", name, "/kind", "production"),
	}
}

// API is a REST API outside of any group, with one version that has one
// OpenAPI definition and one deployment, all under the one identity. Different
// arguments give a different mark. A nil document gives no definition.
func API(external, title, version string, document []byte) source.Object {
	return Group(external, title, Version(external, version, document))
}

// Group is an API of several versions, as [Version] makes them.
func Group(external, title string, versions ...source.Object) source.Object {
	states := doc("/title", title, "/kind", "rest")
	states.Set("/description", nil)
	return source.Object{
		Kind: inventory.KindAPI, External: external, Name: title,
		States: states, Children: versions,
	}
}

// Version is one version with its definition and its deployment.
func Version(external, title string, document []byte) source.Object {
	v := source.Object{
		Kind: inventory.KindVersion, External: external, Name: title,
		States: doc("/title", title),
		Seeds:  doc("/lifecycleStage", "design"),
	}
	if document != nil {
		v.Children = append(v.Children, source.Object{
			Kind: inventory.KindDefinition, External: external, Name: "openapi",
			States:   doc("/title", "OpenAPI"),
			Document: Bytes(external+"\n"+title, document),
		})
	}
	deployment := source.Object{
		Kind: inventory.KindDeployment, External: external,
		States: inventory.Doc{},
		Seeds:  doc("/title", title, "/state", "active"),
	}
	deployment.States.Set("/server/runtimeUri", []string{"https://gateway.example/" + external})
	v.Children = append(v.Children, deployment)
	return v
}

// Bytes is a document in memory, whose mark follows from its bytes and from what the listing said.
func Bytes(listed string, body []byte) *source.Document {
	sum := sha256.Sum256(append([]byte(listed+"\n"), body...))
	return &source.Document{
		Mark: hex.EncodeToString(sum[:8]),
		Open: func(ctx context.Context) (source.Content, error) { return content(ctx, body) },
	}
}

// content is an OpenAPI document as a connector hands it over.
func content(ctx context.Context, body []byte) (source.Content, error) {
	if err := ctx.Err(); err != nil {
		return source.Content{}, err
	}
	states := inventory.Doc{}
	states.Set("/specification", map[string]string{"name": "openapi", "version": "3.0.1"})
	return source.Content{ReadCloser: io.NopCloser(bytes.NewReader(body)), States: states}, nil
}

// doc makes a Doc of fields and texts in turn.
func doc(pairs ...string) inventory.Doc {
	d := make(inventory.Doc, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		d.Set(inventory.Field(pairs[i]), pairs[i+1])
	}
	return d
}
