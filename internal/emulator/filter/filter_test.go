package filter

import "testing"

func TestFilter(t *testing.T) {
	row := map[string]string{"name": "Echo", "path": "it's", "iscurrent": "true"}
	for in, want := range map[string]bool{
		"":                              true,
		"name eq 'echo'":                true,
		"properties/name eq 'ECHO'":     true,
		"path eq 'it''s'":               true,
		"isCurrent eq true":             true,
		"name ne 'echo'":                false,
		"name gt 'a' and name lt 'b'":   false,
		"name le 'a' or name ge 'e'":    true,
		"not name eq 'x'":               true,
		"contains(name,'CH')":           true,
		"substringof('ch',name)":        true,
		"startswith(name, 'e') eq true": true,
		"endswith(name,'e')":            false,
		"(name eq 'x' or name eq 'echo') and path ne ''": true,
	} {
		f, err := Parse(in)
		if err != nil {
			t.Errorf("Parse(%q): %v", in, err)
			continue
		}
		if got := f.Match(func(field string) string { return row[field] }); got != want {
			t.Errorf("%q matches: %v, want %v", in, got, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, in := range []string{"name", "name eq", "name like 'x'", "name eq 'a' 'b'", "(name eq 'a'", "contains(name)", "'a' eq 'a'", "contains(name,'a') eq false"} {
		if _, err := Parse(in); err == nil {
			t.Errorf("Parse(%q) passes, want an error", in)
		}
	}
}
