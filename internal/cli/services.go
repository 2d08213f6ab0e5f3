package cli

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
)

// serviceKind is the service itself, which all other kinds are in.
func serviceKind() kind {
	return kind{
		noun: "service", plural: "services", ofService: true, version: stable,
		columns: []column{
			{"NAME", "name", nil},
			{"GROUP", "resourceGroup", nil},
			{"LOCATION", "location", nil},
			{"IDENTITY", "identity.type", nil},
			{"STATE", "provisioningState", nil},
		},
		options: []option{{flag: "tags", property: "tags", form: record, usage: "tags: NAME=VALUE …"}},
	}
}

// attach gives a command its connection: one of its own, or that of its group.
type attach func(cmd *cobra.Command) *connection

// serviceVerbs are the verbs for services. They stand at the root, and in the
// group that older clients know.
func serviceVerbs(to attach) []*cobra.Command {
	return []*cobra.Command{
		createServiceCommand(to), updateServiceCommand(to), showServiceCommand(to), listServicesCommand(to),
		deleteServiceCommand(to), importFromAPIMCommand(to),
	}
}

// serviceCommand is `service`.
func serviceCommand(s Streams) *cobra.Command {
	cmd := group(&cobra.Command{Use: "service", Short: "The services of the center: inventories of their own"})
	c := connect(cmd, s)
	same := func(*cobra.Command) *connection { return c }
	cmd.AddCommand(serviceVerbs(same)...)
	cmd.AddCommand(listDeletedCommand(same), restoreCommand(same), purgeCommand(same))
	return cmd
}

// nameService makes cmd ask for the one service by name, where to take the only
// one for it would be rash.
func (c *connection) nameService(cmd *cobra.Command) {
	f := cmd.Flags()
	if f.Lookup("service-name") == nil { // that of the group is optional, and not this command's to change
		f.StringVarP(&c.service, "service-name", "n", "", "name of the service")
		f.StringVarP(&c.group, "resource-group", "g", "", "resource group of the service")
	}
	require(cmd, "service-name", "resource-group")
}

func createServiceCommand(to attach) *cobra.Command {
	cmd := &cobra.Command{
		Use: "create", Short: "Create a service, or replace its settings",
		Example: "  apicenter create -g apis -n partners -l westeurope\n" +
			"  apicenter create -g apis -n partners -l westeurope --tags team=platform --system-assigned",
	}
	c, k := to(cmd), serviceKind()
	c.nameService(cmd)
	k.flags(cmd, c, 0)
	location := cmd.Flags().StringP("location", "l", "", "where it is, as others are to see it (default that of the resource group)")
	properties := k.properties(cmd, c, true)
	var who identities
	who.flags(cmd)
	return leaf(cmd, func(cmd *cobra.Command) error {
		ctx, o := cmd.Context(), object{}
		s, err := c.open(ctx, cmd)
		if err != nil {
			return err
		}
		if err := properties.apply(cmd, s.workspace, o); err != nil {
			return err
		}
		if err := who.apply(cmd, s.streams, o); err != nil {
			return err
		}
		if o["location"], err = s.locationOf(ctx, cmd, *location); err != nil {
			return err
		}
		if o, err = s.send(ctx, call{method: http.MethodPut, path: s.service.path(), version: k.version, body: o}); err != nil {
			return err
		}
		return k.row(s.print, o)
	})
}

// locationOf is the location that was said, else that of the resource group.
func (s *session) locationOf(ctx context.Context, cmd *cobra.Command, said string) (string, error) {
	if said != "" {
		return said, nil
	}
	path := "/subscriptions/" + url.PathEscape(s.service.subscription) + "/resourcegroups/" + url.PathEscape(s.service.group)
	o, there, err := s.exists(ctx, path, groupVersion)
	if err == nil && (!there || o.text("location") == "") {
		err = usage(cmd, "which location? The center knows none of the resource group %s: say --location", s.service.group)
	}
	return o.text("location"), err
}

func updateServiceCommand(to attach) *cobra.Command {
	cmd := &cobra.Command{
		Use: "update", Short: "Change tags, identities or settings of a service, and leave the others",
		Example: "  apicenter update -n main -g apis --tags team=platform cost=12\n" +
			"  apicenter update -n main -g apis --system-assigned\n" +
			"  apicenter update -n main -g apis --anonymous-access true",
	}
	c, k := to(cmd), serviceKind()
	of := k.target(cmd, c)
	properties := k.properties(cmd, c, false)
	var who identities
	who.flags(cmd)
	anonymous := cmd.Flags().String("anonymous-access", "", "whether anybody may read without a token, by the data API, the portal and (of the default service) /mcp: true or false")
	complete(cmd, "anonymous-access", words("true", "false"))
	var edits generic
	edits.flags(cmd)
	return of.leaf(cmd, func(ctx context.Context, cmd *cobra.Command, s *session, path string) (object, error) {
		open := cmd.Flags().Changed("anonymous-access")
		if open && *anonymous != "true" && *anonymous != "false" {
			return nil, usage(cmd, "--anonymous-access %q is neither true nor false", *anonymous)
		}
		o, err := s.change(ctx, path, k.version, func(o object) error {
			if err := properties.apply(cmd, s.workspace, o); err != nil {
				return err
			}
			if err := who.apply(cmd, s.streams, o); err != nil {
				return err
			}
			return edits.apply(cmd, o)
		})
		if err != nil || !open {
			return o, err
		}
		_, err = s.ensure(ctx, path+"/portals/default", preview, func(portal object) error {
			return portal.set("allowAnonymousAccess", *anonymous == "true")
		})
		return o, err
	}, k.row)
}

func showServiceCommand(to attach) *cobra.Command {
	cmd := &cobra.Command{
		Use: "show", Short: "Show one service in full",
		Example: "  apicenter show -n main -g apis\n  apicenter show --ids /subscriptions/sub1/resourceGroups/apis/providers/Microsoft.ApiCenter/services/main",
	}
	c, k := to(cmd), serviceKind()
	return k.target(cmd, c).leaf(cmd, func(ctx context.Context, _ *cobra.Command, s *session, path string) (object, error) {
		return s.get(ctx, path, k.version)
	}, k.full)
}

func listServicesCommand(to attach) *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List the services", Example: "  apicenter list\n  apicenter list -g apis -o json"}
	return listGroup(cmd, to(cmd), "services", stable, serviceKind().columns)
}

// listGroup makes cmd list what is in a resource group, or in all of a subscription.
func listGroup(cmd *cobra.Command, c *connection, segment, version string, columns []column) *cobra.Command {
	var l listing
	l.pageFlags(cmd)
	return leaf(cmd, func(cmd *cobra.Command) error {
		if err := l.check(cmd); err != nil {
			return err
		}
		s, scope, err := c.dialGroup(cmd.Context(), cmd)
		if err != nil {
			return err
		}
		items, err := l.read(cmd.Context(), cmd, s, scope+"/providers/Microsoft.ApiCenter/"+segment, version)
		if err != nil {
			return err
		}
		return s.print.list(items, columns)
	})
}

// dialGroup opens the connection for what is about no one service, and gives
// the path of the resource group that was said, else of the subscription.
func (c *connection) dialGroup(ctx context.Context, cmd *cobra.Command) (*session, string, error) {
	s, want, err := c.dial(cmd)
	if err != nil {
		return nil, "", err
	}
	if want.subscription == "" {
		all, err := s.services(ctx, "")
		if err != nil {
			return nil, "", err
		}
		if want.subscription, err = s.onlySubscription(ctx, cmd, all); err != nil {
			return nil, "", err
		}
	}
	scope := "/subscriptions/" + url.PathEscape(want.subscription)
	if c.group != "" {
		scope += "/resourceGroups/" + url.PathEscape(c.group)
	}
	return s, scope, nil
}

func deleteServiceCommand(to attach) *cobra.Command {
	cmd := &cobra.Command{
		Use: "delete", Short: "Delete a service with all that is in it",
		Example: "  apicenter delete -n main -g apis\n  apicenter delete -n main -g apis --yes",
	}
	c, k := to(cmd), serviceKind()
	c.nameService(cmd)
	of := k.target(cmd, c)
	sure := sureFlag(cmd)
	return of.leaf(cmd, func(ctx context.Context, cmd *cobra.Command, s *session, path string) (object, error) {
		question := "This deletes the service " + s.service.name + " with all that is in it. Are you sure? (y/N) "
		if err := sure.ask(cmd, s.streams, question); err != nil {
			return nil, err
		}
		_, err := s.do(ctx, call{method: http.MethodDelete, path: path, version: k.version})
		return nil, err
	}, nil)
}

func importFromAPIMCommand(to attach) *cobra.Command {
	cmd := &cobra.Command{
		Use: "import-from-apim", Short: "Copy APIs of an Azure API Management instance once, without a link",
		Long: `Copy APIs of an Azure API Management instance once, without a link.

The copies are ordinary APIs: they do not follow the instance. To keep the
inventory in step with an instance, link it: apicenter integration create apim`,
		Example: "  apicenter import-from-apim -n main -g apis --apim-name contoso-apim --apim-apis '*'\n" +
			"  apicenter import-from-apim -n main -g apis --apim-name contoso-apim --apim-resource-group gateways --apim-apis orders parcels",
	}
	c := to(cmd)
	of := serviceKind().target(cmd, c)
	var from instance
	cmd.Flags().StringVar(&from.name, "apim-name", "", "name of the instance, or its ARM id")
	from.flags(cmd)
	apis := several(cmd.Flags(), "apim-apis", "", "names of the APIs to copy, or * for all")
	require(cmd, "apim-name", "apim-apis")
	op := operationFlags(cmd)
	return of.leaf(cmd, func(ctx context.Context, cmd *cobra.Command, s *session, path string) (object, error) {
		id, err := from.id(cmd, "apim-name", s.service)
		if err != nil {
			return nil, err
		}
		var ids []string
		for _, name := range apis.words() {
			if name != "*" {
				name = url.PathEscape(name)
			}
			ids = append(ids, id+"/apis/"+name)
		}
		o, err := op.run(ctx, s, call{path: path + "/importFromApim", version: stable, body: object{"sourceResourceIds": ids}})
		if err != nil || len(o) == 0 {
			return nil, err
		}
		return o, nil
	}, func(p printer, o object) error {
		return p.row(o, []column{{"STATUS", "status", nil}, {"STARTED", "startTime", nil}, {"ENDED", "endTime", nil}})
	})
}

// instance says which API Management instance is meant.
type instance struct{ name, group, subscription string }

func (i *instance) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&i.group, "apim-resource-group", "", "resource group of the instance (default that of the service)")
	cmd.Flags().StringVar(&i.subscription, "apim-subscription", "", "subscription of the instance (default that of the service)")
}

// id is the ARM id of the instance, or of a workspace of it if that is what
// was named by the flag.
func (i *instance) id(cmd *cobra.Command, flag string, near service) (string, error) {
	id := strings.TrimRight(i.name, "/")
	if !strings.Contains(id, "/") {
		id = "/subscriptions/" + url.PathEscape(cmp.Or(i.subscription, near.subscription)) +
			"/resourceGroups/" + url.PathEscape(cmp.Or(i.group, near.group)) +
			"/providers/Microsoft.ApiManagement/service/" + url.PathEscape(id)
	} else if i.group != "" || i.subscription != "" {
		return "", usage(cmd, "--%s is an ARM id, which has the group and the subscription in it already", flag)
	}
	parts := strings.Split(strings.ToLower(id), "/")
	inner := len(parts) == 11 && parts[9] == "workspaces"
	if len(parts) != 9 && !inner || parts[1] != "subscriptions" || parts[6] != "microsoft.apimanagement" || parts[7] != "service" {
		return "", usage(cmd, "--%s %q is neither a name nor the id of an API Management instance", flag, i.name)
	}
	return id, nil
}
