package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"time"

	"apicenter/e2e/system"
)

const (
	readFor = 5 * time.Second
	warmFor = 500 * time.Millisecond
	sample  = 1000 // things that are read, chosen with a seed
	top     = 20
)

// plane is one of the two ways to read the APIs of the inventory.
type plane struct{ apis, version, mark string } // mark is what each API in an answer has once

func (s *stage) control() plane {
	return plane{s.center.Workspace() + "/apis", "2024-06-01-preview", `"type":"Microsoft.ApiCenter/services/workspaces/apis"`}
}

func (s *stage) data() plane {
	return plane{"/workspaces/default/apis", "2024-02-01-preview", `"lastUpdated":"`}
}

// reads are the benches that read, by name: each prepares its requests.
var reads = []struct {
	name    string
	of      func(*stage) plane
	prepare func(*stage, context.Context, plane) ([]request, error)
}{
	{"read-list", (*stage).control, (*stage).lists},
	{"read-filter", (*stage).control, (*stage).filters},
	{"read-search", (*stage).control, (*stage).searches},
	{"read-get", (*stage).control, (*stage).gets},
	{"read-definition", (*stage).control, (*stage).definitions},
	{"data-list", (*stage).data, (*stage).lists},
	{"data-search", (*stage).data, (*stage).searches},
	{"data-get", (*stage).data, (*stage).gets},
}

func (s *stage) read(ctx context.Context, bench string, requests []request) (figure, error) {
	address := strings.TrimPrefix(s.center.Ready.Center, "http://")
	if _, err := run(address, requests, warmFor); err != nil {
		return figure{}, err
	}
	before, err := s.look()
	if err != nil {
		return figure{}, err
	}
	l, err := run(address, requests, readFor)
	if err != nil {
		return figure{}, err
	}
	after, err := s.center.Usage()
	f := newFigure(bench, s.corpus.n)
	f.used(l.wall, before, after)
	f.read(l)
	return f, err
}

// lists asks for the first page, as one who opens the catalog does.
func (s *stage) lists(_ context.Context, p plane) ([]request, error) {
	return []request{s.list(p, "", min(top, s.corpus.n))}, nil
}

// filters asks for APIs of one kind: all of them are rest.
func (s *stage) filters(_ context.Context, p plane) ([]request, error) {
	return []request{s.list(p, "&$filter="+url.PathEscape("kind eq 'rest'"), min(top, s.corpus.n))}, nil
}

func (s *stage) searches(_ context.Context, p plane) ([]request, error) {
	var out []request
	for _, q := range queries(s.corpus.n, 3*sample) {
		out = append(out, s.list(p, "&$search="+q.word, min(top, q.found)))
	}
	return out, nil
}

// gets asks for single APIs.
func (s *stage) gets(ctx context.Context, p plane) ([]request, error) {
	apis, err := s.some(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]request, len(apis))
	for i, api := range apis {
		out[i] = s.request("GET", p.apis+"/"+api.Name, p.version, "", has(`"name":"`+api.Name+`"`))
	}
	return out, nil
}

// definitions asks for the documents themselves, whole.
func (s *stage) definitions(ctx context.Context, p plane) ([]request, error) {
	apis, err := s.some(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]request, len(apis))
	for i, api := range apis {
		definition, err := s.definitionOf(ctx, api.ID)
		if err != nil {
			return nil, err
		}
		document, err := s.center.Export(ctx, definition)
		if err != nil {
			return nil, err
		}
		// The first bytes of a document are its own, and it is longer in JSON than it is.
		first, size := strings.ReplaceAll(string(document[:len(marker(0))]), `"`, `\"`), len(document)
		fact := has(`"value":"` + first)
		out[i] = s.request("POST", definition+"/exportSpecification", p.version, "", func(body []byte) error {
			if len(body) < size {
				return fmt.Errorf("%d bytes, the document alone has %d", len(body), size)
			}
			return fact(body)
		})
	}
	return out, nil
}

// some chooses APIs with a seed.
func (s *stage) some(ctx context.Context) ([]system.Thing, error) {
	apis, err := s.center.List(ctx, s.center.Workspace()+"/apis?$top=1000")
	if err != nil {
		return nil, err
	}
	if len(apis) != s.corpus.n {
		return nil, fmt.Errorf("the list has %d APIs, want %d", len(apis), s.corpus.n)
	}
	r := rand.New(rand.NewPCG(uint64(s.corpus.n), 0x73616d706c65))
	r.Shuffle(len(apis), func(i, j int) { apis[i], apis[j] = apis[j], apis[i] })
	return apis[:min(sample, len(apis))], nil
}

// list asks for a page of APIs that must have so many.
func (s *stage) list(p plane, options string, want int) request {
	return s.request("GET", p.apis, p.version, fmt.Sprintf("&$top=%d%s", top, options), func(body []byte) error {
		if got := bytes.Count(body, []byte(p.mark)); got != want {
			return fmt.Errorf("%d APIs, want %d", got, want)
		}
		return nil
	})
}

func (s *stage) request(method, path, version, options string, check func([]byte) error) request {
	raw := fmt.Appendf(nil, "%s %s?api-version=%s%s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n",
		method, path, version, options, strings.TrimPrefix(s.center.Ready.Center, "http://"), s.center.Ready.Token)
	if method == "POST" {
		raw = append(raw, "Content-Length: 0\r\n"...)
	}
	return request{append(raw, "\r\n"...), check}
}

func has(fact string) func([]byte) error {
	missing := errors.New("no " + fact)
	return func(body []byte) error {
		if !bytes.Contains(body, []byte(fact)) {
			return missing
		}
		return nil
	}
}
