package inventory

import (
	"math"
	"slices"
	"strings"
	"time"
)

// Kept says how much of what happened is still known.
type Kept struct {
	Since time.Time // the earliest instant as of which the inventory can be read; zero: from its beginning
	After int64     // events up to this one are forgotten
	Last  int64     // the newest event
}

// Holds says that all events after a number are known: Forgotten when they are
// not. A number beyond the last is of an inventory that was restored from a
// backup since: what it counted did not happen in this one.
func (k Kept) Holds(after int64) error {
	switch {
	case after < k.After:
		return Errorf(Forgotten, "after",
			"events up to %d are not kept any more; read the inventory anew, and then follow what happens after %d", k.After, k.Last)
	case after > k.Last:
		return Errorf(Forgotten, "after",
			"there is no event %d, the last one is %d; read the inventory anew, and then follow what happens after that", after, k.Last)
	}
	return nil
}

// KeptOf says how much is known of what happened in the service that a thing is
// in: nothing from before the purge of an older one that had its name.
func KeptOf(tx Reader, in ID) (Kept, error) {
	kept, err := tx.Kept()
	service := in.Ancestor(KindService)
	if err != nil || service.IsZero() {
		return kept, err
	}
	newest := true
	for e, err := range tx.Past(service.String(), 0, math.MaxInt) {
		if err != nil {
			return kept, err
		}
		if e.Action == Purged && !newest { // the newest ends this one
			kept.After = max(kept.After, e.Sequence)
			break
		}
		newest = false
	}
	return kept, nil
}

// Follow reads an event from the side of one thing: the changes of it and of all
// in it, in order, and the path that it had before them. None: the event does
// not tell of it.
func (e Event) Follow(id ID) (changes []Change, before ID) {
	at := id.String()
	came, renamed := "", "" // of the thing itself, if this event moved it
	for _, c := range slices.Backward(e.Changes) {
		path, to := strings.ToLower(c.Path), strings.ToLower(c.To)
		switch {
		case c.Action == Moved && to == at:
			came, renamed = path, at
			at = path
		case below(path, at), c.Action == Moved && below(to, at):
		default:
			continue
		}
		changes = append(changes, c)
	}
	slices.Reverse(changes)
	if came != "" { // what is in it came along, which goes without saying
		changes = slices.DeleteFunc(changes, func(c Change) bool {
			rest, ok := strings.CutPrefix(strings.ToLower(c.Path), came+"/")
			return ok && c.Action == Moved && strings.ToLower(c.To) == renamed+"/"+rest
		})
	}
	return changes, ID{at}
}

// below says that a folded path is that of a thing or of something in it.
func below(path, thing string) bool {
	rest, ok := strings.CutPrefix(path, thing)
	return ok && (rest == "" || rest[0] == '/')
}
