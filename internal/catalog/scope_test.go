package catalog_test

import (
	"fmt"
	"strings"
	"testing"

	"apicenter/internal/catalog"
	"apicenter/internal/inventory"
)

func TestScopeOfALink(t *testing.T) {
	with := func(scope string) string {
		return strings.Replace(linkBody, `"source"`, `"scope":`+scope+`,"source"`, 1)
	}
	for _, tt := range []struct{ name, scope, kept, refusal string }{
		{"rules", `{"include":[{"name":"pet*"}],"exclude":[{"tag":"internal","path":"a/*"}]}`, `{"include":[{"name":"pet*"}],"exclude":[{"path":"a/*","tag":"internal"}]}`, ""},
		{"no rules", `{"include":[],"exclude":null}`, "", ""},
		{"no object", `["pet*"]`, "", "scope"},
		{"a list of texts", `{"include":["pet*"]}`, "", "include"},
		{"a word that is none", `{"include":[{"title":"pet*"}]}`, "", "title"},
		{"a rule that says nothing", `{"exclude":[{}]}`, "", "exclude[0] says nothing"},
		{"a long pattern", `{"exclude":[{"name":"` + strings.Repeat("é", 201) + `"}]}`, "", "201 characters"},
		{"many rules", `{"include":[` + strings.Repeat(`{"name":"a"},`, 100) + `{"name":"a"}]}`, "", "101 rules"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := centre(t)
			r, _, err := d.Put(d.ctx, linkPath, doc(t, with(tt.scope)), catalog.Match{})
			if tt.refusal != "" {
				if inventory.CodeOf(err) != inventory.Invalid || !strings.Contains(fmt.Sprint(err), tt.refusal) {
					t.Errorf("%s: %v, want %q", tt.scope, err, tt.refusal)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			own, err := inventory.ParseDoc(r.Doc)
			if got := string(own[inventory.FieldScope]); err != nil || got != tt.kept {
				t.Errorf("kept %s, %v; want %s", got, err, tt.kept)
			}
		})
	}
}
