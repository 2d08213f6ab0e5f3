package auth

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"apicenter/internal/inventory"
)

// KeyStore is what Keys need of the inventory's store.
type KeyStore interface {
	Keys(ctx context.Context) ([]inventory.Key, error)
	PutKey(ctx context.Context, by string, k inventory.Key) (inventory.Key, error)
	DeleteKey(ctx context.Context, by, id string) error
}

// Keys knows the API keys that people make. It is asked for every request, so it
// looks at memory alone and takes no lock. Of one store there must be one Keys,
// and keys must be made and revoked through it, or it must be told to Refresh.
type Keys struct {
	store KeyStore
	mu    sync.Mutex                       // held by whoever makes or revokes a key
	known atomic.Pointer[map[hash]*holder] // never changed, only replaced
}

// holder is a key and whom its token stands for.
type holder struct {
	key       inventory.Key
	principal Principal
}

// maxKeys bounds how many keys there can be.
const maxKeys = 1000

// shownPrefix is how much of a token is kept for people to tell it by.
const shownPrefix = len(prefix) + 6

// NewKeys makes Keys of those in a store.
func NewKeys(ctx context.Context, store KeyStore) (*Keys, error) {
	k := &Keys{store: store}
	return k, k.Refresh(ctx)
}

// Refresh reads the keys anew, when some have ended with what they are for.
func (k *Keys) Refresh(ctx context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	all, err := k.store.Keys(ctx)
	if err != nil {
		return fmt.Errorf("read the API keys: %w", err)
	}
	known := map[hash]*holder{}
	for _, key := range all {
		h, err := hex.DecodeString(string(key.Hash))
		if err != nil || len(h) != sha256.Size {
			return fmt.Errorf("the hash of the API key %s is not one", key.ID)
		}
		known[hash(h)] = held(key)
	}
	k.known.Store(&known)
	return nil
}

func held(key inventory.Key) *holder {
	return &holder{key, Principal{ID: key.ID, Name: key.Name, Kind: Key, Grants: []Grant{{Role: key.Role, Scope: key.Scope}}}}
}

// Authenticate gives the principal of a key's token, or ErrUnknown.
func (k *Keys) Authenticate(_ context.Context, bearer string) (Principal, error) {
	if !strings.HasPrefix(bearer, prefix) {
		return Principal{}, ErrUnknown
	}
	return k.recall(sha256.Sum256([]byte(bearer)))
}

func (k *Keys) recall(digest hash) (Principal, error) {
	h := (*k.known.Load())[digest]
	switch {
	case h == nil:
		return Principal{}, ErrUnknown
	case !h.key.Expires.IsZero() && !time.Now().Before(h.key.Expires):
		return Principal{}, refusedf("the key expired at %s; make another", h.key.Expires.Format(time.RFC3339))
	}
	return h.principal, nil
}

// All gives all keys in order of creation.
func (k *Keys) All() []inventory.Key {
	var all []inventory.Key
	for _, h := range *k.known.Load() {
		all = append(all, h.key)
	}
	slices.SortFunc(all, func(a, b inventory.Key) int {
		return cmp.Or(a.Created.At.Compare(b.Created.At), cmp.Compare(a.ID, b.ID))
	})
	return all
}

// Find gives the key of an id; false when there is none.
func (k *Keys) Find(id string) (inventory.Key, bool) {
	for _, h := range *k.known.Load() {
		if strings.EqualFold(h.key.ID, id) {
			return h.key, true
		}
	}
	return inventory.Key{}, false
}

// How long a key works: unless something else is said, and at most.
const (
	usualLife = 365 * 24 * time.Hour
	maxLife   = 2 * usualLife
)

// expiry is when a key ends: as was asked for or, if nothing was, after a year.
func expiry(asked, now time.Time) (time.Time, error) {
	switch left := asked.Sub(now); {
	case asked.IsZero():
		return now.Add(usualLife).Truncate(time.Second), nil
	case left <= 0:
		return asked, inventory.Errorf(inventory.Invalid, "expiresAt", "%s is in the past", asked.Format(time.RFC3339))
	case left > maxLife:
		return asked, inventory.Errorf(inventory.Invalid, "expiresAt", "%s is too far away: a key works for two years at most", asked.Format(time.RFC3339))
	}
	return asked, nil
}

// Make makes a key of a name, role, scope and expiry, and gives its token, which
// nobody can have again. Invalid when the name is none, or the expiry is past or
// too far away; LimitReached.
func (k *Keys) Make(ctx context.Context, by string, key inventory.Key) (inventory.Key, string, error) {
	err := checkKeyName(key.Name)
	if err != nil {
		return key, "", err
	}
	if key.Expires, err = expiry(key.Expires, time.Now().UTC()); err != nil {
		return key, "", err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	known := maps.Clone(*k.known.Load())
	if len(known) >= maxKeys {
		return key, "", inventory.Errorf(inventory.LimitReached, "", "there are %d keys, and there can be no more; revoke one that is not used", maxKeys)
	}
	token := NewToken()
	h := sha256.Sum256([]byte(token))
	key.ID, key.Prefix, key.Hash = NewID(), token[:shownPrefix], inventory.Digest(hex.EncodeToString(h[:]))
	if key, err = k.store.PutKey(ctx, by, key); err != nil {
		return key, "", err
	}
	known[h] = held(key)
	k.known.Store(&known)
	return key, token, nil
}

// Revoke deletes a key; its token is good for nothing when Revoke returns. NotFound.
func (k *Keys) Revoke(ctx context.Context, by, id string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	key, ok := k.Find(id)
	if !ok {
		return inventory.Errorf(inventory.NotFound, "", "there is no key %s", id)
	}
	if err := k.store.DeleteKey(ctx, by, key.ID); err != nil {
		return err
	}
	known := maps.Clone(*k.known.Load())
	maps.DeleteFunc(known, func(_ hash, h *holder) bool { return h.key.ID == key.ID })
	k.known.Store(&known)
	return nil
}
