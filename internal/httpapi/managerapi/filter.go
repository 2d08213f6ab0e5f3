package managerapi

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"apicenter/internal/arm"
	"apicenter/internal/httpapi/odata"
	"apicenter/internal/inventory"
)

// filter is the $filter of a list of resources or groups; the zero filter
// accepts all.
type filter struct{ expr *inventory.Expr }

// filterable are the properties that can be asked for, by the names that Azure has for them.
var filterable = []string{"name", "resourceType", "resourceGroup", "location", "tagName", "tagValue"}

func filterOf(r *request) (filter, error) {
	text := r.param("$filter")
	if strings.TrimSpace(text) == "" {
		return filter{}, nil
	}
	expr, err := odata.Parse(text, nil)
	if err != nil {
		return filter{}, badFilter("$filter cannot be read: %v", err)
	}
	if err := askable(expr); err != nil {
		return filter{}, err
	}
	return filter{expr}, nil
}

func badFilter(format string, args ...any) error {
	e := arm.Errorf(http.StatusBadRequest, "InvalidFilterInQueryString", format, args...)
	e.Target = "$filter"
	return e
}

// askable folds the names of an expression, and refuses those that are not
// known: to overlook a condition would list what was not asked for.
func askable(e *inventory.Expr) error {
	if e.Field != "" {
		name := strings.TrimPrefix(string(e.Field), "/")
		if e.Op == "any" || !slices.ContainsFunc(filterable, func(f string) bool { return strings.EqualFold(f, name) }) {
			return badFilter("$filter cannot ask for %q here; it can for %s", name, strings.Join(filterable, ", "))
		}
		e.Field = inventory.Field(strings.ToLower(string(e.Field)))
	}
	for i := range e.Args {
		if err := askable(&e.Args[i]); err != nil {
			return err
		}
	}
	return nil
}

// accepts says whether the filter holds. What it says of a tag's name and value
// must hold of one and the same tag.
func (f filter) accepts(p properties) bool {
	if f.expr == nil {
		return true
	}
	if holds(*f.expr, p, "") {
		return true
	}
	for tag := range p.tags {
		if holds(*f.expr, p, tag) {
			return true
		}
	}
	return false
}

func holds(e inventory.Expr, p properties, tag string) bool {
	switch e.Op {
	case "and":
		return !slices.ContainsFunc(e.Args, func(arg inventory.Expr) bool { return !holds(arg, p, tag) })
	case "or":
		return slices.ContainsFunc(e.Args, func(arg inventory.Expr) bool { return holds(arg, p, tag) })
	case "not":
		return !holds(e.Args[0], p, tag)
	}
	have, there := p.of(e.Field, tag)
	have, want := strings.ToLower(have), strings.ToLower(e.Value)
	switch e.Op {
	case "null":
		return !there
	case "ne":
		return have != want
	case "eq":
		return there && have == want
	case "gt":
		return there && have > want
	case "ge":
		return there && have >= want
	case "lt":
		return there && have < want
	case "le":
		return there && have <= want
	case "contains":
		return there && strings.Contains(have, want)
	case "startswith":
		return there && strings.HasPrefix(have, want)
	case "endswith":
		return there && strings.HasSuffix(have, want)
	}
	panic("managerapi: a filter with the operator " + e.Op)
}

// conditions are the $filter of a list of roles: lower-case names with the
// values that they must have. Functions keep their brackets in the name.
type conditions map[string]string

// condition is one of "name eq 'value'", "name()" and "name('value')", with the
// "and" that leads to the next. A quote in a value is doubled.
var condition = regexp.MustCompile(`(?i)^\s*(?:(\w+)\s+eq\s+'((?:[^']|'')*)'|(\w+)\(\s*(?:'((?:[^']|'')*)'\s*)?\))\s*(and\s+|$)`)

// conditionsOf reads the $filter of a list of roles. A condition that is not
// known is refused: to overlook it would list what was not asked for.
func conditionsOf(r *request, known ...string) (conditions, error) {
	out := conditions{}
	text := r.param("$filter")
	for rest := strings.TrimSpace(text); rest != ""; {
		m := condition.FindStringSubmatch(rest)
		if m == nil {
			return nil, badFilter("$filter %q cannot be read; it can be one of %s, joined with and", text, strings.Join(known, ", "))
		}
		name, value := strings.ToLower(m[1]), m[2]
		if m[3] != "" {
			name, value = strings.ToLower(m[3])+"()", m[4]
		}
		if !slices.ContainsFunc(known, func(k string) bool { return strings.EqualFold(k, name) }) {
			return nil, badFilter("$filter cannot ask for %q here; it can for %s", name, strings.Join(known, ", "))
		}
		value = strings.ReplaceAll(value, "''", "'")
		if before, twice := out[name]; twice && !strings.EqualFold(before, value) {
			return nil, badFilter("$filter asks for two values of %q", name)
		}
		out[name] = value
		rest = rest[len(m[0]):]
		if rest == "" && m[5] != "" {
			return nil, badFilter("$filter %q ends in and", text)
		}
	}
	return out, nil
}

// accept says whether a value is what the condition of a name wants, if there is one.
func (c conditions) accept(name, value string) bool {
	want, asked := c[name]
	return !asked || strings.EqualFold(want, value)
}
