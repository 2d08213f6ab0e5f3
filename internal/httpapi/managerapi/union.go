package managerapi

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"apicenter/internal/arm"
	"apicenter/internal/httpapi/reply"
)

const (
	defaultPage = 1000
	maxPage     = 1000
	// unionTimeout is how long a list of ours waits for the upstream's part of it.
	unionTimeout = 15 * time.Second
	maxListBody  = 16 << 20
)

// row is one thing in a list. Things with the same id are the same; an empty id is none.
type row struct {
	id   string
	body any
}

// A list begins with ours and goes on with the upstream's. Where a page ends, its
// $skiptoken says which part comes next: a number counts ours, and upstreamToken
// stands before the query that the upstream wants to be asked next.
const upstreamToken = "up."

// list answers with a page of ours and, after the last of them, of the
// upstream's. Of things that both have, ours stand. When the upstream fails, ours
// are still answered, with a Warning.
func (h *Handler) list(w http.ResponseWriter, r *request, own []row) error {
	limit, err := pageSize(r)
	if err != nil {
		return err
	}
	from, query, err := pageStart(r, len(own))
	if err != nil {
		return err
	}
	page := []json.RawMessage{}
	for _, o := range own[from:min(from+limit, len(own))] {
		body, err := json.Marshal(o.body)
		if err != nil {
			return err
		}
		page = append(page, body)
	}
	next := ""
	switch to := from + len(page); {
	case to < len(own):
		next = strconv.Itoa(to)
	case !h.unites(r):
	case len(page) == limit:
		next = nextToken(query)
	default:
		more, token, err := h.upstreamPage(r, query, limit-len(page))
		if err != nil {
			h.leftOut(w, r, err)
		}
		next = token
		page = append(page, others(more, own)...)
	}
	return answerPage(w, page, h.nextAddress(r, next))
}

// unites says that the upstream may have a part of a list: of the roles at a
// resource of ours it has none.
func (h *Handler) unites(r *request) bool {
	return h.reaches(r) && (!strings.EqualFold(r.path.namespace(), authorization) || r.path.scope().owner() == shared)
}

// leftOut tells the caller and the log that an answer is without the upstream's part.
func (h *Handler) leftOut(w http.ResponseWriter, r *request, err error) {
	h.log.WarnContext(r.Context(), "a list is without the upstream's part", "path", r.URL.Path, "error", plain(err))
	w.Header().Set("Warning", `199 apicenter "the resource manager behind this server did not answer: what it has is left out"`)
}

func nextToken(query string) string {
	return upstreamToken + base64.RawURLEncoding.EncodeToString([]byte(query))
}

// nextAddress is where the next page is; "" after the last one.
func (h *Handler) nextAddress(r *request, token string) string {
	if token == "" {
		return ""
	}
	return reply.Base(h.publicURL, r.Request) + r.URL.EscapedPath() + "?" + arm.WithParam(r.URL.RawQuery, "$skiptoken", token)
}

func answerPage(w http.ResponseWriter, page []json.RawMessage, next string) error {
	body := []byte(arm.PageStart)
	for i, item := range page {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, item...)
	}
	reply.JSON(w, http.StatusOK, arm.AppendPage(body, next))
	return nil
}

func pageSize(r *request) (int, error) {
	text := r.param("$top")
	if text == "" {
		return defaultPage, nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 1 {
		return 0, invalid("$top", "$top %q is not a number from 1 on", text)
	}
	return min(int(n), maxPage), nil
}

// pageStart says where a page begins among ours, and what the upstream is asked
// when they are through.
func pageStart(r *request, own int) (from int, query string, err error) {
	query = r.URL.RawQuery
	token := r.param("$skiptoken")
	if token == "" {
		return 0, query, nil
	}
	if encoded, ok := strings.CutPrefix(token, upstreamToken); ok {
		decoded, err := base64.RawURLEncoding.DecodeString(encoded)
		if err == nil {
			return own, string(decoded), nil
		}
	} else if from, err := strconv.ParseInt(token, 10, 32); err == nil && from >= 0 {
		return min(int(from), own), withoutParam(query, "$skiptoken"), nil
	}
	return 0, "", invalid("$skiptoken", "$skiptoken %q is none of ours; follow nextLink as it is", token)
}

func withoutParam(query, name string) string {
	pairs := strings.Split(query, "&")
	kept := pairs[:0]
	for _, pair := range pairs {
		if _, found := arm.Param(pair, name); !found {
			kept = append(kept, pair)
		}
	}
	return strings.Join(kept, "&")
}

// upstreamPage asks the upstream for its part of a list, and gives the token of
// the next page of it.
func (h *Handler) upstreamPage(r *request, query string, room int) ([]json.RawMessage, string, error) {
	if r.param("$top") != "" {
		query = arm.WithParam(query, "$top", strconv.Itoa(room))
	}
	value, next, err := h.upstream.page(r.Context(), r, r.URL.EscapedPath(), query)
	if err != nil || next == "" {
		return value, "", err
	}
	query, err = h.upstream.nextQuery(next, r.URL.EscapedPath())
	if err != nil {
		return value, "", err
	}
	return value, nextToken(query), nil
}

// nextQuery is the query of a nextLink, which must lead to the list that it was found in.
func (u *upstream) nextQuery(nextLink, path string) (string, error) {
	next, err := url.Parse(nextLink)
	if err != nil || !u.has(next) || !strings.EqualFold(next.EscapedPath(), path) {
		return "", errors.New("the nextLink of the upstream leads elsewhere")
	}
	return next.RawQuery, nil
}

// page reads one page of a list of the upstream, as the caller. What it does not
// know, or does not show the caller, is an empty list.
func (u *upstream) page(ctx context.Context, r *request, path, query string) (value []json.RawMessage, next string, err error) {
	ctx, cancel := context.WithTimeout(ctx, unionTimeout)
	defer cancel()
	ask := &request{Request: r.Clone(ctx)}
	ask.Method, ask.Body, ask.ContentLength = http.MethodGet, http.NoBody, 0
	if ask.URL.Path, err = url.PathUnescape(path); err != nil {
		return nil, "", err
	}
	ask.URL.RawPath = path
	for _, conditional := range []string{"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "Content-Type"} {
		ask.Header.Del(conditional)
	}
	resp, err := u.send(ctx, ask, query)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound, http.StatusForbidden:
		return nil, "", nil // a place that it does not know, or that the caller may not see there
	default:
		return nil, "", fmt.Errorf("the upstream answered %s", resp.Status)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxListBody+1))
	switch {
	case err != nil:
		return nil, "", err
	case len(body) > maxListBody:
		return nil, "", fmt.Errorf("the upstream's page has more than %d bytes", maxListBody)
	}
	var page struct {
		Value    []json.RawMessage `json:"value"`
		NextLink string            `json:"nextLink"`
	}
	if err := json.Unmarshal(body, &page); err != nil {
		return nil, "", fmt.Errorf("the upstream's page: %w", err)
	}
	return page.Value, page.NextLink, nil
}

// others are those of the upstream that we do not have ourselves. What is no
// object is none of them.
func others(theirs []json.RawMessage, own []row) []json.RawMessage {
	known := map[string]bool{}
	for _, o := range own {
		if o.id != "" {
			known[strings.ToLower(o.id)] = true
		}
	}
	var out []json.RawMessage
	for _, body := range theirs {
		var item struct {
			ID string `json:"id"`
		}
		if body[0] == '{' && json.Unmarshal(body, &item) == nil && !known[strings.ToLower(item.ID)] {
			out = append(out, body)
		}
	}
	return out
}
