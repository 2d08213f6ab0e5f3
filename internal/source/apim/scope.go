package apim

import (
	"context"
	"net/url"
	"slices"

	"apicenter/internal/azure"
	"apicenter/internal/inventory"
	"apicenter/internal/source"
)

// coverage decides which APIs of a space the link covers. What rules do not ask
// for is not read.
type coverage struct {
	scope          inventory.Scope
	tags, products map[string][]string // by folded name of an API
}

// named is what has a name and a title that people see.
type named struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	Properties struct {
		DisplayName string `json:"displayName"`
	} `json:"properties"`
}

// names are those that a rule may name it by.
func (n named) names() []string {
	return slices.Compact([]string{n.Name, n.Properties.DisplayName})
}

// coverage reads what the rules need to judge all APIs of a space.
func (c *connector) coverage(ctx context.Context, s space) (coverage, error) {
	v := coverage{scope: c.scope}
	var err error
	if c.scope.Asks(func(r inventory.ScopeRule) string { return r.Tag }) {
		if v.tags, err = c.tags(ctx, s); err != nil {
			return coverage{}, err
		}
	}
	v.products, err = c.products(ctx, s)
	return v, err
}

// coverageOf reads what the rules need to judge one API.
func (c *connector) coverageOf(ctx context.Context, s space, name string) (coverage, error) {
	v := coverage{scope: c.scope}
	if c.scope.Asks(func(r inventory.ScopeRule) string { return r.Tag }) {
		tags, err := everything[named](ctx, c, c.url(s.api(name)+"/tags"), "the tags of "+name)
		if err != nil {
			return coverage{}, err
		}
		v.tags = map[string][]string{}
		for _, t := range tags {
			v.tags[fold(name)] = append(v.tags[fold(name)], t.names()...)
		}
	}
	var err error
	v.products, err = c.products(ctx, s)
	return v, err
}

// tags are those of each API of a space.
func (c *connector) tags(ctx context.Context, s space) (map[string][]string, error) {
	type pair struct {
		API struct {
			ID string `json:"id"`
		} `json:"api"`
		Tag struct {
			ID   string `json:"id"`
			Name string `json:"name"` // the title
		} `json:"tag"`
	}
	pairs, err := everything[pair](ctx, c, c.url(s.path()+"/apisByTags"), "the tags of "+s.what())
	if err != nil {
		return nil, err
	}
	tags := map[string][]string{}
	for _, p := range pairs {
		if p.API.ID == "" {
			return nil, &source.Error{Message: "the source lists a tag without the API that has it", Err: errNameless}
		}
		api := fold(lastSegment(p.API.ID))
		tags[api] = append(tags[api], lastSegment(p.Tag.ID), p.Tag.Name)
	}
	return tags, nil
}

// products are those of each API of a space, as far as a rule names them.
func (c *connector) products(ctx context.Context, s space) (map[string][]string, error) {
	product := func(r inventory.ScopeRule) string { return r.Product }
	if !c.scope.Asks(product) {
		return nil, nil
	}
	all, err := everything[named](ctx, c, c.url(s.path()+"/products"), "the products")
	if err != nil {
		return nil, err
	}
	type link struct {
		Properties struct {
			APIID string `json:"apiId"`
		} `json:"properties"`
	}
	in := map[string][]string{}
	for _, p := range all {
		asked := c.scope.Asks(func(r inventory.ScopeRule) string {
			if slices.ContainsFunc(p.names(), func(name string) bool { return inventory.Fits(r.Product, name) }) {
				return r.Product
			}
			return ""
		})
		if !asked {
			continue
		}
		links, err := everything[link](ctx, c, c.url(s.path()+"/products/"+url.PathEscape(p.Name)+"/apiLinks"), "the APIs of product "+p.Name)
		if err != nil {
			return nil, err
		}
		for _, l := range links {
			api := fold(lastSegment(l.Properties.APIID))
			in[api] = append(in[api], p.names()...)
		}
	}
	return in, nil
}

// everything reads a list whole, or fails: what a list lacks would be taken for
// an API that the link does not cover.
func everything[T any](ctx context.Context, c *connector, first, what string) ([]T, error) {
	var all []T
	var count *int
	for page, err := range azure.Pages[T](ctx, c.azure, first) {
		if err != nil {
			return nil, c.fault(what, err)
		}
		all = append(all, page.Value...)
		if page.Count != nil {
			count = page.Count
		}
	}
	if count != nil && *count != len(all) {
		return nil, c.fault(what, errShifted)
	}
	return all, nil
}

// outside says why the link does not cover an API, or "".
func (v coverage) outside(r *row) string {
	if v.scope.IsZero() {
		return ""
	}
	name := fold(r.Name)
	return v.scope.Outside(inventory.Traits{Name: name, Path: r.Properties.Path, Tags: v.tags[name], Products: v.products[name]})
}

// passed is a root of APIs that the link does not cover, as far as that matters.
func (v coverage) passed(external string, rows ...*row) source.Object {
	o := source.Object{Kind: inventory.KindAPI, External: external}
	for _, r := range rows {
		o.Children = append(o.Children, source.Object{Kind: inventory.KindVersion, External: r.identity(), Outside: v.outside(r)})
		if o.Read.IsZero() || r.asked.Before(o.Read) {
			o.Read = r.asked
		}
	}
	return o
}

// api is the root of an API in no version set, covered or not.
func (c *connector) api(r *row, g gateways, v coverage) source.Object {
	if v.outside(r) != "" {
		return v.passed(r.identity(), r)
	}
	return c.single(r, g)
}

// versions is the root of a version set, of which the link may cover a part.
func (c *connector) versions(gr *group, g gateways, v coverage) source.Object {
	var in, out []*row
	for _, r := range gr.members {
		if v.outside(r) == "" {
			in = append(in, r)
		} else {
			out = append(out, r)
		}
	}
	passed := v.passed(gr.external, out...)
	if len(in) == 0 {
		return passed
	}
	gr.members = in
	o := c.root(gr, g)
	o.Children = append(o.Children, passed.Children...)
	return o
}
