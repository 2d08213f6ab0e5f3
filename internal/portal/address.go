package portal

import (
	"net/url"
	"strings"

	"apicenter/internal/inventory"
)

// own are the pages of what a service has beside workspaces, by collection.
var own = map[string]string{"metadataSchemas": "metadata", "webhooks": "webhooks", "portals": "settings"}

// centers are the API centers that addresses can name, the oldest first.
type centers struct {
	all   []inventory.Resource
	named map[string][]inventory.Resource // by each of their names, in small letters
}

func centersOf(all []inventory.Resource) centers {
	c := centers{all, map[string][]inventory.Resource{}}
	for _, s := range all {
		for _, name := range namesOf(s.Path) {
			c.named[strings.ToLower(name)] = append(c.named[strings.ToLower(name)], s)
		}
	}
	return c
}

// namesOf are the names of a center in addresses: its own, that with its group,
// and that with its subscription too. A "~" is in the name of none.
func namesOf(path string) [3]string {
	parts := strings.SplitN(path, "/", 4)
	inGroup := parts[2] + "~" + parts[1]
	return [...]string{parts[2], inGroup, inGroup + "~" + parts[0]}
}

// find is the center of a name: of several, the oldest.
func (c centers) find(name string) (inventory.Resource, error) {
	if found := c.named[strings.ToLower(name)]; len(found) > 0 {
		return found[0], nil
	}
	return inventory.Resource{}, inventory.Errorf(inventory.NotFound, "", "there is no API center %q", name)
}

// nameOf is the shortest name that a center, or what is in it, shares with no other.
func (c centers) nameOf(path string) string {
	names := namesOf(path)
	for _, name := range names {
		if len(c.named[strings.ToLower(name)]) < 2 {
			return name
		}
	}
	return names[2]
}

// address is the address of the page of a thing, by its path in the inventory.
// What has no page of its own has the address of what it is in.
func (c centers) address(path string) string {
	parts := strings.Split(path, "/")
	if len(parts) < 3 {
		return Root
	}
	out := Root + "/" + url.PathEscape(c.nameOf(path))
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

// address is where the page of a thing is.
func (in *request) address(path string) string { return in.centers.address(path) }
