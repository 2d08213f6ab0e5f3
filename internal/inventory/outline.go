package inventory

import "context"

// Outline is what a document defines.
type Outline struct {
	Document Digest
	Lines    []OutlineLine
}

// OutlineLine is one thing that a document defines. Neither text has a tab or a line break.
type OutlineLine struct {
	Name string // "GET /orders/{id}"
	More string // what else it is found by
}

// Outlined is the outline of a definition of an API.
type Outlined struct {
	API        int64  // Key
	Definition string // path
	Lines      []OutlineLine
}

// Outlines keeps what documents define, by the digests of the documents, for
// searches to find APIs by it. What is kept goes when the document does.
type Outlines interface {
	// Unread gives documents of definitions that have no outline, at most limit.
	Unread(ctx context.Context, limit int) ([]Digest, error)
	// PutOutlines keeps outlines. One of a document that has gone, or that has one, changes nothing.
	PutOutlines(ctx context.Context, all []Outline) error
	// Stale gives the APIs, by Key, that are not found by just what the outlines of
	// their definitions say.
	Stale(ctx context.Context) ([]int64, error)
	// Refresh has searches find APIs by what the outlines of their definitions say.
	Refresh(ctx context.Context, apis []int64) error
}
