package bridge

import (
	"sync"
	"time"
)

// patience remembers for how long Mojo asked to be left alone (Retry-After), by connection, so that nothing is asked of it
// meanwhile, by whatever work: pushes, pages, what is fetched ahead. For Wise Agent the breaker does that.
type patience struct {
	mu    sync.Mutex
	until map[string]time.Time
}

// left is how long Mojo wants to hear nothing, 0 when it doesn't mind.
func (p *patience) left(connID string, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(p.until[connID].Sub(now), 0)
}

// hold notes how long Mojo asked to wait.
func (p *patience) hold(connID string, until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.until == nil {
		p.until = make(map[string]time.Time)
	}
	p.until[connID] = until
}

// forget drops what is over, so that the memory of it does not grow.
func (p *patience) forget(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for connID, until := range p.until {
		if !now.Before(until) {
			delete(p.until, connID)
		}
	}
}
