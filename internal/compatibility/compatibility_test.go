package compatibility_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"apicenter/internal/compatibility"
	"apicenter/internal/inventory"
)

func compare(old, new string) inventory.Compatibility {
	return compatibility.Compare([]byte(old), []byte(new))
}

const (
	pets    = `{"openapi":"3.0.1","info":{"title":"Pets","version":"1"},"paths":{"/pets":{"get":{"responses":{"200":{"description":"ok"}}},"delete":{"responses":{"204":{"description":"gone"}}}}}}`
	fewer   = `{"openapi":"3.0.1","info":{"title":"Pets","version":"1"},"paths":{"/pets":{"get":{"responses":{"200":{"description":"ok"}}}}}}`
	swagger = `{"swagger":"2.0","info":{"title":"Pets","version":"1"},"paths":{"/pets":{"get":{"responses":{"200":{"description":"ok"}}},"post":{"responses":{"200":{"description":"ok"}}}}}}`
	schema  = "type Query { pets(first: Int): [Pet!] }\ntype Pet { id: ID! name: String }\nenum Size { S M }\ninput New { name: String }"
	service = `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/"><portType name="Pets"><operation name="Get"/><operation name="Put"/></portType></definitions>`
)

func TestVerdicts(t *testing.T) {
	for _, tt := range []struct {
		name, old, new string
		want           inventory.Verdict
		says           string // in the message or in a reason
	}{
		{"the same", pets, pets, inventory.Unaltered, ""},
		{"an operation less", pets, fewer, inventory.Breaking, "DELETE /pets"},
		{"an operation more", fewer, pets, inventory.NonBreaking, "DELETE /pets"},
		{"another title", pets, strings.Replace(pets, "Pets", "Dogs", 1), inventory.NonBreaking, "calls do not notice"},
		{"version 2, an operation less", swagger, strings.Replace(swagger, `"post"`, `"x-post"`, 1), inventory.Breaking, "POST /pets"},
		{"YAML, an operation less", pets, "openapi: 3.0.1\ninfo: {title: Pets, version: '1'}\npaths:\n  /pets:\n    get:\n      responses: {'200': {description: ok}}\n", inventory.Breaking, "DELETE /pets"},
		{"from version 2 to 3", swagger, strings.Replace(pets, "delete", "post", 1), inventory.Breaking, ""},
		{"a broken document", pets, `{"openapi":"3.0.1","paths":[]}`, inventory.Unjudged, "the new document cannot be read"},
		{"another format", pets, schema, inventory.Unjudged, "format changed"},
		{"a format that nothing compares", `{"asyncapi":"2.6.0"}`, `{"asyncapi":"2.6.0","info":{}}`, inventory.Unjudged, "not compared"},
		{"nothing at all", "", "", inventory.Unjudged, "not compared"},
		{"schema: the same", schema, schema, inventory.Unaltered, ""},
		{"schema: a field less", schema, strings.Replace(schema, "name: String }\nenum", "}\nenum", 1), inventory.Breaking, "Pet.name"},
		{"schema: a field more", schema, strings.Replace(schema, "id: ID!", "id: ID! age: Int", 1), inventory.NonBreaking, "Pet.age"},
		{"schema: a type less", schema, strings.Replace(schema, "enum Size { S M }", "", 1), inventory.Breaking, "type Size"},
		{"schema: a value less", schema, strings.Replace(schema, "S M", "S", 1), inventory.Breaking, "Size.M"},
		{"schema: more to give", schema, strings.Replace(schema, "input New {", "input New { age: Int!", 1), inventory.Breaking, "New.age"},
		{"schema: an argument that is asked for", schema, strings.Replace(schema, "first: Int", "first: Int!", 1), inventory.Breaking, "Query.pets(first)"},
		{"schema: an answer that is promised", schema, strings.Replace(schema, "name: String }\nenum", "name: String! }\nenum", 1), inventory.NonBreaking, "Pet.name"},
		{"schema: an answer that is not promised any more", schema, strings.Replace(schema, "id: ID!", "id: ID", 1), inventory.Breaking, "Pet.id"},
		{"WSDL: an operation less", service, strings.Replace(service, `<operation name="Put"/>`, "", 1), inventory.Breaking, "Pets/Put"},
		{"WSDL: anything else", service, strings.Replace(service, `"Put"/>`, `"Put"/><operation name="New"/>`, 1), inventory.Unjudged, "messages"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := compare(tt.old, tt.new)
			said := got.Message
			for _, r := range got.Reasons {
				said += "\n" + r.Operation + " " + r.Path + ": " + r.Text
			}
			if got.Verdict != tt.want || !strings.Contains(said, tt.says) {
				t.Errorf("verdict %s, want %s because of %q; it says: %s", got.Verdict, tt.want, tt.says, said)
			}
			if breaks := len(got.Reasons) > 0 && got.Reasons[0].Breaking; breaks != (got.Verdict == inventory.Breaking) {
				t.Errorf("verdict %s with the reasons %+v", got.Verdict, got.Reasons)
			}
		})
	}
}

func TestReasonsAreBounded(t *testing.T) {
	var paths []string
	for _, c := range strings.Repeat("x", inventory.MaxReasons+10) {
		paths = append(paths, `"/`+string(c)+strings.Repeat("y", len(paths))+`":{"get":{"responses":{"200":{"description":"ok"}}}}`)
	}
	all := `{"openapi":"3.0.1","info":{"title":"x","version":"1"},"paths":{` + strings.Join(paths, ",") + `}}`
	none := `{"openapi":"3.0.1","info":{"title":"x","version":"1"},"paths":{}}`
	got := compare(all, none)
	if got.Verdict != inventory.Breaking || len(got.Reasons) != inventory.MaxReasons || got.More != 10 {
		t.Errorf("verdict %s with %d reasons and %d more, want breaking with %d and 10", got.Verdict, len(got.Reasons), got.More, inventory.MaxReasons)
	}
}

// TestReferencesLeadNowhere has documents refer to an address and to a file that are there.
func TestReferencesLeadNowhere(t *testing.T) {
	asked := false
	outside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked = true
		_, _ = w.Write([]byte(`{"type":"string"}`))
	}))
	defer outside.Close()
	file := filepath.Join(t.TempDir(), "schema.json")
	if err := os.WriteFile(file, []byte(`{"type":"string"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{outside.URL, "file://" + file, file, "schema.json"} {
		for _, doc := range []string{pets, swagger} {
			leads := strings.Replace(doc, `"description":"ok"`, `"description":"ok","content":{"application/json":{"schema":{"$ref":"`+to+`"}}},"schema":{"$ref":"`+to+`"}`, 1)
			if got := compare(leads, strings.Replace(leads, "Pets", "Dogs", 1)); got.Verdict != inventory.Unjudged {
				t.Errorf("a document with a reference to %s: %s, want unknown", to, got.Verdict)
			}
		}
	}
	if asked {
		t.Error("the address was asked")
	}
}

func FuzzADocumentIsLikeItself(f *testing.F) {
	for _, doc := range []string{pets, swagger, schema, service, "", "openapi: 3.1.0\npaths: {}\n"} {
		f.Add(doc)
	}
	f.Fuzz(func(t *testing.T, doc string) {
		got := compare(doc, doc)
		if got.Verdict != inventory.Unaltered && got.Verdict != inventory.Unjudged {
			t.Errorf("a document and itself: %+v", got)
		}
	})
}
