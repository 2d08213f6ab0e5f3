package compatibility

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime/metrics"
	"time"

	"apicenter/internal/inventory"
)

// Limits of a process that compares.
type Limits struct {
	Time   time.Duration // of one comparison
	Memory uint64        // bytes of the process
	Keep   uint64        // bytes of the process with which it waits for another comparison
}

// DefaultLimits are those of a Comparer's processes.
var DefaultLimits = Limits{Time: 10 * time.Second, Memory: 1 << 30, Keep: 128 << 20}

// Serve answers what a Comparer asks, until that says no more or has gone, which
// ends a comparison too. It also returns after an answer that reached a limit. A
// comparison may go on behind it: the process is to end.
func Serve(in io.Reader, out io.Writer, l Limits) error {
	served := make(chan struct{})
	defer close(served)
	requests, gone := make(chan [2][]byte), make(chan error, 1)
	go func() { gone <- receive(in, requests, served) }()
	for {
		select {
		case docs := <-requests:
			a, err := l.compare(docs, gone)
			if err != nil {
				return err
			}
			data, err := json.Marshal(a)
			if err != nil {
				return err
			}
			if err := writeFrame(out, data); err != nil || a.Last {
				return err
			}
		case err := <-gone:
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}

// receive reads requests until there are no more, or nobody serves them.
func receive(in io.Reader, requests chan<- [2][]byte, served <-chan struct{}) error {
	for {
		var docs [2][]byte
		for i := range docs {
			var err error
			if docs[i], err = readFrame(in, MaxSize); err != nil {
				return err
			}
		}
		select {
		case requests <- docs:
		case <-served:
			return nil
		}
	}
}

// compare gives the verdict of two documents, or that it takes too much.
func (l Limits) compare(docs [2][]byte, gone <-chan error) (answer, error) {
	done := make(chan inventory.Compatibility, 1)
	go func() { done <- Compare(docs[0], docs[1]) }()
	late := time.NewTimer(l.Time)
	defer late.Stop()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case verdict := <-done:
			return answer{verdict, memory() > l.Keep}, nil
		case err := <-gone:
			return answer{}, fmt.Errorf("nobody waits for the answer: %w", err)
		case <-late.C:
			return answer{unknown("the comparison took more than %s, and was stopped", l.Time), true}, nil
		case <-look.C:
			if memory() > l.Memory {
				return answer{unknown("the comparison took more than %d MB of memory, and was stopped", l.Memory>>20), true}, nil
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
