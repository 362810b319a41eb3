package bridge

import (
	"context"
	"errors"
	"fmt"
	"time"

	"addtomojo/mojo"
	"addtomojo/store"

	"golang.org/x/sync/errgroup"
)

const (
	// feedEvery is how often each account's feed is read: an event whose hook never came is found within 15 minutes, also when
	// one reading fails.
	feedEvery = 5 * time.Minute
	// feedLook is how often the service looks whose feed is due.
	feedLook     = 10 * time.Second
	feedsAtOnce  = 8
	feedsClaimed = 64
)

// feedLoop reads the feeds of Mojo's events, where the hosts have them.
func (b *Bridge) feedLoop(ctx context.Context) {
	for {
		if err := b.catchUp(ctx); err != nil && ctx.Err() == nil {
			b.log().Error("catch up with Mojo's feeds", "err", err)
		}
		if sleep(ctx, feedLook) != nil {
			return
		}
	}
}

// catchUp reads the feeds that are due.
func (b *Bridge) catchUp(ctx context.Context) error {
	feeds, err := b.Store.ClaimFeeds(ctx, b.now(), feedEvery, feedsClaimed)
	if err != nil {
		return fmt.Errorf("claim feeds: %w", err)
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
	return reading.Wait()
}

// readFeed receives what the feed has after the last event that was read from it. What came by hook already counts once.
func (b *Bridge) readFeed(ctx context.Context, f store.Feed) error {
	conn, err := b.Store.Connection(ctx, f.ConnectionID)
	if err != nil {
		return fmt.Errorf("read connection: %w", err)
	}
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
		case errors.As(err, &refused) && f.After != "": // it forgot the event we stand at
			f.After = ""
			continue
		case err != nil:
			return err
		}
		for _, e := range events {
			if err := b.fromFeed(ctx, conn, e); err != nil {
				return err
			}
			f.After = e.WebhookID
		}
		if len(events) == 0 {
			return nil
		}
		if err := b.Store.SaveFeed(ctx, f); err != nil {
			return fmt.Errorf("save feed: %w", err)
		}
		if len(events) < mojo.FeedLimit {
			return nil
		}
	}
}

// fromFeed receives one event of a feed, unless it is older than the connection or nobody can read it.
func (b *Bridge) fromFeed(ctx context.Context, conn store.Connection, e mojo.Event) error {
	if beforeConnection(conn, e.At) {
		return nil
	}
	about, err := readAbout(e.Data)
	if err == nil {
		err = b.receive(ctx, e.WebhookID, envelope{Type: e.Type, Timestamp: e.At, Data: e.Data}, about)
	}
	if errors.Is(err, ErrHookUnreadable) {
		b.log().Warn("unreadable event in a feed", "connection", conn.ID)
		return nil
	}
	return err
}
