package reference

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Bounds of a document.
const (
	MaxSize  = 32 << 20
	maxNodes = 3_000_000
	maxDepth = 200
	maxText  = 20_000 // bytes of one text
	maxName  = 300
	maxList  = 1000 // what a list has of words
)

// node is a value of a document. A nil one is null, and reading it gives nothing.
type node struct {
	sort  sort
	text  string   // of a scalar
	names []string // of a mapping, in the order of the document
	items []*node  // of a mapping or a list
	line  int      // where it begins; 0: not known
}

type sort uint8

const (
	text sort = iota + 1
	bare      // a number, true or false
	list
	mapping
)

var errTooMuch = errors.New("the document has too many parts to be shown as a reference")

// parse reads a JSON or YAML document.
func parse(data []byte) (*node, error) {
	if len(data) > MaxSize {
		return nil, fmt.Errorf("the document has %d MB; references are shown of at most %d", len(data)>>20, MaxSize>>20)
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		n, err := parseJSON(data)
		if err == nil || errors.Is(err, errTooMuch) {
			return n, err
		}
	}
	return parseYAML(data)
}

func parseJSON(data []byte) (*node, error) {
	p := jsonParser{d: json.NewDecoder(bytes.NewReader(data)), data: data, line: 1}
	p.d.UseNumber()
	n, err := p.value(0)
	if err != nil {
		return nil, err
	}
	if _, err := p.d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more after the end of the document")
	}
	return n, nil
}

type jsonParser struct {
	d     *json.Decoder
	data  []byte
	count int
	line  int // at offset at
	at    int64
}

// here is the line that the decoder is on.
func (p *jsonParser) here() int {
	to := p.d.InputOffset()
	p.line += bytes.Count(p.data[p.at:to], []byte{'\n'})
	p.at = to
	return p.line
}

func (p *jsonParser) value(depth int) (*node, error) {
	t, err := p.d.Token()
	if err != nil {
		return nil, err
	}
	if p.count++; p.count > maxNodes || depth > maxDepth {
		return nil, errTooMuch
	}
	n := &node{line: p.here()}
	switch t := t.(type) {
	case string:
		n.sort, n.text = text, t
	case json.Number:
		n.sort, n.text = bare, t.String()
	case bool:
		n.sort, n.text = bare, strconv.FormatBool(t)
	case nil:
		return nil, nil
	case json.Delim:
		n.sort = list
		if t == '{' {
			n.sort = mapping
		}
		for p.d.More() {
			if n.sort == mapping {
				name, err := p.d.Token()
				if err != nil {
					return nil, err
				}
				word, _ := name.(string)
				n.names = append(n.names, word)
			}
			v, err := p.value(depth + 1)
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, v)
		}
		if _, err := p.d.Token(); err != nil {
			return nil, err
		}
	}
	return n, nil
}

func parseYAML(data []byte) (*node, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("it cannot be read: %s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(doc.Content) != 1 {
		return nil, errors.New("it is empty")
	}
	c := yamlConverter{done: map[*yaml.Node]*node{}}
	n := c.node(doc.Content[0], 0)
	if c.count > maxNodes {
		return nil, errTooMuch
	}
	return n, nil
}

// yamlConverter makes nodes of YAML's. What an alias names is made once, so that
// aliases of aliases cost nothing; the nodes may then form a circle, as those that
// references lead to do.
type yamlConverter struct {
	done  map[*yaml.Node]*node
	count int
}

func (c *yamlConverter) node(y *yaml.Node, depth int) *node {
	if y.Kind == yaml.AliasNode {
		y = y.Alias
	}
	if n, ok := c.done[y]; ok {
		return n
	}
	if c.count++; c.count > maxNodes || depth > maxDepth {
		return nil
	}
	n := &node{line: y.Line}
	if y.Anchor != "" {
		c.done[y] = n
	}
	switch y.Kind {
	case yaml.ScalarNode:
		switch n.text = y.Value; y.ShortTag() {
		case "!!null":
			return nil
		case "!!int", "!!float", "!!bool":
			n.sort = bare
		default:
			n.sort = text
		}
	case yaml.SequenceNode:
		n.sort = list
		for _, item := range y.Content {
			n.items = append(n.items, c.node(item, depth+1))
		}
	case yaml.MappingNode:
		n.sort = mapping
		for i := 0; i+1 < len(y.Content); i += 2 {
			n.names = append(n.names, y.Content[i].Value)
			n.items = append(n.items, c.node(y.Content[i+1], depth+1))
		}
	default:
		return nil
	}
	return n
}

// get is the member of a mapping, or nil.
func (n *node) get(name string) *node {
	if n == nil || n.sort != mapping {
		return nil
	}
	if i := slices.Index(n.names, name); i >= 0 {
		return n.items[i]
	}
	return nil
}

// at goes down by names.
func (n *node) at(names ...string) *node {
	for _, name := range names {
		n = n.get(name)
	}
	return n
}

// has says that a mapping has a member.
func (n *node) has(name string) bool {
	return n != nil && n.sort == mapping && slices.Contains(n.names, name)
}

// members are those of a mapping, in order.
func (n *node) members(each func(name string, v *node)) {
	if n == nil || n.sort != mapping {
		return
	}
	for i, name := range n.names {
		each(name, n.items[i])
	}
}

// list is what is in a list.
func (n *node) list() []*node {
	if n == nil || n.sort != list {
		return nil
	}
	return n.items
}

// scalar is a text, number, true or false as text, cut where it is too long to
// be read; "" for anything else.
func (n *node) scalar() string {
	if n == nil || n.sort > bare {
		return ""
	}
	return clip(n.text, maxText)
}

// clip is the beginning of a text.
func clip(s string, most int) string {
	if len(s) > most {
		s = s[:most] + "…"
	}
	return strings.ToValidUTF8(s, "")
}

// words are the scalars of a list, or one that stands alone.
func (n *node) words() []string {
	if s := n.scalar(); s != "" {
		return []string{s}
	}
	var all []string
	for _, item := range n.list() {
		if len(all) == maxList {
			break
		}
		if item == nil {
			all = append(all, "null")
		} else if s := item.scalar(); s != "" || item.sort == text {
			all = append(all, s)
		}
	}
	return all
}

// text is the scalar of a member.
func (n *node) textAt(name string) string { return strings.TrimSpace(n.get(name).scalar()) }

// yes says that a member is true.
func (n *node) yes(name string) bool { return n.get(name).scalar() == "true" }

// follow gives what a JSON pointer inside of the document leads to.
func (n *node) follow(pointer string) *node {
	for part := range strings.SplitSeq(strings.TrimPrefix(pointer, "#/"), "/") {
		part = unescape(part)
		if items := n.list(); items != nil {
			i, err := strconv.Atoi(part)
			if err != nil || i < 0 || i >= len(items) {
				return nil
			}
			n = items[i]
			continue
		}
		n = n.get(part)
	}
	return n
}
