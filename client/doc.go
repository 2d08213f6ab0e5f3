// Package client speaks to an API center: its control plane, in the shapes of
// Azure API Center, and what this center has besides, as links that can be
// steered, API keys and role assignments.
//
// A [Client] is made from the address of a center and a token:
//
//	center, err := client.New("https://apis.example:8443", client.Options{Token: token})
//
// From it one walks down the resources. A step asks the center for nothing:
//
//	workspace := center.Service("sub", "group", "main").Workspace("default")
//	for api, err := range workspace.APIs().List(ctx, client.ListOptions{Filter: "kind eq 'rest'"}) {
//		…
//	}
//
// Each kind of resource is a [Collection], which can list, get, put and delete.
// What else a resource can do is a method of the step that names it, as
// [DefinitionRef.ImportSpecification] or [APISourceRef.Sync]; what any resource
// can be asked goes by its id: [Client.Explain], [Client.History]. For what has no
// method there is [Client.Do], with [Items] for lists and [Client.Finish] for
// operations that take long.
//
// # Errors
//
// What the center refuses is an [*Error], with the code, message and target
// that it gave. [ErrTooLarge], [ErrElsewhere] and [ErrFormat] are answers that
// the client does not take, and an [*UnreachableError] means that there was no
// answer.
//
// # What can be relied on
//
// A token goes to the origin of the center alone: redirects are not followed,
// pages and operations that lead elsewhere are refused, and the links of an
// export are followed without it. Every answer is bounded in bytes, every list
// in pages, every request in time. A read that is told to come later (429, 503)
// is repeated a few times; a write never is.
package client
