package apim

import (
	"strings"
	"testing"
)

func TestSpecificationOf(t *testing.T) {
	openapi, wsdl := formOf("http"), formOf("soap")
	for _, tt := range []struct {
		name string
		form form
		head string
		want specification
	}{
		{"OpenAPI JSON", openapi, `{"openapi":"3.0.1","info":{}}`, specification{"openapi", "3.0.1"}},
		{"not the first member", openapi, "\n{ \"info\": {\"openapi\": \"9\"}, \"x\": [1,{}],\n \"openapi\" : \"3.1.0\" }", specification{"openapi", "3.1.0"}},
		{"Swagger", openapi, `{"swagger":"2.0"}`, specification{"openapi", "2.0"}},
		{"byte order mark", openapi, "\ufeff{\"openapi\":\"3.0.0\"}", specification{"openapi", "3.0.0"}},
		{"cut off after it", openapi, `{"openapi":"3.0.1","info":{"title":"abc`, specification{"openapi", "3.0.1"}},
		{"cut off before it", openapi, `{"components":{"schemas":{"A":{"type":`, specification{"openapi", ""}},
		{"YAML", openapi, "# exported\nopenapi: 3.0.1\ninfo:\n  title: x\n", specification{"openapi", "3.0.1"}},
		{"YAML with quotes", openapi, "---\r\n'swagger': \"2.0\" # old\r\n", specification{"openapi", "2.0"}},
		{"YAML, indented only", openapi, "info:\n  openapi: 3.0.1\n", specification{"openapi", ""}},
		{"strange version", openapi, `{"openapi":"<script>alert(1)</script>"}`, specification{"openapi", ""}},
		{"WSDL 1.1", wsdl, "<?xml version=\"1.0\" encoding=\"utf-8\"?><!-- x --><wsdl:definitions xmlns:wsdl=\"http://schemas.xmlsoap.org/wsdl/\">", specification{"wsdl", "1.1"}},
		{"WSDL 2.0", wsdl, `<description xmlns="http://www.w3.org/ns/wsdl">`, specification{"wsdl", "2.0"}},
		{"WSDL in another charset", wsdl, "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><definitions xmlns=\"http://schemas.xmlsoap.org/wsdl/\">", specification{"wsdl", "1.1"}},
		{"WADL", openapi, `<application xmlns="http://wadl.dev.java.net/2009/02">`, specification{"wadl", ""}},
		{"GraphQL", formOf("graphql"), "type Query { a: Int }", specification{"graphql", ""}},
		{"protobuf", formOf("grpc"), "// c\nsyntax = \"proto3\";\n", specification{"grpc", "proto3"}},
		{"OData", formOf("odata"), `<?xml version="1.0"?><edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx">`, specification{"other", "4.0"}},
		{"nothing", openapi, "", specification{"openapi", ""}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := specificationOf(tt.form, []byte(tt.head)); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func FuzzSpecificationOf(f *testing.F) {
	for _, seed := range []string{`{"openapi":"3.0.1"}`, "openapi: 3.0.1\n", "<definitions/>", `syntax = "proto3";`, "\ufeff{"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, head string) {
		for _, apiType := range []string{"http", "soap", "graphql", "grpc", "odata"} {
			got := specificationOf(formOf(apiType), []byte(head))
			if got.Name == "" || len(got.Version) > 20 || strings.ContainsAny(got.Version, "<>\"'& \n") {
				t.Errorf("%s: %q gave %+v", apiType, head, got)
			}
		}
	})
}
