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
	without   = steps{}
)

func TestMain(m *testing.M) {
	flag.Var(without, "without", "steps to leave out, such as 3,5")
	flag.Parse()
	os.Exit(m.Run())
}

// history is what is drawn from a seed, without some of its steps.
type history struct {
	seed    uint64
	without steps
}

// outcome is what came of one: what was wrong, and what happened.
type outcome struct {
	wrong, log []string
	last       int // step
}

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

// play lives through one history.
func (s *stage) play(t *testing.T, h history, u unguarded) (o outcome) {
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
		w, err := newWorld(t.Context(), h, s.dir, blank, s.emulator, u)
		if err != nil {
			t.Fatal(err)
		}
		w.live()
		if err := w.close(); err != nil {
			w.fault("close: %v", err)
		}
		o = outcome{w.wrong, w.log, w.at}
	})
	return o
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
				h := history{seed, without}
				o := s.play(t, h, unguarded{})
				if len(o.wrong) > 0 {
					h = s.shrink(t, h, o.last, unguarded{})
					o = s.play(t, h, unguarded{})
					t.Errorf("seed %d:\n%s\n\nits history, without the steps that it fails without:\n%s\n\nreplay it with\n\t%s",
						seed, strings.Join(o.wrong, "\n"), strings.Join(o.log, "\n"), h.command())
				} else if *histories == 1 {
					t.Log(strings.Join(o.log, "\n"))
				}
			}
		})
	}
}

var _ inventory.Store = (*mortal)(nil)
