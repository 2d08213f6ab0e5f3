package simulation

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"apicenter/internal/emulator"
	"apicenter/internal/engine"
	"apicenter/internal/inventory"
	"apicenter/internal/jobs"
	"apicenter/internal/store"
)

var (
	histories = flag.Int("histories", 25, "how many histories are tried")
	first     = flag.Uint64("seed", 1, "the first seed; alone with -histories 1")
)

// template is a database that is migrated already.
var template = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "simulation")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	s, err := store.Open(context.Background(), store.Options{Dir: dir})
	if err != nil {
		return nil, err
	}
	if _, err := jobs.New(context.Background(), jobs.Options{DB: s.Writer(), Store: s, Engine: engine.New(s, nil, engine.Options{}), Log: slog.New(slog.DiscardHandler)}); err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(dir, "inventory.db"))
})

// stage is where one history after the other is played: a folder in memory, if
// the machine has one, and an emulator, which takes long to make.
type stage struct {
	dir      string
	emulator *emulator.Server
	played   int
}

// epoch is when each history begins: after the emulator was made, whose roles
// work from then on.
var epoch = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)

// fresh is how many histories share an emulator. It remembers links to documents.
const fresh = 500

func newStage(t testing.TB) *stage {
	t.Helper()
	parent := ""
	if _, err := os.Stat("/dev/shm"); err == nil {
		parent = "/dev/shm"
	}
	dir, err := os.MkdirTemp(parent, "simulation")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return &stage{dir: dir}
}

// play lives through one history, and gives what was wrong, and its log.
func (s *stage) play(t *testing.T, seed uint64, u unguarded) (wrong, log []string) {
	t.Helper()
	if s.played%fresh == 0 {
		e, err := emulator.New(emulator.Options{Empty: true, PageSize: 3})
		if err != nil {
			t.Fatal(err)
		}
		s.emulator = e
	}
	s.played++
	blank, err := template()
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(epoch))
		w, err := newWorld(t.Context(), s.dir, blank, s.emulator, fmt.Sprintf("instance-%d", seed), u)
		if err != nil {
			t.Fatal(err)
		}
		w.live(seed)
		if err := w.close(); err != nil {
			w.fault("close: %v", err)
		}
		wrong, log = w.wrong, w.log
	})
	return wrong, log
}

func TestHistories(t *testing.T) {
	var next atomic.Uint64
	next.Store(*first)
	last := *first + uint64(*histories)
	for n := range runtime.GOMAXPROCS(0) {
		t.Run(fmt.Sprint("stage ", n), func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			for seed := next.Add(1) - 1; seed < last && !t.Failed(); seed = next.Add(1) - 1 {
				if wrong, log := s.play(t, seed, unguarded{}); len(wrong) > 0 {
					report(t, seed, wrong, log)
				} else if *histories == 1 {
					t.Log(strings.Join(log, "\n"))
				}
			}
		})
	}
}

// report prints a history that failed, and how to replay it.
func report(t testing.TB, seed uint64, wrong, log []string) {
	t.Helper()
	t.Errorf("seed %d:\n%s\n\nits history:\n%s\n\nreplay it with\n\tgo test ./internal/simulation -run TestHistories -seed %d -histories 1 -v",
		seed, strings.Join(wrong, "\n"), strings.Join(log, "\n"), seed)
}

var _ inventory.Store = (*mortal)(nil)
