package cli

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// form is how the value of an option is written.
type form int

const (
	plainText form = iota + 1
	choice         // one of some words in any case; sent in lower case
	reference      // a name or an id of an environment; sent as a short id
	record         // an object whose leaves are texts
	records        // a list of such objects
	anything       // an object of whatever people put in
	anyList        // a list of whatever
)

// option is a flag that says one property of a resource.
type option struct {
	flag, property string
	form           form
	required       bool // to create one
	usage          string
	words          []string // of a choice
	was            []string // hidden spellings of older clients
}

// given are the options of one command.
type given struct {
	streams Streams
	options []option
	texts   map[string]*string
	several map[string]*groups
}

// properties defines a flag for each option of k.
func (k kind) properties(cmd *cobra.Command, c *connection, creating bool) *given {
	g := &given{streams: c.streams, options: k.options, texts: map[string]*string{}, several: map[string]*groups{}}
	for _, o := range k.options {
		switch o.form {
		case plainText, choice, reference:
			g.texts[o.flag] = cmd.Flags().String(o.flag, "", o.usage)
		default:
			g.several[o.flag] = several(cmd.Flags(), o.flag, "", o.usage)
		}
		if creating && o.required {
			require(cmd, o.flag)
		}
		if len(o.words) > 0 {
			complete(cmd, o.flag, words(o.words...))
		}
		if o.form == reference {
			complete(cmd, o.flag, c.completeNames(environmentKind(), nil))
		}
		alias(cmd, o.flag, o.was...)
	}
	return g
}

// apply puts what was given into the resource o.
func (g *given) apply(cmd *cobra.Command, workspace string, o object) error {
	for _, opt := range g.options {
		if !cmd.Flags().Changed(opt.flag) {
			continue
		}
		v, err := g.value(opt, workspace, o)
		if err == nil {
			err = o.set(opt.property, v)
		}
		if err != nil {
			return usage(cmd, "--%s: %v", opt.flag, err)
		}
	}
	return nil
}

func (g *given) value(opt option, workspace string, o object) (any, error) {
	switch opt.form {
	case plainText, choice, reference:
		text, err := g.streams.text(*g.texts[opt.flag])
		if err != nil {
			return nil, err
		}
		switch opt.form {
		case choice:
			return strings.ToLower(text), nil
		case reference:
			return shortID(text, workspace), nil
		}
		return text, nil
	}
	return g.structure(opt, o)
}

// structure reads the words of an option: a whole value, items of a list, or
// name=value pairs that change what is there.
func (g *given) structure(opt option, o object) (any, error) {
	literals := opt.form == anything || opt.form == anyList
	list := opt.form == records || opt.form == anyList
	now, err := o.value(opt.property)
	if err != nil {
		return nil, err
	}
	items, whole := []any{}, false
	for _, w := range g.several[opt.flag].words() {
		if w, err = g.streams.document(w); err != nil {
			return nil, err
		}
		if at, text, ok := cutAssignment(w); ok && w[0] != '{' {
			v, err := parseValue(text, literals)
			if err != nil {
				return nil, err
			}
			if now, err = assign(now, at, v, list); err != nil {
				return nil, err
			}
			continue
		}
		v, err := parseValue(w, literals)
		if err != nil {
			return nil, err
		}
		switch v := v.(type) {
		case nil:
			now = nil
		case map[string]any:
			if now = v; list {
				items, whole = append(items, v), true
			}
		case []any:
			if !list {
				return nil, fmt.Errorf("%s is a list; want an object like {name:value} or name=value pairs", w)
			}
			items = append(items, v...)
			whole = true
		case string:
			if v != "" {
				return nil, fmt.Errorf("%q is neither an object like {name:value} nor name=value", w)
			}
			now, items, whole = map[string]any{}, nil, list // as az: an empty word empties
		default:
			return nil, fmt.Errorf("%q is neither an object like {name:value} nor name=value", w)
		}
	}
	if whole {
		now = items
	}
	if !literals {
		now = camel(now)
	}
	return now, nil
}

// assign puts v at a path inside of now, which is a list or an object.
func assign(now any, at string, v any, list bool) (any, error) {
	root := "v." + at
	if list {
		root = "v" + at // [0].name
	}
	p, err := parsePath(root)
	if err != nil {
		return nil, err
	}
	return p[1:].replace(now, func(any) (any, error) { return v, nil })
}

// value is what is at a path of the resource o now.
func (o object) value(at string) (any, error) {
	p, err := parsePath(at)
	if err != nil {
		return nil, err
	}
	if p, err = p.inResource(); err != nil {
		return nil, err
	}
	var v any = o
	for _, h := range p {
		inner, _ := asObject(v)
		v = inner[h.member]
	}
	return v, nil
}

// camel spells names as the center does: az takes runtime-uri for runtimeUri.
func camel(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, inner := range v {
			parts := strings.FieldsFunc(name, func(r rune) bool { return r == '-' || r == '_' })
			for i := 1; i < len(parts); i++ {
				parts[i] = strings.ToUpper(parts[i][:1]) + parts[i][1:]
			}
			out[strings.Join(parts, "")] = camel(inner)
		}
		return out
	case []any:
		for i := range v {
			v[i] = camel(v[i])
		}
	}
	return v
}

// maxArgument is what a file may have that stands for an argument.
const maxArgument = 32 << 20

// document is what an argument stands for: @FILE for the content of a file,
// @- and - for the standard input, byte for byte; else itself.
func (s Streams) document(argument string) (string, error) {
	name, isFile := strings.CutPrefix(argument, "@")
	switch {
	case argument == "-", name == "-" && isFile:
		return s.input()
	case !isFile:
		return argument, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	return readAll(f, name)
}

// text is a document in one line: without the line end that editors put there.
func (s Streams) text(argument string) (string, error) {
	if argument == "-" {
		return argument, nil // a dash may be meant
	}
	t, err := s.document(argument)
	if t != argument {
		t = strings.TrimRight(t, "\r\n")
	}
	return t, err
}

func readAll(r io.Reader, name string) (string, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxArgument+1))
	if err != nil {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	if len(b) > maxArgument {
		return "", fmt.Errorf("%s is larger than %d MiB", name, maxArgument>>20)
	}
	return string(b), nil
}
