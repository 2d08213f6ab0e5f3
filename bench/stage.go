package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"apicenter/e2e/system"
)

const linkName = "bench"

// stage is a source of n APIs and a server, each a process of its own.
type stage struct {
	corpus corpus
	dir    string
	source *system.Emulator
	center *system.Center
	db     database
}

// open starts both. No pass runs but those that are asked for: the schedule
// and the rolling audit are off.
func open(ctx context.Context, b system.Binaries, c corpus, sourceArgs ...string) (_ *stage, err error) {
	s := &stage{corpus: c}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if s.dir, err = os.MkdirTemp("", "apicenter-bench-"); err != nil {
		return nil, err
	}
	if s.source, err = system.StartEmulator(ctx, b, s.dir, append([]string{"--specs", c.dir}, sourceArgs...)...); err != nil {
		return nil, err
	}
	s.center, err = system.StartCenter(ctx, b, s.dir, s.source, "--poll-interval", "240h", "--audit-period", "0")
	if err != nil {
		return nil, err
	}
	s.db, err = openDatabase(filepath.Join(s.dir, "data"))
	return s, err
}

func (s *stage) close() {
	if s.db.DB != nil {
		s.db.Close()
	}
	if s.center != nil {
		s.center.Kill()
	}
	if s.source != nil {
		s.source.Kill()
	}
	if s.dir != "" {
		os.RemoveAll(s.dir)
	}
}

// measure runs do and says what the server and the source had to do for it.
func (s *stage) measure(ctx context.Context, bench string, do func() error) (figure, error) {
	if err := s.source.ResetStats(ctx); err != nil {
		return figure{}, err
	}
	was, err := s.db.state(ctx)
	if err != nil {
		return figure{}, err
	}
	before, err := s.look()
	if err != nil {
		return figure{}, err
	}
	started := time.Now()
	if err := do(); err != nil {
		return figure{}, fmt.Errorf("%w; the server wrote:\n%s", err, s.center.Tail())
	}
	wall := time.Since(started)
	after, err := s.center.Usage()
	if err != nil {
		return figure{}, err
	}
	stats, err := s.source.Stats(ctx)
	if err != nil {
		return figure{}, err
	}
	is, err := s.db.state(ctx)
	if err != nil {
		return figure{}, err
	}
	f := newFigure(bench, s.corpus.n)
	f.used(wall, before, after)
	f.counted(stats)
	f.Writes = new(is.writes(was))
	size, err := s.db.size()
	f.DBMB = new(rounded(float64(size) / megabyte))
	if stats.Throttled > 0 {
		progress("%s: %d requests were throttled", bench, stats.Throttled)
	}
	return f, err
}

// look begins to watch what the server uses: its peak of memory counts from here.
func (s *stage) look() (system.Usage, error) {
	if err := s.center.ResetPeak(); err != nil {
		return system.Usage{}, err
	}
	return s.center.Usage()
}

// tally says what the inventory holds, and fails unless that is the corpus.
func (s *stage) tally(ctx context.Context, f *figure) error {
	c, err := s.db.contents(ctx)
	if err != nil {
		return err
	}
	if want := (contents{int64(s.corpus.n), int64(s.corpus.n), s.corpus.bytes}); c != want {
		return fmt.Errorf("the inventory holds %+v, want %+v", c, want)
	}
	f.Documents, f.Distinct = new(c.documents), new(c.distinct)
	f.SourceMB = new(rounded(float64(c.bytes) / megabyte))
	return nil
}
