// Package inventory holds the nouns of the house: a Resource and its ID, the
// Doc of properties and the layers that it is made of, events, errors, and the
// port through which everything is stored.
//
// One envelope serves every kind of thing: an API, a version, a definition, an
// environment, a deployment and a link differ in their properties, not in
// their life. What people set (the own layer) and what each linked source
// states (one origin a link) are kept apart; readers see them laid over each
// other:
//
//	readers' view   title: Orders   summary: Buy things   kind: rest
//	                     ▲                   ▲                 ▲
//	origin of link A     │ title, kind ──────┼─────────────────┘
//	own (people, seeds)  · summary ──────────┘
//
// The package knows nothing of HTTP, SQL or Azure.
package inventory
