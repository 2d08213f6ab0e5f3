package auth

import (
	"slices"
	"strings"
	"unicode"

	"apicenter/internal/inventory"
)

// maxName bounds the names of principals, in bytes.
const maxName = 256

// reserved are the names, in lower case, under which the product itself acts: in
// a record nothing else tells who it was. A link acts as "link/NAME".
var reserved = []string{"administrator", "apicenter", "demand", "event", "log", "request", "retention", "schedule", "start"}

// presentable says that a name can stand in a record, and passes for nobody of the product.
func presentable(name string) bool {
	folded := strings.ToLower(strings.TrimSpace(name))
	return folded != "" && len(name) <= maxName && !strings.HasPrefix(folded, "link/") && !slices.Contains(reserved, folded) &&
		!strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) })
}

// checkKeyName refuses what is no name for a key. One may not pass for a person
// either, who signs in under an address mostly.
func checkKeyName(name string) error {
	if !presentable(name) || strings.ContainsAny(name, "@/") {
		return inventory.Errorf(inventory.Invalid, "name", `a key needs a name of 1 to %d printable characters, without "@" and "/", which names of people and of links have, `+
			"and none that the center itself acts under: %s", maxName, strings.Join(reserved, ", "))
	}
	return nil
}
