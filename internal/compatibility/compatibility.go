// Package compatibility tells from two documents of a definition whether the
// newer one breaks those who use the API as the older one defines it. OpenAPI
// is compared by oasdiff, GraphQL and WSDL by what is left out of them.
//
// Documents come from anywhere, and the libraries hear of no context: some
// documents of a few hundred kilobytes take minutes. So a Comparer has comparisons
// done by processes of their own, which Serve is in, and which end themselves when
// one takes too long or too much memory. One that has answered is kept for the next:
//
//	Comparer ──two documents──▶ Process: Serve ──▶ Compare
//	    ▲                          killed if it stays    │
//	    └────────────────────verdict─────────────────────┘
//
// Nothing outside of the two documents is ever read.
package compatibility

import (
	"fmt"
	"slices"

	"apicenter/internal/inventory"
	"apicenter/internal/specification"
)

// MaxSize is how large each of two documents may be.
const MaxSize = inventory.MaxCompared

// comparison gives what differs between two documents of one format, in any order.
type comparison func(old, new []byte) ([]inventory.Reason, error)

// comparisons are those that there are, by format.
var comparisons = map[string]comparison{"openapi": openAPI, "graphql": graphQL, "wsdl": wsdl}

// Compare compares two documents, however long that takes.
func Compare(old, new []byte) inventory.Compatibility {
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
