package cli

import (
	"slices"
	"strings"
	"testing"
)

func TestWordsAfterAFlagBelongToIt(t *testing.T) {
	root := New(Streams{})
	update := "api update --api-id a"
	for _, tt := range []struct{ args, want string }{
		{update + " --set a=1 b=2 --title x", update + " --set a=1+b=2 --title x"},
		{update + " --set=a=1 b=2", update + " --set=a=1+b=2"},
		{update + " --set a=1 --set b=2", update + " --set a=1 --set b=2"},
		{update + " --ids /x /y -o json", update + " --ids /x+/y -o json"},
		{update + " --custom-properties - --set a=1", update + " --custom-properties - --set a=1"},
		{update + " --set", update + " --set"},
		{update + " --set -- a b", update + " --set -- a b"},
		{update + " --title x stray", update + " --title x stray"},
		{"import-from-apim --apim-apis orders parcels -g g", "import-from-apim --apim-apis orders+parcels -g g"},
		{"nope --set a b", "nope --set a b"},
	} {
		got := strings.ReplaceAll(strings.Join(spread(root, strings.Fields(tt.args)), " "), separator, "+")
		if got != tt.want {
			t.Errorf("spread %q\n     = %q\nwant   %q", tt.args, got, tt.want)
		}
	}
}

func TestOlderSpellings(t *testing.T) {
	for _, tt := range []struct{ older, want []string }{
		{[]string{"api", "show", "--name", "petstore", "-s", "main", "-g", "apis"}, []string{"/apis/petstore"}},
		{[]string{"api", "show", "--api-name", "petstore", "--service", "main"}, []string{"/apis/petstore"}},
		{[]string{"api", "version", "show", "--api", "petstore", "--version", "v1-0"}, []string{"/apis/petstore/versions/v1-0"}},
		{[]string{"api", "version", "show", "--api", "petstore", "--name", "v1-0"}, []string{"/apis/petstore/versions/v1-0"}},
		{[]string{"api", "definition", "show", "--api", "petstore", "--version-name", "v1-0", "--definition", "openapi"}, []string{"/apis/petstore/versions/v1-0/definitions/openapi"}},
		{[]string{"api", "deployment", "show", "--api", "petstore", "--deployment-name", "prod"}, []string{"/apis/petstore/deployments/prod"}},
		{[]string{"environment", "show", "--environment", "prod"}, []string{"/environments/prod"}},
		{[]string{"api", "show", "--name", "petstore", "-w", "default"}, []string{"/apis/petstore"}},
	} {
		o := newCenter().run(t, tt.older...)
		o.want(t, exitOK)
		if got := o.requests[len(o.requests)-1]; got != "GET "+at+tt.want[0]+atStable {
			t.Errorf("%q asks for %s", tt.older, got)
		}
	}
	o := newCenter().run(t, "api", "create", "--api", "a-new-one", "--title", "T", "--kind", "REST")
	o.want(t, exitOK)
	if want := "PUT " + at + "/apis/a-new-one" + atStable + ` {"properties":{"kind":"rest","title":"T"}}`; !slices.Contains(o.requests, want) {
		t.Errorf("requests %q lack %s", o.requests, want)
	}
}

func TestIdsStandForNames(t *testing.T) {
	c := newCenter()
	o := c.run(t, "api", "show", "--ids", at+"/apis/petstore", strings.ToUpper(at)+"/APIS/echo", "-o", "tsv")
	o.want(t, exitOK)
	if o.out != "petstore\tPets\trest\tproduction\tAll <about> it\necho\tEcho\tsoap\tproduction\tAll <about> it\n" {
		t.Errorf("shown: %q", o.out)
	}
	if o := c.run(t, "api", "delete", "--ids", at+"/apis/petstore", at+"/apis/echo", "-y"); o.code != exitOK || len(o.requests) != 2 {
		t.Errorf("exit code %d, requests %q", o.code, o.requests)
	}
	c.run(t, "show", "--ids", fakeService).want(t, exitOK)
	c.run(t, "delete", "--ids", fakeService, "-y").want(t, exitOK)
	for _, tt := range []struct{ args, says string }{
		{"api show --ids " + at + "/environments/prod", "not the ARM id of an API"},
		{"api show --ids petstore", "not the ARM id"},
		{"api show --ids " + fakeService, "not the ARM id"},
		{"metadata show --ids " + at + "/apis/petstore", "not the ARM id of a metadata schema"},
		{"api show --ids " + at + "/apis/petstore --api-id x", "leave out --api-id"},
		{"api show --ids " + at + "/apis/petstore -g apis", "leave out --resource-group"},
		{"show --ids " + at, "not the ARM id of a service"},
	} {
		o := c.run(t, strings.Fields(tt.args)...)
		if o.code != exitUsage || !strings.Contains(o.err, tt.says) || len(o.requests) > 0 {
			t.Errorf("%s: exit code %d, requests %q, %q; want it to say %q", tt.args, o.code, o.requests, o.err, tt.says)
		}
	}
}

func TestTheStandardInputIsForAllIds(t *testing.T) {
	w := newWorld(t)
	ids := []string{fakeService + inWorkspace + "/apis/orders", fakeService + inWorkspace + "/apis/parcels"}
	for _, id := range ids {
		w.run("api", "create", "--api-id", last(id), "--title", "T", "--type", "rest")
	}
	args := append([]string{"api", "update", "--custom-properties", "@-", "--ids"}, ids...)
	if o := w.try(Streams{In: strings.NewReader(`{"team":"pets"}`)}, args...); o.code != exitOK {
		t.Fatal(o.err)
	}
	for _, id := range ids {
		w.has(inWorkspace+"/apis/"+last(id), "customProperties.team=pets")
	}
}
