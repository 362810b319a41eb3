package bridge

import (
	"context"
	"errors"
	"sync"
	"time"
)

// errStopping is what is asked for while the service comes to its end.
var errStopping = errors.New("the service is stopping")

// background is the work that outlives the request that began it: contacts fetched ahead, tokens being refreshed. Run
// waits for it at its end, and lets none begin after that. The zero value lets all begin.
type background struct {
	mu    sync.Mutex
	over  bool
	ended chan struct{} // closed when no more may begin; nil before the first Run
	group sync.WaitGroup
}

// open lets work begin (again).
func (g *background) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.over, g.ended = false, make(chan struct{})
}

// close lets no more work begin.
func (g *background) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.over = true
	close(g.ended)
}

// begin tells whether a piece of work may begin; if so, done ends it.
func (g *background) begin() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.over {
		g.group.Add(1)
	}
	return !g.over
}

func (g *background) done() { g.group.Done() }

// closing is closed when Run comes to its end.
func (g *background) closing() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.ended
}

// lingering is a context for a call that had better come to its end: it ends with the returned function, or grace after
// ctx has ended.
func lingering(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		if sleep(longer, grace) == nil {
			cancel()
		}
	})
	return longer, func() { stop(); cancel() }
}
