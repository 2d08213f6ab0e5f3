package apim

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"

	"apicenter/internal/azure"
	"apicenter/internal/inventory"
	"apicenter/internal/source"
)

const (
	logVersion = "2015-04-01"
	logTime    = "2006-01-02T15:04:05.0000000Z"
	logPages   = 20     // that are read at once
	logEntries = 10_000 // that are followed at once
	// logFields are what is asked for of each entry, which has a few kilobytes otherwise.
	logFields = "eventDataId,operationName,status,resourceId,eventTimestamp"
)

// logEntry is an entry of the activity log of a subscription.
type logEntry struct {
	ID        string  `json:"eventDataId"`
	Operation logWord `json:"operationName"` // Microsoft.ApiManagement/service/apis/write
	Status    logWord `json:"status"`        // Started, Accepted, Succeeded, Failed
	Resource  string  `json:"resourceId"`
	At        string  `json:"eventTimestamp"`
}

type logWord struct {
	Value string `json:"value"`
}

// Changes reads the activity log of the subscription: what was written and deleted in the instance through Azure
// Resource Manager. Azure shows most entries within some minutes.
func (c *connector) Changes(ctx context.Context, since time.Time) iter.Seq2[source.Change, error] {
	return func(yield func(source.Change, error) bool) {
		pages, entries := 0, 0
		for page, err := range azure.Pages[logEntry](ctx, c.azure, c.logURL(since)) {
			if err != nil {
				yield(source.Change{}, c.logFault(err))
				return
			}
			for _, e := range page.Value {
				scope, ok := c.concerned(e)
				if !ok {
					continue
				}
				if entries++; entries > logEntries {
					yield(source.Change{}, source.ErrCrowded)
					return
				}
				if !yield(source.Change{Entry: e.identity(), At: e.at(page.Asked), Scope: scope}, nil) {
					return
				}
			}
			if pages++; pages == logPages && page.NextLink != "" {
				yield(source.Change{}, source.ErrCrowded)
				return
			}
		}
	}
}

// logURL asks for all of the provider's entries since an instant. Azure takes few forms of filters, and none of
// them names an instance with all that is in it.
func (c *connector) logURL(since time.Time) string {
	return c.azure.URL("/subscriptions/"+url.PathEscape(c.place.subscription)+"/providers/Microsoft.Insights/eventtypes/management/values",
		"api-version", logVersion,
		"$filter", fmt.Sprintf("eventTimestamp ge '%s' and eventTimestamp le '%s' and resourceProvider eq 'Microsoft.ApiManagement'",
			since.UTC().Format(logTime), c.now().UTC().Format(logTime)),
		"$select", logFields)
}

// logFault sorts an error of reading the log. What stalls a link otherwise, its readings find out.
func (c *connector) logFault(err error) error {
	sorted := c.fault("the activity log", err)
	out, ok := errors.AsType[*source.Error](sorted)
	e, answered := errors.AsType[*azure.Error](err)
	if !ok {
		return sorted
	}
	out.Stalled, out.Remedy = false, nil
	if !answered {
		return out
	}
	scope := "/subscriptions/" + c.place.subscription
	switch e.Status {
	case http.StatusForbidden:
		out.Stalled, out.Remedy = true, monitor.remedy(c.refused(e), scope)
		out.Message = monitor.missing(out.Remedy, "the activity log")
	case http.StatusNotFound:
		out.Stalled = true
		out.Message = "read the activity log: there is none at " + scope
	}
	return out
}

// identity tells an entry from all others, in few bytes.
func (e logEntry) identity() string {
	id := e.ID
	if id == "" {
		id = strings.Join([]string{e.At, e.Operation.Value, e.Resource}, "\n")
	}
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:16])
}

// at is when it happened; where that cannot be read, when it was asked for.
func (e logEntry) at(asked time.Time) time.Time {
	if at, err := time.Parse(time.RFC3339, e.At); err == nil {
		return at
	}
	return asked
}

// parts of an API whose change can be one of what is read of it.
var parts = map[string]bool{"operations": true, "schemas": true, "tags": true, "releases": true, "tools": true}

// concerned says where the link should look because of an entry; false when it is none of its concern.
//
//	…/service/retail                                         host names, perhaps: everything
//	…/service/retail/apis/petstore;rev=2/operations/list     the API
//	…/service/retail/workspaces/sales/apiversionsets/orders  everything, since it does not say which APIs are in it
func (c *connector) concerned(e logEntry) (source.Scope, bool) {
	verb := strings.ToLower(lastSegment(e.Operation.Value))
	if !strings.EqualFold(e.Status.Value, "Succeeded") || verb != "write" && verb != "delete" {
		return source.Scope{}, false
	}
	id := strings.ToLower(strings.TrimRight(e.Resource, "/"))
	below, ours := strings.CutPrefix(id+"/", strings.ToLower(c.place.id)+"/")
	if !ours {
		return source.Scope{}, false
	}
	path := strings.FieldsFunc(below, func(r rune) bool { return r == '/' })
	for _, name := range path {
		if !isName(name) || len(name) > maxName {
			return source.Scope{}, false
		}
	}
	s := space{place: c.place}
	if len(path) > 1 && path[0] == "workspaces" {
		s.workspace, path = path[1], path[2:]
	}
	if len(path) == 0 {
		return source.Scope{}, s.workspace == "" || c.place.covers(s.workspace)
	}
	if !c.place.covers(s.workspace) {
		return source.Scope{}, false
	}
	switch path[0] {
	case apiCollection:
		if len(path) != 2 && (len(path) != 4 || !parts[path[2]]) {
			return source.Scope{}, false
		}
		return source.Scope{API: s.identity(apiCollection, path[1])}, true
	case setCollection:
		return source.Scope{}, true
	case "tags":
		return source.Scope{}, c.scope.Asks(func(r inventory.ScopeRule) string { return r.Tag })
	case "products":
		return source.Scope{}, c.scope.Asks(func(r inventory.ScopeRule) string { return r.Product })
	default:
		return source.Scope{}, false
	}
}
