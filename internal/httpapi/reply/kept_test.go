package reply_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"apicenter/internal/httpapi/reply"
)

func TestKeptAnswersAreBoundedWithTheirKeys(t *testing.T) {
	const many, bound = 40_000, 32 << 20
	var k reply.Kept
	long := strings.Repeat("x", 1000)
	key := func(n int) string { return long + strconv.Itoa(n) }
	w := httptest.NewRecorder()
	for n := range many {
		if err := k.Record(w, key(n), 1, reply.Answer{}, func(w http.ResponseWriter) error {
			reply.JSON(w, http.StatusOK, []byte("{}"))
			return nil
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
