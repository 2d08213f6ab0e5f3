// Package plan decides what a pass has to do: a pure function of what is
// recorded of a link, what its source was observed to have, and a policy. It
// knows no clock, does no I/O and keeps nothing, so that the preview, the tests
// and the real pass share it.
//
// Each API of the source is a version in the inventory; the APIs of one version
// set are the versions of one API, a root. Roots are joined with what is
// recorded by the source's identity:
//
//	recorded root   members recorded elsewhere   then
//	-------------   --------------------------   ------------------------------------------------
//	yes             no                           unchanged, or a Change
//	no              no                           an Add
//	yes or no       yes                          wait for the end of the listing, then:
//	                                             of the recorded APIs that it empties, and its own,
//	                                             the oldest survives and takes the rest in;
//	                                             if there is none, an Add that takes the members in
package plan

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"

	"apicenter/internal/inventory"
	"apicenter/internal/source"
)

// Action says what an Op does.
type Action int

// The actions.
const (
	Add    Action = iota + 1 // a new root with all below it
	Change                   // a recorded root, and what differs below it
	Vanish                   // a version that the source no longer lists: to be proven, then removed
	Hold                     // a Vanish that waits for a person's word
	Skip                     // an Add that a limit keeps out
)

func (a Action) String() string {
	switch a {
	case Add:
		return "add"
	case Change:
		return "change"
	case Vanish:
		return "delete"
	case Hold:
		return "hold"
	case Skip:
		return "skip"
	}
	panic(fmt.Sprintf("plan: action %d", int(a)))
}

// Op is one thing to do, complete in itself.
type Op struct {
	Action   Action
	External string          // of the root; of the version for Vanish and Hold
	Object   *source.Object  // Add, Change, Skip
	Mark     string          // of Object
	Recorded inventory.Entry // Change: the resource that the root is; Vanish, Hold: the version
	Adopt    []Adoption      // versions to move in from other APIs first
	Absorb   []inventory.ID  // APIs that are empty then and become one with this
	Verify   []string        // definitions below it whose document is to be fetched whatever its mark
	Why      string
}

// Adoption is a version that moves to another API.
type Adoption struct {
	External string
	Version  inventory.Entry
}

// Index is what is recorded of a link.
type Index struct {
	Environment *inventory.Entry
	Roots       map[string]inventory.Entry // APIs, by external identity
	Versions    map[string]Version         // by external identity
}

// Version is a recorded version and the root that it is under.
type Version struct {
	inventory.Entry
	Root string
}

// NewIndex makes an index of entries of environments, APIs and versions.
func NewIndex(entries iter.Seq2[inventory.Entry, error]) (Index, error) {
	index := Index{Roots: map[string]inventory.Entry{}, Versions: map[string]Version{}}
	roots := map[inventory.ID]string{}
	for e, err := range entries {
		if err != nil {
			return Index{}, err
		}
		switch e.ID.Kind() {
		case inventory.KindEnvironment:
			index.Environment = &e
		case inventory.KindAPI:
			index.Roots[e.External] = e
			roots[e.ID] = e.External
		case inventory.KindVersion:
			index.Versions[e.External] = Version{Entry: e}
		default:
			return Index{}, fmt.Errorf("plan: %s is no root and no version", e.ID)
		}
	}
	for external, v := range index.Versions {
		v.Root = roots[v.ID.Parent()]
		index.Versions[external] = v
	}
	return index, nil
}

// Policy is what people decided.
type Policy struct {
	Scope    source.Scope
	Salt     string          // settings of the link that shape the mapping; part of every mark
	Limit    int             // most APIs that the link may bring; 0: no limit
	Verify   map[string]bool // externals of versions whose document is due
	Released map[string]bool // externals whose held deletion a person approved
	Brake    Brake
}

// Brake holds deletions when more than Things and more than Share of the link
// would vanish at once, or all of it.
type Brake struct {
	Things int
	Share  float64
}

// DefaultBrake holds more than 10 things that are more than a fifth of the link.
var DefaultBrake = Brake{Things: 10, Share: 0.2}

// Compute streams what is to be done: roots as they are observed, those that
// take versions from other APIs after the last one, vanished versions last. An
// error of the observation ends it, and then nothing was read as vanished.
func Compute(recorded Index, observed iter.Seq2[source.Object, error], p Policy) iter.Seq2[Op, error] {
	return func(yield func(Op, error) bool) {
		c := computation{
			index: recorded, policy: p, count: len(recorded.Roots),
			roots: map[string]bool{}, versions: map[string]string{}, taken: map[inventory.ID]bool{},
		}
		for object, err := range observed {
			if err != nil {
				yield(Op{}, err)
				return
			}
			if op, ok := c.observe(object); ok && !yield(op, nil) {
				return
			}
		}
		for _, object := range c.deferred {
			if !yield(c.resolve(object), nil) {
				return
			}
		}
		for _, op := range c.vanished() {
			if !yield(op, nil) {
				return
			}
		}
	}
}

// computation is the state of one Compute.
type computation struct {
	index    Index
	policy   Policy
	count    int                   // roots recorded and added
	roots    map[string]bool       // observed, by external
	versions map[string]string     // observed: external to its root's
	deferred []source.Object       // roots that take versions from other APIs
	left     map[string]int        // versions of a recorded root that were not observed
	taken    map[inventory.ID]bool // recorded APIs that a root has claimed
}

// observe plans a root at once, if it can be.
func (c *computation) observe(o source.Object) (Op, bool) {
	if o.Kind == inventory.KindEnvironment {
		return c.environment(o)
	}
	c.roots[o.External] = true
	foreign := false
	for _, v := range o.Children {
		c.versions[v.External] = o.External
		have, known := c.index.Versions[v.External]
		foreign = foreign || known && have.Root != o.External
	}
	if foreign {
		c.deferred = append(c.deferred, o)
		return Op{}, false
	}
	if have, recorded := c.index.Roots[o.External]; recorded {
		return c.change(o, have)
	}
	return c.add(o), true
}

func (c *computation) environment(o source.Object) (Op, bool) {
	op := Op{Action: Add, External: o.External, Object: &o, Mark: Mark(o, c.policy.Salt)}
	if have := c.index.Environment; have != nil {
		op.Action, op.Recorded = Change, *have
		if have.Mark == op.Mark {
			return Op{}, false
		}
	}
	return op, true
}

func (c *computation) add(o source.Object) Op {
	op := Op{Action: Add, External: o.External, Object: &o, Mark: Mark(o, c.policy.Salt)}
	if c.policy.Limit > 0 && c.count >= c.policy.Limit {
		op.Action = Skip
		op.Why = fmt.Sprintf("the link may bring %d APIs and has as many", c.policy.Limit)
		return op
	}
	c.count++
	return op
}

// change plans a recorded root; it says whether there is anything to do.
func (c *computation) change(o source.Object, have inventory.Entry) (Op, bool) {
	op := Op{Action: Change, External: o.External, Object: &o, Mark: Mark(o, c.policy.Salt), Recorded: have}
	if len(c.policy.Verify) > 0 {
		for _, v := range o.Children {
			if c.policy.Verify[v.External] {
				op.Verify = append(op.Verify, v.External)
			}
		}
	}
	return op, have.Mark != op.Mark || len(op.Verify) > 0
}

// resolve plans a root that takes versions from other APIs.
func (c *computation) resolve(o source.Object) Op {
	var candidates []inventory.Entry
	if own, ok := c.index.Roots[o.External]; ok && !c.taken[own.ID] {
		candidates = append(candidates, own)
	}
	for _, root := range c.givers(o) {
		if have := c.index.Roots[root]; c.emptied(root) && !c.taken[have.ID] {
			candidates = append(candidates, have)
		}
	}
	if len(candidates) == 0 {
		op := c.add(o)
		if op.Action == Add {
			op.Adopt = c.adoptions(o, inventory.ID{})
		}
		return op
	}
	survivor := slices.MinFunc(candidates, func(a, b inventory.Entry) int { return cmp.Compare(a.Key, b.Key) })
	op, _ := c.change(o, survivor)
	op.Adopt = c.adoptions(o, survivor.ID)
	for _, have := range candidates {
		c.taken[have.ID] = true
		if have.ID != survivor.ID {
			op.Absorb = append(op.Absorb, have.ID)
		}
	}
	return op
}

// givers are the other roots under which members of o are recorded, in order.
func (c *computation) givers(o source.Object) []string {
	roots := map[string]bool{}
	for _, v := range o.Children {
		if have, ok := c.index.Versions[v.External]; ok && have.Root != o.External {
			roots[have.Root] = true
		}
	}
	return slices.Sorted(maps.Keys(roots))
}

// emptied says that a recorded root was not observed, and all its versions were, elsewhere.
func (c *computation) emptied(root string) bool {
	if c.left == nil { // asked after the last root was observed
		c.left = map[string]int{}
		for external, v := range c.index.Versions {
			if c.versions[external] == "" {
				c.left[v.Root]++
			}
		}
	}
	return !c.roots[root] && c.left[root] == 0
}

// adoptions are the members of o that are recorded in another API than to.
func (c *computation) adoptions(o source.Object, to inventory.ID) []Adoption {
	var out []Adoption
	for _, v := range o.Children {
		if have, ok := c.index.Versions[v.External]; ok && have.ID.Parent() != to {
			out = append(out, Adoption{External: v.External, Version: have.Entry})
		}
	}
	return out
}

// vanished plans what was recorded in scope and not observed.
func (c *computation) vanished() []Op {
	var out []Op
	unreleased := 0
	for _, external := range slices.Sorted(maps.Keys(c.index.Versions)) {
		if c.versions[external] != "" || !c.policy.Scope.Whole() && c.policy.Scope.API != external {
			continue
		}
		out = append(out, Op{Action: Vanish, External: external, Recorded: c.index.Versions[external].Entry, Why: "the source no longer lists it"})
		if !c.policy.Released[external] {
			unreleased++
		}
	}
	why := c.held(unreleased)
	if why == "" {
		return out
	}
	for i, op := range out {
		if !c.policy.Released[op.External] {
			out[i].Action, out[i].Why = Hold, why
		}
	}
	return out
}

// held says why n deletions must wait for a person, or "".
func (c *computation) held(n int) string {
	total := len(c.index.Versions)
	switch {
	case n == 0 || !c.policy.Scope.Whole():
		return ""
	case len(c.versions) == 0:
		return fmt.Sprintf("the source lists nothing at all any more, and %d APIs are recorded", total)
	case n > c.policy.Brake.Things && float64(n) > c.policy.Brake.Share*float64(total):
		return fmt.Sprintf("%d of %d APIs would go at once", n, total)
	}
	return ""
}
