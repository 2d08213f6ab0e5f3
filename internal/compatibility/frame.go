package compatibility

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"apicenter/internal/inventory"
)

// A request is two frames: the last document and the new one. An answer is one,
// with JSON in it. A frame is the length of what is in it, in four bytes, and that.

// answer is what a process says of two documents.
type answer struct {
	inventory.Compatibility
	Last bool `json:"last,omitempty"` // the process ends
}

// maxAnswer is more than MaxReasons of the longest reasons take.
const maxAnswer = 1 << 20

// exchange has what is at the other end compare two documents.
func exchange(p io.ReadWriter, old, new []byte) (a answer, err error) {
	for _, doc := range [][]byte{old, new} {
		if err := writeFrame(p, doc); err != nil {
			return a, fmt.Errorf("ask: %w", err)
		}
	}
	data, err := readFrame(p, maxAnswer)
	if err != nil {
		return a, fmt.Errorf("no answer: %w", err)
	}
	if err := json.Unmarshal(data, &a); err != nil {
		return a, fmt.Errorf("the answer: %w", err)
	}
	if !slices.Contains(verdicts, a.Verdict) {
		return a, fmt.Errorf("the answer has the verdict %q", a.Verdict)
	}
	return a, nil
}

var verdicts = []inventory.Verdict{inventory.Breaking, inventory.NonBreaking, inventory.Unaltered, inventory.Unjudged}

func writeFrame(w io.Writer, data []byte) error {
	head := binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(data)), uint32(len(data)))
	_, err := w.Write(append(head, data...))
	return err
}

// readFrame reads a frame of at most so many bytes. It is io.EOF that there is none.
func readFrame(r io.Reader, most int) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	length := binary.BigEndian.Uint32(head[:])
	if uint64(length) > uint64(most) {
		return nil, fmt.Errorf("a frame of %d bytes, and %d are the most", length, most)
	}
	data := make([]byte, length)
	if _, err := io.ReadFull(r, data); err != nil {
		return nil, fmt.Errorf("a frame of %d bytes: %w", length, err)
	}
	return data, nil
}
