package portal

import (
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
