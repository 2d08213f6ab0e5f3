package reference_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"apicenter/internal/reference"
)

func parse(t *testing.T, text string) *reference.Document {
	t.Helper()
	d, err := reference.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func find(t *testing.T, d *reference.Document, key string) reference.Details {
	t.Helper()
	o, ok := d.Find(key)
	if !ok {
		t.Fatalf("no operation %q in %v", key, d.Operations)
	}
	return o
}

const swagger = `{"swagger":"2.0","info":{"title":"Pets","version":"1.2"},"host":"pets.example","basePath":"/v1","schemes":["https","http"],
"consumes":["application/xml"],"securityDefinitions":{"key":{"type":"apiKey","in":"header","name":"X-Key"}},"security":[{"key":[]}],
"parameters":{"limit":{"name":"limit","in":"query","type":"integer","maximum":100}},
"paths":{"/pets":{"parameters":[{"$ref":"#/parameters/limit"}],
 "post":{"operationId":"add","parameters":[{"name":"pet","in":"body","required":true,"schema":{"$ref":"#/definitions/Pet"}}],"responses":{"201":{"description":"Added","schema":{"$ref":"#/definitions/Pet"}}}},
 "put":{"security":[],"parameters":[{"name":"photo","in":"formData","type":"file","required":true}],"responses":{"default":{"description":"Done"}}}}},
"definitions":{"Pet":{"type":"object","required":["name"],"properties":{"name":{"type":"string","minLength":1,"example":"Rex"}}}}}`

func TestVersion2(t *testing.T) {
	d := parse(t, swagger)
	if d.Format != "Swagger 2.0" || d.Title != "Pets" || len(d.Servers) != 2 || d.Servers[0].URL != "https://pets.example/v1" || d.Schemes[0].Type != "API key" {
		t.Errorf("the head is %+v", d)
	}
	post := find(t, d, "POST /pets")
	if post.ID != "add" || len(post.Parameters) != 1 || post.Parameters[0].Schema.Type != "integer" || post.Body == nil || !post.Body.Required {
		t.Fatalf("POST is %+v", post)
	}
	media := post.Body.Media[0]
	if media.Type != "application/xml" || media.Schema.Type != "Pet" || media.Schema.Members[0].Name != "name" || !media.Schema.Members[0].Required {
		t.Errorf("the body is %+v", media)
	}
	answer := post.Responses[0].Media[0]
	if answer.Type != "application/json" || len(answer.Examples) != 1 || !answer.Examples[0].Made || !strings.Contains(answer.Examples[0].Text, "Rex") {
		t.Errorf("the answer is %+v", answer)
	}
	put := find(t, d, "PUT /pets")
	if !put.Open || put.Body.Media[0].Schema.Members[0].Name != "photo" || !put.Body.Media[0].Schema.Members[0].Required {
		t.Errorf("PUT is %+v", put)
	}
}

const yaml31 = `
openapi: 3.1.0
info: {title: Orders, version: "2", license: {name: MIT}}
servers:
  - url: https://{region}.example
    variables: {region: {default: eu, enum: [eu, us]}}
tags: [{name: b}, {name: a, description: First letters}]
paths:
  /orders:
    get:
      tags: [a]
      security: [{oauth: [read, write]}, {}]
      parameters:
        - {name: q, in: query, schema: {type: [string, "null"], enum: [x, null]}, deprecated: true}
      responses:
        "200":
          description: ok
          headers: {ETag: {schema: {type: string}}}
          content:
            application/json:
              examples: {one: {summary: First, value: {id: 1}}}
              schema:
                type: array
                items: {oneOf: [{$ref: "#/components/schemas/Order"}, {$ref: "other.yaml#/Order"}]}
    post: {tags: [b], responses: {}}
webhooks:
  shipped: {post: {summary: It went, responses: {}}}
components:
  securitySchemes: {oauth: {type: oauth2, flows: {clientCredentials: {tokenUrl: "https://t.example", scopes: {read: Reads}}}}}
  schemas:
    Order: {allOf: [{$ref: "#/components/schemas/Base"}, {type: object, properties: {next: {$ref: "#/components/schemas/Order"}}}]}
    Base: {type: object, required: [id], properties: {id: {type: integer, format: int64}}, additionalProperties: {type: string}}
`

func TestVersion31(t *testing.T) {
	d := parse(t, yaml31)
	if got := fmt.Sprint(d.Operations[0].Key(), d.Operations[1].Key(), d.Operations[2].Key()); got != "POST /ordersGET /ordersEVENT shipped" {
		t.Errorf("the operations stand as %s", got)
	}
	get := find(t, d, "GET /orders")
	if p := get.Parameters[0]; p.Schema.Type != "string or null" || !p.Deprecated || fmt.Sprint(p.Schema.Enum) != "[x null]" {
		t.Errorf("q is %+v", p)
	}
	if got := fmt.Sprint(get.Security); got != "[[{oauth [read write]}] []]" {
		t.Errorf("security is %s", got)
	}
	media := get.Responses[0].Media[0]
	if len(media.Examples) != 1 || media.Examples[0].Text != "{\n  \"id\": 1\n}" {
		t.Errorf("the example is %+v", media.Examples)
	}
	choice := media.Schema.Choices[0]
	if choice.Word != "One of" || choice.Of[1].Elsewhere != "other.yaml#/Order" {
		t.Errorf("the choice is %+v", choice)
	}
	order, ok := d.Schema("Order")
	if !ok || len(order.Members) != 3 || !order.Members[1].Required && !order.Members[0].Required {
		t.Fatalf("Order is %+v", order)
	}
	for _, m := range order.Members {
		if m.Name == "next" && !m.Circular {
			t.Errorf("next is %+v, and leads back", m)
		}
	}
}

const calling = `{"openapi":"3.1.0","info":{"title":"Orders","version":"1"},"paths":{
 "/orders":{"post":{"callbacks":{
   "shipped":{"{$request.body#/hook}":{"post":{"summary":"It went","requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Tree"}}}},
     "callbacks":{"again":{"{$url}":{"post":{}}}},"responses":{"204":{"description":"Heard"}}}}},
   "paid":{"$ref":"#/components/callbacks/Paid"}},
  "responses":{"201":{"description":"Made","links":{
    "read":{"operationId":"read-order","description":"Read it","parameters":{"id":"$response.body#/id"}},
    "drop":{"operationRef":"#/paths/~1orders~1{id}/delete"},
    "away":{"operationRef":"https://elsewhere.example/#/paths/~1x/get"}}}}}},
 "/orders/{id}":{"get":{"operationId":"read-order"},"delete":{}}},
"components":{"callbacks":{"Paid":{"{$request.query.url}":{"put":{}}}},"schemas":{
  "Tree":{"$dynamicAnchor":"node","type":"object","properties":{"first":{"$dynamicRef":"#node"},"price":{"$ref":"#money"},"of":{"$ref":"#/paths/~1orders/post/callbacks/shipped/x"}}},
  "Kinds":{"$defs":{"money":{"$anchor":"money","type":"string","pattern":"^[0-9]+$"}}}}}}`

func TestCallbacksAndLinks(t *testing.T) {
	post := find(t, parse(t, calling), "POST /orders")
	got := ""
	for _, c := range post.Callbacks {
		got += fmt.Sprintf("%s: %s %s, %d callbacks of its own; ", c.Name, c.Method, c.Path, len(c.Callbacks))
	}
	if want := "shipped: POST {$request.body#/hook}, 0 callbacks of its own; paid: PUT {$request.query.url}, 0 callbacks of its own; "; got != want {
		t.Fatalf("it calls back %s; want %s", got, want)
	}
	if c := post.Callbacks[0]; c.Summary != "It went" || c.Body == nil || c.Body.Media[0].Schema.Type != "Tree" || c.Responses[0].Description != "Heard" {
		t.Errorf("the callback is %+v", c)
	}
	if got := fmt.Sprint(post.Responses[0].Links); got != "[{read GET /orders/{id} Read it [{id $response.body#/id}]} {drop DELETE /orders/{id}  []} {away   []}]" {
		t.Errorf("the links are %s", got)
	}
}

func TestAnchors(t *testing.T) {
	tree, ok := parse(t, calling).Schema("Tree")
	if !ok || len(tree.Members) != 3 {
		t.Fatalf("Tree is %+v", tree)
	}
	if first := tree.Members[0]; first.Type != "Tree" || first.Name != "first" || first.Schema.Name != "Tree" || !first.Circular {
		t.Errorf("a reference to an anchor that is a schema's: %+v", first)
	}
	if price := tree.Members[1]; price.Type != "string" || price.Schema.Name != "" || len(price.Facts) != 1 {
		t.Errorf("a reference to an anchor in a schema: %+v", price)
	}
	if of := tree.Members[2]; of.Elsewhere == "" || of.Schema.Name != "" {
		t.Errorf("a reference that leads nowhere: %+v", of)
	}
}

// What a reference leads to has a page of its own only if it is a schema of the document by name.
func TestReferenceToAPart(t *testing.T) {
	d := parse(t, `{"swagger":"2.0","paths":{"/":{"get":{"responses":{"200":{"schema":{"type":"array","items":{"$ref":"#/paths/~1/post/parameters/0/schema"}}}}},
		"post":{"parameters":[{"in":"body","name":"b","schema":{"type":"object","properties":{"a":{"$ref":"#/definitions/A"}}}}]}}},"definitions":{"A":{"type":"string"}}}`)
	media := find(t, d, "GET /").Responses[0].Media[0]
	if media.Schema.Type != "array of object" || media.Schema.Name != "" || len(media.Schema.Members) != 1 {
		t.Errorf("a part: %+v", media.Schema)
	}
	if a := media.Schema.Members[0]; a.Type != "A (string)" || a.Schema.Name != "A" {
		t.Errorf("a schema: %+v", a)
	}
}

func TestWhatIsNoReference(t *testing.T) {
	for _, text := range []string{"", "null", "[]", "{}", "{", "a: 1", "a: [", `{"openapi":`, "\x00\xff", `{"asyncapi":"3.0.0"}`} {
		if d, err := reference.Parse([]byte(text)); err == nil {
			t.Errorf("%q is read as %+v", text, d)
		}
	}
	if _, err := reference.Parse([]byte(`{"asyncapi":"3.0.0"}`)); !errors.Is(err, reference.ErrNone) {
		t.Errorf("AsyncAPI: %v", err)
	}
}

// A small document can mean a very large one.
func TestBounds(t *testing.T) {
	wide := &strings.Builder{}
	for i := range 60 {
		fmt.Fprintf(wide, `"S%d":{"type":"object","properties":{`, i)
		for j := range 60 {
			fmt.Fprintf(wide, `"p%d":{"$ref":"#/components/schemas/S%d"},`, j, (i*7+j)%60)
		}
		wide.WriteString(`"z":{}}},`)
	}
	deep := strings.Repeat(`{"type":"array","items":`, 150) + `{}` + strings.Repeat(`}`, 150)
	anchors := "a0: &a0 {type: object}\n"
	for i := range 40 {
		anchors += fmt.Sprintf("a%d: &a%d {type: object, properties: {x: *a%d, y: *a%d, z: *a%d}}\n", i+1, i+1, i, i, i)
	}
	for name, text := range map[string]string{
		"wide":    `{"openapi":"3.0.0","paths":{"/":{"get":{"responses":{"200":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/S0"}}}}}}}},"components":{"schemas":{` + wide.String() + `"E":{}}}}`,
		"deep":    `{"openapi":"3.0.0","paths":{"/":{"get":{"responses":{"200":{"content":{"application/json":{"schema":` + deep + `}}}}}}}}`,
		"circle":  `{"openapi":"3.0.0","paths":{"/":{"get":{"parameters":[{"$ref":"#/paths/~1/get/parameters/0"}],"requestBody":{"$ref":"#/paths/~1/get/requestBody"},"responses":{"200":{"$ref":"#/paths/~1/get/responses/200"}}}}}}`,
		"aliases": "openapi: 3.0.0\n" + anchors + "paths: {/: {get: {responses: {200: {content: {application/json: {schema: *a40}}}}}}}\n",
		"self":    "openapi: 3.0.0\nx: &x {type: object, properties: {y: *x}}\npaths: {/: {get: {responses: {200: {content: {application/json: {schema: *x}}}}}}}\n",
	} {
		d, err := reference.Parse([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		o := find(t, d, "GET /")
		if shown := len(fmt.Sprintf("%+v", o.Responses)); shown > 300_000 {
			t.Errorf("%s: %d characters are shown", name, shown)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(swagger))
	f.Add([]byte(yaml31))
	f.Add([]byte(calling))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := reference.Parse(data)
		if err != nil {
			return
		}
		for _, o := range d.Operations[:min(len(d.Operations), 20)] {
			if _, ok := d.Find(o.Key()); !ok {
				t.Errorf("operation %q is listed and not found", o.Key())
			}
		}
		for _, s := range d.Schemas[:min(len(d.Schemas), 20)] {
			if _, ok := d.Schema(s); !ok {
				t.Errorf("schema %q is listed and not found", s)
			}
		}
	})
}
