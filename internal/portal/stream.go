package portal

import (
	"bytes"
	"net/http"
	"time"

	"apicenter/internal/httpapi/reply"
)

// stream is an answer of Server-Sent Events.
type stream struct {
	w     http.ResponseWriter
	began bool
	wrote time.Time
}

// event sends a text of one or more lines.
func (s *stream) event(name string, text []byte) error {
	var b bytes.Buffer
	if name != "message" {
		b.WriteString("event: " + name + "\n")
	}
	for line := range bytes.Lines(text) {
		b.WriteString("data: ")
		b.Write(bytes.TrimRight(line, "\r\n"))
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
	return s.write(b.Bytes())
}

// beat is a sign of life where nothing was sent for a while.
func (s *stream) beat() error {
	if time.Since(s.wrote) < watchBeat {
		return nil
	}
	return s.write([]byte(": nothing\n\n"))
}

func (s *stream) write(text []byte) error {
	if !s.began {
		s.began = true
		s.w.Header().Set("Content-Type", "text/event-stream")
		s.w.WriteHeader(http.StatusOK)
	}
	s.wrote = time.Now()
	return reply.NewStream(s.w, watchWrite).Send(text)
}

// ended is the error of a stream: once it has begun, it can only end.
func (s *stream) ended(err error) error {
	if s.began {
		return nil
	}
	return err
}
