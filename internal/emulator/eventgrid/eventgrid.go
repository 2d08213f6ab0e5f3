// Package eventgrid is the emulated Event Grid: it keeps the event subscriptions of the resources that have
// events, proves their webhooks by the handshakes, and delivers events at least once.
//
// It delivers to loopback addresses only. Nobody should be able to send events to strangers with an emulator.
//
// The life of a subscription:
//
//	           answers with the code                      PUT again
//	PUT ──▶ handshake ──────────────────▶ Succeeded ──────────────────▶ handshake
//	           │   └── answers 200 only ▶ AwaitingManualAction ── GET validationUrl ▶ Succeeded
//	           └── anything else ▶ 400, nothing is stored
//
// A subscription delivers one event at a time. An event that has to wait for its next attempt is overtaken by
// those after it, so the order is not kept, as in Azure.
package eventgrid

import (
	"cmp"
	"container/heap"
	"context"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"apicenter/internal/emulator/wire"
)

// overtake is how long an event is held back for others to overtake it.
const overtake = 2 * time.Second

// Faults decides what goes wrong with an event on its way to one subscription.
type Faults interface {
	Drop() bool
	Double() bool
	Reorder() bool
}

// Options of a [Broker]. The zero value behaves as Azure does.
type Options struct {
	// Faults are none if nil.
	Faults Faults
	// Backoff is how long to wait after the first failed attempt, after the second, and so on; the last one
	// repeats. Nil means Azure's, from ten seconds to twelve hours.
	Backoff []time.Duration
	// Timeout is how long a webhook may take to answer; 30 seconds if zero.
	Timeout time.Duration
	// Transport carries the requests to webhooks. Nil is one that connects to nothing but loopback.
	Transport http.RoundTripper
}

// Event is something that happened to a resource.
type Event struct {
	Topic       string // the ARM id of the resource that has events: the API Management instance
	Type        string // the whole name: Microsoft.ApiManagement.APIUpdated
	Subject     string // below the topic: /apis/petstore;Rev=1
	ResourceURI string // the ARM id of what it happened to
}

// Stats counts what became of events. An event counts for each subscription that it matched, and a doubled one is
// delivered twice.
type Stats struct {
	Published int `json:"published"`
	Delivered int `json:"delivered"`
	Retried   int `json:"retried"`
	Lost      int `json:"lost"`    // refused for good, too old, or tried too often
	Dropped   int `json:"dropped"` // by a fault, without an attempt
	Pending   int `json:"pending"`
}

// Broker holds subscriptions and the events on their way. It is safe for concurrent use. [Broker.Run] delivers;
// without it, events wait.
type Broker struct {
	opts   Options
	client *http.Client
	wake   chan struct{}

	// mu guards all below, the subscriptions included.
	mu    sync.Mutex
	subs  map[string]*subscription // by key
	seq   uint64
	stats Stats
}

// New makes a Broker without subscriptions.
func New(opts Options) *Broker {
	if len(opts.Backoff) == 0 {
		opts.Backoff = []time.Duration{
			10 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, 10 * time.Minute,
			30 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour,
		}
	}
	if opts.Timeout <= 0 {
		opts.Timeout = 30 * time.Second
	}
	if opts.Transport == nil {
		opts.Transport = &http.Transport{DialContext: (&net.Dialer{Control: loopbackOnly}).DialContext, IdleConnTimeout: time.Minute}
	}
	return &Broker{
		opts: opts,
		client: &http.Client{
			Transport: opts.Transport,
			Timeout:   opts.Timeout,
			// A redirect is not followed: it is no success, and it could lead away from loopback.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		wake: make(chan struct{}, 1),
		subs: make(map[string]*subscription),
	}
}

// loopbackOnly refuses a connection to any other address, whatever a name resolved to.
func loopbackOnly(_, address string, _ syscall.RawConn) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return &net.AddrError{Err: "not a loopback address", Addr: address}
	}
	return nil
}

// Publish hands an event to every subscription of its topic that asks for it. It does not block.
func (b *Broker) Publish(e Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	id := wire.NewGUID()
	topic := wire.Scope(e.Topic)
	for _, key := range slices.Sorted(maps.Keys(b.subs)) { // in order, for the faults to be the same in a replay
		s := b.subs[key]
		if s.state != succeeded || !strings.EqualFold(s.topic, topic) || !s.filter.matches(e) {
			continue
		}
		b.stats.Published++
		due, copies := now, 1
		if f := b.opts.Faults; f != nil {
			if f.Drop() {
				b.stats.Dropped++
				continue
			}
			if f.Reorder() {
				due = due.Add(overtake)
			}
			if f.Double() {
				copies = 2
			}
		}
		for range copies {
			b.seq++
			heap.Push(&s.queue, &delivery{Event: e, id: id, happened: now, due: due, seq: b.seq})
		}
	}
	b.nudge()
}

// Stats returns the counts so far. Pending is what is queued or being sent.
func (b *Broker) Stats() Stats {
	b.mu.Lock()
	defer b.mu.Unlock()
	st := b.stats
	for _, s := range b.subs {
		st.Pending += len(s.queue)
		if s.sending {
			st.Pending++
		}
	}
	return st
}

// Run delivers events until the context ends, and returns when all that it started has returned.
func (b *Broker) Run(ctx context.Context) error {
	var deliveries sync.WaitGroup
	defer b.client.CloseIdleConnections()
	defer deliveries.Wait()
	for {
		var due <-chan time.Time
		if next := b.start(ctx, &deliveries); !next.IsZero() {
			due = time.After(time.Until(next))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-b.wake:
		case <-due:
		}
	}
}

// start sends the first due event of each subscription that is not sending one, and returns the time at which
// the next one is due, zero if none is.
func (b *Broker) start(ctx context.Context, deliveries *sync.WaitGroup) (next time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	for _, s := range b.subs {
		if s.sending || len(s.queue) == 0 || s.state != succeeded {
			continue
		}
		if due := s.queue[0].due; due.After(now) {
			if next.IsZero() || due.Before(next) {
				next = due
			}
			continue
		}
		d := heap.Pop(&s.queue).(*delivery)
		s.sending = true
		to := s.target
		deliveries.Go(func() {
			result := b.send(ctx, to, d)
			b.settle(ctx, s, d, result)
		})
	}
	return next
}

// settle decides what becomes of an event after an attempt.
func (b *Broker) settle(ctx context.Context, s *subscription, d *delivery, got outcome) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s.sending = false
	now := time.Now()
	wait := b.opts.Backoff[min(d.attempts, len(b.opts.Backoff)-1)]
	switch {
	case got == accepted:
		b.stats.Delivered++
	case ctx.Err() != nil: // it was this side that gave up
		heap.Push(&s.queue, d)
	case got == refused || d.attempts+1 >= s.maxAttempts || now.Add(wait).Sub(d.happened) > s.life:
		b.stats.Lost++
	default:
		b.stats.Retried++
		d.attempts++
		d.due = now.Add(wait)
		heap.Push(&s.queue, d)
	}
	b.nudge()
}

// nudge lets Run look again. Nudges may merge: one look sees all.
func (b *Broker) nudge() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// delivery is an event on its way to one subscription.
type delivery struct {
	Event
	id       string
	happened time.Time
	attempts int // that have failed
	due      time.Time
	seq      uint64 // keeps those in order that are due at the same time
}

// queue is a heap of what is due first.
type queue []*delivery

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	return cmp.Or(q[i].due.Compare(q[j].due), cmp.Compare(q[i].seq, q[j].seq)) < 0
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(d any)   { *q = append(*q, d.(*delivery)) }
func (q *queue) Pop() any {
	last := len(*q) - 1
	d := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return d
}
