package cli

import (
	"cmp"
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

func TestTheKeyOfASubscriptionEndsOnlyWhenThatIsRefused(t *testing.T) {
	answers := func(status int, state string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			if status >= 400 {
				answerJSON(w, status, map[string]any{"error": map[string]any{"code": "Endpoint validation", "message": "handshake failed"}})
				return
			}
			answerJSON(w, status, map[string]any{"properties": map[string]any{"provisioningState": state}})
		}
	}
	for name, tt := range map[string]struct {
		put, get http.HandlerFunc
		ends     bool
	}{
		"refused":             {put: answers(400, ""), ends: true},
		"failed at once":      {put: answers(201, "Failed"), ends: true},
		"failed later":        {put: answers(201, "Creating"), get: answers(200, "Failed"), ends: true},
		"not to be looked at": {put: answers(201, "Creating"), get: answers(403, "")},
		"no answer in time":   {put: answers(504, "")},
		"not to be read": {put: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte("<html>"))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCenter()
			c.fail["GET prod-gateway"] = linkTo(apimID)
			c.fail["PUT apicenter-prod-gateway"] = tt.put
			if tt.get != nil {
				c.fail["GET apicenter-prod-gateway"] = tt.get
			}
			o := c.run(t, "integration", "events", "-i", "prod-gateway", "--service-id", fakeService, "--create")
			o.want(t, cmp.Or(map[string]int{"not to be looked at": exitAuth}[name], exitFailed))
			last := o.requests[len(o.requests)-1]
			if strings.HasPrefix(last, "DELETE /keys/") != tt.ends {
				t.Errorf("the last request is %s", last)
			}
			want := "do it again"
			if tt.ends {
				want = "eventSubscriptions/write"
			}
			if !strings.Contains(o.err, want) {
				t.Errorf("it says %s", o.err)
			}
		})
	}
}
