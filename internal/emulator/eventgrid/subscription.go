package eventgrid

import (
	"cmp"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"apicenter/internal/emulator/wire"
)

// Provider is the namespace whose requests a Broker serves.
const Provider = "Microsoft.EventGrid"

const (
	validatePath = "/eventgrid/validate"
	// manual is how long a person has to open the validation URL.
	manual = 5 * time.Minute
)

// state is a provisioning state.
type state string

const (
	succeeded state = "Succeeded"
	awaiting  state = "AwaitingManualAction"
)

// subscription sends the events of a topic to a webhook.
type subscription struct {
	settings
	queue   queue
	sending bool
}

// settings are what a PUT replaces. Events on their way stay, and go to the new webhook.
type settings struct {
	target
	topic       string
	state       state
	filter      filter
	maxAttempts int
	life        time.Duration
	validation  validation
	asked       time.Time // when the validation began
}

// filter is which events a subscription asks for: all, unless it says otherwise.
type filter struct {
	IncludedEventTypes []string `json:"includedEventTypes"`
	SubjectBeginsWith  string   `json:"subjectBeginsWith"`
	SubjectEndsWith    string   `json:"subjectEndsWith"`
	AdvancedFilters    []any    `json:"advancedFilters,omitempty"`
}

func (f filter) matches(e Event) bool {
	is := func(t string) bool { return strings.EqualFold(t, e.Type) }
	subject := strings.ToLower(e.Subject)
	return (len(f.IncludedEventTypes) == 0 || slices.ContainsFunc(f.IncludedEventTypes, is)) &&
		strings.HasPrefix(subject, strings.ToLower(f.SubjectBeginsWith)) &&
		strings.HasSuffix(subject, strings.ToLower(f.SubjectEndsWith))
}

// properties are those of a subscription on the wire. The whole endpoint is only written, never read: its query
// may be a secret.
type properties struct {
	Topic             string      `json:"topic"`
	ProvisioningState state       `json:"provisioningState"`
	Destination       destination `json:"destination"`
	Filter            filter      `json:"filter"`
	Schema            schema      `json:"eventDeliverySchema"`
	RetryPolicy       retryPolicy `json:"retryPolicy"`
}

type destination struct {
	EndpointType string `json:"endpointType"`
	Properties   struct {
		EndpointURL     string `json:"endpointUrl,omitempty"`
		EndpointBaseURL string `json:"endpointBaseUrl"`
		// Attributes are headers that come with each event.
		Attributes []attribute `json:"deliveryAttributeMappings,omitempty"`
	} `json:"properties"`
}

// attribute is a header with a fixed value.
type attribute struct {
	Name       string `json:"name"`
	Type       string `json:"type"`
	Properties struct {
		Value    string `json:"value,omitempty"`
		IsSecret bool   `json:"isSecret"`
	} `json:"properties"`
}

// Limits of attributes, those that Event Grid has.
const (
	maxAttributes = 10
	maxAttribute  = 4096
)

// checkAttributes says what is wrong with the headers that a PUT asks for.
func checkAttributes(all []attribute) *wire.Error {
	if len(all) > maxAttributes {
		return wire.Errorf(http.StatusBadRequest, "InvalidRequest", "There are %d deliveryAttributeMappings; there can be %d.", len(all), maxAttributes)
	}
	for _, a := range all {
		if !strings.EqualFold(a.Type, "Static") {
			return wire.Errorf(http.StatusBadRequest, "InvalidRequest", "Delivery attributes of the type '%s' are not served here, only Static.", a.Type)
		}
		value := a.Properties.Value
		if !validName(strings.ReplaceAll(a.Name, "-", "x")) || strings.HasPrefix(strings.ToLower(a.Name), "aeg-") ||
			value == "" || len(value) > maxAttribute || strings.ContainsAny(value, "\r\n\x00") {
			return wire.Errorf(http.StatusBadRequest, "InvalidRequest", "The delivery attribute '%s' is not valid.", a.Name)
		}
	}
	return nil
}

// withoutSecrets are the attributes as they may be read.
func withoutSecrets(all []attribute) []attribute {
	shown := slices.Clone(all)
	for i := range shown {
		if shown[i].Properties.IsSecret {
			shown[i].Properties.Value = "Hidden"
		}
	}
	return shown
}

type retryPolicy struct {
	MaxDeliveryAttempts      int `json:"maxDeliveryAttempts"`
	EventTimeToLiveInMinutes int `json:"eventTimeToLiveInMinutes"`
}

// Register adds the address at which a person proves a webhook that cannot answer the handshake.
func (b *Broker) Register(mux *http.ServeMux) { mux.HandleFunc("GET "+validatePath, b.validate) }

// ServeHTTP answers {topic}/providers/Microsoft.EventGrid/eventSubscriptions[/{name}]. Whether the caller may
// ask and whether the topic exists is checked before; the action is that of [wire.Operation] for [Provider]. A
// PUT returns after the handshake with the webhook.
func (b *Broker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	topic, rest, ok := wire.Extension(r.URL.Path, Provider)
	if !ok || len(rest) > 2 || !strings.EqualFold(rest[0], "eventSubscriptions") {
		wire.Errorf(http.StatusNotFound, "ResourceNotFound", "No resource of %s is served at %s.", Provider, r.URL.Path).Write(w)
		return
	}
	read := r.Method == http.MethodGet || r.Method == http.MethodHead
	switch {
	case read && len(rest) == 1:
		b.list(w, topic)
	case read:
		b.get(w, topic, rest[1])
	case r.Method == http.MethodPut && len(rest) == 2:
		b.put(w, r, topic, rest[1])
	case r.Method == http.MethodDelete && len(rest) == 2:
		b.remove(w, topic, rest[1])
	default:
		wire.Errorf(http.StatusMethodNotAllowed, "MethodNotAllowed", "The method %s is not served for %s.", r.Method, r.URL.Path).Write(w)
	}
}

func (b *Broker) list(w http.ResponseWriter, topic string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	value := []any{}
	for _, key := range slices.Sorted(maps.Keys(b.subs)) {
		if s := b.subs[key]; strings.EqualFold(s.topic, topic) {
			value = append(value, s.render())
		}
	}
	wire.JSON(w, http.StatusOK, map[string]any{"value": value})
}

func (b *Broker) get(w http.ResponseWriter, topic, name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.subs[key(topic, name)]
	if s == nil {
		wire.Errorf(http.StatusNotFound, "ResourceNotFound", "Event subscription doesn't exist.").Write(w)
		return
	}
	wire.JSON(w, http.StatusOK, s.render())
}

func (b *Broker) put(w http.ResponseWriter, r *http.Request, topic, name string) {
	var body struct {
		Properties properties `json:"properties"`
	}
	if err := wire.Read(w, r, &body); err != nil {
		err.Write(w)
		return
	}
	s, err := newSettings(topic, name, body.Properties)
	if err != nil {
		err.Write(w)
		return
	}
	code := wire.NewGUID()
	query := url.Values{"topic": {s.topic}, "name": {s.name}, "code": {code}}
	s.validation = validation{code: code, url: wire.Base(r) + validatePath + "?" + query.Encode()}
	s.asked = time.Now()
	st, failure := b.handshake(r.Context(), s.topic, s.target, s.validation)
	if failure != nil {
		wire.Errorf(http.StatusBadRequest, "Endpoint validation",
			"Webhook validation handshake failed for %s: %v.", baseOf(s.endpoint), failure).Write(w)
		return
	}
	s.state = st

	b.mu.Lock()
	defer b.mu.Unlock()
	sub := b.subs[key(topic, name)]
	if sub == nil {
		sub = &subscription{}
		b.subs[key(topic, name)] = sub
	}
	sub.settings = s
	b.nudge()
	wire.JSON(w, http.StatusCreated, sub.render())
}

// newSettings checks what a PUT asks for, before the handshake.
func newSettings(topic, name string, p properties) (settings, *wire.Error) {
	invalid := func(format string, args ...any) (settings, *wire.Error) {
		return settings{}, wire.Errorf(http.StatusBadRequest, "InvalidRequest", format, args...)
	}
	if !validName(name) {
		return invalid("The event subscription name '%s' is not valid: 3 to 64 letters, digits and dashes.", name)
	}
	if !strings.EqualFold(p.Destination.EndpointType, "WebHook") {
		return invalid("The endpoint type '%s' is not served here, only WebHook.", p.Destination.EndpointType)
	}
	endpoint := p.Destination.Properties.EndpointURL
	if !isLoopback(endpoint) {
		return invalid("The endpointUrl must be an http or https address of this machine: the emulator sends events to loopback only.")
	}
	form := cmp.Or(p.Schema, eventGridSchema)
	if form != eventGridSchema && form != cloudEvents {
		return invalid("The eventDeliverySchema '%s' is not served here, only %s and %s.", form, eventGridSchema, cloudEvents)
	}
	if err := checkAttributes(p.Destination.Properties.Attributes); err != nil {
		return settings{}, err
	}
	if len(p.Filter.AdvancedFilters) > 0 {
		return invalid("Advanced filters are not served here.")
	}
	attempts, minutes := cmp.Or(p.RetryPolicy.MaxDeliveryAttempts, 30), cmp.Or(p.RetryPolicy.EventTimeToLiveInMinutes, 1440)
	if attempts < 1 || attempts > 30 || minutes < 1 || minutes > 1440 {
		return invalid("The retryPolicy is out of range: 1 to 30 attempts in 1 to 1440 minutes.")
	}
	return settings{
		target: target{name: name, endpoint: endpoint, schema: form, attributes: p.Destination.Properties.Attributes},
		topic:  topic, filter: p.Filter, maxAttempts: attempts, life: time.Duration(minutes) * time.Minute,
	}, nil
}

func (b *Broker) remove(w http.ResponseWriter, topic, name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.subs[key(topic, name)] == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	delete(b.subs, key(topic, name))
	w.WriteHeader(http.StatusOK)
}

// validate is the manual handshake: whoever got the validation event opens its URL within five minutes.
func (b *Broker) validate(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.subs[key(q.Get("topic"), q.Get("name"))]
	if s == nil || !s.validation.provenBy(q.Get("code")) || time.Since(s.asked) > manual {
		wire.Errorf(http.StatusNotFound, "ResourceNotFound", "There is nothing to validate: the code is wrong or too old.").Write(w)
		return
	}
	s.state = succeeded
	wire.JSON(w, http.StatusOK, "Webhook successfully validated as a subscription endpoint.")
}

func (s settings) render() any {
	p := properties{
		Topic: s.topic, ProvisioningState: s.state, Filter: s.filter, Schema: s.schema,
		Destination: destination{EndpointType: "WebHook"},
		RetryPolicy: retryPolicy{s.maxAttempts, int(s.life / time.Minute)},
	}
	p.Destination.Properties.EndpointBaseURL = baseOf(s.endpoint)
	p.Destination.Properties.Attributes = withoutSecrets(s.attributes)
	return map[string]any{
		"id":         strings.TrimSuffix(s.topic, "/") + "/providers/" + Provider + "/eventSubscriptions/" + s.name,
		"name":       s.name,
		"type":       Provider + "/eventSubscriptions",
		"properties": p,
	}
}

func key(topic, name string) string { return strings.ToLower(wire.Scope(topic) + "\n" + name) }

func validName(name string) bool {
	odd := func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-'
	}
	return len(name) >= 3 && len(name) <= 64 && !strings.ContainsFunc(name, odd)
}

// isLoopback tells whether an address is one of this machine by its looks. Names are checked again when they
// are connected to.
func isLoopback(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return false
	}
	host := u.Hostname()
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// baseOf is an address without its query and whatever else may be secret in it.
func baseOf(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host + u.EscapedPath()
}
