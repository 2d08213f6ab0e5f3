// Package apim reads Azure API Management: one instance, or one workspace of
// an instance, as the trees of the port.
//
//	API Management                        here
//	instance                              environment ""
//	version set s of APIs a, b            API  apiversionsets/s
//	                                        version apis/a  ─ definition, deployment
//	                                        version apis/b  ─ definition, deployment
//	API c in no set                       API  apis/c
//	                                        version apis/c  ─ definition, deployment
//	API d of workspace w                  API  workspaces/w/apis/d …
//
// Identities are names, folded, without a revision: only the current revision
// is mirrored, and its number may change under the bare name. Titles and
// paths are no part of them, so a rename moves nothing.
//
// A listing says nothing of operations and schemas. What it says of an API is
// hashed into the mark of its document; the rest is for the audit to find.
package apim
