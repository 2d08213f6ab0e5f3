package engine_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"pgregory.net/rapid"

	"apicenter/internal/engine"
	"apicenter/internal/inventory"
	"apicenter/internal/source"
	"apicenter/internal/source/sourcetest"
	"apicenter/internal/store"
	"apicenter/internal/store/storetest"
)

// mortal is a store that dies at a chosen transaction, before or after its commit.
type mortal struct {
	*store.Store
	mu    sync.Mutex
	left  int // transactions to live; 0: for ever
	after bool
	dead  bool
}

var errKilled = errors.New("killed")

func (m *mortal) Apply(ctx context.Context, c inventory.Claim, f func(inventory.SourceTx) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.left == 1 && !m.dead {
		m.dead = true
		if m.after {
			_ = m.Store.Apply(ctx, c, f)
		}
	}
	if m.left > 1 {
		m.left--
	}
	if m.dead {
		return errKilled
	}
	return m.Store.Apply(ctx, c, f)
}

// row is an API of the source as the test has it.
type row struct {
	set   int // 0: none
	title string
	body  string
}

// world is a source, an inventory and the people around them.
type world struct {
	*rapid.T
	dir     string
	store   *mortal
	source  *sourcetest.Script
	engine  *engine.Engine
	link    inventory.ID
	rows    map[int]row
	put     map[string]bool // roots that the source has
	open    *engine.Pass
	imports string
	failure error  // of the last pass
	lost    string // an API that listings lack

	words  map[string]string // people's, by external identity of a version
	below  map[string]bool   // versions that people made a definition below
	beside []string          // APIs that people made
	keys   map[string]int64  // rows of versions of what has existed at the source ever since
	seen   map[string]string // titles that looks saw of what has not changed since; "" of what is gone
	count  int
}

const population = 4

func external(n int) string { return fmt.Sprintf("apis/%d", n) }

func newWorld(t *rapid.T) *world {
	dir, err := os.MkdirTemp("", "laws")
	if err != nil {
		t.Fatal(err)
	}
	s, err := storetest.OpenIn(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{
		T: t, dir: dir, store: &mortal{Store: s}, source: sourcetest.NewScript(), link: inventory.MustID(linkPath), imports: "always",
		rows: map[int]row{}, put: map[string]bool{}, words: map[string]string{}, below: map[string]bool{}, keys: map[string]int64{}, seen: map[string]string{},
	}
	w.engine = engine.New(w.store, map[string]source.Kind{"Script": w.kind()}, engine.Options{Fetchers: 2})
	w.update(func(tx inventory.Tx) error {
		return errors.Join(put(tx, "sub/group/center", `{}`), put(tx, workspace, `{"title":"x"}`), put(tx, linkPath, w.properties()))
	})
	return w
}

// kind is the script as a source that gives no definitions to a link that wants none.
func (w *world) kind() source.Kind {
	return source.Kind{Name: "Script", Open: func(_ context.Context, link inventory.Link, _ source.Env) (source.Connector, error) {
		return lossy{Script: w.source, world: w, bare: link.Import == inventory.ImportNever}, nil
	}}
}

func (w *world) properties() string {
	return `{"sourceType":"Script","source":"/instance","importSpecification":"` + w.imports + `"}`
}

func (w *world) close() {
	if w.open != nil {
		w.open.Close()
	}
	if err := errors.Join(w.store.Close(), os.RemoveAll(w.dir)); err != nil {
		w.Error(err)
	}
}

func (w *world) update(f func(inventory.Tx) error) {
	w.Helper()
	if err := w.store.Update(context.Background(), "ann", f); err != nil {
		w.Fatal(err)
	}
}

func (w *world) view(f func(inventory.Reader) error) {
	w.Helper()
	if err := w.store.View(context.Background(), f); err != nil {
		w.Fatal(err)
	}
}

func (w *world) draw(label string, most int) int { return rapid.IntRange(0, most).Draw(w.T, label) }

// mutate changes one API of the source, and nobody tells.
func (w *world) mutate() { w.change(w.draw("api", population-1)) }

// event changes one API of the source, or not, and has it looked at.
func (w *world) event() {
	n := w.draw("api", population-1)
	if w.draw("change", 2) > 0 {
		w.change(n)
	}
	w.look(external(n))
}

func (w *world) change(n int) {
	delete(w.seen, external(n))
	if w.draw("gone", 3) == 0 {
		delete(w.rows, n)
		delete(w.keys, external(n))
	} else {
		w.rows[n] = row{set: w.draw("set", 2), title: string(rune('A' + w.draw("title", 1))), body: fmt.Sprintf(`{"v":%d}`, w.draw("body", 1))}
	}
	w.publish()
}

// publish gives the script the rows as roots.
func (w *world) publish() {
	sets := map[string][]source.Object{}
	titles := map[string]string{}
	for n := range population {
		r, ok := w.rows[n]
		if !ok {
			continue
		}
		root, title := external(n), r.title
		if r.set > 0 {
			root, title = fmt.Sprintf("apiversionsets/%d", r.set), fmt.Sprintf("Set %d", r.set)
		}
		sets[root] = append(sets[root], sourcetest.Version(external(n), r.title, []byte(r.body)))
		titles[root] = title
	}
	for root := range w.put {
		w.source.Remove(root)
	}
	clear(w.put)
	for root, versions := range sets {
		w.source.Put(sourcetest.Group(root, titles[root], versions...))
		w.put[root] = true
	}
}

func (w *world) breakListing() {
	w.source.FailAfter(w.draw("rows", 4), rapid.SampledFrom([]error{nil, &source.Error{Message: "broken"}}).Draw(w.T, "listing"))
}

func (w *world) failDocument() {
	w.source.FailDocument(external(w.draw("api", population-1)), rapid.SampledFrom([]error{nil, errors.New("too deep")}).Draw(w.T, "document"))
}

func (w *world) refuseProof() {
	w.source.FailGone(rapid.SampledFrom([]error{nil, &source.Error{Message: "refused"}}).Draw(w.T, "proof"))
}

// lose has listings lack an API that the source still has.
func (w *world) lose() { w.lost = external(w.draw("api", 2*population)) }

// arm has the store die soon.
func (w *world) arm() {
	w.store.left, w.store.after = 1+w.draw("transactions", 5), w.draw("after", 1) == 1
}

func (w *world) begin(work engine.Work) *engine.Pass {
	p, err := w.engine.Begin(context.Background(), w.link, work)
	if errors.Is(err, errKilled) {
		w.revive()
		return nil
	}
	if err != nil {
		w.Fatal(err)
	}
	return p
}

// revive starts the store again after its death, which no pass survives.
func (w *world) revive() {
	if w.open != nil {
		w.open.Close()
	}
	w.open = nil
	w.store.dead, w.store.left = false, 0
	w.sound()
}

// run works a pass until it is done or enough says so, and reports it.
func (w *world) run(p *engine.Pass, enough func() bool) (done bool) {
	done, failure := p.Run(context.Background(), time.Now().Add(time.Minute), enough)
	if !done && failure == nil {
		return false
	}
	if !w.store.dead {
		if err := p.Finish(context.Background(), failure, nil); err != nil && !errors.Is(err, errKilled) && !errors.Is(err, inventory.Superseded) {
			w.Fatal(err)
		}
	}
	p.Close()
	w.failure = failure
	if w.store.dead {
		w.revive()
	} else if failure != nil && !strings.Contains(failure.Error(), "broken") && !strings.Contains(failure.Error(), "refused") && !errors.Is(failure, inventory.Superseded) {
		w.Fatal(failure)
	}
	return true
}

func never() bool { return false }

func (w *world) wholePass() {
	if w.open != nil {
		w.open.Close()
		w.open = nil
	}
	if p := w.begin(engine.Work{Trigger: "schedule"}); p != nil {
		w.run(p, never)
	}
}

// slice works a few ops of a whole pass, and leaves it open.
func (w *world) slice() {
	if w.open == nil {
		if w.open = w.begin(engine.Work{Trigger: "schedule"}); w.open == nil {
			return
		}
	}
	ops := w.draw("ops", 2)
	if p := w.open; w.run(p, func() bool { ops--; return ops < 0 }) && w.open == p {
		w.open = nil
	}
}

// look is a pass of one API, between two slices if a whole pass is open.
func (w *world) look(api string) {
	work := engine.Work{Trigger: "event", Scope: source.Scope{API: api}}
	p, err := (*engine.Pass)(nil), error(nil)
	if w.open == nil {
		p = w.begin(work)
	} else if p, err = w.open.Targeted(context.Background(), work); err != nil {
		if !errors.Is(err, errKilled) && !errors.Is(err, inventory.Superseded) {
			w.Fatal(err)
		}
		w.revive()
	}
	if p == nil || !w.run(p, never) || w.failure != nil || w.lost == api {
		return
	}
	_, there := w.versions()[api]
	if title := w.title(api); there == (title != "") {
		w.seen[api] = title
	} else if !there {
		w.Fatalf("a look at %s, titled %q, did not bring it", api, title)
	}
}

// title is that of an API of the source; "" if there is none.
func (w *world) title(api string) string {
	for n, r := range w.rows {
		if external(n) == api {
			return r.title
		}
	}
	return ""
}

// switchImport changes the link, as people may at any time.
func (w *world) switchImport() {
	w.imports = rapid.SampledFrom([]string{"always", "ondemand", "never"}).Draw(w.T, "import")
	w.update(func(tx inventory.Tx) error {
		if _, err := tx.Begin(w.link); err != nil {
			return err
		}
		return put(tx, linkPath, w.properties())
	})
}

// lossy is a source that may lose a row, and may leave definitions out.
type lossy struct {
	*sourcetest.Script
	world *world
	bare  bool
}

func (l lossy) Read(ctx context.Context, s source.Scope) iter.Seq2[source.Object, error] {
	return func(yield func(source.Object, error) bool) {
		for o, err := range paged(l.Script.Read(ctx, s)) {
			o.Children = slices.DeleteFunc(slices.Clone(o.Children), func(v source.Object) bool { return v.External == l.world.lost })
			if o.Kind == inventory.KindAPI && len(o.Children) == 0 {
				continue
			}
			for i, v := range o.Children {
				o.Children[i].Children = slices.DeleteFunc(slices.Clone(v.Children), func(c source.Object) bool {
					return l.bare && c.Kind == inventory.KindDefinition
				})
			}
			if !yield(o, err) {
				return
			}
		}
	}
}

// paged reads all before it yields anything, as a source that is read in pages:
// what it yields may be older than what a look in the meantime has seen.
func paged(objects iter.Seq2[source.Object, error]) iter.Seq2[source.Object, error] {
	return func(yield func(source.Object, error) bool) {
		var page []source.Object
		var failed error
		for o, err := range objects {
			if failed = err; err == nil {
				page = append(page, o)
			}
		}
		for _, o := range page {
			if !yield(o, nil) {
				return
			}
		}
		if failed != nil {
			yield(source.Object{}, failed)
		}
	}
}

// records gives all that lies below the workspace.
func (w *world) records() (all []inventory.Record) {
	w.Helper()
	if err := w.store.View(context.Background(), func(r inventory.Reader) (err error) {
		all, err = r.Below(inventory.MustID(workspace))
		return err
	}); err != nil {
		w.Fatal(err)
	}
	return all
}

// stated is what the link states of a record.
func (w *world) stated(rec inventory.Record) (inventory.Origin, bool) {
	for _, o := range rec.Origins {
		if o.Link == w.link {
			return o, true
		}
	}
	return inventory.Origin{}, false
}

// versions are those that the link states, by external identity.
func (w *world) versions() map[string]inventory.Record {
	out := map[string]inventory.Record{}
	for _, rec := range w.records() {
		if o, ok := w.stated(rec); ok && rec.ID.Kind() == inventory.KindVersion {
			out[o.External] = rec
		}
	}
	return out
}
