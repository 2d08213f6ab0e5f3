package cli

import (
	"context"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
)

// The api-versions that the verbs use.
const (
	stable  = "2024-03-01"
	preview = "2024-06-01-preview" // the one that knows links
	// groupVersion is that of subscriptions and resource groups.
	groupVersion = "2021-04-01"
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
// leaves exactly one service.
func (s *session) find(ctx context.Context, cmd *cobra.Command, want service) (service, error) {
	if want.subscription == "" {
		id, err := s.onlySubscription(ctx, cmd)
		if err != nil {
			return service{}, err
		}
		want.subscription = id
	}
	if want.group != "" && want.name != "" {
		return want, nil
	}
	var found []service
	var ids []string
	path := "/subscriptions/" + url.PathEscape(want.subscription) + "/providers/Microsoft.ApiCenter/services"
	for o, err := range s.all(ctx, path, stable, nil) {
		if err != nil {
			return service{}, err
		}
		got, ok := parseServiceID(o.text("id"))
		if ok && matches(want.group, got.group) && matches(want.name, got.name) {
			found, ids = append(found, got), append(ids, o.text("id"))
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return service{}, &failure{
			exit: exitNotFound, message: "the center has no such service in subscription " + want.subscription,
			hint: "check -g, -n and --subscription",
		}
	}
	err := usage(cmd, "which service? There are %d", len(found))
	err.hint = "choose one with --service-id, or with -g and -n:\n    " + strings.Join(ids[:min(len(ids), 20)], "\n    ")
	return service{}, err
}

// onlySubscription is the one subscription of the center.
func (s *session) onlySubscription(ctx context.Context, cmd *cobra.Command) (string, error) {
	var ids []string
	for o, err := range s.all(ctx, "/subscriptions", groupVersion, nil) {
		if err != nil {
			return "", err
		}
		ids = append(ids, o.text("subscriptionId"))
	}
	if len(ids) == 1 {
		return ids[0], nil
	}
	err := usage(cmd, "which subscription? The center has %d", len(ids))
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
