package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"apicenter/internal/compatibility"
)

// comparing is the argument with which the program compares the documents that its
// standard input brings, and ends with that.
const comparing = "compare-documents"

// comparisons is how many of these processes there may be at once.
const comparisons = 4

// comparer is such a process, seen from outside.
type comparer struct {
	io.Writer // its standard input
	io.Reader // its standard output
	kill      func() error
}

// startComparer starts a process of this program that compares documents. It knows
// nothing of this one's surroundings.
func startComparer() (compatibility.Process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, comparing)
	problems := &beginning{}
	cmd.Env = []string{"GOMAXPROCS=2"} // one compares, one looks what that takes
	cmd.Stderr = problems
	cmd.WaitDelay = time.Second
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return comparer{Writer: in, Reader: out, kill: sync.OnceValue(func() error {
		cmd.Process.Kill() // fails where it has ended by itself
		if err := cmd.Wait(); err != nil {
			return fmt.Errorf("%w: %s", err, problems.text)
		}
		return nil
	})}, nil
}

// Kill ends the process.
func (c comparer) Kill() error { return c.kill() }

// beginning keeps the first of what is written to it.
type beginning struct{ text []byte }

func (b *beginning) Write(p []byte) (int, error) {
	b.text = append(b.text, p[:min(len(p), 4<<10-len(b.text))]...)
	return len(p), nil
}

// compareHere is that process. It returns the exit code.
func compareHere() int {
	signal.Ignore(os.Interrupt, syscall.SIGTERM) // they are for the server, which may still need it; it ends with that
	debug.SetMaxStack(64 << 20)                  // a document may be deep, and a stack that is too deep ends this process only
	if err := compatibility.Serve(os.Stdin, os.Stdout, compatibility.DefaultLimits); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
