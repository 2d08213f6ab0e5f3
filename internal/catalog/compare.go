package catalog

import (
	"context"
	"time"
	"unicode/utf8"

	"apicenter/internal/diff"
	"apicenter/internal/inventory"
)

// comparisons is how many are made at once: each holds two documents, and what differs.
const comparisons = 4

// Side is one of two documents that are compared.
type Side struct {
	Definition inventory.ID
	At         time.Time // as of then; zero: now
}

// Comparison is what lies between two documents of definitions.
type Comparison struct {
	Compatibility inventory.Compatibility
	// Diff is what differs line by line, of JSON in one layout; nil when one of them is no text.
	Diff *diff.Diff
}

// CompareDefinitions tells what lies between two documents: of one definition at
// two instants, or of two definitions. NotFound, Forgotten; Invalid when one of them
// is too large; Busy; what ExportSpecification says of documents that are not here yet.
func (c *Catalog) CompareDefinitions(ctx context.Context, from, to Side) (Comparison, error) {
	if c.compare == nil {
		return Comparison{}, inventory.Errorf(inventory.Unavailable, "", "this server does not compare documents")
	}
	select {
	case c.comparing <- struct{}{}:
		defer func() { <-c.comparing }()
	default:
		return Comparison{}, inventory.Errorf(inventory.Busy, "", "%d comparisons are under way; ask again later", comparisons)
	}
	var out Comparison
	var texts [2][]byte
	var digests [2]inventory.Digest
	for i, side := range []Side{from, to} {
		var err error
		if digests[i], err = c.ExportSpecification(ctx, side.Definition, side.At); err != nil {
			return out, err
		}
		text, ok, err := inventory.ReadDocument(ctx, c.store, digests[i], inventory.MaxCompared)
		if err != nil {
			return out, err
		}
		if !ok {
			return out, inventory.Errorf(inventory.Invalid, "", "the document of definition %q has more than %d MB, and is not compared; export it",
				side.Definition.Name(), inventory.MaxCompared>>20)
		}
		texts[i] = text
	}
	out.Compatibility = inventory.Compatibility{Verdict: inventory.Unaltered}
	if digests[0] != digests[1] {
		out.Compatibility = c.compare(ctx, texts[0], texts[1])
	}
	if utf8.Valid(texts[0]) && utf8.Valid(texts[1]) {
		lines := diff.Texts(diff.Layout(texts[0]), diff.Layout(texts[1]), diff.DefaultLimits)
		out.Diff = &lines
	}
	return out, ctx.Err()
}
