package metricsapi

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"apicenter/internal/httpapi/reply"
	"apicenter/internal/inventory"
)

// Path is where the metrics are, and Action what it takes to read them there: to
// read every link of the center.
const (
	Path   = "/metrics"
	Action = "Microsoft.ApiCenter/services/workspaces/apiSources/read"
)

// Authorizer says who may do what.
type Authorizer interface {
	Authorize(ctx context.Context, action, scope string) error
}

// Options are what a Metrics needs.
type Options struct {
	Store     inventory.Store
	Promise   inventory.Promise
	Throttled func() int64 // answers 429 of sources so far
	Log       *slog.Logger
}

// Metrics are what there is to tell. Its methods may be called from many goroutines.
type Metrics struct {
	log      *slog.Logger
	registry *prometheus.Registry
	runs     *prometheus.CounterVec
	requests prometheus.Counter
	events   prometheus.Counter
	followed prometheus.Histogram
	told     prometheus.Histogram
	attempts *prometheus.CounterVec
}

// New makes a Metrics.
func New(o Options) *Metrics {
	m := &Metrics{
		log: o.Log, registry: prometheus.NewRegistry(),
		runs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "apicenter_runs_total", Help: "Runs of links that have ended, by outcome.",
		}, []string{"outcome"}),
		requests: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "apicenter_source_requests_total", Help: "Requests that runs have sent to sources, of those that count against a budget.",
		}),
		events: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "apicenter_events_received_total", Help: "Looks at links that events of sources have asked for.",
		}),
		followed: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "apicenter_feed_delay_seconds", Help: "From a change to a follower of the feed who waited for it.", Buckets: delays,
		}),
		told: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "apicenter_webhook_delay_seconds", Help: "From a change to the receiver of a webhook who has taken it, failed attempts included.", Buckets: delays,
		}),
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "apicenter_webhook_attempts_total", Help: "Attempts to tell a receiver of a webhook of a change, by outcome.",
		}, []string{"outcome"}),
	}
	m.registry.MustRegister(
		links{o.Store, o.Promise}, m.runs, m.requests, m.events, m.followed, m.told, m.attempts,
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "apicenter_source_throttled_total", Help: "Answers 429 of sources.",
		}, func() float64 { return float64(o.Throttled()) }),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

// Ran counts a run that has ended.
func (m *Metrics) Ran(r inventory.Run) {
	m.runs.WithLabelValues(r.Outcome).Inc()
	m.requests.Add(float64(r.Requests))
}

// Rang counts looks that events have asked for.
func (m *Metrics) Rang(looks int) { m.events.Add(float64(looks)) }

// delays are the bounds of what is counted together, in seconds.
var delays = []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 60, 600, 3600}

// Followed counts a change that was given to who waited for it in the feed.
func (m *Metrics) Followed(age time.Duration) { m.followed.Observe(age.Seconds()) }

// Told counts an attempt to tell a receiver of a change.
func (m *Metrics) Told(age time.Duration, err error) {
	if err != nil {
		m.attempts.WithLabelValues("failed").Inc()
		return
	}
	m.attempts.WithLabelValues("delivered").Inc()
	m.told.Observe(age.Seconds())
}

// open answers whoever asks.
func (m *Metrics) open() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(m.log.Handler(), slog.LevelError), ErrorHandling: promhttp.ContinueOnError,
		MaxRequestsInFlight: 4, Timeout: patience,
	})
}

// Handler answers callers, who are in the context already, if they may read every link.
func (m *Metrics) Handler(a Authorizer, scope string) http.Handler {
	open := m.open()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := a.Authorize(r.Context(), Action, scope); err != nil {
			reply.Fail(w, r, m.log, err, reply.Refusal(err))
			return
		}
		open.ServeHTTP(w, r)
	})
}

// Serve answers whoever reaches a listener of its own, without a token, until ctx ends.
func (m *Metrics) Serve(ctx context.Context, l net.Listener) error {
	mux := http.NewServeMux()
	mux.Handle("GET "+Path, m.open())
	s := &http.Server{
		Handler: mux, ReadHeaderTimeout: patience, ReadTimeout: patience, WriteTimeout: 3 * patience, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(m.log.Handler(), slog.LevelDebug), // clients that break off
	}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		stopped <- s.Shutdown(last)
	})
	err := s.Serve(l)
	if !stop() {
		err = errors.Join(<-stopped)
	}
	return err
}
