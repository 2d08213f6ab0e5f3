package system

import (
	"context"
	"path/filepath"
)

// Demo is a running apicenter demo.
type Demo struct {
	*Process
	Ready CenterReady
}

// StartDemo runs apicenter demo with its data and files in dir, and waits until
// its first synchronisation is complete.
func StartDemo(ctx context.Context, b Binaries, dir string, args ...string) (*Demo, error) {
	file := filepath.Join(dir, "ready.json")
	p, err := Start(b.Center, nil, append([]string{
		"demo", "--listen", "127.0.0.1:0", "--emulator-listen", "127.0.0.1:0",
		"--data", filepath.Join(dir, "data"), "--ready-file", file,
	}, args...)...)
	if err != nil {
		return nil, err
	}
	d := &Demo{Process: p}
	if err := p.Ready(ctx, file, &d.Ready); err != nil {
		p.Kill()
		return nil, err
	}
	return d, nil
}
