package apim

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"slices"
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
// row can be lost or doubled between two of them. The order of the rows does
// not change. So each page is asked for with a row of the one before, and has to
// have one in common with it: two stretches of the list that share a row have
// all between them, whatever came or went before and meanwhile. A first reading
// asks for pages side by side and holds them against each other in the end.
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
	if c.first && first.NextLink != "" && first.Count != nil && *first.Count > len(first.Value) && len(first.Value) > 1 {
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

// overlaps is by how many rows a page is to overlap the one before: by one, and by
// more when rows before it have gone meanwhile, so that it shares none.
var overlaps = []int{1, 10, 50}

// maxPages bounds a listing: no source that we know has a tenth of it.
const maxPages = 10_000

// inOrder reads page after page by offset. A source that pays no heed to
// offsets is read along its nextLinks.
func (c *connector) inOrder(ctx context.Context, l *listing, first azure.Page[row]) error {
	l.begin()
	if err := l.add(first); err != nil || l.stopped {
		return err
	}
	page, end := first, len(first.Value)
	for n := 0; page.NextLink != ""; n++ {
		if n == maxPages || len(page.Value) == 0 {
			return azure.ErrEndless
		}
		next, at, err := c.following(ctx, l.space, page, end)
		if err != nil {
			return err
		}
		switch err := l.add(next); {
		case errors.Is(err, errRepeated) && next.NextLink != "":
			return c.alongLinks(ctx, l, first)
		case err != nil && !errors.Is(err, errRepeated) || l.stopped:
			return err
		}
		page, end = next, at+len(next.Value)
	}
	if !l.complete() {
		return errShifted
	}
	return nil
}

// following reads the page after one that ends at an offset, and says at which it begins.
func (c *connector) following(ctx context.Context, s space, page azure.Page[row], end int) (next azure.Page[row], at int, err error) {
	for _, overlap := range overlaps {
		at = max(0, end-min(overlap, len(page.Value)))
		if next, err = azure.ReadPage[row](ctx, c.azure, c.listURL(s, "$skip", strconv.Itoa(at))); err != nil || share(page, next) {
			return next, at, err
		}
	}
	return next, at, errShifted
}

// alongLinks reads the list twice, since its pages cannot be made to overlap: a
// row that was lost between two pages of one reading is there in the other.
func (c *connector) alongLinks(ctx context.Context, l *listing, first azure.Page[row]) error {
	var before map[string]bool
	for again := range 2 {
		if again > 0 {
			var err error
			if first, err = azure.ReadPage[row](ctx, c.azure, c.listURL(l.space)); err != nil {
				return err
			}
		}
		l.begin()
		if err := l.add(first); err != nil || l.stopped {
			return err
		}
		for page, err := range azure.Pages[row](ctx, c.azure, first.NextLink) {
			if err != nil {
				return err
			}
			if err := l.add(page); err != nil || l.stopped {
				return err
			}
		}
		if !l.complete() || before != nil && !maps.Equal(before, l.seen) {
			return errShifted
		}
		before = l.seen
	}
	return nil
}

// sideBySide asks for all pages after the first at the same time. It says
// whether they overlap from the first to the last, so that the list is complete.
func (c *connector) sideBySide(ctx context.Context, l *listing, first azure.Page[row]) (settled bool, err error) {
	l.begin()
	if err := l.add(first); err != nil || l.stopped {
		return false, err
	}
	size := len(first.Value)
	pages := make([]azure.Page[row], 1+(*first.Count-2)/(size-1))
	pages[0] = first
	for p, err := range c.offsetPages(ctx, l.space, size, len(pages)-1) {
		if err != nil {
			return false, err
		}
		if err := l.add(p.Page); err != nil && !errors.Is(err, errRepeated) || l.stopped {
			return false, nil // a strange page; one after the other they may do better
		}
		pages[p.n] = p.Page
	}
	for i := 1; i < len(pages); i++ {
		if !share(pages[i-1], pages[i]) {
			return false, nil
		}
	}
	return l.complete() && pages[len(pages)-1].NextLink == "", nil
}

// offsetPage is a page with its place among all.
type offsetPage struct {
	azure.Page[row]
	n int
}

// offsetPages asks for the pages after the first, each of size rows of which the
// first is the last of the page before, some at a time, and yields them as they come.
func (c *connector) offsetPages(ctx context.Context, s space, size, pages int) iter.Seq2[offsetPage, error] {
	type result struct {
		page offsetPage
		err  error
	}
	return func(yield func(offsetPage, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var wg sync.WaitGroup
		defer wg.Wait()
		defer cancel()
		results := make(chan result)
		var next atomic.Int64
		for range min(readers, pages) {
			wg.Go(func() {
				for n := int(next.Add(1)); n <= pages; n = int(next.Add(1)) {
					page, err := azure.ReadPage[row](ctx, c.azure,
						c.listURL(s, "$top", strconv.Itoa(size), "$skip", strconv.Itoa(n*(size-1))))
					select {
					case results <- result{offsetPage{page, n}, err}:
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
				yield(offsetPage{}, ctx.Err())
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

// share says that two pages have a row in common.
func share(a, b azure.Page[row]) bool {
	for i := range slices.Backward(a.Value) { // mostly the last of the one is the first of the other
		for j := range b.Value {
			if a.Value[i].key() == b.Value[j].key() {
				return true
			}
		}
	}
	return false
}
