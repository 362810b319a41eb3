package bridge

import (
	"context"
	"errors"
	"sync"
	"time"

	"addtomojo/store"
)

// leases are the connections that this process works for. Both kinds of work of a connection share one lease: the first to come
// takes it, the last to go gives it back.
type leases struct {
	mu     sync.Mutex
	held   map[string]*lease
	others map[string]sighting // leases of other processes
}

// A sighting is a lease of another process, and when it was first seen as it is.
type sighting struct {
	of store.Lessee
	at time.Time // by the machine's clock: it is about how long
}

// leaseSilence is for how long nobody may be seen to renew a lease before it is taken over, also when it has run out. The clocks of two
// machines differ: by one that is ahead a lease may run out of which the owner makes use. But who lives renews it more often than that.
const leaseSilence = connectionLease * 3 / 5

// renewEvery is how often a lease is renewed: thrice within that silence, so that a moment without the database does no harm.
const renewEvery = connectionLease / 5

type lease struct {
	ctx   context.Context // ends when the lease is lost or given back
	lose  context.CancelCauseFunc
	users int
	kept  sync.WaitGroup // the renewing
}

// take gives a context for a kind of work that ends with the lease, and what to call when the work is done; nil when another process
// has the lease. Deliveries aren't cut off when the connection is over: they find out by themselves, and what is at Wise Agent by then
// is heard to its end, or nobody would know whether it is written.
func (l *leases) take(ctx context.Context, b *Bridge, connID string, kind jobKind) (context.Context, func(), error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	held := l.held[connID]
	if held == nil || held.ctx.Err() != nil {
		got, err := l.lease(ctx, b, connID)
		if err != nil || !got {
			return ctx, nil, err
		}
		if l.held == nil {
			l.held = make(map[string]*lease)
		}
		held = &lease{}
		held.ctx, held.lose = context.WithCancelCause(context.WithoutCancel(ctx))
		held.kept.Go(func() { b.renewLease(held.ctx, connID, held.lose) })
		l.held[connID] = held
	}
	held.users++
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(held.ctx, func() {
		if cause := context.Cause(held.ctx); cause != errConnectionOver || kind != delivering {
			cancel(cause)
		}
	})
	return ctx, func() {
		stop()
		cancel(nil)
		l.giveBack(b, connID, held)
	}, nil
}

// lease takes a connection that nobody has, or whose owner seems to be gone. The lock is held.
func (l *leases) lease(ctx context.Context, b *Bridge, connID string) (bool, error) {
	from, err := b.Store.Lessee(ctx, connID)
	if err != nil {
		return false, err
	}
	if from.Owner == "" || from.Owner == b.owner() {
		return b.Store.Lease(ctx, connID, b.owner(), b.now().Add(connectionLease))
	}
	if !l.silent(connID, from) {
		return false, nil
	}
	return b.Store.TakeOver(ctx, connID, b.owner(), from, b.now(), b.now().Add(connectionLease))
}

// silent tells whether a lease has stayed as it is for [leaseSilence], as far as was seen. The lock is held.
func (l *leases) silent(connID string, now store.Lessee) bool {
	for id, seen := range l.others {
		if time.Since(seen.at) > 10*connectionLease { // whoever looks at it does so more often
			delete(l.others, id)
		}
	}
	if seen, ok := l.others[connID]; ok && seen.of == now {
		return time.Since(seen.at) >= leaseSilence
	}
	if l.others == nil {
		l.others = make(map[string]sighting)
	}
	l.others[connID] = sighting{now, time.Now()}
	return false
}

// giveBack frees the lease when nobody here uses it any more.
func (l *leases) giveBack(b *Bridge, connID string, held *lease) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if held.users--; held.users > 0 {
		return
	}
	held.lose(nil)
	held.kept.Wait()
	if l.held[connID] != held {
		return // lost, and taken anew
	}
	delete(l.held, connID)
	if err := b.Store.Release(context.WithoutCancel(held.ctx), connID, b.owner()); err != nil {
		b.log().Error("give a lease back", "connection", connID, "err", err)
	}
}

// The causes of a context that ended with a lease.
var (
	errLeaseLost      = errors.New("lease lost") // another process may be at the connection's work by now
	errConnectionOver = errors.New("connection over")
)

// renewLease keeps the lease while the work lasts, and ends the work when the lease is lost.
func (b *Bridge) renewLease(ctx context.Context, connID string, lost context.CancelCauseFunc) {
	expires := time.Now().Add(connectionLease)
	for sleep(ctx, renewEvery) == nil {
		got, err := b.Store.Lease(ctx, connID, b.owner(), b.now().Add(connectionLease))
		switch {
		case err == nil && got:
			expires = time.Now().Add(connectionLease)
		case err == nil, time.Now().After(expires.Add(-connectionLease / 4)):
			if ctx.Err() == nil && b.over(ctx, connID) {
				lost(errConnectionOver)
				return
			}
			if ctx.Err() == nil {
				b.log().Warn("lease lost", "connection", connID)
			}
			lost(errLeaseLost)
			return
		}
	}
}

// over tells whether the connection was reset: its lease then ended with it, as it should.
func (b *Bridge) over(ctx context.Context, connID string) bool {
	conn, err := b.Store.Connection(ctx, connID)
	return err == nil && conn.State == store.StateReset
}
