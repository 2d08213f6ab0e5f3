package cli

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// following is how a link follows its source, whatever that is.
type following struct {
	specifications, environment, stage, onVanish string
	include, exclude                             []string // rules of the scope
	activityLog                                  bool
}

func (l *following) flags(cmd *cobra.Command, c *connection) {
	f := cmd.Flags()
	f.StringVar(&l.specifications, "import-specification", "always", "definitions too: always, ondemand or never")
	f.StringVar(&l.environment, "target-environment-id", "", "an environment that exists, by name or id")
	f.StringVar(&l.stage, "target-lifecycle-stage", "", "lifecycle stage that the versions get")
	f.StringArrayVar(&l.include, "include", nil, "only APIs that a rule fits: name, path, tag or product, as name=pet*,tag=public; repeatable (default all)")
	f.StringArrayVar(&l.exclude, "exclude", nil, "no API that a rule fits; repeatable")
	f.StringVar(&l.onVanish, "on-vanish", "", "what becomes of an API that is gone at the source: delete, keep or hold (default delete)")
	f.BoolVar(&l.activityLog, "activity-log", false, "follow the activity log of the source, too")
	complete(cmd, "on-vanish", words(onVanish...))
	complete(cmd, "import-specification", words("always", "ondemand", "never"))
	complete(cmd, "target-lifecycle-stage", words(stages...))
	complete(cmd, "target-environment-id", c.completeNames(environmentKind(), nil))
}

// followingFlags are their names.
func followingFlags() []string {
	return []string{"import-specification", "target-environment-id", "target-lifecycle-stage", "on-vanish", "include", "exclude", "activity-log"}
}

// onVanish are the rules for what is gone at the source.
var onVanish = []string{"delete", "keep", "hold"}

func (l *following) check(cmd *cobra.Command) error {
	l.onVanish = strings.ToLower(l.onVanish)
	if l.onVanish != "" && !slices.Contains(onVanish, l.onVanish) {
		return usage(cmd, "--on-vanish %q is none of delete, keep, hold", l.onVanish)
	}
	l.specifications = strings.ToLower(l.specifications)
	switch l.specifications {
	case "always", "ondemand", "never":
	default:
		return usage(cmd, "--import-specification %q is none of always, ondemand, never", l.specifications)
	}
	for _, rule := range slices.Concat(l.include, l.exclude) {
		if _, err := parseRule(rule); err != nil {
			return usage(cmd, "%v", err)
		}
	}
	return nil
}

// put adds what was given to the properties of a link.
func (l *following) put(p object, workspace string) {
	p["importSpecification"] = l.specifications
	if l.environment != "" {
		p["targetEnvironmentId"] = shortID(l.environment, workspace)
	}
	if l.stage != "" {
		p["targetLifecycleStage"] = strings.ToLower(l.stage)
	}
	if l.onVanish != "" {
		p["onVanish"] = l.onVanish
	}
	if l.activityLog {
		p["activityLog"] = true
	}
	l.scope(p)
}

// scope adds the rules to the properties of a link; an empty one stands for none at all.
func (l *following) scope(p object) {
	scope, ok := asObject(p["scope"])
	if !ok {
		scope = object{}
	}
	for member, texts := range map[string][]string{"include": l.include, "exclude": l.exclude} {
		var rules []any
		for _, text := range texts {
			if rule, _ := parseRule(text); len(rule) > 0 {
				rules = append(rules, rule)
			}
		}
		if len(rules) > 0 {
			scope[member] = rules
		} else if len(texts) > 0 {
			delete(scope, member)
		}
	}
	if delete(p, "scope"); len(scope) > 0 {
		p["scope"] = scope
	}
}

// parseRule reads a rule of a scope: "name=pet*,tag=public".
func parseRule(text string) (map[string]any, error) {
	rule := map[string]any{}
	for part := range strings.SplitSeq(text, ",") {
		if text == "" {
			break
		}
		key, pattern, _ := strings.Cut(part, "=")
		if !slices.Contains([]string{"name", "path", "tag", "product"}, key) || pattern == "" || rule[key] != nil {
			return nil, fmt.Errorf("%q is no rule of a scope; write name, path, tag or product, each at most once, as name=pet*,tag=public", text)
		}
		rule[key] = pattern
	}
	return rule, nil
}

// change puts only what was given: the other properties are a link's that is there.
func (l *following) change(cmd *cobra.Command, p object, workspace string) {
	given := object{}
	l.put(given, workspace)
	for flag, property := range map[string]string{
		"import-specification": "importSpecification", "target-environment-id": "targetEnvironmentId", "target-lifecycle-stage": "targetLifecycleStage",
		"on-vanish": "onVanish",
	} {
		if v, ok := given[property]; ok && cmd.Flags().Changed(flag) {
			p[property] = v
		}
	}
	if cmd.Flags().Changed("activity-log") {
		p["activityLog"] = l.activityLog
	}
	l.scope(p)
}

// shortID is the id of an environment below its service, from that, from its
// ARM id or from its bare name.
func shortID(environment, workspace string) string {
	if i := strings.Index(strings.ToLower(environment), "/workspaces/"); i >= 0 {
		return environment[i:]
	}
	return "/workspaces/" + workspace + "/environments/" + environment
}

// createAWSCommand sends the link of an Amazon API Gateway. Whether the center
// can follow such a source is the center's to say.
func createAWSCommand(c *connection) *cobra.Command {
	cmd := &cobra.Command{
		Use: "aws", Short: "Link an Amazon API Gateway, where the center has a connector for it",
		Example: "  apicenter integration create aws -i amazon -a https://vault.example/secrets/key -s https://vault.example/secrets/secret -r us-east-2",
	}
	f := cmd.Flags()
	key := f.StringP("aws-access-key-reference", "a", "", "reference to the secret of the vault that has the access key")
	secret := f.StringP("aws-secret-access-key-reference", "s", "", "reference to the secret of the vault that has the secret access key")
	region := f.StringP("aws-region-name", "r", "", "region of the gateway, as us-east-2")
	who := f.String("msi-resource-id", "", "ARM id of the user-assigned identity that may read the secrets (default the system-assigned one)")
	require(cmd, "aws-access-key-reference", "aws-secret-access-key-reference", "aws-region-name")
	alias(cmd, "aws-region-name", "aws-region")
	k := linkKind()
	of := k.flags(cmd, c, 1)
	var follow following
	follow.flags(cmd, c)
	return leaf(cmd, func(cmd *cobra.Command) error {
		if err := follow.check(cmd); err != nil {
			return err
		}
		s, err := c.open(cmd.Context(), cmd)
		if err != nil {
			return err
		}
		source := object{"accessKey": *key, "secretAccessKey": *secret, "regionName": *region}
		if *who != "" {
			source["msiResourceId"] = *who
		}
		p := object{"apiSourceType": "AmazonApiGateway", "amazonApiGatewaySource": source}
		follow.put(p, s.workspace)
		o, err := s.send(cmd.Context(), call{method: http.MethodPut, path: s.at(k, of), version: preview, body: object{"properties": p}})
		if err != nil {
			return err
		}
		return k.row(s.print, o)
	})
}
