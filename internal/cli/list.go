package cli

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/spf13/cobra"
)

// listing is the flags of a list.
type listing struct {
	filter, search, token string
	top, most             int
	past                  instant
}

func (l *listing) flags(cmd *cobra.Command, search bool) {
	f := cmd.Flags()
	f.StringVar(&l.filter, "filter", "", `only those for which this holds, in OData: "name eq 'x'"`)
	f.IntVar(&l.top, "top", 0, "the first so many, in one request")
	l.pageFlags(cmd)
	if search {
		f.StringVar(&l.search, "search", "", "only those that speak of this")
	}
	cmd.MarkFlagsMutuallyExclusive("top", "max-items")
	cmd.MarkFlagsMutuallyExclusive("top", "next-token")
}

func (l *listing) pageFlags(cmd *cobra.Command) {
	cmd.Flags().IntVar(&l.most, "max-items", 0, "at most so many, in as many requests as it takes (default all)")
	cmd.Flags().StringVar(&l.token, "next-token", "", "go on where an earlier --max-items ended, which said this `token`")
}

// read gives the items of the list at path. When --max-items leaves some out,
// it says on the error stream how to go on.
func (l *listing) read(ctx context.Context, cmd *cobra.Command, s *session, path, version string) ([]object, error) {
	query, err := l.past.query(cmd)
	if err != nil {
		return nil, err
	}
	for name, value := range map[string]string{"$filter": l.filter, "$search": l.search} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if l.top > 0 {
		query.Set("$top", strconv.Itoa(l.top))
	}
	if l.most == 0 && l.token == "" {
		return s.some(ctx, path, version, query, l.top)
	}
	from := place{Query: query.Encode()}
	if l.token != "" {
		var err error
		if from, err = parsePlace(l.token); err != nil {
			return nil, usage(cmd, "--next-token %q is not one that a list has said", l.token)
		}
	}
	items, next, err := s.part(ctx, path, version, from, l.most)
	if err == nil && next != "" {
		fmt.Fprintf(s.streams.Err, "There is more: --next-token %s\n", next)
	}
	return items, err
}

func (l *listing) check(cmd *cobra.Command) error {
	if l.top < 0 || l.most < 0 {
		return usage(cmd, "--top and --max-items cannot be negative")
	}
	return nil
}

// place is where a list was left: the query of a page, and how many of its
// items have been seen.
type place struct {
	Query string `json:"q"`
	Seen  int    `json:"n,omitempty"`
}

func (p place) token() string {
	text, err := json.Marshal(p)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

func parsePlace(token string) (p place, err error) {
	text, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return p, err
	}
	if err := json.Unmarshal(text, &p); err != nil {
		return p, err
	}
	_, err = url.ParseQuery(p.Query)
	return p, err
}

// maxParts is how many pages of one list are read.
const maxParts = 10_000

// part reads n items from a place of a list on, all with n = 0, and gives the
// token of the place where it ended, "" at the end of the list. Of the address
// of a next page only the query is used, so that the token stays at home.
func (s *session) part(ctx context.Context, path, version string, from place, n int) ([]object, string, error) {
	var items []object
	for range maxParts {
		query, err := url.ParseQuery(from.Query)
		if err != nil {
			return nil, "", failed("", "the center names a next page that is none")
		}
		query.Del("api-version")
		a, err := s.do(ctx, call{method: http.MethodGet, path: path, version: version, query: query})
		if err != nil {
			return nil, "", err
		}
		answer, err := a.object()
		if err != nil {
			return nil, "", err
		}
		page := answer.objects("value")
		page = page[min(from.Seen, len(page)):]
		if n > 0 && len(items)+len(page) > n {
			used := n - len(items)
			from.Seen += used
			return append(items, page[:used]...), from.token(), nil
		}
		items = append(items, page...)
		u, err := url.Parse(answer.text("nextLink"))
		switch {
		case err != nil || u.RawQuery == from.Query && u.RawQuery != "":
			return nil, "", failed("", "the center names a next page that is none")
		case u.RawQuery == "":
			return items, "", nil
		}
		from = place{Query: u.RawQuery}
		if n > 0 && len(items) == n {
			return items, from.token(), nil
		}
	}
	return nil, "", failed("ask for less, with --filter or --max-items", "the list has more than %d pages", maxParts)
}

// listCommand is the verb `list` of k.
func (k kind) listCommand(c *connection) *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List the " + k.plural, Example: k.example("list")}
	parents := k.flags(cmd, c, len(k.steps)-1)
	var l listing
	l.flags(cmd, k.search)
	l.past.flag(cmd)
	return leaf(cmd, func(cmd *cobra.Command) error {
		if err := l.check(cmd); err != nil {
			return err
		}
		s, err := c.open(cmd.Context(), cmd)
		if err != nil {
			return err
		}
		items, err := l.read(cmd.Context(), cmd, s, s.at(k, parents), k.version)
		if err != nil {
			return err
		}
		return s.print.list(items, k.columns)
	})
}

// top is the flag of a list that begins with the newest.
type top struct{ n int }

func topFlag(cmd *cobra.Command, usual int, usage string) *top {
	t := &top{}
	cmd.Flags().IntVar(&t.n, "top", usual, usage)
	return t
}

func (t *top) check(cmd *cobra.Command) error {
	if t.n < 1 {
		return usage(cmd, "--top must be at least 1")
	}
	return nil
}

// some reads the first n objects of a list; all with n = 0.
func (s *session) some(ctx context.Context, path, version string, query url.Values, n int) ([]object, error) {
	var items []object
	for o, err := range s.all(ctx, path, version, query) {
		if err != nil {
			return nil, err
		}
		items = append(items, o)
		if len(items) == n {
			break
		}
	}
	return items, nil
}
