package apim

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"

	"apicenter/internal/azure"
	"apicenter/internal/source"
)

// readers is how many pages of a first reading are asked for at the same time.
const readers = 6

// listURL is the address of the APIs of a space. Only current revisions are
// asked for, with their version sets inside: that saves the list of the sets.
func (c *connector) listURL(s space, query ...string) string {
	return c.url(s.apis(), append([]string{"$filter", "isCurrent eq true", "expandApiVersionSet", "true"}, query...)...)
}

// spaces lists the collections of APIs that the link covers.
func (c *connector) spaces(ctx context.Context) ([]space, error) {
	if c.place.workspace != "" {
		return []space{{c.place, c.place.workspace}}, nil
	}
	spaces := []space{{place: c.place}}
	type workspace struct {
		Name string `json:"name"`
	}
	for page, err := range azure.Pages[workspace](ctx, c.azure, c.url(c.place.path+"/workspaces")) {
		switch status(err) {
		case http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed:
			return spaces, nil // the instance is there, so its tier has no workspaces
		}
		if err != nil {
			return nil, c.fault("the workspaces", err)
		}
		for _, w := range page.Value {
			spaces = append(spaces, space{c.place, w.Name})
		}
	}
	return spaces, nil
}

// rows lists the current APIs of a space, each once. An error is the last pair;
// without one the list was complete.
//
// Pages are cut by offset from a list that may change while it is read, so a
// row can be lost or doubled between two of them. A pass therefore counts what
// it saw against what the source says there is. A first reading asks for pages
// side by side, looks at the first one again after the last, and goes through
// all of them in order if anything has moved.
func (c *connector) rows(ctx context.Context, s space) iter.Seq2[*row, error] {
	return func(yield func(*row, error) bool) {
		l := &listing{space: s, yielded: map[string]bool{}, yield: yield}
		if err := c.list(ctx, l); err != nil && !l.stopped {
			yield(nil, c.listFault(s, err))
		}
	}
}

func (c *connector) list(ctx context.Context, l *listing) error {
	first, err := azure.ReadPage[row](ctx, c.azure, c.listURL(l.space))
	if err != nil {
		return err
	}
	if c.first && first.NextLink != "" && first.Count != nil && *first.Count > len(first.Value) && len(first.Value) > 0 {
		settled, err := c.sideBySide(ctx, l, first)
		if settled || l.stopped || err != nil {
			return err
		}
		if first, err = azure.ReadPage[row](ctx, c.azure, c.listURL(l.space)); err != nil {
			return err
		}
	}
	return c.inOrder(ctx, l, first)
}

// listFault sorts an error of listing a space. A workspace that is gone stalls a
// link to it; from a link to the instance it just vanished under our hands.
func (c *connector) listFault(s space, err error) error {
	if c.place.workspace != "" && status(err) == http.StatusNotFound {
		return &source.Error{Stalled: true, Message: fmt.Sprintf("workspace %s is not there", s.path()), Err: err}
	}
	return c.fault(s.what(), err)
}

// what is how errors call the list of a space.
func (s space) what() string {
	if s.workspace != "" {
		return "the APIs of workspace " + s.workspace
	}
	return "the APIs"
}

// inOrder goes from page to page along the nextLinks.
func (c *connector) inOrder(ctx context.Context, l *listing, first azure.Page[row]) error {
	l.begin()
	if err := l.add(first); err != nil || l.stopped {
		return err
	}
	if first.NextLink != "" {
		for page, err := range azure.Pages[row](ctx, c.azure, first.NextLink) {
			if err != nil {
				return err
			}
			if err := l.add(page); err != nil || l.stopped {
				return err
			}
		}
	}
	if !l.complete() {
		return errShifted
	}
	return nil
}

// sideBySide asks for all pages after the first at the same time. It says
// whether nothing moved meanwhile, so that the list is complete.
func (c *connector) sideBySide(ctx context.Context, l *listing, first azure.Page[row]) (settled bool, err error) {
	l.begin()
	if err := l.add(first); err != nil || l.stopped {
		return false, err
	}
	for page, err := range c.offsetPages(ctx, l.space, len(first.Value), *first.Count) {
		if err != nil {
			return false, err
		}
		if l.add(page) != nil || l.stopped {
			return false, nil // a strange page; nextLinks may do better than offsets
		}
	}
	again, err := azure.ReadPage[row](ctx, c.azure, c.listURL(l.space))
	if err != nil {
		return false, err
	}
	return l.complete() && maps.Equal(names(first), names(again)) && again.Count != nil && *again.Count == *first.Count, nil
}

// offsetPages asks for the pages from offset size to count, some at a time, and
// yields them as they come.
func (c *connector) offsetPages(ctx context.Context, s space, size, count int) iter.Seq2[azure.Page[row], error] {
	type result struct {
		page azure.Page[row]
		err  error
	}
	return func(yield func(azure.Page[row], error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var wg sync.WaitGroup
		defer wg.Wait()
		defer cancel()
		pages := (count - 1) / size // after the first
		results := make(chan result)
		var next atomic.Int64
		for range min(readers, pages) {
			wg.Go(func() {
				for n := int(next.Add(1)); n <= pages; n = int(next.Add(1)) {
					page, err := azure.ReadPage[row](ctx, c.azure,
						c.listURL(s, "$top", strconv.Itoa(size), "$skip", strconv.Itoa(n*size)))
					select {
					case results <- result{page, err}:
					case <-ctx.Done():
						return
					}
				}
			})
		}
		for range pages {
			select {
			case r := <-results:
				if !yield(r.page, r.err) || r.err != nil {
					return
				}
			case <-ctx.Done():
				yield(azure.Page[row]{}, ctx.Err())
				return
			}
		}
	}
}

// What may be wrong with a list as a whole. Trying again mends it.
var (
	errRepeated = errors.New("a page of the list repeats what earlier pages had")
	errNameless = errors.New("a row of the list has no name")
	errShifted  = errors.New("the list changed while it was read: the source counts other APIs than it listed")
)

// listing hands on the rows of one space, and checks each pass through its pages.
type listing struct {
	space   space
	yielded map[string]bool // handed on, in whichever pass
	yield   func(*row, error) bool
	stopped bool // the reader has had enough

	seen  map[string]bool // in this pass; revisions that are not current too
	count *int            // as the last page of this pass said
}

func (l *listing) begin() { l.seen, l.count = make(map[string]bool, len(l.yielded)), nil }

// add takes a page in and hands its new rows on.
func (l *listing) add(page azure.Page[row]) error {
	fresh := 0
	for i := range page.Value {
		r := &page.Value[i]
		key := r.key()
		if key == "" {
			return errNameless
		}
		if l.seen[key] {
			continue
		}
		l.seen[key] = true
		fresh++
		if !r.current() || l.yielded[key] {
			continue
		}
		l.yielded[key] = true
		r.space, r.asked = l.space, page.Asked
		if !l.yield(r, nil) {
			l.stopped = true
			return nil
		}
	}
	if fresh == 0 && len(page.Value) > 0 {
		return errRepeated
	}
	if page.Count != nil {
		l.count = page.Count
	}
	return nil
}

// complete says that the pass saw all the rows that the source says it has.
func (l *listing) complete() bool { return l.count == nil || *l.count <= len(l.seen) }

// names are the names on a page.
func names(p azure.Page[row]) map[string]bool {
	out := make(map[string]bool, len(p.Value))
	for i := range p.Value {
		out[p.Value[i].key()] = true
	}
	return out
}
