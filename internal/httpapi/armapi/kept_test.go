package armapi_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

func TestAKeptAnswerIsNeverOlderThanAWrite(t *testing.T) {
	d := filled(t)
	reads := []string{api, space + "/apis", space + "/apis?$search=pets"}
	done := make(chan struct{})
	var readers sync.WaitGroup
	for _, path := range reads { // they fill the memory while it is being emptied
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					d.ask("GET", path, "")
				}
			}
		})
	}
	for i := range 50 {
		want := fmt.Sprintf(`"summary":"number %d"`, i)
		d.must("PUT", api, `{"properties":{"title":"Pets","kind":"rest",`+want+`}}`, 200)
		for _, path := range reads {
			if w := d.must("GET", path, "", 200); !strings.Contains(w.Body.String(), want) {
				t.Fatalf("%s after the write of %s: %s", path, want, w.Body)
			}
		}
	}
	close(done)
	readers.Wait()
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
