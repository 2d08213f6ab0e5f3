package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Resource is what all resources have in common; P are the properties of its
// kind. ID, Name, Type, SystemData and ETag are the center's and are not sent.
type Resource[P any] struct {
	ID         string     `json:"id,omitempty"`
	Name       string     `json:"name,omitempty"`
	Type       string     `json:"type,omitempty"`
	SystemData SystemData `json:"systemData,omitzero"`
	ETag       string     `json:"-"`

	// Only services have these.
	Location string            `json:"location,omitempty"`
	Tags     map[string]string `json:"tags,omitempty"`
	Identity *Identity         `json:"identity,omitempty"`
	SKU      *SKU              `json:"sku,omitempty"`

	Properties P `json:"properties"`
}

// SystemData says when a resource was made and changed, and by whom.
type SystemData struct {
	CreatedBy          string    `json:"createdBy,omitempty"`
	CreatedByType      string    `json:"createdByType,omitempty"`
	CreatedAt          time.Time `json:"createdAt,omitzero"`
	LastModifiedBy     string    `json:"lastModifiedBy,omitempty"`
	LastModifiedByType string    `json:"lastModifiedByType,omitempty"`
	LastModifiedAt     time.Time `json:"lastModifiedAt,omitzero"`
}

// Collection is the resources of one kind below one parent.
type Collection[P any] struct {
	c             *Client
	path, version string
}

// ID is the path of the resource of that name.
func (s Collection[P]) ID(name string) string { return s.path + "/" + url.PathEscape(name) }

// List reads the resources in the order of their creation, page by page as
// they are taken. They have no ETag. An error is the last pair.
func (s Collection[P]) List(ctx context.Context, o ListOptions) iter.Seq2[Resource[P], error] {
	return first(o.Top, Items[Resource[P]](ctx, s.c, Request{Path: s.path, APIVersion: s.version, Query: o.query()}))
}

// Get reads one resource. With [IfNoneMatch] it is an [*Error] of status 304 if
// nothing has changed.
func (s Collection[P]) Get(ctx context.Context, name string, when ...Condition) (Resource[P], error) {
	a, err := s.c.Do(ctx, Request{Path: s.ID(name), APIVersion: s.version, When: when})
	if err != nil {
		return Resource[P]{}, err
	}
	return read[P](a)
}

// CreateOrUpdate makes the resource or replaces it: properties that are left
// out are removed, as far as they are the people's. To change a resource, get
// it, change it, and put it with [IfMatch]; to make one, [IfNoneMatch]("*").
func (s Collection[P]) CreateOrUpdate(ctx context.Context, name string, r Resource[P], when ...Condition) (Resource[P], error) {
	r.ID, r.Name, r.Type, r.SystemData = "", "", "", SystemData{}
	a, err := s.c.Do(ctx, Request{Method: http.MethodPut, Path: s.ID(name), APIVersion: s.version, Body: r, When: when})
	if err != nil {
		return Resource[P]{}, err
	}
	return read[P](a)
}

// Delete deletes the resource, and all below it. What is not there is deleted
// already.
func (s Collection[P]) Delete(ctx context.Context, name string, when ...Condition) error {
	_, err := s.c.Do(ctx, Request{Method: http.MethodDelete, Path: s.ID(name), APIVersion: s.version, When: when})
	return err
}

func read[P any](a *Response) (Resource[P], error) {
	r := Resource[P]{ETag: a.Header.Get("ETag")}
	err := a.Decode(&r)
	return r, err
}
