package bridge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
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
		for _, e := range events {
			if err := b.fromFeed(ctx, conn, e); err != nil {
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

// fromFeed receives one event of a feed, unless it is too old, older than the connection or nobody can read it.
func (b *Bridge) fromFeed(ctx context.Context, conn store.Connection, e mojo.Event) error {
	if beforeConnection(conn, e.At) || !e.At.IsZero() && e.At.Before(b.now().Add(-feedBack)) {
		return nil
	}
	about, err := readAbout(e.Data)
	isNew := false
	if err == nil {
		isNew, err = b.receive(ctx, e.WebhookID, envelope{Type: e.Type, Timestamp: e.At, Data: e.Data}, about)
	}
	if isNew {
		b.meter().CaughtUp()
	}
	if errors.Is(err, ErrHookUnreadable) {
		b.log().Warn("unreadable event in a feed", "connection", conn.ID)
		return nil
	}
	return err
}
