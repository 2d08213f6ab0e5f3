package compatibility

import (
	"errors"
	"fmt"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"apicenter/internal/inventory"
)

// maxTokens of a schema are read. The parser itself bounds how deep it goes.
const maxTokens = 500_000

func graphQL(old, new []byte) ([]inventory.Reason, error) {
	was, err := types(old)
	if err != nil {
		return nil, fmt.Errorf("the last schema cannot be read: %w", err)
	}
	is, err := types(new)
	if err != nil {
		return nil, fmt.Errorf("the new schema cannot be read: %w", err)
	}
	s := &schemas{}
	for _, before := range was {
		after := is.ForName(before.Name)
		switch {
		case after == nil:
			s.breaks("type-removed", before.Name, "type %s was removed", before.Name)
		case after.Kind != before.Kind:
			s.breaks("type-kind-changed", before.Name, "%s was %s and is %s", before.Name, before.Kind, after.Kind)
		default:
			s.compare(before, after)
		}
	}
	for _, after := range is {
		if was.ForName(after.Name) == nil {
			s.adds("type-added", after.Name, "type %s was added", after.Name)
		}
	}
	return s.reasons, nil
}

// types are those that a schema defines, with what extends them, in order.
func types(data []byte) (ast.DefinitionList, error) {
	doc, err := parser.ParseSchemaWithLimit(&ast.Source{Input: string(data)}, maxTokens)
	if err != nil {
		return nil, err
	}
	list := doc.Definitions
	for _, more := range doc.Extensions {
		d := list.ForName(more.Name)
		if d == nil {
			list = append(list, more)
			continue
		}
		d.Fields = append(d.Fields, more.Fields...)
		d.EnumValues = append(d.EnumValues, more.EnumValues...)
		d.Types = append(d.Types, more.Types...)
		d.Interfaces = append(d.Interfaces, more.Interfaces...)
	}
	if len(list) == 0 {
		return nil, errors.New("it defines no type")
	}
	return list, unambiguous(list)
}

// unambiguous refuses what no schema may have: two things of one name in one place.
func unambiguous(list ast.DefinitionList) error {
	for _, d := range list {
		if list.ForName(d.Name) != d {
			return fmt.Errorf("it defines %s twice", d.Name)
		}
		for _, f := range d.Fields {
			if d.Fields.ForName(f.Name) != f {
				return fmt.Errorf("it defines %s.%s twice", d.Name, f.Name)
			}
			for _, a := range f.Arguments {
				if f.Arguments.ForName(a.Name) != a {
					return fmt.Errorf("it defines %s.%s(%s) twice", d.Name, f.Name, a.Name)
				}
			}
		}
	}
	return nil
}

// schemas gathers what differs between two.
type schemas struct{ reasons []inventory.Reason }

func (s *schemas) breaks(id, path, text string, args ...any) {
	s.reasons = append(s.reasons, inventory.Reason{ID: id, Text: fmt.Sprintf(text, args...), Path: path, Breaking: true})
}

func (s *schemas) adds(id, path, text string, args ...any) {
	s.reasons = append(s.reasons, inventory.Reason{ID: id, Text: fmt.Sprintf(text, args...), Path: path})
}

func (s *schemas) compare(before, after *ast.Definition) {
	input := before.Kind == ast.InputObject
	for _, f := range before.Fields {
		path := before.Name + "." + f.Name
		g := after.Fields.ForName(f.Name)
		if g == nil {
			s.breaks("field-removed", path, "field %s was removed", path)
			continue
		}
		s.typed("field-type-changed", path, f.Type, g.Type, input)
		s.arguments(path, f.Arguments, g.Arguments)
	}
	for _, g := range after.Fields {
		if path := after.Name + "." + g.Name; before.Fields.ForName(g.Name) == nil {
			s.added("field", path, input && g.Type.NonNull && g.DefaultValue == nil)
		}
	}
	for _, v := range before.EnumValues {
		if after.EnumValues.ForName(v.Name) == nil {
			s.breaks("enum-value-removed", before.Name+"."+v.Name, "value %s.%s was removed", before.Name, v.Name)
		}
	}
	for _, v := range after.EnumValues {
		if before.EnumValues.ForName(v.Name) == nil {
			s.adds("enum-value-added", after.Name+"."+v.Name, "value %s.%s was added", after.Name, v.Name)
		}
	}
	s.members("member", before.Name, before.Types, after.Types)
	s.members("interface", before.Name, before.Interfaces, after.Interfaces)
}

func (s *schemas) arguments(path string, before, after ast.ArgumentDefinitionList) {
	for _, a := range before {
		at := path + "(" + a.Name + ")"
		if b := after.ForName(a.Name); b == nil {
			s.breaks("argument-removed", at, "argument %s was removed", at)
		} else {
			s.typed("argument-type-changed", at, a.Type, b.Type, true)
		}
	}
	for _, b := range after {
		if before.ForName(b.Name) == nil {
			s.added("argument", path+"("+b.Name+")", b.Type.NonNull && b.DefaultValue == nil)
		}
	}
}

// added tells of something new; what a caller has to give from now on breaks him.
func (s *schemas) added(what, path string, required bool) {
	if required {
		s.breaks("required-"+what+"-added", path, "required %s %s was added", what, path)
		return
	}
	s.adds(what+"-added", path, "%s %s was added", what, path)
}

// typed tells of a type that changed. What callers give may be asked for less
// strictly, and what they get promised more strictly, without breaking them.
func (s *schemas) typed(id, path string, before, after *ast.Type, input bool) {
	was, is := before.String(), after.String()
	if was == is {
		return
	}
	loose, strict := is, was
	if !input {
		loose, strict = was, is
	}
	if strings.TrimSuffix(strict, "!") == loose {
		s.adds(id, path, "%s was %s and is %s", path, was, is)
		return
	}
	s.breaks(id, path, "%s was %s and is %s", path, was, is)
}

// members compares what a union has, or a type implements.
func (s *schemas) members(what, name string, before, after []string) {
	had := map[string]bool{}
	for _, m := range before {
		had[m] = true
	}
	for _, m := range after {
		if !had[m] {
			s.adds(what+"-added", name, "%s has %s %s in addition", name, what, m)
		}
		delete(had, m)
	}
	for _, m := range before {
		if had[m] {
			s.breaks(what+"-removed", name, "%s has no %s %s any more", name, what, m)
		}
	}
}
