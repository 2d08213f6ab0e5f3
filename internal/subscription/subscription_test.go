package subscription

import (
	"encoding/json"
	"strings"
	"testing"
)

var retail = Subscription{
	Instance: "/subscriptions/s/resourceGroups/g/providers/Microsoft.ApiManagement/service/gw", Name: NameFor("retail"),
	Endpoint: "https://apis.example.com" + HookPath, Schema: EventGridSchema, Types: []string{"A.Created", "A.Deleted"},
}

func TestASubscriptionInBothForms(t *testing.T) {
	for _, below := range []string{"", "/", "/workspaces/team", "/Workspaces/team"} {
		if got := InstanceOf(retail.Instance + below); got != retail.Instance {
			t.Errorf("what a link reads at %q is of %s", below, got)
		}
	}
	if got := retail.Path(); got != retail.Instance+"/providers/Microsoft.EventGrid/eventSubscriptions/apicenter-retail" {
		t.Errorf("its path is %s", got)
	}
	body, err := json.Marshal(retail.Body("secret"))
	if err != nil {
		t.Fatal(err)
	}
	command := retail.Command("secret")
	for _, want := range []string{retail.Endpoint, "A.Created", "A.Deleted", "Bearer secret", "Authorization"} {
		if !strings.Contains(command, want) || !strings.Contains(string(body), want) {
			t.Errorf("%q is not in both of\n%s\n%s", want, command, body)
		}
	}
	if !strings.Contains(string(body), `"isSecret":true`) || !strings.HasSuffix(command, `"Bearer secret" true`) {
		t.Errorf("the key is no secret in\n%s\n%s", body, command)
	}
}

func TestWhenAnEndpointIsProven(t *testing.T) {
	for state, want := range map[string]bool{"Succeeded": true, "": true, "Creating": false, "Updating": false} {
		if got, err := Proven(state); got != want || err != nil {
			t.Errorf("%q: %t, %v", state, got, err)
		}
	}
	if _, err := Proven("Failed"); err == nil {
		t.Error("what failed is waited for")
	}
}
