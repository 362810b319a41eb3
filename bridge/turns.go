package bridge

import (
	"cmp"
	"context"
	"strings"
	"sync"

	"addtomojo/wiseagent"
)

// turns has those who change the same person in Wise Agent do so one after the other. Several contacts in Mojo may be one person
// there, and each event must find what the one before it made: an edit the values, an activity in doubt the entries that are others',
// and a note that moved to another contact itself.
type turns struct {
	mu   sync.Mutex
	held map[string]chan struct{} // by ClientID, or newcomer; closed when the turn is over
}

// newcomer stands for the ClientID of those whom Wise Agent may take for the same person: it has none for them yet.
func newcomer(c wiseagent.NewContact) string {
	return "new " + strings.ToLower(cmp.Or(c.Email, joinWords(c.First, c.Last)))
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
