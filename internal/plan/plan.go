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
//	                                             the oldest survives and takes the rest in (its own
//	                                             in any case, if not all that it has is listed there),
//	                                             after what is no member has left it;
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
	Vanish                   // a version that the source has no more: to be removed
	Keep                     // the same, to be marked as gone instead
	Hold                     // a Vanish that waits for a person's word
	Skip                     // an Add that a limit keeps out
	Clear                    // a recorded root that has no version left: nothing of it is at the source
)

func (a Action) String() string {
	switch a {
	case Add:
		return "add"
	case Change:
		return "change"
	case Vanish:
		return "delete"
	case Keep:
		return "keep"
	case Hold:
		return "hold"
	case Skip:
		return "skip"
	case Clear:
		return "clear"
	}
	panic(fmt.Sprintf("plan: action %d", int(a)))
}

// Op is one thing to do, complete in itself.
type Op struct {
	Action   Action
	External string          // of the root; of the version for Vanish, Keep and Hold
	Object   *source.Object  // Add, Change, Skip
	Mark     string          // of Object
	Recorded inventory.Entry // Change, Clear: the resource that the root is; Vanish, Keep, Hold: the version
	Adopt    []Adoption      // versions to move in from other APIs first
	Absorb   []inventory.ID  // APIs that become one with this, unless another op still has versions to take from them
	Join     inventory.ID    // the API of another link that it becomes one with: Compute knows of one link alone, and leaves it out
	Verify   []string        // definitions below it whose document is to be fetched whatever its mark
	Last     bool            // Change: versions that are not the root's are in it until the other ops are done
	Left     bool            // of a version that would go: it is at the source, and the link does not cover it any more
	Why      string
}

// Adoption is a version that moves to another API.
type Adoption struct {
	External string
	Version  inventory.Entry
}

// Index is what is recorded of a link. While Compute goes on it may be brought
// up to date between two ops, when somebody else has written in the meantime.
type Index struct {
	Environment *inventory.Entry
	Roots       map[string]inventory.Entry // APIs, by external identity
	Versions    map[string]Version         // by external identity
	Apart       map[string]bool            // versions looked at on their own since: that the listing lacks them means nothing
	Elsewhere   int                        // versions that the link has and Versions leaves out
	Dropped     int                        // versions that went of late without a person's word
}

// Version is a recorded version and the root that it is under.
type Version struct {
	inventory.Entry
	Root string
}

// NewIndex makes an index of entries of environments, APIs and versions.
func NewIndex(entries iter.Seq2[inventory.Entry, error]) (Index, error) {
	index := Index{Roots: map[string]inventory.Entry{}, Versions: map[string]Version{}, Apart: map[string]bool{}}
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
	OnVanish inventory.OnVanish
	Verdicts map[string]inventory.DeletionVerdict // of people on deletions, by external
	Brake    Brake
}

// Compute streams what is to be done: roots as they are observed, those that
// take versions from other APIs after the last one, vanished versions last. An
// error of the observation ends it, and then nothing was read as vanished.
func Compute(recorded *Index, observed iter.Seq2[source.Object, error], p Policy) iter.Seq2[Op, error] {
	return func(yield func(Op, error) bool) {
		c := computation{
			index: recorded, policy: p, count: len(recorded.Roots),
			roots: map[string]bool{}, versions: map[string]string{}, taken: map[inventory.ID]bool{}, outside: map[string]string{},
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
		var last []Op
		for _, object := range c.deferred {
			op := c.resolve(object)
			if op.Last = c.shares(op); op.Last {
				last = append(last, op)
			} else if !yield(op, nil) {
				return
			}
		}
		for _, op := range last {
			if !yield(op, nil) {
				return
			}
		}
		for _, op := range slices.Concat(c.vanished(), c.hollow()) { // only now: the index may be newer
			if !yield(op, nil) {
				return
			}
		}
	}
}

// computation is the state of one Compute.
type computation struct {
	index    *Index
	policy   Policy
	count    int                   // roots recorded and added
	roots    map[string]bool       // observed, by external
	versions map[string]string     // observed: external to its root's
	deferred []source.Object       // roots that take versions from other APIs
	rests    map[string]rest       // of recorded roots
	outside  map[string]string     // observed, and not covered: why, by external
	taken    map[inventory.ID]bool // recorded APIs that another root goes on as
}

// observe plans a root at once, if it can be.
func (c *computation) observe(o source.Object) (Op, bool) {
	if o.Kind == inventory.KindEnvironment {
		return c.environment(o)
	}
	if o = c.covered(o); len(o.Children) == 0 {
		return Op{}, false
	}
	c.roots[o.External] = true
	if o = c.once(o); len(o.Children) == 0 {
		return Op{}, false
	}
	foreign, fresh := false, false
	for _, v := range o.Children {
		c.versions[v.External] = o.External
		have, known := c.index.Versions[v.External]
		foreign = foreign || known && have.Root != o.External
		fresh = fresh || !known || !have.Gone.At.IsZero() // its mark may be recorded from before it went
	}
	if foreign {
		c.deferred = append(c.deferred, o)
		return Op{}, false
	}
	if have, recorded := c.index.Roots[o.External]; recorded {
		op, differs := c.change(o, have)
		return op, differs || fresh
	}
	return c.add(o), true
}

// covered is o without the versions that the link does not cover.
func (c *computation) covered(o source.Object) source.Object {
	outside := func(v source.Object) bool { return v.Outside != "" }
	if !slices.ContainsFunc(o.Children, outside) {
		return o
	}
	for _, v := range o.Children {
		if outside(v) {
			c.outside[v.External] = v.Outside
		}
	}
	o.Children = slices.DeleteFunc(slices.Clone(o.Children), outside)
	return o
}

// once is o without the versions that this listing has shown already: a row that
// moved while its pages were read comes twice, and the next listing has it in one place.
func (c *computation) once(o source.Object) source.Object {
	shown := func(v source.Object) bool { return c.versions[v.External] != "" }
	if slices.ContainsFunc(o.Children, shown) {
		o.Children, o.Partial = slices.DeleteFunc(slices.Clone(o.Children), shown), true
	}
	return o
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
	op := Op{Action: Add, External: o.External, Object: &o, Mark: Mark(o, c.policy.Salt), Verify: c.due(o)}
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
	op := Op{Action: Change, External: o.External, Object: &o, Mark: Mark(o, c.policy.Salt), Recorded: have, Verify: c.due(o)}
	return op, have.Mark != op.Mark || len(op.Verify) > 0
}

// due are the members of o whose document is due.
func (c *computation) due(o source.Object) []string {
	var out []string
	for _, v := range o.Children {
		if c.policy.Verify[v.External] {
			out = append(out, v.External)
		}
	}
	return out
}

// resolve plans a root that takes versions from other APIs. What it takes is
// recorded already, so no limit stops it.
func (c *computation) resolve(o source.Object) Op {
	var candidates []inventory.Entry
	for _, root := range c.givers(o) {
		if have := c.index.Roots[root]; c.emptied(root) && !c.taken[have.ID] {
			candidates = append(candidates, have)
		}
	}
	if own, ok := c.index.Roots[o.External]; ok && !c.taken[own.ID] {
		if c.rest(o.External).elsewhere > 0 { // they are not o's to take along
			return c.take(o, own, candidates)
		}
		candidates = append(candidates, own)
	}
	if len(candidates) > 0 {
		return c.take(o, slices.MinFunc(candidates, func(a, b inventory.Entry) int { return cmp.Compare(a.Key, b.Key) }), candidates)
	}
	c.count++
	return Op{
		Action: Add, External: o.External, Object: &o, Mark: Mark(o, c.policy.Salt),
		Verify: c.due(o), Adopt: c.adoptions(o, inventory.ID{}),
	}
}

// take plans that o goes on as a recorded API, and that the others are empty then.
func (c *computation) take(o source.Object, survivor inventory.Entry, others []inventory.Entry) Op {
	op, _ := c.change(o, survivor)
	op.Adopt = c.adoptions(o, survivor.ID)
	c.taken[survivor.ID] = true
	for _, have := range others {
		if have.ID != survivor.ID {
			op.Absorb = append(op.Absorb, have.ID)
		}
	}
	return op
}

// shares says that an op has a root go on as an API that versions of other roots are
// in. They leave it first: nobody is to see them under a name that is not theirs.
func (c *computation) shares(op Op) bool {
	if op.Action != Change || op.Recorded.External == op.External {
		return false
	}
	for external, v := range c.index.Versions {
		if v.Root == op.Recorded.External && c.versions[external] != op.External {
			return true
		}
	}
	return false
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

// rest counts the recorded versions of a root that were not observed in it.
type rest struct{ unobserved, elsewhere int } // elsewhere: the unobserved, too

func (c *computation) rest(root string) rest {
	if c.rests == nil { // asked after the last root was observed
		c.rests = map[string]rest{}
		for external, v := range c.index.Versions {
			r := c.rests[v.Root]
			if c.versions[external] == "" {
				r.unobserved++
			}
			if c.versions[external] != v.Root {
				r.elsewhere++
			}
			c.rests[v.Root] = r
		}
	}
	return c.rests[root]
}

// emptied says that a recorded root was not observed, and all its versions were, elsewhere.
func (c *computation) emptied(root string) bool {
	return !c.roots[root] && c.rest(root).unobserved == 0
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
