package portal

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"apicenter/internal/catalog"
	"apicenter/internal/inventory"
)

// apiManagement is the kind of source that the wizard links.
const apiManagement = "AzureApiManagement"

// What has to be true of a link before it is changed.
var (
	noMatch catalog.Match
	absent  = catalog.Match{Absent: true}
	present = catalog.Match{Present: true}
)

// linkForm is what people say of a new link, as they typed it.
type linkForm struct {
	Subscription, Group, Instance, Part string // chosen
	Typed                               string // a resource id, in place of what was chosen
	Identity                            string
	Name, Title                         string
	SuggestedName, SuggestedTitle       string // that nobody has changed if they are equal
	Environment                         string // one that is there, by name; empty: a new one
	Kind, Description                   string // of the new one
	linkRules
}

// linkRules are the settings that may change later.
type linkRules struct {
	Import, Stage, OnVanish string
	Target                  string // seconds; empty: that of the server
	Include, Exclude        string // a rule a line
}

// stages are those of a lifecycle, in order.
var stages = []string{"design", "development", "testing", "preview", "production", "deprecated", "retired"}

// environmentKinds are the types of environments.
var environmentKinds = []string{"production", "staging", "testing", "development"}

// formOf reads a form. What is left out has its default.
func formOf(v url.Values) linkForm {
	f := linkForm{
		Subscription: v.Get("subscription"), Group: v.Get("group"), Instance: v.Get("instance"), Part: v.Get("part"),
		Typed: strings.TrimSpace(v.Get("source")), Identity: v.Get("identity"),
		Name: strings.TrimSpace(v.Get("name")), Title: strings.TrimSpace(v.Get("title")),
		SuggestedName: v.Get("suggestedName"), SuggestedTitle: v.Get("suggestedTitle"),
		Environment: v.Get("environment"), Kind: cmp.Or(v.Get("kind"), environmentKinds[0]), Description: v.Get("description"),
		linkRules: rulesOfForm(v),
	}
	f.Import = cmp.Or(f.Import, string(inventory.ImportAlways))
	if !v.Has("stage") {
		f.Stage = "production"
	}
	return f
}

func rulesOfForm(v url.Values) linkRules {
	return linkRules{
		Import: v.Get("import"), Stage: v.Get("stage"), OnVanish: cmp.Or(v.Get("onVanish"), string(inventory.OnVanishDelete)),
		Target: strings.TrimSpace(v.Get("target")), Include: v.Get("include"), Exclude: v.Get("exclude"),
	}
}

// values is the form as a query: what formOf reads.
func (f linkForm) values() url.Values {
	v := url.Values{}
	for name, value := range map[string]string{
		"subscription": f.Subscription, "group": f.Group, "instance": f.Instance, "part": f.Part, "source": f.Typed, "identity": f.Identity,
		"name": f.Name, "title": f.Title, "suggestedName": f.SuggestedName, "suggestedTitle": f.SuggestedTitle, "environment": f.Environment,
		"kind": f.Kind, "description": f.Description, "import": f.Import, "onVanish": f.OnVanish, "target": f.Target,
		"include": f.Include, "exclude": f.Exclude,
	} {
		if value != "" {
			v.Set(name, value)
		}
	}
	v.Set("stage", f.Stage)
	return v
}

// source is what the link is to read.
func (f linkForm) source() string { return cmp.Or(f.Typed, f.Part, f.Instance) }

// settings is the form as the body of a link at a path.
func (f linkForm) settings(workspace string) (inventory.Doc, error) {
	body := inventory.Doc{}
	body.Set(inventory.FieldSourceType, apiManagement)
	body.Set(inventory.FieldSource, f.source())
	if f.Identity != "" {
		body.Set(inventory.FieldIdentity, f.Identity)
	}
	body.Set(inventory.FieldEnvironment, "/workspaces/"+workspace+"/environments/"+cmp.Or(f.Environment, f.Name))
	return body, f.put(body)
}

// environment is that which is made for the link; nil: it uses one that is there.
func (f linkForm) environment() inventory.Doc {
	if f.Environment != "" {
		return nil
	}
	body := inventory.Doc{}
	body.Set("/title", cmp.Or(f.Title, f.Name))
	body.Set("/kind", f.Kind)
	body.Set("/server/type", "Azure API Management")
	if f.Description != "" {
		body.Set("/description", f.Description)
	}
	return body
}

// put sets the fields of the rules, and takes those away that are left out.
func (f linkRules) put(body inventory.Doc) error {
	for field, value := range map[inventory.Field]string{
		inventory.FieldImport: f.Import, inventory.FieldStage: f.Stage, inventory.FieldOnVanish: f.OnVanish,
	} {
		if delete(body, field); value != "" {
			body.Set(field, value)
		}
	}
	delete(body, inventory.FieldTarget)
	if f.Target != "" {
		seconds, err := strconv.ParseInt(f.Target, 10, 64)
		if err != nil {
			return inventory.Errorf(inventory.Invalid, "properties.freshnessTargetSeconds", "the freshness target is a number of seconds, such as 60")
		}
		body.Set(inventory.FieldTarget, seconds)
	}
	var scope inventory.Scope
	for _, list := range []struct {
		at, text string
		rules    *[]inventory.ScopeRule
	}{{"properties.scope.include", f.Include, &scope.Include}, {"properties.scope.exclude", f.Exclude, &scope.Exclude}} {
		for line := range strings.Lines(list.text) {
			if line = strings.TrimSpace(line); line == "" {
				continue
			}
			rule, err := inventory.ParseScopeRule(line)
			if err != nil {
				return inventory.Errorf(inventory.Invalid, list.at, "%v", err)
			}
			*list.rules = append(*list.rules, rule)
		}
	}
	if delete(body, inventory.FieldScope); !scope.IsZero() {
		body.Set(inventory.FieldScope, scope)
	}
	return nil
}

// rulesFrom is the form of a link that is there.
func rulesFrom(l inventory.Link) linkRules {
	f := linkRules{
		Import: string(l.Import), Stage: l.Stage, OnVanish: string(l.OnVanish),
		Include: strings.Join(rulesOf(l.Scope.Include), "\n"), Exclude: strings.Join(rulesOf(l.Scope.Exclude), "\n"),
	}
	if l.Target > 0 {
		f.Target = strconv.FormatInt(int64(l.Target.Seconds()), 10)
	}
	return f
}

// fieldsOf says in which field of the forms a fault is, by its target.
var fieldsOf = map[string]string{
	"name": "name", "properties.source": "source", "properties.identity": "identity", "properties.importSpecification": "import",
	"properties.targetEnvironmentId": "environment", "properties.targetLifecycleStage": "stage", "properties.onVanish": "onVanish",
	"properties.freshnessTargetSeconds": "target", "properties.scope": "include", "properties.scope.include": "include",
	"properties.scope.exclude": "exclude", "properties.title": "title", "properties.kind": "kind", "properties.description": "description",
}

// faults are what is wrong with a form, by field; what is wrong with all of it is under "".
type faults map[string]string

// faultsOf is an error as faults of a form; nil when it is none of who filled it in.
func faultsOf(err error) faults {
	e := errorOf(err)
	if e == nil {
		return nil
	}
	switch e.Code {
	case inventory.Invalid, inventory.Conflict, inventory.Exists, inventory.LimitReached, inventory.NoParent, inventory.Unavailable, inventory.Changed:
		return faults{fieldsOf[e.Target]: e.Message}
	default:
		return nil
	}
}

var unnameable = regexp.MustCompile(`[^a-z0-9-]+`)

// suggest is a name for a link to a source, that no other link has.
func suggest(source string, taken map[string]bool) string {
	parts := strings.FieldsFunc(sourceName(source), func(r rune) bool { return r == '/' || r == ' ' })
	name := strings.Trim(unnameable.ReplaceAllString(strings.ToLower(strings.Join(parts, "-")), "-"), "-")
	if name = name[:min(len(name), 80)]; len(name) < 3 {
		name = strings.Trim("link-"+name, "-")
	}
	for n, first := 2, name; taken[name]; n++ {
		name = first + "-" + strconv.Itoa(n)
	}
	return name
}

// titled is a name as a title: "contoso-retail" is "Contoso retail".
func titled(name string) string { return label(strings.ReplaceAll(name, "-", " ")) }

// bodyOf is what people say of a resource, to be changed and put again.
func bodyOf(r inventory.Resource) inventory.Doc { return maps.Clone(docOf(r).Doc) }

// previewOf reads a plan.
func previewOf(plan any) (p preview, err error) {
	text, err := json.Marshal(plan)
	if err != nil {
		return p, err
	}
	return p, json.Unmarshal(text, &p)
}
