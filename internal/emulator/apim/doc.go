// Package apim is the state of an emulated Azure: tenants, subscriptions,
// resource groups, API Management instances and all that lives in them, with
// the rules by which API Management changes it. It serves nothing: HTTP is the room above.
//
//	Cloud ── Tenant, Subscription ── Group
//	  └── Service ──┬── Space: APIs, version sets, products, tags
//	                └── Workspace ── Space
//	API ── Revision (one of them current) ── operations, schemas, document
//	  └── releases
//
// One lock guards the whole state: readers run inside [Cloud.View], writers
// inside [Cloud.Update]. An [Entity] is never changed in place, only replaced,
// so a reader may keep it after the lock is gone.
package apim
