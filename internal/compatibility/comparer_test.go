package compatibility_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"apicenter/internal/compatibility"
	"apicenter/internal/inventory"
)

// served answers a request as the process of its own would.
func served(l compatibility.Limits) compatibility.Run {
	return func(_ context.Context, request []byte) ([]byte, error) {
		var answer bytes.Buffer
		err := compatibility.Serve(bytes.NewReader(request), &answer, l)
		return answer.Bytes(), err
	}
}

// stuck is a process that does not end by itself.
func stuck(ctx context.Context, _ []byte) ([]byte, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func comparer(run compatibility.Run) *compatibility.Comparer {
	return compatibility.New(1, run, slog.New(slog.DiscardHandler))
}

func TestDocumentsReachTheProcessAsTheyAre(t *testing.T) {
	c := comparer(served(compatibility.DefaultLimits))
	for _, tt := range []struct {
		old, new string
		want     inventory.Verdict
	}{
		{pets, fewer, inventory.Breaking},
		{fewer, pets, inventory.NonBreaking},
		{pets, pets, inventory.Unaltered},
		{"", pets, inventory.Unjudged},
		{pets, "", inventory.Unjudged},
	} {
		if got := c.Compare(t.Context(), []byte(tt.old), []byte(tt.new)); got.Verdict != tt.want {
			t.Errorf("%.20q and %.20q: %+v, want %s", tt.old, tt.new, got, tt.want)
		}
	}
	if got := c.Compare(t.Context(), []byte(pets), []byte(strings.Repeat(" ", compatibility.MaxSize+1))); !strings.Contains(got.Message, "8 MB") {
		t.Errorf("too large: %+v", got)
	}
}

// chain is a document whose schemas lead through each other: the library takes
// very long over a long one.
func chain(n, length int) string {
	var schemas []string
	for i := range n {
		schemas = append(schemas, fmt.Sprintf(
			`"S%d":{"type":"object","properties":{"next":{"$ref":"#/components/schemas/S%d"},"name":{"type":"string","maxLength":%d}}}`, i, max(0, i-1), length))
	}
	return `{"openapi":"3.0.1","info":{"title":"x","version":"1"},"components":{"schemas":{` + strings.Join(schemas, ",") + `}},"paths":{
		"/x":{"get":{"responses":{"200":{"description":"ok","content":{"application/json":{"schema":{"$ref":"#/components/schemas/S` + fmt.Sprint(n-1) + `"}}}}}}}}}`
}

func TestAComparisonThatTakesTooMuchEnds(t *testing.T) {
	for name, tt := range map[string]struct {
		limits compatibility.Limits
		says   string
	}{
		"time":   {compatibility.Limits{Time: time.Nanosecond, Memory: 1 << 40}, "more than 1ns"},
		"memory": {compatibility.Limits{Time: time.Minute, Memory: 1}, "of memory"},
	} {
		got := comparer(served(tt.limits)).Compare(t.Context(), []byte(chain(1000, 1)), []byte(chain(1000, 2)))
		if got.Verdict != inventory.Unjudged || !strings.Contains(got.Message, tt.says) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestNothingIsLeftOfAComparisonThatIsStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		most, now := 0, 0
		c := compatibility.New(2, func(ctx context.Context, request []byte) ([]byte, error) {
			mu.Lock()
			now++
			most = max(most, now)
			mu.Unlock()
			defer func() {
				mu.Lock()
				now--
				mu.Unlock()
			}()
			return stuck(ctx, request)
		}, slog.New(slog.DiscardHandler))
		begun := time.Now()
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if got := c.Compare(t.Context(), []byte(pets), []byte(fewer)); got.Verdict != inventory.Unjudged || !strings.Contains(got.Message, "too long") {
					t.Errorf("%+v", got)
				}
			})
		}
		all.Wait()
		if took := time.Since(begun); now != 0 || most != 2 || took > 15*time.Second {
			t.Errorf("%d are left, %d were at work at once, and it took %s", now, most, took)
		}
	})
}

func TestAProcessThatFails(t *testing.T) {
	for name, run := range map[string]compatibility.Run{
		"ends badly":    func(context.Context, []byte) ([]byte, error) { return nil, errors.New("exit status 2: stack overflow") },
		"says no JSON":  func(context.Context, []byte) ([]byte, error) { return []byte("panic"), nil },
		"reads nothing": func(context.Context, []byte) ([]byte, error) { return nil, nil },
	} {
		if got := comparer(run).Compare(t.Context(), []byte(pets), []byte(fewer)); got.Verdict != inventory.Unjudged || strings.Contains(got.Message, "stack") {
			t.Errorf("one that %s: %+v", name, got)
		}
	}
	for _, request := range []string{"", "1234567", "\xff\xff\xff\xff\xff\xff\xff\xff", "\x00\x00\x00\x00\x00\x00\x00\x09x"} {
		if _, err := served(compatibility.DefaultLimits)(t.Context(), []byte(request)); err == nil {
			t.Errorf("%q was taken as two documents", request)
		}
	}
}
