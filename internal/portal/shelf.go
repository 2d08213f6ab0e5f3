package portal

import (
	"context"
	"io"
	"slices"
	"sync"
	"time"

	"apicenter/internal/inventory"
	"apicenter/internal/reference"
)

// shelf keeps references that were read lately: people go from one operation to
// the next. Of a document, one reader reads it while the others wait.
type shelf struct {
	turn  sync.Mutex // held while a document is parsed: that takes many times its size
	mu    sync.Mutex // guards books and their size and used
	books []*book    // the one used last is the last
}

// book is a document that is read, or has been.
type book struct {
	digest inventory.Digest
	size   int64
	used   time.Time

	mu   sync.Mutex // held while it is read; guards what follows
	read bool
	doc  *reference.Document
	err  error
}

// Bounds of the shelf: a reference takes some five times the bytes of its document.
const (
	shelfSize = 24 << 20
	shelfTime = 10 * time.Minute
)

// documents opens what is to be read.
type documents interface {
	Document(ctx context.Context, d inventory.Digest) (io.ReadCloser, int64, error)
}

// reference gives the reference of a document. Its error is reference.ErrNone or
// for people, unless the document cannot be had.
func (s *shelf) reference(ctx context.Context, from documents, d inventory.Digest) (*reference.Document, error) {
	b := s.take(d)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.read {
		return b.doc, b.err
	}
	data, err := readAll(ctx, from, d)
	if err != nil {
		return nil, err
	}
	s.turn.Lock()
	b.doc, b.err = reference.Parse(data)
	s.turn.Unlock()
	b.read = true
	s.mu.Lock()
	defer s.mu.Unlock()
	b.size = int64(len(data))
	s.clear()
	return b.doc, b.err
}

// take gives the book of a document, and puts back what is in the way.
func (s *shelf) take(d inventory.Digest) *book {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := &book{digest: d}
	if i := slices.IndexFunc(s.books, func(b *book) bool { return b.digest == d }); i >= 0 {
		b = s.books[i]
		s.books = slices.Delete(s.books, i, i+1)
	}
	b.used = time.Now()
	s.books = append(s.books, b)
	s.clear()
	return b
}

// clear puts back books that nobody has used for long, and the oldest while there
// are too many; but not the last.
func (s *shelf) clear() {
	var size int64
	for i, b := range slices.Backward(s.books) {
		if size += b.size; i < len(s.books)-1 && (size > shelfSize || time.Since(b.used) > shelfTime) {
			s.books = slices.Delete(s.books, 0, i+1)
			return
		}
	}
}

// readAll reads a whole document; definitions are bounded when they are stored.
func readAll(ctx context.Context, from documents, d inventory.Digest) ([]byte, error) {
	body, size, err := from.Document(ctx, d)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	data := make([]byte, size)
	_, err = io.ReadFull(body, data)
	return data, err
}
