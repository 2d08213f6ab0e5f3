package dataapi

import (
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"apicenter/internal/arm"
	"apicenter/internal/catalog"
	"apicenter/internal/httpapi/odata"
	"apicenter/internal/httpapi/reply"
	"apicenter/internal/inventory"
)

// Sizes of a page.
const (
	defaultPage = 50
	maxPage     = 1000
)

// renamed are the properties that have other names here than in the inventory.
var renamed = map[string]inventory.Field{
	"server/runtimeUris":             "/server/runtimeUri",
	"server/managementPortalUris":    "/server/managementPortalUri",
	"onboarding/developerPortalUris": "/onboarding/developerPortalUri",
	"recommended":                    "/isDefault",
	"lastUpdated":                    "/updated",
}

// searchMode says, as any, that one word of $search is enough; all are wanted otherwise.
const searchMode = "searchMode"

// list makes the operation that lists things of a kind in what the path names.
func list(k inventory.Kind) func(*Handler, http.ResponseWriter, *request) error {
	return func(h *Handler, w http.ResponseWriter, r *request) error {
		q, err := queryOf(r, k, defaultPage)
		if err != nil {
			return err
		}
		if k == inventory.KindAPI || k == inventory.KindEnvironment { // what the search index has
			q.Search, _ = r.param("$search")
			mode, _ := r.param(searchMode)
			q.AnyWord = strings.EqualFold(mode, "any")
		}
		return h.page(w, r, q, r.URL.EscapedPath()+"?"+r.URL.RawQuery)
	}
}

// search finds APIs by words, the best first: those that have one of them, since
// clients send what people say. The further pages are those of the list, which
// takes the words from its address.
func (h *Handler) search(w http.ResponseWriter, r *request) error {
	var body struct {
		Query string `json:"query"`
	}
	if err := decode(r, &body); err != nil {
		return err
	}
	if strings.TrimSpace(body.Query) == "" {
		return badParam("query", "query is required; say what to look for")
	}
	q, err := queryOf(r, inventory.KindAPI, defaultPage)
	if err != nil {
		return err
	}
	q.Search, q.AnyWord = body.Query, true
	query := arm.WithParam(r.URL.RawQuery, "$search", body.Query)
	return h.page(w, r, q, r.path()+"/apis?"+arm.WithParam(query, searchMode, "any"))
}

// page answers with a page of what q finds. Further ones are at self, by a token.
func (h *Handler) page(w http.ResponseWriter, r *request, q inventory.Query, self string) error {
	if order, _ := r.param("$orderby"); q.Search != "" && order == "" {
		q.Order.By = inventory.ByRank
	}
	if q.Kind == inventory.KindAPI {
		q.Until = r.service.lastAPI
	}
	page, err := h.catalog.List(r.Context(), q)
	if err != nil {
		return err
	}
	var next string
	if !page.Next.IsZero() {
		path, query, _ := strings.Cut(self, "?")
		next = r.base + path + "?" + arm.WithParam(query, "$skiptoken", page.Next.String(), "$skip", "skip")
	}
	return h.buffers.Splice(w, http.StatusOK, func(buf []byte) ([]byte, error) {
		buf, err := appendItems(append(buf, arm.PageStart...), page)
		return arm.AppendPage(buf, next), err
	})
}

// schemas answers with a bare list, of no more than is asked for: that is how clients read it.
// A portal that was given the address of a workspace asks there for those of the service.
func (h *Handler) schemas(w http.ResponseWriter, r *request) error {
	q, err := queryOf(r, inventory.KindSchema, maxPage)
	if err != nil {
		return err
	}
	if q.Parent.Kind() == inventory.KindWorkspace {
		if _, err := h.catalog.Get(r.Context(), q.Parent); err != nil {
			return err
		}
		q.Parent = q.Parent.Parent()
	}
	page, err := h.catalog.List(r.Context(), q)
	if err != nil {
		return err
	}
	return h.buffers.Splice(w, http.StatusOK, func(buf []byte) ([]byte, error) {
		buf, err := appendItems(append(buf, '['), page)
		return append(buf, ']'), err
	})
}

// securityRequirements answers that a version has none: credentials are not ours to keep.
func (h *Handler) securityRequirements(w http.ResponseWriter, r *request) error {
	if _, err := h.catalog.Get(r.Context(), r.id); err != nil {
		return err
	}
	return h.buffers.Splice(w, http.StatusOK, func(buf []byte) ([]byte, error) {
		return arm.AppendPage(append(buf, arm.PageStart...), ""), nil
	})
}

// one answers with what the path names.
func (h *Handler) one(w http.ResponseWriter, r *request) error {
	have, err := h.catalog.Get(r.Context(), r.id)
	if err != nil {
		return err
	}
	return h.buffers.Splice(w, http.StatusOK, func(buf []byte) ([]byte, error) { return appendResource(buf, have) })
}

// appendItems appends the items of a page, separated by commas.
func appendItems(buf []byte, page catalog.Page) ([]byte, error) {
	var err error
	for i, item := range page.Items {
		if i > 0 {
			buf = append(buf, ',')
		}
		if buf, err = appendResource(buf, item); err != nil {
			return buf, err
		}
	}
	return buf, nil
}

// queryOf reads what a list is asked for, in the published spelling or with the
// dollars that clients write. A page has otherwise items if they do not say.
func queryOf(r *request, k inventory.Kind, otherwise int) (inventory.Query, error) {
	q := inventory.Query{Parent: r.id, Kind: k}
	var err error
	if q.Limit, err = r.number(1, "$top", "top", "maxpagesize"); err != nil {
		return q, err
	}
	q.Limit = min(cmp.Or(q.Limit, otherwise), maxPage)
	if q.Skip, err = r.number(0, "$skip", "skip"); err != nil {
		return q, err
	}
	if token, ok := r.param("$skiptoken"); ok {
		if q.After, err = inventory.ParsePosition(token); err != nil {
			return q, err
		}
	}
	if text, ok := r.param("$orderby"); ok && text != "" {
		if q.Order, err = odata.ParseOrder(text); err != nil {
			return q, reply.Unreadable("$orderby", reply.CodeInvalidOrder, err)
		}
	}
	if text, ok := r.param("$filter"); ok && text != "" {
		if q.Filter, err = odata.Parse(text, renamed); err != nil {
			return q, reply.Unreadable("$filter", reply.CodeInvalidFilter, err)
		}
	}
	return q, nil
}

// number reads a whole number that is at least least: the smallest, if it is
// given under several names, and 0 if under none.
func (r *request) number(least int, names ...string) (int, error) {
	out := 0
	for _, name := range names {
		text, _ := r.param(name)
		if text == "" {
			continue
		}
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil || int(n) < least {
			return 0, badParam(name, "%s %q is not a number from %d on", name, text, least)
		}
		if out == 0 || int(n) < out {
			out = int(n)
		}
	}
	return out, nil
}

func badParam(name, format string, args ...any) error {
	return inventory.Errorf(inventory.Invalid, name, format, args...)
}

// maxBody is far more than a search needs.
const maxBody = 64 << 10

// decode reads a JSON body into v.
func decode(r *request, v any) error {
	data, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	switch {
	case err != nil:
		return arm.Errorf(http.StatusBadRequest, arm.CodeInvalidContent, "the body could not be read: %v", err)
	case len(data) > maxBody:
		return arm.Errorf(http.StatusRequestEntityTooLarge, arm.CodeTooLarge, "the body has more than %d bytes", maxBody)
	case !utf8.Valid(data):
		return arm.Errorf(http.StatusBadRequest, arm.CodeInvalidContent, "the body is not UTF-8")
	}
	if err := json.Unmarshal(data, v); err != nil {
		return arm.Errorf(http.StatusBadRequest, arm.CodeInvalidContent, "the body is not the JSON that is wanted here: %v", err)
	}
	return nil
}
