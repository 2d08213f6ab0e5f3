package engine

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"apicenter/internal/inventory"
	"apicenter/internal/plan"
	"apicenter/internal/source"
)

// chooseWorkspace finds where the link is, and by what APIs of several links are one there.
func (p *Pass) chooseWorkspace(r inventory.Reader) error {
	workspace, err := r.Record(p.claim.Link.Parent())
	p.workspace, p.rule = workspace.Resource, inventory.MergeRuleOf(workspace.Own)
	return err
}

// mergeKey is what the workspace's rule compares of a root, with the rule before
// it, so that keys of different rules never meet; "" if there is nothing to compare.
// states are those of the root, have is what was recorded of it.
func (w *writer) mergeKey(states inventory.Doc, have inventory.Origin) string {
	root := w.task.Object
	if root.Kind != inventory.KindAPI || w.rule == inventory.MergeNone {
		return ""
	}
	text := ""
	switch w.rule {
	case inventory.MergeTitle:
		text = states.Text("/title")
	case inventory.MergeName:
		text = root.External[strings.LastIndexByte(root.External, '/')+1:]
	case inventory.MergePath:
		if text = servedAt(root.Children); root.Partial && have.MergeKey != "" {
			return have.MergeKey // the other versions were not looked at
		}
	default:
		own := root.Seeds
		if i := w.row(w.api); i >= 0 && w.recorded[i].Own != nil {
			own = w.recorded[i].Own
		}
		field := inventory.Field(w.rule)
		view := inventory.Overlay(own, []inventory.Origin{{States: states}})
		if text = view.Text(field); text == "" {
			text = string(view[field]) // a number, say
		}
	}
	if text = inventory.Fold(text); text == "" {
		return ""
	}
	return string(w.rule) + " " + text
}

// servedAt is the first path at which versions are served, without the segment
// that names the version; "" if there is none.
func servedAt(versions []source.Object) string {
	var paths []string
	for _, v := range versions {
		for _, o := range v.Children {
			var addresses []string
			if o.Kind != inventory.KindDeployment || !o.States.Read("/server/runtimeUri", &addresses) || len(addresses) == 0 {
				continue
			}
			if at, err := url.Parse(addresses[0]); err == nil {
				path := inventory.Fold(strings.Trim(at.Path, "/"))
				path = strings.TrimSuffix(path, "/"+inventory.Fold(v.States.Text("/title")))
				paths = append(paths, path)
			}
		}
	}
	if len(paths) == 0 {
		return ""
	}
	return slices.Min(paths)
}

// merge has the API be one with the same API of other links, if there is one.
// The younger joins the older; one that several links share takes in any.
func (w *writer) merge() error {
	t := w.task
	if t.Object.Kind != inventory.KindAPI {
		return nil
	}
	own, _ := w.at(w.api)
	i := w.row(w.api)
	if len(w.recorded[i].Origins) > 1 {
		moved, err := w.tx.Align(w.api)
		w.joined = w.joined || moved
		return err
	}
	partner, candidates, err := w.partner(w.tx, t.Op, w.key, w.recorded[i].Key, nil)
	if err != nil {
		return err
	}
	if partner.IsZero() {
		if w.key == own.MergeKey && t.Action != plan.Add {
			return nil
		}
		return w.tx.Reconsider(w.key, w.api)
	}
	if candidates > 1 {
		t.note = fmt.Sprintf("%d APIs of other links are the same; it is one with the oldest, %q", candidates, partner.Name())
	}
	w.counts.Merged++
	w.joined = true
	return w.tx.Join(w.api, partner)
}

// partner is the API of other links that a root is to be one with, of so many
// candidates; zero if there is none that is older, or shared already. row is the
// root's own; what others of the link join is not for it.
func (p *Pass) partner(r inventory.Reader, op plan.Op, key string, row int64, others map[inventory.ID]bool) (inventory.ID, int, error) {
	candidates, err := r.Alike(p.claim.Link, p.link.Instance(), op.External, key)
	for _, c := range candidates {
		if !others[c.ID] && (c.Shared || op.Action == plan.Add || c.Key < row) {
			return c.ID, len(candidates), err
		}
	}
	return inventory.ID{}, len(candidates), err
}

// foreseePartner is the API of other links that an op's root would become one
// with, zero for none; joined are those that roots before it would.
func (p *Pass) foreseePartner(r inventory.Reader, op plan.Op, joined map[inventory.ID]bool) (inventory.ID, error) {
	if writes := op.Action == plan.Add || op.Action == plan.Change; !writes || op.Object.Kind != inventory.KindAPI {
		return inventory.ID{}, nil
	}
	recorded, err := p.recorded(r, op)
	if err != nil {
		return inventory.ID{}, err
	}
	w := writer{Pass: p, task: &task{Op: op}, api: op.Recorded.ID, recorded: recorded}
	var root inventory.Record
	if i := w.row(w.api); i >= 0 {
		root = recorded[i]
	}
	if len(root.Origins) > 1 {
		return inventory.ID{}, nil
	}
	partner, _, err := p.partner(r, op, w.rootOrigin().MergeKey, root.Key, joined)
	return partner, err
}

// locate gives an op the places that its things have after APIs of this pass
// have become one with others, which no index that was recalled before knows.
func (p *Pass) locate(r inventory.Reader, op plan.Op) (plan.Op, error) {
	if !p.moves.Load() {
		return op, nil
	}
	if op.Action == plan.Change && op.Object.Kind == inventory.KindAPI {
		e, err := r.Origin(p.claim.Link, inventory.KindAPI, op.Recorded.External)
		if err == nil {
			op.Recorded.ID = e.ID
		} else if !errors.Is(err, inventory.NotFound) {
			return op, err
		}
	}
	op.Adopt = slices.Clone(op.Adopt)
	for i, a := range op.Adopt {
		e, err := r.Origin(p.claim.Link, inventory.KindVersion, a.External)
		if err == nil {
			op.Adopt[i].Version = e
		} else if !errors.Is(err, inventory.NotFound) {
			return op, err
		}
	}
	return op, nil
}
