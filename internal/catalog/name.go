package catalog

import (
	"regexp"
	"strings"

	"apicenter/internal/inventory"
)

// The names that people may give. Names that exist already, a source's among
// them, are never measured against this.
var (
	nameShape         = regexp.MustCompile(`^[a-zA-Z0-9-]{3,90}$`)
	groupShape        = regexp.MustCompile(`^[-\w.()]{1,90}$`)
	clientShape       = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`) // of an application
	subscriptionShape = regexp.MustCompile(`^[a-zA-Z0-9-]{1,90}$`)
)

// defaultPortal is the one portal that a service has.
const defaultPortal = "default"

// checkName says whether a new thing may be called as path says.
func checkName(id inventory.ID, path string) error {
	segments := strings.Split(path, "/")
	name := segments[len(segments)-1]
	if !nameShape.MatchString(name) {
		return inventory.Errorf(inventory.Invalid, "name",
			"%q cannot name this %s: use 3 to 90 letters, digits and hyphens", name, id.Kind())
	}
	if id.Kind() == inventory.KindPortal && id.Name() != defaultPortal {
		return inventory.Errorf(inventory.Invalid, "name", "a service has one portal, and its name is %q", defaultPortal)
	}
	if id.Kind() != inventory.KindService {
		return nil
	}
	return checkPlace(segments[0], segments[1])
}

// checkPlace says whether a subscription and a resource group may be called so.
func checkPlace(subscription, group string) error {
	if !subscriptionShape.MatchString(subscription) {
		return inventory.Errorf(inventory.Invalid, "subscriptionId", "%q is not a subscription id: use letters, digits and hyphens", subscription)
	}
	if !groupShape.MatchString(group) || strings.HasSuffix(group, ".") {
		return inventory.Errorf(inventory.Invalid, "resourceGroupName",
			"%q is not the name of a resource group: use up to 90 letters, digits, and - _ . ( ), no dot at the end", group)
	}
	return nil
}

// within says that the service at path is in a subscription and, unless it is empty, a group.
func within(path, subscription, group string) bool {
	s, rest, _ := strings.Cut(path, "/")
	g, _, _ := strings.Cut(rest, "/")
	return strings.EqualFold(s, subscription) && (group == "" || strings.EqualFold(g, group))
}

// reference reads what people write to name another thing of the same service:
// the short form, "/workspaces/w/environments/e", or the full resource ID.
func reference(service inventory.ID, text string) (inventory.ID, bool) {
	full := service.String()
	below := strings.Trim(text, "/")
	if lower := strings.ToLower(below); strings.HasPrefix(lower, "subscriptions/") {
		segments := strings.Split(lower, "/")
		if len(segments) < 9 || segments[2] != "resourcegroups" || segments[4] != "providers" ||
			segments[5] != "microsoft.apicenter" || segments[6] != "services" ||
			strings.Join([]string{segments[1], segments[3], segments[7]}, "/") != full {
			return inventory.ID{}, false
		}
		below = strings.Join(segments[8:], "/")
	}
	id, err := inventory.ParseID(full + "/" + below)
	return id, err == nil
}
