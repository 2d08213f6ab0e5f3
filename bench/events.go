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
// sees the text that it brings, with nothing but events to tell of it.
func (s *stage) events(ctx context.Context, bench string, change func(context.Context, subject, string) error) (figure, error) {
	if err := s.source.Subscribe(ctx, s.center.Ready.Center+"/hooks/events", s.center.Ready.Token); err != nil {
		return figure{}, err
	}
	var all []subject
	for k := range min(s.corpus.n, 100) { // each of them again and again
		one, err := s.subject(ctx, k*s.corpus.n/min(s.corpus.n, 100))
		if err != nil {
			return figure{}, err
		}
		all = append(all, one)
	}
	var took []time.Duration
	f, err := s.measure(ctx, bench, func() error {
		for i := range eventful {
			one, text := all[i%len(all)], fmt.Sprintf("changed %d", i)
			if err := change(ctx, one, text); err != nil {
				return err
			}
			began := time.Now()
			within, stop := context.WithTimeout(ctx, time.Minute)
			err := system.Poll(within, "the change to be seen", func() (bool, error) {
				now, err := s.center.Get(ctx, one.api.ID)
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

// describe changes no more than the description of an API.
func (s *stage) describe(ctx context.Context, one subject, text string) error {
	return s.source.Describe(ctx, one.from.Name, text)
}
