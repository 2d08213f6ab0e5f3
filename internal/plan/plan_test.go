package plan_test

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"apicenter/internal/inventory"
	"apicenter/internal/plan"
	"apicenter/internal/source"
)

// root makes an API of a source with versions, each given by its external identity.
func root(external, title string, versions ...string) source.Object {
	o := source.Object{Kind: inventory.KindAPI, External: external, Name: title, States: inventory.Doc{}}
	o.States.Set("/title", title)
	for _, v := range versions {
		child := source.Object{Kind: inventory.KindVersion, External: v, Name: v, States: inventory.Doc{}}
		child.States.Set("/title", v)
		o.Children = append(o.Children, child)
	}
	return o
}

// record keeps what a link brought, and does what ops say.
type record struct {
	roots    map[string]inventory.Entry
	versions map[string]inventory.Entry
	keys     int64
}

func newRecord() *record {
	return &record{roots: map[string]inventory.Entry{}, versions: map[string]inventory.Entry{}}
}

var workspace = inventory.MustID("sub/group/center/workspaces/default")

func (r *record) entries() iter.Seq2[inventory.Entry, error] {
	return func(yield func(inventory.Entry, error) bool) {
		for _, m := range []map[string]inventory.Entry{r.roots, r.versions} {
			for _, external := range slices.Sorted(maps.Keys(m)) {
				if !yield(m[external], nil) {
					return
				}
			}
		}
	}
}

func (r *record) index() *plan.Index {
	index, err := plan.NewIndex(r.entries())
	if err != nil {
		panic(err)
	}
	return &index
}

// stream is a listing without an error.
func stream(objects []source.Object) iter.Seq2[source.Object, error] {
	return func(yield func(source.Object, error) bool) {
		for _, o := range objects {
			if !yield(o, nil) {
				return
			}
		}
	}
}

func (r *record) compute(p plan.Policy, objects ...source.Object) []plan.Op {
	var out []plan.Op
	for op, err := range plan.Compute(r.index(), stream(objects), p) {
		if err != nil {
			panic(err)
		}
		out = append(out, op)
	}
	return out
}

// apply does what an op says, as the engine would.
func (r *record) apply(op plan.Op) {
	switch op.Action {
	case plan.Add, plan.Change:
		entry := op.Recorded
		if op.Action == plan.Add {
			r.keys++
			entry = inventory.Entry{ID: workspace.Child(inventory.KindAPI, fmt.Sprintf("api-%d", r.keys)), Key: r.keys}
		}
		maps.DeleteFunc(r.roots, func(_ string, e inventory.Entry) bool { return e.ID == entry.ID })
		entry.External, entry.Mark = op.External, op.Mark
		for _, v := range op.Object.Children {
			name := strings.ReplaceAll(v.External, "/", "-")
			r.versions[v.External] = inventory.Entry{ID: entry.ID.Child(inventory.KindVersion, name), External: v.External}
		}
		for _, id := range op.Absorb {
			if !r.used(id) {
				maps.DeleteFunc(r.roots, func(_ string, e inventory.Entry) bool { return e.ID == id })
			}
		}
		if old, ok := r.roots[op.External]; ok {
			panic(fmt.Sprintf("%v would be %s beside %s", entry.ID, op.External, old.ID))
		}
		r.roots[op.External] = entry
	case plan.Vanish:
		api := r.versions[op.External].ID.Parent()
		delete(r.versions, op.External)
		if !r.used(api) {
			maps.DeleteFunc(r.roots, func(_ string, e inventory.Entry) bool { return e.ID == api })
		}
	default:
		panic(op.Action)
	}
}

// used says that an API has versions.
func (r *record) used(api inventory.ID) bool {
	for _, v := range r.versions {
		if v.ID.Parent() == api {
			return true
		}
	}
	return false
}

// sync brings the record in step, with a person who approves all deletions.
func (r *record) sync(objects ...source.Object) {
	approved := map[string]inventory.DeletionVerdict{}
	for external := range r.versions {
		approved[external] = inventory.Approved
	}
	for _, op := range r.compute(plan.Policy{Verdicts: approved}, objects...) {
		r.apply(op)
	}
}

// say writes ops as lines "action external[ <- adopted…][ absorbs n][ verify…][ last]".
func say(ops []plan.Op) string {
	var b strings.Builder
	for _, op := range ops {
		fmt.Fprintf(&b, "%v %s", op.Action, op.External)
		for _, a := range op.Adopt {
			fmt.Fprintf(&b, " <- %s", a.External)
		}
		if len(op.Absorb) > 0 {
			fmt.Fprintf(&b, " absorbs %d", len(op.Absorb))
		}
		if len(op.Verify) > 0 {
			fmt.Fprintf(&b, " verify %v", op.Verify)
		}
		if op.Last {
			b.WriteString(" last")
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestCompute(t *testing.T) {
	many := func(n int) (out []source.Object) {
		for i := range n {
			out = append(out, root(fmt.Sprintf("apis/%03d", i), "x", fmt.Sprintf("apis/%03d", i)))
		}
		return out
	}
	for _, tt := range []struct {
		name     string
		recorded []source.Object
		observed []source.Object
		policy   plan.Policy
		want     string
	}{
		{"a new API", nil, many(1), plan.Policy{}, "add apis/000\n"},
		{"nothing changed", many(3), many(3), plan.Policy{}, ""},
		{"a title changed", many(1), []source.Object{root("apis/000", "y", "apis/000")}, plan.Policy{}, "change apis/000\n"},
		{"a document is due", many(2), many(2), plan.Policy{Verify: map[string]bool{"apis/001": true}}, "change apis/001 verify [apis/001]\n"},
		{"one vanished", many(3), many(2), plan.Policy{Brake: plan.DefaultBrake}, "delete apis/002\n"},
		{"an empty listing is held", many(2), nil, plan.Policy{Brake: plan.DefaultBrake}, "hold apis/000\nhold apis/001\n"},
		{"what was approved goes", many(2), nil, plan.Policy{Brake: plan.DefaultBrake, Verdicts: map[string]inventory.DeletionVerdict{"apis/001": inventory.Approved}}, "hold apis/000\ndelete apis/001\n"},
		{
			"what is kept is marked, and what people approved goes", many(3), many(1),
			plan.Policy{OnVanish: inventory.OnVanishKeep, Verdicts: map[string]inventory.DeletionVerdict{"apis/002": inventory.Approved}},
			"keep apis/001\ndelete apis/002\n",
		},
		{
			"a rule that holds, and what people rejected", many(3), many(1),
			plan.Policy{OnVanish: inventory.OnVanishHold, Verdicts: map[string]inventory.DeletionVerdict{"apis/002": inventory.Rejected}},
			"hold apis/001\nkeep apis/002\n",
		},
		{"one API that is the last", many(1), nil, plan.Policy{Scope: source.Scope{API: "apis/000"}, Brake: plan.DefaultBrake}, "hold apis/000\n"},
		{"a limit", many(1), many(3), plan.Policy{Limit: 2}, "add apis/001\nskip apis/002\n"},
		{"one API only: others have not vanished", many(3), nil, plan.Policy{Scope: source.Scope{API: "apis/001"}, Brake: plan.DefaultBrake}, "delete apis/001\n"},
		{
			"an API gains its first version set",
			many(1),
			[]source.Object{root("apiversionsets/s", "S", "apis/000", "apis/new")},
			plan.Policy{},
			"change apiversionsets/s\n",
		},
		{
			"two APIs become one version set",
			many(2),
			[]source.Object{root("apiversionsets/s", "S", "apis/000", "apis/001")},
			plan.Policy{},
			"change apiversionsets/s <- apis/001 absorbs 1\n",
		},
		{
			"one leaves its set",
			[]source.Object{root("apiversionsets/s", "S", "apis/a", "apis/b")},
			[]source.Object{root("apis/a", "A", "apis/a"), root("apiversionsets/s", "S", "apis/b")},
			plan.Policy{},
			"change apiversionsets/s\nadd apis/a <- apis/a\n",
		},
		{
			"a set comes apart: the others leave it before one goes on as it",
			[]source.Object{root("apiversionsets/s", "S", "apis/a", "apis/b", "apis/c")},
			[]source.Object{root("apis/a", "A", "apis/a"), root("apis/b", "B", "apis/b"), root("apis/c", "C", "apis/c")},
			plan.Policy{},
			"add apis/b <- apis/b\nadd apis/c <- apis/c\nchange apis/a last\n",
		},
		{
			"a set of one becomes an API",
			[]source.Object{root("apiversionsets/s", "S", "apis/a")},
			[]source.Object{root("apis/a", "A", "apis/a")},
			plan.Policy{},
			"change apis/a\n",
		},
		{
			"one moves to another set",
			[]source.Object{root("apiversionsets/s", "S", "apis/a", "apis/b"), root("apiversionsets/t", "T", "apis/c")},
			[]source.Object{root("apiversionsets/s", "S", "apis/a"), root("apiversionsets/t", "T", "apis/b", "apis/c")},
			plan.Policy{},
			"change apiversionsets/s\nchange apiversionsets/t <- apis/b\n",
		},
		{
			"the only one moves to another set: the older API survives",
			[]source.Object{root("apiversionsets/s", "S", "apis/a"), root("apiversionsets/t", "T", "apis/c")},
			[]source.Object{root("apiversionsets/t", "T", "apis/a", "apis/c")},
			plan.Policy{},
			"change apiversionsets/t <- apis/c absorbs 1\n",
		},
		{
			"a set that loses a member takes in an older API: the set goes on, what vanished is proven first",
			[]source.Object{root("apis/x", "X", "apis/x"), root("apiversionsets/s", "S", "apis/a", "apis/b")},
			[]source.Object{root("apiversionsets/s", "S", "apis/a", "apis/x")},
			plan.Policy{Brake: plan.DefaultBrake},
			"change apiversionsets/s <- apis/x absorbs 1\ndelete apis/b\n",
		},
		{
			"a set is torn in two, and older APIs take its members in",
			[]source.Object{root("apis/1", "1", "apis/1"), root("apis/2", "2", "apis/2"), root("apiversionsets/r", "R", "apis/x", "apis/y")},
			[]source.Object{root("apiversionsets/s", "S", "apis/1", "apis/x"), root("apiversionsets/t", "T", "apis/2", "apis/y")},
			plan.Policy{},
			"change apiversionsets/s <- apis/x absorbs 1\nchange apiversionsets/t <- apis/y absorbs 1\n",
		},
		{
			"at the limit an API may still leave its set",
			[]source.Object{root("apiversionsets/s", "S", "apis/a", "apis/b")},
			[]source.Object{root("apis/a", "A", "apis/a"), root("apiversionsets/s", "S", "apis/b")},
			plan.Policy{Limit: 1},
			"change apiversionsets/s\nadd apis/a <- apis/a\n",
		},
		{
			"one that moved while the pages were read is shown twice",
			nil,
			[]source.Object{root("apis/a", "A", "apis/a"), root("apis/b", "B", "apis/b"), root("apis/b", "B", "apis/b"), root("apiversionsets/s", "S", "apis/a")},
			plan.Policy{},
			"add apis/a\nadd apis/b\n",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRecord()
			r.sync(tt.recorded...)
			if got := say(r.compute(tt.policy, tt.observed...)); got != tt.want {
				t.Errorf("ops:\n%swant:\n%s", got, tt.want)
			}
		})
	}
}

func TestAVersionThatComesBackIsSeenThoughItsAPIHasTheSameMark(t *testing.T) {
	r := newRecord()
	set := root("apiversionsets/s", "S", "apis/a", "apis/b")
	r.sync(set)
	delete(r.versions, "apis/b") // a look at it alone found it gone
	if got, want := say(r.compute(plan.Policy{}, set)), "change apiversionsets/s\n"; got != want {
		t.Errorf("ops:\n%swant:\n%s", got, want)
	}
}

func TestARootWithoutVersionsIsCleared(t *testing.T) {
	r := newRecord()
	r.sync(root("apis/a", "A", "apis/a"), root("apis/b", "B", "apis/b"))
	delete(r.versions, "apis/b")
	if got, want := say(r.compute(plan.Policy{}, root("apis/a", "A", "apis/a"))), "clear apis/b\n"; got != want {
		t.Errorf("ops:\n%swant:\n%s", got, want)
	}
}

func TestTheBrake(t *testing.T) {
	for _, tt := range []struct {
		before, after int
		held          bool
	}{
		{100, 90, false}, // 10 are not more than 10
		{100, 85, false}, // 15 are not more than a fifth
		{100, 79, true},  // 21 are more than both
		{15, 4, true},    // 11 of 15
		{1000, 801, false},
		{1, 0, true}, // nothing at all is listed
	} {
		r := newRecord()
		all := make([]source.Object, tt.before)
		for i := range all {
			all[i] = root(fmt.Sprintf("apis/%04d", i), "x", fmt.Sprintf("apis/%04d", i))
		}
		r.sync(all...)
		ops := r.compute(plan.Policy{Brake: plan.DefaultBrake}, all[:tt.after]...)
		if len(ops) != tt.before-tt.after || (ops[0].Action == plan.Hold) != tt.held {
			t.Errorf("%d of %d vanished: %d ops, first %v; want held %v", tt.before-tt.after, tt.before, len(ops), ops[0].Action, tt.held)
		}
	}
}

func TestTheBrakeCountsWhatWentOfLate(t *testing.T) {
	for _, tt := range []struct {
		recorded, dropped int
		scope             string
		held              bool
	}{
		{90, 10, "", false}, // 11 of 100
		{80, 20, "", true},  // 21 of 100
		{80, 20, "apis/0000", true},
		{81, 19, "apis/0000", false}, // 20 of 100
		{3, 8, "apis/0000", false},   // 9 are not more than 10
		{3, 10, "apis/0000", true},
	} {
		r := newRecord()
		all := make([]source.Object, tt.recorded)
		for i := range all {
			all[i] = root(fmt.Sprintf("apis/%04d", i), "x", fmt.Sprintf("apis/%04d", i))
		}
		r.sync(all...)
		index := r.index()
		index.Dropped = tt.dropped
		if tt.scope != "" { // a look recalls what it touches, and knows how many others there are
			index.Elsewhere = len(index.Versions) - 1
			maps.DeleteFunc(index.Versions, func(external string, _ plan.Version) bool { return external != tt.scope })
			all = nil
		} else {
			all = all[1:]
		}
		var ops []plan.Op
		for op, err := range plan.Compute(index, stream(all), plan.Policy{Scope: source.Scope{API: tt.scope}, Brake: plan.DefaultBrake}) {
			if err != nil {
				t.Fatal(err)
			}
			ops = append(ops, op)
		}
		if len(ops) != 1 || (ops[0].Action == plan.Hold) != tt.held {
			t.Errorf("%d recorded, %d went of late, a look at %q: %swant held %t", tt.recorded, tt.dropped, tt.scope, say(ops), tt.held)
		}
	}
}

func TestWhatIsGoneStaysSoUntilItIsBack(t *testing.T) {
	r := newRecord()
	set := root("apiversionsets/s", "S", "apis/a", "apis/b")
	r.sync(set)
	gone := r.versions["apis/b"]
	gone.Gone = inventory.Gone{At: time.Now(), Why: inventory.Vanished}
	r.versions["apis/b"] = gone
	rest := root("apiversionsets/s", "S", "apis/a")
	if got, want := say(r.compute(plan.Policy{Brake: plan.DefaultBrake}, rest)), "change apiversionsets/s\n"; got != want {
		t.Errorf("without it:\n%swant:\n%s", got, want)
	}
	if got, want := say(r.compute(plan.Policy{Brake: plan.DefaultBrake}, set)), "change apiversionsets/s\n"; got != want {
		t.Errorf("when it is back, under the same mark:\n%swant:\n%s", got, want)
	}
	approved := plan.Policy{Verdicts: map[string]inventory.DeletionVerdict{"apis/b": inventory.Approved}}
	if got, want := say(r.compute(approved, rest)), "change apiversionsets/s\ndelete apis/b\n"; got != want {
		t.Errorf("approved:\n%swant:\n%s", got, want)
	}
}

func TestABrokenListingProvesNothing(t *testing.T) {
	r := newRecord()
	r.sync(root("apis/a", "A", "apis/a"), root("apis/b", "B", "apis/b"))
	broken := errors.New("broken")
	observed := func(yield func(source.Object, error) bool) {
		if yield(root("apis/a", "New title", "apis/a"), nil) {
			yield(source.Object{}, broken)
		}
	}
	var ops []plan.Op
	var failed error
	for op, err := range plan.Compute(r.index(), observed, plan.Policy{Brake: plan.DefaultBrake}) {
		if failed = err; err == nil {
			ops = append(ops, op)
		}
	}
	if got := say(ops); got != "change apis/a\n" || !errors.Is(failed, broken) {
		t.Errorf("ops of a broken listing:\n%s error %v", got, failed)
	}
}

func TestMarksDiffer(t *testing.T) {
	a := root("apis/a", "A", "apis/a")
	seen := map[string]string{plan.Mark(a, ""): "itself"}
	for name, change := range map[string]func(*source.Object, *string){
		"salt":        func(_ *source.Object, salt *string) { *salt = "x" },
		"title":       func(o *source.Object, _ *string) { o.States.Set("/title", "B") },
		"child title": func(o *source.Object, _ *string) { o.Children[0].States.Set("/title", "B") },
		"document":    func(o *source.Object, _ *string) { o.Children[0].Document = &source.Document{Mark: "m"} },
		"new child":   func(o *source.Object, _ *string) { o.Children = append(o.Children, root("", "", "apis/c").Children...) },
	} {
		o, salt := root("apis/a", "A", "apis/a"), ""
		change(&o, &salt)
		mark := plan.Mark(o, salt)
		if other, ok := seen[mark]; ok {
			t.Errorf("the mark does not change with %s: it is that of %s", name, other)
		}
		seen[mark] = name
	}
}

// drawWorld draws which APIs a source has and how they are grouped.
func drawWorld(t *rapid.T, label string) []source.Object {
	groups := map[string][]string{}
	titles := map[string]string{}
	for i := range rapid.IntRange(0, 7).Draw(t, label+" apis") {
		api := fmt.Sprintf("apis/%d", rapid.IntRange(0, 9).Draw(t, fmt.Sprintf("%s api %d", label, i)))
		set := rapid.IntRange(0, 3).Draw(t, fmt.Sprintf("%s set %d", label, i))
		external := api
		if set > 0 {
			external = fmt.Sprintf("apiversionsets/%d", set)
		}
		taken := false
		for _, members := range groups {
			taken = taken || slices.Contains(members, api)
		}
		if !taken {
			groups[external] = append(groups[external], api)
			titles[external] = rapid.SampledFrom([]string{"A", "B"}).Draw(t, fmt.Sprintf("%s title %d", label, i))
		}
	}
	var out []source.Object
	for _, external := range slices.Sorted(maps.Keys(groups)) {
		out = append(out, root(external, titles[external], slices.Sorted(slices.Values(groups[external]))...))
	}
	return rapid.Permutation(out).Draw(t, label+" order")
}

// drawScope puts some of what a source has outside of the link's scope, and gives what is covered.
func drawScope(t *rapid.T, label string, world []source.Object) (observed, covered []source.Object) {
	for _, o := range world {
		in := o
		in.Children, o.Children = nil, slices.Clone(o.Children)
		for i, v := range o.Children {
			if rapid.IntRange(0, 3).Draw(t, label+" outside "+v.External) == 0 {
				o.Children[i].Outside = "a rule"
			} else {
				in.Children = append(in.Children, v)
			}
		}
		if observed = append(observed, o); len(in.Children) > 0 {
			covered = append(covered, in)
		}
	}
	return observed, covered
}

// checkLaws drives a record through worlds: after each, everything that was
// observed and is covered is recorded once and in its place, nothing else is, and a second plan is empty.
func checkLaws(t *rapid.T) {
	r := newRecord()
	for step := range rapid.IntRange(1, 6).Draw(t, "steps") {
		observed, world := drawScope(t, fmt.Sprint(step), drawWorld(t, fmt.Sprint(step)))
		r.sync(observed...)
		want := map[string]string{}
		for _, o := range world {
			for _, v := range o.Children {
				want[v.External] = o.External
			}
		}
		got := map[string]string{}
		for external, v := range r.index().Versions {
			got[external] = v.Root
		}
		if !maps.Equal(got, want) {
			t.Fatalf("step %d: recorded %v, want %v", step, got, want)
		}
		if len(r.roots) != len(world) {
			t.Fatalf("step %d: %d APIs for %d roots: %v", step, len(r.roots), len(world), r.roots)
		}
		if again := say(r.compute(plan.Policy{Brake: plan.DefaultBrake}, observed...)); again != "" {
			t.Fatalf("step %d: the second plan is not empty:\n%s", step, again)
		}
	}
}

func TestASecondPlanIsEmpty(t *testing.T) { rapid.Check(t, checkLaws) }

func FuzzASecondPlanIsEmpty(f *testing.F) { f.Fuzz(rapid.MakeFuzz(checkLaws)) }

func TestWhatLeavesTheScopeHasNotVanished(t *testing.T) {
	outside := func(o source.Object, versions ...string) source.Object {
		for i, v := range o.Children {
			if slices.Contains(versions, v.External) {
				o.Children[i].Outside = "the link excludes tag=old"
			}
		}
		return o
	}
	r := newRecord()
	r.sync(root("apis/a", "A", "apis/a"), root("apiversionsets/s", "S", "apis/b", "apis/c"), root("apis/d", "D", "apis/d"))
	ops := r.compute(plan.Policy{Brake: plan.DefaultBrake},
		outside(root("apis/a", "A", "apis/a"), "apis/a"), outside(root("apiversionsets/s", "S", "apis/b", "apis/c"), "apis/b"),
		outside(root("apis/new", "New", "apis/new"), "apis/new"))
	if got := say(ops); got != "change apiversionsets/s\ndelete apis/a\ndelete apis/b\ndelete apis/d\n" {
		t.Errorf("ops:\n%s", got)
	}
	for _, op := range ops[1:] {
		if left := op.External != "apis/d"; op.Left != left || strings.Contains(op.Why, "tag=old") != left {
			t.Errorf("%s left %t, because %s", op.External, op.Left, op.Why)
		}
	}
	held := r.compute(plan.Policy{Brake: plan.DefaultBrake}, outside(root("apis/a", "A", "apis/a"), "apis/a"))
	if got := say(held); !strings.HasPrefix(got, "hold ") || !strings.Contains(held[0].Why, "covers nothing") {
		t.Errorf("a scope that covers nothing brings:\n%s%s", got, held[0].Why)
	}
}
