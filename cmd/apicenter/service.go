package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"apicenter/internal/catalog"
	"apicenter/internal/inventory"
)

const (
	provider = "Microsoft.ApiCenter"
	// localService is the service that a center has when nobody names another.
	localService = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/apicenter/providers/" + provider + "/services/apicenter"
)

// ensureService creates the service of the settings unless it is there, and gives its ARM id.
func ensureService(ctx context.Context, people *catalog.Catalog, armID string) (string, error) {
	path, ok := servicePath(armID)
	if !ok {
		return "", fmt.Errorf("--service %q: want /subscriptions/S/resourceGroups/G/providers/Microsoft.ApiCenter/services/NAME", armID)
	}
	id, err := inventory.ParseID(path)
	if err != nil {
		return "", err
	}
	r, err := people.Get(ctx, id)
	if errors.Is(err, inventory.NotFound) {
		body := inventory.Doc{}
		body.Set("/location", "local")
		r, _, err = people.Put(ctx, path, body, catalog.Match{})
	}
	if errors.Is(err, inventory.Conflict) {
		return armID, nil // somebody deleted it, and may restore it
	}
	if err != nil {
		return "", fmt.Errorf("create the service: %w", err)
	}
	parts := strings.SplitN(r.Path, "/", 3)
	return fmt.Sprintf("/subscriptions/%s/resourceGroups/%s/providers/%s/services/%s", parts[0], parts[1], provider, parts[2]), nil
}

// servicePath is the path in the inventory of a service's ARM id.
func servicePath(armID string) (string, bool) {
	parts := strings.Split(strings.Trim(armID, "/"), "/")
	if len(parts) != 8 || !strings.EqualFold(parts[0], "subscriptions") || !strings.EqualFold(parts[2], "resourceGroups") ||
		!strings.EqualFold(parts[4]+"/"+parts[5]+"/"+parts[6], "providers/"+provider+"/services") {
		return "", false
	}
	return parts[1] + "/" + parts[3] + "/" + parts[7], true
}
