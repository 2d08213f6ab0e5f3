package hookapi

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"

	"apicenter/internal/inventory"
	"apicenter/internal/source"
)

// event is one of Event Grid's schema or a CloudEvent. Members are read without
// regard to case, since samples of Azure's own disagree; others, and versions of
// schemas, say nothing that is needed.
type event struct {
	Topic     string `json:"topic"`     // Event Grid: the instance
	Source    string `json:"source"`    // CloudEvents: the instance
	EventType string `json:"eventType"` // Event Grid
	Type      string `json:"type"`      // CloudEvents
	Subject   string `json:"subject"`
	Data      json.RawMessage
}

// kind is the type of the event, in either schema.
func (e event) kind() string {
	if e.Type != "" {
		return e.Type
	}
	return e.EventType
}

// instance is the folded identity of what the event is of.
func (e event) instance() string {
	topic := e.Source
	if topic == "" {
		topic = e.Topic
	}
	return strings.ToLower(strings.TrimRight(topic, "/"))
}

// of is the event as kinds of sources know it.
func (e event) of() source.Event {
	var data struct {
		ResourceURI string `json:"resourceUri"`
	}
	_ = json.Unmarshal(e.Data, &data) // there may be none; the subject says the same
	return source.Event{Type: e.kind(), Subject: e.Subject, Resource: data.ResourceURI}
}

// read reads a batch: a list of events, a single one, or a CloudEvent whose
// attributes are headers. What is no event among others is left out, so that it
// does not cost the others; where there is nothing else, it is Invalid. The
// decoder bounds how deep they are nested.
func read(h http.Header, body []byte) ([]event, error) {
	if h.Get("Ce-Type") != "" {
		return []event{{Type: h.Get("Ce-Type"), Source: h.Get("Ce-Source"), Subject: h.Get("Ce-Subject"), Data: body}}, nil
	}
	elements := []json.RawMessage{body}
	if bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("[")) {
		elements = nil
		if err := json.Unmarshal(body, &elements); err != nil {
			return nil, inventory.Errorf(inventory.Invalid, "", "the body is no list of events in JSON: %v", err)
		}
	}
	var events []event
	for _, element := range elements {
		var e event
		err := json.Unmarshal(element, &e)
		switch {
		case err == nil && e.kind() != "":
			events = append(events, e)
		case len(elements) == 1:
			return nil, inventory.Errorf(inventory.Invalid, "", "the body is no event of Event Grid's schema or of CloudEvents 1.0, nor a list of them")
		}
	}
	return events, nil
}
