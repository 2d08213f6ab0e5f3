package reply_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"apicenter/internal/httpapi/reply"
)

func TestKeptAnswersAreBoundedWithTheirKeys(t *testing.T) {
	const many, bound = 64 << 10, 32 << 20
	var k reply.Kept
	key := func(n int) string { return fmt.Sprintf("/%01000d", n) }
	for n := range many {
		if err := k.Record(httptest.NewRecorder(), key(n), 1, reply.Answer{}, func(w http.ResponseWriter) error {
			return reply.Value(w, http.StatusOK, n)
		}); err != nil {
			t.Fatal(err)
		}
	}
	held := 0
	for n := range many {
		if _, ok := k.Find(key(n), 1); ok {
			held += len(key(n))
		}
	}
	if _, last := k.Find(key(many-1), 1); !last || held > bound {
		t.Errorf("the last is kept: %t; the keys take %d bytes", last, held)
	}
}

func TestAnswersToLongRequestsAreNotKept(t *testing.T) {
	long := strings.Repeat("x", 2000)
	for name, change := range map[string]func(*http.Request){
		"a host": func(r *http.Request) { r.Host = long },
		"a path": func(r *http.Request) { r.RequestURI = "/" + long },
	} {
		r := httptest.NewRequest("GET", "/apis", nil)
		change(r)
		if _, ok := reply.Key(r); ok {
			t.Errorf("%s of %d bytes is kept", name, len(long))
		}
	}
}
