package store

import (
	"context"
	"time"
)

// Totals count what there is, over all connections.
type Totals struct {
	Connections map[State]int
	Waiting     map[State]Waiting // events, by the state of their connections
	Revocations map[Side]int      // tokens that are still to be revoked, without those that wait for the end of their connection
}

// Waiting are events that wait.
type Waiting struct {
	Events int
	Since  time.Time // when the oldest was received
}

// Totals counts what there is; what is zero is missing. Of the events it reads those that wait and no others.
func (s *Store) Totals(ctx context.Context) (t Totals, err error) {
	t = Totals{make(map[State]int), make(map[State]Waiting), make(map[Side]int)}
	err = s.read(ctx, "get totals", func(q tx) error {
		connections, err := q.CountConnections(ctx)
		if err != nil {
			return err
		}
		for _, c := range connections {
			t.Connections[State(c.State)] = int(c.Connections)
		}
		waiting, err := q.CountWaiting(ctx)
		if err != nil {
			return err
		}
		for _, w := range waiting {
			t.Waiting[State(w.State)] = Waiting{Events: int(w.Events), Since: moment(w.Since)}
		}
		revocations, err := q.CountAllRevocations(ctx, held)
		for _, r := range revocations {
			t.Revocations[Side(r.Side)] = int(r.Tokens)
		}
		return err
	})
	return t, err
}
