// Bench measures the product as its users run it: the server a process of its
// own, the source another, real documents in between. It prints one line of
// JSON a figure, and what it is doing to stderr.
//
//	go run ./bench                            everything at 1,000 and 10,000 APIs
//	go run ./bench -only read-get -n 100000   one bench at one size
//
// A pass is measured with the rolling audit off; the throttled first sync runs
// at 1,000 unless -only asks for it by name, for Azure's bucket makes it slow.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"apicenter/e2e/system"
)

func main() {
	var (
		only  = flag.String("only", "", "run this bench alone: "+strings.Join(names(), ", "))
		n     = flag.Int("n", 0, "number of APIs (default 1000 and then 10000)")
		specs = flag.String("specs", "", "folder of JSON documents to make the corpus of (default: those of make realdata)")
	)
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := benchmark(ctx, *only, *n, *specs)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// The benches that synchronise; the others are reads.
const (
	firstSync     = "first-sync"
	throttled     = "first-sync-throttled"
	unchangedPass = "unchanged-pass"
	oneChange     = "one-change"
	events        = "events"
	redefinitions = "events-definitions"
)

func names() []string {
	out := []string{firstSync, throttled, unchangedPass, oneChange, events, redefinitions}
	for _, r := range reads {
		out = append(out, r.name)
	}
	return out
}

func benchmark(ctx context.Context, only string, n int, specs string) error {
	if only != "" && !slices.Contains(names(), only) {
		return fmt.Errorf("no bench is called %q; there are %s", only, strings.Join(names(), ", "))
	}
	if flag.NArg() > 0 || n < 0 {
		return errors.New("usage: bench [-only NAME] [-n N] [-specs DIR]")
	}
	dir, err := os.MkdirTemp("", "apicenter-bench-bin-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	progress("building the programs")
	b, err := system.Build(ctx, dir)
	if err != nil {
		return err
	}
	sizes := []int{1_000, 10_000}
	if n > 0 {
		sizes = []int{n}
	}
	for _, n := range sizes {
		progress("making the corpus of %d", n)
		c, err := makeCorpus(specs, n)
		if err != nil {
			return err
		}
		if only != throttled {
			if err := unlimited(ctx, b, c, only); err != nil {
				return err
			}
		}
		if only == throttled || only == "" && n <= 1_000 {
			if err := underBucket(ctx, b, c); err != nil {
				return err
			}
		}
	}
	return nil
}

// unlimited runs the benches of a source that answers as fast as it can.
func unlimited(ctx context.Context, b system.Binaries, c corpus, only string) error {
	wanted := func(name string) bool { return only == "" || only == name }
	progress("starting a source of %d APIs, %.0f MB, and a server", c.n, float64(c.bytes)/megabyte)
	s, err := open(ctx, b, c)
	if err != nil {
		return err
	}
	defer s.close()
	progress(firstSync)
	f, err := s.firstSync(ctx, firstSync)
	if err != nil {
		return err
	}
	if wanted(firstSync) { // the others need one too
		if err := emit(f, nil); err != nil {
			return err
		}
	}
	if wanted(unchangedPass) {
		progress(unchangedPass)
		if err := emit(s.unchangedPass(ctx)); err != nil {
			return err
		}
	}
	for _, r := range reads {
		if !wanted(r.name) {
			continue
		}
		progress(r.name)
		requests, err := r.prepare(s, ctx, r.of(s))
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		if err := emit(s.read(ctx, r.name, requests)); err != nil {
			return err
		}
	}
	if wanted(oneChange) { // last: the changed titles have lost words to search for
		progress(oneChange)
		if err := emit(s.oneChange(ctx)); err != nil {
			return err
		}
	}
	if wanted(events) {
		progress(events)
		if err := emit(s.events(ctx, events, s.describe)); err != nil {
			return err
		}
	}
	if wanted(redefinitions) {
		progress(redefinitions)
		return emit(s.events(ctx, redefinitions, s.retitle))
	}
	return nil
}

// underBucket runs the first sync against Azure's token bucket. A figure that
// was had by asking more than the bucket grants is none.
func underBucket(ctx context.Context, b system.Binaries, c corpus) error {
	progress("starting a source of %d APIs under the token bucket, and a server", c.n)
	s, err := open(ctx, b, c, "--throttle")
	if err != nil {
		return err
	}
	defer s.close()
	progress(throttled)
	f, err := s.firstSync(ctx, throttled)
	if err != nil {
		return err
	}
	stats, err := s.source.Stats(ctx)
	if err != nil {
		return err
	}
	if stats.Throttled > 0 {
		return fmt.Errorf("%s: the source refused %d requests with 429", throttled, stats.Throttled)
	}
	return emit(f, nil)
}

// emit prints a figure, unless it could not be had.
func emit(f figure, err error) error {
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(f)
}

func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, time.Now().Format("15:04:05 ")+format+"\n", args...)
}
