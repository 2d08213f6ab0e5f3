package activitylog

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"apicenter/internal/emulator/wire"
)

// entry is one entry of the log, as it is read.
type entry struct {
	Authorization  authorization     `json:"authorization"`
	Caller         string            `json:"caller"`
	Channels       string            `json:"channels"`
	Claims         map[string]string `json:"claims"`
	CorrelationID  string            `json:"correlationId"`
	Description    string            `json:"description"`
	DataID         string            `json:"eventDataId"`
	Name           localizable       `json:"eventName"`
	Category       localizable       `json:"category"`
	Request        request           `json:"httpRequest"`
	ID             string            `json:"id"`
	Level          string            `json:"level"`
	Group          string            `json:"resourceGroupName"`
	ProviderName   localizable       `json:"resourceProviderName"`
	ResourceID     string            `json:"resourceId"`
	ResourceType   localizable       `json:"resourceType"`
	OperationID    string            `json:"operationId"`
	OperationName  localizable       `json:"operationName"`
	Properties     map[string]string `json:"properties"`
	Status         localizable       `json:"status"`
	SubStatus      localizable       `json:"subStatus"`
	Happened       time.Time         `json:"eventTimestamp"`
	Submitted      time.Time         `json:"submissionTimestamp"` // when it can be queried from
	SubscriptionID string            `json:"subscriptionId"`
	TenantID       string            `json:"tenantId"`
}

type authorization struct {
	Action string `json:"action"`
	Scope  string `json:"scope"`
}

type request struct {
	ClientRequestID string `json:"clientRequestId"`
	ClientIPAddress string `json:"clientIpAddress"`
	Method          string `json:"method"`
}

// localizable is a word with the same for people.
type localizable struct {
	Value          string `json:"value"`
	LocalizedValue string `json:"localizedValue"`
}

func word(s string) localizable { return localizable{s, s} }

// newEntry is the entry of a write's beginning, or of its end.
func newEntry(w Write, name string, at time.Time, correlation, operation string) entry {
	kind := w.Action[:max(0, strings.LastIndexByte(w.Action, '/'))]
	provider, _, _ := strings.Cut(w.Action, "/")
	id := wire.Scope(w.ResourceID)
	e := entry{
		Authorization: authorization{w.Action, id},
		Caller:        cmp.Or(w.Caller.Name, w.Caller.ObjectID),
		Channels:      "Operation",
		Claims: map[string]string{
			"http://schemas.microsoft.com/identity/claims/objectidentifier": w.Caller.ObjectID,
			"http://schemas.microsoft.com/identity/claims/tenantid":         w.Caller.TenantID,
		},
		CorrelationID: correlation, DataID: wire.NewGUID(), OperationID: operation,
		Name: word(name), Category: word("Administrative"), Level: "Informational",
		Request:    request{cmp.Or(w.RequestID, operation), "127.0.0.1", w.Method},
		Group:      after(id, "resourcegroups"),
		ResourceID: id, ProviderName: word(provider), ResourceType: word(kind), OperationName: word(w.Action),
		Properties: map[string]string{}, Status: word("Started"), Happened: at.UTC(),
		SubscriptionID: after(id, "subscriptions"), TenantID: w.Caller.TenantID,
	}
	e.ID = fmt.Sprintf("%s/events/%s/ticks/%d", id, e.DataID, ticks(at))
	if name == "BeginRequest" {
		return e
	}
	reason := strings.ReplaceAll(http.StatusText(w.Status), " ", "")
	e.Status = word("Succeeded")
	if w.Status >= http.StatusBadRequest {
		e.Status, e.Level = word("Failed"), "Error"
	}
	e.SubStatus = localizable{reason, fmt.Sprintf("%s (HTTP Status Code: %d)", http.StatusText(w.Status), w.Status)}
	e.Properties["statusCode"] = reason
	return e
}

// after is the segment of an id behind another one.
func after(id, name string) string {
	parts := strings.Split(id, "/")
	for i, p := range parts[:len(parts)-1] {
		if strings.EqualFold(p, name) {
			return parts[i+1]
		}
	}
	return ""
}

// ticks are an instant as .NET counts it.
func ticks(t time.Time) int64 {
	const unix = 621_355_968_000_000_000 // of the year 1970
	return unix + t.UnixNano()/100
}

// render writes an entry, or the properties of it that $select names.
func (e entry) render(only string) json.RawMessage {
	b, _ := json.Marshal(e) // cannot fail
	if only == "" {
		return b
	}
	all, some := map[string]json.RawMessage{}, map[string]json.RawMessage{}
	_ = json.Unmarshal(b, &all) // what was just written can be read
	for name := range strings.SplitSeq(only, ",") {
		for key, value := range all {
			if strings.EqualFold(strings.TrimSpace(name), key) {
				some[key] = value
			}
		}
	}
	b, _ = json.Marshal(some)
	return b
}
