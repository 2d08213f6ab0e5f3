package sourcetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"apicenter/internal/inventory"
	"apicenter/internal/source"
)

// Subject is a source, or a good imitation of one, with a connector to it. It
// begins without any API.
type Subject interface {
	// Connect opens a connector to the source.
	Connect(t testing.TB, first bool) source.Connector
	// Put makes an API of this name outside of any group, or changes it. What it
	// is given as document is what readers shall get.
	Put(t testing.TB, name, title string, document []byte)
	// Delete removes it.
	Delete(t testing.TB, name string)
	// External is the identity that the connector gives to it.
	External(name string) string
	// Break lets the source go wrong; Healthy mends it.
	Break(t testing.TB, f Fault)
	// MaxDocument is the connector's limit in bytes; 0 if it has none.
	MaxDocument() int64
}

// Fault is a way in which a source goes wrong.
type Fault string

// The faults.
const (
	Healthy  Fault = "healthy"
	Refusing Fault = "refusing" // the reader has no right to read anything
	Missing  Fault = "missing"  // there is no such instance
	Busy     Fault = "busy"     // asks for two minutes of patience
	Down     Fault = "down"     // answers with errors of its own
	Halfway  Fault = "halfway"  // begins a listing well and ends it with an error
)

// broken are the faults under which nothing can be read to the end.
var broken = []struct {
	fault   Fault
	stalled bool
	after   time.Duration // at least
}{
	{Refusing, true, 0}, {Missing, true, 0}, {Busy, false, time.Minute}, {Down, false, 0}, {Halfway, false, 0},
}

// Run holds a connector to the laws of the port. start gives a fresh subject.
func Run(t *testing.T, start func(t testing.TB) Subject) {
	for _, law := range []struct {
		name  string
		holds func(t *testing.T, s Subject)
	}{
		{"trees have the form of the port", formHolds},
		{"readings repeat themselves", readingsRepeat},
		{"a rename keeps the identity", renameKeepsIdentity},
		{"documents come byte by byte", documentsAreExact},
		{"a document over the limit is an error", limitHolds},
		{"one API is read alone", scopeHolds},
		{"a listing is complete or an error", listingIsCompleteOrError},
		{"errors are sorted", errorsAreSorted},
		{"gone needs proof", goneNeedsProof},
		{"cancelling ends it", cancellingEnds},
		{"who stops early leaves nothing behind", earlyStopLeaks},
		{"many may read at once", manyReadAtOnce},
		{"requests are counted", requestsAreCounted},
		{"a check tells what a reading would", checkTells},
		{"a log tells what was changed", logTells},
	} {
		t.Run(law.name, func(t *testing.T) { law.holds(t, start(t)) })
	}
}

// fill makes n APIs and says their identities, in order.
func fill(t testing.TB, s Subject, n int) []string {
	t.Helper()
	var externals []string
	for i := range n {
		name := fmt.Sprintf("api-%02d", i)
		s.Put(t, name, "API "+name, document(name))
		externals = append(externals, s.External(name))
	}
	slices.Sort(externals)
	return externals
}

func document(title string) []byte {
	return fmt.Appendf(nil, `{"openapi":"3.0.1","info":{"title":%q,"version":"1"},"paths":{}}`, title)
}

// list reads the whole, and gives the roots of APIs by identity.
func list(ctx context.Context, c source.Connector) (roots map[string]source.Object, environments int, err error) {
	roots = map[string]source.Object{}
	for o, err := range c.Read(ctx, source.Scope{}) {
		switch {
		case err != nil:
			return roots, environments, err
		case o.Kind == inventory.KindEnvironment:
			environments++
			if len(roots) > 0 {
				return roots, environments, errors.New("the environment came after an API")
			}
		default:
			if _, twice := roots[o.External]; twice {
				return roots, environments, fmt.Errorf("%q came twice", o.External)
			}
			roots[o.External] = o
		}
	}
	return roots, environments, nil
}

func mustList(t testing.TB, c source.Connector) map[string]source.Object {
	t.Helper()
	roots, environments, err := list(t.Context(), c)
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	if environments != 1 {
		t.Errorf("%d environments, want 1", environments)
	}
	return roots
}

func keys(roots map[string]source.Object) []string {
	var out []string
	for external := range roots {
		out = append(out, external)
	}
	slices.Sort(out)
	return out
}
