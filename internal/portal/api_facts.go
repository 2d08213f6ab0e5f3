package portal

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"apicenter/internal/inventory"
)

// fact is something known of a thing, and where that comes from.
type fact struct {
	Field  inventory.Field
	Title  string
	Values []shown
	Origin *origin // nil: who reads may not know
}

// shown is a value as pages show it.
type shown struct {
	Text  string
	Link  string // where it leads; empty: nowhere
	Badge bool
	Code  bool // it is JSON
}

// origin says where a value comes from.
type origin struct {
	Word   string // the source's name, or a person's
	Locked bool   // people cannot change it here
	Since  time.Time
	By     string
	Run    int64
	Source string // full identity of the thing at its source
	Read   time.Time
	Hidden []beneath
	Advice string
}

// beneath is a value that another hides.
type beneath struct{ Word, Value string }

// originsOf explains the fields of a thing to who may do an action.
func (h *Handler) originsOf(r *request, id inventory.ID, action string) (map[inventory.Field]*origin, error) {
	if !r.may(action) || !r.at.IsZero() { // that is told of the present alone
		return nil, nil
	}
	e, err := h.catalog.Explain(r.Context(), id, "")
	if err != nil {
		return nil, err
	}
	out := make(map[inventory.Field]*origin, len(e.Fields))
	for _, f := range e.Fields {
		out[f.Field] = originOf(f)
	}
	return out, nil
}

func originOf(f inventory.FieldOrigin) *origin {
	o := &origin{Locked: !f.Editable, Advice: f.Advice}
	if f.Since != nil {
		o.Since, o.By, o.Run = f.Since.At, whoActed(f.Since.By), f.Since.Run
	}
	switch f.Layer {
	case inventory.LayerSource:
		o.Word, o.Source, o.Read = lastOf(f.Source.Link), f.Source.ID, f.Source.Read
	case inventory.LayerPeople:
		o.Word = cmp.Or(whoActed(o.By), "people")
	case inventory.LayerDerived:
		o.Word = "derived"
	default:
		return nil
	}
	for _, b := range f.Hidden {
		word := "people"
		if b.Link != "" {
			word = lastOf(b.Link)
		}
		o.Hidden = append(o.Hidden, beneath{word, textOf(b.Value)})
	}
	return o
}

func lastOf(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// textOf is a JSON value as people read it.
func textOf(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	if string(raw) == "null" {
		return "nothing"
	}
	return string(raw)
}

// fieldTitles are how people call the fields of all kinds.
var fieldTitles = map[inventory.Field]string{
	"/title": "Title", "/summary": "Summary", "/description": "Description", "/kind": "Kind",
	inventory.FieldLifecycleStage: "Lifecycle", "/termsOfService": "Terms of service", "/license": "License",
	"/contacts": "Contacts", "/externalDocumentation": "Documentation", inventory.FieldGone: "Gone",
	inventory.FieldDocument: "Document", "/specification": "Format", "/environmentId": "Environment", "/definitionId": "Definition",
	"/state": "State", "/isDefault": "Default", "/server/runtimeUri": "Base URLs", "/server/type": "Server type",
	"/server/managementPortalUri": "Management portal", "/onboarding/instructions": "Onboarding", "/onboarding/developerPortalUri": "Developer portal",
}

// titleOfField is how people call a field: a custom one as its schema says.
func titleOfField(f inventory.Field, schemas []schemaView) string {
	if t, ok := fieldTitles[f]; ok {
		return t
	}
	name := strings.TrimPrefix(string(f), "/")
	if custom, ok := strings.CutPrefix(name, "customProperties/"); ok {
		i := slices.IndexFunc(schemas, func(s schemaView) bool { return s.Name == custom })
		if i >= 0 {
			return schemas[i].Title
		}
		name = custom
	}
	return label(strings.ReplaceAll(name, "/", " "))
}

// factsOf tells of an API what its page does not write large: first where that
// which is written large comes from.
func factsOf(d doc, origins map[inventory.Field]*origin, schemas []schemaView) (texts, facts, custom []fact) {
	add := func(to *[]fact, f inventory.Field, values ...shown) {
		if len(values) > 0 {
			*to = append(*to, fact{f, titleOfField(f, schemas), values, origins[f]})
		}
	}
	for _, f := range []inventory.Field{"/title", "/summary", "/description"} {
		if text := d.Text(f); text != "" && origins[f] != nil {
			add(&texts, f, shown{Text: text})
		}
	}
	for _, f := range []inventory.Field{"/kind", inventory.FieldLifecycleStage} {
		if word := d.Text(f); word != "" {
			add(&facts, f, shown{Text: word, Badge: true})
		}
	}
	add(&facts, "/contacts", contactsOf(d)...)
	add(&facts, "/license", licenseOf(d)...)
	var terms struct{ URL string }
	if d.Read("/termsOfService", &terms) && terms.URL != "" {
		add(&facts, "/termsOfService", shown{Text: terms.URL, Link: terms.URL})
	}
	add(&facts, "/externalDocumentation", docsOf(d)...)
	for f, raw := range d.All() {
		if strings.HasPrefix(string(f), "/customProperties/") {
			add(&custom, f, valuesOf(raw)...)
		}
	}
	slices.SortStableFunc(custom, func(a, b fact) int { return cmp.Compare(a.Title, b.Title) })
	return texts, facts, custom
}

func contactsOf(d doc) (all []shown) {
	var contacts []struct{ Name, URL, Email string }
	d.Read("/contacts", &contacts)
	for _, c := range contacts {
		name := cmp.Or(c.Name, c.Email, c.URL)
		switch {
		case c.Email != "":
			all = append(all, shown{Text: name, Link: "mailto:" + c.Email})
		case name != "":
			all = append(all, shown{Text: name, Link: c.URL})
		}
		if c.Email != "" && c.URL != "" {
			all = append(all, shown{Text: c.URL, Link: c.URL})
		}
	}
	return all
}

func licenseOf(d doc) []shown {
	var l struct{ Name, URL, Identifier string }
	if !d.Read("/license", &l) || cmp.Or(l.Name, l.Identifier, l.URL) == "" {
		return nil
	}
	return []shown{{Text: cmp.Or(l.Name, l.Identifier, l.URL), Link: l.URL}}
}

func docsOf(d doc) (all []shown) {
	var docs []struct{ Title, Description, URL string }
	d.Read("/externalDocumentation", &docs)
	for _, e := range docs {
		if text := cmp.Or(e.Title, e.Description, e.URL); text != "" {
			all = append(all, shown{Text: text, Link: e.URL})
		}
	}
	return all
}

// valuesOf shows a custom property: words as badges, addresses as links.
func valuesOf(raw json.RawMessage) []shown {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return nil
	}
	switch v := v.(type) {
	case string:
		return []shown{wordOrLink(v)}
	case bool:
		return []shown{{Text: map[bool]string{true: "Yes", false: "No"}[v]}}
	case []any:
		var all []shown
		for _, item := range v {
			text, ok := item.(string)
			if !ok {
				return []shown{{Text: string(raw), Code: true}}
			}
			all = append(all, shown{Text: text, Badge: true})
		}
		return all
	case map[string]any:
		return []shown{{Text: string(raw), Code: true}}
	default:
		return []shown{{Text: string(raw)}}
	}
}

func wordOrLink(text string) shown {
	switch {
	case strings.HasPrefix(text, "https://"), strings.HasPrefix(text, "http://"):
		return shown{Text: text, Link: text}
	case strings.Count(text, "@") == 1 && !strings.ContainsAny(text, " /:") && strings.Contains(text, "."):
		return shown{Text: text, Link: "mailto:" + text}
	default:
		return shown{Text: text}
	}
}
