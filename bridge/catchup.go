package bridge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"addtomojo/mojo"
	"addtomojo/store"

	"golang.org/x/sync/errgroup"
)

const (
	// feedBack is how old an event of a feed may be: ids are forgotten after 30 days, and what is older and comes once more, as
	// when a feed is read anew, would pass for something new. A day is for clocks that differ.
	feedBack = 29 * 24 * time.Hour
	// feedDoubt is from what age on an event of a feed may have been written by a database that knows nothing of it any more: one
	// that was restored from a backup reads on where it stood then. It is looked for before it is written.
	feedDoubt = time.Hour
	// feedEvery is how often each account's feed is read: an event whose hook never came is found within 15 minutes, also when
	// one reading fails.
	feedEvery = 5 * time.Minute
	// feedLook is how often the service looks whose feed is due, if Bridge.FeedLook doesn't say otherwise.
	feedLook     = 10 * time.Second
	feedsAtOnce  = 8
	fedAtOnce    = 64 // contacts of a feed whose events are received side by side
	feedsClaimed = 64
)

// feedLoop reads the feeds of Mojo's events, where the hosts have them.
func (b *Bridge) feedLoop(ctx context.Context) {
	for {
		full, err := b.catchUp(ctx)
		if err != nil && ctx.Err() == nil {
			b.log().Error("catch up with Mojo's feeds", "err", err)
		}
		if full && ctx.Err() == nil {
			continue
		}
		if sleep(ctx, cmp.Or(b.FeedLook, feedLook)) != nil {
			return
		}
	}
}

// catchUp reads feeds that are due; full says that it took as many as it may, so that there can be more.
func (b *Bridge) catchUp(ctx context.Context) (full bool, err error) {
	feeds, err := b.Store.ClaimFeeds(ctx, b.now(), feedEvery, feedsClaimed)
	if err != nil {
		return false, fmt.Errorf("claim feeds: %w", err)
	}
	var reading errgroup.Group
	reading.SetLimit(feedsAtOnce)
	for _, f := range feeds {
		reading.Go(func() error {
			if err := b.readFeed(ctx, f); err != nil && ctx.Err() == nil {
				b.log().Warn("feed not read", "connection", f.ConnectionID, "err", err)
			}
			return nil // the others are read all the same
		})
	}
	return len(feeds) == feedsClaimed, reading.Wait()
}

// errSamePage says that a host doesn't mind what it is asked: reading on would never end.
var errSamePage = errors.New("the feed gives the same page again")

// readFeed receives what the feed has after the last event that was read from it. What came by hook already counts once.
func (b *Bridge) readFeed(ctx context.Context, f store.Feed) error {
	conn, err := b.Store.Connection(ctx, f.ConnectionID)
	if err != nil {
		return fmt.Errorf("read connection: %w", err)
	}
	anew := false
	for {
		var events []mojo.Event
		err := b.withMojo(ctx, conn, func(api *mojo.API) (err error) {
			events, err = api.Events(ctx, f.After)
			return err
		})
		var refused *mojo.RefusedError
		none := errors.Is(err, mojo.ErrNotAvailable)
		switch {
		case (none || errors.As(err, &refused)) && f.After != "" && !anew: // it forgot the event we stand at, or the feed is gone
			f.After, anew = "", true // once: a host that refuses every event would have us read its first page for ever
			continue
		case none:
			return b.Store.TurnOffFeed(ctx, conn.ID)
		case err != nil:
			return err
		}
		if len(events) == 0 {
			return nil
		}
		if err := b.receivePage(ctx, conn, events); err != nil {
			return err
		}
		from := f.After
		if f.After = events[len(events)-1].WebhookID; f.After == from {
			return errSamePage
		}
		if err := b.Store.SaveFeed(ctx, f); err != nil {
			return fmt.Errorf("save feed: %w", err)
		}
		if len(events) < mojo.FeedLimit {
			return nil
		}
	}
}

// A fed event is one of a feed that is to be received.
type fed struct {
	mojo.Event
	about about
	at    time.Time // when it happened, zero where nobody knows; an end, when at the latest
}

// receivePage receives a page of a feed. An end of the integration comes behind all that stand before it.
func (b *Bridge) receivePage(ctx context.Context, conn store.Connection, events []mojo.Event) error {
	for page := b.wanted(conn, events); len(page) > 0; {
		n := slices.IndexFunc(page, func(e fed) bool { return e.Type == eventDisconnected })
		switch n {
		case 0:
			n = 1
		case -1:
			n = len(page)
		}
		if err := b.receiveTogether(ctx, page[:n]); err != nil {
			return err
		}
		page = page[n:]
	}
	return nil
}

// receiveTogether receives events, contacts side by side, so that they share commits, and each contact's in their order.
func (b *Bridge) receiveTogether(ctx context.Context, events []fed) error {
	ofContact := make(map[string][]fed)
	for _, e := range events {
		key := store.Event{MojoContactID: int64(e.about.Contact.ContactID), APIContactID: e.about.Contact.APIContactID}.ContactKey()
		ofContact[key] = append(ofContact[key], e)
	}
	receiving, ctx := errgroup.WithContext(ctx)
	receiving.SetLimit(fedAtOnce)
	for _, events := range ofContact {
		receiving.Go(func() error {
			for _, e := range events {
				isNew, err := b.receive(ctx, e.WebhookID, envelope{Type: e.Type, Timestamp: mojo.Time{Time: e.at}, Data: e.Data, doubt: e.at.Before(b.now().Add(-feedDoubt))}, e.about)
				if err != nil {
					return err
				}
				if isNew {
					b.meter().CaughtUp()
				}
			}
			return nil
		})
	}
	return receiving.Wait()
}

// wanted are the events of a page that are to be received: not those that are too old, older than the connection, or that nobody can
// read. Where nobody knows when one happened, it may be older than what we know by its id: it is looked for before it is written, as
// is one that happened a while ago, and an end of the integration is left out.
func (b *Bridge) wanted(conn store.Connection, events []mojo.Event) (wanted []fed) {
	for i, latest := range latestOf(events) {
		e := events[i]
		if beforeConnection(conn, latest) || !latest.IsZero() && latest.Before(b.now().Add(-feedBack)) {
			continue
		}
		if latest.IsZero() && e.Type == eventDisconnected {
			b.log().Warn("an end in a feed that doesn't say when", "connection", conn.ID)
			continue
		}
		about, err := readAbout(e.Data)
		if err != nil {
			b.log().Warn("unreadable event in a feed", "connection", conn.ID)
			continue
		}
		at := happened(e)
		if e.Type == eventDisconnected {
			at = latest // by our own clock it would have happened just now
		}
		wanted = append(wanted, fed{e, about, at})
	}
	return wanted
}

// latestOf tells of each event of a page when it happened at the latest: by itself, or else by the next one that says so, for a feed is in
// order. It is zero where none does.
func latestOf(events []mojo.Event) []time.Time {
	latest := make([]time.Time, len(events))
	var next time.Time
	for i, e := range slices.Backward(events) {
		if at := happened(e); !at.IsZero() {
			next = at
		}
		latest[i] = next
	}
	return latest
}

// happened is when an event happened, by its envelope or else by what it is about; zero when neither says it.
func happened(e mojo.Event) time.Time {
	if !e.At.IsZero() {
		return e.At
	}
	t, err := readTold(e.Data)
	switch {
	case err != nil:
	case e.Type == eventCall && t.Call != nil && !t.Call.StartedAt.IsZero():
		return t.Call.StartedAt.Add(t.Call.length())
	case e.Type == eventNoteMade && t.Note != nil:
		return t.Note.CreatedAt.Time
	case e.Type == eventCompleted && t.Event != nil:
		return t.Event.CompletedAt.Time
	}
	return time.Time{}
}
