package listing

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Entry is a place in the outline.
type Entry struct {
	Group string // "Types", "Operations"
	Title string
	Line  int
}

// Bounds of the outline.
const (
	maxEntries = 1000
	maxOutline = 16 << 20 // bytes of a document that is looked through line by line
	maxMembers = 2 << 20  // and of one that is read whole
)

// Outline tells what a document defines, and where: the groups in order.
func (t *Text) Outline() []Entry {
	if len(t.data) > maxOutline {
		return nil
	}
	var all []Entry
	switch {
	case t.Language == GraphQL:
		all = t.graphQL()
	case t.Language == Protobuf, t.Language == XML:
		all = t.byLine(marks[t.Language])
	case t.format == "asyncapi" || t.format == "openapi" || t.Language == YAML || t.Language == JSON:
		all = t.members()
	}
	return all[:min(len(all), maxEntries)]
}

// mark finds entries of a group: the first group of the expression is the title.
type mark struct {
	group string
	line  *regexp.Regexp
}

var marks = map[Language][]mark{
	Protobuf: {
		{"Services", regexp.MustCompile(`^\s*service\s+(\w+)`)},
		{"Operations", regexp.MustCompile(`^\s*rpc\s+(\w+)`)},
		{"Messages", regexp.MustCompile(`^\s*message\s+(\w+)`)},
		{"Enumerations", regexp.MustCompile(`^\s*enum\s+(\w+)`)},
	},
	XML: {
		{"Services", regexp.MustCompile(`<(?:\w+:)?service\b[^>]*?\bname="([^"]+)"`)},
		{"Operations", regexp.MustCompile(`<(?:\w+:)?(?:operation|method)\b[^>]*?\b(?:name|id)="([^"]+)"`)},
		{"Resources", regexp.MustCompile(`<(?:\w+:)?(?:resource\b[^>]*?\bpath|EntitySet\b[^>]*?\bName)="([^"]+)"`)},
		{"Messages", regexp.MustCompile(`<(?:\w+:)?message\b[^>]*?\bname="([^"]+)"`)},
		{"Types", regexp.MustCompile(`<(?:\w+:)?(?:complexType|simpleType|EntityType|ComplexType)\b[^>]*?\b[nN]ame="([^"]+)"`)},
	},
}

// byLine looks for marks in each line. A name is told of once in each group.
func (t *Text) byLine(marks []mark) []Entry {
	found := make([][]Entry, len(marks))
	seen := map[[2]string]bool{}
	for n := 1; n <= t.Lines; n++ {
		line := t.line(n)
		for i, m := range marks {
			for _, hit := range m.line.FindAllStringSubmatch(line[:min(len(line), 64<<10)], maxEntries) {
				if key := [2]string{m.group, hit[1]}; !seen[key] && len(found[i]) < maxEntries {
					seen[key] = true
					found[i] = append(found[i], Entry{m.group, strings.ToValidUTF8(hit[1], "\ufffd"), n})
				}
			}
		}
	}
	var all []Entry
	for _, f := range found {
		all = append(all, f...)
	}
	return all
}

var (
	definition = regexp.MustCompile(`^\s*(?:extend\s+)?(type|interface|enum|input|union|scalar|directive)\s+(@?\w+)`)
	fieldOf    = regexp.MustCompile(`^\s*(\w+)\s*[(:]`)
)

// roots are the types whose fields are operations.
var roots = map[string]string{"Query": "Queries", "Mutation": "Mutations", "Subscription": "Subscriptions"}

// graphQL finds types, and the fields of those that are operations.
func (t *Text) graphQL() []Entry {
	operations, types := map[string][]Entry{}, []Entry{}
	root, depth, described := "", 0, false
	for n := 1; n <= t.Lines; n++ {
		line := t.line(n)
		if marks := strings.Count(line, `"""`); marks > 0 {
			described = described != (marks%2 == 1)
			continue
		}
		if described {
			continue
		}
		if m := definition.FindStringSubmatch(line); m != nil && depth == 0 {
			root = ""
			if m[1] == "type" {
				root = roots[m[2]]
			}
			if root == "" {
				types = append(types, Entry{label[m[1]], m[2], n})
			}
		} else if m := fieldOf.FindStringSubmatch(line); m != nil && root != "" && depth == 1 {
			operations[root] = append(operations[root], Entry{root, m[1], n})
		}
		line, _, _ = strings.Cut(line, "#")
		depth += strings.Count(line, "{") + strings.Count(line, "(") - strings.Count(line, "}") - strings.Count(line, ")")
	}
	var all []Entry
	for _, group := range []string{"Queries", "Mutations", "Subscriptions"} {
		all = append(all, operations[group]...)
	}
	for _, group := range []string{"Types", "Interfaces", "Unions", "Inputs", "Enumerations", "Scalars", "Directives"} {
		for _, e := range types {
			if e.Group == group {
				all = append(all, e)
			}
		}
	}
	return all
}

// label is the group of a definition.
var label = map[string]string{
	"type": "Types", "interface": "Interfaces", "union": "Unions", "input": "Inputs", "enum": "Enumerations", "scalar": "Scalars", "directive": "Directives",
}

// inside are the members whose members are entries, by the way to them.
var inside = []struct {
	group string
	way   []string
}{
	{"Channels", []string{"channels"}},
	{"Operations", []string{"operations"}},
	{"Paths", []string{"paths"}},
	{"Servers", []string{"servers"}},
	{"Messages", []string{"components", "messages"}},
	{"Schemas", []string{"components", "schemas"}},
	{"Schemas", []string{"definitions"}},
}

// members finds entries of a document that YAML can read.
func (t *Text) members() []Entry {
	var doc yaml.Node
	if len(t.data) > maxMembers {
		return nil
	}
	if yaml.Unmarshal(t.data, &doc) != nil || len(doc.Content) != 1 {
		return nil
	}
	var all []Entry
	top := doc.Content[0]
	for _, in := range inside {
		at := top
		for _, name := range in.way {
			at = member(at, name)
		}
		if at != nil {
			all = append(all, entries(in.group, at)...)
		}
	}
	if len(all) == 0 {
		all = entries("Members", top)
	}
	return all
}

func member(of *yaml.Node, name string) *yaml.Node {
	if of == nil || of.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(of.Content); i += 2 {
		if of.Content[i].Value == name {
			return of.Content[i+1]
		}
	}
	return nil
}

func entries(group string, of *yaml.Node) (all []Entry) {
	if of.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(of.Content) && len(all) < maxEntries; i += 2 {
		if name := of.Content[i]; name.Kind == yaml.ScalarNode {
			all = append(all, Entry{group, strings.ToValidUTF8(name.Value, "\ufffd"), name.Line})
		}
	}
	return all
}
