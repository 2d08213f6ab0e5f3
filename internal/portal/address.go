package portal

import (
	"net/url"
	"strings"
)

// own are the pages of what a service has beside workspaces, by collection.
var own = map[string]string{"metadataSchemas": "metadata", "webhooks": "webhooks", "portals": "settings"}

// addressOf is the address of the page of a thing, by its path in the inventory.
// What has no page of its own has the address of what it is in.
func addressOf(path string) string {
	parts := strings.Split(path, "/")
	if len(parts) < 3 {
		return Root
	}
	out := Root + "/" + url.PathEscape(parts[2])
	if len(parts) < 5 {
		return out
	}
	if parts[3] != "workspaces" {
		out += "/-/" + own[parts[3]]
		if len(parts) > 4 && own[parts[3]] != "settings" {
			out += "/" + url.PathEscape(parts[4])
		}
		return out
	}
	out += "/" + url.PathEscape(parts[4])
	if len(parts) < 7 {
		return out + "/apis"
	}
	for i := 5; i+1 < len(parts); i += 2 {
		out += "/" + parts[i] + "/" + url.PathEscape(parts[i+1])
	}
	return out
}

// address is addressOf, for the pages of a request.
func (in *request) address(path string) string { return addressOf(path) }
