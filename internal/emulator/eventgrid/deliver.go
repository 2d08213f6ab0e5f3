package eventgrid

import (
	"bytes"
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"apicenter/internal/emulator/wire"
)

// origin is the name by which Event Grid asks a CloudEvents webhook for leave.
const origin = "eventgrid.azure.net"

// maxAnswer bounds what is read of a webhook's answer.
const maxAnswer = 64 << 10

// schema is the form of events that a subscription asks for.
type schema string

const (
	eventGridSchema schema = "EventGridSchema"
	cloudEvents     schema = "CloudEventSchemaV1_0"
)

// target is where and how a subscription wants its events.
type target struct {
	name     string
	endpoint string
	schema   schema
	// attributes come with events, and not with the handshake.
	attributes []attribute
}

// outcome is what an attempt came to.
type outcome int

const (
	failed   outcome = iota // worth another attempt
	accepted                // delivered
	refused                 // lost: the webhook does not want it
)

// gridEvent is the Event Grid schema.
type gridEvent struct {
	ID              string `json:"id"`
	Topic           string `json:"topic"`
	Subject         string `json:"subject"`
	EventType       string `json:"eventType"`
	EventTime       string `json:"eventTime"`
	Data            any    `json:"data"`
	DataVersion     string `json:"dataVersion"`
	MetadataVersion string `json:"metadataVersion"`
}

// cloudEvent is the CloudEvents 1.0 schema.
type cloudEvent struct {
	ID          string `json:"id"`
	Source      string `json:"source"`
	Subject     string `json:"subject"`
	Type        string `json:"type"`
	Time        string `json:"time"`
	Data        any    `json:"data"`
	SpecVersion string `json:"specversion"`
}

// data is all that an event of API Management says: neither old nor new values.
type data struct {
	ResourceURI string `json:"resourceUri"`
}

// body writes the event as one delivery has it: Event Grid's schema in a list of one, a CloudEvent by itself.
func (d *delivery) body(s schema) (contentType string, body any) {
	topic, at, what := wire.Scope(d.Topic), stamp(d.happened), data{d.ResourceURI}
	if s == cloudEvents {
		return "application/cloudevents+json; charset=utf-8",
			cloudEvent{ID: d.id, Source: topic, Subject: d.Subject, Type: d.Type, Time: at, Data: what, SpecVersion: "1.0"}
	}
	return "application/json; charset=utf-8", []gridEvent{{
		ID: d.id, Topic: topic, Subject: d.Subject, EventType: d.Type, EventTime: at, Data: what,
		DataVersion: "1", MetadataVersion: "1",
	}}
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.0000000Z") }

// send makes one attempt to deliver an event.
func (b *Broker) send(ctx context.Context, to target, d *delivery) outcome {
	contentType, body := d.body(to.schema)
	header := http.Header{
		"Content-Type":         {contentType},
		"Aeg-Event-Type":       {"Notification"},
		"Aeg-Delivery-Count":   {strconv.Itoa(d.attempts)},
		"Aeg-Data-Version":     {"1"},
		"Aeg-Metadata-Version": {"1"},
	}
	if to.schema == cloudEvents {
		header.Set("Origin", origin)
	}
	for _, a := range to.attributes {
		header.Set(a.Name, a.Properties.Value)
	}
	status, _, _, err := b.call(ctx, http.MethodPost, to, header, body)
	switch {
	case err != nil:
		return failed
	case status >= http.StatusOK && status <= http.StatusNoContent:
		return accepted
	}
	switch status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusRequestEntityTooLarge:
		return refused
	}
	return failed
}

// validation is the proof that a webhook wants events.
type validation struct {
	code string
	url  string // where a person can prove it instead
}

// handshake asks a webhook for its leave in the way of the schema. It returns the state that the subscription
// has then, or what is wrong with the answer.
func (b *Broker) handshake(ctx context.Context, topic string, to target, v validation) (state, error) {
	if to.schema == cloudEvents {
		return b.askOrigin(ctx, to, v)
	}
	header := http.Header{"Content-Type": {"application/json; charset=utf-8"}, "Aeg-Event-Type": {"SubscriptionValidation"}}
	status, _, answer, err := b.call(ctx, http.MethodPost, to, header, []gridEvent{{
		ID: wire.NewGUID(), Topic: topic, EventType: "Microsoft.EventGrid.SubscriptionValidationEvent", EventTime: stamp(time.Now()),
		Data:        map[string]string{"validationCode": v.code, "validationUrl": v.url},
		DataVersion: "2", MetadataVersion: "1",
	}})
	if err != nil {
		return "", err
	}
	if status != http.StatusOK {
		return "", fmt.Errorf("the validation event was answered %d, not 200", status)
	}
	var said struct{ ValidationResponse string }
	if json.Unmarshal(answer, &said) != nil || said.ValidationResponse == "" {
		return awaiting, nil
	}
	if !v.provenBy(said.ValidationResponse) {
		return "", errors.New("the validation event was answered with another code")
	}
	return succeeded, nil
}

// askOrigin is the handshake of CloudEvents webhooks.
func (b *Broker) askOrigin(ctx context.Context, to target, v validation) (state, error) {
	status, header, _, err := b.call(ctx, http.MethodOptions, to, http.Header{
		"Webhook-Request-Origin":   {origin},
		"Webhook-Request-Callback": {v.url},
		"Webhook-Request-Rate":     {"120"},
	}, nil)
	if err != nil {
		return "", err
	}
	allowed := header.Get("WebHook-Allowed-Origin")
	switch {
	case status != http.StatusOK:
		return "", fmt.Errorf("the OPTIONS request was answered %d, not 200", status)
	case allowed == "":
		return awaiting, nil
	case allowed != "*" && !strings.EqualFold(allowed, origin):
		return "", fmt.Errorf("the OPTIONS request was answered with WebHook-Allowed-Origin '%s', not '%s'", allowed, origin)
	}
	return succeeded, nil
}

func (v validation) provenBy(code string) bool {
	return v.code != "" && subtle.ConstantTimeCompare([]byte(v.code), []byte(code)) == 1
}

// call sends one request to a webhook.
func (b *Broker) call(ctx context.Context, method string, to target, header http.Header, body any) (int, http.Header, []byte, error) {
	var content io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return 0, nil, nil, err
		}
		content = bytes.NewReader(encoded)
	}
	r, err := http.NewRequestWithContext(ctx, method, to.endpoint, content)
	if err != nil {
		return 0, nil, nil, err
	}
	r.Header = header
	r.Header.Set("Aeg-Subscription-Name", strings.ToUpper(to.name))
	answer, err := b.client.Do(r)
	if err != nil {
		return 0, nil, nil, withoutQuery(err)
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	return answer.StatusCode, answer.Header, said, err
}

// withoutQuery takes the address off an error of the client: its query is the secret of the webhook.
func withoutQuery(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}
