package inventory

import (
	"context"
	"encoding/json"
	"time"
)

// Session is somebody who is signed in to the portal, in one browser. It holds no
// secret: of what the browser has, and of an API key, only hashes.
type Session struct {
	Hash      Digest          // of what the browser holds
	Principal string          // id of who it is
	Key       Digest          // of the API key that opened it; empty: an issuer did
	Identity  json.RawMessage // what the issuer said of who it is; empty for a key
	Created   time.Time
	Expires   time.Time
}

// Sessions keeps who is signed in. All methods may be called from many goroutines.
type Sessions interface {
	// PutSession keeps a new session; its creation is stamped here, and those that
	// have expired go. Conflict when there is one of its hash already.
	PutSession(ctx context.Context, s Session) error
	// Session gives the session of a hash. NotFound, also of one that has expired.
	Session(ctx context.Context, hash Digest) (Session, error)
	// EndSession ends one, which may be none.
	EndSession(ctx context.Context, hash Digest) error
	// EndSessions ends all of a principal, and says how many they were.
	EndSessions(ctx context.Context, principal string) (int, error)
}
