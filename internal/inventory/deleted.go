package inventory

import "time"

// Retention is how long a deleted service can be restored.
const Retention = 30 * 24 * time.Hour

// DeletedService is a service that can be restored, with all that was in it.
type DeletedService struct {
	Resource           // as it was; its ID is that which it has when it is restored
	Deleted  Stamp     // when, by whom
	Purge    time.Time // when it goes for good
}
