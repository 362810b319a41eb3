package metrics

import (
	"context"
	"log/slog"
)

// Log passes records on to next, and counts those that tell of trouble.
func (m *Metrics) Log(next slog.Handler) slog.Handler { return counted{next, m} }

type counted struct {
	slog.Handler
	m *Metrics
}

func (c counted) Handle(ctx context.Context, r slog.Record) error {
	switch {
	case r.Level >= slog.LevelError:
		c.m.logged["error"].Inc()
	case r.Level >= slog.LevelWarn:
		c.m.logged["warn"].Inc()
	}
	return c.Handler.Handle(ctx, r)
}

func (c counted) WithAttrs(attrs []slog.Attr) slog.Handler {
	return counted{c.Handler.WithAttrs(attrs), c.m}
}

func (c counted) WithGroup(name string) slog.Handler { return counted{c.Handler.WithGroup(name), c.m} }
