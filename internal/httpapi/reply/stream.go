package reply

import (
	"errors"
	"net/http"
	"time"
)

// Stream is an answer that goes on, as Server-Sent Events do.
type Stream struct {
	w          http.ResponseWriter
	controller *http.ResponseController
	patience   time.Duration
}

// NewStream makes a Stream whose client has patience to take each text.
func NewStream(w http.ResponseWriter, patience time.Duration) Stream {
	return Stream{w, http.NewResponseController(w), patience}
}

// Send sends a text at once. The next may be a long time off, so the deadline goes
// with the text: HTTP/2 resets a stream at its deadline even when nothing is written.
func (s Stream) Send(text []byte) error {
	if err := s.within(time.Now().Add(s.patience)); err != nil {
		return err
	}
	if _, err := s.w.Write(text); err != nil {
		return err
	}
	if err := s.controller.Flush(); err != nil {
		return err
	}
	return s.within(time.Time{})
}

// within sets by when what is sent must be taken; zero: whenever.
func (s Stream) within(deadline time.Time) error {
	if err := s.controller.SetWriteDeadline(deadline); !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}
