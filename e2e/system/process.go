package system

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	readyWithin = 2 * time.Minute // an emulator of 10,000 documents on a busy machine
	stopWithin  = 20 * time.Second
	tailLines   = 40
)

// Process is a running program.
type Process struct {
	name string
	cmd  *exec.Cmd
	done chan struct{} // closed when the process and its output have ended

	mu    sync.Mutex // guards tail and watch
	tail  []string
	watch func(line string)
}

// Start runs a program. It gets the environment of this process, less what
// would lead a client to the real Azure, and env. Of what it writes, the last
// lines are kept for error messages.
func Start(program string, env []string, args ...string) (*Process, error) {
	return StartIn("", program, env, args...)
}

// StartIn is Start in a working directory.
func StartIn(dir, program string, env []string, args ...string) (*Process, error) {
	p := &Process{name: filepath.Base(program), cmd: exec.Command(program, args...), done: make(chan struct{})}
	p.cmd.Dir = dir
	p.cmd.Env = append(cleanEnv(), env...)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p.cmd.Stdout, p.cmd.Stderr = w, w
	err = p.cmd.Start()
	w.Close() // the child has its own
	if err != nil {
		r.Close()
		return nil, fmt.Errorf("start %s: %w", p.name, err)
	}
	go p.read(r)
	return p, nil
}

// cleanEnv drops the settings of Azure identities: a test must not find those of its user.
func cleanEnv() []string {
	var env []string
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		if !strings.HasPrefix(name, "AZURE_") && !strings.HasPrefix(name, "IDENTITY_") && !strings.HasPrefix(name, "APICENTER_") {
			env = append(env, kv)
		}
	}
	return env
}

func (p *Process) read(r io.ReadCloser) {
	defer close(p.done)
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			p.line(strings.TrimSuffix(line, "\n"))
		}
		if err != nil {
			break
		}
	}
	r.Close()
	_ = p.cmd.Wait() // how it ended is in ProcessState
}

func (p *Process) line(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.tail = append(p.tail, line); len(p.tail) > 2*tailLines {
		p.tail = append([]string(nil), p.tail[tailLines:]...)
	}
	if p.watch != nil {
		p.watch(line)
	}
}

// Watch has f called with each line that the process writes from here on; nil
// ends it. f must not wait: while it does, the process may stand still.
func (p *Process) Watch(f func(line string)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.watch = f
}

// Tail is the last that the process wrote.
func (p *Process) Tail() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.tail[max(0, len(p.tail)-tailLines):], "\n")
}

// Signal sends a signal to the process and all that it started.
func (p *Process) Signal(s syscall.Signal) error { return syscall.Kill(-p.cmd.Process.Pid, s) }

// Kill ends the process at once, as a power cut would, and waits until it is gone.
func (p *Process) Kill() {
	_ = p.Signal(syscall.SIGKILL) // it may be gone already
	<-p.done
}

// Stop asks the process to end. It fails when the process had to be killed, or
// ended badly.
func (p *Process) Stop() error {
	if err := p.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	select {
	case <-p.done:
	case <-time.After(stopWithin):
		p.Kill()
		return fmt.Errorf("%s did not end within %v of SIGTERM; it wrote:\n%s", p.name, stopWithin, p.Tail())
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		return fmt.Errorf("%s ended with %v; it wrote:\n%s", p.name, p.cmd.ProcessState, p.Tail())
	}
	return nil
}

// Ready waits for the ready file of the process and reads it into out.
func (p *Process) Ready(ctx context.Context, file string, out any) error {
	ctx, stop := context.WithTimeout(ctx, readyWithin)
	defer stop()
	return Poll(ctx, p.name+" to be ready", func() (bool, error) {
		select {
		case <-p.done:
			return false, fmt.Errorf("%s ended (%v) before it was ready; it wrote:\n%s", p.name, p.cmd.ProcessState, p.Tail())
		default:
		}
		b, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		// It is written whole or not at all, so what does not parse is a bug of the program.
		return true, json.Unmarshal(b, out)
	})
}

// Poll asks until the answer is yes or an error, or ctx ends. It asks often at
// first and then less, so that the asking is no work that counts, and what is
// measured by it is late by two percent at most.
func Poll(ctx context.Context, what string, ask func() (bool, error)) error {
	for since := time.Now(); ; {
		done, err := ask()
		if done || err != nil {
			return err
		}
		pause := min(max(time.Since(since)/50, 2*time.Millisecond), 200*time.Millisecond)
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited for %s: %w", what, context.Cause(ctx))
		case <-time.After(pause):
		}
	}
}
