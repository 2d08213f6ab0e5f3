package azure

import (
	"context"
	"errors"
	"iter"
	"time"
)

// maxPages bounds a listing: no source that we know has a tenth of it.
const maxPages = 10_000

// Page is one page of a list, as ARM writes it.
type Page[T any] struct {
	Value    []T    `json:"value"`
	Count    *int   `json:"count"` // of all pages; not every list gives it
	NextLink string `json:"nextLink"`

	Asked time.Time `json:"-"` // when the request for it began
}

// ErrEndless says that a listing went round in circles, or further than any can.
var ErrEndless = errors.New("the pages of the list do not come to an end")

// ReadPage reads one page.
func ReadPage[T any](ctx context.Context, c *Client, address string) (Page[T], error) {
	asked := c.now()
	p, err := Read[Page[T]](ctx, c, address)
	p.Asked = asked
	return p, err
}

// Pages reads a list page by page along its nextLinks. An error is the last
// pair; without one, the list came to its end.
func Pages[T any](ctx context.Context, c *Client, first string) iter.Seq2[Page[T], error] {
	return func(yield func(Page[T], error) bool) {
		seen := map[string]bool{}
		for next := first; next != ""; {
			if seen[next] || len(seen) == maxPages {
				yield(Page[T]{}, ErrEndless)
				return
			}
			seen[next] = true
			p, err := ReadPage[T](ctx, c, next)
			if !yield(p, err) || err != nil {
				return
			}
			next = p.NextLink
		}
	}
}
