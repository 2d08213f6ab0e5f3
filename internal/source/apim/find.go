package apim

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"apicenter/internal/azure"
	"apicenter/internal/source"
)

const (
	subscriptionsVersion = "2022-12-01"
	findTimeout          = 10 * time.Second
	maxFound             = 500 // places of one list
)

// found is a row of a list of Azure, as far as it is looked at.
type found struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	DisplayName string `json:"displayName"`
	State       string `json:"state"` // of a subscription
	Properties  struct {
		DisplayName string `json:"displayName"`
	} `json:"properties"`
}

// find lists subscriptions, the instances in one, or the workspaces of an
// instance: those that the identity may see.
func (k *kind) find(ctx context.Context, identity, in string) ([]source.Place, error) {
	ctx, stop := context.WithTimeout(ctx, findTimeout)
	defer stop()
	subscription, list, query := "", "/subscriptions", subscriptionsVersion
	if in != "" {
		parts := strings.Split(strings.Trim(in, "/"), "/")
		if len(parts) < 2 || !strings.EqualFold(parts[0], "subscriptions") {
			return nil, &source.Error{Stalled: true, Message: "nothing is found in " + in}
		}
		subscription, query = parts[1], k.APIVersion
		list = "/subscriptions/" + url.PathEscape(subscription) + "/providers/" + serviceType
		if len(parts) > 2 {
			place, err := parsePlace(in)
			if err != nil {
				return nil, &source.Error{Stalled: true, Message: err.Error()}
			}
			list = place.path + "/workspaces"
		}
	}
	credential, err := k.Credential(identity)
	if err != nil {
		return nil, &source.Error{Stalled: true, Message: "the identity cannot be used", Err: err}
	}
	client, err := azure.NewClient(azure.Options{
		Endpoint: k.Endpoint, Audience: k.Audience, Credential: credential, AllowLoopbackHTTP: k.AllowLoopback,
		Limiter: k.Limiters.For(subscription, identity), First: true, Transport: k.Transport, Random: k.Random,
	})
	if err != nil {
		return nil, &source.Error{Stalled: true, Message: "the connection is misconfigured", Err: err}
	}
	var places []source.Place
	for page, err := range azure.Pages[found](ctx, client, client.URL(list, "api-version", query)) {
		switch s := status(err); {
		case s == http.StatusForbidden, s == http.StatusNotFound, s == http.StatusBadRequest && strings.HasSuffix(list, "/workspaces"):
			return places, nil // it may not see it, or the tier has none
		}
		if err != nil {
			return places, &source.Error{Message: "look for what can be linked", Err: err}
		}
		for _, f := range page.Value {
			if f.State != "" && !strings.EqualFold(f.State, "Enabled") && !strings.EqualFold(f.State, "Warned") {
				continue
			}
			places = append(places, source.Place{ID: f.ID, Title: cmp.Or(f.DisplayName, f.Properties.DisplayName, f.Name, lastSegment(f.ID)), Group: groupOf(f.ID)})
		}
		if len(places) >= maxFound {
			places = places[:maxFound]
			break
		}
	}
	slices.SortStableFunc(places, func(a, b source.Place) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Group), strings.ToLower(b.Group)), cmp.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title)))
	})
	return places, nil
}

// groupOf is the resource group in a resource id.
func groupOf(id string) string {
	parts := strings.Split(strings.Trim(id, "/"), "/")
	if len(parts) > 4 && strings.EqualFold(parts[2], "resourceGroups") {
		return parts[3]
	}
	return ""
}
