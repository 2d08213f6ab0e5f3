package portal

import (
	"errors"
	"net/url"

	"apicenter/internal/feed"
	"apicenter/internal/inventory"
)

// workspaceAddress is what the addresses of a workspace's pages begin with.
func workspaceAddress(r *request) string {
	return r.address(r.service.Path) + "/" + url.PathEscape(r.workspace.Name())
}

// linkAddress is the page of the link that a request is about.
func linkAddress(r *request) string { return r.address(r.id.String()) }

// linkPath is where a link of a name is, or would be.
func linkPath(r *request, name string) string {
	return r.service.Path + "/workspaces/" + r.workspace.Name() + "/links/" + name
}

// linkID is the id of a name that linkPath takes.
func linkID(r *request, name string) inventory.ID {
	return r.workspace.Child(inventory.KindLink, name)
}

// scopeOf is what a request is about, as rights are given on it.
func scopeOf(r *request) string { return feed.ARMID(r.id.String()) }

// errorOf is the domain's error in an error; nil: there is none.
func errorOf(err error) *inventory.Error {
	e, _ := errors.AsType[*inventory.Error](err)
	return e
}

func unreadable(err error) error {
	return inventory.Errorf(inventory.Invalid, "", "the form cannot be read: %v", err)
}
