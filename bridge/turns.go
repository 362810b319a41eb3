package bridge

import (
	"context"
	"sync"
)

// turns has those who change the same person in Wise Agent do so one after the other: several contacts in Mojo may be one person
// there, and each edit must find what the one before it made of that person.
type turns struct {
	mu   sync.Mutex
	held map[string]chan struct{} // by ClientID; closed when the turn is over
}

// take waits for its turn, which lasts until over is called. The error is the context's.
func (t *turns) take(ctx context.Context, clientID string) (over func(), err error) {
	for {
		before, mine := t.claim(clientID)
		if before == nil {
			return func() { t.give(clientID, mine) }, nil
		}
		select {
		case <-before:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// claim gives the turn that is still to end, or begins one.
func (t *turns) claim(clientID string) (before, mine chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if before := t.held[clientID]; before != nil {
		return before, nil
	}
	if t.held == nil {
		t.held = make(map[string]chan struct{})
	}
	mine = make(chan struct{})
	t.held[clientID] = mine
	return nil, mine
}

func (t *turns) give(clientID string, mine chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.held, clientID)
	close(mine)
}
