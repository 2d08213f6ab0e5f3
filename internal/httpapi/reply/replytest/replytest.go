// Package replytest is what every surface promises of the answers that it keeps.
package replytest

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

// NeverOlderThanAWrite reads from several goroutines, which fill the memory while
// writes empty it, and fails unless each read after a write shows it. write gives
// an API a summary; read answers with the body that a path shows, which has the API in it.
func NeverOlderThanAWrite(t *testing.T, write func(summary string), read func(path string) string, paths ...string) {
	t.Helper()
	done := make(chan struct{})
	var readers sync.WaitGroup
	defer readers.Wait()
	defer close(done)
	for _, path := range paths {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					read(path)
				}
			}
		})
	}
	for i := range 50 {
		want := fmt.Sprintf("number %d", i)
		write(want)
		for _, path := range paths {
			for range 2 { // the second one from memory
				if got := read(path); !strings.Contains(got, `"summary":"`+want+`"`) {
					t.Fatalf("%s after the write of %s: %s", path, want, got)
				}
			}
		}
	}
}
