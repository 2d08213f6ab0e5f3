package specification

import (
	"strings"
	"testing"
)

func TestSniff(t *testing.T) {
	for _, tt := range []struct {
		name, head string
		want       Format
	}{
		{"OpenAPI JSON", `{"openapi":"3.0.1","info":{}}`, Format{"openapi", "3.0.1"}},
		{"not the first member", "\n{ \"info\": {\"openapi\": \"9\"}, \"x\": [1,{}],\n \"openapi\" : \"3.1.0\" }", Format{"openapi", "3.1.0"}},
		{"Swagger", `{"swagger":"2.0"}`, Format{"openapi", "2.0"}},
		{"AsyncAPI", `{"asyncapi":"3.0.0"}`, Format{"asyncapi", "3.0.0"}},
		{"byte order mark", "\ufeff{\"openapi\":\"3.0.0\"}", Format{"openapi", "3.0.0"}},
		{"cut off after it", `{"openapi":"3.0.1","info":{"title":"abc`, Format{"openapi", "3.0.1"}},
		{"cut off before it", `{"components":{"schemas":{"A":{"type":`, Format{}},
		{"YAML", "# exported\nopenapi: 3.0.1\ninfo:\n  title: x\n", Format{"openapi", "3.0.1"}},
		{"YAML with quotes", "---\r\n'swagger': \"2.0\" # old\r\n", Format{"openapi", "2.0"}},
		{"YAML, indented only", "info:\n  openapi: 3.0.1\n", Format{}},
		{"strange version", `{"openapi":"<script>alert(1)</script>"}`, Format{"openapi", ""}},
		{"WSDL 1.1", "<?xml version=\"1.0\" encoding=\"utf-8\"?><!-- x --><wsdl:definitions xmlns:wsdl=\"http://schemas.xmlsoap.org/wsdl/\">", Format{"wsdl", "1.1"}},
		{"WSDL 2.0", `<description xmlns="http://www.w3.org/ns/wsdl">`, Format{"wsdl", "2.0"}},
		{"WSDL in another charset", "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><definitions xmlns=\"http://schemas.xmlsoap.org/wsdl/\">", Format{"wsdl", "1.1"}},
		{"WADL", `<application xmlns="http://wadl.dev.java.net/2009/02">`, Format{"wadl", ""}},
		{"OData", `<?xml version="1.0"?><edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx">`, Format{"other", "4.0"}},
		{"some other XML", `<html><body/></html>`, Format{}},
		{"nothing", "", Format{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Sniff([]byte(tt.head)); got != tt.want {
				t.Errorf("Sniff(%q) = %+v, want %+v", tt.head, got, tt.want)
			}
		})
	}
}

func TestProtoSyntax(t *testing.T) {
	for head, want := range map[string]string{
		"// c\nsyntax = \"proto3\";\n": "proto3",
		"syntax='proto2';":             "proto2",
		"syntax = \"<b>\";":            "",
		"message A {}":                 "",
	} {
		if got := ProtoSyntax([]byte(head)); got != want {
			t.Errorf("ProtoSyntax(%q) = %q, want %q", head, got, want)
		}
	}
}

// What is sniffed is shown: it must be plain whatever the bytes are.
func FuzzSniff(f *testing.F) {
	for _, seed := range []string{`{"openapi":"3.0.1"}`, "openapi: 3.0.1\n", "<definitions/>", `syntax = "proto3";`, "\ufeff{"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, head string) {
		got := Sniff([]byte(head))
		for _, version := range []string{got.Version, ProtoSyntax([]byte(head))} {
			if len(version) > 20 || strings.ContainsAny(version, "<>\"'& \n") {
				t.Errorf("%q gave the version %q", head, version)
			}
		}
	})
}
