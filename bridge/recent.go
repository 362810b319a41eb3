package bridge

import (
	"sync"
	"time"

	"addtomojo/store"
)

// recentLast is how long tokens that were read are used without another look at the database: no longer than a call takes, which goes
// on with its token too when the connection ends meanwhile. Read for each call they were a twentieth of what a delivery costs.
const recentLast = 100 * time.Millisecond

// recent are the tokens that this process has just read. What changes them here drops them.
type recent struct {
	mu    sync.Mutex
	read  map[way]readTokens
	drops int // how often something was dropped: what was being read then is not kept
}

type way struct {
	connID string
	side   store.Side
}

type readTokens struct {
	tokens store.Tokens
	at     time.Time // by the machine's clock: this is about how long a process may be wrong
}

// get gives tokens that were just read. drops is for put.
func (r *recent) get(w way) (t store.Tokens, ok bool, drops int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	found, ok := r.read[w]
	return found.tokens, ok && time.Since(found.at) < recentLast, r.drops
}

// put keeps tokens that were read after a get, unless something was dropped since.
func (r *recent) put(w way, t store.Tokens, at time.Time, drops int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.drops != drops {
		return
	}
	if r.read == nil {
		r.read = make(map[way]readTokens)
	}
	r.read[w] = readTokens{t, at}
}

// drop drops the tokens of a connection.
func (r *recent) drop(connID string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drops++
	delete(r.read, way{connID, store.Wise})
	delete(r.read, way{connID, store.Mojo})
}

// forget drops what is over, so that neither the memory of it grows nor a token stays in it for nothing.
func (r *recent) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for w, t := range r.read {
		if time.Since(t.at) >= recentLast {
			delete(r.read, w)
		}
	}
}
