package dataapi_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"apicenter/internal/httpapi/dataapi"
)

func TestAKeptAnswerIsNeverOlderThanAWrite(t *testing.T) {
	d := filled(t, dataapi.Limits{})
	reads := []string{"/apis", "/workspaces/default/apis/petstore", "/apis?$search=pets"}
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
		d.put(petstore, `{"title":"Pets","kind":"rest",`+want+`}`)
		for _, path := range reads {
			for range 2 { // the second one from memory
				if w := d.must("GET", path, "", 200); !strings.Contains(w.Body.String(), want) {
					t.Fatalf("%s after the write of %s: %s", path, want, w.Body)
				}
			}
		}
	}
	close(done)
	readers.Wait()
}
