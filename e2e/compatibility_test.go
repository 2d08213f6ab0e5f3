package e2e

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"apicenter/internal/compatibility"
	"apicenter/internal/inventory"
)

// TestRealDefinitionsAreCompared compares real documents with themselves, and
// with themselves less a path: what can be read at all is then broken.
func TestRealDefinitionsAreCompared(t *testing.T) {
	compared, unknown := 0, map[string]int{}
	for _, d := range chosen(t) {
		if d.Size > 128<<10 || compared == 100 && !*whole {
			continue // large ones take seconds each
		}
		text, err := os.ReadFile(d.Path)
		if err != nil {
			t.Fatal(err)
		}
		switch same := compatibility.Compare(text, text); same.Verdict {
		case inventory.Unaltered:
		case inventory.Unjudged:
			reason, _, _ := strings.Cut(same.Message, ":")
			unknown[reason]++
			continue
		default:
			t.Errorf("%s and itself: %s %v", d.Name, same.Verdict, same.Reasons)
			continue
		}
		less, ok := withoutAPath(text)
		if !ok {
			continue
		}
		if got := compatibility.Compare(text, less); got.Verdict != inventory.Breaking {
			t.Errorf("%s less a path: %s %s", d.Name, got.Verdict, got.Message)
		}
		compared++
	}
	t.Logf("%d documents compared; not to be read: %v", compared, unknown)
	if failed := slices.Max(append(slices.Collect(maps.Values(unknown)), 0)); compared == 0 || failed > compared/5 {
		t.Errorf("%d documents were compared, and %v could not be read", compared, unknown)
	}
}

// withoutAPath is an OpenAPI document without one of its paths that has an operation.
func withoutAPath(text []byte) ([]byte, bool) {
	var doc map[string]json.RawMessage
	var paths map[string]map[string]json.RawMessage
	if json.Unmarshal(text, &doc) != nil || json.Unmarshal(doc["paths"], &paths) != nil {
		return nil, false
	}
	for _, p := range slices.Sorted(maps.Keys(paths)) {
		for _, method := range []string{"get", "put", "post", "delete"} {
			pointer := "#/paths/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(p)
			if len(paths[p][method]) > 0 && !strings.Contains(string(paths[p][method]), `"deprecated"`) && !strings.Contains(string(text), pointer) {
				delete(paths, p)
				doc["paths"], _ = json.Marshal(paths)
				less, err := json.Marshal(doc)
				return less, err == nil
			}
		}
	}
	return nil, false
}
