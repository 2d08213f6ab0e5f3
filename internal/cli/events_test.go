package cli

import (
	"net/http"
	"strings"
	"testing"
)

func TestEventsSayHowToSubscribe(t *testing.T) {
	c := newCenter()
	c.fail["GET prod-gateway"] = linkTo(apimID + "/workspaces/team")
	o := c.run(t, "integration", "events", "-i", "prod-gateway", "--service-id", fakeService, "--endpoint", "https://apis.example.com/hooks/events")
	o.want(t, exitOK)
	for _, want := range []string{
		"Address  https://apis.example.com/hooks/events\n", "Role     API Center Event Sender\n", "--name apicenter-prod-gateway ",
		`--source-resource-id "` + apimID + `" `, " Microsoft.ApiManagement.APIUpdated ", `Authorization static "Bearer <key>" true`,
	} {
		if !strings.Contains(o.out, want) {
			t.Errorf("printed %s, without %q", o.out, want)
		}
	}
	for _, r := range o.requests {
		if !strings.HasPrefix(r, "GET ") {
			t.Errorf("sent %s", r)
		}
	}
	for _, args := range [][]string{{}, {"-i", "x", "--create", "--new-key"}, {"-i", "x", "--event-delivery-schema", "Other"}} {
		c.run(t, append([]string{"integration", "events"}, args...)...).want(t, exitUsage)
	}
}

func linkTo(source string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, 200, map[string]any{
			"id": at + "/apiSources/prod-gateway", "name": "prod-gateway",
			"properties": map[string]any{"azureApiManagementSource": map[string]any{"resourceId": source}},
		})
	}
}

func TestASubscriptionThatFailsLeavesNoKey(t *testing.T) {
	c := newCenter()
	c.fail["GET prod-gateway"] = linkTo(apimID)
	c.fail["PUT apicenter-prod-gateway"] = func(w http.ResponseWriter, r *http.Request) {
		answerJSON(w, 400, map[string]any{"error": map[string]any{"code": "Endpoint validation", "message": "handshake failed"}})
	}
	o := c.run(t, "integration", "events", "-i", "prod-gateway", "--service-id", fakeService, "--create")
	o.want(t, exitFailed)
	if last := o.requests[len(o.requests)-1]; !strings.HasPrefix(last, "DELETE /keys/") {
		t.Errorf("the last request is %s", last)
	}
	if !strings.Contains(o.err, "handshake failed") || !strings.Contains(o.err, "eventSubscriptions/write") {
		t.Errorf("it says %s", o.err)
	}
}
