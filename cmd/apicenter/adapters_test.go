package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"apicenter/internal/emulator"
)

// Who imports from an instance that cannot be read learns why, and is not sent
// to the server's log.
func TestAnImportSaysWhyTheSourceCannotBeRead(t *testing.T) {
	azure := azureOf(t)
	c, stop := start(t, settings{
		listen: "127.0.0.1:0", data: t.TempDir(), service: localService, resourceManager: azure, audience: publicResourceManager,
		authority: publicAuthority, pollInterval: time.Hour, limits: "none",
	})
	defer stop()
	const version = "?api-version=2024-06-01-preview"
	instance := "/subscriptions/" + emulator.SubscriptionID + "/resourceGroups/none/providers/Microsoft.ApiManagement/service/none"
	for action, body := range map[string]string{
		"/importFromApim":                     `{"sourceResourceIds":["` + instance + `/apis/*"]}`,
		"/workspaces/default/importApiSource": `{"apiSourceType":"AzureApiManagement","azureApiManagementSource":{"resourceId":"` + instance + `"}}`,
	} {
		t.Run(action, func(t *testing.T) {
			status, answer := call(t, "POST", c.url+c.service+action+version, c.token, body)
			var begun struct{ ID string }
			if err := json.Unmarshal([]byte(answer), &begun); err != nil || status != http.StatusAccepted {
				t.Fatalf("%d %s", status, answer)
			}
			for status == http.StatusAccepted {
				time.Sleep(10 * time.Millisecond)
				status, answer = call(t, "GET", c.url+begun.ID+version, c.token, "")
			}
			if !strings.Contains(answer, `"code":"Conflict"`) || !strings.Contains(answer, "read the instance") {
				t.Errorf("%d %s", status, answer)
			}
		})
	}
}
