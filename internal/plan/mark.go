package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"slices"

	"apicenter/internal/inventory"
	"apicenter/internal/source"
)

// mapping is the version of how objects become resources. A new one makes every
// mark differ, so that the next pass writes everything anew.
const mapping = "1"

// Mark is a hash of all that an object states, with everything below it and the
// marks of its documents. Equal marks mean that there is nothing to do.
func Mark(o source.Object, salt string) string {
	m := marker{hash: sha256.New(), text: make([]byte, 0, 1024)}
	m.string(mapping)
	m.string(salt)
	m.object(o)
	m.hash.Write(m.text)
	return hex.EncodeToString(m.hash.Sum(nil)[:16])
}

// marker feeds a hash in pieces of some size, each text with its length before
// it, so that no two objects have the same feed.
type marker struct {
	hash   hash.Hash
	text   []byte
	fields []inventory.Field
}

func (m *marker) string(s string) {
	if len(m.text) > 4096 {
		m.hash.Write(m.text)
		m.text = m.text[:0]
	}
	n := len(s)
	m.text = append(m.text, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
	m.text = append(m.text, s...)
}

func (m *marker) object(o source.Object) {
	m.string(string(o.Kind))
	m.string(o.External)
	m.doc(o.States)
	if o.Document != nil {
		m.string(o.Document.Mark)
	}
	m.string("")
	for _, child := range o.Children {
		m.object(child)
	}
	m.string("")
}

func (m *marker) doc(d inventory.Doc) {
	m.fields = m.fields[:0]
	for f := range d {
		m.fields = append(m.fields, f)
	}
	slices.Sort(m.fields)
	for _, f := range m.fields {
		m.string(string(f))
		m.string(string(d[f]))
	}
	m.string("")
}
