package cli

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// required says that a command will not run without the flag.
func required(f *pflag.Flag) bool { return f.Annotations[cobra.BashCompOneRequiredFlag] != nil }

func commands(cmd *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{cmd}
	for _, child := range cmd.Commands() {
		all = append(all, commands(child)...)
	}
	return all
}

// Each command with its flags: what a script may rely on.
func TestTreeIsAsInTheGoldenFile(t *testing.T) {
	var b strings.Builder
	for _, cmd := range commands(New(Streams{})) {
		fmt.Fprintf(&b, "%s\n", cmd.CommandPath())
		lines := []string{}
		own := func(kind string) func(f *pflag.Flag) {
			return func(f *pflag.Flag) {
				if cmd.InheritedFlags().Lookup(f.Name) == f {
					return
				}
				name := "--" + f.Name
				if f.Shorthand != "" {
					name = "-" + f.Shorthand + ", " + name
				}
				line := fmt.Sprintf("  %s %s%s", name, f.Value.Type(), kind)
				if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "0" {
					line += " = " + f.DefValue
				}
				if required(f) {
					line += ", required"
				}
				if f.Hidden {
					line += ", hidden"
				}
				lines = append(lines, line)
			}
		}
		cmd.LocalNonPersistentFlags().VisitAll(own(""))
		cmd.PersistentFlags().VisitAll(own(", and below"))
		slices.Sort(lines)
		b.WriteString(strings.Join(lines, "\n") + "\n")
	}
	golden(t, "tree.txt", b.String())
}

// TestContract holds the tree against that of az apic: each command and each
// flag of it is here, R marks those that are required.
func TestContract(t *testing.T) {
	const (
		service = "-g --resource-group -n --service-name --subscription -s --service"
		one     = " --ids"
		list    = " --filter --max-items --next-token"
		generic = one + " --set --add --remove --force-string"
		deleted = one + " -y --yes"
		api     = " --title --contacts --custom-properties --description --external-documentation --license --summary"
		env     = " --server --onboarding --description --custom-properties"
		link    = " --import-specification --target-environment-id --target-lifecycle-stage --msi-resource-id"
		inSpace = " --workspace-name"
	)
	tree := map[string]string{
		"create":           service + " --name -l --location --tags --identity R: -g -n",
		"update":           service + generic + " --tags --identity",
		"show":             service + one + " --name",
		"list":             "-g --resource-group --subscription --max-items --next-token",
		"delete":           service + " --name" + deleted,
		"import-from-apim": service + one + " --apim-name --apim-apis --apim-resource-group --apim-subscription --no-wait R: --apim-name --apim-apis",

		"api create":   service + inSpace + " --api-id --type --api --api-name --name --kind" + api + " R: --api-id --title --type",
		"api update":   service + inSpace + generic + " --api-id --type" + api + " R: --api-id",
		"api show":     service + inSpace + one + " --api-id --api R: --api-id",
		"api list":     service + inSpace + list,
		"api delete":   service + inSpace + deleted + " --api-id R: --api-id",
		"api register": service + inSpace + " -l --api-location -e --environment-name --environment-id R: --api-location",

		"api version create": service + inSpace + " --api-id --version-id --version --title --lifecycle-stage R: --api-id --version-id",
		"api version update": service + inSpace + generic + " --api-id --version-id --title --lifecycle-stage R: --api-id --version-id",
		"api version show":   service + inSpace + one + " --api-id --version-id R: --api-id --version-id",
		"api version list":   service + inSpace + list + " --api-id R: --api-id",
		"api version delete": service + inSpace + deleted + " --api-id --version-id R: --api-id --version-id",

		"api definition create": service + inSpace + " --api-id --version-id --definition-id --definition --title --description R: --api-id --version-id --definition-id",
		"api definition update": service + inSpace + generic + " --api-id --version-id --definition-id --title --description R: --api-id --version-id --definition-id",
		"api definition show":   service + inSpace + one + " --api-id --version-id --definition-id R: --api-id --version-id --definition-id",
		"api definition list":   service + inSpace + list + " --api-id --version-id R: --api-id --version-id",
		"api definition delete": service + inSpace + deleted + " --api-id --version-id --definition-id R: --api-id --version-id --definition-id",
		"api definition import-specification": service + inSpace + one + " --api-id --version-id --definition-id --format --value --specification --no-wait" +
			" R: --api-id --version-id --definition-id --format --value --specification",
		"api definition export-specification": service + inSpace + one + " --api-id --version-id --definition-id --file-name R: --api-id --version-id --definition-id --file-name",

		"api deployment create": service + inSpace + " --api-id --deployment-id --deployment --title --environment-id --definition-id --server --description --custom-properties" +
			" R: --api-id --deployment-id --title --environment-id --definition-id --server",
		"api deployment update": service + inSpace + generic + " --api-id --deployment-id --title --environment-id --definition-id --server --description --custom-properties R: --api-id --deployment-id",
		"api deployment show":   service + inSpace + one + " --api-id --deployment-id R: --api-id --deployment-id",
		"api deployment list":   service + inSpace + list + " --api-id R: --api-id",
		"api deployment delete": service + inSpace + deleted + " --api-id --deployment-id R: --api-id --deployment-id",

		"environment create": service + inSpace + " --environment-id --environment --title --type --kind" + env + " R: --environment-id --title --type",
		"environment update": service + inSpace + generic + " --environment-id --title --type" + env + " R: --environment-id",
		"environment show":   service + inSpace + one + " --environment-id R: --environment-id",
		"environment list":   service + inSpace + list,
		"environment delete": service + inSpace + deleted + " --environment-id R: --environment-id",

		"metadata create": service + " --metadata-name --schema --assignments R: --metadata-name --schema --assignments",
		"metadata update": service + generic + " --metadata-name --schema --assignments R: --metadata-name",
		"metadata show":   service + one + " --metadata-name R: --metadata-name",
		"metadata list":   service + list,
		"metadata delete": service + deleted + " --metadata-name R: --metadata-name",
		"metadata export": service + one + " --assignments --file-name --custom-metadata-only R: --assignments --file-name",

		"integration create apim": service + inSpace + " -i --integration-name --azure-apim" + link + " R: --integration-name --azure-apim",
		"integration create aws": "-g --resource-group -n --service-name --subscription" + inSpace +
			" -i --integration-name -a --aws-access-key-reference -s --aws-secret-access-key-reference -r --aws-region-name" + link +
			" R: --integration-name --aws-access-key-reference --aws-secret-access-key-reference --aws-region-name",
		"integration show":   service + inSpace + one + " -i --integration-name R: --integration-name",
		"integration list":   service + inSpace + list,
		"integration delete": service + inSpace + deleted + " -i --integration-name R: --integration-name",

		"api-analysis create":         service + inSpace + " -c --config-name --title --description --analyzer-type --filter R: --config-name",
		"api-analysis update":         service + inSpace + generic + " -c --config-name --title --description --analyzer-type --filter R: --config-name",
		"api-analysis show":           service + inSpace + one + " -c --config-name R: --config-name",
		"api-analysis list":           service + inSpace + list,
		"api-analysis delete":         service + inSpace + deleted + " -c --config-name R: --config-name",
		"api-analysis import-ruleset": service + inSpace + one + " -c --config-name --path --no-wait R: --config-name --path",
		"api-analysis export-ruleset": service + inSpace + one + " -c --config-name --path R: --config-name --path",
	}
	for _, verb := range []string{"create", "update", "show", "list", "delete", "import-from-apim"} {
		tree["service "+verb] = tree[verb] // as older builds have it
	}
	for path, flags := range tree {
		t.Run(path, func(t *testing.T) {
			cmd, rest, err := New(Streams{}).Find(strings.Fields(path))
			if err != nil || len(rest) > 0 || cmd.HasSubCommands() {
				t.Fatalf("there is no such command (%v)", err)
			}
			if err := cmd.ParseFlags(nil); err != nil { // takes in those of the group
				t.Fatal(err)
			}
			has, needs, _ := strings.Cut(flags, " R: ")
			for _, name := range strings.Fields(has) {
				if lookup(cmd, name) == nil {
					t.Errorf("it lacks %s", name)
				}
			}
			for _, name := range strings.Fields(needs) {
				if f := lookup(cmd, name); f == nil || !required(f) {
					t.Errorf("%s is not required", name)
				}
			}
			if f := cmd.Flags().Lookup("workspace-name"); f == nil || !f.Hidden || f.DefValue != "default" {
				t.Error("--workspace-name is not hidden, or not default")
			}
		})
	}
}

func lookup(cmd *cobra.Command, name string) *pflag.Flag {
	if long, ok := strings.CutPrefix(name, "--"); ok {
		return cmd.Flags().Lookup(long)
	}
	return cmd.Flags().ShorthandLookup(strings.TrimPrefix(name, "-"))
}

// Every command says what it does, and every flag too.
func TestHelpIsThere(t *testing.T) {
	for _, cmd := range commands(New(Streams{})) {
		if cmd.Short == "" {
			t.Errorf("%s says nothing of itself", cmd.CommandPath())
		}
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Usage == "" {
				t.Errorf("%s: --%s says nothing of itself", cmd.CommandPath(), f.Name)
			}
		})
	}
}
