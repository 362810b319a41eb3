package bridge

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"addtomojo/store"
	"addtomojo/wiseagent"
)

const (
	// prefetchLife is how long fetched contacts may wait for the button.
	prefetchLife = 15 * time.Minute
	// fetchAgain is how soon after a failure the contacts are fetched once more: a page asks every second.
	fetchAgain = 2 * time.Second
	// prefetchRoom is how many contacts all prefetches may hold together.
	prefetchRoom = 50_000
)

// prefetches are the selections fetched ahead. They live in memory only: after a restart the
// push fetches what it needs itself.
type prefetches struct {
	mu    sync.Mutex
	byKey map[string]*selection
}

// selection is a set of contacts on its way from Wise Agent: each can be waited for by itself.
type selection struct {
	key     string // in prefetches: the launch, or "push " and the push
	connID  string
	ids     []string
	started time.Time
	cancel  context.CancelFunc
	slots   chan struct{} // bounds the calls side by side
	ready   chan struct{} // closed when every contact is there, or err is
	held    int           // by pushes that send it; guarded by prefetches.mu

	mu       sync.Mutex
	grown    chan struct{} // closed and replaced when something arrived
	found    map[string]fetched
	notes    map[string]*noteFetch // nil once a push has taken them
	answered map[question]string   // of which contact each was answered last
	err      error
	failedAt time.Time
}

// fetched is what Wise Agent said of one id.
type fetched struct {
	contact wiseagent.Contact
	phones  []typedPhone
	missing bool // deleted, or not the customer's
	unread  bool // Wise Agent gives no usable answer, though it does for others
}

func there(c wiseagent.Contact) fetched {
	return fetched{contact: c, phones: readPhones(c)}
}

func newSelection(key, connID string, ids []string, now time.Time, cancel context.CancelFunc) *selection {
	return &selection{
		key: key, connID: connID, ids: ids, started: now, cancel: cancel,
		slots: make(chan struct{}, callsAtOnce), ready: make(chan struct{}), grown: make(chan struct{}),
		found: make(map[string]fetched, len(ids)), notes: make(map[string]*noteFetch), answered: make(map[question]string),
	}
}

// Prefetch begins to fetch the groups and the contacts of a launch, unless that is under way. It
// returns at once; failures show when the page asks.
func (b *Bridge) Prefetch(ctx context.Context, conn store.Connection, launchID string) {
	launch, err := b.Store.Launch(ctx, launchID)
	if err != nil || launch.ConnectionID != "" { // a reconnect link's launch has no contacts
		return
	}
	b.launched(ctx, conn, launch.ID, launch.Contacts)
}

// launched gives the selection of a launch, with groups and notes fetched ahead, too.
func (b *Bridge) launched(ctx context.Context, conn store.Connection, launchID string, ids []string) *selection {
	return b.selectionOf(ctx, conn, launchID, ids, func(ctx context.Context, s *selection) {
		var groups sync.WaitGroup
		groups.Go(func() { b.fillGroups(ctx, conn) })
		b.fill(ctx, s)
		b.fillNotes(ctx, s)
		groups.Wait()
	})
}

// selectionOf gives the selection of a launch or push, filled anew when it is not there, lacks some, is too old, or failed a
// while ago.
func (b *Bridge) selectionOf(ctx context.Context, conn store.Connection, key string, ids []string,
	fill func(context.Context, *selection)) *selection {
	b.prefetches.mu.Lock()
	defer b.prefetches.mu.Unlock()
	if s, ok := b.prefetches.byKey[key]; ok {
		if s.connID == conn.ID && s.serves(b.now()) && s.covers(ids) {
			return s
		}
		s.cancel()
	}
	// Detached from the request that happens to ask first: the page comes back for the result.
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s := newSelection(key, conn.ID, ids, b.now(), cancel)
	if b.prefetches.byKey == nil {
		b.prefetches.byKey = make(map[string]*selection)
	}
	b.prefetches.byKey[key] = s
	b.prefetches.makeRoom(s)
	if !b.background.begin() {
		cancel()
		s.fail(errStopping)
		close(s.ready)
		return s
	}
	go func() {
		defer b.background.done()
		defer cancel()
		fill(ctx, s)
	}()
	return s
}

// selectionFor gives a launch's selection if it is still at hand.
func (b *Bridge) selectionFor(conn store.Connection, launchID string) *selection {
	b.prefetches.mu.Lock()
	s := b.prefetches.byKey[launchID]
	b.prefetches.mu.Unlock()
	if s == nil || s.connID != conn.ID || s.failed() || b.now().Sub(s.started) >= prefetchLife {
		return nil
	}
	return s
}

// hold keeps a selection until release; false when it is gone already.
func (p *prefetches) hold(s *selection) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byKey[s.key] != s {
		return false
	}
	s.held++
	return true
}

// release lets go of what hold kept. Without further use it is forgotten at once.
func (p *prefetches) release(s *selection, further bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.held--; s.held == 0 && !further && p.byKey[s.key] == s {
		s.cancel()
		delete(p.byKey, s.key)
	}
}

// serves tells whether a selection is young enough, and did not fail or only just now.
func (s *selection) serves(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, again := transient(s.err); again && time.Since(s.failedAt) < fetchAgain {
		return true
	}
	return s.err == nil && now.Sub(s.started) < prefetchLife
}

// covers tells whether all of ids are fetched or on their way.
func (s *selection) covers(ids []string) bool {
	if slices.Equal(s.ids, ids) {
		return true
	}
	mine := make(map[string]bool, len(s.ids))
	for _, id := range s.ids {
		mine[id] = true
	}
	return !slices.ContainsFunc(ids, func(id string) bool { return !mine[id] })
}

// makeRoom drops the oldest selections that nobody sends, and not the newest, while all together hold too many contacts.
func (p *prefetches) makeRoom(newest *selection) {
	total := 0
	for _, s := range p.byKey {
		total += len(s.ids)
	}
	byAge := slices.SortedFunc(maps.Values(p.byKey), func(a, b *selection) int { return a.started.Compare(b.started) })
	for _, s := range byAge {
		if total <= prefetchRoom {
			return
		}
		if s.held == 0 && s != newest {
			s.cancel()
			delete(p.byKey, s.key)
			total -= len(s.ids)
		}
	}
}

// drop forgets the selections that match.
func (p *prefetches) drop(match func(*selection) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	maps.DeleteFunc(p.byKey, func(_ string, s *selection) bool {
		over := match(s)
		if over {
			s.cancel()
		}
		return over
	})
}

// dropOld forgets the selections whose time is over, but not those that are being sent.
func (p *prefetches) dropOld(now time.Time) {
	p.drop(func(s *selection) bool { return s.held == 0 && now.Sub(s.started) > prefetchLife })
}

// contact waits until the contact is there.
func (s *selection) contact(ctx context.Context, id string) (fetched, error) {
	for {
		f, grown := s.peek(id)
		if grown == nil {
			return f, nil
		}
		select {
		case <-grown:
		case <-s.ready:
			if f, grown := s.peek(id); grown == nil {
				return f, nil
			}
			return fetched{}, s.failure()
		case <-ctx.Done():
			return fetched{}, ctx.Err()
		}
	}
}

// peek gives the contact, or a channel that is closed when more has arrived.
func (s *selection) peek(id string) (fetched, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f, ok := s.found[id]; ok {
		return f, nil
	}
	return fetched{}, s.grown
}

func (s *selection) has(id string) bool {
	_, grown := s.peek(id)
	return grown == nil
}

func (s *selection) add(id string, f fetched) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.found[id] = f
	if !f.missing && !f.unread && !f.contact.Vendor {
		s.answered[askContact] = id
	}
	close(s.grown)
	s.grown = make(chan struct{})
}

// gotNotes notes how fetching a contact's notes ended.
func (s *selection) gotNotes(id string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		delete(s.notes, id)
	} else {
		s.answered[askNotes] = id
	}
}

// dropNotes lets go of a contact's notes: the push has taken them.
func (s *selection) dropNotes(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notes[id] = nil
}

// notesBegun tells whether a contact's notes are fetched, on their way, or taken.
func (s *selection) notesBegun(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, begun := s.notes[id]
	return begun
}

// answeredFor is a contact of which the question was answered, "" when there is none yet.
func (s *selection) answeredFor(q question) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.answered[q]
}

func (s *selection) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err, s.failedAt = err, time.Now()
}

func (s *selection) failed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err != nil
}

func (s *selection) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		return errors.New("the contact was not fetched")
	}
	return s.err
}

// arrived is how many of the selection's contacts are there.
func (s *selection) arrived() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.found)
}
