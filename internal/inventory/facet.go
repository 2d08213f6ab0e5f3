package inventory

// Fields that tell APIs apart besides those that they have themselves.
const (
	FieldKind Field = "/kind"
	// FieldEnvironments of an API are derived: the names of those that it has a deployment in.
	FieldEnvironments Field = "/environments"
	// FieldSources of an API are derived: the names of the links that state something of it.
	FieldSources Field = "/sources"
)

// Choice asks for the APIs that have one of some values of a field: the kind, the
// lifecycle stage, a custom property, or what is derived. "" is no value at all;
// of a list, one item is enough. Values compare without case.
type Choice struct {
	Field  Field
	Values []string
}

// Facets are the things of a query, in figures.
type Facets struct {
	Total  int
	Counts map[Field][]Count // the most frequent first
}

// Count is how many things have a value; "" is none at all.
type Count struct {
	Value  string
	Things int
}

// Whereabouts are where an API comes from, and where it runs.
type Whereabouts struct {
	Environments []string // names
	Sources      []string // names of links
}
