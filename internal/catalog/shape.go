package catalog

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
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
	tags    // an object of texts
	seconds // a whole number of them
)

// property is one property that people may set. Enumerations are open on the
// wire, and addresses need no scheme: clients rely on both.
type property struct {
	name     string // a member of a container: "server/type"
	form     form
	required bool // and, of a text, not blank
	limit    int  // of a text: characters; of a list: items; 0: none
	azure    int  // of a text, and of each in a list: characters that Azure publishes; 0: none
	least    int  // of seconds
	most     int  // of a list of texts: items that Azure publishes; 0: any number
	members  []property
}

// Limits of our own. Azure's shorter ones belong to the presets: by default,
// nothing that a source may say is too long for a person to say.
const (
	maxTitle         = 300
	maxDocumentation = 20
	// Of tags: how many, and the characters of a name and of a value, as in all of Azure.
	maxTags, maxTagName, maxTag = 50, 512, 256
	maxSeconds                  = 365 * 24 * 3600
)

// The lengths that Azure publishes.
const (
	azureTitle       = 50
	azureDescription = 1000
	azureURL         = 200
)

var (
	title       = property{name: "title", form: text, required: true, limit: maxTitle, azure: azureTitle}
	description = property{name: "description", form: text, azure: azureDescription}
)

// shapes are the properties of each kind, in the order in which faults are told.
// What is not among them is ignored: clients send properties of other versions.
var shapes = map[inventory.Kind][]property{
	inventory.KindService: {
		{name: "location", form: text, required: true},
		{name: "tags", form: tags},
		{name: "sku", form: object, members: []property{{name: "name", form: text, required: true}}},
		{name: "identity", form: object, members: []property{
			{name: "type", form: text, required: true},
			{name: "userAssignedIdentities", form: open},
		}},
	},
	inventory.KindWorkspace: {title, description, {name: "mergeRule", form: text, limit: maxTitle}},
	inventory.KindAPI: {
		title,
		{name: "kind", form: text, required: true},
		description,
		{name: "summary", form: text, azure: 200},
		{name: "termsOfService", form: object, members: []property{{name: "url", form: text, required: true, azure: azureURL}}},
		{name: "externalDocumentation", form: objects, limit: maxDocumentation, members: []property{
			{name: "title", form: text, azure: azureTitle},
			{name: "description", form: text, azure: 500},
			{name: "url", form: text, required: true, azure: azureURL},
		}},
		{name: "contacts", form: objects, members: []property{
			{name: "name", form: text, azure: 100},
			{name: "url", form: text, azure: azureURL},
			{name: "email", form: text, azure: 100},
		}},
		{name: "license", form: object, members: []property{
			{name: "name", form: text, azure: 100},
			{name: "url", form: text, azure: azureURL},
			{name: "identifier", form: text, azure: 50},
		}},
		{name: "customProperties", form: open},
	},
	inventory.KindVersion:    {title, {name: "lifecycleStage", form: text, required: true}},
	inventory.KindDefinition: {title, description},
	inventory.KindDeployment: {
		{name: "title", form: text, limit: maxTitle, azure: azureTitle},
		{name: "description", form: text, azure: 500},
		{name: "environmentId", form: text},
		{name: "definitionId", form: text},
		{name: "state", form: text},
		{name: "isDefault", form: flag},
		{name: "server", form: open},
		{name: "server/runtimeUri", form: texts, azure: azureURL},
		{name: "customProperties", form: open},
	},
	inventory.KindEnvironment: {
		title,
		{name: "kind", form: text, required: true},
		description,
		{name: "server", form: open},
		{name: "server/type", form: text},
		{name: "server/managementPortalUri", form: texts, most: 1},
		{name: "onboarding", form: open},
		{name: "onboarding/instructions", form: text},
		{name: "onboarding/developerPortalUri", form: texts, most: 1},
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
		description,
		{name: "filter", form: open},
	},
	inventory.KindPortal: {
		{name: "title", form: text, limit: maxTitle},
		{name: "enabled", form: flag},
		{name: "allowAnonymousAccess", form: flag},
		{name: "authentication", form: open},
	},
	inventory.KindWebhook: {
		{name: "address", form: text, required: true},
		{name: "eventTypes", form: texts},
		{name: "subjectPrefix", form: text, limit: 2000},
		{name: "handshake", form: text},
	},
	inventory.KindLink: {
		{name: "sourceType", form: text, required: true},
		{name: "source", form: text, required: true},
		{name: "identity", form: text},
		{name: "importSpecification", form: text},
		{name: "targetEnvironmentId", form: text},
		{name: "targetLifecycleStage", form: text},
		{name: "freshnessTargetSeconds", form: seconds, least: int(inventory.LeastTarget / time.Second)},
		{name: "scope", form: open},
		{name: "onVanish", form: text},
		{name: "activityLog", form: flag},
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

// rules look at the properties of one kind.
type rules struct {
	kind  inventory.Kind
	azure bool // Azure's published lengths hold
}

// check says whether next, what readers would see, is well formed. Only values
// that differ from what they see at present are looked at; but what is required
// must be there, whoever says it.
func (r rules) check(present, next inventory.Doc) error {
	k := r.kind
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
		if err := r.value(p, target(k, p.name), raw); err != nil {
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

func (r rules) value(p property, at string, raw json.RawMessage) error {
	switch p.form {
	case text:
		var s string
		if json.Unmarshal(raw, &s) != nil {
			return inventory.Errorf(inventory.Invalid, at, "%s must be a text", at)
		}
		if p.required && strings.TrimSpace(s) == "" {
			return missing(r.kind, at)
		}
		return r.length(p, at, s)
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
		if r.azure && p.most > 0 && len(list) > p.most {
			return tooMany(at, len(list), p.most)
		}
		for i, s := range list {
			if err := r.length(p, fmt.Sprintf("%s[%d]", at, i), s); err != nil {
				return err
			}
		}
		return nil
	case object:
		return r.object(p, at, raw)
	case objects:
		var list []json.RawMessage
		if json.Unmarshal(raw, &list) != nil {
			return inventory.Errorf(inventory.Invalid, at, "%s must be a list", at)
		}
		if p.limit > 0 && len(list) > p.limit {
			return tooMany(at, len(list), p.limit)
		}
		for i, item := range list {
			if err := r.object(p, fmt.Sprintf("%s[%d]", at, i), item); err != nil {
				return err
			}
		}
		return nil
	case tags:
		return readTags(at, raw)
	case seconds:
		var n int
		if json.Unmarshal(raw, &n) != nil || n < p.least || n > maxSeconds {
			return inventory.Errorf(inventory.Invalid, at, "%s must be a whole number of seconds from %d to %d", at, p.least, maxSeconds)
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

// length says whether a text is short enough.
func (r rules) length(p property, at, s string) error {
	limit := p.limit
	if r.azure && p.azure > 0 {
		limit = p.azure
	}
	if n := utf8.RuneCountInString(s); limit > 0 && n > limit {
		return inventory.Errorf(inventory.Invalid, at, "%s has %d characters; at most %d are allowed", at, n, limit)
	}
	return nil
}

func tooMany(at string, n, limit int) error {
	return inventory.Errorf(inventory.Invalid, at, "%s has %d items; at most %d are allowed", at, n, limit)
}

func readTags(at string, raw json.RawMessage) error {
	var all map[string]string
	if json.Unmarshal(raw, &all) != nil {
		return inventory.Errorf(inventory.Invalid, at, "%s must be an object whose members are texts", at)
	}
	return checkTags(at, all)
}

func checkTags(at string, all map[string]string) error {
	if len(all) > maxTags {
		return inventory.Errorf(inventory.Invalid, at, "%s has %d members; at most %d are allowed", at, len(all), maxTags)
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if n := utf8.RuneCountInString(name); n == 0 || n > maxTagName {
			return inventory.Errorf(inventory.Invalid, at, "the name of a tag has %d characters; 1 to %d are allowed", n, maxTagName)
		}
		if n := utf8.RuneCountInString(all[name]); n > maxTag {
			return inventory.Errorf(inventory.Invalid, at+"."+name, "the tag %q has %d characters; at most %d are allowed", name, n, maxTag)
		}
	}
	return nil
}

func (r rules) object(p property, at string, raw json.RawMessage) error {
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil || members == nil {
		return inventory.Errorf(inventory.Invalid, at, "%s must be an object", at)
	}
	for _, m := range p.members {
		value, ok := members[m.name]
		if !ok || string(value) == "null" {
			if m.required {
				return missing(r.kind, at+"."+m.name)
			}
			continue
		}
		if err := r.value(m, at+"."+m.name, value); err != nil {
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
