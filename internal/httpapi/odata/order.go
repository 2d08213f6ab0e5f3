package odata

import (
	"strings"

	"apicenter/internal/inventory"
)

// orderable are the properties that a list can be ordered by, in lower case, as
// either plane calls them.
var orderable = map[string]inventory.OrderBy{
	"name":                      inventory.ByName,
	"title":                     inventory.ByTitle,
	"updated":                   inventory.ByUpdated,
	"lastupdated":               inventory.ByUpdated,
	"systemdata/lastmodifiedat": inventory.ByUpdated,
	"systemdata/createdat":      inventory.ByCreation,
}

// ParseOrder reads an $orderby: one property and, if it is not to go upwards,
// desc. The error is an *Error.
func ParseOrder(orderby string) (inventory.Order, error) {
	words := strings.Fields(orderby)
	if len(words) == 0 || len(words) > 2 {
		return inventory.Order{}, orderFault()
	}
	by, known := orderable[strings.ToLower(strings.TrimPrefix(words[0], "properties/"))]
	if !known {
		return inventory.Order{}, orderFault()
	}
	o := inventory.Order{By: by}
	if len(words) == 2 {
		switch strings.ToLower(words[1]) {
		case "asc":
		case "desc":
			o.Descending = true
		default:
			return inventory.Order{}, orderFault()
		}
	}
	return o, nil
}

func orderFault() error {
	return &Error{Message: "want name, title or updated, and asc or desc after it"}
}
