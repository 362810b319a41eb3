package bridge

import "sync"

// batchSize is how many contacts go into one bulk request: halved when one is too much for Mojo, grown
// again slowly.
type batchSize struct {
	mu        sync.Mutex
	now, most int
}

func (s *batchSize) get() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *batchSize) halve() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = max(1, s.now/2)
}

func (s *batchSize) grow() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = min(s.most, s.now+max(1, s.most/10))
}
