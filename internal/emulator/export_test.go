package emulator_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"apicenter/internal/emulator"
)

// What an import brings that the model of the emulator has no place for.
const (
	shop3 = `{"openapi":"3.0.1","info":{"title":"Shop","version":"7","contact":{"name":"Ann"}},"servers":[{"url":"https://shop.example/v1"}],
"paths":{"/orders":{"get":{"operationId":"listOrders","summary":"List","parameters":[{"name":"top","in":"query","schema":{"type":"integer","maximum":1e2}}],
 "responses":{"200":{"description":"ok","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Order"}}}}}},
"post":{"operationId":"order","requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Order"}}}},"responses":{"201":{"description":"made"}}}},
"/orders/{id}":{"parameters":[{"name":"id","in":"path","required":true,"schema":{"type":"string"}}],"get":{"operationId":"getOrder","responses":{"200":{"description":"ok"}}}}},
"components":{"schemas":{"Order":{"type":"object","properties":{"id":{"type":"string"}}}}}}`
	shop2 = `{"swagger":"2.0","info":{"title":"Shop","version":"7"},"host":"shop.example","basePath":"/v1","schemes":["http"],
"paths":{"/orders":{"get":{"operationId":"listOrders","summary":"List","responses":{"200":{"description":"ok","schema":{"$ref":"#/definitions/Order"}}}}}},
"definitions":{"Order":{"type":"object"}}}`
	shopYAML = `openapi: 3.0.1
info: {title: Shop, version: 2026-01-31}
paths:
  /orders:
    get: {operationId: listOrders, responses: {200: {description: ok, content: {text/plain: {example: 1.10}}}}}
`
)

type (
	m    = map[string]any
	list = []any
)

// at is the object at the end of a path.
func at(doc m, path ...string) m {
	for _, name := range path {
		doc = doc[name].(m)
	}
	return doc
}

func TestAnExportIsTheImportWithWhatWasChangedSince(t *testing.T) {
	const gateway = "https://apim-emulator.azure-api.net/shop"
	for _, tt := range []struct {
		name, document string
		edits          [][3]string // method, path, body
		want           func(doc m) // what is then different in the document
	}{
		{"renamed", shop3, [][3]string{{"PATCH", "apis/shop", `{"properties":{"displayName":"Store"}}`}}, func(doc m) {
			at(doc, "info")["title"], doc["servers"] = "Store", list{m{"url": gateway}}
		}},
		{"described and renamed", shop3, [][3]string{{"PATCH", "apis/shop", `{"properties":{"displayName":"Store","description":"All"}}`}}, func(doc m) {
			at(doc, "info")["title"], at(doc, "info")["description"], doc["servers"] = "Store", "All", list{m{"url": gateway}}
		}},
		{"moved", shop3, [][3]string{{"PUT", "apis/shop", `{"properties":{"displayName":"Shop","path":"store"}}`}}, func(doc m) {
			doc["servers"] = list{m{"url": strings.TrimSuffix(gateway, "shop") + "store"}}
		}},
		{"Swagger moved", shop2, [][3]string{{"PATCH", "apis/shop", `{"properties":{"path":"store"}}`}}, func(doc m) {
			doc["host"], doc["basePath"], doc["schemes"] = "apim-emulator.azure-api.net", "/store", list{"https"}
		}},
		{"YAML renamed", shopYAML, [][3]string{{"PATCH", "apis/shop", `{"properties":{"displayName":"Store"}}`}}, func(doc m) {
			doc["openapi"], doc["info"], doc["servers"] = "3.0.1", m{"title": "Store", "version": "2026-01-31"}, list{m{"url": gateway}}
			doc["paths"] = m{"/orders": m{"get": m{"operationId": "listOrders", "responses": m{
				"200": m{"description": "ok", "content": m{"text/plain": m{"example": 1.1}}},
			}}}}
		}},
		{"an operation is gone", shop3, [][3]string{{"DELETE", "apis/shop/operations/order", ""}}, func(doc m) {
			delete(at(doc, "paths", "/orders"), "post")
			doc["servers"] = list{m{"url": gateway}}
		}},
		{"the last one of a path is gone", shop3, [][3]string{{"DELETE", "apis/shop/operations/getorder", ""}}, func(doc m) {
			delete(at(doc, "paths"), "/orders/{id}")
			doc["servers"] = list{m{"url": gateway}}
		}},
		{"an operation is new", shop3, [][3]string{{"PUT", "apis/shop/operations/drop", `{"properties":{"displayName":"Drop","method":"DELETE","urlTemplate":"/orders/{id}",
			"templateParameters":[{"name":"id","type":"string","required":true}],"request":{"queryParameters":[{"name":"why","type":"string","required":true}]},
			"responses":[{"statusCode":204,"description":"dropped"}]}}`}}, func(doc m) {
			at(doc, "paths", "/orders/{id}")["delete"] = m{"operationId": "drop", "summary": "Drop", "parameters": list{
				m{"name": "id", "in": "path", "required": true, "schema": m{"type": "string"}},
				m{"name": "why", "in": "query", "required": true, "schema": m{"type": "string"}},
			}, "responses": m{"204": m{"description": "dropped"}}}
			doc["servers"] = list{m{"url": gateway}}
		}},
		{"an operation asks for more", shop3, [][3]string{{
			"PATCH", "apis/shop/operations/listorders",
			`{"properties":{"displayName":"List all","request":{"queryParameters":[{"name":"shop","type":"string","required":true}]}}}`,
		}}, func(doc m) {
			get := at(doc, "paths", "/orders", "get")
			get["summary"], get["parameters"] = "List all", list{m{"name": "shop", "in": "query", "required": true, "schema": m{"type": "string"}}}
			doc["servers"] = list{m{"url": gateway}}
		}},
		{"an operation of Swagger asks for more", shop2, [][3]string{{
			"PATCH", "apis/shop/operations/listorders",
			`{"properties":{"request":{"headers":[{"name":"X-Shop","type":"string","required":true}]}}}`,
		}}, func(doc m) {
			at(doc, "paths", "/orders", "get")["parameters"] = list{m{"name": "X-Shop", "in": "header", "required": true, "type": "string"}}
			doc["host"], doc["basePath"], doc["schemes"] = "apim-emulator.azure-api.net", "/shop", list{"https"}
		}},
		{"an operation moves", shop3, [][3]string{{"PATCH", "apis/shop/operations/order", `{"properties":{"urlTemplate":"/orders/new"}}`}}, func(doc m) {
			at(doc, "paths")["/orders/new"] = m{"post": at(doc, "paths", "/orders")["post"]}
			delete(at(doc, "paths", "/orders"), "post")
			doc["servers"] = list{m{"url": gateway}}
		}},
		{"two operations change places", shop3, [][3]string{
			{"PATCH", "apis/shop/operations/order", `{"properties":{"method":"PATCH"}}`},
			{"PATCH", "apis/shop/operations/listorders", `{"properties":{"method":"POST"}}`},
		}, func(doc m) {
			orders := at(doc, "paths", "/orders")
			orders["patch"], orders["post"] = orders["post"], orders["get"]
			delete(orders, "get")
			doc["servers"] = list{m{"url": gateway}}
		}},
		{"an answer is gone", shop3, [][3]string{{"PATCH", "apis/shop/operations/listorders", `{"properties":{"responses":[{"statusCode":200,"description":"ok"},{"statusCode":404,"description":"none"}]}}`}}, func(doc m) {
			at(doc, "paths", "/orders", "get", "responses")["404"] = m{"description": "none"}
			doc["servers"] = list{m{"url": gateway}}
		}},
		{"a schema is edited", shop3, [][3]string{{"PUT", "apis/shop/schemas/s", `{"properties":{"contentType":"application/vnd.oai.openapi.components+json",
			"document":{"components":{"schemas":{"Order":{"type":"string"},"Line":{"type":"object"}}}}}}`}}, func(doc m) {
			schemas := at(doc, "components", "schemas")
			schemas["Order"], schemas["Line"] = m{"type": "string"}, m{"type": "object"}
			doc["servers"] = list{m{"url": gateway}}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := start(t, emulator.Options{Empty: true})
			w.must(201, "PUT", "apis/shop", fmt.Sprintf(`{"properties":{"path":"shop","format":"openapi","value":%q}}`, tt.document))
			want := m{}
			_ = json.Unmarshal([]byte(tt.document), &want) // not if it is YAML
			for _, e := range tt.edits {
				if a := w.call(e[0], e[1], e[2], "If-Match", "*"); a.StatusCode >= 300 {
					t.Fatalf("%s %s: %d %s", e[0], e[1], a.StatusCode, a.body)
				}
			}
			tt.want(want)
			got := m{}
			if err := json.Unmarshal([]byte(exportOf(t, w, "shop")), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the document (-want +got):\n%s", diff)
			}
		})
	}
}
