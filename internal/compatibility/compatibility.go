// Package compatibility tells from two documents of a definition whether the
// newer one breaks those who use the API as the older one defines it. OpenAPI
// is compared by oasdiff, GraphQL and WSDL by what is left out of them.
//
// Documents come from anywhere. Whatever they are, a comparison ends in a
// verdict: it takes bounded time, nothing outside of the two documents is ever
// read, and a panic of a library is a verdict, too.
package compatibility

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"time"

	"apicenter/internal/inventory"
	"apicenter/internal/specification"
)

// Limits of a comparison. The library holds many times a document's size, and
// hears of no context: what it has begun, it ends.
const (
	MaxSize  = 8 << 20          // of each document
	patience = 30 * time.Second // with one comparison, and with those before it
)

// Comparer compares documents, few at a time.
type Comparer struct {
	places chan struct{} // taken by comparisons that go on, also when nobody waits any more
	lost   atomic.Int32  // of them, those that nobody waits for
	log    *slog.Logger
}

// New makes a Comparer that compares at most so many documents at once.
func New(atOnce int, log *slog.Logger) *Comparer {
	return &Comparer{places: make(chan struct{}, atOnce), log: log}
}

// Compare compares two documents. It always gives a verdict.
func (c *Comparer) Compare(ctx context.Context, old, new []byte) inventory.Compatibility {
	if max(len(old), len(new)) > MaxSize {
		return unknown("documents of more than %d MB are not compared", MaxSize>>20)
	}
	if int(c.lost.Load()) >= cap(c.places) {
		return unknown("comparisons that take too long are still under way")
	}
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	select {
	case c.places <- struct{}{}:
	case <-ctx.Done():
		return unknown("other comparisons took too long")
	}
	done := make(chan inventory.Compatibility, 1)
	go func() {
		defer func() { <-c.places }()
		done <- c.guarded(func() inventory.Compatibility { return compare(old, new) })
	}()
	select {
	case verdict := <-done:
		return verdict
	case <-ctx.Done():
		c.lost.Add(1)
		go func() {
			<-done
			c.lost.Add(-1)
		}()
		return unknown("the comparison took too long")
	}
}

// guarded turns a panic of a library into a verdict.
func (c *Comparer) guarded(f func() inventory.Compatibility) (verdict inventory.Compatibility) {
	defer func() {
		if v := recover(); v != nil {
			c.log.Error("panic while documents were compared", slog.Any("panic", v), slog.String("stack", string(debug.Stack())))
			verdict = unknown("the comparison failed by an internal error; the server's log has more")
		}
	}()
	return f()
}

// comparison gives what differs between two documents of one format, in any order.
type comparison func(old, new []byte) ([]inventory.Reason, error)

// comparisons are those that there are, by format.
var comparisons = map[string]comparison{"openapi": openAPI, "graphql": graphQL, "wsdl": wsdl}

func compare(old, new []byte) inventory.Compatibility {
	was, is := format(old), format(new)
	if was != is {
		return unknown("the format changed from %q to %q", was, is)
	}
	differences, ok := comparisons[is]
	if !ok {
		return unknown("documents of the format %q are not compared", is)
	}
	reasons, err := differences(old, new)
	if err != nil {
		return unknown("%v", err)
	}
	return judge(reasons)
}

// format is what a document is written in; "" when that is not known.
func format(data []byte) string {
	if f := specification.Sniff(data); f.Name != "" {
		return f.Name
	}
	d, err := specification.Detect("", data)
	if err != nil {
		return ""
	}
	return d.Name
}

// judge makes the verdict: those reasons first that break.
func judge(reasons []inventory.Reason) inventory.Compatibility {
	slices.SortStableFunc(reasons, func(a, b inventory.Reason) int {
		switch {
		case a.Breaking == b.Breaking:
			return 0
		case a.Breaking:
			return -1
		default:
			return 1
		}
	})
	c := inventory.Compatibility{Verdict: inventory.NonBreaking, Reasons: reasons}
	switch {
	case len(reasons) == 0:
		c.Verdict = inventory.Unaltered
	case reasons[0].Breaking:
		c.Verdict = inventory.Breaking
	}
	if c.More = max(0, len(reasons)-inventory.MaxReasons); c.More > 0 {
		c.Reasons = reasons[:inventory.MaxReasons]
	}
	for i := range c.Reasons {
		c.Reasons[i].Text = short(c.Reasons[i].Text)
		c.Reasons[i].Path = short(c.Reasons[i].Path)
	}
	return c
}

func unknown(why string, args ...any) inventory.Compatibility {
	return inventory.Compatibility{Verdict: inventory.Unjudged, Message: short(fmt.Sprintf(why, args...))}
}

// longest is how many characters are kept of a text.
const longest = 500

func short(text string) string {
	if all := []rune(text); len(all) > longest {
		return string(all[:longest-1]) + "…"
	}
	return text
}
