package bridge

import (
	"context"
	"errors"
	"slices"
	"strings"
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
)

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
