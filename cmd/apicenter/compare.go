package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime/debug"
	"time"

	"apicenter/internal/compatibility"
)

// comparing is the argument with which the program compares the two documents of
// its standard input, and ends.
const comparing = "compare-documents"

// comparisons is how many of these processes there may be at once.
const comparisons = 4

// compareElsewhere has a process of this program compare documents. It knows
// nothing of this one's surroundings.
func compareElsewhere(ctx context.Context, request []byte) ([]byte, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, comparing)
	var answer, problems bytes.Buffer
	cmd.Env = []string{"GOMAXPROCS=2"} // one compares, one looks what that takes
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(request), &answer, &problems
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil {
		said := problems.Bytes()
		return nil, fmt.Errorf("%w: %s", err, said[:min(len(said), 4<<10)])
	}
	return answer.Bytes(), nil
}

// compareHere is that process. It returns the exit code.
func compareHere() int {
	debug.SetMaxStack(64 << 20) // a document may be deep, and a stack that is too deep ends this process only
	if err := compatibility.Serve(os.Stdin, os.Stdout, compatibility.DefaultLimits); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
