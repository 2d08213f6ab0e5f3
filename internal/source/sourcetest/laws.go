package sourcetest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"apicenter/internal/inventory"
	"apicenter/internal/source"
)

func formHolds(t *testing.T, s Subject) {
	fill(t, s, 5)
	start := time.Now()
	for o, err := range s.Connect(t, false).Read(t.Context(), source.Scope{}) {
		if err != nil {
			t.Fatal(err)
		}
		if o.Read.Before(start) || o.Read.After(time.Now()) {
			t.Errorf("%q was read at %v, which is not within the reading", o.External, o.Read)
		}
		if o.Partial {
			t.Errorf("%q is partial in a whole reading", o.External)
		}
		checkObject(t, o)
		if o.Kind == inventory.KindEnvironment {
			continue
		}
		if o.Kind != inventory.KindAPI || o.External == "" || len(o.Children) == 0 {
			t.Errorf("root %q is of kind %q with %d children", o.External, o.Kind, len(o.Children))
		}
		for _, v := range o.Children {
			if v.Kind != inventory.KindVersion || v.External == "" || v.Name == "" {
				t.Errorf("below %q stands %q of kind %q", o.External, v.External, v.Kind)
			}
			for _, c := range v.Children {
				if c.Kind != inventory.KindDefinition && c.Kind != inventory.KindDeployment || len(c.Children) > 0 {
					t.Errorf("below version %q stands a %q with %d children", v.External, c.Kind, len(c.Children))
				}
			}
		}
	}
}

func checkObject(t *testing.T, o source.Object) {
	t.Helper()
	if o.External != strings.ToLower(o.External) {
		t.Errorf("identity %q is not folded", o.External)
	}
	for _, doc := range []inventory.Doc{o.States, o.Seeds, o.Offers} {
		for f, v := range doc.All() {
			if !json.Valid(v) || !strings.HasPrefix(string(f), "/") {
				t.Errorf("%q has %s: %s", o.External, f, v)
			}
		}
	}
	if o.Document != nil && (o.Kind != inventory.KindDefinition || o.Document.Mark == "" || o.Document.Open == nil) {
		t.Errorf("%q of kind %q has document %+v", o.External, o.Kind, o.Document)
	}
	for _, c := range o.Children {
		checkObject(t, c)
	}
}

// sameObjects compares all that two readings said.
var sameObjects = cmp.Options{
	cmpopts.IgnoreFields(source.Object{}, "Read"), cmpopts.IgnoreFields(source.Document{}, "Open"), cmpopts.EquateEmpty(),
}

func readingsRepeat(t *testing.T, s Subject) {
	fill(t, s, 7)
	want := mustList(t, s.Connect(t, false))
	for _, first := range []bool{false, true} {
		if diff := cmp.Diff(want, mustList(t, s.Connect(t, first)), sameObjects); diff != "" {
			t.Errorf("another reading (first: %t) differs:\n%s", first, diff)
		}
	}
}

func renameKeepsIdentity(t *testing.T, s Subject) {
	s.Put(t, "a", "Before", document("a"))
	c := s.Connect(t, false)
	before := mustList(t, c)
	s.Put(t, "a", "After", document("a"))
	after := mustList(t, c)
	if !slices.Equal(keys(before), keys(after)) {
		t.Fatalf("identities before %q, after %q", keys(before), keys(after))
	}
	for external, o := range after {
		if got := o.States.Text("/title"); got != "After" {
			t.Errorf("title of %q is %q, want After", external, got)
		}
	}
}

// definitions are the documents below an object.
func definitions(o source.Object) []*source.Document {
	var out []*source.Document
	if o.Document != nil {
		out = append(out, o.Document)
	}
	for _, c := range o.Children {
		out = append(out, definitions(c)...)
	}
	return out
}

func fetch(ctx context.Context, d *source.Document) ([]byte, error) {
	content, err := d.Open(ctx)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(content)
	return b, errors.Join(err, content.Close())
}

// only is the one document of an API.
func only(t testing.TB, s Subject, c source.Connector, name string) *source.Document {
	t.Helper()
	found := definitions(mustList(t, c)[s.External(name)])
	if len(found) != 1 {
		t.Fatalf("%s has %d documents, want 1", name, len(found))
	}
	return found[0]
}

func documentsAreExact(t *testing.T, s Subject) {
	c := s.Connect(t, false)
	for _, want := range [][]byte{
		document("plain"),
		[]byte("{\n  \"openapi\" : \"3.0.1\",\r\n\t\"info\": {\"title\": \"Füße \\u00e9 🦜\", \"version\": \"1.10\"}, \"paths\": {}, \"x\": 1.50 }\n\n"),
		fmt.Appendf(nil, `{"openapi":"3.0.1","info":{"title":"long","version":"1","description":%q},"paths":{}}`, strings.Repeat("Ü long text. ", 20_000)),
	} {
		s.Put(t, "a", "A", want)
		got, err := fetch(t.Context(), only(t, s, c, "a"))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("a document of %d bytes came with %d: %v", len(want), len(got), err)
		}
	}
}

func limitHolds(t *testing.T, s Subject) {
	limit := s.MaxDocument()
	if limit == 0 {
		return
	}
	c := s.Connect(t, false)
	head := `{"openapi":"3.0.1","info":{"title":"big","version":"1"},"paths":{},"x":"`
	for _, tt := range []struct {
		size int64
		ok   bool
	}{{limit, true}, {limit + 1, false}, {3 * limit, false}} {
		fits := head + strings.Repeat("x", int(tt.size)-len(head)-2) + `"}`
		s.Put(t, "big", "Big", []byte(fits))
		got, err := fetch(t.Context(), only(t, s, c, "big"))
		if (err == nil) != tt.ok || tt.ok && int64(len(got)) != tt.size {
			t.Errorf("%d bytes with a limit of %d: %d came, %v", tt.size, limit, len(got), err)
		}
	}
}

func scopeHolds(t *testing.T, s Subject) {
	fill(t, s, 4)
	c := s.Connect(t, false)
	whole := mustList(t, c)
	want := s.External("api-02")
	found := 0
	for o, err := range c.Read(t.Context(), source.Scope{API: want}) {
		if err != nil {
			t.Fatal(err)
		}
		if o.Kind == inventory.KindEnvironment {
			continue
		}
		found++
		if diff := cmp.Diff(whole[want], o, sameObjects); diff != "" {
			t.Errorf("read alone, %q differs:\n%s", want, diff)
		}
	}
	if found != 1 {
		t.Errorf("%d roots, want 1", found)
	}
	for _, scope := range []string{s.External("api-99"), "nonsense", "../" + want, want + "/x"} {
		for o, err := range c.Read(t.Context(), source.Scope{API: scope}) {
			t.Errorf("scope %q gave %q, %v; want nothing", scope, o.External, err)
		}
	}
}

func listingIsCompleteOrError(t *testing.T, s Subject) {
	want := fill(t, s, 12)
	for _, first := range []bool{false, true} {
		c := s.Connect(t, first)
		if got := keys(mustList(t, c)); !slices.Equal(got, want) {
			t.Errorf("first %t: listed %q, want %q", first, got, want)
		}
		s.Break(t, Halfway)
		roots, _, err := list(t.Context(), c)
		if err == nil {
			t.Errorf("first %t: a listing that broke off ended well, with %d of %d", first, len(roots), len(want))
		}
		s.Break(t, Healthy)
	}
}

func errorsAreSorted(t *testing.T, s Subject) {
	fill(t, s, 12)
	for _, tt := range broken {
		s.Break(t, tt.fault)
		_, _, err := list(t.Context(), s.Connect(t, false))
		if _, ok := errors.AsType[*source.Error](err); !ok {
			t.Errorf("%s: %v, want a sorted error", tt.fault, err)
		} else if source.Stalled(err) != tt.stalled || source.RetryAfter(err) < tt.after {
			t.Errorf("%s: stalled %t, after %v (%v); want %t, at least %v", tt.fault, source.Stalled(err), source.RetryAfter(err), err, tt.stalled, tt.after)
		}
		s.Break(t, Healthy)
	}
}

func goneNeedsProof(t *testing.T, s Subject) {
	fill(t, s, 2)
	c := s.Connect(t, false)
	here, gone := s.External("api-00"), s.External("api-01")
	s.Delete(t, "api-01")
	for external, want := range map[string]bool{here: false, gone: true} {
		if got, err := c.Gone(t.Context(), external); got != want || err != nil {
			t.Errorf("Gone(%q) = %t, %v; want %t", external, got, err, want)
		}
	}
	for _, tt := range broken {
		if tt.fault == Halfway {
			continue // listings only
		}
		s.Break(t, tt.fault)
		c := s.Connect(t, false)
		for _, external := range []string{here, gone} {
			if got, err := c.Gone(t.Context(), external); got || err == nil {
				t.Errorf("%s: Gone(%q) = %t, %v; want an error", tt.fault, external, got, err)
			}
		}
		s.Break(t, Healthy)
	}
}

func cancellingEnds(t *testing.T, s Subject) {
	fill(t, s, 12)
	for _, first := range []bool{false, true} {
		c := s.Connect(t, first)
		d := definitions(mustList(t, c)[s.External("api-00")])[0]
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		seen, ended := 0, error(nil)
		for _, err := range c.Read(ctx, source.Scope{}) {
			seen, ended = seen+1, err
			cancel()
		}
		// What was on its way already may still come; then the error must.
		if !errors.Is(ended, context.Canceled) {
			t.Errorf("first %t: cancelled after one of 13, %d came, and the end was %v", first, seen, ended)
		}
		if _, err := fetch(ctx, d); !errors.Is(err, context.Canceled) {
			t.Errorf("fetch in a cancelled context: %v", err)
		}
		if got, err := c.Gone(ctx, s.External("api-00")); got || !errors.Is(err, context.Canceled) {
			t.Errorf("Gone in a cancelled context: %t, %v", got, err)
		}
	}
}

// earlyStopLeaks stops more often than any limit on what goes on at once would
// stand, if it were not given back.
func earlyStopLeaks(t *testing.T, s Subject) {
	want := fill(t, s, 12)
	for _, first := range []bool{false, true} {
		c := s.Connect(t, first)
		d := definitions(mustList(t, c)[s.External("api-00")])[0]
		for i := range 30 {
			left := i % 5
			for range c.Read(t.Context(), source.Scope{}) {
				if left--; left < 0 {
					break
				}
			}
			content, err := d.Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if err := content.Close(); err != nil {
				t.Errorf("close an unread document: %v", err)
			}
		}
		if got := keys(mustList(t, c)); !slices.Equal(got, want) {
			t.Errorf("after stopping early, listed %q, want %q", got, want)
		}
	}
}

func manyReadAtOnce(t *testing.T, s Subject) {
	want := fill(t, s, 6)
	for _, first := range []bool{false, true} {
		c := s.Connect(t, first)
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				roots, _, err := list(t.Context(), c)
				if err != nil || !slices.Equal(keys(roots), want) {
					t.Errorf("listed %q, %v", keys(roots), err)
					return
				}
				for external, o := range roots {
					for _, d := range definitions(o) {
						if _, err := fetch(t.Context(), d); err != nil {
							t.Errorf("fetch of %q: %v", external, err)
						}
					}
				}
				if gone, err := c.Gone(t.Context(), want[0]); gone || err != nil {
					t.Errorf("Gone = %t, %v", gone, err)
				}
			})
		}
		wg.Wait()
	}
}

func requestsAreCounted(t *testing.T, s Subject) {
	fill(t, s, 2)
	c := s.Connect(t, false)
	if n := c.Requests(); n != 0 {
		t.Errorf("%d requests before the first", n)
	}
	last := c.Requests()
	grew := func(what string) {
		t.Helper()
		if n := c.Requests(); n <= last {
			t.Errorf("%s: %d requests after %d", what, n, last)
		} else {
			last = n
		}
	}
	roots := mustList(t, c)
	grew("a reading")
	if _, err := fetch(t.Context(), definitions(roots[s.External("api-00")])[0]); err != nil {
		t.Error(err)
	}
	grew("a document")
	if _, err := c.Gone(t.Context(), s.External("api-01")); err != nil {
		t.Error(err)
	}
	grew("a proof")
}
