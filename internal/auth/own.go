package auth

import "strings"

// IsKey says that a bearer token is one of ours: a key, which opens this server
// and nothing else, so it must never be told to another.
func IsKey(bearer string) bool { return strings.HasPrefix(bearer, prefix) }
