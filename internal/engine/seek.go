package engine

import (
	"context"
	"encoding/json"
	"iter"
	"log/slog"
	"strings"

	"apicenter/internal/inventory"
	"apicenter/internal/source"
)

// maxSightings is how many APIs a search at a source gives at most.
const maxSightings = 10

// Seek looks at the source of a link for an API: by its external identity and,
// if that is not there, through the whole listing for one with that name, title
// or path; and whether the link covers those that it found. It writes nothing.
func (e *Engine) Seek(ctx context.Context, l inventory.Link, external, name string) (seen []inventory.Sighting, err error) {
	err = e.guarded(slog.String("source", l.Source), func() (err error) {
		if seen, err = e.find(ctx, l, external, name); err != nil || l.Scope.IsZero() {
			return err
		}
		connector, err := e.connect(ctx, l, source.Env{Prompt: true})
		if err != nil {
			return err
		}
		for i := range seen {
			if seen[i].Outside, err = outside(connector.Read(ctx, source.Scope{API: seen[i].External}), seen[i].External); err != nil {
				return err
			}
		}
		return nil
	})
	return seen, err
}

// find is Seek whatever the link covers.
func (e *Engine) find(ctx context.Context, l inventory.Link, external, name string) ([]inventory.Sighting, error) {
	l.Scope = inventory.Scope{}
	connector, err := e.connect(ctx, l, source.Env{Prompt: true})
	if err != nil {
		return nil, err
	}
	if external != "" {
		seen, err := sightings(connector.Read(ctx, source.Scope{API: external}), func(_, v source.Object) bool { return v.External == external })
		if len(seen) > 0 || err != nil {
			return seen, err
		}
	}
	return sightings(connector.Read(ctx, source.Scope{}), func(api, v source.Object) bool {
		return called(v, name) || strings.EqualFold(api.States.Text("/title"), name)
	})
}

// outside says why a link does not cover a version, or "".
func outside(objects iter.Seq2[source.Object, error], external string) (string, error) {
	for o, err := range objects {
		if err != nil {
			return "", err
		}
		for _, v := range o.Children {
			if v.External == external {
				return v.Outside, nil
			}
		}
	}
	return "", nil
}

// sightings are the versions that objects have and match accepts.
func sightings(objects iter.Seq2[source.Object, error], match func(api, version source.Object) bool) (seen []inventory.Sighting, err error) {
	for o, failed := range objects {
		if failed != nil {
			return seen, failed
		}
		if o.Kind != inventory.KindAPI {
			continue
		}
		for _, v := range o.Children {
			if match(o, v) {
				seen = append(seen, inventory.Sighting{External: v.External, Title: o.States.Text("/title")})
			}
			if len(seen) == maxSightings {
				return seen, nil
			}
		}
	}
	return seen, nil
}

// called says that a version has a name, a title or a path.
func called(o source.Object, name string) bool {
	last := o.External[strings.LastIndexByte(o.External, '/')+1:]
	if strings.EqualFold(last, name) || strings.EqualFold(o.States.Text("/title"), name) {
		return true
	}
	for _, child := range o.Children {
		var addresses []string
		if child.Kind != inventory.KindDeployment || json.Unmarshal(child.States["/server/runtimeUri"], &addresses) != nil {
			continue
		}
		for _, a := range addresses {
			if path := strings.Trim(strings.ToLower(name), "/"); path != "" && strings.HasSuffix(strings.ToLower(strings.TrimRight(a, "/")), "/"+path) {
				return true
			}
		}
	}
	return false
}
