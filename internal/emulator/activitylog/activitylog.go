// Package activitylog is the emulated Activity Log: it keeps who changed what through Resource Manager, and shows it
// late and page by page, as Azure Monitor does.
//
// Each write has two entries, one for its beginning and one for its end. An entry can be queried once its delay is
// over, each after a delay of its own: so a later change may show before an earlier one.
package activitylog

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"apicenter/internal/emulator/identity"
	"apicenter/internal/emulator/wire"
)

// Provider is the namespace of the log in paths.
const Provider = "Microsoft.Insights"

const (
	retention = 90 * 24 * time.Hour
	maxKept   = 20_000 // entries; the oldest go first
)

// Options of a [Log]. The zero value shows each entry at once, a hundred to a page.
type Options struct {
	PageSize int
	// Delay is how long an entry stays hidden, asked for each; nil means not at all.
	Delay func() time.Duration
}

// Log holds the entries of all subscriptions. It is safe for concurrent use.
type Log struct {
	opts Options

	mu      sync.Mutex // guards entries: in the order of their recording
	entries []entry
}

// New makes an empty Log.
func New(opts Options) *Log {
	opts.PageSize = cmp.Or(opts.PageSize, 100)
	return &Log{opts: opts}
}

// Write is a request that changed something, or was to.
type Write struct {
	Action     string // Microsoft.ApiManagement/service/apis/write
	ResourceID string
	Caller     identity.Principal
	Method     string
	RequestID  string // as the client had it; may be empty
	Began      time.Time
	Ended      time.Time
	Status     int // of the answer
}

// Record takes the two entries of a write into the log.
func (l *Log) Record(w Write) {
	correlation, operation := wire.NewGUID(), wire.NewGUID()
	for _, e := range []entry{
		newEntry(w, "BeginRequest", w.Began, correlation, operation),
		newEntry(w, "EndRequest", w.Ended, correlation, operation),
	} {
		e.Submitted = e.Happened
		if l.opts.Delay != nil {
			e.Submitted = e.Happened.Add(l.opts.Delay())
		}
		l.add(e)
	}
}

func (l *Log) add(e entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.entries) == maxKept {
		l.entries = slices.Delete(l.entries, 0, maxKept/10)
	}
	l.entries = append(l.entries, e)
}

// ServeHTTP answers GET {subscription}/providers/Microsoft.Insights/eventtypes/management/values.
func (l *Log) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	scope, rest, _ := wire.Extension(r.URL.Path, Provider)
	subscription, ok := strings.CutPrefix(strings.ToLower(scope), "/subscriptions/")
	if !ok || strings.Contains(subscription, "/") || !strings.EqualFold(strings.Join(rest, "/"), "eventtypes/management/values") {
		wire.Errorf(http.StatusNotFound, "InvalidResourceType", "The resource type '%s' could not be found.", strings.Join(rest, "/")).Write(w)
		return
	}
	if r.Method != http.MethodGet {
		e := wire.Errorf(http.StatusMethodNotAllowed, "MethodNotAllowed", "The log can only be read.")
		e.Header = http.Header{"Allow": {http.MethodGet}}
		e.Write(w)
		return
	}
	query := r.URL.Query()
	f, err := parseFilter(query.Get("$filter"), time.Now())
	if err != nil {
		err.Write(w)
		return
	}
	skip, invalid := strconv.Atoi(cmp.Or(query.Get("$skipToken"), "0"))
	if invalid != nil || skip < 0 {
		wire.Errorf(http.StatusBadRequest, "BadRequest", "The $skipToken is not one of this list.").Write(w)
		return
	}
	l.page(w, r, l.find(subscription, f), skip)
}

// find gives the entries of a subscription that can be queried by now and pass the filter, the newest first.
func (l *Log) find(subscription string, f filter) []entry {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []entry
	for _, e := range l.entries {
		if strings.EqualFold(e.SubscriptionID, subscription) && !e.Submitted.After(now) && f.accepts(e) {
			out = append(out, e)
		}
	}
	slices.SortStableFunc(out, func(a, b entry) int { return b.Happened.Compare(a.Happened) })
	return out
}

func (l *Log) page(w http.ResponseWriter, r *http.Request, all []entry, skip int) {
	from := min(skip, len(all))
	to := min(from+l.opts.PageSize, len(all))
	out := struct {
		Value    []json.RawMessage `json:"value"`
		NextLink string            `json:"nextLink,omitempty"`
	}{Value: make([]json.RawMessage, 0, to-from)}
	for _, e := range all[from:to] {
		out.Value = append(out.Value, e.render(r.URL.Query().Get("$select")))
	}
	if to < len(all) {
		q := url.Values{}
		for name, values := range r.URL.Query() {
			q[name] = values
		}
		q.Set("$skipToken", strconv.Itoa(to))
		out.NextLink = wire.Base(r) + r.URL.EscapedPath() + "?" + q.Encode()
	}
	wire.JSON(w, http.StatusOK, out)
}
