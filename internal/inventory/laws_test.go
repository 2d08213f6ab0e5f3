package inventory_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"apicenter/internal/inventory"
)

func FuzzParseID(f *testing.F) {
	for _, path := range []string{
		"s/g/c", "S/G/Center/workspaces/Default", "s/g/c/workspaces/d/apis/a/versions/v/definitions/x", "s/g/c/workspaces/d/links/l",
		"", "/", "s/g/", "s//c", "s/g/c/", "s/g/c/workspaces", "s/g/c/workspaces/", "s/g/c/workspaces/d/", "s/g/c/apis/a", "İ/K/ß/workspaces/ǅ",
	} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		id, err := inventory.ParseID(path)
		if err != nil {
			if inventory.CodeOf(err) != inventory.Invalid || !id.IsZero() {
				t.Fatalf("ParseID(%q) = %q, %v", path, id, err)
			}
			return
		}
		if again, err := inventory.ParseID(id.String()); err != nil || again != id {
			t.Errorf("ParseID(%q) is %q, and that is %q, %v", path, id, again, err)
		}
		if upper, err := inventory.ParseID(strings.ToUpper(id.String())); err == nil && strings.ToLower(strings.ToUpper(id.String())) == id.String() && upper != id {
			t.Errorf("%q in capitals is %q", id, upper)
		}
		segments := strings.Split(id.String(), "/")
		if slices.Contains(segments, "") || len(segments)%2 == 0 || id.Name() != segments[len(segments)-1] {
			t.Errorf("%q has name %q", id, id.Name())
		}
		parent := id.Parent()
		if parent.IsZero() {
			if id.Kind() != inventory.KindService || len(segments) != 3 {
				t.Errorf("%q, a %s, has no parent", id, id.Kind())
			}
			return
		}
		if id.Kind().Parent() != parent.Kind() || !parent.Contains(id) || id.Contains(parent) || parent.Child(id.Kind(), id.Name()) != id {
			t.Errorf("%q, a %s, does not lie in %q, a %s", id, id.Kind(), parent, parent.Kind())
		}
		service := id.Ancestor(inventory.KindService)
		if back, err := inventory.ParseID(service.String() + inventory.ShortID(id.String())); err != nil || back != id {
			t.Errorf("the short id %q of %q names %q, %v", inventory.ShortID(id.String()), id, back, err)
		}
	})
}

func FuzzParseDoc(f *testing.F) {
	for _, text := range []string{
		`{}`, `{"title":"x","customProperties":{"a":1,"b/c":null,"~":[1, 2]},"server":{"type":"t"}}`, `{"a/b":{"c":1},"":2,"customProperties":{"":{}}}`,
		`null`, `[]`, `{"customProperties":[]}`, `{"document":"d","title":null}`, `{"<>&":"\u2028"}`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := inventory.ParseDoc([]byte(text))
		if err != nil {
			if inventory.CodeOf(err) != inventory.Invalid {
				t.Fatalf("ParseDoc(%q): %v", text, err)
			}
			return
		}
		same(t, "encoded and decoded", decode(t, d.Encode()), d)
		delete(d, inventory.FieldDocument)
		again, err := inventory.ParseDoc(d.JSON(inventory.KindVersion)) // a kind without defaults
		if err != nil {
			t.Fatalf("%s makes %s: %v", text, d.JSON(inventory.KindVersion), err)
		}
		same(t, "written and parsed", again, d)
		for _, k := range []inventory.Kind{inventory.KindAPI, inventory.KindEnvironment, inventory.KindDefinition, inventory.KindDeployment} {
			if !json.Valid(d.JSON(k)) {
				t.Errorf("%s as a %s is %s", text, k, d.JSON(k))
			}
		}
	})
}

type failer interface {
	Helper()
	Fatalf(string, ...any)
}

func decode(t failer, data []byte) inventory.Doc {
	t.Helper()
	d, err := inventory.DecodeDoc(data)
	if err != nil {
		t.Fatalf("decode %s: %v", data, err)
	}
	return d
}

func same(t failer, what string, got, want inventory.Doc) {
	t.Helper()
	if !got.Equal(want) || !want.Equal(got) || len(got.Changed(want)) > 0 || len(want.Changed(got)) > 0 {
		t.Fatalf("%s: %s, want %s", what, got.Encode(), want.Encode())
	}
}

var docs = rapid.MapOf(
	rapid.SampledFrom([]inventory.Field{"/title", "/kind", "/summary", "/customProperties/a", "/customProperties/b"}),
	rapid.Custom(func(t *rapid.T) json.RawMessage {
		return json.RawMessage(rapid.SampledFrom([]string{`1`, `"x"`, `null`, `{"a":[null]}`, ` 1`}).Draw(t, "value"))
	}))

func drawDoc(t *rapid.T, name string) inventory.Doc { return docs.Draw(t, name) }

func drawOrigins(t *rapid.T) []inventory.Origin {
	var out []inventory.Origin
	for range rapid.IntRange(0, 3).Draw(t, "origins") {
		out = append(out, inventory.Origin{States: drawDoc(t, "states")})
	}
	return out
}

func TestOverlayLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		own, origins := drawDoc(t, "own"), drawOrigins(t)
		before := string(own.Encode())
		view := inventory.Overlay(own, origins)
		rec := inventory.Record{Own: own, Origins: origins}
		for f, v := range view {
			if strings.TrimSpace(string(v)) == "null" {
				t.Fatalf("readers see null at %s", f)
			}
		}
		for _, f := range []inventory.Field{"/title", "/kind", "/summary", "/customProperties/a", "/customProperties/b"} {
			want := own[f]
			if o, ok := rec.Stated(f); ok {
				want = o.States[f] // the first that states a field, and nobody else
			}
			if got, ok := view[f]; ok != (want != nil && string(want) != "null") || ok && string(got) != string(want) {
				t.Fatalf("%s: readers see %s, want %s", f, got, want)
			}
		}
		if string(own.Encode()) != before {
			t.Fatalf("the own layer was %s and is %s", before, own.Encode())
		}
		// Origins that come and go leave the own layer to be seen as before.
		same(t, "without origins, twice", inventory.Overlay(inventory.Overlay(own, nil), nil), inventory.Overlay(own, nil))
		// Of two origins in a row, one that leads with all that the others state hides them.
		if all := inventory.Overlay(inventory.Doc{}, origins); len(origins) > 0 {
			lead := append([]inventory.Origin{{States: all}}, origins...)
			same(t, "led by what all state together", inventory.Overlay(own, lead), view)
		}
	})
}

func TestDocLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawDoc(t, "a"), drawDoc(t, "b")
		if a.Equal(b) != (len(a.Changed(b)) == 0) || a.Equal(b) != b.Equal(a) {
			t.Fatalf("%s and %s: equal is %v, changed is %v", a.Encode(), b.Encode(), a.Equal(b), a.Changed(b))
		}
		patched := a
		for _, f := range a.Changed(b) {
			if v, ok := b[f]; ok {
				patched = patched.With(f, v)
			} else {
				patched = inventory.Overlay(patched, nil)
				delete(patched, f)
			}
		}
		for f, v := range b {
			if string(v) == "null" {
				continue // Overlay takes it for absent
			}
			if !inventory.SameJSON(patched[f], v) {
				t.Fatalf("%s with the changes to %s is %s", a.Encode(), b.Encode(), patched.Encode())
			}
		}
		same(t, "encoded and decoded", decode(t, a.Encode()), a)
	})
}

// FuzzParsePosition holds that what a position writes it reads back, and that all else is Invalid.
func FuzzParsePosition(f *testing.F) {
	for _, text := range []string{"", "z", "2s.QWJj", "2s.", ".QWJj", "-1", "2s.*", "2s.QWJj.x"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := inventory.ParsePosition(text)
		if err != nil {
			if inventory.CodeOf(err) != inventory.Invalid {
				t.Fatalf("ParsePosition(%q): %v", text, err)
			}
			return
		}
		if again, err := inventory.ParsePosition(p.String()); err != nil || again != p {
			t.Fatalf("%q is %+v, written %q, read again %+v (%v)", text, p, p.String(), again, err)
		}
	})
}
