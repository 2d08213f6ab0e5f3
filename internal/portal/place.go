package portal

import (
	"cmp"
	"errors"
	"net/url"

	"apicenter/internal/feed"
	"apicenter/internal/inventory"
)

// workspaceAddress is what the addresses of a workspace's pages begin with.
func workspaceAddress(r *request) string {
	return r.address(r.service.Path) + "/" + url.PathEscape(r.workspace.Name())
}

// linksAddress is the list of links; empty: who asks may not see it.
func linksAddress(r *request) string {
	if !r.mayIn(r.workspace, readLinks) {
		return ""
	}
	return workspaceAddress(r) + "/links"
}

// afterLink is where to go from a link that is deleted.
func afterLink(r *request) string { return cmp.Or(linksAddress(r), Root) }

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
