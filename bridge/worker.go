package bridge

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"addtomojo/store"
)

const (
	// connectionLease is how long a crashed process keeps others from a connection's work.
	connectionLease = 5 * time.Second
	// sweepEvery is how often the rows are asked for work that nobody was woken for: retries that became
	// due, and what a crashed process left.
	sweepEvery = 2 * time.Second
	tidyEvery  = 10 * time.Minute
	// workersAtOnce is how many connections this process works for side by side.
	workersAtOnce = 64
)

// workers are the connections whose work is being done in this process.
type workers struct {
	mu       sync.Mutex
	running  map[string]*worker
	woken    chan string   // connections with fresh work
	revoking chan struct{} // tokens wait to be revoked
	once     sync.Once
	group    sync.WaitGroup // prefetches, which end with Run too
}

type worker struct {
	again  bool // woken while it worked
	cancel context.CancelFunc
	done   chan struct{}
}

func (w *workers) init() {
	w.once.Do(func() {
		w.running = make(map[string]*worker)
		w.woken = make(chan string, 1024)
		w.revoking = make(chan struct{}, 1)
	})
}

// Run does the durable work until ctx ends, then lets what is under way come to a safe point and returns.
func (b *Bridge) Run(ctx context.Context) error {
	b.workers.init()
	var loops sync.WaitGroup
	loops.Go(func() { b.revokeLoop(ctx) })
	loops.Go(func() { b.tidyLoop(ctx) })
	b.dispatch(ctx)
	b.prefetches.drop(func(*selection) bool { return true })
	loops.Wait()
	b.workers.group.Wait()
	return nil
}

// dispatch starts a worker for each connection that was woken, or that a sweep finds with work due.
func (b *Bridge) dispatch(ctx context.Context) {
	sweep := time.NewTicker(sweepEvery)
	defer sweep.Stop()
	b.sweep(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case id := <-b.workers.woken:
			b.startWorker(ctx, id)
		case <-sweep.C:
			b.sweep(ctx)
		}
	}
}

func (b *Bridge) sweep(ctx context.Context) {
	due, err := b.Store.DueConnections(ctx, b.now(), workersAtOnce)
	if err != nil {
		if ctx.Err() == nil {
			b.log().Error("look for due work", "err", err)
		}
		return
	}
	for _, id := range due {
		b.startWorker(ctx, id)
	}
	b.prefetches.drop(func(s *selection) bool { return b.now().Sub(s.started) > prefetchLife })
}

// wake says that a connection has work. It never waits: a wake that finds no room is left to the sweep.
func (b *Bridge) wake(connID string) {
	b.workers.init()
	select {
	case b.workers.woken <- connID:
	default:
	}
}

// startWorker works for a connection in the background, or has the worker at it look again.
func (b *Bridge) startWorker(ctx context.Context, connID string) {
	b.workers.mu.Lock()
	defer b.workers.mu.Unlock()
	if w, ok := b.workers.running[connID]; ok {
		w.again = true
		return
	}
	if len(b.workers.running) >= workersAtOnce || ctx.Err() != nil {
		return // the sweep finds it
	}
	ctx, cancel := context.WithCancel(ctx)
	w := &worker{cancel: cancel, done: make(chan struct{})}
	b.workers.running[connID] = w
	b.workers.group.Go(func() {
		defer cancel()
		defer close(w.done)
		for {
			if err := b.work(ctx, connID); err != nil && ctx.Err() == nil {
				b.log().Error("work for a connection", "connection", connID, "err", err)
			}
			if !b.workAgain(ctx, connID, w) {
				return
			}
		}
	})
}

// workAgain tells whether the worker was woken meanwhile; if not it is taken off the list, in one step.
func (b *Bridge) workAgain(ctx context.Context, connID string, w *worker) bool {
	b.workers.mu.Lock()
	defer b.workers.mu.Unlock()
	if w.again && ctx.Err() == nil {
		w.again = false
		return true
	}
	delete(b.workers.running, connID)
	return false
}

// stopWorker ends a connection's work in this process and waits for it.
func (b *Bridge) stopWorker(connID string) {
	b.workers.mu.Lock()
	w := b.workers.running[connID]
	b.workers.mu.Unlock()
	if w != nil {
		w.cancel()
		<-w.done
	}
}

// work holds the connection's lease and does what is due, oldest first.
func (b *Bridge) work(ctx context.Context, connID string) error {
	got, err := b.Store.Lease(ctx, connID, b.owner(), b.now(), b.now().Add(connectionLease))
	if err != nil || !got {
		return err
	}
	ctx, lost := context.WithCancel(ctx)
	defer lost()
	var renewing sync.WaitGroup
	renewing.Go(func() { b.renewLease(ctx, connID, lost) })
	err = b.doDue(ctx, connID)
	lost()
	renewing.Wait()
	return errors.Join(err, b.Store.Release(context.WithoutCancel(ctx), connID, b.owner()))
}

// renewLease keeps the lease while the work lasts, and ends the work when the lease is lost.
func (b *Bridge) renewLease(ctx context.Context, connID string, lost context.CancelFunc) {
	expires := time.Now().Add(connectionLease)
	for sleep(ctx, connectionLease/4) == nil {
		got, err := b.Store.Lease(ctx, connID, b.owner(), b.now(), b.now().Add(connectionLease))
		switch {
		case err == nil && got:
			expires = time.Now().Add(connectionLease)
		case err == nil, time.Now().After(expires.Add(-connectionLease / 4)):
			if ctx.Err() == nil {
				b.log().Warn("lease lost", "connection", connID)
			}
			lost()
			return
		}
	}
}

// doDue does the connection's pushes until none is due.
func (b *Bridge) doDue(ctx context.Context, connID string) error {
	for ctx.Err() == nil {
		due, err := b.Store.DuePushes(ctx, connID, b.now())
		if err != nil {
			return fmt.Errorf("look for due pushes: %w", err)
		}
		if len(due) == 0 {
			return nil
		}
		conn, err := b.Store.Connection(ctx, connID)
		if err != nil {
			return fmt.Errorf("read connection: %w", err)
		}
		if err := b.doPush(ctx, conn, due[0]); err != nil {
			return err
		}
	}
	return nil
}

func (b *Bridge) tidyLoop(ctx context.Context) {
	for {
		tidied, err := b.Store.Tidy(ctx, b.now())
		switch {
		case err != nil && ctx.Err() == nil:
			b.log().Error("tidy", "err", err)
		case err == nil && tidied != (store.Tidied{}):
			b.log().Info("tidied", "rows", fmt.Sprintf("%+v", tidied))
			b.wakeRevoking()
		}
		if sleep(ctx, tidyEvery) != nil {
			return
		}
	}
}
