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
	// connectionLease is how long a lease lasts that nobody renews. A crashed process keeps others from a connection's work for that
	// long, and for a while more, see leaseSilence.
	connectionLease = 5 * time.Second
	// sweepEvery is how often the rows are asked for work that nobody was woken for: retries that became
	// due, and what a crashed process left.
	sweepEvery = 2 * time.Second
	tidyEvery  = 10 * time.Minute
	// customsEvery is how often links are looked for whose Mojo id is not in Wise Agent yet.
	customsEvery = 5 * time.Minute
	// customsWorkers is for how many connections they are then kept: nobody waits for it, so most workers stay free.
	customsWorkers = workersAtOnce / 4
	// waitsFor is how long an event waits for its delivery, for a sign-in say.
	waitsFor = 30 * 24 * time.Hour
	// workersAtOnce is how many connections this process works for side by side, for each kind of work.
	workersAtOnce = 64
)

// A job is one kind of work for one connection. Both kinds go on side by side under one lease.
type job struct {
	conn string
	kind jobKind
}

type jobKind string

const (
	pushing    jobKind = "pushing"
	delivering jobKind = "delivering"
)

// workers are the jobs that are being done in this process.
type workers struct {
	mu       sync.Mutex
	running  map[job]*worker
	woken    chan job      // jobs with fresh work
	revoking chan struct{} // tokens wait to be revoked
	once     sync.Once
	group    sync.WaitGroup // those that run
}

type worker struct {
	poke   chan struct{} // woken while it worked
	news   news          // what for
	cancel context.CancelFunc
	done   chan struct{}
}

func (w *workers) init() {
	w.once.Do(func() {
		w.running = make(map[job]*worker)
		w.woken = make(chan job, 4096)
		w.revoking = make(chan struct{}, 1)
	})
}

// Run does the durable work until ctx ends, then lets what is under way come to a safe point and returns.
func (b *Bridge) Run(ctx context.Context) error {
	b.workers.init()
	b.background.open()
	b.log().Info("at work")
	var loops sync.WaitGroup
	loops.Go(func() { b.revokeLoop(ctx) })
	loops.Go(func() { b.tidyLoop(ctx) })
	loops.Go(func() { b.feedLoop(ctx) })
	loops.Go(func() { b.probeLoop(ctx) })
	pulsing, stopPulses := context.WithCancel(context.WithoutCancel(ctx))
	var pulse sync.WaitGroup
	pulse.Go(func() { b.pulseLoop(pulsing) })
	loops.Go(func() { b.noticeLoop(ctx) })
	b.dispatch(ctx)
	b.background.close()
	b.prefetches.drop(func(*selection) bool { return true })
	b.workers.group.Wait()
	loops.Wait()
	b.background.group.Wait()
	stopPulses()
	pulse.Wait()
	return nil
}

// dispatch starts a worker for each job that was woken, or that a sweep finds due.
func (b *Bridge) dispatch(ctx context.Context) {
	sweep := time.NewTicker(sweepEvery)
	defer sweep.Stop()
	b.sweep(ctx)
	customs := customsSweep{b: b}
	for {
		select {
		case <-ctx.Done():
			return
		case j := <-b.workers.woken:
			b.startWorker(ctx, j)
		case <-sweep.C:
			b.sweep(ctx)
			customs.look(ctx)
		}
	}
}

// sweep looks for due work: by the rows of connections that nobody works for, and at the siblings of what is at work here, whose
// connections are leased already.
func (b *Bridge) sweep(ctx context.Context) {
	due, err := b.Store.DueConnections(ctx, b.now(), workersAtOnce)
	if err != nil {
		if ctx.Err() == nil {
			b.log().Error("look for due work", "err", err)
		}
		return
	}
	for _, id := range append(due, b.workers.connections()...) {
		b.startWorker(ctx, job{id, pushing})
		b.startWorker(ctx, job{id, delivering})
	}
	if err := b.endDue(ctx); err != nil && ctx.Err() == nil {
		b.log().Error("end connections", "err", err)
	}
	b.prefetches.dropOld(b.now())
	b.patience.forget(b.now())
	b.recent.forget()
	b.readOnce.age()
}

// customsSweep finds links whose Mojo id is not kept in Wise Agent although nothing is to be delivered: the worker that would
// have done it was stopped, or Wise Agent didn't answer.
type customsSweep struct {
	b     *Bridge
	next  time.Time
	after string // the last connection of the look before: all have their turn
}

func (s *customsSweep) look(ctx context.Context) {
	now := s.b.now()
	if now.Before(s.next) {
		return
	}
	s.next = now.Add(customsEvery)
	ids, err := s.b.Store.ConnectionsWithoutCustom(ctx, s.after, now, customsWorkers)
	if err != nil {
		if ctx.Err() == nil {
			s.b.log().Error("look for links to keep", "err", err)
		}
		return
	}
	for _, id := range ids {
		s.b.startWorker(ctx, job{id, delivering})
	}
	if s.after = ""; len(ids) == customsWorkers {
		s.after = ids[len(ids)-1]
	}
}

// connections are those that this process works for just now.
func (w *workers) connections() (ids []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for j := range w.running {
		ids = append(ids, j.conn)
	}
	return ids
}

// busy tells whether a job is being done here.
func (w *workers) busy(j job) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.running[j] != nil
}

// poke has the worker of a job look again, when there is one: at that contact, or at everything when the key is "".
func (w *workers) poke(j job, contactKey string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	at := w.running[j]
	if at == nil {
		return false
	}
	at.news.add(contactKey)
	select {
	case at.poke <- struct{}{}:
	default: // it will look already
	}
	return true
}

// wake says that a connection has a push to do. It never waits: a wake that finds no room is left to the sweep.
func (b *Bridge) wake(connID string) { b.wakeJob(job{connID, pushing}, "") }

// wakeMail says that a connection has something to deliver.
func (b *Bridge) wakeMail(connID string) { b.wakeJob(job{connID, delivering}, "") }

// wakeContact is wakeMail for what is about one contact.
func (b *Bridge) wakeContact(connID, contactKey string) {
	b.wakeJob(job{connID, delivering}, contactKey)
}

func (b *Bridge) wakeJob(j job, contactKey string) {
	b.workers.init()
	if b.workers.poke(j, contactKey) {
		return
	}
	select {
	case b.workers.woken <- j:
	default:
	}
}

// startWorker does a job in the background, or has the worker at it look again.
func (b *Bridge) startWorker(ctx context.Context, j job) {
	if b.workers.poke(j, "") {
		return
	}
	b.workers.mu.Lock() // nobody else starts workers: it still has none
	defer b.workers.mu.Unlock()
	if len(b.workers.running) >= 2*workersAtOnce || ctx.Err() != nil {
		return // the sweep finds it
	}
	ctx, cancel := context.WithCancel(ctx)
	w := &worker{poke: make(chan struct{}, 1), cancel: cancel, done: make(chan struct{})}
	b.workers.running[j] = w
	b.workers.group.Go(func() {
		defer cancel()
		defer close(w.done)
		for {
			if err := b.work(ctx, j, w); err != nil && !errors.Is(err, context.Canceled) {
				b.log().Error("work for a connection", "connection", j.conn, "kind", j.kind, "err", err)
			}
			if !b.workAgain(ctx, j, w) {
				return
			}
		}
	})
}

// workAgain tells whether the worker was woken meanwhile; if not it is taken off the list, in one step.
func (b *Bridge) workAgain(ctx context.Context, j job, w *worker) bool {
	b.workers.mu.Lock()
	defer b.workers.mu.Unlock()
	select {
	case <-w.poke:
		if ctx.Err() == nil {
			return true
		}
	default:
	}
	delete(b.workers.running, j)
	return false
}

// stopPushing ends a connection's push in this process; a batch that is at Mojo may still come back.
func (b *Bridge) stopPushing(connID string) {
	b.workers.mu.Lock()
	defer b.workers.mu.Unlock()
	if w := b.workers.running[job{connID, pushing}]; w != nil {
		w.cancel()
	}
}

// work does a job under the connection's lease.
func (b *Bridge) work(ctx context.Context, j job, w *worker) error {
	ctx, release, err := b.leases.take(ctx, b, j.conn, j.kind)
	if err != nil || release == nil {
		return err
	}
	defer release()
	if j.kind == delivering {
		return b.deliver(ctx, j.conn, w)
	}
	return b.doDue(ctx, j.conn)
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
		if err := b.tidy(ctx); err != nil && ctx.Err() == nil {
			b.log().Error("tidy", "err", err)
		}
		if err := b.giveUpRevoking(ctx); err != nil && ctx.Err() == nil {
			b.log().Error("give revocations up", "err", err)
		}
		if sleep(ctx, tidyEvery) != nil {
			return
		}
	}
}

// tidy leaves out what has waited too long, and removes what has expired.
func (b *Bridge) tidy(ctx context.Context) error {
	now := b.now()
	late, err := b.Store.ExcludeOld(ctx, now.Add(-waitsFor), now)
	if late > 0 {
		b.log().Warn("deliveries waited too long", "events", late)
	}
	tidied, failed := b.Store.Tidy(ctx, now)
	if failed == nil && tidied != (store.Tidied{}) {
		b.log().Info("tidied", "rows", fmt.Sprintf("%+v", tidied))
		b.wakeRevoking() // sign-ins that have expired
	}
	return errors.Join(err, failed)
}
