package managerapi

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"apicenter/internal/arm"
	"apicenter/internal/inventory"
)

const serviceType = apiCenter + "/services"

// service is what the provider itself says of one of its services.
type service struct {
	ID         string            `json:"id"`
	Name       string            `json:"name"`
	Location   string            `json:"location"`
	Tags       map[string]string `json:"tags"`
	Identity   json.RawMessage   `json:"identity"`
	SKU        json.RawMessage   `json:"sku"`
	Properties json.RawMessage   `json:"properties"`
	SystemData struct {
		CreatedAt      string `json:"createdAt"`
		LastModifiedAt string `json:"lastModifiedAt"`
	} `json:"systemData"`

	subscription, group string
}

// services gives what the caller may read of the services of a subscription, or
// of all with "", in one group of it if group is not empty.
func (h *Handler) services(r *request, subscription, group string) ([]service, error) {
	all, err := h.catalog.AllServices(r.Context())
	if err != nil {
		return nil, err
	}
	var out []service
	for _, res := range all {
		segments := strings.SplitN(res.Path, "/", 3)
		s := service{subscription: segments[0], group: segments[1]}
		if subscription != "" && !strings.EqualFold(s.subscription, subscription) || group != "" && !strings.EqualFold(s.group, group) {
			continue
		}
		id := groupScope(s.subscription, s.group) + "/providers/" + serviceType + "/" + segments[2]
		if !h.access.Allowed(r.Context(), readService, id) {
			continue
		}
		switch found, err := h.describe(r, id, &s); {
		case err != nil:
			return nil, err
		case found:
			out = append(out, s)
		}
	}
	return out, nil
}

// describe asks the provider for a service as the caller would, so that it looks
// the same in every list; false when it is not there any more.
func (h *Handler) describe(r *request, id string, into *service) (bool, error) {
	ask := r.Clone(r.Context())
	ask.Method, ask.Body, ask.ContentLength = http.MethodGet, http.NoBody, 0
	ask.Header = http.Header{}
	ask.URL.Path, ask.URL.RawPath, ask.URL.RawQuery = id, "", "api-version="+arm.VersionStable
	ask.RequestURI = ask.URL.RequestURI()
	told := &recorder{header: http.Header{}}
	h.provider.ServeHTTP(told, ask)
	if told.status != http.StatusOK {
		return false, nil
	}
	if err := json.Unmarshal(told.body.Bytes(), into); err != nil {
		return false, fmt.Errorf("what the provider says of %s: %w", id, err)
	}
	return true, nil
}

// recorder keeps an answer.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) { r.status = cmp.Or(r.status, status) }

func (r *recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(b)
}

// resource is one in the generic list.
type resource struct {
	ID       string            `json:"id"`
	Name     string            `json:"name"`
	Type     string            `json:"type"`
	Location string            `json:"location"`
	Tags     map[string]string `json:"tags,omitempty"`
	Identity json.RawMessage   `json:"identity,omitempty"`
	SKU      json.RawMessage   `json:"sku,omitempty"`
	// With $expand only.
	CreatedTime       string `json:"createdTime,omitempty"`
	ChangedTime       string `json:"changedTime,omitempty"`
	ProvisioningState string `json:"provisioningState,omitempty"`
}

// resources lists the services that the caller may read: of all our resources
// they alone are tracked ones.
func (h *Handler) resources(w http.ResponseWriter, r *request) error {
	keep, err := filterOf(r)
	if err != nil {
		return err
	}
	services, err := h.services(r, r.args["subscription"], r.args["group"])
	if err != nil {
		return err
	}
	expand := strings.ToLower(r.param("$expand"))
	var rows []row
	for _, s := range services {
		if !keep.accepts(properties{name: s.Name, kind: serviceType, group: s.group, location: s.Location, tags: s.Tags}) {
			continue
		}
		out := resource{ID: s.ID, Name: s.Name, Type: serviceType, Location: s.Location, Tags: s.Tags, Identity: s.Identity, SKU: s.SKU}
		if strings.Contains(expand, "createdtime") {
			out.CreatedTime = s.SystemData.CreatedAt
		}
		if strings.Contains(expand, "changedtime") {
			out.ChangedTime = s.SystemData.LastModifiedAt
		}
		if strings.Contains(expand, "provisioningstate") {
			out.ProvisioningState = succeeded.State
		}
		rows = append(rows, row{s.ID, out})
	}
	return h.list(w, r, rows)
}

// tagName is a tag with its values, and how often each is used.
type tagName struct {
	ID      string     `json:"id"`
	TagName string     `json:"tagName"`
	Count   tagCount   `json:"count"`
	Values  []tagValue `json:"values"`
}

type tagValue struct {
	ID       string   `json:"id"`
	TagValue string   `json:"tagValue"`
	Count    tagCount `json:"count"`
}

type tagCount struct {
	Type  string `json:"type"`
	Value int    `json:"value"`
}

// tagNames lists the tags of what the caller may read in a subscription.
func (h *Handler) tagNames(w http.ResponseWriter, r *request) error {
	services, err := h.services(r, r.args["subscription"], "")
	if err != nil {
		return err
	}
	groups, err := h.catalog.Groups(r.Context(), r.args["subscription"])
	if err != nil {
		return err
	}
	used := map[string]map[string]int{}
	count := func(tags map[string]string) {
		for name, value := range tags {
			if used[name] == nil {
				used[name] = map[string]int{}
			}
			used[name][value]++
		}
	}
	for _, s := range services {
		count(s.Tags)
	}
	for _, g := range groups {
		if h.access.Allowed(r.Context(), readGroup, groupScope(g.Subscription, g.Name)) {
			count(g.Tags)
		}
	}
	var rows []row
	for _, name := range slices.Sorted(maps.Keys(used)) {
		rows = append(rows, tagRow(r.subscription(), name, used[name]))
	}
	return h.list(w, r, rows)
}

func tagRow(scope, name string, values map[string]int) row {
	t := tagName{ID: scope + "/tagNames/" + name, TagName: name, Count: tagCount{Type: "Total"}, Values: []tagValue{}}
	for _, value := range slices.Sorted(maps.Keys(values)) {
		n := values[value]
		t.Count.Value += n
		t.Values = append(t.Values, tagValue{t.ID + "/tagValues/" + value, value, tagCount{"Total", n}})
	}
	return row{t.ID, t}
}

// properties are what a $filter can ask of a resource or a group.
type properties struct {
	name, kind, group, location string
	tags                        map[string]string
}

// of gives a property by the field that a filter names it by; tag is the one
// that is looked at.
func (p properties) of(f inventory.Field, tag string) (string, bool) {
	switch f {
	case "/name":
		return p.name, true
	case "/resourcetype":
		return p.kind, p.kind != ""
	case "/resourcegroup":
		return p.group, p.group != ""
	case "/location":
		return p.location, true
	case "/tagname":
		return tag, tag != ""
	case "/tagvalue":
		return p.tags[tag], tag != ""
	}
	return "", false
}
