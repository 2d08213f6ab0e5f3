package catalog

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"apicenter/internal/inventory"
)

// form is what a value is.
type form int

const (
	text form = iota + 1
	flag
	object
	texts   // a list of texts
	objects // a list of objects
	open    // an object whose members are anybody's
)

// property is one property that people may set. Enumerations are open on the
// wire, and addresses need no scheme: clients rely on both.
type property struct {
	name     string // a member of a container: "server/type"
	form     form
	required bool // and, of a text, not blank
	limit    int  // of a text: characters; of a list: items; 0: none
	members  []property
}

// Limits of our own. Azure's shorter ones belong to the presets: by default,
// nothing that a source may say is too long for a person to say.
const (
	maxTitle         = 300
	maxDocumentation = 20
)

var title = property{name: "title", form: text, required: true, limit: maxTitle}

// shapes are the properties of each kind, in the order in which faults are told.
// What is not among them is ignored: clients send properties of other versions.
var shapes = map[inventory.Kind][]property{
	inventory.KindService: {
		{name: "location", form: text, required: true},
		{name: "tags", form: open},
		{name: "sku", form: object, members: []property{{name: "name", form: text, required: true}}},
		{name: "identity", form: object, members: []property{
			{name: "type", form: text, required: true},
			{name: "userAssignedIdentities", form: open},
		}},
	},
	inventory.KindWorkspace: {title, {name: "description", form: text}},
	inventory.KindAPI: {
		title,
		{name: "kind", form: text, required: true},
		{name: "description", form: text},
		{name: "summary", form: text},
		{name: "termsOfService", form: object, members: []property{{name: "url", form: text, required: true}}},
		{name: "externalDocumentation", form: objects, limit: maxDocumentation, members: []property{
			{name: "title", form: text},
			{name: "description", form: text},
			{name: "url", form: text, required: true},
		}},
		{name: "contacts", form: objects, members: []property{
			{name: "name", form: text},
			{name: "url", form: text},
			{name: "email", form: text},
		}},
		{name: "license", form: object, members: []property{
			{name: "name", form: text},
			{name: "url", form: text},
			{name: "identifier", form: text},
		}},
		{name: "customProperties", form: open},
	},
	inventory.KindVersion:    {title, {name: "lifecycleStage", form: text, required: true}},
	inventory.KindDefinition: {title, {name: "description", form: text}},
	inventory.KindDeployment: {
		{name: "title", form: text, limit: maxTitle},
		{name: "description", form: text},
		{name: "environmentId", form: text},
		{name: "definitionId", form: text},
		{name: "state", form: text},
		{name: "isDefault", form: flag},
		{name: "server", form: open},
		{name: "server/runtimeUri", form: texts},
		{name: "customProperties", form: open},
	},
	inventory.KindEnvironment: {
		title,
		{name: "kind", form: text, required: true},
		{name: "description", form: text},
		{name: "server", form: open},
		{name: "server/type", form: text},
		{name: "server/managementPortalUri", form: texts},
		{name: "onboarding", form: open},
		{name: "onboarding/instructions", form: text},
		{name: "onboarding/developerPortalUri", form: texts},
		{name: "customProperties", form: open},
	},
	inventory.KindSchema: {
		{name: "schema", form: text, required: true},
		{name: "assignedTo", form: objects, members: []property{
			{name: "entity", form: text, required: true},
			{name: "required", form: flag},
			{name: "deprecated", form: flag},
		}},
	},
	inventory.KindAnalyzer: {
		title,
		{name: "analyzerType", form: text, required: true},
		{name: "description", form: text},
		{name: "filter", form: open},
	},
	inventory.KindPortal: {
		{name: "title", form: text, limit: maxTitle},
		{name: "enabled", form: flag},
		{name: "allowAnonymousAccess", form: flag},
		{name: "authentication", form: open},
	},
	inventory.KindLink: {
		{name: "sourceType", form: text, required: true},
		{name: "source", form: text, required: true},
		{name: "identity", form: text},
		{name: "importSpecification", form: text},
		{name: "targetEnvironmentId", form: text},
		{name: "targetLifecycleStage", form: text},
	},
}

// known drops the fields of a body that people do not set, and lists of nothing:
// readers see those anyway, so to send them back is no change.
func known(k inventory.Kind, body inventory.Doc) inventory.Doc {
	out := make(inventory.Doc, len(body))
	for f, v := range body {
		name, _, _ := strings.Cut(string(f[1:]), "/")
		for _, p := range shapes[k] {
			if p.name == name {
				if p.form != objects || string(v) != "[]" {
					out[f] = v
				}
				break
			}
		}
	}
	return out
}

// check says whether next, what readers would see, is well formed. Only values
// that differ from what they see at present are looked at; but what is required
// must be there, whoever says it.
func check(k inventory.Kind, present, next inventory.Doc) error {
	for _, p := range shapes[k] {
		f := inventory.Field("/" + p.name)
		raw, ok := next[f]
		if !ok {
			if p.required {
				return missing(k, target(k, p.name))
			}
			continue
		}
		if was, ok := present[f]; ok && inventory.SameJSON(was, raw) {
			continue
		}
		if err := p.check(k, target(k, p.name), raw); err != nil {
			return err
		}
	}
	if k == inventory.KindAPI && !inventory.SameJSON(present["/license"], next["/license"]) {
		return checkLicense(next["/license"])
	}
	return nil
}

// target names a property as the caller knows it.
func target(k inventory.Kind, name string) string {
	if k == inventory.KindService {
		return name // of the envelope
	}
	return "properties." + strings.ReplaceAll(name, "/", ".")
}

func missing(k inventory.Kind, at string) error {
	return inventory.Errorf(inventory.Invalid, at, "%s of the %s is required; give it a value", at, k)
}

func (p property) check(k inventory.Kind, at string, raw json.RawMessage) error {
	switch p.form {
	case text:
		var s string
		if json.Unmarshal(raw, &s) != nil {
			return inventory.Errorf(inventory.Invalid, at, "%s must be a text", at)
		}
		if p.required && strings.TrimSpace(s) == "" {
			return missing(k, at)
		}
		if p.limit > 0 && utf8.RuneCountInString(s) > p.limit {
			return inventory.Errorf(inventory.Invalid, at, "%s has %d characters; at most %d are allowed", at, utf8.RuneCountInString(s), p.limit)
		}
		return nil
	case flag:
		if s := string(raw); s != "true" && s != "false" {
			return inventory.Errorf(inventory.Invalid, at, "%s must be true or false", at)
		}
		return nil
	case texts:
		var list []string
		if json.Unmarshal(raw, &list) != nil {
			return inventory.Errorf(inventory.Invalid, at, "%s must be a list of texts", at)
		}
		return nil
	case object:
		return p.checkObject(k, at, raw)
	case objects:
		var list []json.RawMessage
		if json.Unmarshal(raw, &list) != nil {
			return inventory.Errorf(inventory.Invalid, at, "%s must be a list", at)
		}
		if p.limit > 0 && len(list) > p.limit {
			return inventory.Errorf(inventory.Invalid, at, "%s has %d items; at most %d are allowed", at, len(list), p.limit)
		}
		for i, item := range list {
			if err := p.checkObject(k, fmt.Sprintf("%s[%d]", at, i), item); err != nil {
				return err
			}
		}
		return nil
	case open:
		var members map[string]json.RawMessage
		if json.Unmarshal(raw, &members) != nil {
			return inventory.Errorf(inventory.Invalid, at, "%s must be an object", at)
		}
		return nil
	default:
		panic(fmt.Sprintf("catalog: property %s has form %d", p.name, p.form))
	}
}

func (p property) checkObject(k inventory.Kind, at string, raw json.RawMessage) error {
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil || members == nil {
		return inventory.Errorf(inventory.Invalid, at, "%s must be an object", at)
	}
	for _, m := range p.members {
		value, ok := members[m.name]
		if !ok || string(value) == "null" {
			if m.required {
				return missing(k, at+"."+m.name)
			}
			continue
		}
		if err := m.check(k, at+"."+m.name, value); err != nil {
			return err
		}
	}
	return nil
}

func checkLicense(raw json.RawMessage) error {
	var l struct{ URL, Identifier string }
	if raw == nil || json.Unmarshal(raw, &l) != nil || l.URL == "" || l.Identifier == "" {
		return nil
	}
	return inventory.Errorf(inventory.Invalid, "properties.license",
		"properties.license has both url and identifier, which exclude each other; leave one out")
}
