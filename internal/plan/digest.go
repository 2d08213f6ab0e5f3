package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"iter"

	"apicenter/internal/inventory"
	"apicenter/internal/source"
)

// Digest hashes all that is to be done, with the recorded and the observed state
// that it follows from: as long as it stays the same, so does the plan. settings
// are those of the link. Roots count in the order in which they are observed, so
// that has to be the same each time.
func Digest(settings string, ops iter.Seq2[Op, error]) (string, error) {
	m := marker{hash: sha256.New()}
	m.string(mapping)
	m.string(settings)
	for op, err := range ops {
		if err != nil {
			return "", err
		}
		m.op(op)
	}
	m.hash.Write(m.text)
	return hex.EncodeToString(m.hash.Sum(nil)), nil
}

func (m *marker) op(op Op) {
	m.string(op.Action.String())
	m.string(op.External)
	m.string(op.Mark)
	if op.Left {
		m.string("left")
	}
	m.entry(op.Recorded)
	if op.Object != nil {
		m.seeds(*op.Object)
	}
	for _, a := range op.Adopt {
		m.string(a.External)
		m.entry(a.Version)
	}
	m.string("")
	for _, id := range op.Absorb {
		m.string(id.String())
	}
	m.string("")
	m.string(op.Join.String())
}

func (m *marker) entry(e inventory.Entry) {
	m.string(e.ID.String())
	m.string(e.Mark)
}

// seeds are what new things begin with. They are in no mark, since they count once.
func (m *marker) seeds(o source.Object) {
	m.doc(o.Seeds)
	for _, child := range o.Children {
		m.seeds(child)
	}
}
