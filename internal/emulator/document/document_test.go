package document

import (
	"slices"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		name, in   string
		format     Format
		title, url string
		operations []string
	}{
		{
			"OpenAPI JSON", `{"openapi":"3.0.0","info":{"title":"T"},"servers":[{"url":"https://a.example"}],"paths":{"/b":{"parameters":[],"get":{"operationId":"Get B!"}},"/a":{"post":{},"get":{}}}}`,
			OpenAPIJSON, "T", "https://a.example",
			[]string{"get-a", "post-a", "get-b"},
		},
		{
			"Swagger", `{"swagger":"2.0","info":{"title":"T"},"host":"h.example","basePath":"/v1","schemes":["http"],"paths":{"/x":{"get":{"operationId":"same"},"put":{"operationId":"SAME"}}}}`,
			Swagger, "T", "http://h.example/v1",
			[]string{"same", "same-1"},
		},
		{
			"YAML", "openapi: 3.0.0\ninfo: {title: T}\npaths:\n  /x:\n    summary: text\n    get:\n      responses: {200: {description: ok}}\n",
			OpenAPIYAML, "T", "",
			[]string{"get-x"},
		},
		{
			"WSDL", `<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" name="D"><wsdl:portType name="P"><wsdl:operation name="DoIt"/></wsdl:portType><wsdl:service name="S"><wsdl:port><soap:address xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" location="https://s.example"/></wsdl:port></wsdl:service></wsdl:definitions>`,
			WSDL, "S", "https://s.example",
			[]string{"doit"},
		},
		{"GraphQL", "type Query { a: Int }", GraphQL, "", "", nil},
		{"protocol buffers", "syntax = \"proto3\";", Proto, "", "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, err := Parse(Unknown, []byte(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			var ids []string
			for _, op := range d.Operations {
				ids = append(ids, op.ID)
			}
			if d.Format != tt.format || d.Title != tt.title || d.ServiceURL != tt.url || !slices.Equal(ids, tt.operations) {
				t.Errorf("got %q %q %q %q", d.Format, d.Title, d.ServiceURL, ids)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for _, in := range []string{"", "{", `{"info":{}}`, "openapi: [", "<definitions"} {
		if d, err := Parse(Unknown, []byte(in)); err == nil {
			t.Errorf("Parse(%q) = %+v, want an error", in, d)
		}
	}
}

func TestNormalizeID(t *testing.T) {
	for in, want := range map[string]string{
		"listPets":               "listpets",
		"Get Pet":                "get-pet",
		"GET /pets/{id}":         "get-pets-id",
		"--":                     "operation",
		"é":                      "operation",
		strings.Repeat("ab", 99): strings.Repeat("ab", 38),
	} {
		if got := NormalizeID(in); got != want {
			t.Errorf("NormalizeID(%q) = %q, want %q", in, got, want)
		}
	}
}
