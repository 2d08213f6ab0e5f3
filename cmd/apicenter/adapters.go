package main

import (
	"context"

	"apicenter/internal/azure"
	"apicenter/internal/catalog"
	"apicenter/internal/engine"
	"apicenter/internal/httpapi/metricsapi"
	"apicenter/internal/inventory"
	"apicenter/internal/jobs"
	"apicenter/internal/portal"
	"apicenter/internal/source"
	"apicenter/internal/source/apim"
)

// waker is the queue as the catalog wants it: what people ask for is a request.
type waker struct{ *jobs.Queue }

func (w waker) Notify(ctx context.Context, link inventory.ID, api string) error {
	return w.Queue.Notify(ctx, link, api, "request")
}

// bell is the queue as events reach it, and they are counted.
type bell struct {
	queue   *jobs.Queue
	metrics *metricsapi.Metrics
}

func (b bell) Ring(ctx context.Context, hints []inventory.Hint) error {
	b.metrics.Rang(len(hints))
	return b.queue.Ring(ctx, hints)
}

// planner is the engine as the catalog wants it to plan.
type planner struct{ *engine.Engine }

func (p planner) Preview(ctx context.Context, link inventory.ID, as *inventory.Link) (any, error) {
	return p.Engine.Preview(ctx, link, as)
}

// identities are the credentials as the catalog wants them.
type identities struct{ *azure.Credentials }

func (i identities) Describe(ctx context.Context, identity string) (catalog.Identity, error) {
	who, err := i.Credentials.Describe(ctx, identity)
	return catalog.Identity(who), err
}

// finder looks for what can be linked, as the portal wants it.
type finder struct{ kinds map[string]source.Kind }

func (f finder) Find(ctx context.Context, identity, in string) ([]source.Place, error) {
	return f.kinds[apim.Name].Find(ctx, identity, in)
}

func (f finder) Events() []string { return f.kinds[apim.Name].Events }

var (
	_ portal.Sources     = finder{}
	_ catalog.Waker      = waker{}
	_ catalog.Planner    = planner{}
	_ catalog.Identities = identities{}
)
