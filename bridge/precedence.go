package bridge

import (
	"sync"
	"time"
)

// precedenceTime is how long the other stations of a push stand aside at most.
const precedenceTime = 50 * time.Millisecond

// precedence lets a push's next request go out before the work beside it begins. When Mojo's answer comes, its results are
// to be kept, a batch to be marked and another one to be made; on few processors all that would hold up the request by
// some milliseconds, each time. The zero value lets everybody work.
type precedence struct {
	mu   sync.Mutex
	gone chan struct{} // closed when the request is away; nil: none is waited for
}

// claim has the others stand aside until yield.
func (p *precedence) claim() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gone == nil {
		p.gone = make(chan struct{})
	}
}

func (p *precedence) yield() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gone != nil {
		close(p.gone)
		p.gone = nil
	}
}

// standAside waits for the request that has precedence, but not for ever: it may be stuck on its way.
func (p *precedence) standAside() {
	p.mu.Lock()
	gone := p.gone
	p.mu.Unlock()
	if gone == nil {
		return
	}
	select {
	case <-gone:
	case <-time.After(precedenceTime):
	}
}
