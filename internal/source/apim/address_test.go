package apim

import (
	"encoding/json"
	"slices"
	"testing"
)

func TestAddresses(t *testing.T) {
	hosts := []string{"api.contoso.com", "contoso.azure-api.net"}
	segment := &set{VersioningScheme: "Segment"}
	for _, tt := range []struct {
		name string
		in   properties
		kind string
		want []string
	}{
		{
			"path",
			properties{Path: "orders", Protocols: []string{"https"}},
			"rest",
			[]string{"https://api.contoso.com/orders", "https://contoso.azure-api.net/orders"},
		},
		{"empty path", properties{}, "rest", []string{"https://api.contoso.com", "https://contoso.azure-api.net"}},
		{"slashes", properties{Path: "/a//b/"}, "rest", []string{"https://api.contoso.com/a/b", "https://contoso.azure-api.net/a/b"}},
		{
			"unusual characters",
			properties{Path: "a b/ü/{x}"},
			"rest",
			[]string{"https://api.contoso.com/a%20b/%C3%BC/%7Bx%7D", "https://contoso.azure-api.net/a%20b/%C3%BC/%7Bx%7D"},
		},
		{
			"secure if there",
			properties{Path: "a", Protocols: []string{"http", "HTTPS"}},
			"rest",
			[]string{"https://api.contoso.com/a", "https://contoso.azure-api.net/a"},
		},
		{"else the first", properties{Path: "a", Protocols: []string{"http"}}, "rest", []string{"http://api.contoso.com/a", "http://contoso.azure-api.net/a"}},
		{
			"segment",
			properties{Path: "a", APIVersion: "v1", APIVersionSet: segment},
			"rest",
			[]string{"https://api.contoso.com/a/v1", "https://contoso.azure-api.net/a/v1"},
		},
		{
			"segment, no case",
			properties{Path: "a", APIVersion: "v1", APIVersionSet: &set{VersioningScheme: "SEGMENT"}},
			"rest",
			[]string{"https://api.contoso.com/a/v1", "https://contoso.azure-api.net/a/v1"},
		},
		{"segment, original", properties{Path: "a", APIVersionSet: segment}, "rest", []string{"https://api.contoso.com/a", "https://contoso.azure-api.net/a"}},
		{
			"query",
			properties{Path: "a", APIVersion: "v1", APIVersionSet: &set{VersioningScheme: "Query", VersionQueryName: "v"}},
			"rest",
			[]string{"https://api.contoso.com/a", "https://contoso.azure-api.net/a"},
		},
		{
			"header",
			properties{Path: "a", APIVersion: "v1", APIVersionSet: &set{VersioningScheme: "Header", VersionHeaderName: "v"}},
			"rest",
			[]string{"https://api.contoso.com/a", "https://contoso.azure-api.net/a"},
		},
		{"websocket", properties{Path: "a", Protocols: []string{"ws", "wss"}}, "websocket", []string{"wss://api.contoso.com/a", "wss://contoso.azure-api.net/a"}},
		{"websocket, plain", properties{Path: "a", Protocols: []string{"ws"}}, "websocket", []string{"ws://api.contoso.com/a", "ws://contoso.azure-api.net/a"}},
		{"websocket listed as http", properties{Path: "a", Protocols: []string{"http", "https"}}, "websocket", []string{"wss://api.contoso.com/a", "wss://contoso.azure-api.net/a"}},
		{"websocket without protocols", properties{Path: "a"}, "websocket", []string{"wss://api.contoso.com/a", "wss://contoso.azure-api.net/a"}},
		{"mcp", properties{Path: "tools"}, "mcp", []string{"https://api.contoso.com/tools/mcp", "https://contoso.azure-api.net/tools/mcp"}},
		{
			"mcp with endpoints",
			properties{Path: "tools", MCP: &mcp{json.RawMessage(`{"message":{"uriTemplate":"/messages"}}`)}},
			"mcp",
			[]string{"https://api.contoso.com/tools/messages", "https://contoso.azure-api.net/tools/messages"},
		},
		{
			"mcp with a list of endpoints",
			properties{Path: "tools", MCP: &mcp{json.RawMessage(`[{"uriTemplate":"/m"}]`)}},
			"mcp",
			[]string{"https://api.contoso.com/tools/m", "https://contoso.azure-api.net/tools/m"},
		},
		{"a2a", properties{Path: "agent", JSONRPC: &jsonRPC{"/rpc"}}, "a2a", []string{"https://api.contoso.com/agent/rpc", "https://contoso.azure-api.net/agent/rpc"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := addresses(&tt.in, tt.kind, hosts); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestHosts(t *testing.T) {
	proxy := func(name string, main bool) hostname { return hostname{"Proxy", name, main} }
	for _, tt := range []struct {
		name string
		in   facts
		want []string
	}{
		{"built in", facts{GatewayURL: "https://c.azure-api.net"}, []string{"c.azure-api.net"}},
		{"only its own proxy", facts{GatewayURL: "https://c.azure-api.net", Hostnames: []hostname{proxy("c.azure-api.net", true)}}, []string{"c.azure-api.net"}},
		{
			"the default custom one first",
			facts{GatewayURL: "https://c.azure-api.net", Hostnames: []hostname{
				proxy("c.azure-api.net", true), proxy("b.example", false), {"DeveloperPortal", "dev.example", false}, proxy("a.example", true),
			}},
			[]string{"a.example", "b.example", "c.azure-api.net"},
		},
		{
			"regions",
			facts{GatewayURL: "https://c.azure-api.net", GatewayRegionalURL: "https://c-west.regional.azure-api.net", Locations: []location{
				{"https://c-north.regional.azure-api.net", false}, {"https://c-south.regional.azure-api.net", true},
			}},
			[]string{"c.azure-api.net", "c-west.regional.azure-api.net", "c-north.regional.azure-api.net"},
		},
		{
			"the first region is off",
			facts{
				GatewayURL: "https://c.azure-api.net", GatewayRegionalURL: "https://c-west.regional.azure-api.net", DisableGateway: true,
				Locations: []location{{"https://c-north.regional.azure-api.net", false}},
			},
			[]string{"c.azure-api.net", "c-north.regional.azure-api.net"},
		},
		{"none", facts{}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.in.hosts(); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestCompareVersions(t *testing.T) {
	ordered := []string{"", "1", "1.0", "2", "10", "2023-12-01", "2024-01-01", "2024-01-01-preview", "v1", "V2", "v10", "v10.1"}
	for i, a := range ordered {
		for j, b := range ordered {
			if got, want := compareVersions(a, b), i-j; got < 0 != (want < 0) || got > 0 != (want > 0) {
				t.Errorf("compareVersions(%q, %q) = %d", a, b, got)
			}
		}
	}
	if compareVersions("V1", "v01") != 0 {
		t.Error("neither case nor leading zeros make another version")
	}
}

func FuzzCompareVersions(f *testing.F) {
	f.Add("v1", "v10", "1.2")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		if compareVersions(a, b) != -compareVersions(b, a) {
			t.Errorf("%q and %q: the order depends on which is asked first", a, b)
		}
		if compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0 && compareVersions(a, c) > 0 {
			t.Errorf("%q ≤ %q ≤ %q, but not the first and the last", a, b, c)
		}
	})
}
