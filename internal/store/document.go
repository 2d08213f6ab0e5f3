package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"

	"apicenter/internal/inventory"
)

// packer compresses documents and stores them. Documents come from many
// goroutines to one writing connection, so whoever has the turn takes what all
// others have waiting along into one transaction.
type packer struct {
	store    *Store
	encoders sync.Pool // of *encoder
	decoders sync.Pool // of *zstd.Decoder

	turn    sync.Mutex // held by the one who writes
	mu      sync.Mutex // guards waiting
	waiting []*packed
}

// encoder is a compressor with the buffer that it fills, and one to read into.
type encoder struct {
	*zstd.Encoder
	out bytes.Buffer
	in  [32 << 10]byte
}

// packed is a compressed document on its way to the database. Who has the turn
// sets done and err, before the turn passes on.
type packed struct {
	digest inventory.Digest
	size   int64
	data   []byte
	done   bool
	err    error
}

// window bounds the memory of a compressor; API documents repeat themselves
// well within it. keptBuffer bounds what a compressor that waits holds on to.
const (
	window     = 1 << 20
	keptBuffer = 1 << 20
)

// PutDocument compresses r while it reads it, so that only the compressed bytes are held.
func (s *Store) PutDocument(ctx context.Context, r io.Reader) (inventory.Digest, int64, error) {
	p := &s.packer
	e, err := p.encoder()
	if err != nil {
		return "", 0, err
	}
	defer p.release(e)
	hash := sha256.New()
	size, err := io.CopyBuffer(io.MultiWriter(hash, e), r, e.in[:])
	if err != nil {
		return "", 0, err
	}
	if err := e.Close(); err != nil {
		return "", 0, err
	}
	doc := &packed{digest: inventory.Digest(hex.EncodeToString(hash.Sum(nil))), size: size, data: e.out.Bytes()}
	return doc.digest, size, p.put(ctx, doc)
}

func (p *packer) encoder() (*encoder, error) {
	e, ok := p.encoders.Get().(*encoder)
	if !ok {
		z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(window))
		if err != nil {
			return nil, err
		}
		e = &encoder{Encoder: z}
	}
	e.Reset(&e.out)
	return e, nil
}

func (p *packer) release(e *encoder) {
	if e.out.Reset(); e.out.Cap() > keptBuffer {
		e.out = bytes.Buffer{}
	}
	p.encoders.Put(e)
}

// put stores a document, together with those of others that are waiting.
func (p *packer) put(ctx context.Context, doc *packed) error {
	p.mu.Lock()
	p.waiting = append(p.waiting, doc)
	p.mu.Unlock()
	p.turn.Lock()
	defer p.turn.Unlock()
	if doc.done {
		return doc.err
	}
	p.mu.Lock()
	batch := p.waiting
	p.waiting = nil
	p.mu.Unlock()
	err := errors.New("the document was not written")
	defer func() { // after a panic, too
		for _, d := range batch {
			d.done, d.err = true, err
		}
	}()
	// The batch has documents of others, so it does not end with this caller.
	err = p.write(context.WithoutCancel(ctx), batch)
	return err
}

func (p *packer) write(ctx context.Context, batch []*packed) error {
	return p.store.transact(ctx, writing, func(t *session) error {
		for _, d := range batch {
			if _, err := t.exec(`
				insert into document (digest, size, created, data) values ($1, $2, $3, $4)
				on conflict (digest) do update set created = excluded.created where document.created < excluded.created - 1800000000`,
				string(d.digest), d.size, micros(t.now), d.data); err != nil {
				return err
			}
		}
		return nil
	})
}

// Document opens a stored document.
func (s *Store) Document(ctx context.Context, d inventory.Digest) (io.ReadCloser, int64, error) {
	var size int64
	var data []byte
	err := s.reader.QueryRowContext(ctx, `select size, data from document where digest = $1`, string(d)).Scan(&size, &data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, 0, inventory.Errorf(inventory.NotFound, "", "no document %s is stored", d)
	}
	if err != nil {
		return nil, 0, s.told(ctx, err)
	}
	decoder, ok := s.packer.decoders.Get().(*zstd.Decoder)
	if !ok {
		if decoder, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(window)); err != nil {
			return nil, 0, err
		}
	}
	if err := decoder.Reset(bytes.NewReader(data)); err != nil {
		return nil, 0, err
	}
	return &unpacked{decoder: decoder, pool: &s.packer.decoders}, size, nil
}

// unpacked is an open document; closing it gives the decoder back.
type unpacked struct {
	decoder *zstd.Decoder // nil: closed
	pool    *sync.Pool
}

func (u *unpacked) Read(b []byte) (int, error) {
	if u.decoder == nil {
		return 0, os.ErrClosed
	}
	return u.decoder.Read(b)
}

// WriteTo spares io.Copy a buffer.
func (u *unpacked) WriteTo(w io.Writer) (int64, error) {
	if u.decoder == nil {
		return 0, os.ErrClosed
	}
	return u.decoder.WriteTo(w)
}

func (u *unpacked) Close() error {
	if u.decoder == nil {
		return nil
	}
	err := u.decoder.Reset(nil) // lets go of the compressed bytes
	u.pool.Put(u.decoder)
	u.decoder = nil
	return err
}

// Sweep deletes documents that nothing has named since before the instant:
// neither what readers see or saw, nor a layer, nor what a tombstone keeps.
func (s *Store) Sweep(ctx context.Context, before time.Time) (int64, error) {
	var swept int64
	err := s.transact(ctx, writing, func(t *session) error {
		result, err := t.exec(`
			delete from document where created < $1 and digest not in (
				select document from resource where document is not null
				union all select document from origin where document is not null
				union all select document from past where document is not null
				union all select coalesce(json_extract(own, '$."/document"'), '') from resource where kind = 'definition' and own like '%"/document"%'
				union all select coalesce(json_extract(own, '$."/document"'), '') from tombstone where own like '%"/document"%'
				union all select coalesce(json_extract(seen, '$."/document"'), '') from tombstone where seen like '%"/document"%'
				union all select coalesce(json_extract(b.value, '$.own."/document"'), '') from tombstone t, json_each(t.below) b where t.below like '%"/document"%')`,
			micros(before))
		if err != nil {
			return err
		}
		swept, err = result.RowsAffected()
		return err
	})
	return swept, err
}
