// Package managerapi is Azure Resource Manager around the API Center provider:
// the front of everything below /subscriptions, /providers and /tenants. It
// answers what clients ask before and beside the provider itself (subscriptions,
// resource groups, registrations, the generic list of resources, roles, three
// queries of the Resource Graph), hands the provider's own paths to whoever
// serves them, and passes what is another provider's on to the resource manager
// behind it, if there is one.
//
// Every request is decided at the front, in Resource Manager's order: what is
// asked for, by which verb, whose it is, and may the caller. Lists that anybody
// who is signed in may ask for leave out what the caller may not read.
package managerapi
