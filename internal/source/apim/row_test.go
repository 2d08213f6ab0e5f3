package apim

import (
	"encoding/json"
	"strings"
	"testing"
)

const fullRow = `{"name":"orders","properties":{"displayName":"Orders","description":"d","path":"o","protocols":["https"],"type":"http",
"apiVersion":"v1","apiVersionSetId":"/apiVersionSets/set","apiVersionSet":{"name":"Set","versioningScheme":"Segment"},"apiRevision":"3",
"isCurrent":true,"isOnline":true,"provisioningState":"Succeeded","serviceUrl":"https://b","subscriptionRequired":true,"termsOfServiceUrl":"t",
"apiVersionDescription":"vd","apiRevisionDescription":"rd","contact":{"name":"c"},"license":{"name":"l"},
"authenticationSettings":{"oAuth2":null},"subscriptionKeyParameterNames":{"header":"h"}}}`

func markOf(t *testing.T, text string) string {
	t.Helper()
	var r row
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		t.Fatal(err)
	}
	return r.mark()
}

func TestMarkMovesWithWhatMayMoveTheDocument(t *testing.T) {
	was := markOf(t, fullRow)
	for _, tt := range []struct {
		before, after string
		moves         bool
	}{
		{`"apiRevision":"3"`, `"apiRevision":"4"`, true},
		{`"displayName":"Orders"`, `"displayName":"Orders 2"`, true},
		{`"description":"d"`, `"description":"e"`, true},
		{`"path":"o"`, `"path":"p"`, true},
		{`["https"]`, `["https","http"]`, true},
		{`"type":"http"`, `"type":"soap"`, true},
		{`"apiVersion":"v1"`, `"apiVersion":"v2"`, true},
		{`/apiVersionSets/set`, `/apiVersionSets/other`, true},
		{`"Segment"`, `"Query"`, true},
		{`https://b`, `https://c`, true},
		{`"subscriptionRequired":true`, `"subscriptionRequired":false`, true},
		{`"termsOfServiceUrl":"t"`, `"termsOfServiceUrl":"u"`, true},
		{`{"name":"c"}`, `{"name":"d"}`, true},
		{`{"name":"l"}`, `{"name":"m"}`, true},
		{`{"oAuth2":null}`, `{"oAuth2":{}}`, true},
		{`{"header":"h"}`, `{"header":"i"}`, true},
		{`"isOnline":true`, `"isOnline":false`, false},
		{`"provisioningState":"Succeeded"`, `"provisioningState":"InProgress"`, false},
		{`"name":"Set"`, `"name":"Renamed"`, false},
		{`/apiVersionSets/set`, instanceID + `/apiVersionSets/SET`, false},
	} {
		if got := markOf(t, strings.Replace(fullRow, tt.before, tt.after, 1)); (got != was) != tt.moves {
			t.Errorf("%s to %s: moved %t, want %t", tt.before, tt.after, got != was, tt.moves)
		}
	}
}
