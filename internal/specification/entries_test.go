package specification

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestEntries(t *testing.T) {
	for _, tt := range []struct {
		name, data string
		want       []string // name, and what else behind a bar
	}{
		{
			"OpenAPI 3", `{"openapi":"3.1.0","paths":{"/orders/{id}":{"parameters":[],"get":{"operationId":"getOrder","summary":"Find an order"},"delete":{}},"/orders":{"post":{}}},
				"webhooks":{"paid":{"post":{"summary":"It was paid"}}},"components":{"schemas":{"Order":{"title":"An order"}}}}`,
			[]string{"POST /orders|", "GET /orders/{id}|getOrder Find an order", "DELETE /orders/{id}|", "POST paid|It was paid", "Order|An order"},
		},
		{"Swagger in YAML", "swagger: '2.0'\npaths:\n  /pets:\n    get:\n      operationId: listPets\ndefinitions:\n  Pet: {type: object}\n", []string{"GET /pets|listPets", "Pet|"}},
		{"AsyncAPI", "asyncapi: 3.0.0\nchannels:\n  orders:\n    address: shop/orders\noperations:\n  onOrder: {action: receive, summary: An order came}\n", []string{"orders|shop/orders", "receive onOrder|An order came"}},
		{"GraphQL", "\"An order\"\ntype Order { total: Int }\ntype Query {\n \"All of them\"\n orders: [Order] }\nextend type Query { pets: Int }", []string{"Query.orders|All of them", "Query.pets|", "Order|An order", "Order.total|"}},
		{"WSDL", `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/"><portType name="Shop"><operation name="Buy"/></portType><binding><operation name="Bound"/></binding></definitions>`, []string{"Buy|Shop"}},
		{"WADL", `<application xmlns="http://wadl.dev.java.net/2009/02"><resources><resource path="/pets"><method name="GET" id="listPets"/></resource></resources></application>`, []string{"GET /pets|listPets"}},
		{"OData", `<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><Schema><EntityType Name="Pet"/><EntityContainer><EntitySet Name="Pets"/></EntityContainer></Schema></edmx:Edmx>`, []string{"Pet|", "Pets|"}},
		{"protobuf", "syntax = \"proto3\";\nservice Shop {\n  rpc Buy(Order) returns (Order);\n}\nmessage Order {}\n", []string{"Shop/Buy|", "Order|"}},
		{"agent card", `{"name":"a","skills":[{"id":"s","name":"Search","description":"Finds"}]}`, []string{"Search|s Finds"}},
		{"paths that are none", `{"openapi":"3.0.0","paths":{"/a":7,"/b":{"get":7}},"components":[]}`, nil},
		{"nothing of the sort", `{"a":1}`, nil},
	} {
		all, err := Entries([]byte(tt.data))
		var got []string
		for _, e := range all {
			got = append(got, e.Name+"|"+e.More)
		}
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, %v; want %q", tt.name, got, err, tt.want)
		}
	}
}

func TestEntriesAreBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"swagger":"2.0","paths":{`)
	for i := range maxEntries + 10 {
		fmt.Fprintf(&b, `"/p%d":{"get":{"summary":%q}},`, i, strings.Repeat("é\n", 300))
	}
	b.WriteString(`"/z":{}}}`)
	all, err := Entries([]byte(b.String()))
	if err != nil || len(all) != maxEntries {
		t.Fatalf("%d entries, %v", len(all), err)
	}
	for _, e := range all {
		if len(e.More) > maxEntryText || strings.Contains(e.More, "\n") {
			t.Fatalf("an entry has %d bytes", len(e.More))
		}
	}
	if _, err := Entries(make([]byte, MaxEntriesSize+1)); err == nil {
		t.Error("a document that is too large is read")
	}
	for _, broken := range []string{"\xff", "{", "<a><b", "type Query {", "openapi: [", "swagger: &a [*a]"} {
		if all, _ := Entries([]byte(broken)); len(all) > 0 {
			t.Errorf("%q has %v", broken, all)
		}
	}
}

func FuzzEntries(f *testing.F) {
	f.Add([]byte(`{"openapi":"3.0.0","paths":{"/a":{"get":{"operationId":"x"}}}}`))
	f.Add([]byte("type Query { a: Int }"))
	f.Add([]byte("<definitions><portType><operation name='a'/></portType></definitions>"))
	f.Fuzz(func(t *testing.T, data []byte) {
		all, _ := Entries(data)
		if len(all) > maxEntries {
			t.Errorf("%d entries", len(all))
		}
		for _, e := range all {
			if e.Name == "" || strings.ContainsAny(e.Name+e.More, "\t\n\r") || len(e.Name) > maxEntryText {
				t.Errorf("entry %q", e)
			}
		}
	})
}
