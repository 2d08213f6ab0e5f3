package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"apicenter/internal/inventory"
	"apicenter/internal/plan"
	"apicenter/internal/source"
)

// task is an op with all that applying it needs, so that the transaction waits for nothing.
type task struct {
	plan.Op
	recorded []inventory.Record // what is stored of the root and of what it adopts
	fetched  map[string]fetched // documents, by external of their version
	counts   inventory.Counts   // what came of it
	note     string             // what to say of it in the run, though nothing went wrong
}

// fetched is what came of a document.
type fetched struct {
	states   inventory.Doc // digest, format and version; nil when it failed
	verified time.Time
	problem  error
	compared *inventory.Compatibility // with the last document, if it is another
}

// prepare loads what is recorded of an op's root, and fetches the documents
// that changed. A document that fails does not fail the task.
func (p *Pass) prepare(ctx context.Context, op plan.Op) (*task, error) {
	p.engine.step(ctx, "prepare", op.External)
	t, err := p.load(ctx, op)
	if err != nil {
		return nil, err
	}
	for _, version := range op.Object.Children {
		for _, o := range version.Children {
			if o.Document == nil || !p.wanted(t, o) {
				continue
			}
			f, err := p.fetch(ctx, t, o)
			if err != nil {
				return nil, err
			}
			if t.fetched == nil {
				t.fetched = map[string]fetched{}
			}
			t.fetched[o.External] = f
		}
	}
	return t, nil
}

// load makes a task of an op, with what is recorded.
func (p *Pass) load(ctx context.Context, op plan.Op) (*task, error) {
	t := &task{Op: op}
	if op.Action != plan.Change && len(op.Adopt) == 0 {
		return t, nil
	}
	err := p.engine.store.View(ctx, func(r inventory.Reader) (err error) {
		if t.Op, err = p.locate(r, op); err != nil {
			return err
		}
		t.recorded, err = p.recorded(r, t.Op)
		return err
	})
	return t, err
}

// recorded loads the root, and of each API that gives a version away what belongs to that version.
func (p *Pass) recorded(r inventory.Reader, op plan.Op) ([]inventory.Record, error) {
	var out []inventory.Record
	if op.Action == plan.Change {
		all, err := r.Below(op.Recorded.ID)
		if err != nil {
			return nil, err
		}
		out = all
	}
	for _, a := range op.Adopt {
		all, err := r.Below(a.Version.ID.Parent())
		if err != nil {
			return nil, err
		}
		for _, rec := range all {
			o, ok := p.mine(rec)
			if a.Version.ID.Contains(rec.ID) || ok && rec.ID.Kind() == inventory.KindDeployment && o.External == a.External {
				out = append(out, rec)
			}
		}
	}
	return out, nil
}

// mine is what the link of this pass states of a record.
func (p *Pass) mine(rec inventory.Record) (inventory.Origin, bool) {
	for _, o := range rec.Origins {
		if o.Link == p.claim.Link {
			return o, true
		}
	}
	return inventory.Origin{}, false
}

// find is the record of an object, with what the link states of it.
func (p *Pass) find(recorded []inventory.Record, kind inventory.Kind, external string) (inventory.Record, inventory.Origin, bool) {
	for _, rec := range recorded {
		if rec.ID.Kind() != kind {
			continue
		}
		if o, ok := p.mine(rec); ok && o.External == external {
			return rec, o, true
		}
	}
	return inventory.Record{}, inventory.Origin{}, false
}

// wanted says whether a document is to be fetched. On demand, that is one that
// somebody asks for, and one that somebody has asked for before.
func (p *Pass) wanted(t *task, o source.Object) bool {
	_, have, known := p.find(t.recorded, inventory.KindDefinition, o.External)
	due := slices.Contains(t.Verify, o.External)
	differs := !known || due || have.DocumentMark != o.Document.Mark
	switch p.link.Import {
	case inventory.ImportAlways:
		return differs
	case inventory.ImportOnDemand:
		return due && p.work.Trigger == "demand" || differs && (stored(have) || have.Problem != "")
	default:
		return false
	}
}

func stored(o inventory.Origin) bool { return len(o.States[inventory.FieldDocument]) > 0 }

// fetch gets one document and stores it. Its error is one of the house: what
// goes wrong at the source is a problem of the document.
func (p *Pass) fetch(ctx context.Context, t *task, o source.Object) (fetched, error) {
	p.engine.step(ctx, "fetch", o.External)
	_, have, _ := p.find(t.recorded, inventory.KindDefinition, o.External)
	at := p.engine.store.Now()
	got, err := p.engine.download(ctx, o)
	if err != nil || got.problem != nil {
		return fetched{problem: got.problem}, err
	}
	p.count(func(c *inventory.Counts) { c.Documents++; c.Bytes += got.size })
	new, old := got.digest, inventory.Digest(have.States.Text(inventory.FieldDocument))
	var compared *inventory.Compatibility
	if old != "" && old != new {
		same, err := p.sameDocument(ctx, old, new)
		if err != nil {
			return fetched{}, err
		}
		if same {
			new = old
		} else if compared, err = inventory.CompareDocuments(ctx, p.engine.store, p.engine.o.Compare, old, new); err != nil {
			return fetched{}, err
		}
	}
	return fetched{states: got.states.With(inventory.FieldDocument, string(new)), verified: at, compared: compared}, nil
}

// document is one that was downloaded from a source, and is in the store.
type document struct {
	digest  inventory.Digest
	size    int64
	states  inventory.Doc // what the document told of itself; never nil
	problem error         // of the source: there is no document
}

// download streams the document of a definition into the store.
func (e *Engine) download(ctx context.Context, o source.Object) (document, error) {
	content, err := o.Document.Open(ctx)
	if err != nil {
		return document{problem: err}, ctx.Err()
	}
	defer content.Close()
	from := &reader{r: content}
	digest, size, err := e.store.PutDocument(ctx, from)
	if from.err != nil {
		return document{problem: from.err}, ctx.Err()
	}
	if err != nil {
		return document{}, fmt.Errorf("store the document of %s: %w", o.External, err)
	}
	states := maps.Clone(content.States)
	if states == nil {
		states = inventory.Doc{}
	}
	return document{digest: digest, size: size, states: states}, nil
}

// reader remembers an error of the source, to tell it from one of the store.
type reader struct {
	r   io.Reader
	err error
}

func (r *reader) Read(b []byte) (int, error) {
	n, err := r.r.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return n, err
}
