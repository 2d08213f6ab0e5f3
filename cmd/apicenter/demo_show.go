package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"apicenter/internal/inventory"
)

// show prints what changes in the inventory, as it does.
func (d *demo) show(ctx context.Context, out io.Writer, c *center) error {
	seen, err := lastEvent(ctx, c)
	if err != nil {
		return err
	}
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		err := c.store.View(ctx, func(r inventory.Reader) error {
			for e, err := range r.Events(seen, 100) {
				if err != nil {
					return err
				}
				seen = e.Sequence
				fmt.Fprintf(out, "%s  inventory  %s\n", time.Now().Format(time.TimeOnly), describe(e))
			}
			return nil
		})
		if err != nil && ctx.Err() == nil {
			return err
		}
	}
}

func lastEvent(ctx context.Context, c *center) (last int64, err error) {
	err = c.store.View(ctx, func(r inventory.Reader) error {
		for {
			n := 0
			for e, err := range r.Events(last, 1000) {
				if err != nil {
					return err
				}
				last = e.Sequence
				n++
			}
			if n == 0 {
				return nil
			}
		}
	})
	return last, err
}

// describe says what an event changed, in a line.
func describe(e inventory.Event) string {
	name := e.Path[strings.LastIndexByte(e.Path, '/')+1:]
	var what []string
	for _, c := range e.Changes {
		below := strings.TrimPrefix(strings.TrimPrefix(c.Path, e.Path), "/")
		if c.Action != inventory.Updated {
			if below != "" {
				what = append(what, string(c.Action)+" "+below)
			}
			continue
		}
		for _, f := range c.Fields {
			what = append(what, strings.TrimPrefix(below+string(f.Field), "/"))
		}
	}
	return strings.TrimSuffix(fmt.Sprintf("%s %s: %s", e.Action, name, strings.Join(what, ", ")), ": ")
}
