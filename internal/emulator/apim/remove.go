package apim

import (
	"fmt"
	"slices"
	"strings"
)

// DeleteAPI removes an API with all that it has, or one revision that is not
// the current one. With the last version of a set goes the set.
func (s *Space) DeleteAPI(name string, allRevisions bool) error {
	base, number := SplitName(name)
	r := s.Find(name)
	if r == nil {
		return NotFound("API")
	}
	api := r.API
	if number != 0 && r != api.Current {
		s.remember(name)
		api.Revisions = slices.DeleteFunc(api.Revisions, func(o *Revision) bool { return o == r })
		s.rows = slices.DeleteFunc(s.rows, func(o *Revision) bool { return o == r })
		s.event("APIDeleted", r)
		return nil
	}
	if len(api.Revisions) > 1 && !allRevisions {
		return Invalid("API '%s' has %d revisions; delete them first, or set deleteRevisions to true.", api.Name, len(api.Revisions))
	}
	for _, r := range api.Revisions {
		s.remember(r.Name())
	}
	s.APIs.Delete(base)
	s.rows = slices.DeleteFunc(s.rows, func(o *Revision) bool { return o.API == api })
	if key := pathKey(r.Properties); s.paths[key] == api {
		delete(s.paths, key)
	}
	if set := r.Properties.APIVersionSetID; set != "" && s.members(set) == 0 {
		s.VersionSets.Delete(set[strings.LastIndexByte(set, '/')+1:])
	}
	s.event("APIDeleted", r)
	return nil
}

// DeleteVersionSet removes a set that has no members.
func (s *Space) DeleteVersionSet(name string) error {
	if n := s.members(s.SetID(name)); n > 0 {
		return Invalid("The API version set '%s' is used by %d APIs.", name, n)
	}
	s.VersionSets.Delete(name)
	return nil
}

// PutRelease writes a release. The revision that it names becomes current: the
// bare name moves to it, and both revisions show a new face.
func (s *Space) PutRelease(api *API, name string, rel Release) (e *Entity[Release], created bool, err error) {
	target, number := SplitName(rel.APIID[strings.LastIndexByte(rel.APIID, '/')+1:])
	next := api.Current
	if number != 0 {
		next = api.Revision(number)
	}
	if next == nil || !strings.EqualFold(target, api.Name) {
		return nil, false, Invalid("The release names '%s', which is no revision of API '%s'.", rel.APIID, api.Name)
	}
	rel.APIID = fmt.Sprintf("%s/apis/%s;rev=%d", s.id, api.Name, next.Number)
	old := api.Releases.Get(name)
	e, created = Set(s.cloud, &api.Releases, name, rel)
	e.Properties.Updated = &e.Updated
	e.Properties.Created = &e.Created
	if old == nil || old.Properties.APIID != rel.APIID {
		s.promote(next)
	}
	kind := "APIReleaseUpdated"
	if created {
		kind = "APIReleaseCreated"
	}
	s.event(kind, next, "/releases/", e.Name)
	return e, created, nil
}

// DeleteRelease removes the record of a release; the revision stays current.
func (s *Space) DeleteRelease(api *API, name string) {
	if e := api.Releases.Get(name); e != nil {
		api.Releases.Delete(name)
		s.event("APIReleaseDeleted", api.Current, "/releases/", e.Name)
	}
}

func (s *Space) promote(next *Revision) {
	prev := next.API.Current
	if prev == next {
		return
	}
	s.remember(prev.Name())
	s.remember(next.Name())
	next.API.Current = next
	prev.Properties.IsCurrent, next.Properties.IsCurrent = false, true
	prev.changed(s.cloud.stamp())
	next.changed(s.cloud.stamp())
}

func (s *Space) announce(created bool, r *Revision) {
	if created {
		s.event("APICreated", r)
		return
	}
	s.event("APIUpdated", r)
}

// event tells of a revision, or of a child of its API. Nothing is known of
// events from workspaces, so there are none.
func (s *Space) event(kind string, r *Revision, child ...string) {
	if s.id != s.service.id {
		return
	}
	path := "/apis/" + r.API.Name
	if child == nil {
		path += fmt.Sprintf(";Rev=%d", r.Number)
	}
	s.cloud.tell(kind, s.service, path+strings.Join(child, ""))
}
