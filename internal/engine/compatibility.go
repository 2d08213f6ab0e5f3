package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"reflect"

	"apicenter/internal/inventory"
)

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
	text, ok, err := inventory.ReadDocument(ctx, p.engine.store, d, inventory.MaxCompared)
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
