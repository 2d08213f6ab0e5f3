package system

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// ticksPerSecond is USER_HZ, which is 100 on every Linux that Go runs on.
const ticksPerSecond = 100

// Usage is what a process has used of the machine.
type Usage struct {
	CPU  time.Duration // user and system
	Peak int64         // of resident memory, in bytes, since the last ResetPeak
}

// Usage reads what the process used up to here, from /proc.
func (p *Process) Usage() (Usage, error) {
	stat, err := os.ReadFile(p.proc("stat"))
	if err != nil {
		return Usage{}, err
	}
	// The name of the program stands in brackets and may hold anything.
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	const utime, stime = 11, 12 // counted from the state, which is field 3 of proc(5)
	if len(fields) <= stime {
		return Usage{}, fmt.Errorf("%s: unknown form %q", p.proc("stat"), stat)
	}
	var ticks int64
	for _, f := range []string{fields[utime], fields[stime]} {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return Usage{}, err
		}
		ticks += n
	}
	peak, err := p.peak()
	return Usage{CPU: time.Duration(ticks) * time.Second / ticksPerSecond, Peak: peak}, err
}

func (p *Process) peak() (int64, error) {
	status, err := os.ReadFile(p.proc("status"))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			return kb << 10, err
		}
	}
	return 0, fmt.Errorf("%s has no VmHWM", p.proc("status"))
}

// ResetPeak makes the peak of memory count from here.
func (p *Process) ResetPeak() error { return os.WriteFile(p.proc("clear_refs"), []byte("5"), 0) }

func (p *Process) proc(file string) string {
	return "/proc/" + strconv.Itoa(p.cmd.Process.Pid) + "/" + file
}
