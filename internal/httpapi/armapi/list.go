package armapi

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"apicenter/internal/arm"
	"apicenter/internal/catalog"
	"apicenter/internal/httpapi/odata"
	"apicenter/internal/httpapi/reply"
	"apicenter/internal/inventory"
)

// Sizes of a page.
const (
	defaultPage = 100
	maxPage     = 1000
)

// renamed are the properties that have other names in the inventory.
var renamed = map[string]inventory.Field{
	"apiSourceType":                       inventory.FieldSourceType,
	"azureApiManagementSource/resourceId": inventory.FieldSource,
}

func (h *Handler) list(w http.ResponseWriter, r *request) error {
	q, err := queryOf(r)
	if err != nil {
		return err
	}
	page, err := h.catalog.List(r.Context(), q)
	if err != nil {
		return err
	}
	return h.writePage(w, r, page)
}

func (h *Handler) writePage(w http.ResponseWriter, r *request, page catalog.Page) error {
	return h.buffers.Splice(w, http.StatusOK, func(buf []byte) ([]byte, error) {
		buf = append(buf, arm.PageStart...)
		for i, res := range page.Items {
			if i > 0 {
				buf = append(buf, ',')
			}
			var err error
			if buf, err = h.appendResource(buf, res, r); err != nil {
				return buf, err
			}
		}
		return arm.AppendPage(buf, h.nextLink(r, page.Next)), nil
	})
}

// nextLink is where a list goes on after a position; "" when that is its end.
func (h *Handler) nextLink(r *request, after inventory.Position) string {
	if after.IsZero() {
		return ""
	}
	token := after.String()
	return reply.Base(h.publicURL, r.Request) + r.URL.EscapedPath() + "?" + arm.WithParam(r.URL.RawQuery, "$skiptoken", token, "$skip")
}

// pageOf reads which part of a list is asked for.
func pageOf(r *request) (inventory.Query, error) {
	q := inventory.Query{Parent: r.id, Kind: r.kind}
	var err error
	if q.Limit, err = number(r, "$top", 1, defaultPage); err != nil {
		return q, err
	}
	q.Limit = min(q.Limit, maxPage)
	if q.Skip, err = number(r, "$skip", 0, 0); err != nil {
		return q, err
	}
	if token, ok := r.param("$skiptoken"); ok {
		if q.After, err = inventory.ParsePosition(token); err != nil {
			return q, err
		}
	}
	return q, nil
}

// queryOf reads what a list is asked for. Only APIs know a search.
func queryOf(r *request) (inventory.Query, error) {
	q, err := pageOf(r)
	if err != nil {
		return q, err
	}
	if r.kind == inventory.KindAPI {
		q.Search, _ = r.param("$search")
	}
	q.At = r.at
	if text, _ := r.param("$orderby"); text != "" {
		if q.Order, err = odata.ParseOrder(text); err != nil {
			return q, reply.Unreadable("$orderby", reply.CodeInvalidOrder, err)
		}
	}
	if text, _ := r.param("$filter"); text != "" {
		if q.Filter, err = odata.Parse(text, renamed); err != nil {
			return q, reply.Unreadable("$filter", reply.CodeInvalidFilter, err)
		}
		if r.kind == inventory.KindWebhook && mentions(*q.Filter, inventory.FieldAddress) {
			return q, badParam("$filter", "webhooks cannot be filtered by their address, which may hold a secret; list them all")
		}
	}
	return q, nil
}

// mentions says that a condition looks at a field.
func mentions(e inventory.Expr, f inventory.Field) bool {
	return strings.EqualFold(string(e.Field), string(f)) || slices.ContainsFunc(e.Args, func(arg inventory.Expr) bool { return mentions(arg, f) })
}

// number reads a whole number that is at least least.
func number(r *request, name string, least, otherwise int) (int, error) {
	text, ok := r.param(name)
	if !ok || text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || int(n) < least {
		return 0, badParam(name, "%s %q is not a number from %d on", name, text, least)
	}
	return int(n), nil
}

func badParam(name, format string, args ...any) error {
	e := arm.Errorf(http.StatusBadRequest, "ValidationError", format, args...)
	e.Target = name
	return e
}
