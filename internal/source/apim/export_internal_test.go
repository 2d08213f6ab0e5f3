package apim

import "testing"

func TestParseExport(t *testing.T) {
	for _, tt := range []struct{ name, body, link, text string }{
		{"nested", `{"id":"/x","properties":{"format":"openapi+json-link","value":{"link":"https://a/b?sig=1"}}}`, "https://a/b?sig=1", ""},
		{"flat", `{"id":"/x","format":"openapi-link","value":{"link":"https://a/b"}}`, "https://a/b", ""},
		{"bare", `{"link":"https://a/b"}`, "https://a/b", ""},
		{"both", `{"value":{"link":"https://flat"},"properties":{"value":{"link":"https://nested"}}}`, "https://nested", ""},
		{"nested text", `{"properties":{"format":"openapi","value":"openapi: 3.0.1"}}`, "", "openapi: 3.0.1"},
		{"flat text", `{"value":"{}"}`, "", "{}"},
		{"null", `{"properties":{"value":null},"value":{"link":"https://a"}}`, "https://a", ""},
		{"a document", `{"openapi":"3.0.1","info":{}}`, "", ""},
		{"a document with values", `{"openapi":"3.0.1","properties":[1],"value":7}`, "", ""},
		{"YAML", "openapi: 3.0.1\n", "", ""},
		{"nothing", "", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if link, text := parseExport([]byte(tt.body)); link != tt.link || text != tt.text {
				t.Errorf("got %q, %q; want %q, %q", link, text, tt.link, tt.text)
			}
		})
	}
}

func FuzzParseExport(f *testing.F) {
	f.Add([]byte(`{"properties":{"value":{"link":"https://a"}},"value":"x","link":""}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if link, text := parseExport(body); link != "" && text != "" {
			t.Errorf("both a link %q and a text %q", link, text)
		}
		looksLikeDocument(body)
	})
}
