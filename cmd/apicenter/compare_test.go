package main

import (
	"context"
	"fmt"
	"log/slog"
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

func TestAComparisonIsAProcessThatCanBeEnded(t *testing.T) {
	c := compatibility.New(1, compareElsewhere, slog.New(slog.DiscardHandler))
	pets := `{"openapi":"3.0.1","info":{"title":"Pets","version":"1"},"paths":{"/pets":{"get":{"responses":{"200":{"description":"ok"}}}}}}`
	less := strings.Replace(pets, `"get"`, `"x-get"`, 1)
	if got := c.Compare(t.Context(), []byte(pets), []byte(less)); got.Verdict != inventory.Breaking {
		t.Errorf("%+v", got)
	}
	ctx, stop := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer stop()
	begun := time.Now()
	got := c.Compare(ctx, chained(1), chained(2))
	if took := time.Since(begun); got.Verdict != inventory.Unjudged || took > 5*time.Second { // it takes minutes by itself
		t.Errorf("%+v after %s", got, took)
	}
	if got := c.Compare(t.Context(), []byte(less), []byte(pets)); got.Verdict != inventory.NonBreaking {
		t.Errorf("the next one: %+v", got)
	}
}
