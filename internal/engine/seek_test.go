package engine_test

import (
	"testing"

	"apicenter/internal/engine"
	"apicenter/internal/inventory"
	"apicenter/internal/source"
)

func TestSeekFindsByIdentityNameTitleAndPath(t *testing.T) {
	h := newHouse(t, engine.Options{}, always)
	h.source.Put(petstore("Pet Shop"))
	link := inventory.Link{SourceType: "Script", Source: "/instance"}
	for _, tt := range []struct {
		external, name string
		want           int
	}{
		{"apis/petstore", "x", 1},
		{"apis/none", "PETSTORE", 1},
		{"", "pet shop", 1},
		{"", "v1", 1},
		{"apis/none", "none", 0},
		{"", "", 0},
	} {
		seen, err := h.engine.Seek(t.Context(), link, tt.external, tt.name)
		if err != nil || len(seen) != tt.want || tt.want > 0 && (seen[0].External != "apis/petstore" || seen[0].Title != "Pet Shop") {
			t.Errorf("Seek(%q, %q) = %+v, %v; want %d", tt.external, tt.name, seen, err, tt.want)
		}
	}
	h.source.FailAfter(0, &source.Error{Message: "broken"})
	if _, err := h.engine.Seek(t.Context(), link, "", "none"); err == nil {
		t.Error("a source that fails was taken for one that has nothing")
	}
	if _, err := h.engine.Seek(t.Context(), inventory.Link{SourceType: "None"}, "", "x"); err == nil {
		t.Error("a source of a type that nobody knows was asked")
	}
}
