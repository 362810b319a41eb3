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
	// feedEvery is how often each account's feed is read: an event whose hook never came is found within 15 minutes, also when
	// one reading fails.
	feedEvery = 5 * time.Minute
	// feedLook is how often the service looks whose feed is due, if Bridge.FeedLook doesn't say otherwise.
	feedLook     = 10 * time.Second
	feedsAtOnce  = 8
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
		switch {
		case errors.Is(err, mojo.ErrNotAvailable):
			return b.Store.TurnOffFeed(ctx, conn.ID)
		case errors.As(err, &refused) && f.After != "" && !anew: // it forgot the event we stand at
			f.After, anew = "", true // once: a host that refuses every event would have us read its first page for ever
			continue
		case err != nil:
			return err
		}
		if len(events) == 0 {
			return nil
		}
		from := f.After
		latest := latestOf(events)
		for i, e := range events {
			if err := b.fromFeed(ctx, conn, e, latest[i]); err != nil {
				return err
			}
			f.After = e.WebhookID
		}
		if f.After == from {
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

// fromFeed receives one event of a feed, unless it is too old, older than the connection or nobody can read it. latest is when it
// happened at the latest; zero when nobody knows. Such a one may be older than what we know by its id: it is looked for before it is
// written, and one that says that the customer ended the integration ends nothing.
func (b *Bridge) fromFeed(ctx context.Context, conn store.Connection, e mojo.Event, latest time.Time) error {
	if beforeConnection(conn, latest) || !latest.IsZero() && latest.Before(b.now().Add(-feedBack)) {
		return nil
	}
	if latest.IsZero() && e.Type == eventDisconnected {
		b.log().Warn("an end in a feed that doesn't say when", "connection", conn.ID)
		return nil
	}
	about, err := readAbout(e.Data)
	if err == nil {
		at := happened(e)
		err = b.receive(ctx, e.WebhookID, envelope{Type: e.Type, Timestamp: at, Data: e.Data, doubt: at.IsZero()}, about)
	}
	if errors.Is(err, ErrHookUnreadable) {
		b.log().Warn("unreadable event in a feed", "connection", conn.ID)
		return nil
	}
	return err
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
		return t.Call.StartedAt.Add(time.Duration(t.Call.Seconds) * time.Second)
	case e.Type == eventNoteMade && t.Note != nil:
		return t.Note.CreatedAt
	case e.Type == eventCompleted && t.Event != nil && t.Event.CompletedAt != nil:
		return *t.Event.CompletedAt
	}
	return time.Time{}
}
