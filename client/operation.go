package client

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"time"
)

// longestOperation bounds the wait for one, if the caller does not.
const longestOperation = time.Hour

// Operation is what the center says of work that takes long.
type Operation struct {
	ID        string    `json:"id,omitempty"`
	Name      string    `json:"name,omitempty"`
	Status    string    `json:"status"` // NotStarted, InProgress, Succeeded, Failed or Canceled
	StartTime time.Time `json:"startTime,omitzero"`
	EndTime   time.Time `json:"endTime,omitzero"`
	Error     *struct {
		Detail
		Details []Detail `json:"details"`
	} `json:"error,omitempty"`
	Properties struct {
		Comment string `json:"comment"` // why, in words
	} `json:"properties,omitzero"`
}

// Finish follows an answer of 202 to the end of its operation: it asks at
// Location, as often as Retry-After says, and gives the last answer. An
// operation that failed is an [*Error]. Any other answer is given back as it
// is, a 202 without a Location included: it has nothing to follow.
func (c *Client) Finish(ctx context.Context, a *Response) (*Response, error) {
	if a.Status != http.StatusAccepted || a.Header.Get("Location") == "" {
		return a, nil
	}
	ctx, stop := context.WithTimeout(ctx, longestOperation)
	defer stop()
	var next *url.URL
	for a.Status == http.StatusAccepted {
		var err error
		if at := a.Header.Get("Location"); at != "" {
			if next, err = c.own(at); err != nil {
				return nil, err
			}
		}
		if err = sleep(ctx, pauseOf(a.Header)); err != nil {
			return nil, err
		}
		if a, err = c.Do(ctx, Request{Path: next.String()}); err != nil {
			return nil, err
		}
	}
	return a, failure(a)
}

// failure is the error of an operation that ended badly, if its last answer is
// one that says so.
func failure(a *Response) error {
	var o Operation
	if a.Decode(&o) != nil || o.Status != "Failed" && o.Status != "Canceled" {
		return nil
	}
	e := &Error{Status: a.Status, RequestID: a.Header.Get("x-ms-request-id"), Code: "Operation" + o.Status, Message: cmp.Or(o.Properties.Comment, "the operation did not succeed, and the center does not say why")}
	if o.Error != nil {
		e.Code, e.Message, e.Target, e.Details = o.Error.Code, o.Error.Message, o.Error.Target, o.Error.Details
	}
	return e
}

// run makes a call, waits for its operation, and reads the result into v
// unless that is nil.
func (c *Client) run(ctx context.Context, r Request, v any) error {
	a, err := c.Do(ctx, r)
	if err != nil {
		return err
	}
	if a, err = c.Finish(ctx, a); err != nil || v == nil {
		return err
	}
	return a.Decode(v)
}
