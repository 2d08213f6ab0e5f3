package auth

import (
	"crypto/sha256"
	"encoding/hex"

	"apicenter/internal/inventory"
)

// HashOf is what may be kept of a token, to recall it by.
func HashOf(token string) inventory.Digest {
	h := sha256.Sum256([]byte(token))
	return inventory.Digest(hex.EncodeToString(h[:]))
}

// Recall gives the principal of a key by the hash of its token, among fixed keys
// and those that people made: what a session of it rests on, so that it ends with
// the key. ErrUnknown.
func Recall(fixed *Fixed, keys *Keys, of inventory.Digest) (Principal, error) {
	b, err := hex.DecodeString(string(of))
	if err != nil || len(b) != sha256.Size {
		return Principal{}, ErrUnknown
	}
	h := hash(b)
	if p, err := fixed.recall(h); err == nil {
		return p, nil
	}
	return keys.recall(h)
}
