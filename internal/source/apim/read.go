package apim

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"slices"
	"strings"

	"apicenter/internal/azure"
	"apicenter/internal/source"
)

// Read yields the environment, then the APIs outside of version sets as their
// pages come, so that their documents can be fetched while the list goes on, and
// at the end the version sets, of which all members must be known.
//
// A root's Read is when its rows were asked for. What the instance says of
// itself is always asked anew before a whole listing; for a single API it may be
// up to a minute old.
func (c *connector) Read(ctx context.Context, scope source.Scope) iter.Seq2[source.Object, error] {
	if scope.Whole() {
		return c.readWhole(ctx)
	}
	return func(yield func(source.Object, error) bool) {
		o, found, err := c.readOne(ctx, scope.API)
		if found || err != nil {
			yield(o, err)
		}
	}
}

func (c *connector) readWhole(ctx context.Context) iter.Seq2[source.Object, error] {
	return func(yield func(source.Object, error) bool) {
		f, err := c.readFacts(ctx)
		if err != nil {
			yield(source.Object{}, err)
			return
		}
		if !yield(c.environment(&f), nil) {
			return
		}
		spaces, err := c.spaces(ctx)
		if err != nil {
			yield(source.Object{}, err)
			return
		}
		g := gateways{own: f.hosts(), open: f.open()}
		for _, s := range spaces {
			for o, err := range c.readSpace(ctx, s, &g) {
				if !yield(o, err) || err != nil {
					return
				}
			}
		}
	}
}

// readSpace yields the roots of one collection of APIs.
func (c *connector) readSpace(ctx context.Context, s space, g *gateways) iter.Seq2[source.Object, error] {
	return func(yield func(source.Object, error) bool) {
		covered, err := c.coverage(ctx, s)
		if err != nil {
			yield(source.Object{}, err)
			return
		}
		groups := groups{}
		for r, err := range c.rows(ctx, s) {
			if err == nil && s.workspace != "" && g.workspaces == nil {
				g.workspaces, err = c.workspaceHosts(ctx)
			}
			if err != nil {
				yield(source.Object{}, err)
				return
			}
			if r.setName() != "" {
				groups.add(r)
			} else if !yield(c.api(r, *g, covered), nil) {
				return
			}
		}
		strays, err := c.settle(ctx, s, groups)
		if err != nil {
			yield(source.Object{}, err)
			return
		}
		for _, r := range strays {
			if !yield(c.api(r, *g, covered), nil) {
				return
			}
		}
		for _, external := range slices.Sorted(maps.Keys(groups)) {
			if !yield(c.versions(groups[external], *g, covered), nil) {
				return
			}
		}
	}
}

// groups are the version sets of a space, by identity.
type groups map[string]*group

func (gs groups) add(r *row) {
	external := r.space.identity(setCollection, r.setName())
	gr := gs[external]
	if gr == nil {
		gr = &group{external: external, id: r.setName()}
		gs[external] = gr
	}
	gr.members = append(gr.members, r)
	if r.Properties.APIVersionSet != nil {
		gr.set = r.Properties.APIVersionSet
	}
}

// settle finds the sets that no member had inside. One that is not there at all
// was deleted under its members: they are taken out of the groups, as APIs of
// their own until they say something else. Asking the list of the sets, rather
// than guessing from the rows, keeps a source that does not expand them from
// tearing all its APIs apart.
func (c *connector) settle(ctx context.Context, s space, gs groups) (strays []*row, err error) {
	missing := false
	for _, gr := range gs {
		missing = missing || gr.set == nil
	}
	if !missing {
		return nil, nil
	}
	known := map[string]*set{}
	for page, err := range azure.Pages[setResource](ctx, c.azure, c.url(s.sets())) {
		if err != nil {
			return nil, c.fault("the version sets", err)
		}
		for _, r := range page.Value {
			known[s.identity(setCollection, r.Name)] = r.set()
		}
	}
	for _, external := range slices.Sorted(maps.Keys(gs)) {
		gr := gs[external]
		if gr.set == nil {
			gr.set = known[external]
		}
		if gr.set == nil {
			delete(gs, external)
			sortMembers(gr.members)
			strays = append(strays, gr.members...)
		}
	}
	return strays, nil
}

// readOne reads the API with an identity, as a root or as the one member of a
// group that was looked at.
func (c *connector) readOne(ctx context.Context, external string) (o source.Object, found bool, err error) {
	t, ok := c.place.parse(external)
	if !ok || t.collection != apiCollection || !c.place.covers(t.space.workspace) {
		return source.Object{}, false, nil
	}
	asked := c.now()
	r, err := azure.Read[row](ctx, c.azure, c.url(t.path(), "expandApiVersionSet", "true"))
	if status(err) == http.StatusNotFound {
		return source.Object{}, false, nil
	}
	if err != nil {
		return source.Object{}, false, c.fault(external, err)
	}
	if fold(r.Name) != fold(t.name) {
		return source.Object{}, false, &source.Error{Message: fmt.Sprintf("asked for %s, the source answered with %q", external, r.Name)}
	}
	r.space, r.asked = t.space, asked
	covered, err := c.coverageOf(ctx, t.space, t.name)
	if err != nil {
		return source.Object{}, false, err
	}
	if covered.outside(&r) != "" {
		return covered.passed(external, &r), true, nil
	}
	g, err := c.gatewaysOf(ctx, t.space)
	if err != nil {
		return source.Object{}, false, err
	}
	if r.setName() == "" {
		return c.single(&r, g), true, nil
	}
	set, err := c.setOf(ctx, &r)
	if err != nil {
		return source.Object{}, false, err
	}
	if set == nil {
		return c.single(&r, g), true, nil
	}
	external = t.space.identity(setCollection, r.setName())
	return c.partial(&group{external: external, id: r.setName(), set: set, members: []*row{&r}}, g), true, nil
}

// gatewaysOf are the gateways that serve one space, for as few requests as possible.
func (c *connector) gatewaysOf(ctx context.Context, s space) (gateways, error) {
	var g gateways
	if s.workspace != "" {
		hosts, err := c.workspaceHosts(ctx)
		if err != nil {
			return gateways{}, err
		}
		if g.workspaces = hosts; len(hosts[strings.ToLower(s.workspace)]) > 0 {
			return g, nil
		}
	}
	f, err := c.recentFacts(ctx)
	if err != nil {
		return gateways{}, err
	}
	g.own, g.open = f.hosts(), f.open()
	return g, nil
}

// setOf is the version set of an API. A GET need not have it inside; nil means
// that there is no such set any more.
func (c *connector) setOf(ctx context.Context, r *row) (*set, error) {
	if r.Properties.APIVersionSet != nil {
		return r.Properties.APIVersionSet, nil
	}
	resource, err := azure.Read[setResource](ctx, c.azure, c.url(r.space.set(r.setName())))
	if status(err) == http.StatusNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, c.fault("version set "+r.setName(), err)
	}
	return resource.set(), nil
}
