package system

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func startShell(t *testing.T, script string) *Process {
	t.Helper()
	p, err := Start("/bin/sh", []string{"WORD=hello"}, "-c", script)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return p
}

func TestKillEndsTheWholeGroup(t *testing.T) {
	pidFile := filepath.Join(t.TempDir(), "pid")
	p := startShell(t, "sleep 600 & echo $! >"+pidFile+".new; mv "+pidFile+".new "+pidFile+"; wait")
	var child string
	if err := Poll(t.Context(), "the pid of the child", func() (bool, error) {
		b, err := os.ReadFile(pidFile)
		child = strings.TrimSpace(string(b))
		return err == nil, nil
	}); err != nil {
		t.Fatal(err)
	}
	p.Kill() // returns when nobody holds the output any more, so the child is gone or going
	if err := Poll(t.Context(), "the child to be gone", func() (bool, error) {
		stat, err := os.ReadFile("/proc/" + child + "/stat")
		return err != nil || strings.Contains(string(stat), ") Z "), nil
	}); err != nil {
		t.Fatal(err)
	}
}

func TestStopTellsHowTheProcessEnded(t *testing.T) {
	for _, tt := range []struct{ name, script, want string }{
		{"in order", "trap 'exit 0' TERM; echo up $WORD; while :; do sleep 0.01; done", ""},
		{"badly", "trap 'echo oops; exit 3' TERM; echo up $WORD; while :; do sleep 0.01; done", "oops"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := startShell(t, tt.script)
			if err := Poll(t.Context(), "the greeting", func() (bool, error) {
				return strings.Contains(p.Tail(), "up hello"), nil
			}); err != nil {
				t.Fatal(err)
			}
			err := p.Stop()
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got error %v, want one about %q", err, tt.want)
			}
		})
	}
}

func TestReadyFailsAtOnceWhenTheProcessEnds(t *testing.T) {
	p := startShell(t, "echo no such thing; exit 1")
	err := p.Ready(t.Context(), filepath.Join(t.TempDir(), "never"), nil)
	if err == nil || !strings.Contains(err.Error(), "no such thing") {
		t.Errorf("got error %v, want what the process wrote", err)
	}
}

func TestUsageGrows(t *testing.T) {
	p := startShell(t, "while :; do :; done")
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	if err := Poll(ctx, "the process to use 50 ms", func() (bool, error) {
		u, err := p.Usage()
		return u.CPU >= 50*time.Millisecond && u.Peak > 0, err
	}); err != nil {
		t.Fatal(err)
	}
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
}
