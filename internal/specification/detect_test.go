package specification

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestDetect(t *testing.T) {
	for _, tt := range []struct {
		name, file, text string
		want             Document
	}{
		{
			"OpenAPI 3.1 in YAML", "", `
openapi: 3.1.0
info:
  title: Pets
  summary: All about pets
  description: |
    Sells pets.
  version: 2
  termsOfService: https://t.example
  contact: {name: Ann, email: a@x.example}
  license: {name: MIT, identifier: MIT, url: https://mit.example}
externalDocs: {url: https://docs.example, description: Guide}
servers:
  - {url: "https://{region}.example/{base}", variables: {region: {default: eu}, base: {default: v1}}}
  - {url: /pets}
  - {url: /pets}
paths: {}
`, Document{
				Format: Format{"openapi", "3.1.0"}, Definition: "openapi", Label: "OpenAPI", Kind: "rest",
				Title: "Pets", Summary: "All about pets", Description: "Sells pets.", Release: "2", TermsOfService: "https://t.example",
				Contacts: []Contact{{Name: "Ann", Email: "a@x.example"}}, License: License{Name: "MIT", Identifier: "MIT"},
				Documentation: []Link{{"External documentation", "Guide", "https://docs.example"}},
				Servers:       []string{"https://eu.example/v1", "/pets"},
			},
		},
		{
			"OpenAPI 3.0 in JSON", "", "\ufeff" + `{"openapi":"3.0.1","info":{"title":"Pets","version":"1.0"},"servers":[{"url":"https://x.example"}],"paths":{}}`,
			Document{
				Format: Format{"openapi", "3.0.1"}, Definition: "openapi", Label: "OpenAPI", Kind: "rest",
				Title: "Pets", Release: "1.0", Servers: []string{"https://x.example"},
			},
		},
		{
			"OpenAPI 2", "", `{"swagger":"2.0","info":{"title":"Pets","version":"1.0"},"host":"x.example","basePath":"/v1/","schemes":["https","http"]}`,
			Document{
				Format: Format{"openapi", "2.0"}, Definition: "openapi", Label: "OpenAPI", Kind: "rest",
				Title: "Pets", Release: "1.0", Servers: []string{"https://x.example/v1", "http://x.example/v1"},
			},
		},
		{
			"OpenAPI 2 with a path alone", "", `{"swagger":"2.0","info":{"title":7,"version":1.5},"basePath":"/v1"}`,
			Document{
				Format: Format{"openapi", "2.0"}, Definition: "openapi", Label: "OpenAPI", Kind: "rest",
				Title: "7", Release: "1.5", Servers: []string{"/v1"},
			},
		},
		{
			"AsyncAPI 2", "", "asyncapi: 2.6.0\ninfo: {title: Feed, version: '1'}\nservers: {b: {url: broker.example, protocol: kafka}, a: {url: 'https://hooks.example', protocol: https}}\n",
			Document{
				Format: Format{"asyncapi", "2.6.0"}, Definition: "asyncapi", Label: "AsyncAPI", Kind: "webhook",
				Title: "Feed", Release: "1", Servers: []string{"https://hooks.example", "kafka://broker.example"},
			},
		},
		{
			"AsyncAPI 3", "", "asyncapi: 3.0.0\ninfo: {title: Feed, version: '1', externalDocs: {url: https://d.example}}\nservers: {a: {host: ws.example, pathname: /feed, protocol: wss}}\n",
			Document{
				Format: Format{"asyncapi", "3.0.0"}, Definition: "asyncapi", Label: "AsyncAPI", Kind: "websocket",
				Title: "Feed", Release: "1", Servers: []string{"wss://ws.example/feed"},
				Documentation: []Link{{"External documentation", "", "https://d.example"}},
			},
		},
		{
			"WSDL 1.1", "", `<?xml version="1.0"?><wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/">
				<wsdl:documentation>Adds <b>and</b> more</wsdl:documentation>
				<wsdl:portType><wsdl:documentation>no</wsdl:documentation></wsdl:portType>
				<wsdl:service name="Calculator"><wsdl:port><soap:address location="https://soap.example/calc"/></wsdl:port></wsdl:service></wsdl:definitions>`,
			Document{
				Format: Format{"wsdl", "1.1"}, Definition: "wsdl", Label: "WSDL", Kind: "soap",
				Title: "Calculator", Description: "Adds", Servers: []string{"https://soap.example/calc"},
			},
		},
		{
			"WSDL 2.0", "", `<description xmlns="http://www.w3.org/ns/wsdl"><service name="S"><endpoint address="https://soap.example"/></service></description>`,
			Document{
				Format: Format{"wsdl", "2.0"}, Definition: "wsdl", Label: "WSDL", Kind: "soap",
				Title: "S", Servers: []string{"https://soap.example"},
			},
		},
		{
			"WADL", "", `<application xmlns="http://wadl.dev.java.net/2009/02"><doc title="Old">Still here</doc>
				<resources base="https://old.example"><resource><doc title="no"/></resource></resources></application>`,
			Document{Format: Format{"wadl", ""}, Definition: "wadl", Label: "WADL", Kind: "rest", Title: "Old", Description: "Still here", Servers: []string{"https://old.example"}},
		},
		{
			"OData", "", `<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices><Schema Namespace="NS">
				<EntityContainer Name="Shop"><Annotation Term="Core.Description" String="Sells"/></EntityContainer></Schema></edmx:DataServices></edmx:Edmx>`,
			Document{Format: Format{"other", "4.0"}, Definition: "odata", Label: "OData", Kind: "rest", Title: "Shop", Description: "Sells"},
		},
		{
			"GraphQL", "", "\"\"\"\nA shop\n\"\"\"\nschema { query: Query }\ntype Query { pets: [Pet!]! }\n",
			Document{Format: Format{"graphql", ""}, Definition: "graphql", Label: "GraphQL", Kind: "graphql", Description: "A shop"},
		},
		{"GraphQL by its name", "a.graphql", "# nothing yet", Document{Format: Format{"graphql", ""}, Definition: "graphql", Label: "GraphQL", Kind: "graphql"}},
		{
			"protobuf", "", "// routes\nsyntax = \"proto3\";\npackage io.routes.v1beta1;\nservice RouteGuide {\n rpc Get (A) returns (B) {}\n}\n",
			Document{Format: Format{"grpc", "proto3"}, Definition: "grpc", Label: "gRPC", Kind: "grpc", Title: "RouteGuide", Release: "v1beta1"},
		},
		{
			"protobuf without a service", "types.PROTO", "package io.routes.v2;\nmessage A {}\n",
			Document{Format: Format{"grpc", ""}, Definition: "grpc", Label: "gRPC", Kind: "grpc", Title: "io.routes", Release: "v2"},
		},
		{
			"MCP server", "server.json", `{"$schema":"https://static.modelcontextprotocol.io/schemas/2025-07-09/server.schema.json","name":"io.x/weather","title":"Weather","description":"Tells it",
				"version":"1.0.2","repository":{"url":"https://git.example/w"},"remotes":[{"type":"streamable-http","url":"https://mcp.example"}]}`,
			Document{
				Format: Format{"mcp", ""}, Definition: "mcp", Label: "MCP", Kind: "mcp", Title: "Weather", Description: "Tells it", Release: "1.0.2",
				Documentation: []Link{{"Repository", "", "https://git.example/w"}}, Servers: []string{"https://mcp.example"},
			},
		},
		{
			"A2A agent", "", `{"name":"Travel","description":"Books","url":"https://a2a.example","version":"3","protocolVersion":"0.3.0","documentationUrl":"https://d.example",
				"provider":{"organization":"Contoso","url":"https://contoso.example"},"capabilities":{},"skills":[{"id":"x"}]}`,
			Document{
				Format: Format{"a2a", "0.3.0"}, Definition: "a2a", Label: "A2A", Kind: "a2a", Title: "Travel", Description: "Books", Release: "3",
				Contacts:      []Contact{{Name: "Contoso", URL: "https://contoso.example"}},
				Documentation: []Link{{"Documentation", "", "https://d.example"}}, Servers: []string{"https://a2a.example"},
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Detect(tt.file, []byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestDetectRefuses(t *testing.T) {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\ninfo: [*c,*c,*c,*c]\n"
	for _, tt := range []struct{ name, text, says string }{
		{"nothing", "", "none of OpenAPI"},
		{"prose", "Dear all, the API is down.", "none of OpenAPI"},
		{"JSON of another sort", `{"name":"x","version":"1"}`, "none of OpenAPI"},
		{"a list", `["openapi"]`, "none of OpenAPI"},
		{"HTML", "<!DOCTYPE html><html><body/></html>", "none of OpenAPI"},
		{"XML without an element", "<!-- hm -->", "none of OpenAPI"},
		{"broken YAML that names itself", "openapi: 3.0.0\n\tinfo: x", "cannot be read as YAML"},
		{"broken JSON that names itself", `{"openapi":"3.0.0","info":{`, "cannot be read as YAML"},
		{"broken XML", "<definitions><a", "cannot be read as XML"},
		{"not UTF-8", "openapi: \xff", "not in UTF-8"},
		{"aliases of aliases", bomb, "none of OpenAPI"},
		{"too large", strings.Repeat(" ", MaxSize+1), "too large"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Detect("", []byte(tt.text))
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %+v, %v; want an error that says %q", got, err, tt.says)
			}
		})
	}
}

// A small document must not have large addresses.
func TestServersStaySmall(t *testing.T) {
	var names, variables []string
	for i := range 24 {
		names = append(names, fmt.Sprintf("{v%d}", i))
	}
	for i := range names {
		variables = append(variables, fmt.Sprintf(`"v%d":{"default":"%s"}`, i, strings.Join(names, "")))
	}
	for _, tt := range []struct{ name, server, want string }{
		{"variables in variables", `{"url":"` + names[0] + `","variables":{` + strings.Join(variables, ",") + `}}`, strings.Join(names, "")},
		{"a long default", `{"url":"{a}/{a}","variables":{"a":{"default":"` + strings.Repeat("x", maxServer) + `"}}}`, "{a}/{a}"},
		{"what is no variable", `{"url":"https://{a}/{b}/{","variables":{"a":{"default":"x"}}}`, "https://x/{b}/{"},
		{"a long address", `{"url":"` + strings.Repeat("x", maxServer+1) + `"}`, strings.Repeat("x", maxServer+1)},
	} {
		d, err := Detect("", []byte(`{"openapi":"3.0.0","servers":[`+tt.server+`]}`))
		if err != nil || len(d.Servers) != 1 || d.Servers[0] != tt.want {
			t.Errorf("%s: %.80q, %v; want %.80q", tt.name, d.Servers, err, tt.want)
		}
	}
}

// What is detected names its sort, and nothing in it can break an answer.
func FuzzDetect(f *testing.F) {
	for _, seed := range []string{
		`{"openapi":"3.0.1","info":{"title":"a","license":{"name":"x"}},"servers":[{"url":"{a}","variables":{"a":{"default":"b"}}}]}`,
		"swagger: '2.0'\nhost: x\nschemes: [https]\n", "asyncapi: 2.0.0\nservers: {a: {url: x, protocol: ws}}\n",
		`<definitions name="a"><documentation>x</documentation></definitions>`, "<Edmx Version='4.0'><EntityContainer Name='x'/></Edmx>",
		"<application><doc title='x'>y</doc><resources base='z'/></application>", "type Query { a: Int }", "syntax = \"proto3\";\npackage a.v1;\nservice B {",
		`{"name":"x","version":"1","remotes":[{"url":"y"}]}`, `{"name":"x","skills":[],"capabilities":{}}`, "a: &a [*a]\n", "<<: {openapi: 3}\n",
	} {
		f.Add("", seed)
		f.Add("a.proto", seed)
	}
	f.Fuzz(func(t *testing.T, name, text string) {
		d, err := Detect(name, []byte(text))
		if err != nil {
			if err.Error() == "" || errors.Is(err, ErrUnknown) && d.Name != "" {
				t.Errorf("%q: %+v with %v", text, d, err)
			}
			return
		}
		if d.Name == "" || d.Definition == "" || d.Label == "" || d.Kind == "" || plain(d.Version) != d.Version {
			t.Errorf("%q: %+v", text, d)
		}
		for _, s := range append([]string{d.Title, d.Summary, d.Description, d.Release, d.TermsOfService}, d.Servers...) {
			if !utf8.ValidString(s) {
				t.Errorf("%q: %q is not UTF-8", text, s)
			}
		}
	})
}
