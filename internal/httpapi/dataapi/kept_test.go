package dataapi_test

import (
	"testing"

	"apicenter/internal/httpapi/dataapi"
	"apicenter/internal/httpapi/reply/replytest"
)

func TestAKeptAnswerIsNeverOlderThanAWrite(t *testing.T) {
	d := filled(t, dataapi.Limits{})
	replytest.NeverOlderThanAWrite(t,
		func(summary string) { d.put(petstore, `{"title":"Pets","kind":"rest","summary":"`+summary+`"}`) },
		func(path string) string { return d.ask("GET", path, "").Body.String() },
		"/apis", "/workspaces/default/apis/petstore", "/apis?$search=pets")
}
