// Package hookapi takes events of sources in, at one address: from Azure Event
// Grid in both of its schemas, with their handshakes, and from anybody who sends
// CloudEvents. Of an event only what it is about is believed, and that only as a
// hint to look there:
//
//	POST ──▶ who? ──▶ events ──▶ links to their instances that the sender may notify ──▶ hints, on disk ──▶ 200
//
// Event Grid gives up an event for good at 400, 401, 403 and 413, and comes
// again after anything else that is no success. So whoever may notify at all is
// not refused for what is in a batch, and hears 503 when the hints cannot be
// kept.
package hookapi

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"apicenter/internal/arm"
	"apicenter/internal/auth"
	"apicenter/internal/httpapi/reply"
	"apicenter/internal/inventory"
	"apicenter/internal/source"
	"apicenter/internal/subscription"
)

// Path is the address.
const Path = subscription.HookPath

// Action is what a sender needs on a link to notify it.
const Action = "Microsoft.ApiCenter/services/workspaces/apiSources/notify/action"

// Store is what a Handler needs of the inventory's store.
type Store interface {
	View(ctx context.Context, f func(inventory.Reader) error) error
}

// Access says what the caller in ctx may do.
type Access interface {
	// Allowed is about one scope, Azure's path of a resource.
	Allowed(ctx context.Context, action, scope string) bool
	// AuthorizeSomewhere gives nil if there is any scope on which he may, else an
	// inventory.Error with the code Denied.
	AuthorizeSomewhere(ctx context.Context, action string) error
}

// Bell is rung when something may have changed at a source.
type Bell interface {
	// Ring returns when it is on disk that these links should look at these APIs.
	Ring(ctx context.Context, hints []inventory.Hint) error
}

// Options are what a Handler needs; all of it.
type Options struct {
	Store  Store
	Access Access
	Bell   Bell
	Kinds  map[string]source.Kind // by name, as links name them
	Log    *slog.Logger
}

// Handler answers at Path. The caller is in the context already, and may be
// anonymous: handshakes come without a token.
type Handler struct {
	o          Options
	batches    chan struct{} // one for each that is being kept
	handshakes chan struct{} // one for each that is being answered

	mu      sync.Mutex // guards what is dropped
	dropped int        // events of instances that are not linked, since it was last told
	told    time.Time
}

const (
	// maxBatch is Event Grid's own limit of a batch, and some room.
	maxBatch = 1<<20 + 64<<10
	// crowded is how many batches are kept at once; the next is told to come again.
	crowded = 64
	// maxHandshakes is how many handshakes are answered at once. They come from anybody,
	// and must not take the room of events.
	maxHandshakes = 8
	// patience is how long one of either waits for the disk.
	patience = 10 * time.Second
	// tellEvery is how often the log hears of events that nobody wants.
	tellEvery = time.Minute
)

// New makes a Handler.
func New(o Options) *Handler {
	return &Handler{o: o, batches: make(chan struct{}, crowded), handshakes: make(chan struct{}, maxHandshakes)}
}

// Owns says that a request is the Handler's.
func (h *Handler) Owns(r *http.Request) bool { return r.URL.Path == Path }

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var err error
	switch r.Method {
	case http.MethodPost:
		err = h.post(w, r)
	case http.MethodOptions:
		allow(w, r)
	default:
		err = reply.NotAllowed(w, r, "POST, OPTIONS")
	}
	if err != nil {
		reply.Fail(w, r, h.o.Log, err, reply.Refusal(err))
	}
}

func (h *Handler) post(w http.ResponseWriter, r *http.Request) error {
	nobody := anonymous(r.Context())
	if nobody && !validates(r) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="apicenter"`)
		return errAnonymous
	}
	if !nobody {
		if err := h.o.Access.AuthorizeSomewhere(r.Context(), Action); err != nil {
			return err
		}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBatch))
	if err != nil {
		return err
	}
	events, err := read(r.Header, body)
	if err != nil {
		return err
	}
	room, do := h.batches, h.receive
	if validates(r) {
		room, do = h.handshakes, h.validate
	}
	select {
	case room <- struct{}{}:
		defer func() { <-room }()
	default:
		return later("too many have come at once")
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	return do(w, r.WithContext(ctx), events)
}

var errAnonymous = arm.Errorf(http.StatusUnauthorized, arm.CodeUnauthenticated,
	"events are taken with the header 'Authorization: Bearer <key>': an API key that has the role 'API Center Event Sender' on the link, or a token of who has it; "+
		"apicenter integration events says how Event Grid sends it")

func anonymous(ctx context.Context) bool {
	p, ok := auth.From(ctx)
	return !ok || p.Kind == auth.Anonymous
}

// receive keeps what events say, and answers when that is on disk.
func (h *Handler) receive(w http.ResponseWriter, r *http.Request, events []event) error {
	links, err := h.links(r.Context())
	if err != nil {
		return h.failed(r, err, "keep events", "the events cannot be kept at present")
	}
	var hints []inventory.Hint
	seen := map[inventory.Hint]bool{}
	for _, e := range events {
		wanted := false
		for _, l := range links {
			if !l.reads(e.instance()) || !h.o.Access.Allowed(r.Context(), Action, l.scope) {
				continue
			}
			wanted = true
			kind := h.o.Kinds[l.SourceType]
			if kind.Notice == nil {
				continue
			}
			scope, ok := kind.Notice(l.Link, e.of())
			if hint := (inventory.Hint{Link: l.id, API: scope.API}); ok && !seen[hint] {
				seen[hint] = true
				hints = append(hints, hint)
			}
		}
		if !wanted {
			h.drop(e)
		}
	}
	if len(hints) > 0 {
		if err := h.o.Bell.Ring(r.Context(), hints); err != nil {
			return h.failed(r, err, "keep events", "the events cannot be kept at present")
		}
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

// failed refuses what could not be done. The cause is for the log, unless it is that
// the sender has gone.
func (h *Handler) failed(r *http.Request, err error, what, why string) error {
	if !errors.Is(r.Context().Err(), context.Canceled) {
		h.o.Log.ErrorContext(r.Context(), what, "error", err)
	}
	return later(why)
}

func later(why string) error {
	return arm.Errorf(http.StatusServiceUnavailable, "ServiceUnavailable", "%s; send again", why)
}

// drop counts an event of an instance that is not linked, or that the sender may
// not notify, and tells the log once in a while: a subscription that was
// forgotten goes on for years.
func (h *Handler) drop(e event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.dropped++
	if time.Since(h.told) < tellEvery {
		return
	}
	topic := e.instance()
	h.o.Log.Warn("events are dropped: no link that their sender may notify reads their instance",
		"events", h.dropped, "instance", topic[:min(len(topic), 300)])
	h.dropped, h.told = 0, time.Now()
}

// link is one that may be notified.
type link struct {
	inventory.Link
	id    inventory.ID
	scope string // Azure's path of it
}

// reads says that the link reads a folded instance, or a part of it. What an
// instance is in is none: strangers would find the linked ones step by step.
func (l link) reads(instance string) bool {
	return instance != "" && subscription.InstanceOf(l.Instance()) == instance
}

// links are all links, but for those that are being deleted.
func (h *Handler) links(ctx context.Context) (links []link, err error) {
	err = h.o.Store.View(ctx, func(tx inventory.Reader) error {
		links = nil
		for r, err := range tx.List(inventory.Query{Kind: inventory.KindLink}) {
			if err != nil {
				return err
			}
			if inventory.StatusOf(r).State == inventory.Deleting {
				continue
			}
			doc, err := inventory.ParseDoc(r.Doc)
			if err != nil {
				return err
			}
			links = append(links, link{Link: inventory.LinkOf(doc), id: r.ID, scope: scope(r.Path)})
		}
		return nil
	})
	return links, err
}

// scope is Azure's path of a link: "s/g/c/workspaces/w/links/l".
func scope(path string) string {
	p := strings.Split(path, "/")
	return arm.Path{Subscription: p[0], Group: p[1], Namespace: "Microsoft.ApiCenter", Segments: []arm.Segment{
		{Type: "services", Name: p[2]}, {Type: "workspaces", Name: p[4]}, {Type: "apiSources", Name: p[6]},
	}}.String()
}
