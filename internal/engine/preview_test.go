package engine_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"apicenter/internal/engine"
	"apicenter/internal/inventory"
	"apicenter/internal/source/sourcetest"
)

func (h *house) preview(link string, as *inventory.Link) engine.Preview {
	h.Helper()
	p, err := h.engine.Preview(h.Context(), inventory.MustID(link), as)
	if err != nil {
		h.Fatal(err)
	}
	return p
}

// told writes the changes of a preview as lines.
func told(p engine.Preview) []string {
	var lines []string
	for _, c := range p.Changes {
		line := strings.TrimSpace(fmt.Sprintf("%s %s %s", c.Action, c.External, c.Title))
		if c.Action != "add" {
			for _, f := range c.Fields {
				line += fmt.Sprintf("; %s%s %s>%s", f.Kind, f.Field, f.Before, f.After)
			}
			for _, m := range c.Moves {
				line += "; from " + m.From[:1]
			}
			for _, d := range c.Drops {
				line += "; drops " + string(d.Kind)
			}
		}
		if len(c.Documents) > 0 {
			line += "; fetches " + strings.Join(c.Documents, " ")
		}
		lines = append(lines, line)
	}
	return lines
}

func (h *house) foresees(p engine.Preview, want ...string) {
	h.Helper()
	if got := told(p); !slices.Equal(got, want) {
		h.Errorf("the plan is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestPreviewTellsFieldByField(t *testing.T) {
	h := newHouse(t, engine.Options{}, always)
	h.source.Put(sourcetest.API("apis/a", "A", "v1", []byte(`{}`)))
	h.source.Put(sourcetest.API("apis/b", "B", "v1", nil))
	first := h.preview(linkPath, nil)
	h.foresees(first, "add", "add apis/a A; fetches apis/a", "add apis/b B")
	if first.Adds != 2 || first.Cost != (engine.Cost{Read: 1, Documents: 1}) || first.Requests != 2 || first.Observed != 2 {
		t.Errorf("a first plan: %+v", first)
	}
	h.pass("")
	h.foresees(h.preview(linkPath, nil))

	h.source.Put(sourcetest.API("apis/a", "Z", "v2", []byte(`{"x":1}`)))
	h.source.Remove("apis/b")
	h.source.Put(sourcetest.API("apis/c", "C", "v1", nil))
	second := h.preview(linkPath, nil)
	h.foresees(second,
		`change apis/a Z; version/title "v1">"v2"; api/title "A">"Z"; fetches apis/a`,
		`delete apis/b B`, `add apis/c C`)
	if second.Adds != 1 || second.Updates != 1 || second.Deletes != 1 || second.Cost != (engine.Cost{Read: 1, Documents: 1, Proofs: 2}) {
		t.Errorf("a second plan: %+v", second)
	}
	h.pass("")
	h.source.Remove("apis/a")
	h.source.Remove("apis/c")
	h.source.Put(sourcetest.Group("apiversionsets/s", "S", sourcetest.Version("apis/a", "v2", []byte(`{"x":1}`)), sourcetest.Version("apis/c", "v1", nil)))
	moved := h.preview(linkPath, nil)
	h.foresees(moved, `change apiversionsets/s S; api/title "Z">"S"; from c`)
	if moved.Moves != 1 || moved.Merges != 1 || moved.Updates+moved.Adds+moved.Deletes != 0 {
		t.Errorf("a plan of a move: %+v", moved)
	}
}

func TestPreviewOfOtherSettings(t *testing.T) {
	h := newHouse(t, engine.Options{}, always)
	h.source.Put(sourcetest.API("apis/a", "A", "v1", []byte(`{}`)))
	link := inventory.Link{SourceType: "Script", Source: "/instance", Import: inventory.ImportAlways, Stage: "production"}
	absent := h.preview(workspace+"/links/new", &link)
	h.foresees(absent, "add", "add apis/a A; fetches apis/a")
	h.pass("")
	h.foresees(h.preview(linkPath, &link))
	h.update(func(tx inventory.Tx) error {
		return put(tx, workspace+"/environments/other", `{"title":"Other","kind":"testing"}`)
	})
	link.Environment = "/workspaces/default/environments/other"
	h.foresees(h.preview(linkPath, &link),
		`change; environment/server/type >"Azure API Management"`,
		`change apis/a A; deployment/environmentId "/workspaces/default/environments/gateway">"/workspaces/default/environments/other"`)
}

func TestDigestStandsForThePlan(t *testing.T) {
	h := newHouse(t, engine.Options{}, always)
	h.source.Put(sourcetest.API("apis/a", "A", "v1", []byte(`{}`)))
	seen := map[string]string{}
	note := func(when string, p engine.Preview) {
		t.Helper()
		if before, ok := seen[p.Digest]; ok || len(p.Digest) != 64 {
			t.Errorf("the digest %s of %q is that of %q", p.Digest, when, before)
		}
		seen[p.Digest] = when
	}
	first := h.preview(linkPath, nil)
	if again := h.preview(linkPath, nil); again.Digest != first.Digest {
		t.Errorf("nothing moved, and the digest went from %s to %s", first.Digest, again.Digest)
	}
	note("a new link", first)
	h.source.Put(sourcetest.API("apis/a", "A", "v1", []byte(`{"x":1}`)))
	note("another document", h.preview(linkPath, nil))
	link := inventory.Link{SourceType: "Script", Source: "/instance", Import: inventory.ImportAlways, Stage: "testing"}
	note("another stage", h.preview(linkPath, &link))
	note("another link", h.preview(workspace+"/links/new", &link))
	h.pass("")
	note("nothing to do", h.preview(linkPath, nil))
	h.source.Put(sourcetest.API("apis/a", "B", "v1", []byte(`{"x":1}`)))
	note("another title", h.preview(linkPath, nil))
	h.source.Put(sourcetest.API("apis/a", "C", "v1", []byte(`{"x":1}`)))
	h.pass("")
	h.source.Put(sourcetest.API("apis/a", "B", "v1", []byte(`{"x":1}`)))
	note("the same source, and another record", h.preview(linkPath, nil))
}

func TestPreviewIsBounded(t *testing.T) {
	h := newHouse(t, engine.Options{}, always)
	long := sourcetest.API("apis/a", "A", "v1", nil)
	long.States.Set("/description", strings.Repeat("é", 3000))
	h.source.Put(long)
	fields := h.preview(linkPath, nil).Changes[1].Fields
	if !slices.ContainsFunc(fields, func(f engine.FieldChange) bool { return f.Field == "/description" }) {
		t.Errorf("nothing is told of the description: %+v", fields)
	}
	for _, f := range fields {
		var text string
		if f.Field != "/description" {
			continue
		}
		if err := json.Unmarshal(f.After, &text); err != nil || len(text) > 300 || !strings.HasSuffix(text, "(6002 bytes)") {
			t.Errorf("a long value is told as %q, %v", text, err)
		}
	}
}
