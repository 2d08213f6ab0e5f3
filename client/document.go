package client

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// What a document may take that comes by a link.
const (
	maxDocument      = 256 << 20
	documentPatience = 10 * time.Minute
)

// Document is a text that the center takes or gives: in Value, or where Value
// points.
type Document struct {
	Format        string         `json:"format"` // inline or link
	Value         string         `json:"value"`
	Specification *Specification `json:"specification,omitempty"` // of an import
}

// ImportSpecification gives the definition its document, and waits until the
// center has it.
func (d DefinitionRef) ImportSpecification(ctx context.Context, doc Document) error {
	return d.c.run(ctx, Request{
		Method: http.MethodPost, Path: d.path + "/importSpecification", APIVersion: stable, Body: doc,
		Patience: documentPatience,
	}, nil)
}

// ExportSpecification opens the document of the definition, byte for byte. The
// caller closes it. What comes by a link is bounded: reading past 256 MiB is
// [ErrTooLarge].
func (d DefinitionRef) ExportSpecification(ctx context.Context) (io.ReadCloser, error) {
	return d.ExportSpecificationAt(ctx, time.Time{})
}

// ExportSpecificationAt opens the document that the definition had at an instant,
// as ExportSpecification does the one that it has.
func (d DefinitionRef) ExportSpecificationAt(ctx context.Context, at time.Time) (io.ReadCloser, error) {
	var doc Document
	query := url.Values{}
	if !at.IsZero() {
		query.Set("at", at.UTC().Format(time.RFC3339Nano))
	}
	err := d.c.run(ctx, Request{
		Method: http.MethodPost, Path: d.path + "/exportSpecification", APIVersion: stable, Query: query, Patience: documentPatience,
	}, &doc)
	if err != nil {
		return nil, err
	}
	return d.c.Open(ctx, doc)
}

// Open opens a document that the center exported. A link is its own permission
// and may lead to another host, so it gets no token; and no error names it.
func (c *Client) Open(ctx context.Context, doc Document) (io.ReadCloser, error) {
	switch doc.Format {
	case "inline":
		return io.NopCloser(strings.NewReader(doc.Value)), nil
	case "link":
	default:
		return nil, fmt.Errorf("%w: a document in the format %q, which is neither inline nor link", ErrFormat, doc.Format)
	}
	u, err := c.base.Parse(doc.Value)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("%w: the link to a document is none", ErrFormat)
	}
	ctx, stop := context.WithTimeout(ctx, documentPatience)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		stop()
		return nil, fmt.Errorf("%w: the link to a document is none", ErrFormat)
	}
	req.Header.Set("User-Agent", c.agent)
	resp, err := c.http.Do(req)
	if err != nil {
		stop()
		u.Path, u.RawPath, u.RawQuery, u.Fragment, u.User = "", "", "", "", nil
		return nil, unreachable(u, err)
	}
	body := &download{Reader: &limited{from: resp.Body, left: maxDocument}, body: resp.Body, stop: stop}
	if resp.StatusCode != http.StatusOK {
		body.Close()
		return nil, fmt.Errorf("%w: it answers %s", ErrExpired, resp.Status)
	}
	return body, nil
}

// download is a document on its way.
type download struct {
	io.Reader
	body io.Closer
	stop context.CancelFunc
}

func (d *download) Close() error {
	defer d.stop()
	return d.body.Close()
}

// limited fails, where io.LimitReader would end quietly.
type limited struct {
	from io.Reader
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.from.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, fmt.Errorf("%w: a document of more than %d MiB", ErrTooLarge, maxDocument>>20)
	}
	return n, err
}
