package metrics

import (
	"maps"
	"sync"
	"sync/atomic"
)

// A memo resolves each key once. Looking up one that is known takes no lock: the map is never changed, but replaced by one with one
// key more, which happens a few hundred times in a process's life.
type memo[K comparable, V any] struct {
	resolve func(K) V
	known   atomic.Pointer[map[K]V]
	mu      sync.Mutex // whoever replaces the map
}

func (m *memo[K, V]) of(key K) V {
	if known := m.known.Load(); known != nil {
		if v, ok := (*known)[key]; ok {
			return v
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	more := make(map[K]V)
	if known := m.known.Load(); known != nil {
		maps.Copy(more, *known)
	}
	if _, ok := more[key]; !ok {
		more[key] = m.resolve(key)
		m.known.Store(&more)
	}
	return more[key]
}
