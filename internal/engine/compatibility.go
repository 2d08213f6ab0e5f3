package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"

	"apicenter/internal/inventory"
)

// comparable is the largest document that is compared; a larger one counts as
// changed when its bytes differ.
const comparable = 8 << 20

// sameDocument says that two documents differ in nothing but the spacing and
// the order of members: sources do not always write the same thing the same way.
func (p *Pass) sameDocument(ctx context.Context, a, b inventory.Digest) (bool, error) {
	x, okX, err := p.meaning(ctx, a)
	if err != nil || !okX {
		return false, err
	}
	y, okY, err := p.meaning(ctx, b)
	return okY && err == nil && reflect.DeepEqual(x, y), err
}

// meaning decodes a JSON document; false when it is none, or too large.
func (p *Pass) meaning(ctx context.Context, d inventory.Digest) (any, bool, error) {
	text, ok, err := p.text(ctx, d)
	if !ok || err != nil {
		return nil, false, err
	}
	var v any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if decoder.Decode(&v) != nil {
		return nil, false, nil
	}
	return v, true, nil
}

// text is a stored document; false when it is not stored, or too large to be compared.
func (p *Pass) text(ctx context.Context, d inventory.Digest) ([]byte, bool, error) {
	r, size, err := p.engine.store.Document(ctx, d)
	if errors.Is(err, inventory.NotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	defer r.Close()
	if size > comparable {
		return nil, false, nil
	}
	text, err := io.ReadAll(r)
	return text, err == nil, err
}

// compare says what a new document means for those who use the old one; nil
// when this engine does not compare.
func (p *Pass) compare(ctx context.Context, old, new inventory.Digest) (*inventory.Compatibility, error) {
	if p.engine.o.Compare == nil {
		return nil, nil
	}
	var texts [2][]byte
	for i, d := range []inventory.Digest{old, new} {
		text, ok, err := p.text(ctx, d)
		if err != nil {
			return nil, err
		}
		if !ok {
			return &inventory.Compatibility{Verdict: inventory.Unjudged, Message: fmt.Sprintf("not compared: one of the documents has more than %d MB", comparable>>20)}, nil
		}
		texts[i] = text
	}
	verdict := p.engine.o.Compare(ctx, texts[0], texts[1])
	return &verdict, ctx.Err()
}

// compared notes in the run what the new document of an API means.
func (p *Pass) compared(external string, c inventory.Compatibility) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch c.Verdict {
	case inventory.Breaking:
		p.run.Counts.Breaking++
	case inventory.Unjudged:
	default:
		return
	}
	if len(p.run.Breaks) < maxErrors {
		b := inventory.RunBreak{External: external, Compatibility: c}
		if over := len(c.Reasons) - reasonsOfRun; over > 0 { // the history of the API has more
			b.Reasons, b.More = c.Reasons[:reasonsOfRun], c.More+over
		}
		p.run.Breaks = append(p.run.Breaks, b)
	}
}

// reasonsOfRun is how many reasons of one document a run keeps.
const reasonsOfRun = 5
