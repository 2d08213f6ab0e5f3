package apim

import (
	"slices"
	"strings"
)

// Space is what an instance and each of its workspaces hold alike.
type Space struct {
	APIs        Table[*API]
	VersionSets Table[*Entity[VersionSet]]
	Products    Table[*Entity[Product]]
	Tags        Table[*Entity[Tag]]

	cloud   *Cloud
	service *Service
	id      string      // resource id
	kind    string      // resource type
	rows    []*Revision // all revisions, in order of creation
	paths   map[string]*API
	past    []memory                            // writes that readers may not see yet, oldest first
	links   map[string]*Table[*Entity[APILink]] // by lower-cased product
}

// ID is the resource id of the instance or workspace.
func (s *Space) ID() string { return s.id }

// Kind is the resource type of the instance or workspace.
func (s *Space) Kind() string { return s.kind }

// Service is the instance that the space is part of.
func (s *Space) Service() *Service { return s.service }

// Revisions are all revisions of all APIs, in order. The caller must not
// change the slice.
func (s *Space) Revisions() []*Revision { return s.rows }

// Links are the APIs of a product.
func (s *Space) Links(product string) *Table[*Entity[APILink]] {
	if t := s.links[strings.ToLower(product)]; t != nil {
		return t
	}
	return new(Table[*Entity[APILink]])
}

// Link makes an API part of a product.
func (s *Space) Link(product, name, api string) (e *Entity[APILink], created bool) {
	key := strings.ToLower(product)
	if s.links == nil {
		s.links = map[string]*Table[*Entity[APILink]]{}
	}
	if s.links[key] == nil {
		s.links[key] = new(Table[*Entity[APILink]])
	}
	return Set(s.cloud, s.links[key], name, APILink{APIID: api})
}

// SetID turns a short or full id of a version set into the full one.
func (s *Space) SetID(id string) string {
	if id == "" {
		return ""
	}
	return s.id + "/apiVersionSets/" + id[strings.LastIndexByte(id, '/')+1:]
}

// SetOf is the version set of an id, or nil.
func (s *Space) SetOf(id string) *Entity[VersionSet] {
	return s.VersionSets.Get(id[strings.LastIndexByte(id, '/')+1:])
}

func (s *Space) details(id string) *SetDetails {
	set := s.SetOf(id)
	if set == nil {
		return nil
	}
	return &SetDetails{
		ID:                s.SetID(set.Name),
		Name:              set.Properties.DisplayName,
		Description:       set.Properties.Description,
		VersioningScheme:  set.Properties.VersioningScheme,
		VersionQueryName:  set.Properties.VersionQueryName,
		VersionHeaderName: set.Properties.VersionHeaderName,
	}
}

// PutVersionSet writes a version set.
func (s *Space) PutVersionSet(name string, set VersionSet) (e *Entity[VersionSet], created bool, err error) {
	if set.DisplayName == "" {
		return nil, false, Invalid("displayName is required.")
	}
	i := slices.IndexFunc([]string{"Segment", "Query", "Header"}, func(v string) bool {
		return strings.EqualFold(v, set.VersioningScheme)
	})
	if i < 0 {
		return nil, false, Invalid("versioningScheme must be Segment, Query or Header.")
	}
	e, created = Set(s.cloud, &s.VersionSets, name, set)
	if !created {
		s.refresh(s.SetID(name))
	}
	return e, created, nil
}

// refresh makes the members of a version set show its new face.
func (s *Space) refresh(id string) {
	for _, r := range s.rows {
		if strings.EqualFold(r.Properties.APIVersionSetID, id) {
			r.forget()
		}
	}
}

// members counts the APIs of a version set.
func (s *Space) members(id string) int {
	n := 0
	for _, a := range s.APIs.All() {
		if strings.EqualFold(a.Current.Properties.APIVersionSetID, id) {
			n++
		}
	}
	return n
}

// Touch marks an edit of an operation or schema: the next export comes from
// the model. Whether the API's own ETag moves is not known of the real
// product, hence a rule.
func (s *Space) Touch(r *Revision) {
	r.edited = true
	if s.cloud.rules.TouchParent {
		s.remember(r.Name())
		r.changed(s.cloud.stamp())
	}
}

// PutOperation writes an operation of a revision.
func (s *Space) PutOperation(r *Revision, name string, op Operation) error {
	if err := op.Check(); err != nil {
		return err
	}
	Set(s.cloud, r.Operations(), name, op)
	s.Touch(r)
	return nil
}
