package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"iter"
	"strings"
	"unicode"

	"apicenter/internal/inventory"
	"apicenter/internal/source"
)

// Names of resources are 3 to 90 letters, digits and hyphens. A name is made
// once, when its thing is first seen, and never changes after.
const (
	minName = 3
	maxName = 90
)

// slug writes any text as lower-case ASCII letters and digits with single hyphens between words.
func slug(text string) string {
	var b strings.Builder
	gap := false
	for _, r := range strings.ToLower(text) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			}
			gap = false
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r): // an accent that stands alone
		default:
			gap = true
		}
	}
	return b.String()
}

// digest is a short hash of a source's identity.
func digest(external string, digits int) string {
	sum := sha256.Sum256([]byte(external))
	return hex.EncodeToString(sum[:])[:digits]
}

// baseName is the name that an object asks for: an API's has a hash of its
// identity, so that equal titles never meet; the others get one on a collision only.
func baseName(o source.Object) string {
	name := slug(o.Name)
	switch o.Kind {
	case inventory.KindAPI:
		return join(name, digest(o.External, 8))
	case inventory.KindVersion:
		if len(name) < minName {
			name = join("version", name)
		}
	}
	if len(name) < minName {
		name = join(name, digest(o.External, 8))
	}
	return cut(name, maxName)
}

// names are those that an object may have, in the order of preference: its
// baseName, then others, since an API that has gone on as another keeps its name.
func names(o source.Object) iter.Seq[string] {
	return func(yield func(string) bool) {
		if !yield(baseName(o)) {
			return
		}
		for seed := string(o.Kind) + " " + o.External; yield(join(slug(o.Name), digest(seed, 16))); {
			seed += " "
		}
	}
}

// hashes are those that the name of an API may end in, but for the rarest.
func hashes(o source.Object) []string {
	return []string{digest(o.External, 8), digest(string(o.Kind)+" "+o.External, 16)}
}

// join puts a suffix behind as much of a name as there is room for.
func join(name, suffix string) string {
	if name == "" || suffix == "" {
		return name + suffix
	}
	return cut(name, maxName-1-len(suffix)) + "-" + suffix
}

func cut(name string, length int) string {
	return strings.TrimRight(name[:min(len(name), length)], "-")
}
