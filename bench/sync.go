package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"apicenter/e2e/system"
)

// firstSync measures from the request that makes the link to the end of its first pass.
func (s *stage) firstSync(ctx context.Context, bench string) (figure, error) {
	f, err := s.measure(ctx, bench, func() error {
		if err := s.center.Link(ctx, linkName, s.source.Ready.APIMID); err != nil {
			return err
		}
		_, err := s.center.Synced(ctx, linkName, 0)
		return err
	})
	if err != nil {
		return figure{}, err
	}
	return f, s.tally(ctx, &f)
}

// unchangedPass measures a whole pass that finds nothing.
func (s *stage) unchangedPass(ctx context.Context) (figure, error) {
	last, err := s.center.LastRun(ctx, linkName)
	if err != nil {
		return figure{}, err
	}
	return s.measure(ctx, "unchanged-pass", func() error {
		if err := s.center.Sync(ctx, linkName, ""); err != nil {
			return err
		}
		_, err := s.center.Synced(ctx, linkName, last)
		return err
	})
}

// changes is how often one-change is done; the slowest counts.
const changes = 5

// oneChange changes one API at the source, its title and its document, asks for
// a pass of that one, and measures until a reader sees it.
func (s *stage) oneChange(ctx context.Context) (figure, error) {
	var slowest figure
	for k := range changes {
		copied := (2*k + 1) * s.corpus.n / (2 * changes)
		f, err := s.change(ctx, copied, fmt.Sprintf("%s changed %d", rareWord(copied), k))
		if err != nil {
			return figure{}, err
		}
		progress("one-change %d: %.3f s", k, *f.WallS)
		if slowest.WallS == nil || *f.WallS > *slowest.WallS {
			slowest = f
		}
	}
	return slowest, nil
}

// subject is an API that is changed: at the source, and here.
type subject struct {
	from     system.SourceAPI
	document []byte // of the source
	api      system.Thing
}

func (s *stage) subject(ctx context.Context, copied int) (one subject, err error) {
	if one.from, err = s.sourceOf(ctx, copied); err != nil {
		return one, err
	}
	if one.document, err = s.source.Export(ctx, one.from.Name); err != nil {
		return one, err
	}
	one.api, err = s.find(ctx, copied)
	return one, err
}

// titled is the document of an API with another title.
func (one subject) titled(title string) ([]byte, error) {
	start, end, err := titleIn(one.document)
	if err != nil {
		return nil, err
	}
	quoted, err := json.Marshal(title)
	return bytes.Join([][]byte{one.document[:start], quoted, one.document[end:]}, nil), err
}

// retitle changes the title of an API at the source, and its document.
func (s *stage) retitle(ctx context.Context, one subject, title string) error {
	document, err := one.titled(title)
	if err != nil {
		return err
	}
	one.from.Properties.DisplayName = title
	return s.source.Import(ctx, one.from, document)
}

func (s *stage) change(ctx context.Context, copied int, title string) (figure, error) {
	one, err := s.subject(ctx, copied)
	if err != nil {
		return figure{}, err
	}
	if err := s.retitle(ctx, one, title); err != nil {
		return figure{}, err
	}
	f, err := s.measure(ctx, "one-change", func() error {
		if err := s.center.Sync(ctx, linkName, one.from.Name); err != nil {
			return err
		}
		within, stop := context.WithTimeout(ctx, time.Minute)
		defer stop()
		return system.Poll(within, "the change to be seen", func() (bool, error) {
			now, err := s.center.Get(ctx, one.api.ID)
			return err == nil && now.Title() == title, err
		})
	})
	if err != nil {
		return figure{}, err
	}
	definition, err := s.definitionOf(ctx, one.api.ID)
	if err != nil {
		return figure{}, err
	}
	got, err := s.center.Export(ctx, definition)
	if err != nil {
		return figure{}, err
	}
	if document, err := one.titled(title); err != nil || !bytes.Equal(got, document) {
		return figure{}, cmp.Or(err, fmt.Errorf("%s shows the new title with another document than the new one", one.api.ID))
	}
	return f, err
}

// sourceOf finds an API at the source by the word in its title that no other has.
func (s *stage) sourceOf(ctx context.Context, copied int) (system.SourceAPI, error) {
	apis, err := s.source.Current(ctx)
	if err != nil {
		return system.SourceAPI{}, err
	}
	for _, a := range apis {
		if strings.HasPrefix(a.Properties.DisplayName, rareWord(copied)+" ") {
			return a, nil
		}
	}
	return system.SourceAPI{}, fmt.Errorf("no API at the source is called %s…", rareWord(copied))
}

// find finds an API of the center by the word in its title that no other has.
func (s *stage) find(ctx context.Context, copied int) (system.Thing, error) {
	found, err := s.center.List(ctx, s.center.Workspace()+"/apis?$search="+url.QueryEscape(rareWord(copied)))
	if err == nil && len(found) != 1 {
		err = fmt.Errorf("a search for %s finds %d APIs, want 1", rareWord(copied), len(found))
	}
	if err != nil {
		return system.Thing{}, err
	}
	return found[0], nil
}

// definitionOf is the path of the one definition of an API.
func (s *stage) definitionOf(ctx context.Context, api string) (string, error) {
	at := api
	for _, collection := range []string{"/versions", "/definitions"} {
		below, err := s.center.List(ctx, at+collection)
		if err == nil && len(below) != 1 {
			err = fmt.Errorf("%s%s has %d, want 1", at, collection, len(below))
		}
		if err != nil {
			return "", err
		}
		at = below[0].ID
	}
	return at, nil
}
