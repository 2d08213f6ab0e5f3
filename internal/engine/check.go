package engine

import (
	"context"
	"errors"
	"log/slog"

	"apicenter/internal/inventory"
	"apicenter/internal/source"
)

// Check tries what the passes of a link would need, which need not be there yet.
// It writes nothing. It gives what it found also when the context ends.
func (e *Engine) Check(ctx context.Context, link inventory.Link) (findings []inventory.Finding, err error) {
	err = e.guarded(slog.String("check", link.Source), func() error {
		connector, err := e.connect(ctx, link, source.Env{})
		if refusal, ok := errors.AsType[*source.Error](err); ok {
			findings = []inventory.Finding{{Check: "link", Outcome: inventory.Refused, Message: refusal.Error()}}
			return nil
		}
		if err != nil {
			return err
		}
		if checker, ok := connector.(source.Checker); ok {
			findings, err = checker.Check(ctx)
		}
		return err
	})
	return findings, err
}
