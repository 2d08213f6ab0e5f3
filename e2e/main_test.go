// Package e2e runs the real programs, as processes, against each other: the
// stories that users live, real documents by the thousand, and kills at any
// point. It knows the product by its commands and its REST interface alone.
package e2e

import (
	"context"
	"flag"
	"fmt"
	"os"
	"testing"

	"apicenter/e2e/system"
)

var (
	kills = flag.Int("kills", 20, "how often the server is killed, spread evenly over the phases")
	seed  = flag.Uint64("seed", 0, "where and when the server is killed; 0 draws one, and prints it")
	whole = flag.Bool("whole", false, "take all real documents, not every fifth")
)

// programs are built once, from the tree that is tested.
var programs system.Binaries

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(build(m))
}

func build(m *testing.M) int {
	dir, err := os.MkdirTemp("", "apicenter-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if programs, err = system.Build(context.Background(), dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// startEmulator runs azemu for as long as the test.
func startEmulator(t *testing.T, args ...string) *system.Emulator {
	t.Helper()
	e, err := system.StartEmulator(t.Context(), programs, t.TempDir(), args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Kill)
	return e
}

// startCenter runs apicenter serve for as long as the test, over the data in dir.
func startCenter(t *testing.T, e *system.Emulator, dir string, args ...string) *system.Center {
	t.Helper()
	c, err := system.StartCenter(t.Context(), programs, dir, e, args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Kill)
	return c
}
