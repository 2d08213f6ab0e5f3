package portal

import (
	"encoding/json"
	"errors"
	"strings"

	"apicenter/internal/inventory"
)

// doc is the properties of a resource as readers see them. Reading one that is
// not there, or has another form, gives its zero value: a page shows what there is.
type doc struct{ inventory.Doc }

func docOf(r inventory.Resource) doc {
	d, err := inventory.ParseDoc(r.Doc)
	if err != nil {
		return doc{inventory.Doc{}} // the store writes nothing but objects
	}
	return doc{d}
}

func (d doc) allows(f inventory.Field) (yes bool) {
	d.Read(f, &yes)
	return yes
}

func (d doc) texts(f inventory.Field) (all []string) {
	d.Read(f, &all)
	return all
}

// member is one custom property.
type member struct {
	Name  string
	Value string
}

// under gives the members of a container, in order, as people read them.
func (d doc) under(container string) (all []member) {
	for f, v := range d.All() {
		name, ok := strings.CutPrefix(string(f), "/"+container+"/")
		if !ok {
			continue
		}
		var text string
		if json.Unmarshal(v, &text) != nil {
			text = string(v)
		}
		all = append(all, member{name, text})
	}
	return all
}

// asError is the error of the inventory that err is, or has in it.
func asError(err error) (*inventory.Error, bool) { return errors.AsType[*inventory.Error](err) }
