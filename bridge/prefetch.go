package bridge

import (
	"context"
	"errors"
	"fmt"
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
	// prefetchRoom is how many contacts all prefetches may hold together.
	prefetchRoom = 50_000
)

// prefetches are the selections fetched ahead, by launch. They live in memory only: after a restart the
// push fetches what it needs itself.
type prefetches struct {
	mu       sync.Mutex
	byLaunch map[string]*selection
}

// selection is a set of contacts on its way from Wise Agent: each can be waited for by itself.
type selection struct {
	connID  string
	ids     []string
	started time.Time
	cancel  context.CancelFunc
	slots   chan struct{} // bounds the calls side by side
	ready   chan struct{} // closed when every contact is there, or err is

	mu    sync.Mutex
	grown chan struct{} // closed and replaced when something arrived
	found map[string]fetched
	notes map[string]*noteFetch
	err   error
}

// fetched is what Wise Agent said of one id.
type fetched struct {
	contact wiseagent.Contact
	phones  []typedPhone
	missing bool // deleted, or not the customer's
}

func there(c wiseagent.Contact) fetched {
	return fetched{contact: c, phones: readPhones(c)}
}

func newSelection(connID string, ids []string, now time.Time, cancel context.CancelFunc) *selection {
	return &selection{
		connID: connID, ids: ids, started: now, cancel: cancel,
		slots: make(chan struct{}, callsAtOnce), ready: make(chan struct{}), grown: make(chan struct{}),
		found: make(map[string]fetched, len(ids)), notes: make(map[string]*noteFetch),
	}
}

// Prefetch begins to fetch the groups and the contacts of a launch, unless that is under way. It
// returns at once; failures show when the page asks.
func (b *Bridge) Prefetch(ctx context.Context, conn store.Connection, launchID string) {
	launch, err := b.Store.Launch(ctx, launchID)
	if err != nil {
		return
	}
	b.selectionOf(ctx, conn, launch.ID, launch.Contacts)
}

// selectionOf gives the selection of a launch, fetching it when it is not there, lacks some, failed, or is too old.
func (b *Bridge) selectionOf(ctx context.Context, conn store.Connection, launchID string, ids []string) *selection {
	b.prefetches.mu.Lock()
	defer b.prefetches.mu.Unlock()
	if s, ok := b.prefetches.byLaunch[launchID]; ok {
		if s.connID == conn.ID && !s.failed() && b.now().Sub(s.started) < prefetchLife && s.covers(ids) {
			return s
		}
		s.cancel()
	}
	// Detached from the request that happens to ask first: the page comes back for the result.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), prefetchLife)
	s := newSelection(conn.ID, ids, b.now(), cancel)
	if b.prefetches.byLaunch == nil {
		b.prefetches.byLaunch = make(map[string]*selection)
	}
	b.prefetches.byLaunch[launchID] = s
	b.prefetches.makeRoom()
	b.workers.group.Go(func() {
		defer cancel()
		var groups sync.WaitGroup
		groups.Go(func() { b.fillGroups(ctx, conn) })
		b.fill(ctx, s)
		b.fillNotes(ctx, s)
		groups.Wait() // cancel would end them halfway
	})
	return s
}

// selectionFor gives a launch's selection if it is still at hand.
func (b *Bridge) selectionFor(conn store.Connection, launchID string) *selection {
	b.prefetches.mu.Lock()
	s := b.prefetches.byLaunch[launchID]
	b.prefetches.mu.Unlock()
	if s == nil || s.connID != conn.ID || s.failed() || b.now().Sub(s.started) >= prefetchLife {
		return nil
	}
	return s
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

// makeRoom drops the oldest selections while all together hold too many contacts.
func (p *prefetches) makeRoom() {
	for {
		total, oldest := 0, ""
		for id, s := range p.byLaunch {
			total += len(s.ids)
			if oldest == "" || s.started.Before(p.byLaunch[oldest].started) {
				oldest = id
			}
		}
		if total <= prefetchRoom || len(p.byLaunch) <= 1 {
			return
		}
		p.byLaunch[oldest].cancel()
		delete(p.byLaunch, oldest)
	}
}

// drop forgets the selections that match.
func (p *prefetches) drop(match func(*selection) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, s := range p.byLaunch {
		if match(s) {
			s.cancel()
			delete(p.byLaunch, id)
		}
	}
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
	var calls errgroup.Group
	for page := 1; page <= pages; page++ {
		calls.Go(func() error { return b.fillPage(ctx, s, page, wanted) })
	}
	if err := calls.Wait(); err != nil {
		return err
	}
	*ids = slices.DeleteFunc(*ids, s.has)
	return nil
}

func (b *Bridge) fillPage(ctx context.Context, s *selection, page int, wanted map[string]bool) error {
	var contacts []wiseagent.Contact
	err := b.readWise(ctx, s, func(api *wiseagent.API) (err error) {
		contacts, err = api.Contacts(ctx, page, contactsPage)
		return err
	})
	for _, c := range contacts {
		if wanted[c.ClientID] {
			s.add(c.ClientID, there(c))
		}
	}
	return err
}

// fillSingles asks for each contact by its id.
func (b *Bridge) fillSingles(ctx context.Context, s *selection, ids []string) error {
	var calls errgroup.Group
	calls.SetLimit(callsAtOnce)
	for _, id := range ids {
		calls.Go(func() error {
			var c wiseagent.Contact
			err := b.readWise(ctx, s, func(api *wiseagent.API) (err error) {
				c, err = api.Contact(ctx, id)
				return err
			})
			if errors.Is(err, wiseagent.ErrUnknownContact) {
				s.add(id, unknown(id))
				return nil
			}
			if err == nil {
				s.add(id, there(c))
			}
			return err
		})
	}
	return calls.Wait()
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
	var calls errgroup.Group
	calls.SetLimit(callsAtOnce)
	for _, id := range s.ids {
		calls.Go(func() error {
			if f, _ := s.peek(id); f.missing || f.contact.Vendor {
				return nil
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
	f, under := s.notes[clientID]
	if !under {
		f = &noteFetch{done: make(chan struct{})}
		s.notes[clientID] = f
	}
	s.mu.Unlock()
	if !under {
		f.notes, f.err = b.fetchNotes(ctx, s, clientID)
		if f.err != nil {
			s.dropNotes(clientID)
		}
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
	notesPages = 10 // no contact's older notes matter: the newest 20 are sent
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

// readTries are the waits between tries of one read; a page waits for them, so they are short.
var readTries = []time.Duration{300 * time.Millisecond, time.Second, 3 * time.Second}

// readWise makes one read in a slot of the selection and repeats it when Wise Agent stumbles.
func (b *Bridge) readWise(ctx context.Context, s *selection, call func(*wiseagent.API) error) error {
	for try := 0; ; try++ {
		err := s.inSlot(ctx, func() error { return b.withWise(ctx, s.connID, call) })
		after, again := transient(err)
		if err == nil || !again || try == len(readTries) || ctx.Err() != nil {
			return err
		}
		if sleep(ctx, max(readTries[try], min(after, 30*time.Second))) != nil {
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
	close(s.grown)
	s.grown = make(chan struct{})
}

// dropNotes lets go of a contact's notes.
func (s *selection) dropNotes(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.notes, id)
}

func (s *selection) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
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
