package inventory

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// Order is the order of a list. What is equal in it goes in order of creation;
// the zero Order is that of creation itself.
type Order struct {
	By         OrderBy
	Descending bool // all of it the other way round, equal ones too
}

// OrderBy is what a list is ordered by.
type OrderBy string

// What lists can be ordered by. Texts go without case.
const (
	ByCreation OrderBy = ""
	ByName     OrderBy = "name"
	ByTitle    OrderBy = "title" // its first 200 characters
	ByUpdated  OrderBy = "updated"
	// ByRank puts the best match of a search first: a word in the title counts
	// more than one in the name, then come summary and description. A search
	// with a word of fewer than four letters, which begins too many words to be
	// weighed in time, goes in order of creation, and so does no search at all.
	ByRank OrderBy = "rank"
)

// Position is a place in a list: the list goes on after it, whatever has come or
// gone meanwhile. It holds for one order only; and with each write, ranks shift a
// little, so that pages by rank may then repeat a thing or leave one out.
type Position struct {
	Key   int64  // of the resource there
	Value string // what the list is ordered by, as it was; none in order of creation
}

// Position is where the resource stands in the list that gave it.
func (r Resource) Position() Position { return Position{r.Key, r.Sort} }

// IsZero says that the position is before the first.
func (p Position) IsZero() bool { return p.Key == 0 }

// String writes the position for clients, to whom it means nothing.
func (p Position) String() string {
	key := strconv.FormatInt(p.Key, 36)
	if p.Value == "" {
		return key
	}
	return key + "." + base64.RawURLEncoding.EncodeToString([]byte(p.Value))
}

// ParsePosition reads what String writes. Anything else is Invalid.
func ParsePosition(text string) (Position, error) {
	key, value, _ := strings.Cut(text, ".")
	k, errKey := strconv.ParseInt(key, 36, 64)
	v, errValue := base64.RawURLEncoding.DecodeString(value)
	if errKey != nil || errValue != nil || k < 0 {
		return Position{}, Errorf(Invalid, "$skiptoken", "$skiptoken %q is none of ours; follow nextLink as it is", text)
	}
	return Position{k, string(v)}, nil
}
