package compatibility

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"log/slog"
	"time"

	"apicenter/internal/inventory"
)

// Run has Serve answer a request, in a process of its own, which it ends when ctx does.
type Run func(ctx context.Context, request []byte) ([]byte, error)

// Comparer has documents compared, few at a time.
type Comparer struct {
	run    Run
	places chan struct{} // taken by comparisons that go on
	log    *slog.Logger
}

// New makes a Comparer that has at most so many comparisons done at once.
func New(atOnce int, run Run, log *slog.Logger) *Comparer {
	return &Comparer{run: run, places: make(chan struct{}, atOnce), log: log}
}

// grace is how much longer than it may take a comparison is waited for, which
// should end itself.
const grace = 2 * time.Second

// Compare has two documents compared. It always gives a verdict, and leaves
// nothing behind that goes on.
func (c *Comparer) Compare(ctx context.Context, old, new []byte) inventory.Compatibility {
	if max(len(old), len(new)) > MaxSize {
		return unknown("documents of more than %d MB are not compared", MaxSize>>20)
	}
	ctx, stop := context.WithTimeout(ctx, DefaultLimits.Time+grace)
	defer stop()
	select {
	case c.places <- struct{}{}:
		defer func() { <-c.places }()
	case <-ctx.Done():
		return unknown("other comparisons took too long")
	}
	answer, err := c.run(ctx, request(old, new))
	if ctx.Err() != nil {
		return unknown("the comparison took too long, and was stopped")
	}
	var verdict inventory.Compatibility
	if err == nil {
		err = json.Unmarshal(answer, &verdict)
	}
	if err != nil {
		c.log.Error("documents could not be compared", "error", err)
		return unknown("the comparison failed; the server's log has more")
	}
	return verdict
}

// request is two documents as Serve reads them: the length of the first, and both.
func request(old, new []byte) []byte {
	head := binary.BigEndian.AppendUint64(nil, uint64(len(old)))
	return bytes.Join([][]byte{head, old, new}, nil)
}
