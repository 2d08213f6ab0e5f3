package managerapi

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"apicenter/internal/arm"
	"apicenter/internal/httpapi/reply"
)

// The queries of the Resource Graph that are answered: those that the editor
// extension sends. A name may be asked for with the first one.
const (
	centersQuery   = "resources | where type =~ 'microsoft.apicenter/services'"
	namedQuery     = centersQuery + " | where name =~ '<name>'"
	instancesQuery = "resources | where type =~ 'microsoft.apimanagement/service'"
)

var (
	queryShape = regexp.MustCompile(`(?i)^\s*resources\s*\|\s*where\s+type\s*(?:=~|==)\s*['"]([^'"]*)['"]\s*(?:\|\s*where\s+name\s*(?:=~|==)\s*['"]([^'"]*)['"]\s*)?;?\s*$`)
	named      = regexp.MustCompile(`(?i)\|\s*where\s+name\b`)
)

// Bounds of one query.
const (
	maxGraphRows          = 1000
	maxGraphSubscriptions = 100
	maxInstancePages      = 50
)

type graphQuery struct {
	Query         string   `json:"query"`
	Subscriptions []string `json:"subscriptions"`
	Options       struct {
		Top          *int   `json:"$top"`
		Skip         *int   `json:"$skip"`
		SkipToken    string `json:"$skipToken"`
		ResultFormat string `json:"resultFormat"`
	} `json:"options"`
}

// graphAnswer is what the Resource Graph answers.
type graphAnswer struct {
	TotalRecords    int    `json:"totalRecords"`
	Count           int    `json:"count"`
	ResultTruncated string `json:"resultTruncated"`
	SkipToken       string `json:"$skipToken,omitempty"`
	Data            any    `json:"data"`
	Facets          []any  `json:"facets"`
}

// graphRow is a resource as the Resource Graph writes it: types and groups in lower case.
type graphRow struct {
	ID               string          `json:"id"`
	Name             string          `json:"name"`
	Type             string          `json:"type"`
	TenantID         string          `json:"tenantId"`
	Kind             string          `json:"kind"`
	Location         string          `json:"location"`
	ResourceGroup    string          `json:"resourceGroup"`
	SubscriptionID   string          `json:"subscriptionId"`
	ManagedBy        string          `json:"managedBy"`
	SKU              json.RawMessage `json:"sku"`
	Plan             json.RawMessage `json:"plan"`
	Properties       json.RawMessage `json:"properties"`
	Tags             json.RawMessage `json:"tags"`
	Identity         json.RawMessage `json:"identity"`
	Zones            json.RawMessage `json:"zones"`
	ExtendedLocation json.RawMessage `json:"extendedLocation"`
}

// graph answers a query of the Resource Graph, with what the caller may read.
func (h *Handler) graph(w http.ResponseWriter, r *request) error {
	var q graphQuery
	if err := r.decode(&q); err != nil {
		return err
	}
	if len(q.Subscriptions) > maxGraphSubscriptions {
		return invalid("subscriptions", "a query is over at most %d subscriptions", maxGraphSubscriptions)
	}
	rows, err := h.graphRows(w, r, q)
	if err != nil {
		return err
	}
	from, limit, err := q.page()
	if err != nil {
		return err
	}
	out := graphAnswer{TotalRecords: len(rows), ResultTruncated: "false", Facets: []any{}}
	from = min(from, len(rows))
	page := rows[from:min(from+limit, len(rows))]
	out.Count = len(page)
	if to := from + len(page); to < len(rows) {
		out.SkipToken = strconv.Itoa(to)
	}
	switch strings.ToLower(q.Options.ResultFormat) {
	case "", "objectarray":
		out.Data = append([]graphRow{}, page...)
	case "table":
		if out.Data, err = tableOf(page); err != nil {
			return err
		}
	default:
		return invalid("options.resultFormat", "resultFormat %q is not known; want objectArray or table", q.Options.ResultFormat)
	}
	return reply.Value(w, http.StatusOK, out)
}

func (h *Handler) graphRows(w http.ResponseWriter, r *request, q graphQuery) ([]graphRow, error) {
	m := queryShape.FindStringSubmatch(q.Query)
	switch {
	case m != nil && strings.EqualFold(m[1], serviceType):
		return h.centers(r, q, m[2])
	case m != nil && strings.EqualFold(m[1], instanceType) && !named.MatchString(q.Query):
		return h.instances(w, r, q)
	}
	e := arm.Errorf(http.StatusBadRequest, "BadRequest", "the query is not one that is answered here; these are: %s",
		strings.Join([]string{centersQuery, namedQuery, instancesQuery}, "; "))
	e.Target = "query"
	e.Details = []arm.Error{{Code: "InvalidQuery", Message: "Query is invalid. Please refer to the documentation for the queries that are supported."}}
	return nil, e
}

// page says where a page begins and how long it is.
func (q graphQuery) page() (from, limit int, err error) {
	limit = maxGraphRows
	if q.Options.Top != nil {
		if limit = min(*q.Options.Top, maxGraphRows); limit < 1 {
			return 0, 0, invalid("options.$top", "$top is a number from 1 on")
		}
	}
	if q.Options.Skip != nil {
		if from = *q.Options.Skip; from < 0 {
			return 0, 0, invalid("options.$skip", "$skip is a number from 0 on")
		}
	}
	if q.Options.SkipToken != "" {
		if from, err = strconv.Atoi(q.Options.SkipToken); err != nil || from < 0 {
			return 0, 0, invalid("options.$skipToken", "$skipToken %q is none of ours", q.Options.SkipToken)
		}
	}
	return from, limit, nil
}

// asks says whether the query is over a subscription.
func (q graphQuery) asks(subscription string) bool {
	for _, s := range q.Subscriptions {
		if strings.EqualFold(s, subscription) {
			return true
		}
	}
	return len(q.Subscriptions) == 0
}

// centers are the services that the caller may read.
func (h *Handler) centers(r *request, q graphQuery, name string) ([]graphRow, error) {
	services, err := h.services(r, "", "")
	if err != nil {
		return nil, err
	}
	var rows []graphRow
	for _, s := range services {
		if !q.asks(s.subscription) || name != "" && !strings.EqualFold(name, s.Name) {
			continue
		}
		tags, err := json.Marshal(s.Tags)
		if err != nil {
			return nil, err
		}
		rows = append(rows, graphRow{
			ID: s.ID, Name: s.Name, Type: strings.ToLower(serviceType), TenantID: h.tenantOf(r.Context()), Location: s.Location,
			ResourceGroup: strings.ToLower(s.group), SubscriptionID: s.subscription,
			SKU: s.SKU, Properties: s.Properties, Tags: tags, Identity: s.Identity,
		})
	}
	return rows, nil
}

const (
	instanceType = "Microsoft.ApiManagement/service"
	// The api-versions in which the upstream is asked.
	subscriptionsVersion = "2022-12-01"
	instancesVersion     = "2021-08-01"
)

// instances are the API Management instances that the upstream shows the caller.
func (h *Handler) instances(w http.ResponseWriter, r *request, q graphQuery) ([]graphRow, error) {
	if !h.reaches(r) {
		return nil, nil
	}
	ids := q.Subscriptions
	if len(ids) == 0 {
		seen, err := h.upstreamAll(r, "/subscriptions", subscriptionsVersion)
		if err != nil {
			return nil, h.unreachable(r, err)
		}
		for _, body := range seen {
			var s subscription
			if json.Unmarshal(body, &s) == nil && s.SubscriptionID != "" && len(ids) < maxGraphSubscriptions {
				ids = append(ids, s.SubscriptionID)
			}
		}
	}
	var rows []graphRow
	for _, id := range ids {
		found, err := h.upstreamAll(r, "/subscriptions/"+url.PathEscape(id)+"/providers/"+instanceType, instancesVersion)
		if err != nil {
			h.leftOut(w, r, err)
		}
		for _, body := range found {
			if row, ok := h.instanceRow(r, body); ok {
				rows = append(rows, row)
			}
		}
	}
	return rows, nil
}

func (h *Handler) instanceRow(r *request, body json.RawMessage) (graphRow, bool) {
	var row graphRow
	if err := json.Unmarshal(body, &row); err != nil {
		return row, false
	}
	p, err := parsePath(row.ID)
	if err != nil || p.scope().owner() != shared || len(p.scope().segments) != 4 {
		return row, false
	}
	row.Type, row.TenantID = strings.ToLower(instanceType), h.tenantOf(r.Context())
	row.SubscriptionID, row.ResourceGroup = p.segments[1], strings.ToLower(p.segments[3])
	return row, true
}

// upstreamAll reads all pages of a list of the upstream.
func (h *Handler) upstreamAll(r *request, path, version string) ([]json.RawMessage, error) {
	var all []json.RawMessage
	query := "api-version=" + version
	for range maxInstancePages {
		value, next, err := h.upstream.page(r.Context(), r, path, query)
		all = append(all, value...)
		if err != nil || next == "" {
			return all, err
		}
		if query, err = h.upstream.nextQuery(next, path); err != nil {
			return all, err
		}
	}
	return all, nil
}

// column is a column of a result in the form of a table.
type column struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// tableOf is a result with its rows as lists.
func tableOf(rows []graphRow) (any, error) {
	out := struct {
		Columns []column            `json:"columns"`
		Rows    [][]json.RawMessage `json:"rows"`
	}{Columns: graphColumns, Rows: [][]json.RawMessage{}}
	for _, row := range rows {
		body, err := json.Marshal(row)
		if err != nil {
			return nil, err
		}
		var members map[string]json.RawMessage
		if err := json.Unmarshal(body, &members); err != nil {
			return nil, err
		}
		cells := make([]json.RawMessage, len(graphColumns))
		for i, c := range graphColumns {
			cells[i] = members[c.Name]
		}
		out.Rows = append(out.Rows, cells)
	}
	return out, nil
}

var graphColumns = []column{
	{"id", "string"},
	{"name", "string"},
	{"type", "string"},
	{"tenantId", "string"},
	{"kind", "string"},
	{"location", "string"},
	{"resourceGroup", "string"},
	{"subscriptionId", "string"},
	{"managedBy", "string"},
	{"sku", "object"},
	{"plan", "object"},
	{"properties", "object"},
	{"tags", "object"},
	{"identity", "object"},
	{"zones", "object"},
	{"extendedLocation", "object"},
}
