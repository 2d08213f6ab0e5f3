package reply_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"apicenter/internal/httpapi/reply"
)

// TestAStreamMayBeSilent has a client of each protocol wait for longer than it may
// take to read: HTTP/2 resets a stream when its deadline passes, whether anything is
// being written or not.
func TestAStreamMayBeSilent(t *testing.T) {
	const patience = time.Second
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				stream := reply.NewStream(w, patience)
				for _, text := range []string{"first, ", "then"} {
					if stream.Send([]byte(text)) != nil {
						return // which the client sees
					}
					<-time.After(patience * 3 / 2)
				}
			}))
			s.EnableHTTP2 = protocol == "HTTP/2.0"
			s.StartTLS()
			defer s.Close()
			answer, err := s.Client().Get(s.URL)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			body, err := io.ReadAll(answer.Body)
			if err != nil || string(body) != "first, then" || answer.Proto != protocol {
				t.Errorf("%s: %q, %v", answer.Proto, body, err)
			}
		})
	}
}

// clock is an answer that notes the deadline of each write.
type clock struct {
	*httptest.ResponseRecorder
	deadline time.Time
	writes   []time.Time
}

func (c *clock) SetWriteDeadline(at time.Time) error {
	c.deadline = at
	return nil
}

func (c *clock) Write(b []byte) (int, error) {
	c.writes = append(c.writes, c.deadline)
	return c.ResponseRecorder.Write(b)
}

func TestAClientOfAStreamMustRead(t *testing.T) {
	w := &clock{ResponseRecorder: httptest.NewRecorder()}
	before := time.Now()
	if err := reply.NewStream(w, time.Minute).Send([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if len(w.writes) != 1 || w.writes[0].Before(before.Add(time.Minute)) || w.writes[0].After(time.Now().Add(time.Minute)) {
		t.Errorf("from %v on, the deadlines are %v", before, w.writes)
	}
	if !w.Flushed || !w.deadline.IsZero() {
		t.Errorf("then it is flushed: %t; the deadline is %v", w.Flushed, w.deadline)
	}
}
