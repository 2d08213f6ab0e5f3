package apim

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"apicenter/internal/emulator/document"
)

type object = map[string]any

// definition is an OpenAPI document that the model is laid over.
type definition struct {
	content    object
	operations []document.Operation
}

// imported is the document of a revision, if it is in OpenAPI and can be read.
func (r *Revision) imported() (definition, bool) {
	data, err := r.Document.bytes()
	if err != nil {
		return definition{}, false
	}
	parsed, err := document.Parse(r.Document.Format, data)
	if err != nil || parsed.Format != document.OpenAPIJSON && parsed.Format != document.OpenAPIYAML && parsed.Format != document.Swagger {
		return definition{}, false
	}
	content, err := document.Object(data)
	return definition{content, parsed.Operations}, err == nil
}

func (d definition) swagger() bool { return d.content["swagger"] != nil }

// layOver has a document say what the model says: title, description and address
// of the API, its operations and schemas. What the model has no place for stays
// as it came.
func (r *Revision) layOver(d definition) object {
	info := member(d.content, "info")
	info["title"] = r.Properties.DisplayName
	if r.Properties.Description != nil {
		info["description"] = *r.Properties.Description
	}
	d.serve(r.GatewayURL())
	d.layOperations(r.Operations())
	for _, e := range r.schemas.All() {
		d.laySchemas(e.Properties.Document)
	}
	return d.content
}

// member is an object in an object, a new one if there is none.
func member(o object, name string) object {
	in, ok := o[name].(object)
	if !ok {
		in = object{}
		o[name] = in
	}
	return in
}

// serve names the gateway as the one server: definitions are for those who call.
func (d definition) serve(address string) {
	if u, err := url.Parse(address); err == nil && d.swagger() {
		d.content["host"], d.content["basePath"], d.content["schemes"] = u.Host, "/"+strings.Trim(u.Path, "/"), []any{u.Scheme}
		return
	}
	d.content["servers"] = []any{object{"url": address}}
}

// layOperations takes out what the model has no more or otherwise, and then puts
// in what it has otherwise or new: two operations may have changed places.
func (d definition) layOperations(model *Table[*Entity[Operation]]) {
	paths := member(d.content, "paths")
	as, bodies := map[string]bool{}, map[string]object{} // those that are as they were, and the others, by folded name
	for _, was := range d.operations {
		e := model.Get(was.ID)
		if e != nil && e.Properties.is(was) {
			as[was.ID] = true
			continue
		}
		item := member(paths, was.Template)
		body := member(item, strings.ToLower(was.Method))
		delete(item, strings.ToLower(was.Method))
		if e != nil {
			bodies[was.ID] = d.revise(body, e.Properties, was)
		}
		if !slices.ContainsFunc(slices.Collect(maps.Keys(item)), document.IsMethod) {
			delete(paths, was.Template)
		}
	}
	for _, e := range model.All() {
		name := strings.ToLower(e.Name)
		if as[name] {
			continue
		}
		body := bodies[name]
		if body == nil {
			body = d.operation(e)
		}
		member(paths, e.Properties.URLTemplate)[strings.ToLower(e.Properties.Method)] = body
	}
}

// is says that an operation says nothing that the document did not.
func (op Operation) is(was document.Operation) bool {
	return op.DisplayName == was.Title && strings.EqualFold(op.Method, was.Method) && op.URLTemplate == was.Template &&
		(op.Description == nil || *op.Description == was.Description) && !given(op.Request) && !given(op.Responses)
}

func given(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

// revise lays an operation over what the document had of it.
func (d definition) revise(body object, op Operation, was document.Operation) object {
	if op.DisplayName != was.Title {
		body["summary"] = op.DisplayName
	}
	if op.Description != nil && *op.Description != was.Description {
		body["description"] = *op.Description
	}
	replaced := map[string]bool{"path": op.URLTemplate != was.Template, "query": given(op.Request), "header": given(op.Request)}
	old, _ := body["parameters"].([]any)
	list := slices.DeleteFunc(old, func(p any) bool {
		o, _ := p.(object)
		in, _ := o["in"].(string)
		return replaced[in]
	})
	for _, p := range d.parameters(op) {
		if replaced[p["in"].(string)] {
			list = append(list, p)
		}
	}
	if delete(body, "parameters"); len(list) > 0 {
		body["parameters"] = list
	}
	if given(op.Responses) {
		answers, said := member(body, "responses"), responses(op.Responses)
		maps.DeleteFunc(answers, func(status string, _ any) bool { return said[status] == nil && status != "default" })
		for status, answer := range said {
			if answers[status] == nil {
				answers[status] = answer
			}
		}
	}
	return body
}

// operation is one that the document does not have. The resource name becomes
// the operationId, as in the real product.
func (d definition) operation(e *Entity[Operation]) object {
	op := object{"operationId": e.Name, "summary": e.Properties.DisplayName, "responses": responses(e.Properties.Responses)}
	if e.Properties.Description != nil {
		op["description"] = *e.Properties.Description
	}
	if list := d.parameters(e.Properties); len(list) > 0 {
		op["parameters"] = list
	}
	return op
}

// parameters are those of an operation in the form of the document.
func (d definition) parameters(op Operation) (list []object) {
	type parameter struct {
		Name     string `json:"name"`
		Type     string `json:"type"`
		Required bool   `json:"required"`
	}
	var request struct {
		Query   []parameter `json:"queryParameters"`
		Headers []parameter `json:"headers"`
	}
	var template []parameter
	// What does not have this form has no parameters to show.
	_, _ = json.Unmarshal(op.TemplateParameters, &template), json.Unmarshal(op.Request, &request)
	for _, of := range []struct {
		in   string
		list []parameter
	}{{"path", template}, {"query", request.Query}, {"header", request.Headers}} {
		for _, p := range of.list {
			kind := object{"type": p.Type}
			if p.Type == "" {
				kind["type"] = "string"
			}
			o := object{"name": p.Name, "in": of.in, "required": p.Required || of.in == "path"}
			if d.swagger() {
				maps.Copy(o, kind)
			} else {
				o["schema"] = kind
			}
			list = append(list, o)
		}
	}
	return list
}

func responses(raw json.RawMessage) object {
	var list []struct {
		Status      int    `json:"statusCode"`
		Description string `json:"description"`
	}
	_ = json.Unmarshal(raw, &list)
	out := object{}
	for _, r := range list {
		out[strconv.Itoa(r.Status)] = object{"description": r.Description}
	}
	if len(out) == 0 {
		out["200"] = object{"description": ""}
	}
	return out
}

// laySchemas puts in the schemas that somebody wrote by themselves.
func (d definition) laySchemas(s SchemaDocument) {
	var components map[string]object
	var definitions object
	_, _ = json.Unmarshal(s.Components, &components), json.Unmarshal(s.Definitions, &definitions)
	for kind, list := range components {
		maps.Copy(member(member(d.content, "components"), kind), list)
	}
	if len(definitions) > 0 {
		maps.Copy(member(d.content, "definitions"), definitions)
	}
}
