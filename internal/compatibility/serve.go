package compatibility

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"runtime/metrics"
	"time"

	"apicenter/internal/inventory"
)

// Limits of one comparison.
type Limits struct {
	Time   time.Duration
	Memory uint64 // bytes of the process
}

// DefaultLimits are those of a Comparer's comparisons.
var DefaultLimits = Limits{Time: 10 * time.Second, Memory: 1 << 30}

// Serve reads two documents as a Comparer sends them, and writes the verdict. A
// comparison that reaches its limits goes on behind it: the process is to end.
func Serve(in io.Reader, out io.Writer, l Limits) error {
	all, err := io.ReadAll(io.LimitReader(in, 8+2*MaxSize))
	if err != nil {
		return err
	}
	if len(all) < 8 || binary.BigEndian.Uint64(all) > uint64(len(all)-8) {
		return errors.New("these are no two documents")
	}
	old, new := all[8:8+binary.BigEndian.Uint64(all)], all[8+binary.BigEndian.Uint64(all):]
	return json.NewEncoder(out).Encode(limited(l, func() inventory.Compatibility { return Compare(old, new) }))
}

// limited is the verdict of a comparison, or that it takes too much.
func limited(l Limits, compare func() inventory.Compatibility) inventory.Compatibility {
	done := make(chan inventory.Compatibility, 1)
	go func() { done <- compare() }()
	late := time.NewTimer(l.Time)
	defer late.Stop()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case verdict := <-done:
			return verdict
		case <-late.C:
			return unknown("the comparison took more than %s, and was stopped", l.Time)
		case <-look.C:
			if memory() > l.Memory {
				return unknown("the comparison took more than %d MB of memory, and was stopped", l.Memory>>20)
			}
		}
	}
}

// memory is how much of it this process holds.
func memory() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/total:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
