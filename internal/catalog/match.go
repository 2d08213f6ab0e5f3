package catalog

import (
	"slices"

	"apicenter/internal/inventory"
)

// Match is what a caller wants to be true of a thing before it is changed. The
// zero Match always holds.
type Match struct {
	Absent  bool  // it is not there
	Present bool  // it is there
	Tags    []Tag // it is there, and one of these
	Not     []Tag // it is none of these
}

// Tag names one state of one thing. The Key is part of it, since a thing that is
// deleted and made again starts counting anew.
type Tag struct{ Key, Revision int64 }

// TagOf is the tag of a thing as it stands. A link's covers its state too.
func TagOf(r inventory.Resource) Tag {
	if r.ID.Kind() == inventory.KindLink {
		return Tag{r.Key, r.Version}
	}
	return Tag{r.Key, r.Revision}
}

// holds says whether the match is true of r, which is nil when nothing is there.
func (m Match) holds(id inventory.ID, r *inventory.Resource) error {
	switch {
	case r == nil && (m.Present || len(m.Tags) > 0):
		return inventory.Errorf(inventory.Changed, "", "%s %q is not there, as the condition of the request demands", id.Kind(), id.Name())
	case r != nil && m.Absent:
		return inventory.Errorf(inventory.Exists, "", "%s %q is there already; leave If-None-Match out to replace it", id.Kind(), id.Name())
	case r != nil && slices.Contains(m.Not, TagOf(*r)):
		return inventory.Errorf(inventory.Changed, "", "%s %q is as it was read, as the condition of the request forbids", id.Kind(), id.Name())
	case r != nil && len(m.Tags) > 0:
		if slices.Contains(m.Tags, TagOf(*r)) {
			return nil
		}
		return inventory.Errorf(inventory.Changed, "", "%s %q has changed since it was read; read it again and repeat the change", id.Kind(), id.Name())
	}
	return nil
}
