package cli

import (
	"github.com/spf13/cobra"
)

// resourceCommands are the verbs for what a center holds, as `az apic` has them.
func resourceCommands(s Streams) []*cobra.Command {
	own := func(cmd *cobra.Command) *connection { return connect(cmd, s) }
	return append(serviceVerbs(own),
		serviceCommand(s), apiCommand(s), environmentCommand(s), metadataCommand(s), integrationCommand(s), tombstoneCommand(s),
		analysisCommand(s), explainCommand(s), workspaceHistoryCommand(s), webhookCommand(s))
}

// verbs are create, update, show, list and delete of k. What goes with a
// deleted one is said in consequence.
func (k kind) verbs(c *connection, consequence string) []*cobra.Command {
	return []*cobra.Command{
		k.createCommand(c), k.updateCommand(c), k.showCommand(c), k.listCommand(c), k.deleteCommand(c, consequence), k.historyCommand(c),
	}
}

// apiCommand is `api` with all that hangs on an API.
func apiCommand(s Streams) *cobra.Command {
	cmd := group(&cobra.Command{Use: "api", Short: "The APIs of the inventory, their versions, definitions and deployments"})
	c := connect(cmd, s)
	cmd.AddCommand(apiKind().verbs(c, " with its versions, definitions and deployments")...)
	cmd.AddCommand(registerCommand(c), mergeCommand(c), unmergeCommand(c), leadCommand(c), sourcesCommand(c), mergeRuleCommand(c))
	version := group(&cobra.Command{Use: "version", Short: "The versions of an API"})
	version.AddCommand(versionKind().verbs(c, " with its definitions")...)
	definition := group(&cobra.Command{Use: "definition", Short: "The definitions of a version, and their documents"})
	definition.AddCommand(definitionKind().verbs(c, " with its document")...)
	definition.AddCommand(importCommand(c), exportCommand(c), diffCommand(c))
	deployment := group(&cobra.Command{Use: "deployment", Short: "Where an API is deployed"})
	deployment.AddCommand(deploymentKind().verbs(c, "")...)
	cmd.AddCommand(version, definition, deployment)
	return cmd
}

// environmentCommand is `environment`: where APIs run.
func environmentCommand(s Streams) *cobra.Command {
	cmd := group(&cobra.Command{Use: "environment", Short: "The environments that APIs are deployed to"})
	cmd.AddCommand(environmentKind().verbs(connect(cmd, s), "")...)
	return cmd
}

// metadataCommand is `metadata`: the schemas of custom properties.
func metadataCommand(s Streams) *cobra.Command {
	cmd := group(&cobra.Command{Use: "metadata", Short: "The schemas of custom metadata, and what they are assigned to"})
	c := connect(cmd, s)
	cmd.AddCommand(metadataKind().verbs(c, "")...)
	cmd.AddCommand(exportMetadataCommand(c))
	return cmd
}

// analysisCommand is `api-analysis`: how definitions are looked at.
func analysisCommand(s Streams) *cobra.Command {
	cmd := group(&cobra.Command{Use: "api-analysis", Short: "The configurations by which APIs are analysed, and their rules"})
	c := connect(cmd, s)
	k := analysisKind()
	cmd.AddCommand(k.verbs(c, " with its rules")...)
	cmd.AddCommand(importRulesetCommand(c), exportRulesetCommand(c))
	return cmd
}
