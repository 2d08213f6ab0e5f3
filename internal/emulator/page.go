package emulator

import (
	"net/http"
	"net/url"
	"strconv"

	"apicenter/internal/emulator/apim"
	"apicenter/internal/emulator/filter"
	"apicenter/internal/emulator/wire"
)

// defaultTop is the page size of the real product.
const defaultTop = 100

// window is what a client asked of a list.
type window struct {
	top, skip int
	filter    filter.Filter
}

func (c *call) window() (window, error) {
	win := window{top: c.server.opts.PageSize}
	for name, at := range map[string]*int{"$top": &win.top, "$skip": &win.skip} {
		s := c.query.Get(name)
		if s == "" {
			continue
		}
		n, err := strconv.Atoi(s)
		if err != nil || n < 0 || name == "$top" && n == 0 {
			return win, apim.Invalid("The value '%s' of %s is not valid.", s, name)
		}
		*at = n
	}
	f, err := filter.Parse(c.query.Get("$filter"))
	if err != nil {
		return win, wire.Errorf(http.StatusBadRequest, "ValidationError", "The $filter is not valid: %v.", err)
	}
	win.filter = f
	return win, nil
}

// rows writes the page of a list: rows in order, the count over all pages and
// the link to the next one. field says how a row answers to a filter.
func rows[T any](c *call, all []T, field func(T) func(string) string, render func(T) []byte) (reply, error) {
	win, err := c.window()
	if err != nil {
		return reply{}, err
	}
	if win.filter != nil {
		var kept []T
		for _, row := range all {
			if win.filter.Match(field(row)) {
				kept = append(kept, row)
			}
		}
		all = kept
	}
	return c.page(win, len(all), func(b []byte, i int) []byte { return append(b, render(all[i])...) }), nil
}

// page writes rows skip to skip+top of total.
func (c *call) page(win window, total int, row func(b []byte, i int) []byte) reply {
	from := min(win.skip, total)
	if from > 0 && c.server.faults.ShiftPage() {
		from++ // as if a row of an earlier page had gone: one row is never seen
	}
	to := min(from+win.top, total)
	b := make([]byte, 0, 256+(to-from)*1024)
	b = append(b, `{"value":[`...)
	for i := from; i < to; i++ {
		if i > from {
			b = append(b, ',')
		}
		b = row(b, i)
	}
	b = append(b, `],"count":`...)
	b = strconv.AppendInt(b, int64(total), 10)
	b = append(b, `,"nextLink":`...)
	next := ""
	if to < total {
		next = c.nextLink(win.top, to)
	}
	b = append(b, apim.Marshal(next)...)
	return reply{body: append(b, '}')}
}

func (c *call) nextLink(top, skip int) string {
	q := url.Values{}
	for k, v := range c.query {
		q[k] = v
	}
	q.Set("$top", strconv.Itoa(top))
	q.Set("$skip", strconv.Itoa(skip))
	return c.host() + c.URL.EscapedPath() + "?" + q.Encode()
}

// list writes a short list that is never paged.
func list[T any](all []T, render func(T) any) reply {
	value := make([]any, 0, len(all))
	for _, v := range all {
		value = append(value, render(v))
	}
	return reply{body: apim.Marshal(map[string]any{"value": value})}
}
