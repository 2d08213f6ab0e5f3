package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"apicenter/e2e/system"
)

// eventful is how many changes events tell of, one after the other.
const eventful = 1_000

// events measures from the answer that a change at the source got until a reader
// sees the change, with nothing but events to tell of it.
func (s *stage) events(ctx context.Context) (figure, error) {
	if err := s.source.Subscribe(ctx, s.center.Ready.Center+"/hooks/events", s.center.Ready.Token); err != nil {
		return figure{}, err
	}
	var apis []system.Thing
	var sources []string
	for k := range min(s.corpus.n, 100) { // each of them again and again
		copied := k * s.corpus.n / min(s.corpus.n, 100)
		from, err := s.sourceOf(ctx, copied)
		if err != nil {
			return figure{}, err
		}
		api, err := s.find(ctx, copied)
		if err != nil {
			return figure{}, err
		}
		apis, sources = append(apis, api), append(sources, from.Name)
	}
	var took []time.Duration
	f, err := s.measure(ctx, events, func() error {
		for i := range eventful {
			at := i % len(apis)
			text := fmt.Sprintf("changed %d", i)
			if err := s.source.Describe(ctx, sources[at], text); err != nil {
				return err
			}
			began := time.Now()
			within, stop := context.WithTimeout(ctx, time.Minute)
			err := system.Poll(within, "the change to be seen", func() (bool, error) {
				now, err := s.center.Get(ctx, apis[at].ID)
				return err == nil && bytes.Contains(now.Properties, []byte(`"`+text+`"`)), err
			})
			stop()
			if err != nil {
				return fmt.Errorf("change %d: %w", i, err)
			}
			took = append(took, time.Since(began))
		}
		return nil
	})
	slices.Sort(took)
	if err == nil {
		f.P50MS, f.P99MS = milliseconds(took[len(took)/2]), milliseconds(took[len(took)*99/100])
	}
	return f, err
}
