package inventory

import (
	"context"
	"errors"
	"io"
)

// ReadDocument gives a whole stored document; false when it is not stored, or has
// more than limit bytes.
func ReadDocument(ctx context.Context, from Documents, d Digest, limit int64) ([]byte, bool, error) {
	r, size, err := from.Document(ctx, d)
	if errors.Is(err, NotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	defer r.Close()
	if size > limit {
		return nil, false, nil
	}
	text, err := io.ReadAll(r)
	return text, err == nil, err
}

// Compare says what a new document of a definition means for those who use the
// API as the last one defined it. It always gives a verdict, in bounded time.
type Compare func(ctx context.Context, last, next []byte) Compatibility

// MaxCompared is how large documents may be that are compared.
const MaxCompared = 8 << 20

// CompareDocuments has two stored documents compared; nil when there is nobody to compare.
func CompareDocuments(ctx context.Context, from Documents, compare Compare, last, next Digest) (*Compatibility, error) {
	if compare == nil {
		return nil, nil
	}
	var texts [2][]byte
	for i, d := range []Digest{last, next} {
		text, ok, err := ReadDocument(ctx, from, d, MaxCompared)
		if err != nil {
			return nil, err
		}
		if !ok {
			return &Compatibility{Verdict: Unjudged, Message: "not compared: one of the documents is not stored, or has more than 8 MB"}, nil
		}
		texts[i] = text
	}
	verdict := compare(ctx, texts[0], texts[1])
	return &verdict, ctx.Err()
}
