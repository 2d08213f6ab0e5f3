// Package access decides who may do what, as Azure does: by the name of an
// action and a scope. It holds the built-in roles, their assignment to
// principals, and the Guard that surfaces ask. Who somebody is, auth says.
//
// An assignment holds for its scope and all below. The rights of several add
// up; what a role leaves out (its notActions) it takes from itself only. Actions
// of the control plane and data actions are apart: none gives the other.
package access
