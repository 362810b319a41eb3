package bridge

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"addtomojo/store"
	"addtomojo/wiseagent"

	"golang.org/x/sync/errgroup"
)

const (
	// callsAtOnce is how many Wise Agent calls of one push or launch run side by side. No limit is
	// published (Wise Agent API, section 2), so it stays polite.
	callsAtOnce = 8
	// contactsPage is the documented page size of getContacts.
	contactsPage = 100
	// pageCost is how many single contacts a page is reckoned to cost Wise Agent and us.
	pageCost = 2
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

// fillGroups fetches the groups ahead; the group page asks again when this failed.
func (b *Bridge) fillGroups(ctx context.Context, conn store.Connection) {
	if _, err := b.Groups(ctx, conn, true); err != nil {
		b.log().Info("groups not prefetched", "connection", conn.ID, "err", err)
	}
}

// fill fetches every contact of the selection the cheaper way: one by one, or in pages of all contacts.
func (b *Bridge) fill(ctx context.Context, s *selection) {
	defer close(s.ready)
	var singles, vendors []string
	for _, id := range s.ids {
		if isVendor(id) {
			vendors = append(vendors, id)
		} else {
			singles = append(singles, id)
		}
	}
	err := b.fillPages(ctx, s, &singles)
	if err == nil {
		err = b.fillSingles(ctx, s, append(singles, vendors...)) // vendors are in no page of contacts
	}
	if err != nil {
		s.fail(err)
	}
}

// fillPages reads pages of getContacts when that takes fewer calls, and leaves in ids what they lacked:
// their order is not published, so that a page may shift while it is read.
func (b *Bridge) fillPages(ctx context.Context, s *selection, ids *[]string) error {
	if len(*ids) <= callsAtOnce*pageCost {
		return nil
	}
	var count int
	err := b.readWise(ctx, s, func(api *wiseagent.API) (err error) {
		count, err = api.ContactsCount(ctx)
		return err
	})
	pages := (count + contactsPage - 1) / contactsPage
	if err != nil || pages*pageCost >= len(*ids) {
		return err
	}
	wanted := make(map[string]bool, len(*ids))
	for _, id := range *ids {
		wanted[id] = true
	}
	calls, ctx := errgroup.WithContext(ctx) // one that fails ends them all: a partner that is down is not hammered
	for page := 1; page <= pages; page++ {
		calls.Go(func() error { return b.fillPage(ctx, s, page, wanted) })
	}
	if err := calls.Wait(); err != nil {
		return err
	}
	*ids = slices.DeleteFunc(*ids, s.has)
	return nil
}

// fillPage reads one page. If one contact spoils it, its contacts are left to be read one by one.
func (b *Bridge) fillPage(ctx context.Context, s *selection, page int, wanted map[string]bool) error {
	var contacts []wiseagent.Contact
	err := b.readWise(ctx, s, func(api *wiseagent.API) (err error) {
		contacts, err = api.Contacts(ctx, page, contactsPage)
		return err
	})
	if err != nil && b.onlyThis(ctx, s, askContact, err) {
		return nil
	}
	for _, c := range contacts {
		if wanted[c.ClientID] {
			s.add(c.ClientID, there(c))
		}
	}
	return err
}

// fillSingles asks for each contact by its id.
func (b *Bridge) fillSingles(ctx context.Context, s *selection, ids []string) error {
	calls, ctx := errgroup.WithContext(ctx)
	calls.SetLimit(callsAtOnce)
	for _, id := range ids {
		if ctx.Err() != nil {
			break
		}
		calls.Go(func() error {
			f, err := b.readContact(ctx, s, id)
			if err == nil {
				s.add(id, f)
			}
			return err
		})
	}
	return calls.Wait()
}

// readContact reads one contact, or finds out that it is missing or can't be read.
func (b *Bridge) readContact(ctx context.Context, s *selection, id string) (fetched, error) {
	var c wiseagent.Contact
	err := b.readWise(ctx, s, func(api *wiseagent.API) (err error) {
		c, err = api.Contact(ctx, id)
		return err
	})
	switch {
	case err == nil:
		return there(c), nil
	case errors.Is(err, wiseagent.ErrUnknownContact):
		return unknown(id), nil
	case !b.onlyThis(ctx, s, askContact, err):
		return fetched{}, err
	case isVendor(id):
		return unknown(id), nil
	}
	return fetched{unread: true}, nil
}

// question is what is asked about one contact.
type question string

const (
	askContact question = "getSingleContact"
	askNotes   question = "getContactNotes"
)

// onlyThis tells whether a read failed because of the contact that it was about: the same question about another one,
// which was answered before, still is. So one broken contact holds up nobody else.
func (b *Bridge) onlyThis(ctx context.Context, s *selection, q question, err error) bool {
	var refused *wiseagent.RefusedError
	var doubt *wiseagent.DoubtError
	other := s.answeredFor(q)
	if other == "" || !errors.As(err, &refused) && !errors.As(err, &doubt) {
		return false
	}
	return b.readWise(ctx, s, func(api *wiseagent.API) error {
		if q == askNotes {
			_, err := api.Notes(ctx, other, 1, 1)
			return err
		}
		_, err := api.Contact(ctx, other)
		return err
	}) == nil
}

func isVendor(clientID string) bool { return strings.HasPrefix(clientID, "V") }

// unknown is a contact that Wise Agent doesn't know. A vendor is one by its id alone.
func unknown(clientID string) fetched {
	if isVendor(clientID) {
		return fetched{contact: wiseagent.Contact{ClientID: clientID, Vendor: true}}
	}
	return fetched{missing: true}
}

// fillNotes fetches the notes ahead for a selection of ordinary size. What fails here is fetched by the push.
func (b *Bridge) fillNotes(ctx context.Context, s *selection) {
	if s.failed() || len(s.ids) > b.notesAhead() {
		return
	}
	calls, ctx := errgroup.WithContext(ctx)
	calls.SetLimit(callsAtOnce)
	for _, id := range s.ids {
		f, _ := s.peek(id)
		if f.missing || f.unread || f.contact.Vendor || ctx.Err() != nil {
			continue
		}
		calls.Go(func() error {
			if s.notesBegun(id) {
				return nil // by the push, which may have taken them already
			}
			_, err := b.notes(ctx, s, id)
			return err
		})
	}
	if err := calls.Wait(); err != nil {
		b.log().Info("notes not prefetched", "connection", s.connID, "err", err)
	}
}

// noteFetch is a contact's notes, perhaps still on their way.
type noteFetch struct {
	done  chan struct{}
	notes []wiseagent.Note
	err   error
}

// notes gives a contact's notes, fetched once however many ask: ahead of the button and by the push.
func (b *Bridge) notes(ctx context.Context, s *selection, clientID string) ([]wiseagent.Note, error) {
	s.mu.Lock()
	f := s.notes[clientID]
	mine := f == nil
	if mine {
		f = &noteFetch{done: make(chan struct{})}
		s.notes[clientID] = f
	}
	s.mu.Unlock()
	if mine {
		f.notes, f.err = b.fetchNotes(ctx, s, clientID)
		s.gotNotes(clientID, f.err)
		close(f.done)
		return f.notes, f.err
	}
	select {
	case <-f.done:
		if f.err == nil {
			return f.notes, nil
		}
		return b.fetchNotes(ctx, s, clientID) // the other asker may just have left
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

const (
	notesPage  = 100
	notesPages = 50 // far more than a contact has; ends a listing that goes round in circles
)

// fetchNotes reads a contact's notes, page by page: their order is not published.
func (b *Bridge) fetchNotes(ctx context.Context, s *selection, clientID string) ([]wiseagent.Note, error) {
	var all []wiseagent.Note
	for page := 1; page <= notesPages; page++ {
		var notes []wiseagent.Note
		err := b.readWise(ctx, s, func(api *wiseagent.API) (err error) {
			notes, err = api.Notes(ctx, clientID, page, notesPage)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read notes: %w", err)
		}
		all = append(all, notes...)
		if len(notes) < notesPage {
			break
		}
	}
	return all, nil
}

// readTime is how long a read is tried: a page waits for it.
const readTime = 10 * time.Second

// readWise makes one read in a slot of the selection and repeats it when Wise Agent stumbles.
func (b *Bridge) readWise(ctx context.Context, s *selection, call func(*wiseagent.API) error) error {
	waits := b.readWaits()
	began := time.Now()
	for try := 0; ; try++ {
		err := s.inSlot(ctx, func() error { return b.withWise(ctx, s.connID, call) })
		after, again := transient(err)
		if err == nil || !again || try == len(waits) {
			return err
		}
		wait := max(waits[try], after)
		if time.Since(began)+wait > readTime || sleep(ctx, wait) != nil {
			return err
		}
	}
}

// inSlot runs a call when one of the selection's slots is free.
func (s *selection) inSlot(ctx context.Context, call func() error) error {
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
		return call()
	case <-ctx.Done():
		return ctx.Err()
	}
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
