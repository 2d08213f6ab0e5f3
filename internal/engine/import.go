package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"apicenter/internal/inventory"
	"apicenter/internal/source"
)

// Import takes APIs of a source over into a workspace, once, as by's own:
// nothing of them is linked, and nothing is ever removed. apis are their
// external identities, or full ids at the source; nil means all. from says how
// to read; it need not be a link that there is.
//
// An API that was imported before is brought up to date: what the source states
// is set anew, and the rest stays as people have it. An API that a link keeps
// in step is left alone. Each API is one transaction: whatever the error, which
// names the APIs that were not taken over or not whole, the others are.
// imported counts APIs of the source. A source that cannot be read is Unavailable, or
// Conflict when somebody has to do something first.
func (e *Engine) Import(ctx context.Context, by string, workspace inventory.ID, from inventory.Link, apis []string) (imported int, err error) {
	if from.Import == inventory.ImportOnDemand {
		from.Import = inventory.ImportAlways // later there is nobody to fetch them
	}
	connector, err := e.connect(ctx, from, source.Env{First: true})
	if err != nil {
		return 0, unreadable(err)
	}
	im := &importing{engine: e, by: by, workspace: workspace, from: from, connector: connector}
	err = unreadable(im.run(ctx, apis))
	return im.imported, cmp.Or(err, im.verdict())
}

// unreadable has an error of the source say to people what a link's state would.
func unreadable(err error) error {
	e, ok := errors.AsType[*source.Error](err)
	if !ok {
		return err
	}
	code := inventory.Unavailable
	if e.Stalled { // the same import fails until somebody has done something
		code = inventory.Conflict
	}
	return inventory.Errorf(code, "", "%s", told(err))
}

// importing is one import.
type importing struct {
	engine    *Engine
	by        string
	workspace inventory.ID
	from      inventory.Link
	connector source.Connector

	path   string                    // of the workspace
	place  source.Object             // where the source's APIs run: the environment
	before map[string][]inventory.ID // APIs, by the hash at the end of their names

	mu       sync.Mutex // guards all below
	imported int
	failed   []failedImport
	more     int // that failed besides
}

type failedImport struct {
	external string
	err      error
}

// run imports as the source is read, some APIs at the same time.
func (im *importing) run(ctx context.Context, apis []string) error {
	if err := im.recall(ctx); err != nil {
		return err
	}
	err := im.engine.guarded(slog.String("import", im.from.Source), func() (err error) {
		im.place, err = im.readEnvironment(ctx)
		return err
	})
	if err != nil {
		return err
	}
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	roots := make(chan source.Object)
	var wg sync.WaitGroup
	for range im.engine.o.Fetchers {
		wg.Go(func() {
			for o := range roots {
				if err := im.engine.guarded(slog.String("import", o.External), func() error { return im.take(ctx, o) }); err != nil {
					fail(err)
				}
			}
		})
	}
	err = im.engine.guarded(slog.String("import", im.from.Source), func() error { return im.read(ctx, apis, roots) })
	close(roots)
	wg.Wait()
	return cmp.Or(context.Cause(ctx), err)
}

// recall finds the APIs that may come from an earlier import.
func (im *importing) recall(ctx context.Context) error {
	im.before = map[string][]inventory.ID{}
	return im.engine.store.View(ctx, func(r inventory.Reader) error {
		w, err := r.Get(im.workspace)
		if err != nil {
			return err
		}
		im.path = w.Path
		if im.from.Environment != "" {
			if _, err := im.named(r); err != nil {
				return err
			}
		}
		for api, err := range r.List(inventory.Query{Parent: im.workspace, Kind: inventory.KindAPI}) {
			if err != nil {
				return err
			}
			hash := hashOf(api.ID.Name())
			im.before[hash] = append(im.before[hash], api.ID)
		}
		return nil
	})
}

// hashOf is the last word of a name, which is a hash in those that names makes.
func hashOf(name string) string { return name[strings.LastIndexByte(name, '-')+1:] }

// readEnvironment asks the source where its APIs run, and thereby whether it is there and may be read.
func (im *importing) readEnvironment(ctx context.Context) (source.Object, error) {
	for o, err := range im.connector.Read(ctx, source.Scope{}) {
		if err == nil && o.Kind != inventory.KindEnvironment {
			break
		}
		return o, err
	}
	return source.Object{}, errors.New("the source does not say where its APIs run")
}

// read hands on the roots that are asked for.
func (im *importing) read(ctx context.Context, apis []string, roots chan<- source.Object) error {
	scopes := []source.Scope{{}}
	if apis != nil {
		scopes = scopes[:0]
		for _, api := range apis {
			scopes = append(scopes, source.Scope{API: api})
		}
	}
	for _, scope := range scopes {
		found := scope.Whole()
		for o, err := range im.connector.Read(ctx, scope) {
			if err != nil {
				return err
			}
			if o.Kind != inventory.KindAPI {
				continue
			}
			found = true
			if err := send(ctx, roots, o); err != nil {
				return err
			}
		}
		if !found {
			im.fail(scope.API, inventory.Errorf(inventory.NotFound, "", "the source has no such API"))
		}
	}
	return nil
}

// take imports one API. Its error ends the import; what is wrong with this API alone does not.
func (im *importing) take(ctx context.Context, o source.Object) error {
	documents, err := im.fetch(ctx, o)
	if err != nil {
		return err
	}
	err = im.engine.store.Update(ctx, im.by, func(tx inventory.Tx) error { return im.write(tx, o, documents) })
	switch inventory.CodeOf(err) {
	case "", inventory.Unavailable:
		if err != nil {
			return err
		}
		im.mu.Lock()
		im.imported += len(o.Children)
		im.mu.Unlock()
	default:
		im.fail(o.External, err)
	}
	return nil
}

// fetch gets the documents below a root, by external identity of their version.
// One that cannot be had is noted; its definition comes without.
func (im *importing) fetch(ctx context.Context, o source.Object) (map[string]inventory.Doc, error) {
	documents := map[string]inventory.Doc{}
	for _, version := range o.Children {
		for _, d := range version.Children {
			if d.Document == nil {
				continue
			}
			got, err := im.engine.download(ctx, d)
			if err != nil {
				return nil, err
			}
			if got.problem != nil {
				im.fail(d.External, fmt.Errorf("its definition came without the document: %w", got.problem))
				continue
			}
			documents[d.External] = got.states.With(inventory.FieldDocument, got.digest)
		}
	}
	return documents, nil
}

// maxNamed is how many failed APIs an import names.
const maxNamed = 10

// fail notes that one API was not taken over, or not whole.
func (im *importing) fail(external string, err error) {
	im.mu.Lock()
	defer im.mu.Unlock()
	if len(im.failed) < maxNamed {
		im.failed = append(im.failed, failedImport{external, err})
		return
	}
	im.more++
}

// verdict is the error that names what failed, or nil.
func (im *importing) verdict() error {
	if len(im.failed) == 0 {
		return nil
	}
	slices.SortFunc(im.failed, func(a, b failedImport) int { return cmp.Compare(a.external, b.external) })
	var parts []string
	for _, f := range im.failed {
		parts = append(parts, fmt.Sprintf("%s: %v", f.external, f.err))
	}
	if im.more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", im.more))
	}
	code := cmp.Or(inventory.CodeOf(im.failed[0].err), inventory.Unavailable)
	return inventory.Errorf(code, "", "%d APIs were imported; with these something went wrong: %s", im.imported, strings.Join(parts, "; "))
}
