package inventory

import "strings"

// MergeRule says by what APIs of several links are found to be one: the rule of
// a workspace. A rule that begins with a slash is a field.
type MergeRule string

// The rules.
const (
	MergeNone  MergeRule = "none"
	MergeTitle MergeRule = "title" // the title of the API
	MergePath  MergeRule = "path"  // where gateways serve it, without the host
	MergeName  MergeRule = "name"  // what the sources call it
)

// FieldMergeRule of a workspace holds its MergeRule; absent is MergeNone.
const FieldMergeRule Field = "/mergeRule"

// MergeRuleOf reads the rule of a workspace.
func MergeRuleOf(own Doc) MergeRule {
	if rule := MergeRule(own.Text(FieldMergeRule)); rule != "" {
		return rule
	}
	return MergeNone
}

// Fold is a text as titles and merge keys compare: without regard to case and to spaces.
func Fold(text string) string { return strings.ToLower(strings.Join(strings.Fields(text), " ")) }
