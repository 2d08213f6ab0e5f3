package apim

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"apicenter/internal/azure"
	"apicenter/internal/inventory"
	"apicenter/internal/source"
	"apicenter/internal/specification"
)

const (
	headSize  = 64 << 10        // of a document that is looked at; an answer with a link is far smaller
	fetchTime = 4 * time.Minute // a link is valid for five
)

// errNeither is an export that gave neither a link nor a document.
var errNeither = errors.New("the export answered with neither a link nor a document")

// document is the document of an API, to be fetched when its mark has changed.
func (c *connector) document(r *row, f form) *source.Document {
	s, name := r.space, r.Name
	return &source.Document{Mark: r.mark(), Open: func(ctx context.Context) (source.Content, error) {
		content, err := c.fetch(ctx, s.api(name), f)
		return content, c.documentFault(name, err)
	}}
}

// fetch opens a document and looks at its head to say what it is.
func (c *connector) fetch(ctx context.Context, api string, f form) (source.Content, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	body, err := c.openDocument(ctx, api, f)
	if err != nil {
		cancel()
		return source.Content{}, err
	}
	capped := bufio.NewReaderSize(&capReader{r: body, left: c.MaxDocument, limit: c.MaxDocument}, headSize)
	head, err := capped.Peek(headSize)
	if err != nil && err != io.EOF {
		err = errors.Join(err, body.Close())
		cancel()
		return source.Content{}, err
	}
	states := inventory.Doc{}
	states.Set("/specification", specificationOf(f, head))
	return source.Content{ReadCloser: &documentBody{capped, body, cancel}, States: states}, nil
}

func (c *connector) openDocument(ctx context.Context, api string, f form) (io.ReadCloser, error) {
	switch {
	case f.schema != "":
		return c.schema(ctx, api, f.schema)
	case f.definition == "wsdl":
		return c.export(ctx, api, "wsdl-link")
	}
	// The service cannot write every API as OpenAPI 3, but may still know an
	// older way to tell it.
	return c.export(ctx, api, "openapi+json-link", "openapi-link", "swagger-link")
}

// export asks for the document in the first of the formats that the source can
// write. What it answers to the first is its error.
func (c *connector) export(ctx context.Context, api string, formats ...string) (io.ReadCloser, error) {
	var refusal error
	for _, format := range formats {
		body, err := c.exportAs(ctx, api, format)
		if refusal == nil {
			refusal = err
		}
		if err == nil || !unwritable(err) {
			return body, err
		}
	}
	return nil, refusal
}

// unwritable says that the source cannot write the API in this format; not that
// it may not be asked, nor that it is busy.
func unwritable(err error) bool {
	return refused(err) && status(err) != http.StatusForbidden
}

// exportAs asks for the document in one format and follows the link. A link that
// has run out meanwhile is asked for once more.
func (c *connector) exportAs(ctx context.Context, api, format string) (io.ReadCloser, error) {
	for again := false; ; again = true {
		link, inline, err := c.askExport(ctx, api, format)
		if err != nil || inline != nil {
			return inline, err
		}
		resp, err := c.links.Get(ctx, link)
		switch s := status(err); {
		case err == nil && resp.ContentLength > c.MaxDocument:
			return nil, errors.Join(tooLarge(c.MaxDocument), resp.Body.Close())
		case err == nil:
			return resp.Body, nil
		case s == http.StatusForbidden && !again:
		case s != 0:
			// What the store says is not what Resource Manager says: its 403 is
			// about the link, not about the role.
			return nil, fmt.Errorf("fetch what the export points to: %d %s", s, http.StatusText(s))
		default:
			return nil, err
		}
	}
}

// askExport asks for an export. The answer is a link in one of three places, or
// the document itself: as a text in the same places, or plainly.
//
//	nested   {"properties": {"value": {"link": "…"}}}   the live service
//	flat     {"value": {"link": "…"}}                   the published examples
//	bare     {"link": "…"}                              2019-12-01
//	raw      the document                               inline formats
//
// The format that the answer names is spelled differently from the one
// that was asked for, so it is not looked at.
func (c *connector) askExport(ctx context.Context, api, format string) (link string, inline io.ReadCloser, err error) {
	resp, err := c.azure.Get(ctx, c.url(api, "export", "true", "format", format))
	if err != nil {
		return "", nil, err
	}
	buffered := bufio.NewReaderSize(resp.Body, headSize)
	head, err := buffered.Peek(headSize)
	if err != nil && err != io.EOF {
		return "", nil, errors.Join(&azure.BodyError{Reason: "the answer to the export broke off"}, resp.Body.Close())
	}
	link, text := parseExport(head)
	switch {
	case link != "":
		return link, nil, resp.Body.Close()
	case text != "":
		return "", io.NopCloser(strings.NewReader(text)), resp.Body.Close()
	case looksLikeDocument(head):
		return "", &documentBody{buffered, resp.Body, func() {}}, nil
	}
	return "", nil, errors.Join(errNeither, resp.Body.Close())
}

// exportValue is what stands under "value": {"link": "…"}, or the document as a text.
type exportValue struct{ link, text string }

func (v *exportValue) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, &v.text)
	}
	var object struct {
		Link string `json:"link"`
	}
	if json.Unmarshal(data, &object) == nil { // anything else is no value of ours
		v.link = object.Link
	}
	return nil
}

// parseExport finds the link or the text in an answer.
func parseExport(body []byte) (link, text string) {
	var answer struct {
		Properties struct {
			Value exportValue `json:"value"`
		} `json:"properties"`
		Value exportValue `json:"value"`
		Link  string      `json:"link"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return "", ""
	}
	for _, found := range []exportValue{answer.Properties.Value, answer.Value, {link: answer.Link}} {
		if found != (exportValue{}) {
			return found.link, found.text
		}
	}
	return "", ""
}

// schema reads the schema that is the document of an API: of those with the
// content type, the first by name. Lists may leave the text out.
func (c *connector) schema(ctx context.Context, api, contentType string) (io.ReadCloser, error) {
	type schema struct {
		Name       string `json:"name"`
		Properties struct {
			ContentType string `json:"contentType"`
			Document    struct {
				Value string `json:"value"`
			} `json:"document"`
		} `json:"properties"`
	}
	var found *schema
	for page, err := range azure.Pages[schema](ctx, c.azure, c.url(api+"/schemas")) {
		if err != nil {
			return nil, err
		}
		for _, s := range page.Value {
			if strings.EqualFold(s.Properties.ContentType, contentType) && (found == nil || s.Name < found.Name) {
				found = &s
			}
		}
	}
	if found == nil {
		return nil, fmt.Errorf("the API has no schema of type %s", contentType)
	}
	if found.Properties.Document.Value == "" {
		whole, err := azure.Read[schema](ctx, c.azure, c.url(join(api+"/schemas", found.Name)))
		if err != nil {
			return nil, err
		}
		found = &whole
	}
	if found.Properties.Document.Value == "" {
		return nil, fmt.Errorf("schema %q of the API is empty", found.Name)
	}
	return io.NopCloser(strings.NewReader(found.Properties.Document.Value)), nil
}

// documentBody reads through a buffer and closes what is behind it.
type documentBody struct {
	io.Reader
	body   io.Closer
	cancel func()
}

func (b *documentBody) Close() error {
	defer b.cancel()
	return b.body.Close()
}

// capReader fails once more than the limit has been read.
type capReader struct {
	r           io.Reader
	left, limit int64
}

func (c *capReader) Read(p []byte) (int, error) {
	if int64(len(p)) > c.left+1 {
		p = p[:c.left+1]
	}
	n, err := c.r.Read(p)
	if c.left -= int64(n); c.left < 0 {
		return 0, tooLarge(c.limit)
	}
	return n, err
}

func tooLarge(limit int64) error {
	return fmt.Errorf("the document is larger than the limit of %d MB", limit>>20)
}

// looksLikeDocument says that a body is a document and not some other answer.
func looksLikeDocument(head []byte) bool { return specification.Sniff(head).Name != "" }

// specificationOf tells what a document is from its head. The source's own word for
// the format is another in each answer, so the document is asked.
func specificationOf(f form, head []byte) specification.Format {
	switch f.definition {
	case "graphql":
		return specification.Format{Name: "graphql"}
	case "grpc":
		return specification.Format{Name: "grpc", Version: specification.ProtoSyntax(head)}
	case "odata":
		if s := specification.Sniff(head); s.Name == "other" {
			return s
		}
		return specification.Format{Name: "other"}
	}
	if s := specification.Sniff(head); s.Name != "" {
		return s
	}
	return specification.Format{Name: f.definition}
}
