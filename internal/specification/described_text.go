package specification

import (
	"bytes"
	"regexp"
	"strings"
)

var (
	protoService = regexp.MustCompile(`(?m)^\s*service\s+([A-Za-z_]\w*)\s*\{`)
	protoPackage = regexp.MustCompile(`(?m)^\s*package\s+([\w.]+)\s*;`)
	protoLine    = regexp.MustCompile(`(?m)^\s*(message|service|package|import|enum)\s+["\w.]+\s*[{;]?`)
	graphLine    = regexp.MustCompile(`(?m)^\s*(extend\s+)?(type|interface|input|enum|union|scalar|schema|directive)\b\s*[@A-Za-z_{]`)
	release      = regexp.MustCompile(`^v\d+((alpha|beta)\d+)?$`)
)

// looksLikeProto and looksLikeGraphQL judge by the first lines of a kind that
// only that language has.
func looksLikeProto(data []byte) bool {
	return ProtoSyntax(data) != "" || protoService.Match(data) && protoLine.Match(data) && bytes.Contains(data, []byte("rpc "))
}

func looksLikeGraphQL(data []byte) bool { return graphLine.Match(data) }

// detectProto reads a protobuf file: `package shop.orders.v1; service Orders {…}`.
func detectProto(data []byte) Document {
	d := Document{Format: Format{"grpc", ProtoSyntax(data)}, Definition: "grpc", Label: "gRPC", Kind: "grpc"}
	if m := protoService.FindSubmatch(data); m != nil {
		d.Title = string(m[1])
	}
	if m := protoPackage.FindSubmatch(data); m != nil {
		name := string(m[1])
		if version := name[strings.LastIndex(name, ".")+1:]; release.MatchString(version) {
			d.Release = version
			name = strings.TrimSuffix(strings.TrimSuffix(name, version), ".")
		}
		if d.Title == "" {
			d.Title = name
		}
	}
	return d
}

// detectGraphQL reads a schema in GraphQL's own language. Its description of
// the schema is that of the API.
func detectGraphQL(data []byte) Document {
	d := Document{Format: Format{Name: "graphql"}, Definition: "graphql", Label: "GraphQL", Kind: "graphql"}
	if m := described.FindSubmatch(data); m != nil {
		d.Description = strings.TrimSpace(string(m[1]))
	}
	return d
}

// described is a schema with the text before it.
var described = regexp.MustCompile(`"""([^"]+)"""\s*schema\b`)
