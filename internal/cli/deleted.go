package cli

import (
	"net/http"

	"github.com/spf13/cobra"
)

func listDeletedCommand(to attach) *cobra.Command {
	cmd := &cobra.Command{
		Use: "list-deleted", Short: "List the deleted services that can be restored",
		Example: "  apicenter service list-deleted\n  apicenter service list-deleted -g apis",
	}
	return listGroup(cmd, to(cmd), "deletedServices", preview, []column{
		{"NAME", "name", nil},
		{"GROUP", "resourceGroup", nil},
		{"DELETED", "softDeletionDate", age("softDeletionDate")},
		{"PURGED", "scheduledPurgeDate", due("scheduledPurgeDate")},
	})
}

func restoreCommand(to attach) *cobra.Command {
	cmd := &cobra.Command{
		Use: "restore", Short: "Bring a deleted service back, with all that was in it",
		Example: "  apicenter service restore -n old -g apis",
	}
	c, k := to(cmd), serviceKind()
	c.nameService(cmd)
	k.flags(cmd, c, 0)
	return leaf(cmd, func(cmd *cobra.Command) error {
		s, err := c.open(cmd.Context(), cmd)
		if err != nil {
			return err
		}
		o, err := s.send(cmd.Context(), call{
			method: http.MethodPatch, path: s.service.path(), version: preview,
			body: object{"properties": object{"restore": true}},
		})
		if err != nil {
			return err
		}
		return k.row(s.print, o)
	})
}

func purgeCommand(to attach) *cobra.Command {
	cmd := &cobra.Command{
		Use: "purge", Short: "Delete a deleted service for good",
		Example: "  apicenter service purge -n old -g apis\n  apicenter service purge -n old -g apis --yes",
	}
	c, k := to(cmd), serviceKind()
	c.nameService(cmd)
	k.flags(cmd, c, 0)
	sure := sureFlag(cmd)
	return leaf(cmd, func(cmd *cobra.Command) error {
		ctx := cmd.Context()
		question := "This deletes what is left of the service " + c.service + ", and nothing brings it back. Are you sure? (y/N) "
		if err := sure.ask(cmd, c.streams, question); err != nil {
			return err
		}
		s, err := c.open(ctx, cmd)
		if err != nil {
			return err
		}
		_, err = s.do(ctx, call{method: http.MethodDelete, path: s.service.deletedPath(), version: preview})
		return err
	})
}
