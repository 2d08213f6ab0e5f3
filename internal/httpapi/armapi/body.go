package armapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"unicode/utf8"

	"apicenter/internal/arm"
	"apicenter/internal/inventory"
)

// maxDepth bounds how deep a body may nest. What is stored is read by the
// database's own JSON functions, whose bound is far beyond it.
const maxDepth = 64

// readBody reads a body that must be a JSON object in UTF-8, of reasonable depth.
func readBody(r *request) ([]byte, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, fmt.Errorf("read the request's body: %w", err)
	}
	switch {
	case len(body) == 0:
		return nil, invalidContent("the body is empty; send a JSON object")
	case !utf8.Valid(body):
		return nil, invalidContent("the body is not UTF-8")
	case arm.Depth(body) > maxDepth:
		return nil, invalidContent("the body nests deeper than %d", maxDepth)
	case !bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("{")):
		return nil, invalidContent("the body cannot be read: it is not a JSON object")
	}
	return body, nil
}

// decode reads the body into v. An empty body is taken as {} where all is optional.
func decode(r *request, v any) error {
	if r.ContentLength == 0 {
		return nil
	}
	body, err := readBody(r)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, v); err != nil {
		return invalidContent("the body is not the JSON object that is expected here: %v", err)
	}
	return nil
}

func invalidContent(format string, args ...any) error {
	return arm.Errorf(http.StatusBadRequest, arm.CodeInvalidContent, format, args...)
}

// docOf takes the properties out of a body, as the inventory knows them. What
// is Azure's envelope, or read-only, is ignored.
func docOf(k inventory.Kind, body []byte) (inventory.Doc, error) {
	var envelope struct {
		Properties json.RawMessage `json:"properties"`
	}
	if err := json.Unmarshal(body, &envelope); err != nil {
		return nil, invalidContent("the body is not a JSON object with properties: %v", err)
	}
	if k == inventory.KindService {
		return inventory.ParseDoc(body) // what people set of a service stands in the envelope itself
	}
	if len(envelope.Properties) == 0 {
		envelope.Properties = json.RawMessage("{}")
	}
	if k == inventory.KindLink {
		return linkDoc(envelope.Properties)
	}
	if k == inventory.KindWebhook {
		return webhookDoc(envelope.Properties)
	}
	return inventory.ParseDoc(envelope.Properties)
}
