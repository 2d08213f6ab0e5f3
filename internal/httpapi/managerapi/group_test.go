package managerapi_test

import (
	"strings"
	"testing"
)

func TestLifeOfAGroup(t *testing.T) {
	w := start(t)
	const path = sub + "/resourcegroups/Empty"
	w.must(404, ownerToken, "HEAD", path, "")
	w.must(201, ownerToken, "PUT", path, `{"location":"local"}`)
	if got := w.must(204, ownerToken, "HEAD", strings.ToUpper(path), ""); got.Body.Len() > 0 {
		t.Errorf("HEAD answered %s", got.Body)
	}
	w.must(200, ownerToken, "PUT", path, `{"location":"local","tags":{"a":"b"},"properties":{},"id":"ignored"}`)
	w.must(200, ownerToken, "PATCH", path, `{}`)
	if got := w.must(200, ownerToken, "GET", path, "").Body.String(); !strings.Contains(got, `"a":"b"`) {
		t.Errorf("a PATCH of nothing left %s", got)
	}
	w.must(200, ownerToken, "DELETE", path, "")
	w.must(404, ownerToken, "DELETE", path, "")
	w.must(404, ownerToken, "PATCH", path, `{"tags":{}}`)
	w.must(204, ownerToken, "HEAD", group, "") // by its service alone

	w.must(201, ownerToken, "PUT", other+"/resourceGroups/g", `{"location":"local"}`)
	if got := w.names("subscriptionId", ownerToken, "/subscriptions"); !strings.HasSuffix(got, " other-sub") {
		t.Errorf("subscriptions %q, want the one with a group alone as well", got)
	}
	for body, code := range map[string]string{
		``: "InvalidRequestContent", `[]`: "InvalidRequestContent", `{`: "InvalidRequestContent", `{"location":5}`: "InvalidRequestContent",
		"{\"location\":\"\xff\"}": "InvalidRequestContent", `{"location":"x","tags":{"a":5}}`: "InvalidRequestContent",
		`{"location":"x","a":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`: "InvalidRequestContent", `{"location":""}`: "ValidationError",
	} {
		w.fails(400, code, "", ownerToken, "PUT", sub+"/resourceGroups/bad", body)
	}
	w.fails(400, "ValidationError", "not the name", ownerToken, "PUT", sub+"/resourceGroups/a%20b", `{"location":"x"}`)
	w.must(404, ownerToken, "GET", sub+"/resourceGroups/bad", "")

	w.must(403, adaToken, "DELETE", group, "")
	w.must(200, ownerToken, "DELETE", group, "") // and its service
	w.must(404, ownerToken, "HEAD", group, "")
}

func TestResourcesAreFiltered(t *testing.T) {
	w := start(t)
	w.service(sub+"/resourceGroups/Second/providers/Microsoft.ApiCenter/services/Beta", `{"location":"north","tags":{"team":"cats"}}`)
	w.service(other+"/resourceGroups/g/providers/Microsoft.ApiCenter/services/Gamma", `{"location":"north"}`)
	for filter, want := range map[string]string{
		"": "Center Beta",
		"resourceType eq 'microsoft.apicenter/SERVICES'":                      "Center Beta",
		"resourceType eq 'Microsoft.Web/sites'":                               "",
		"resourceGroup eq 'second'":                                           "Beta",
		"name eq 'center' and resourceType eq 'Microsoft.ApiCenter/services'": "Center",
		"name eq 'center' or name eq 'beta'":                                  "Center Beta",
		"name ne 'center'":                                                    "Beta",
		"not (location eq 'north')":                                           "Center",
		"tagName eq 'team'":                                                   "Center Beta",
		"tagName eq 'team' and tagValue eq 'pets'":                            "Center",
		"tagName eq 'Cost Center' and tagValue eq 'pets'":                     "", // of two tags
		"tagname eq null":                                                     "Center Beta",
		"startswith(name, 'ce') or endswith(name,'ta')":                       "Center Beta",
		"contains(name, 'ent')":                                               "Center",
		"name gt 'beta' and name le 'center'":                                 "Center",
		"name ge 'beta' and name lt 'center'":                                 "Beta",
	} {
		path := sub + "/resources?$filter=" + strings.ReplaceAll(filter, " ", "%20")
		if got := w.names("name", ownerToken, path); got != want {
			t.Errorf("%s: %q, want %q", filter, got, want)
		}
	}
	if got := w.names("name", ownerToken, sub+"/resourceGroups/SECOND/resources"); got != "Beta" {
		t.Errorf("of a group: %q", got)
	}
	if got := w.names("name", ownerToken, sub+"/resourceGroups?$filter=location eq 'north'"); got != "Second" {
		t.Errorf("groups by location: %q", got)
	}
	for _, filter := range []string{"name", "name eq 5 x", "kind eq 'x'", "name/any(n: n eq 'x')", "properties/x eq 'y'", "substringof('x', name)"} {
		w.fails(400, "InvalidFilterInQueryString", "$filter", ownerToken, "GET", sub+"/resources?$filter="+filter, "")
	}
	if got := w.names("name", ownerToken, sub+"/resources?$top=1"); got != "Center" {
		t.Errorf("$top=1: %q", got)
	}
}
