package engine

import (
	"time"

	"apicenter/internal/inventory"
)

// bring notes that a version was written with its document, both asked for no
// earlier than an instant.
func (p *Pass) bring(external string, asked time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.brought == nil {
		p.brought = map[string]time.Time{}
	}
	p.brought[external] = asked
}

// takeMet forgets hints that came during the pass and ask for what it did all
// the same: an event was there, and a later look due, before the source was asked
// for the row and the document. What a source that answers stale makes of that, the
// looks that are still to come will see.
func (p *Pass) takeMet(tx inventory.SourceTx, now time.Time) error {
	if len(p.brought) == 0 {
		return nil
	}
	hints, err := tx.Hints(p.claim.Link, now)
	var met []int64
	for _, h := range hints {
		asked, ok := p.brought[h.API]
		if ok && h.Rung() && asked.After(h.At) && !asked.Before(h.Due) {
			met = append(met, h.Sequence)
		}
	}
	if err != nil {
		return err
	}
	return tx.TakeHints(met)
}
