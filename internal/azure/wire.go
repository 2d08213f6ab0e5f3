package azure

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"sync/atomic"
)

// wire is the last step of a pipeline: it counts what is sent, follows no
// redirect (a token must not, and a signed link has no reason to), and bounds
// the bodies of errors, which azcore reads whole.
type wire struct {
	client *http.Client
	sent   *atomic.Int64
}

func newWire(rt http.RoundTripper, sent *atomic.Int64) wire {
	return wire{sent: sent, client: &http.Client{
		Transport:     rt,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Do sends one request.
func (w wire) Do(req *http.Request) (*http.Response, error) {
	w.sent.Add(1)
	resp, err := w.client.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode >= http.StatusBadRequest {
		resp.Body = &errorReader{Reader: io.LimitReader(resp.Body, errorBody), Closer: resp.Body}
	}
	return resp, nil
}

type errorReader struct {
	io.Reader
	io.Closer
}

// bare takes the address off a transport's error: its query may be a signature.
func bare(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}
