package bridge

import "sync"

// growAfter is how many good requests it takes until the next one may be larger again.
const growAfter = 8

// batchSize is how many contacts go into one bulk request: halved when one is too much for Mojo, grown
// again slowly.
type batchSize struct {
	mu        sync.Mutex
	now, most int
	good      int // requests since it last changed
}

func (s *batchSize) get() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *batchSize) halve() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now, s.good = max(1, s.now/2), 0
}

func (s *batchSize) grow() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.good++; s.good >= growAfter {
		s.now, s.good = min(s.most, s.now+max(1, s.most/10)), 0
	}
}

// batchSizes are the accounts' batch sizes, by connection: what one push has learned, the next one and the next try need
// not learn again.
type batchSizes struct {
	mu     sync.Mutex
	byConn map[string]*batchSize
}

// of gives a connection's size; most is what it begins with.
func (s *batchSizes) of(connID string, most int) *batchSize {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byConn == nil {
		s.byConn = make(map[string]*batchSize)
	}
	if s.byConn[connID] == nil {
		s.byConn[connID] = &batchSize{now: most, most: most}
	}
	return s.byConn[connID]
}

// forget drops a connection's size.
func (s *batchSizes) forget(connID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byConn, connID)
}
