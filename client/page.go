package client

import (
	"context"
	"fmt"
	"iter"
	"net/url"
	"strconv"
)

// maxPages bounds one list.
const maxPages = 10_000

// ListOptions say what of a list is wanted. The zero value is all of it.
type ListOptions struct {
	Filter string // OData: name eq 'x'
	Search string // words; APIs only
	Top    int    // at most so many
	Skip   int    // leaves out the first
}

func (o ListOptions) query() url.Values {
	q := url.Values{}
	for name, text := range map[string]string{"$filter": o.Filter, "$search": o.Search} {
		if text != "" {
			q.Set(name, text)
		}
	}
	for name, n := range map[string]int{"$top": o.Top, "$skip": o.Skip} {
		if n > 0 {
			q.Set(name, strconv.Itoa(n))
		}
	}
	return q
}

// Items reads the list that r asks for, page by page as the items are taken.
// An error is the last pair.
func Items[T any](ctx context.Context, c *Client, r Request) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		for range maxPages {
			var p struct {
				Value    []T    `json:"value"`
				NextLink string `json:"nextLink"`
			}
			a, err := c.Do(ctx, r)
			if err == nil {
				err = a.Decode(&p)
			}
			if err != nil {
				yield(none, err)
				return
			}
			for _, it := range p.Value {
				if !yield(it, nil) {
					return
				}
			}
			if p.NextLink == "" {
				return
			}
			next, err := c.own(p.NextLink)
			if err == nil && next.String() == r.Path {
				err = fmt.Errorf("%w: it names the same page as the next one: %s", ErrFormat, next)
			}
			if err != nil {
				yield(none, err)
				return
			}
			// The link has the whole query in it.
			r.Path, r.APIVersion, r.Query = next.String(), "", nil
		}
		yield(none, fmt.Errorf("%w: the list has more than %d pages", ErrTooLarge, maxPages))
	}
}

// first ends a list after n items; with n = 0 it does not.
func first[T any](n int, items iter.Seq2[T, error]) iter.Seq2[T, error] {
	if n <= 0 {
		return items
	}
	return func(yield func(T, error) bool) {
		left := n
		for it, err := range items {
			if left--; !yield(it, err) || left == 0 {
				return
			}
		}
	}
}
