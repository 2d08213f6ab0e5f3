package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"apicenter/client"
)

// creation is the flags of `integration create apim`.
type creation struct {
	name                     *string
	apim                     instance
	apimWorkspace, identity  string
	title, kind, description string // of the environment
	follow                   following
	target                   time.Duration // 0: that of the server
	assign                   bool
	wait                     waiting
}

// sourceFlags are those that say what to read, and as whom.
func (n *creation) sourceFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&n.apim.name, "azure-apim", "", "name of the instance, or its ARM id")
	n.apim.flags(cmd)
	f.StringVar(&n.apimWorkspace, "workspace", "", "only this workspace of the instance (default the whole instance)")
	f.StringVar(&n.identity, "msi-resource-id", "", "ARM id of the user-assigned identity to read with (default the system-assigned one)")
}

func createAPIMCommand(c *connection) *cobra.Command {
	cmd := &cobra.Command{
		Use: "apim", Short: "Link an Azure API Management instance, or one workspace of it",
		Long: `Link an Azure API Management instance, or one workspace of it.

The center reads the instance with its managed identity and keeps its own
inventory in step; it never writes to the instance. With one of the
--environment-* flags, an environment named like the link is made first, or
changed where it exists.`,
		Example: `  apicenter integration create apim -i prod-gateway --azure-apim contoso-apim --wait
  apicenter integration create apim -i prod-gateway --azure-apim contoso-apim --apim-resource-group gateways \
      --environment-title "Production" --environment-type production --target-lifecycle-stage production`,
	}
	var n creation
	n.name = linkKind().flags(cmd, c, 1)["integration-name"]
	f := cmd.Flags()
	n.sourceFlags(cmd)
	require(cmd, "azure-apim")
	f.StringVar(&n.title, "environment-title", "", "title of the environment (default the name of the link)")
	f.StringVar(&n.kind, "environment-type", "", "production, staging, testing or development (default production)")
	f.StringVar(&n.description, "environment-description", "", "description of the environment")
	n.follow.flags(cmd, c)
	f.DurationVar(&n.target, "freshness-target", 0, "within which a change at the gateway is to be here, 10s at least (default that of the server)")
	f.BoolVar(&n.assign, "assign-role", false, "give the center's identity the reader role on the instance first, by your own right to assign it")
	n.wait.flags(cmd, "the first synchronisation has ended; exit code 1 if it ended partial or failed")
	for _, other := range []string{"environment-title", "environment-type", "environment-description"} {
		cmd.MarkFlagsMutuallyExclusive("target-environment-id", other)
	}
	complete(cmd, "environment-type", words("production", "staging", "testing", "development"))
	return leaf(cmd, func(cmd *cobra.Command) error { return n.run(cmd, c) })
}

func (n *creation) run(cmd *cobra.Command, c *connection) error {
	ctx := cmd.Context()
	if err := n.follow.check(cmd); err != nil {
		return err
	}
	s, err := c.open(ctx, cmd)
	if err != nil {
		return err
	}
	source, err := n.source(cmd, s.service)
	if err != nil {
		return err
	}
	if n.assign {
		if err := s.assignRole(ctx, source, n.identity); err != nil {
			return err
		}
	}
	undo := func() {}
	if n.title != "" || n.kind != "" || n.description != "" {
		if undo, err = n.putEnvironment(ctx, s); err != nil {
			return err
		}
		n.follow.environment = *n.name
	}
	ref := s.space().APISource(*n.name)
	a, err := s.do(ctx, call{method: http.MethodPut, path: ref.ID(), version: preview, body: n.link(source, s.workspace)})
	if err != nil {
		// No answer means that the link may be there, and need its environment.
		if _, refused := errors.AsType[*apiError](err); refused {
			undo()
		}
		return err
	}
	link, err := a.object()
	if err != nil {
		return err
	}
	if !n.wait.wait {
		return s.print.row(link, linkKind().columns)
	}
	return n.await(ctx, s, ref, link, a.Status == http.StatusCreated)
}

// await waits for the first run of a new link. A link that was there may have
// nothing to do, so it is asked for a run.
func (n *creation) await(ctx context.Context, s *session, ref client.APISourceRef, link object, created bool) (err error) {
	since := link.time("systemData.createdAt")
	if !created {
		if since, err = requested(ref.Sync(ctx, "")); err != nil {
			return err
		}
	}
	run, err := s.watch(ctx, ref, since, n.wait.limit)
	if err != nil {
		return err
	}
	if link, err = s.get(ctx, ref.ID(), preview); err != nil {
		return err
	}
	if err := s.print.row(link, linkKind().columns); err != nil {
		return err
	}
	return s.verdict(run)
}

// source is the ARM id of the instance or of its workspace.
func (n *creation) source(cmd *cobra.Command, near service) (string, error) {
	id, err := n.apim.id(cmd, "azure-apim", near)
	if err != nil || n.apimWorkspace == "" {
		return id, err
	}
	if strings.Contains(strings.ToLower(id), "/workspaces/") {
		return "", usage(cmd, "--azure-apim names a workspace already, and so does --workspace")
	}
	return id + "/workspaces/" + url.PathEscape(n.apimWorkspace), nil
}

// link is the body of the PUT.
func (n *creation) link(source, workspace string) object {
	from := object{"resourceId": source}
	if n.identity != "" {
		from["msiResourceId"] = n.identity
	}
	p := object{"apiSourceType": "AzureApiManagement", "azureApiManagementSource": from}
	n.follow.put(p, workspace)
	if n.target != 0 {
		p["freshnessTargetSeconds"] = int(n.target.Seconds())
	}
	return object{"properties": p}
}

// putEnvironment makes the environment of the link, or changes what the flags
// say of it. What it returns takes a new environment back.
func (n *creation) putEnvironment(ctx context.Context, s *session) (undo func(), err error) {
	path := s.path(environmentKind().steps, names{"environment-id": n.name})
	there := false
	_, err = s.ensure(ctx, path, stable, func(o object) error {
		if there = o["id"] != nil; !there {
			put(o, "title", *n.name)
			put(o, "kind", "production")
			put(o, "server", object{"type": "Azure API Management"})
		}
		put(o, "title", n.title)
		put(o, "kind", strings.ToLower(n.kind))
		put(o, "description", n.description)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("make the environment: %w", err)
	}
	if there {
		return func() {}, nil
	}
	return func() {
		_, err := s.do(ctx, call{method: http.MethodDelete, path: path, version: stable})
		if err != nil {
			fmt.Fprintf(s.streams.Err, "Warning: the new environment %s is still there: %v\n", *n.name, err)
		}
	}, nil
}
