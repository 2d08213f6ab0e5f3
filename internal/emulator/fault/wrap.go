package fault

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"apicenter/internal/emulator/wire"
)

// Wrap puts the faults of requests in front of a handler: throttling, latency, errors, answers cut short. Only
// requests to ARM meet them. All of those get the headers that tell how much is left of the bucket.
func (f *Faults) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		subscription, arm := target(r.URL.Path)
		if !arm {
			next.ServeHTTP(w, r)
			return
		}
		s := f.now.Load()
		if !f.admit(s, w, r, subscription) || !s.wait(r.Context()) || f.fail(s, w, r) {
			return
		}
		f.serve(s, w, r, next)
	})
}

// admit spends a token of the caller, or answers 429.
func (f *Faults) admit(s *sequence, w http.ResponseWriter, r *http.Request, subscription string) bool {
	op := operationOf(r.Method)
	limit := s.limits.of(op)
	left, wait := int(limit.size)-1, time.Duration(0)
	if s.limits.on {
		who := counted{subscription: subscription, op: op}
		if f.Principal != nil {
			who.principal = f.Principal(r)
		}
		left, wait = s.buckets.take(who, limit, time.Duration(s.RetryAfter), time.Now())
	}
	level, code := "subscription", "SubscriptionRequestsThrottled"
	if subscription == "" {
		level, code = "tenant", "TenantRequestsThrottled"
	}
	w.Header().Set("X-Ms-Ratelimit-Remaining-"+level+"-"+string(op), strconv.Itoa(left))
	if wait == 0 {
		return true
	}
	f.throttled.Add(1)
	seconds := strconv.Itoa(int(wait.Seconds()))
	e := wire.Errorf(http.StatusTooManyRequests, code,
		"Number of %s for %s '%s' exceeded the limit. Please try again after '%s' seconds.", op, level, subscription, seconds)
	e.Header = http.Header{"Retry-After": {seconds}}
	e.Write(w)
	return false
}

// wait takes the time of the latency. It answers no if the client left meanwhile.
func (s *sequence) wait(ctx context.Context) bool {
	d := time.Duration(s.Latency)
	if s.LatencyJitter > 0 {
		_, v := s.draw(jitter)
		d += time.Duration(v * float64(s.LatencyJitter))
	}
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// fail answers with one of the errors 5xx, if it is the turn of this request. The gateway's answers are pages for
// people, as they come from real gateways; ARM's are its envelope.
func (f *Faults) fail(s *sequence, w http.ResponseWriter, r *http.Request) bool {
	if s.ErrorRate <= 0 {
		return false
	}
	n, v := s.draw(failure)
	if v >= s.ErrorRate {
		return false
	}
	_, v = s.draw(failureStatus)
	status := []int{http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout}[int(v*4)]
	f.note(n, fmt.Sprintf("%d for %s %s", status, r.Method, r.URL.Path))
	switch status {
	case http.StatusInternalServerError:
		wire.Errorf(status, "InternalServerError", "Encountered internal server error.").Write(w)
	case http.StatusServiceUnavailable:
		wire.Errorf(status, "ServerTimeout", "The server is busy. Please retry the request.").Write(w)
	default:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		fmt.Fprintf(w, "<html><head><title>%d %s</title></head></html>", status, http.StatusText(status))
	}
	return true
}

// serve lets the request through, and cuts its answer if it is a read whose turn it is.
func (f *Faults) serve(s *sequence, w http.ResponseWriter, r *http.Request, next http.Handler) {
	if s.TruncateRate <= 0 || r.Method != http.MethodGet {
		next.ServeHTTP(w, r)
		return
	}
	n, v := s.draw(truncation)
	if v >= s.TruncateRate {
		next.ServeHTTP(w, r)
		return
	}
	held := &holder{ResponseWriter: w, status: http.StatusOK}
	next.ServeHTTP(held, r)
	body := held.body.Bytes()
	if held.status == http.StatusOK && len(body) > 1 {
		// The length agrees with what is sent: the client sees a whole answer and must notice that the JSON is not.
		body = body[:len(body)/2]
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		f.note(n, "answer cut for GET "+r.URL.Path)
	}
	w.WriteHeader(held.status)
	_, _ = w.Write(body) // a client that has left needs no answer
}

// holder keeps an answer back until it is known whole.
type holder struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (h *holder) WriteHeader(status int)      { h.status = status }
func (h *holder) Write(b []byte) (int, error) { return h.body.Write(b) }
