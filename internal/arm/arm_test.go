package arm_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"apicenter/internal/arm"
)

func TestParsePath(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     arm.Path
		fails    bool
	}{
		{name: "service", in: "/subscriptions/S/resourceGroups/G/providers/Microsoft.ApiCenter/services/C", want: arm.Path{
			Subscription: "S", Group: "G", Namespace: "Microsoft.ApiCenter", Segments: []arm.Segment{{Type: "services", Name: "C"}},
		}},
		{name: "lower case, doubled and trailing slashes", in: "//subscriptions/S/resourcegroups/G/PROVIDERS/Microsoft.ApiCenter//services/C/", want: arm.Path{
			Subscription: "S", Group: "G", Namespace: "Microsoft.ApiCenter", Segments: []arm.Segment{{Type: "services", Name: "C"}},
		}},
		{name: "encoded name", in: "/subscriptions/S/resourceGroups/G/providers/N/service/a/apis/x%3Brev=2", want: arm.Path{
			Subscription: "S", Group: "G", Namespace: "N", Segments: []arm.Segment{{Type: "service", Name: "a"}, {Type: "apis", Name: "x;rev=2"}},
		}},
		{name: "collection", in: "/subscriptions/S/resourceGroups/G/providers/N/services/c/workspaces", want: arm.Path{
			Subscription: "S", Group: "G", Namespace: "N", Segments: []arm.Segment{{Type: "services", Name: "c"}}, Tail: "workspaces",
		}},
		{name: "whole subscription", in: "/subscriptions/S/providers/N/services", want: arm.Path{Subscription: "S", Namespace: "N", Tail: "services"}},
		{name: "whole tenant", in: "/providers/N/operations", want: arm.Path{Namespace: "N", Tail: "operations"}},
		{name: "no provider", in: "/subscriptions/S/resourceGroups/G", fails: true},
		{name: "no namespace", in: "/subscriptions/S/resourceGroups/G/providers/", fails: true},
		{name: "bad encoding", in: "/subscriptions/S/resourceGroups/G/providers/N/services/%zz", fails: true},
		{name: "a slash in a subscription", in: "/subscriptions/s%2Fg/providers/N/services", fails: true},
		{name: "a slash in a group", in: "/subscriptions/S/resourceGroups/g%2fh/providers/N/services/c", fails: true},
		{name: "a slash in a namespace", in: "/providers/N%2Fservices/operations", fails: true},
		{name: "a slash in a type", in: "/providers/N/a%2Fb/c", fails: true},
		{name: "a slash in a name", in: "/providers/N/a/b%2Fc", fails: true},
		{name: "a slash in a tail", in: "/providers/N/a%2Fb", fails: true},
		{name: "a backslash", in: "/providers/N/a/b%5Cc", fails: true},
		{name: "a dot segment", in: "/subscriptions/S/resourceGroups/../providers/N/services", fails: true},
		{name: "an encoded dot segment", in: "/subscriptions/%2e/providers/N/services", fails: true},
		{name: "nothing", in: "", fails: true},
		{name: "too deep", in: "/providers/N" + strings.Repeat("/a/b", 20), fails: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := arm.ParsePath(tt.in)
			if (err != nil) != tt.fails {
				t.Fatalf("ParsePath(%q): error %v, want one: %v", tt.in, err, tt.fails)
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("ParsePath(%q) = %+v, want %+v", tt.in, got, tt.want)
			}
		})
	}
}

func TestPathIs(t *testing.T) {
	p, err := arm.ParsePath("/subscriptions/S/resourcegroups/G/providers/microsoft.apimanagement/SERVICE/a")
	if err != nil {
		t.Fatal(err)
	}
	if !p.Is("Microsoft.ApiManagement", "service") {
		t.Errorf("%v is not an API Management service", p)
	}
	if p.Is("Microsoft.ApiManagement", "service", "workspaces") || p.Is("Microsoft.ApiCenter", "service") {
		t.Errorf("%v is taken for something else", p)
	}
}

func TestOwns(t *testing.T) {
	for path, want := range map[string]bool{
		"/subscriptions/s": true, "//SUBSCRIPTIONS/s": true, "/providers/x": true, "/Tenants": true,
		"/subscriptionsx": false, "/": false, "": false, "/healthz": false,
	} {
		if got := arm.Owns(path); got != want {
			t.Errorf("Owns(%q) = %v, want %v", path, got, want)
		}
	}
}

func TestCheckVersion(t *testing.T) {
	for _, v := range arm.Versions() {
		if err := arm.CheckVersion(strings.ToUpper(v)); err != nil {
			t.Errorf("CheckVersion(%q): %v", v, err)
		}
	}
	if err := arm.CheckVersion(""); err == nil || err.Code != "MissingApiVersionParameter" {
		t.Errorf("no version: %v", err)
	}
	if err := arm.CheckVersion("1999-01-01"); err == nil || err.Code != "InvalidApiVersionParameter" || !strings.Contains(err.Message, arm.VersionStable) {
		t.Errorf("unknown version: %v, want the supported ones named", err)
	}
}

func TestParam(t *testing.T) {
	const q = "api-version=v&%24top=5&$Search=two+words%21&empty=&%zz=1"
	for name, want := range map[string]string{"API-Version": "v", "$top": "5", "$search": "two words!", "empty": "", "%zz": "1"} {
		if got, ok := arm.Param(q, name); !ok || got != want {
			t.Errorf("Param(%q) = %q, %v, want %q", name, got, ok, want)
		}
	}
	if got, ok := arm.Param(q, "top"); ok {
		t.Errorf("Param(top) = %q, want none", got)
	}
}

func TestWithParam(t *testing.T) {
	got := arm.WithParam("api-version=v&$skip=3&$skiptoken=1&$filter=a%20eq%20'b'", "$skiptoken", "9", "$skip")
	if want := "api-version=v&$filter=a%20eq%20'b'&$skiptoken=9"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPageLeavesOutEmptyNextLink(t *testing.T) {
	if got := string(arm.AppendPage([]byte(arm.PageStart), "")); got != `{"value":[]}` {
		t.Errorf("last page: %s", got)
	}
	if got := string(arm.AppendPage([]byte(arm.PageStart+"{}"), "http://x?a=1&b=2")); got != `{"value":[{}],"nextLink":"http://x?a=1&b=2"}` {
		t.Errorf("page: %s", got)
	}
}

func TestDepth(t *testing.T) {
	for in, want := range map[string]int{"": 0, "5": 0, "{}": 1, `[{"a":[]},[]]`: 3, `"[[["`: 0, `{"a\\":"\"[","b":{}}`: 2, "]]][": 0} {
		if got := arm.Depth([]byte(in)); got != want {
			t.Errorf("Depth(%s) = %d, want %d", in, got, want)
		}
	}
}

func TestErrorBody(t *testing.T) {
	e := arm.Errorf(404, arm.CodeNotFound, "no %s", "api")
	if got, want := string(e.Body()), `{"error":{"code":"ResourceNotFound","message":"no api"}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// The law: what a path writes, it reads back.
func FuzzParsePath(f *testing.F) {
	f.Add("/subscriptions/S/resourceGroups/G/providers/Microsoft.ApiCenter/services/C/workspaces/default/apis/a%2fb")
	f.Add("//subscriptions//S/providers/N/services/")
	f.Add("/providers/N/a/%25")
	f.Fuzz(func(t *testing.T, in string) {
		p, err := arm.ParsePath(in)
		if err != nil {
			return
		}
		again, err := arm.ParsePath(p.String())
		if err != nil || !reflect.DeepEqual(p, again) {
			t.Errorf("%q: read %+v, wrote %q, read again %+v (%v)", in, p, p.String(), again, err)
		}
	})
}

// The law: what is appended is the JSON of the same text.
func FuzzAppendString(f *testing.F) {
	f.Add("plain")
	f.Add("\"quoted\"\\\n\x00 é\u2028")
	f.Fuzz(func(t *testing.T, in string) {
		if !utf8.ValidString(in) {
			return
		}
		var got string
		if err := json.Unmarshal(arm.AppendString(nil, in), &got); err != nil || got != in {
			t.Errorf("%q came back as %q (%v)", in, got, err)
		}
	})
}
