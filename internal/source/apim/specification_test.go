package apim

import (
	"testing"

	"apicenter/internal/specification"
)

func TestSpecificationOf(t *testing.T) {
	for _, tt := range []struct {
		name, apiType, head, format, version string
	}{
		{"what the document says", "http", `{"openapi":"3.0.1","info":{}}`, "openapi", "3.0.1"},
		{"what the document says, of another type", "http", `<application xmlns="http://wadl.dev.java.net/2009/02">`, "wadl", ""},
		{"cut off before it", "http", `{"components":{"schemas":{"A":{"type":`, "openapi", ""},
		{"WSDL", "soap", `<description xmlns="http://www.w3.org/ns/wsdl">`, "wsdl", "2.0"},
		{"GraphQL", "graphql", "type Query { a: Int }", "graphql", ""},
		{"protobuf", "grpc", "// c\nsyntax = \"proto3\";\n", "grpc", "proto3"},
		{"OData", "odata", `<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx">`, "other", "4.0"},
		{"OData in words of its own", "odata", `{"openapi":"3.0.1"}`, "other", ""},
		{"nothing", "http", "", "openapi", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want := specification.Format{Name: tt.format, Version: tt.version}
			if got := specificationOf(formOf(tt.apiType), []byte(tt.head)); got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

// Every document has a name of its format, whatever its bytes are.
func FuzzSpecificationOf(f *testing.F) {
	for _, seed := range []string{`{"openapi":"3.0.1"}`, "openapi: 3.0.1\n", "<definitions/>", `syntax = "proto3";`, "\ufeff{"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, head string) {
		for _, apiType := range []string{"http", "soap", "graphql", "grpc", "odata"} {
			if got := specificationOf(formOf(apiType), []byte(head)); got.Name == "" {
				t.Errorf("%s: %q gave %+v", apiType, head, got)
			}
		}
	})
}
