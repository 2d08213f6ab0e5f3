package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"

	"apicenter/internal/inventory"
)

// packer compresses documents and stores them. Documents come from many
// goroutines to one writing connection, so whoever finds the writer free takes
// what all others have waiting along into one transaction.
type packer struct {
	store    *Store
	encoders sync.Pool
	decoders sync.Pool

	mu      sync.Mutex // guards waiting and writing
	waiting []*packed
	writing bool
}

// packed is a compressed document on its way to the database.
type packed struct {
	digest inventory.Digest
	size   int64
	data   []byte
	done   chan error
}

// window bounds the memory of a compressor; API documents repeat themselves well within it.
const window = 1 << 20

// PutDocument compresses r while it reads it, so that only the compressed bytes are held.
func (s *Store) PutDocument(ctx context.Context, r io.Reader) (inventory.Digest, int64, error) {
	p := &s.packer
	encoder, ok := p.encoders.Get().(*zstd.Encoder)
	if !ok {
		var err error
		if encoder, err = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(window)); err != nil {
			return "", 0, err
		}
	}
	var data bytes.Buffer
	encoder.Reset(&data)
	defer p.encoders.Put(encoder)
	hash := sha256.New()
	size, err := io.Copy(io.MultiWriter(hash, encoder), r)
	if err != nil {
		return "", 0, err
	}
	if err := encoder.Close(); err != nil {
		return "", 0, err
	}
	doc := &packed{digest: inventory.Digest(hex.EncodeToString(hash.Sum(nil))), size: size, data: data.Bytes(), done: make(chan error, 1)}
	return doc.digest, size, p.put(ctx, doc)
}

// put stores a document, together with those of others that are waiting.
func (p *packer) put(ctx context.Context, doc *packed) error {
	p.mu.Lock()
	p.waiting = append(p.waiting, doc)
	if p.writing {
		p.mu.Unlock()
		return <-doc.done // whoever writes always answers
	}
	p.writing = true
	for len(p.waiting) > 0 {
		batch := p.waiting
		p.waiting = nil
		p.mu.Unlock()
		// The batch has documents of others, so it does not end with this caller.
		err := p.write(context.WithoutCancel(ctx), batch)
		for _, d := range batch {
			d.done <- err
		}
		p.mu.Lock()
	}
	p.writing = false
	p.mu.Unlock()
	return <-doc.done
}

func (p *packer) write(ctx context.Context, batch []*packed) error {
	return p.store.update(ctx, false, func(t *session) error {
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
		return nil, 0, fmt.Errorf("read document %s: %w", d, err)
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
	return &unpacked{Decoder: decoder, pool: &s.packer.decoders}, size, nil
}

// unpacked is an open document; closing it gives the decoder back.
type unpacked struct {
	*zstd.Decoder
	pool *sync.Pool
}

func (u *unpacked) Close() error {
	if u.Decoder != nil {
		u.pool.Put(u.Decoder)
		u.Decoder = nil
	}
	return nil
}

// Sweep deletes documents that nothing has named since before the instant:
// neither what readers see, nor a layer, nor a tombstone.
func (s *Store) Sweep(ctx context.Context, before time.Time) (int64, error) {
	var swept int64
	err := s.update(ctx, false, func(t *session) error {
		result, err := t.exec(`
			delete from document where created < $1
				and digest not in (select document from resource where document is not null)
				and digest not in (select document from origin where document is not null)
				and digest not in (select json_extract(own, '$."/document"') from resource where kind = 'definition' and own like '%"/document"%')
				and digest not in (select json_extract(own, '$."/document"') from tombstone where kind = 'definition' and own like '%"/document"%')`,
			micros(before))
		if err != nil {
			return err
		}
		swept, err = result.RowsAffected()
		return err
	})
	return swept, err
}
