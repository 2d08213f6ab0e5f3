package system

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Binaries are the paths of the programs.
type Binaries struct {
	Center   string // cmd/apicenter
	Emulator string // cmd/azemu
}

// Build compiles the programs of the working directory's module into dir.
func Build(ctx context.Context, dir string) (Binaries, error) {
	cmd := exec.CommandContext(ctx, "go", "build", "-o", dir+string(filepath.Separator),
		"apicenter/cmd/apicenter", "apicenter/cmd/azemu")
	// Static binaries are what is shipped; and no C compiler need be there.
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return Binaries{}, fmt.Errorf("build the programs: %w\n%s", err, out)
	}
	return Binaries{Center: filepath.Join(dir, "apicenter"), Emulator: filepath.Join(dir, "azemu")}, nil
}
