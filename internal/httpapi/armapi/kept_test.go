package armapi_test

import (
	"testing"

	"apicenter/internal/httpapi/reply/replytest"
)

func TestAKeptAnswerIsNeverOlderThanAWrite(t *testing.T) {
	d := filled(t)
	replytest.NeverOlderThanAWrite(t,
		func(summary string) {
			d.must("PUT", api, `{"properties":{"title":"Pets","kind":"rest","summary":"`+summary+`"}}`, 200)
		},
		func(path string) string { return d.ask("GET", path, "").Body.String() },
		api, space+"/apis", space+"/apis?$search=pets")
}

func TestAKeptAnswerIsWhatWasAnswered(t *testing.T) {
	d := filled(t)
	for _, path := range []string{api, space + "/apis", center} {
		first := d.must("GET", path, "", 200)
		again := d.must("GET", path, "", 200)
		if first.Body.String() != again.Body.String() || first.Header().Get("ETag") != again.Header().Get("ETag") ||
			first.Header().Get("Content-Type") != again.Header().Get("Content-Type") {
			t.Errorf("%s: %v %s, then %v %s", path, first.Header(), first.Body, again.Header(), again.Body)
		}
	}
	tag := d.must("GET", api, "", 200).Header().Get("ETag")
	d.must("GET", api, "", 304, "If-None-Match", tag)
	if w := d.must("HEAD", api, "", 200); w.Header().Get("ETag") != tag {
		t.Errorf("HEAD says %q, GET %q", w.Header().Get("ETag"), tag)
	}
	d.must("DELETE", api, "", 200)
	d.must("GET", api, "", 404)
}
