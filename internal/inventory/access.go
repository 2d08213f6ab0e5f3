package inventory

import (
	"context"
	"strings"
	"time"
)

// Assignment gives a role to a principal on a scope and on all below it.
type Assignment struct {
	Name          string // a GUID, lower case
	Scope         string // Azure's path, lower case, without a slash at the end; "/" is everything
	Role          string // the GUID of the role definition, lower case
	Principal     string // object id of who has the role, lower case
	PrincipalType string // as Azure says it: User, Group, ServicePrincipal
	Description   string
	Created       Stamp
	Updated       Stamp
}

// Key is an API key: a credential with one role on one scope. Its token is told
// once, to who made it; only a hash is kept.
type Key struct {
	ID      string // a GUID, lower case
	Name    string // for people
	Prefix  string // how its token begins, by which people tell keys apart
	Hash    Digest // of the token
	Role    string // the GUID of the role definition, lower case
	Scope   string // as that of an Assignment
	Created Stamp
	Expires time.Time // zero: never
}

// Scopes are where rights on a service are given: on itself, and on what is left
// of it while it can be restored.
func Scopes(service ID) []string {
	path := strings.Split(service.String(), "/")
	provider := "/subscriptions/" + path[0] + "/resourcegroups/" + path[1] + "/providers/microsoft.apicenter/"
	return []string{provider + "services/" + path[2], provider + "deletedservices/" + path[2]}
}

// Access keeps who may do what. Each change is an event too, at
// /access/roleAssignments/NAME or /access/keys/ID: the slash in front keeps it
// apart from the resources. by is who acts. What is on a service or below it ends
// with its purge. All methods may be called from many goroutines, and what they
// wrote is safe on disk when they return.
type Access interface {
	// Assignments gives all assignments in order of creation.
	Assignments(ctx context.Context) ([]Assignment, error)
	// PutAssignment keeps an assignment, and says whether it is new. Of one that is
	// there, only the type of the principal and the description may change: else
	// Invalid. Conflict when the same principal has the same role on the same scope
	// under another name. Stamps are set here.
	PutAssignment(ctx context.Context, by string, a Assignment) (stored Assignment, created bool, err error)
	// DeleteAssignment deletes the assignment of a name. NotFound.
	DeleteAssignment(ctx context.Context, by, name string) error
	// Keys gives all API keys in order of creation.
	Keys(ctx context.Context) ([]Key, error)
	// PutKey keeps a new key; its creation is stamped here. Conflict when its ID
	// or its hash is there already.
	PutKey(ctx context.Context, by string, k Key) (Key, error)
	// DeleteKey deletes a key, which ends it. NotFound.
	DeleteKey(ctx context.Context, by, id string) error
}
