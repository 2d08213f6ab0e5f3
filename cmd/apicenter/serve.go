package main

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/cobra"
)

func serveCommand() *cobra.Command {
	s := settings{pollInterval: time.Minute, auditPeriod: 24 * time.Hour, allowance: time.Minute, eventRetention: 400 * 24 * time.Hour, logLevel: slog.LevelInfo}
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run the API center",
		Long: `Run the API center on an inventory in one folder.

The first start makes an administrator's key in the folder, in the file
admin.key, which only its owner can read: it is a bearer token of the REST API
and of the client verbs, and may do everything. Others come in with API keys, or
with tokens of the issuers that --oidc-issuer names, and may do what the roles
allow that they are assigned; --administrator names the first.

API Management instances are read with the identity of the machine: a managed
identity, a workload identity, or what AZURE_CLIENT_ID and its like name.`,
		Example: `  apicenter serve --data ./inventory
  apicenter serve --data ./inventory --listen 127.0.0.1:9000 --resource-manager http://127.0.0.1:8090
  apicenter serve --oidc-issuer https://login.microsoftonline.com/TENANT-ID/v2.0 --administrator OBJECT-ID`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			log := slog.New(slog.NewJSONHandler(c.ErrOrStderr(), &slog.HandlerOptions{Level: s.logLevel}))
			running, err := startCenter(c.Context(), s, log)
			if err != nil {
				return err
			}
			log.Info("serving", "center", running.url, "service", running.service, "data", s.data, "ca", running.ca)
			r := ready{Center: running.url, CA: running.ca, Token: running.token, ServiceID: running.service, SubscriptionID: running.subscription()}
			if err := r.write(s.readyFile); err != nil {
				return fmt.Errorf("%w; %v", err, running.Close())
			}
			return running.Wait()
		},
	}
	f := c.Flags()
	f.SortFlags = false
	s.registerOwn(f)
	s.register(f)
	return c
}
