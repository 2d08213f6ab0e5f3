package catalog

import (
	"strings"

	"apicenter/internal/inventory"
)

// checkMergeRule says whether a workspace's rule is one.
func checkMergeRule(own inventory.Doc) error {
	switch rule := inventory.MergeRuleOf(own); rule {
	case inventory.MergeNone, inventory.MergeTitle, inventory.MergePath, inventory.MergeName:
		return nil
	default:
		if name, ok := strings.CutPrefix(string(rule), "/customProperties/"); ok && name != "" {
			return nil
		}
		return inventory.Errorf(inventory.Invalid, "properties.mergeRule",
			"properties.mergeRule %q is not known; use none, title, path, name, or the field that is equal in what is one API, such as /customProperties/apiId", rule)
	}
}
