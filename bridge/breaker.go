package bridge

import (
	"sync"
	"time"
)

const (
	// breakerTrips is after how many failures in a row deliveries stop and one alone tries now and then.
	breakerTrips = 5
	breakerFirst = 5 * time.Second
	breakerMost  = 30 * time.Second
)

// breakers are those of the connections that this process delivers for.
type breakers struct {
	mu     sync.Mutex
	byConn map[string]*breaker
}

func (b *breakers) of(connID string) *breaker {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.byConn == nil {
		b.byConn = make(map[string]*breaker)
	}
	if b.byConn[connID] == nil {
		b.byConn[connID] = &breaker{}
	}
	return b.byConn[connID]
}

// breaker keeps a connection from hammering a Wise Agent that is down: after a few failures in a row nothing is sent for
// a while, then one delivery alone is the probe, and its success lets the others through. It also holds a connection still
// for as long as Wise Agent asked for.
type breaker struct {
	mu       sync.Mutex
	failures int           // in a row
	until    time.Time     // nothing is sent before
	wait     time.Duration // the present one
	probing  bool          // one is on its way, the others wait for it
	asked    time.Time     // Wise Agent wants to hear nothing before
}

// pass tells whether a delivery may set off now.
func (k *breaker) pass(now time.Time) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if now.Before(k.until) || now.Before(k.asked) || k.probing {
		return false
	}
	k.probing = k.failures >= breakerTrips
	return true
}

// calm tells whether nothing is wrong, so that calls can be made that nobody waits for.
func (k *breaker) calm(now time.Time) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.failures == 0 && !now.Before(k.asked)
}

// fine notes that Wise Agent answered as it should, and tells whether that ends a time of trouble.
func (k *breaker) fine() (recovered bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	recovered = k.failures >= breakerTrips
	k.failures, k.wait, k.probing, k.until = 0, 0, false, time.Time{}
	return recovered
}

// untold notes that a delivery ended and tells nothing of how Wise Agent is.
func (k *breaker) untold() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.probing = false
}

// trouble notes a failure.
func (k *breaker) trouble(now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.failures++
	k.probing = false
	if k.failures >= breakerTrips {
		k.wait = min(max(2*k.wait, breakerFirst), breakerMost)
		k.until = now.Add(k.wait)
	}
}

// hurry lets the next probe set off at once: there may be no later.
func (k *breaker) hurry() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.until, k.wait = time.Time{}, 0
}

// hold notes how long Wise Agent asked to wait.
func (k *breaker) hold(now time.Time, after time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if asked := now.Add(after); asked.After(k.asked) {
		k.asked = asked
	}
}

// held is how long Wise Agent wants to hear nothing, 0 when it doesn't mind.
func (k *breaker) held(now time.Time) time.Duration {
	k.mu.Lock()
	defer k.mu.Unlock()
	return max(k.asked.Sub(now), 0)
}

// rests is for how long nothing sets off for certain, 0 when something may.
func (k *breaker) rests(now time.Time) time.Duration {
	k.mu.Lock()
	defer k.mu.Unlock()
	return max(k.until.Sub(now), k.asked.Sub(now), 0)
}

// opens gives a channel that delivers when something may set off again; nil, which never does, when nothing waits for it.
func (k *breaker) opens(now time.Time, waiting bool) <-chan time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	wait := max(k.until.Sub(now), k.asked.Sub(now))
	if !waiting || wait <= 0 {
		return nil
	}
	return time.After(min(wait, time.Second)) // looked at again: the clock may be moved
}
