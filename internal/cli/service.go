package cli

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// The api-versions that the verbs use.
const (
	stable  = "2024-03-01"
	preview = "2024-06-01-preview" // the one that knows links
	// groupVersion is that of subscriptions and resource groups.
	groupVersion = "2021-04-01"
	graphVersion = "2021-03-01"
)

// service says which API center service is meant.
type service struct{ subscription, group, name string }

// path is the ARM id, with the names escaped.
func (s service) path() string { return s.below("services") }

// deletedPath is the ARM id of the service when it is deleted.
func (s service) deletedPath() string { return s.below("deletedServices") }

func (s service) below(segment string) string {
	return "/subscriptions/" + url.PathEscape(s.subscription) +
		"/resourceGroups/" + url.PathEscape(s.group) +
		"/providers/Microsoft.ApiCenter/" + segment + "/" + url.PathEscape(s.name)
}

// parseServiceID reads the ARM id of a service, in any case.
func parseServiceID(id string) (service, bool) {
	p := strings.Split(strings.Trim(id, "/"), "/")
	if len(p) != 8 || p[1] == "" || p[3] == "" || p[7] == "" {
		return service{}, false
	}
	for i, want := range map[int]string{0: "subscriptions", 2: "resourceGroups", 4: "providers", 5: "Microsoft.ApiCenter", 6: "services"} {
		if !strings.EqualFold(p[i], want) {
			return service{}, false
		}
	}
	return service{p[1], p[3], p[7]}, true
}

// find completes want by asking the center what it has. It fails unless that
// leaves exactly one service. One that is named in full need not be there.
func (s *session) find(ctx context.Context, cmd *cobra.Command, want service) (service, error) {
	if want.subscription != "" && want.group != "" && want.name != "" {
		return want, nil
	}
	all, err := s.services(ctx, want.subscription)
	if err != nil {
		return service{}, err
	}
	var found []service
	for _, one := range all {
		if matches(want.group, one.group) && matches(want.name, one.name) {
			found = append(found, one)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		err := usage(cmd, "which service? There are %d", len(found))
		err.hint = "choose one with --service-id, or with -g and -n:"
		for _, one := range found[:min(len(found), 20)] {
			err.hint += "\n    " + one.path()
		}
		return service{}, err
	case want.group != "" && want.name != "":
		want.subscription, err = s.onlySubscription(ctx, cmd, all)
		return want, err
	}
	where := ""
	if want.subscription != "" {
		where = " in subscription " + want.subscription
	}
	return service{}, &failure{
		exit: exitNotFound, message: "the center has no such service" + where, hint: "check -g, -n and --subscription",
	}
}

// services are those of the center, or of one subscription, in a query that
// finds them wherever they are.
func (s *session) services(ctx context.Context, subscription string) ([]service, error) {
	options := map[string]any{}
	body := object{"query": "resources | where type =~ 'microsoft.apicenter/services'", "options": options}
	if subscription != "" {
		body["subscriptions"] = []string{subscription}
	}
	var all []service
	for {
		o, err := s.send(ctx, call{
			method: http.MethodPost, path: "/providers/Microsoft.ResourceGraph/resources", version: graphVersion, body: body,
		})
		if err != nil {
			return nil, err
		}
		for _, row := range o.objects("data") {
			if one, ok := parseServiceID(row.text("id")); ok {
				all = append(all, one)
			}
		}
		next := o.text("$skipToken")
		if next == "" || next == options["$skipToken"] {
			return all, nil
		}
		options["$skipToken"] = next
	}
}

// onlySubscription is the one that the center's services are in or, where there
// are none yet, the one subscription that there is.
func (s *session) onlySubscription(ctx context.Context, cmd *cobra.Command, services []service) (string, error) {
	var ids []string
	for _, one := range services {
		if !slices.ContainsFunc(ids, func(id string) bool { return strings.EqualFold(id, one.subscription) }) {
			ids = append(ids, one.subscription)
		}
	}
	if len(ids) == 0 {
		for o, err := range s.all(ctx, "/subscriptions", groupVersion, nil) {
			if err != nil {
				return "", err
			}
			ids = append(ids, o.text("subscriptionId"))
		}
	}
	if len(ids) == 1 {
		return ids[0], nil
	}
	err := usage(cmd, "which subscription? There are %d", len(ids))
	err.hint = "choose one with --subscription or APICENTER_SUBSCRIPTION: " + strings.Join(ids[:min(len(ids), 20)], ", ")
	return "", err
}

func matches(want, got string) bool { return want == "" || strings.EqualFold(want, got) }

// groupOf is the resource group in an ARM id, or "".
func groupOf(id string) string {
	p := strings.Split(id, "/")
	for i := range len(p) - 1 {
		if strings.EqualFold(p[i], "resourceGroups") {
			return p[i+1]
		}
	}
	return ""
}
