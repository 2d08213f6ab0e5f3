package inventory

// Group is a resource group that somebody made. Nothing lives in one but by its
// path, so a group may also be there by having services alone.
type Group struct {
	Subscription string // in the case first seen, as Name
	Name         string
	Location     string
	Tags         map[string]string
	Created      Stamp
	Updated      Stamp
}
