package store

import (
	"context"
	"time"

	"addtomojo/store/internal/rows"
)

// Feed says how far a connection's feed of Mojo's events was read.
type Feed struct {
	ConnectionID string
	After        string // the webhook-id of the last event that was received; "" to begin with
}

// ClaimFeeds returns the feeds that nobody has asked for since every ago, of connections that need no sign-in with Mojo, the
// longest first: while Wise Agent needs one, calls go on in Mojo. They count as asked for now.
func (s *Store) ClaimFeeds(ctx context.Context, now time.Time, every time.Duration, limit int) (claimed []Feed, err error) {
	until := millis(now.Add(-every))
	err = s.write(ctx, "claim feeds", func(q tx) error {
		due, err := q.DueFeeds(ctx, rows.DueFeedsParams{Until: until, Most: int64(limit)})
		if err != nil {
			return err
		}
		claimed = nil
		for _, f := range due {
			n, err := q.ClaimFeed(ctx, rows.ClaimFeedParams{ID: f.ID, Until: until, Now: millis(now)})
			if err != nil {
				return err
			}
			if n > 0 { // nobody was faster
				claimed = append(claimed, Feed{ConnectionID: f.ID, After: f.FeedAfter})
			}
		}
		return nil
	})
	return claimed, err
}

// SaveFeed notes how far a feed was read. [ErrNotFound] when the connection isn't live.
func (s *Store) SaveFeed(ctx context.Context, f Feed) error {
	return s.write(ctx, "save feed", func(q tx) error {
		n, err := q.SetFeedAfter(ctx, rows.SetFeedAfterParams{ID: f.ConnectionID, After: plain(f.After)})
		if err == nil && n == 0 {
			return ErrNotFound
		}
		return err
	})
}

// TurnOffFeed notes that the account's host has no feed: it isn't claimed until a person signs in with Mojo again. [ErrNotFound] when
// the connection isn't live.
func (s *Store) TurnOffFeed(ctx context.Context, connID string) error {
	return s.write(ctx, "turn off feed", func(q tx) error {
		n, err := q.TurnOffFeed(ctx, connID)
		if err == nil && n == 0 {
			return ErrNotFound
		}
		return err
	})
}
