package store

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"
)

const (
	sharing       = 256              // items in a shared commit, at most
	commitTimeout = 20 * time.Second // of a shared commit: it must not hold everybody up for good
	// patience is how long items wait for others that nobody is held up by, unless there was no commit for as long: then nothing else
	// goes on. Enough of them are committed at once.
	patience = 5 * time.Millisecond
	enough   = 64
)

// ErrClosed says that the Store was closed.
var ErrClosed = errors.New("the database was closed")

// A sharer writes what many callers bring at once in shared commits: while one transaction is committed the next items queue, and
// all of them go into the next transaction. Each caller is answered after the commit, and no hurried one waits for a batch to fill up.
type sharer[In, Out any] struct {
	commit func(context.Context, []In) ([]Out, error) // one transaction

	mu      sync.Mutex
	queue   []*share[In, Out]
	hurried bool      // somebody in the queue has waited long enough, or doesn't wait
	waking  bool      // the patient ones will be hurried in a moment
	busy    bool      // with a commit
	ended   time.Time // the commit before
	closed  bool
	wake    chan struct{} // holds a token while the queue is hurried
	done    chan struct{}
}

// A share is one caller's part of a commit.
type share[In, Out any] struct {
	ctx    context.Context
	in     In
	out    Out
	err    error
	answer chan struct{}
}

func newSharer[In, Out any](commit func(context.Context, []In) ([]Out, error)) *sharer[In, Out] {
	s := &sharer[In, Out]{commit: commit, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go s.run()
	return s
}

// write brings one item and waits for its commit. When the context ends first, the item may be committed all the same.
func (s *sharer[In, Out]) write(ctx context.Context, in In) (Out, error) {
	return s.bring(ctx, in, false)
}

// join is write for an item that nobody is held up by: while there are others it goes along with the next hurried one, or waits a
// moment for more like it.
func (s *sharer[In, Out]) join(ctx context.Context, in In) (Out, error) {
	return s.bring(ctx, in, true)
}

func (s *sharer[In, Out]) bring(ctx context.Context, in In, patient bool) (out Out, err error) {
	sh := &share[In, Out]{ctx: ctx, in: in, answer: make(chan struct{})}
	if !s.enqueue(sh, patient) {
		return out, ErrClosed
	}
	select {
	case <-sh.answer:
		return sh.out, sh.err
	case <-ctx.Done():
		return out, ctx.Err()
	}
}

func (s *sharer[In, Out]) enqueue(sh *share[In, Out], patient bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.queue = append(s.queue, sh)
	switch {
	case !patient, len(s.queue) >= enough, !s.busy && time.Since(s.ended) >= patience:
		s.hurry()
	case !s.waking:
		s.waking = true
		time.AfterFunc(patience, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.waking = false
			if len(s.queue) > 0 && !s.closed {
				s.hurry()
			}
		})
	}
	return true
}

// hurry has the queue committed as soon as the commit before is over. The lock is held.
func (s *sharer[In, Out]) hurry() {
	s.hurried = true
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// close commits what is queued and takes nothing more.
func (s *sharer[In, Out]) close() {
	s.mu.Lock()
	if !s.closed {
		s.hurry()
		s.closed = true
		close(s.wake)
	}
	s.mu.Unlock()
	<-s.done
}

func (s *sharer[In, Out]) run() {
	defer close(s.done)
	for range s.wake {
		for batch := s.take(); len(batch) > 0; batch = s.take() {
			s.settle(batch)
			if len(batch) > 1 {
				stepAside()
			}
		}
	}
}

// stepAside lets those go on who were answered, and those who are about to bring something. In a burst the next commit would begin
// before any of them had a processor, with the few that came during the one before: a quarter fewer hooks went into each, and the
// rest of the machine waited. It takes no time when nobody else wants to run.
func stepAside() {
	runtime.Gosched() // to those who were answered
	runtime.Gosched() // and whom they woke
}

// take takes the next batch from a hurried queue, without those that nobody waits for any more.
func (s *sharer[In, Out]) take() []*share[In, Out] {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy {
		s.ended = time.Now()
	}
	var batch []*share[In, Out]
	for s.hurried && len(s.queue) > 0 && len(batch) < sharing {
		if sh := s.queue[0]; sh.ctx.Err() == nil {
			batch = append(batch, sh)
		}
		s.queue = s.queue[1:]
	}
	s.hurried = s.hurried && len(s.queue) > 0
	s.busy = len(batch) > 0
	return batch
}

// settle commits a batch and answers it. When that fails, each item is tried by itself, so that a bad one doesn't fail the others.
func (s *sharer[In, Out]) settle(batch []*share[In, Out]) {
	ctx, cancel := context.WithTimeout(context.Background(), commitTimeout)
	defer cancel()
	items := make([]In, len(batch))
	for i, sh := range batch {
		items[i] = sh.in
	}
	outs, err := s.commit(ctx, items)
	if err != nil && len(batch) > 1 && ctx.Err() == nil {
		for i := range batch {
			s.settle(batch[i : i+1])
		}
		return
	}
	for i, sh := range batch {
		if sh.err = err; err == nil {
			sh.out = outs[i]
		}
		close(sh.answer)
	}
}
