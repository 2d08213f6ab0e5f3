package simulation

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"
)

// fault is what may go wrong with requests.
type fault string

const (
	throttled fault = "429"
	broken    fault = "5xx"
	lost      fault = "timeouts"
	truncated fault = "truncated answers"
	shifted   fault = "shifting pages"
	shortened fault = "pages that end early"
	lying     fault = "listings that leave APIs out"
	empty     fault = "empty listings"
	forbidden fault = "403"
	missing   fault = "404 of the service"
	expired   fault = "expired links"
	stale     fault = "stale answers"
)

var faults = []fault{throttled, broken, lost, truncated, shifted, shortened, lying, empty, forbidden, missing, expired, stale}

// wire carries requests to the emulator in this process. Each takes a time of
// its own, so that whatever else is under way has come to rest before its answer.
type wire struct {
	handler http.Handler

	mu      sync.Mutex // guards all below
	dice    uint64     // of the step
	asked   map[string]int
	sent    int // requests of the step
	weather map[fault]float64
	during  func(*dice) // what may happen while a request is under way
}

// step begins another step, with decisions of its own.
func (w *wire) step(seed uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dice, w.asked, w.sent = seed, map[string]int{}, 0
}

// turn has a fault happen at a rate; none ends all.
func (w *wire) turn(f fault, rate float64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if f == "" {
		clear(w.weather)
		return
	}
	w.weather[f] = rate
}

// deceives says that listings come that lack what is there, and say that they are whole.
func (w *wire) deceives() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.weather[lying] > 0 || w.weather[empty] > 0
}

// meanwhile has something happen during each request.
func (w *wire) meanwhile(f func(*dice)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.during = f
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	address := r.URL.RequestURI()
	if r.Body != nil {
		r.Body.Close()
	}
	w.mu.Lock()
	key := address
	if strings.HasPrefix(key, "/blob/") {
		key = "/blob/" // their names are random
	}
	w.asked[key]++
	d := roll(w.dice, fmt.Sprint(key, w.asked[key]))
	hits := map[fault]bool{}
	for _, f := range faults {
		hits[f] = d.chance(w.weather[f])
	}
	w.sent++
	if rate := w.weather[missing]; rate > 0 { // it does not flicker: it ends, at some request
		hits[missing] = rate == 1 || w.sent <= 1+roll(w.dice, "end").below(12)
	}
	lies, during := roll(w.dice, "lies"), w.during
	w.mu.Unlock()

	wait := time.Millisecond + time.Duration(d.below(int(80*time.Millisecond)))
	if hits[lost] { // by the other side, or by who waits
		wait += pick(d, []time.Duration{10 * time.Second, 10 * time.Second, 10 * time.Second, time.Hour})
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	if during != nil {
		during(d)
	}
	return w.answer(r, address, hits, d, lies)
}

func (w *wire) answer(r *http.Request, address string, hits map[fault]bool, d, lies *dice) (*http.Response, error) {
	blob := strings.HasPrefix(address, "/blob/")
	switch {
	case hits[lost]:
		return nil, errors.New("connection reset by peer")
	case blob && hits[expired]:
		return said(r, http.StatusForbidden, "", `<?xml version="1.0"?><Error><Code>AuthenticationFailed</Code></Error>`), nil
	case hits[missing] && !blob:
		return said(r, http.StatusNotFound, "", `{"error":{"code":"ResourceNotFound","message":"not found"}}`), nil
	case hits[forbidden] && !blob:
		return said(r, http.StatusForbidden, "", `{"error":{"code":"AuthorizationFailed","message":"no"}}`), nil
	case hits[throttled]:
		return said(r, http.StatusTooManyRequests, pick(d, []string{"1", "3", "20"}), `{"error":{"code":"TooManyRequests","message":"slow down"}}`), nil
	case hits[broken]:
		return said(r, pick(d, []int{500, 502, 503}), "", `{"error":{"code":"InternalServerError","message":"broken"}}`), nil
	}
	inner := httptest.NewRequestWithContext(r.Context(), r.Method, r.URL.String(), nil)
	inner.Header, inner.Host = r.Header, r.URL.Host
	recorder := httptest.NewRecorder()
	w.handler.ServeHTTP(recorder, inner)
	resp := recorder.Result()
	resp.Request = r
	if resp.StatusCode != http.StatusOK {
		return resp, nil
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if blob {
		resp.ContentLength, resp.Body = int64(len(body)), io.NopCloser(bytes.NewReader(body))
		if hits[truncated] { // a transport tells, since it knows how much was to come
			resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body[:len(body)/2]), cut{}))
		}
		return resp, nil
	}
	if strings.HasSuffix(r.URL.Path, "/apis") {
		body = relist(body, hits, lies, r.URL.Query().Get("$skip") != "")
	}
	if hits[truncated] {
		body = body[:len(body)/2]
	}
	resp.Header.Del("Content-Length")
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return resp, nil
}

// relist spoils a page of APIs.
func relist(body []byte, hits map[fault]bool, lies *dice, later bool) []byte {
	if !hits[empty] && !hits[shifted] && !hits[shortened] && !hits[lying] {
		return body
	}
	var page struct {
		Value    []json.RawMessage `json:"value"`
		Count    int               `json:"count"`
		NextLink string            `json:"nextLink"`
	}
	if json.Unmarshal(body, &page) != nil {
		return body
	}
	switch {
	case hits[empty]:
		page.Value, page.Count, page.NextLink = []json.RawMessage{}, 0, ""
	case hits[lying]: // the count agrees with it
		n := len(page.Value)
		unlucky := lies.below(4)
		page.Value = slices.DeleteFunc(page.Value, func(raw json.RawMessage) bool {
			var row struct{ Name string }
			return json.Unmarshal(raw, &row) == nil && len(row.Name) > 0 && int(row.Name[len(row.Name)-1])%4 == unlucky
		})
		page.Count -= n - len(page.Value)
		page.Count = max(0, page.Count-3)
	case hits[shortened]:
		page.NextLink = ""
		if len(page.Value) > 1 {
			page.Value = page.Value[:len(page.Value)-1]
		}
	case later && len(page.Value) > 0:
		page.Value = page.Value[1:]
	}
	out, err := json.Marshal(page)
	if err != nil {
		return body
	}
	return out
}

func said(r *http.Request, status int, after, body string) *http.Response {
	h := http.Header{"Content-Type": {"application/json"}}
	if after != "" {
		h.Set("Retry-After", after)
	}
	return &http.Response{
		Status: fmt.Sprint(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: h, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: r,
	}
}

// cut is a connection that ends before all that was to come.
type cut struct{}

func (cut) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
