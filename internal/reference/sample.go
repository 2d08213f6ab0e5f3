package reference

import (
	"encoding/json"
	"slices"
	"strings"
)

// text writes a value of the document: a scalar as it is, anything else as JSON.
func (r *reader) text(n *node) string {
	var w writer
	if n == nil || n.sort <= bare {
		w.b.WriteString(n.scalar())
	} else {
		w.value(n, 0)
	}
	out := clip(w.b.String(), min(maxText, r.bytes))
	r.bytes = max(r.bytes-len(out), 0)
	return out
}

// writer writes JSON with indents, until it is too long.
type writer struct{ b strings.Builder }

func (w *writer) quoted(s string) {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(strings.ToValidUTF8(s, "\ufffd")) // a string always encodes
	w.b.WriteString(strings.TrimSpace(b.String()))
}

func (w *writer) line(depth int) {
	w.b.WriteByte('\n')
	w.b.WriteString(strings.Repeat("  ", depth))
}

func (w *writer) value(n *node, depth int) {
	switch {
	case w.b.Len() > maxText || depth > 40:
		w.b.WriteString("…")
	case n == nil:
		w.b.WriteString("null")
	case n.sort == text:
		w.quoted(n.text)
	case n.sort == bare:
		w.b.WriteString(n.scalar())
	case len(n.items) == 0:
		w.b.WriteString(map[sort]string{list: "[]", mapping: "{}"}[n.sort])
	default:
		open, end := "[", "]"
		if n.sort == mapping {
			open, end = "{", "}"
		}
		w.b.WriteString(open)
		for i, item := range n.items {
			if i > 0 {
				w.b.WriteByte(',')
			}
			if w.b.Len() > maxText {
				break
			}
			w.line(depth + 1)
			if n.sort == mapping {
				w.quoted(n.names[i])
				w.b.WriteString(": ")
			}
			w.value(item, depth+1)
		}
		w.line(depth)
		w.b.WriteString(end)
	}
}

// sample makes an example of what a schema allows; "" when nothing is known of it.
func (r *reader) sample(n *node) string {
	s := sampler{doc: r.doc, left: 300}
	v := s.value(n, 0)
	if v == nil || v.sort <= bare {
		return ""
	}
	return r.text(v)
}

type sampler struct {
	doc    *Document
	left   int
	within []*node
}

// samples are what values of a format look like.
var samples = map[string]string{
	"date-time": "2026-01-31T12:00:00Z", "date": "2026-01-31", "time": "12:00:00Z", "uuid": "3fa85f64-5717-4562-b3fc-2c963f66afa6",
	"email": "user@example.com", "uri": "https://example.com", "url": "https://example.com", "hostname": "example.com",
	"ipv4": "192.0.2.1", "ipv6": "2001:db8::1", "byte": "c3RyaW5n", "binary": "…", "password": "…",
}

func (s *sampler) value(n *node, depth int) *node {
	n = s.doc.resolve(n)
	if n == nil || n.sort != mapping || slices.Contains(s.within, n) || depth > 8 {
		return nil
	}
	if s.left--; s.left < 0 {
		return nil
	}
	for _, member := range []string{"example", "const", "default"} {
		if v := n.get(member); v != nil {
			return v
		}
	}
	for _, member := range []string{"examples", "enum"} {
		if all := n.get(member).list(); len(all) > 0 {
			return all[0]
		}
	}
	s.within = append(s.within, n)
	defer func() { s.within = s.within[:len(s.within)-1] }()
	for _, member := range []string{"oneOf", "anyOf"} {
		for _, of := range n.get(member).list() {
			if v := s.value(of, depth+1); v != nil || s.left < 0 {
				return v
			}
		}
	}
	switch word := firstOr(n.get("type").words(), ""); {
	case word == "object", n.has("properties"), n.has("allOf"):
		return s.object(n, depth)
	case word == "array":
		out := &node{sort: list}
		if item := s.value(n.get("items"), depth+1); item != nil {
			out.items = []*node{item}
		}
		return out
	case word == "integer", word == "number":
		return &node{sort: bare, text: firstOr(n.get("minimum").words(), "0")}
	case word == "boolean":
		return &node{sort: bare, text: "true"}
	case word == "string":
		if like, ok := samples[n.textAt("format")]; ok {
			return &node{sort: text, text: like}
		}
		return &node{sort: text, text: "string"}
	}
	return nil
}

func (s *sampler) object(n *node, depth int) *node {
	out := &node{sort: mapping}
	for _, part := range n.get("allOf").list() {
		if s.left < 0 {
			break
		}
		if v := s.value(part, depth+1); v != nil && v.sort == mapping {
			out.names, out.items = append(out.names, v.names...), append(out.items, v.items...)
		}
	}
	n.get("properties").members(func(name string, p *node) {
		if slices.Contains(out.names, name) || s.left < 0 {
			return
		}
		if v := s.value(p, depth+1); v != nil {
			out.names, out.items = append(out.names, name), append(out.items, v)
		}
	})
	return out
}
