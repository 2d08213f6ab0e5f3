package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// identities is the flags for the managed identities of a service.
type identities struct {
	whole  *groups
	system bool
	user   *groups
}

func (i *identities) flags(cmd *cobra.Command) {
	i.whole = several(cmd.Flags(), "identity", "", "managed identities, all of them: {type:SystemAssigned}")
	cmd.Flags().BoolVar(&i.system, "system-assigned", false, "have the identity of the machine that the center runs on")
	i.user = several(cmd.Flags(), "user-assigned", "", "have these identities too: their ARM ids")
	cmd.MarkFlagsMutuallyExclusive("identity", "system-assigned")
	cmd.MarkFlagsMutuallyExclusive("identity", "user-assigned")
}

// The members of an identity on the wire.
const (
	identityType = "type"
	identityUser = "userAssignedIdentities"
)

// apply puts what was given into the service o.
func (i *identities) apply(cmd *cobra.Command, s Streams, o object) error {
	if cmd.Flags().Changed("identity") {
		g := given{streams: s, several: map[string]*groups{"identity": i.whole}}
		v, err := g.structure(option{flag: "identity", property: "identity", form: anything}, o)
		if err != nil {
			return usage(cmd, "--identity: %v", err)
		}
		whole, _ := asObject(v)
		if users, ok := whole["user-assigned-identities"]; ok {
			delete(whole, "user-assigned-identities")
			whole[identityUser] = users
		}
		return o.set("identity", v)
	}
	if !cmd.Flags().Changed("system-assigned") && !cmd.Flags().Changed("user-assigned") {
		return nil
	}
	now, _ := asObject(o["identity"])
	kinds := strings.FieldsFunc(text(now[identityType]), func(r rune) bool { return r == ',' || r == ' ' })
	system := slices.Contains(kinds, "SystemAssigned")
	if cmd.Flags().Changed("system-assigned") {
		system = i.system
	}
	users, _ := asObject(now[identityUser])
	all := map[string]any{}
	for id := range users {
		all[id] = map[string]any{}
	}
	for _, id := range i.user.words() {
		all[id] = map[string]any{}
	}
	next := map[string]any{identityType: "None"}
	switch {
	case system && len(all) > 0:
		next[identityType] = "SystemAssigned,UserAssigned"
	case system:
		next[identityType] = "SystemAssigned"
	case len(all) > 0:
		next[identityType] = "UserAssigned"
	}
	if len(all) > 0 {
		next[identityUser] = all
	}
	return o.set("identity", next)
}
