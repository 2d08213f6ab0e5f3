package diff_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"apicenter/internal/diff"
	"apicenter/internal/inventory"
)

// show writes a diff as a unified one.
func show(d diff.Diff) string {
	var b strings.Builder
	for _, h := range d.Hunks {
		fmt.Fprintf(&b, "@@ -%d +%d @@\n", h.Old, h.New)
		for _, l := range h.Lines {
			fmt.Fprintf(&b, "%s%s\n", l.Op, l.Text)
		}
	}
	return b.String()
}

func TestTexts(t *testing.T) {
	limits := diff.Limits{Context: 1, Lines: 100, Width: 100}
	for _, tt := range []struct{ name, old, new, want string }{
		{"nothing", "", "", ""},
		{"the same", "a\nb\n", "a\nb", ""},
		{"all new", "", "a\nb", "@@ -1 +1 @@\n+a\n+b\n"},
		{"all gone", "a\nb", "", "@@ -1 +1 @@\n-a\n-b\n"},
		{"a line changed", "a\nb\nc\nd", "a\nb\nX\nd", "@@ -2 +2 @@\n b\n-c\n+X\n d\n"},
		{"a line more", "a\nb\nc", "a\nb\nX\nc", "@@ -2 +2 @@\n b\n+X\n c\n"},
		{"the first gone", "a\nb\nc", "b\nc", "@@ -1 +1 @@\n-a\n b\n"},
		{"near each other", "a\nb\nc\nd\ne", "X\nb\nc\nY\ne", "@@ -1 +1 @@\n-a\n+X\n b\n c\n-d\n+Y\n e\n"},
		{"far apart", "a\nb\nc\nd\ne", "X\nb\nc\nd\nY", "@@ -1 +1 @@\n-a\n+X\n b\n@@ -4 +4 @@\n d\n-e\n+Y\n"},
		{"lines that repeat", "{\n}\n{\nx\n}", "{\n}\n{\ny\n}\n{\n}", "@@ -3 +3 @@\n {\n-x\n+y\n+}\n+{\n }\n"},
		{"moved", "a\nb\nc\nd", "b\nc\nd\na", "@@ -1 +1 @@\n-a\n b\n@@ -4 +3 @@\n d\n+a\n"},
	} {
		if got := show(diff.Texts(tt.old, tt.new, limits)); got != tt.want {
			t.Errorf("%s:\n%s\nwant\n%s", tt.name, got, tt.want)
		}
	}
}

func TestWhatIsToldIsBounded(t *testing.T) {
	d := diff.Texts(strings.Repeat("a\n", 50), strings.Repeat("b\n", 40)+strings.Repeat("é", 60), diff.Limits{Context: 3, Lines: 60, Width: 9})
	if d.Removed != 50 || d.Added != 41 || !d.Cut || len(d.Hunks) != 1 || len(d.Hunks[0].Lines) != 60 {
		t.Errorf("%d removed, %d added, cut %v, %d hunks", d.Removed, d.Added, d.Cut, len(d.Hunks))
	}
	d = diff.Texts("", strings.Repeat("é", 60), diff.Limits{Context: 3, Lines: 60, Width: 9})
	if got := d.Hunks[0].Lines[0].Text; got != "éééé…" || !d.Cut {
		t.Errorf("a long line: %q, cut %v", got, d.Cut)
	}
}

// TestLargeTextsAreCut compares what has nothing in common, and what repeats
// itself so that each line of one is like many of the other: without bounds, this
// test would not end.
func TestLargeTextsAreCut(t *testing.T) {
	var a, b, c, d strings.Builder
	for i := range 200_000 {
		fmt.Fprintf(&a, "%d\n", i)
		fmt.Fprintf(&b, "%d\n", -i-1)
		fmt.Fprintf(&c, "%d\n", i%7)
		fmt.Fprintf(&d, "%d\n", i*i%5)
	}
	for _, pair := range [][2]string{{a.String(), b.String()}, {c.String(), d.String()}, {a.String(), c.String()}} {
		if got := diff.Texts(pair[0], pair[1], diff.DefaultLimits); !got.Cut {
			t.Errorf("%d removed, %d added, not cut", got.Removed, got.Added)
		}
	}
}

// FuzzADiffLeadsFromOneToTheOther has both texts come out of what is told.
func FuzzADiffLeadsFromOneToTheOther(f *testing.F) {
	for _, pair := range [][2]string{{"a\nb\nc", "a\nX\nc"}, {"", "x"}, {"a\na\nb\na", "a\nb\na\na"}, {"\n\n", "\n"}, {"1\n2\n3\n4\n5\n6", "6\n5\n4\n3\n2\n1"}} {
		f.Add(pair[0], pair[1])
	}
	f.Fuzz(func(t *testing.T, old, new string) {
		d := diff.Texts(old, new, diff.Limits{Context: 1 << 20, Lines: 1 << 30, Width: 1 << 30})
		var was, is []string
		for _, h := range d.Hunks {
			for _, l := range h.Lines {
				if l.Op != diff.Added {
					was = append(was, l.Text)
				}
				if l.Op != diff.Removed {
					is = append(is, l.Text)
				}
			}
		}
		old, new = strings.TrimSuffix(old, "\n"), strings.TrimSuffix(new, "\n")
		if len(d.Hunks) == 0 {
			if old != new {
				t.Errorf("%q and %q do not differ", old, new)
			}
			return
		}
		if strings.Join(was, "\n") != old || strings.Join(is, "\n") != new || d.Cut || len(d.Hunks) > 1 {
			t.Errorf("%q and %q became %q and %q in %d hunks", old, new, was, is, len(d.Hunks))
		}
	})
}

// FuzzALayoutSaysTheSame lays out documents.
func FuzzALayoutSaysTheSame(f *testing.F) {
	for _, doc := range []string{`{"a":[1,{"b":{}},[]],"c":"x\"{,"}`, `[]`, ` {"a" : 1} `, `a: 1`, `{"a":`, `"\\"`, "\"\"\r\r\n", strings.Repeat("[", 500) + strings.Repeat("]", 500)} {
		f.Add(doc)
	}
	f.Fuzz(func(t *testing.T, doc string) {
		got := diff.Layout([]byte(doc))
		if !json.Valid([]byte(doc)) {
			return
		}
		if !inventory.SameJSON(json.RawMessage(got), json.RawMessage(doc)) {
			t.Errorf("%q is laid out as %q", doc, got)
		}
		if again := diff.Layout([]byte(got)); again != got {
			t.Errorf("%q is laid out as %q, and that as %q", doc, got, again)
		}
	})
}

func TestLayout(t *testing.T) {
	want := "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": \"x, y\"\n}"
	if got := diff.Layout([]byte(`{"a":[1,{ }],"b":"x, y"}`)); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	wide := strings.Repeat("[", 50) + strings.Repeat("1,", 1<<20) + "1" + strings.Repeat("]", 50)
	if got := diff.Layout([]byte(wide)); got != wide {
		t.Errorf("%d bytes became %d", len(wide), len(got))
	}
}
