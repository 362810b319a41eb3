package bridge

import "sync"

const (
	// readOnceMost and readOnceSize are how many events' data are remembered between two sweeps, and how large, in bytes, they may be.
	readOnceMost = 2048
	readOnceSize = 4096
)

// readOnce are the data of events that this process has just received, as they were read from their hooks, for the delivery that
// follows in a moment: reading them again was a twentieth of it. An event's data never change, so what is here is right.
type readOnce struct {
	mu         sync.Mutex
	young, old map[string]told // by the event's id
}

// keep remembers an event's data, of which size is the length, for a few seconds. It may forget them at any time.
func (r *readOnce) keep(eventID string, t *told, size int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if t == nil || size > readOnceSize || len(r.young) >= readOnceMost {
		return
	}
	if r.young == nil {
		r.young = make(map[string]told)
	}
	r.young[eventID] = *t
}

// take gives an event's data, once; nobody else has them then.
func (r *readOnce) take(eventID string) (t told, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, kept := range []map[string]told{r.young, r.old} {
		if t, ok = kept[eventID]; ok {
			delete(kept, eventID)
			return t, true
		}
	}
	return t, false
}

// age forgets what was kept before the last time, and nobody took.
func (r *readOnce) age() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.young, r.old = nil, r.young
}
