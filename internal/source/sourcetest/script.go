package sourcetest

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"maps"
	"math"
	"slices"
	"strconv"
	"sync"
	"time"

	"apicenter/internal/inventory"
	"apicenter/internal/source"
)

// Script is a source in memory that does as it is told: it holds objects, counts
// what is asked of it, and fails, waits or blocks on demand. It is a
// connector itself and keeps the port's promises, so that a test of
// the engine sees what a real source could have said. All methods may be
// called at the same time.
type Script struct {
	mu       sync.Mutex // guards all below
	roots    map[string]source.Object
	bodies   map[string][]byte // by external identity of a definition, instead of what its Open gives
	refused  map[string]error  // openings that fail, by external identity
	kept     map[string]bool   // identities whose absence cannot be proven
	fail     error             // ends each listing after failAt roots
	failAt   int
	page     int // roots that are read at one instant; 0: all
	goneErr  error
	log      []source.Change
	logErr   error
	logReads []time.Time
	lag      time.Duration // until the log shows an entry
	delay    time.Duration // before each root and each document
	gate     chan struct{} // closed when nothing is blocked
	scopes   []source.Scope
	envs     []source.Env
	links    []inventory.Link
	opens    map[string]int
	proofs   int
	requests int64
}

// NewScript is a source with an environment, "script", and no API.
func NewScript() *Script {
	s := &Script{
		roots: map[string]source.Object{}, bodies: map[string][]byte{}, refused: map[string]error{},
		kept: map[string]bool{}, opens: map[string]int{}, gate: make(chan struct{}),
	}
	close(s.gate)
	s.Put(Environment("script"))
	return s
}

// Put sets a root, or replaces the one with the same identity.
func (s *Script) Put(o source.Object) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.roots[o.External] = clone(o)
	for _, v := range o.Children {
		s.note(v.External)
	}
}

// Remove takes a root out, with all that hangs on it.
func (s *Script) Remove(external string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range s.roots[external].Children {
		s.note(v.External)
	}
	delete(s.roots, external)
}

// note takes a change of an API into the log; mu is held.
func (s *Script) note(api string) {
	s.log = append(s.log, source.Change{Entry: strconv.Itoa(len(s.log)), At: time.Now(), Scope: source.Scope{API: api}})
}

// Note takes a change into the log that nobody made: with "", one of everything.
func (s *Script) Note(api string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note(api)
}

// Lag has the log show each entry only after d.
func (s *Script) Lag(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lag = d
}

// FailLog makes each reading of the log end with err, after all of it; nil heals it.
func (s *Script) FailLog(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.logErr = err
}

// Document changes what the definitions with this identity hold without
// changing their mark: an edit that no listing shows.
func (s *Script) Document(external string, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bodies[external] = body
}

// FailDocument makes the opening of a document fail; nil heals it.
func (s *Script) FailDocument(external string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		delete(s.refused, external)
		return
	}
	s.refused[external] = err
}

// FailAfter makes each reading end with err after n roots, the environment
// included, or after the last if there are fewer; nil heals it.
func (s *Script) FailAfter(n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail, s.failAt = err, n
}

// Pages has each reading ask anew after every n roots, the environment included; 0:
// it asks once.
func (s *Script) Pages(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.page = n
}

// FailGone makes each proof fail; nil heals it.
func (s *Script) FailGone(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.goneErr = err
}

// Hide keeps a thing out of the listing's proof: when it is not listed, it is
// not proven gone either, as a page that lost a row would have it.
func (s *Script) Hide(external string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept[external] = true
}

// Delay makes each root of a reading and each document take d.
func (s *Script) Delay(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delay = d
}

// Block holds readings before their next root, and openings and proofs before
// they answer, until the function it returns is called. A cancelled context frees one.
func (s *Script) Block() (release func()) {
	gate := make(chan struct{})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gate = gate
	return sync.OnceFunc(func() { close(gate) })
}

// Reads is how many readings have begun.
func (s *Script) Reads() int { return len(s.Scopes()) }

// Scopes are the scopes of all readings, in order.
func (s *Script) Scopes() []source.Scope {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.scopes)
}

// Opens is how many documents were opened, failures included.
func (s *Script) Opens() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, opened := range s.opens {
		n += opened
	}
	return n
}

// OpensOf is how often the documents with this identity were opened.
func (s *Script) OpensOf(external string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.opens[external]
}

// Proofs is how often absence was to be proven.
func (s *Script) Proofs() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.proofs
}

// Envs are the environments that connectors were opened with, in order.
func (s *Script) Envs() []source.Env {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.envs)
}

// Links are the links that connectors were opened for, in order.
func (s *Script) Links() []inventory.Link {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.links)
}

// Kind is a kind of source, "Script", whose every link reads s.
func (s *Script) Kind() source.Kind {
	return source.Kind{Name: "Script", Open: func(_ context.Context, link inventory.Link, env source.Env) (source.Connector, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.links, s.envs = append(s.links, link), append(s.envs, env)
		return s, nil
	}}
}

// Read yields the roots in the order of their identities.
func (s *Script) Read(ctx context.Context, scope source.Scope) iter.Seq2[source.Object, error] {
	return func(yield func(source.Object, error) bool) {
		start := time.Now()
		keys := s.begin(scope)
		for n, key := range keys {
			if err := s.wait(ctx); err != nil {
				yield(source.Object{}, err)
				return
			}
			if s.turns(n) {
				start = time.Now()
			}
			if err := s.failing(n); err != nil {
				yield(source.Object{}, err)
				return
			}
			root, ok := s.observe(key, scope, start)
			if ok && !yield(root, nil) {
				return
			}
		}
		if err := cmp.Or(ctx.Err(), s.failing(math.MaxInt)); err != nil {
			yield(source.Object{}, err)
		}
	}
}

// Gone is true for an identity that no root and no version has.
func (s *Script) Gone(ctx context.Context, external string) (bool, error) {
	s.mu.Lock()
	s.proofs++
	s.requests += 2
	s.mu.Unlock()
	if err := s.wait(ctx); err != nil {
		return false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.goneErr != nil {
		return false, s.goneErr
	}
	if _, ok := s.roots[external]; ok || s.kept[external] {
		return false, nil
	}
	for _, root := range s.roots {
		if slices.ContainsFunc(root.Children, named(external)) {
			return false, nil
		}
	}
	return true, nil
}

// Check finds whether a reading would begin well.
func (s *Script) Check(ctx context.Context) ([]inventory.Finding, error) {
	s.mu.Lock()
	s.requests++
	s.mu.Unlock()
	if err := s.wait(ctx); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f := inventory.Finding{Check: "script", Outcome: inventory.Passed, Message: "it can be read"}
	if s.fail != nil {
		f.Outcome, f.Message = inventory.NotProven, s.fail.Error()
		if e, ok := errors.AsType[*source.Error](s.fail); ok && e.Stalled {
			f.Outcome, f.Message, f.Remedy = inventory.Refused, e.Message, e.Remedy
		}
	}
	return []inventory.Finding{f}, nil
}

// Changes yields what Put, Remove and Note took into the log.
func (s *Script) Changes(ctx context.Context, since time.Time) iter.Seq2[source.Change, error] {
	return func(yield func(source.Change, error) bool) {
		s.mu.Lock()
		s.requests++
		s.logReads = append(s.logReads, since)
		s.mu.Unlock()
		err := s.wait(ctx)
		s.mu.Lock()
		log, until := slices.Clone(s.log), time.Now().Add(-s.lag)
		err = cmp.Or(err, s.logErr)
		s.mu.Unlock()
		if ctx.Err() == nil {
			for _, c := range log {
				if !c.At.Before(since) && !c.At.After(until) && !yield(c, nil) {
					return
				}
			}
		}
		if err != nil {
			yield(source.Change{}, err)
		}
	}
}

// LogReads are since when each reading of the log asked for, in order.
func (s *Script) LogReads() []time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.logReads)
}

// Requests counts one for each reading of the log, one for each hundred roots listed, one for each document and two for each proof.
func (s *Script) Requests() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

func (s *Script) begin(scope source.Scope) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scopes = append(s.scopes, scope)
	s.requests += int64(1 + len(s.roots)/100)
	return slices.Sorted(maps.Keys(s.roots))
}

// wait is where a reading may be held up.
func (s *Script) wait(ctx context.Context) error {
	s.mu.Lock()
	gate, delay := s.gate, s.delay
	s.mu.Unlock()
	if delay > 0 {
		select {
		case <-time.After(delay):
		case <-ctx.Done():
		}
	}
	select {
	case <-gate:
	case <-ctx.Done():
	}
	return ctx.Err()
}

// failing is the error that ends a reading that has yielded so many roots, or nil.
func (s *Script) failing(yielded int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil && yielded >= s.failAt {
		return s.fail
	}
	return nil
}

// turns says whether a page begins with a root.
func (s *Script) turns(n int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.page > 0 && n%s.page == 0
}

// observe is a root as one reading sees it, or false if it has left since, or is not in scope.
func (s *Script) observe(key string, scope source.Scope, start time.Time) (source.Object, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	root, ok := s.roots[key]
	if !ok {
		return source.Object{}, false
	}
	root = clone(root)
	root.Read = start
	if !scope.Whole() {
		i := slices.IndexFunc(root.Children, named(scope.API))
		if i < 0 || root.Kind != inventory.KindAPI {
			return source.Object{}, false
		}
		root.Partial = root.Partial || len(root.Children) > 1
		root.Children = root.Children[i : i+1]
	}
	s.serve(&root)
	return root, true
}

// serve lets the script, and not the object, answer for the documents of o.
func (s *Script) serve(o *source.Object) {
	if o.Document != nil {
		external, open := o.External, o.Document.Open
		o.Document = &source.Document{Mark: o.Document.Mark, Open: func(ctx context.Context) (source.Content, error) {
			return s.open(ctx, external, open)
		}}
	}
	for i := range o.Children {
		s.serve(&o.Children[i])
	}
}

func (s *Script) open(ctx context.Context, external string, open func(context.Context) (source.Content, error)) (source.Content, error) {
	s.mu.Lock()
	s.opens[external]++
	s.requests++
	s.mu.Unlock()
	if err := s.wait(ctx); err != nil {
		return source.Content{}, err
	}
	s.mu.Lock()
	err, body := s.refused[external], s.bodies[external]
	s.mu.Unlock()
	switch {
	case err != nil:
		return source.Content{}, err
	case body != nil:
		return content(ctx, body)
	}
	return open(ctx)
}

// clone copies all that a reader might write to.
func clone(o source.Object) source.Object {
	o.States, o.Seeds = maps.Clone(o.States), maps.Clone(o.Seeds)
	o.Children = slices.Clone(o.Children)
	for i, child := range o.Children {
		o.Children[i] = clone(child)
	}
	return o
}

func named(external string) func(source.Object) bool {
	return func(o source.Object) bool { return o.External == external }
}

var (
	_ source.Connector = (*Script)(nil)
	_ source.Checker   = (*Script)(nil)
	_ source.Watcher   = (*Script)(nil)
)
