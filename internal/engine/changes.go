package engine

import (
	"context"
	"log/slog"
	"time"

	"apicenter/internal/inventory"
	"apicenter/internal/source"
)

// Changes reads the log of a link's source from an instant on. It gives what it
// has read with an error, too.
func (e *Engine) Changes(ctx context.Context, l inventory.Link, since time.Time) (changes []source.Change, err error) {
	err = e.guarded(slog.String("log", l.Source), func() error {
		connector, err := e.connect(ctx, l, source.Env{})
		if err != nil {
			return err
		}
		watcher, ok := connector.(source.Watcher)
		if !ok {
			return &source.Error{Stalled: true, Message: "sources of type " + l.SourceType + " have no log that is read"}
		}
		for c, err := range watcher.Changes(ctx, since) {
			if err != nil {
				return err
			}
			changes = append(changes, c)
		}
		return nil
	})
	return changes, err
}
