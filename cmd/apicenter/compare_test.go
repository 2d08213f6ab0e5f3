package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"apicenter/internal/compatibility"
	"apicenter/internal/inventory"
)

// chained is a document whose schemas lead through each other: comparing it takes minutes.
func chained(length int) []byte {
	var schemas []string
	for i := range 600 {
		schemas = append(schemas, fmt.Sprintf(
			`"S%d":{"type":"object","properties":{"next":{"$ref":"#/components/schemas/S%d"},"name":{"type":"string","maxLength":%d}}}`, i, max(0, i-1), length))
	}
	var paths []string
	for i := range 600 {
		paths = append(paths, fmt.Sprintf(
			`"/p%d":{"get":{"responses":{"200":{"description":"ok","content":{"application/json":{"schema":{"$ref":"#/components/schemas/S%d"}}}}}}}`, i, i))
	}
	return []byte(`{"openapi":"3.0.1","info":{"title":"x","version":"1"},"components":{"schemas":{` + strings.Join(schemas, ",") + `}},"paths":{` + strings.Join(paths, ",") + `}}`)
}

const pets = `{"openapi":"3.0.1","info":{"title":"Pets","version":"1"},"paths":{"/pets":{"get":{"responses":{"200":{"description":"ok"}}}}}}`

// petless is pets without its only operation.
var petless = strings.Replace(pets, `"get"`, `"x-get"`, 1)

// comparers have documents compared by processes of this program, one at once,
// and are ended with the test.
func comparers(t testing.TB) (c *compatibility.Comparer, started *[]comparer) {
	started = new([]comparer)
	c = compatibility.New(1, func() (compatibility.Process, error) {
		p, err := startComparer()
		if err == nil {
			*started = append(*started, p.(comparer))
		}
		return p, err
	}, slog.New(slog.DiscardHandler))
	t.Cleanup(func() { c.Run(t.Context()) }) // which has ended
	return c, started
}

func TestAComparisonIsAProcessThatCanBeEnded(t *testing.T) {
	c, started := comparers(t)
	compare := func(ctx context.Context, old, new string, want inventory.Verdict, processes int) {
		t.Helper()
		begun := time.Now()
		if got := c.Compare(ctx, []byte(old), []byte(new)); got.Verdict != want || len(*started) != processes {
			t.Errorf("%+v of %d processes, want %s of %d", got, len(*started), want, processes)
		}
		if took := time.Since(begun); took > 8*time.Second {
			t.Errorf("it took %s", took)
		}
	}
	compare(t.Context(), pets, petless, inventory.Breaking, 1)
	compare(t.Context(), petless, pets, inventory.NonBreaking, 1)
	ctx, stop := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer stop()
	compare(ctx, string(chained(1)), string(chained(2)), inventory.Unjudged, 1) // it takes minutes by itself
	compare(t.Context(), petless, pets, inventory.NonBreaking, 2)
	(*started)[1].Kill()
	compare(t.Context(), petless, pets, inventory.NonBreaking, 3)
}

func TestAComparisonEndsWithTheServer(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, comparing)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for _, doc := range [][]byte{chained(1), chained(2)} {
		if _, err := in.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(doc))), doc...)); err != nil {
			t.Fatal(err)
		}
	}
	begun := time.Now()
	in.Close()
	err = cmd.Wait()
	if took := time.Since(begun); err == nil || took > 8*time.Second { // it would end by itself after 10
		t.Errorf("%v after %s", err, took)
	}
}

func BenchmarkComparison(b *testing.B) {
	compare := func(b *testing.B, c *compatibility.Comparer) {
		if got := c.Compare(b.Context(), []byte(pets), []byte(petless)); got.Verdict != inventory.Breaking {
			b.Fatalf("%+v", got)
		}
	}
	b.Run("kept", func(b *testing.B) {
		c, _ := comparers(b)
		compare(b, c)
		for b.Loop() {
			compare(b, c)
		}
	})
	b.Run("started", func(b *testing.B) {
		c, started := comparers(b)
		for b.Loop() {
			compare(b, c)
			(*started)[len(*started)-1].Kill()
		}
	})
}
