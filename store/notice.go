package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"addtomojo/store/internal/rows"
)

// Channel is a way to tell people of a connection that needs a sign-in.
type Channel string

// The channels.
const (
	ChannelWebhook Channel = "webhook" // to the operator's own system
	ChannelEmail   Channel = "email"   // to the customer
)

// NoticeState is how far a notice has come.
type NoticeState string

// The states of a notice.
const (
	NoticeWaiting NoticeState = "waiting" // to be sent at NextAt
	NoticeSending NoticeState = "sending"
	NoticeSent    NoticeState = "sent" // or, of an e-mail, may have been: Cause says so
	NoticeFailed  NoticeState = "failed"
	NoticeDropped NoticeState = "dropped" // the connection needed no sign-in any more
)

// Notice is what people outside the popup are told of one time that a connection needs a sign-in, on one channel.
type Notice struct {
	ID           string // also the webhook-id
	ConnectionID string
	Since        time.Time // the connection's at that time
	Channel      Channel
	State        NoticeState
	Attempts     int       // begun ones
	NextAt       time.Time // waiting: not before; sending: from then on its process counts as dead
	Cause        string    // why it was not sent (yet), in plain words; "" when there is nothing to say
	MadeAt       time.Time
	FinishedAt   time.Time // when it was sent, failed or was dropped
}

// AddNotices makes a notice on the channel for connections that have needed a sign-in since before or longer, one for each time
// that one does, at most most of them, and tells how many.
func (s *Store) AddNotices(ctx context.Context, ch Channel, before, now time.Time, most int) (added int, err error) {
	want := rows.ConnectionsToTellOfParams{Before: millis(before), Channel: string(ch), Most: int64(most)}
	var missing []rows.ConnectionsToTellOfRow
	err = s.read(ctx, "look for connections to tell of", func(q tx) (err error) {
		missing, err = q.ConnectionsToTellOf(ctx, want)
		return err
	})
	if err != nil || len(missing) == 0 {
		return 0, err
	}
	err = s.write(ctx, "add notices", func(q tx) error {
		added = 0
		for _, c := range missing {
			n, err := q.InsertNotice(ctx, rows.InsertNoticeParams{
				ID: NewID(), ConnectionID: c.ID, Since: c.Since, Channel: string(ch), Now: millis(now),
			})
			if err != nil {
				return err
			}
			added += int(n)
		}
		return nil
	})
	return added, err
}

// noticeLost is said of an e-mail that was being sent when its process ended.
const noticeLost = "The service stopped while it was being sent. It counts as sent, so that nobody gets it twice."

// noticeDropped is said of a notice that came too late.
const noticeDropped = "The connection needed no sign-in any more."

// ClaimNotices takes notices that are due, the longest due first, and keeps everybody else from them until then; each one's
// attempt is counted before it begins. A notice whose connection needs no sign-in any more, needs one anew or is ending is dropped
// instead.
// An e-mail whose process died in the midst of sending counts as sent; a webhook is tried again.
func (s *Store) ClaimNotices(ctx context.Context, now, until time.Time, most int) (claimed []Notice, err error) {
	var due []string
	err = s.read(ctx, "look for due notices", func(q tx) (err error) {
		due, err = q.DueNotices(ctx, rows.DueNoticesParams{Now: millis(now), Most: int64(most)})
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, id := range due {
		if err := ctx.Err(); err != nil {
			return claimed, err
		}
		// It isn't broken off: nobody could tell then whether the claim is stored.
		n, err := s.claimNotice(context.WithoutCancel(ctx), id, now, until)
		if err != nil {
			return claimed, err
		}
		if n != nil {
			claimed = append(claimed, *n)
		}
	}
	return claimed, nil
}

// claimNotice gives nil when there is nothing to send.
func (s *Store) claimNotice(ctx context.Context, id string, now, until time.Time) (claimed *Notice, err error) {
	err = s.write(ctx, "claim notice", func(q tx) error {
		claimed = nil
		r, err := q.LockNotice(ctx, rows.LockNoticeParams{ID: id, Now: millis(now)})
		if errors.Is(err, sql.ErrNoRows) {
			return nil // somebody else was faster
		}
		if err != nil {
			return err
		}
		end := rows.FinishNoticeParams{ID: id, Attempts: r.Attempts, Now: millis(now)}
		c, err := q.Connection(ctx, r.ConnectionID)
		switch {
		case err != nil:
			return err
		case r.State == string(NoticeSending) && r.Channel == string(ChannelEmail):
			end.State, end.Cause = string(NoticeSent), noticeLost
		case c.State != string(StateNeedsSignIn) || c.Since != r.Since || c.ResetAskedAt > 0:
			end.State, end.Cause = string(NoticeDropped), noticeDropped
		default:
			n := notice(r)
			n.State, n.Attempts, n.NextAt = NoticeSending, n.Attempts+1, until
			claimed = &n
			return q.ClaimNotice(ctx, rows.ClaimNoticeParams{ID: id, Until: millis(until)})
		}
		_, err = q.FinishNotice(ctx, end)
		return err
	})
	return claimed, err
}

// FinishNotice says how a claimed notice ended: sent or failed. [ErrStale] when the claim had run out and somebody else went on.
func (s *Store) FinishNotice(ctx context.Context, n Notice, state NoticeState, cause string, now time.Time) error {
	return s.write(ctx, "finish notice", func(q tx) error {
		return changedOne(q.FinishNotice(ctx, rows.FinishNoticeParams{
			ID: n.ID, Attempts: int64(n.Attempts), State: string(state), Cause: cause, Now: millis(now),
		}))
	})
}

// RetryNotice has a claimed notice tried again. [ErrStale] when the claim had run out and somebody else went on.
func (s *Store) RetryNotice(ctx context.Context, n Notice, cause string, next time.Time) error {
	return s.write(ctx, "retry notice", func(q tx) error {
		return changedOne(q.RetryNotice(ctx, rows.RetryNoticeParams{
			ID: n.ID, Attempts: int64(n.Attempts), Cause: cause, NextAt: millis(next),
		}))
	})
}

func changedOne(n int64, err error) error {
	if err == nil && n == 0 {
		return ErrStale
	}
	return err
}

// noticesShown bounds what Notices returns.
const noticesShown = 100

// Notices returns what was sent of a connection, or was to be, the newest first, at most 100.
func (s *Store) Notices(ctx context.Context, connID string) (list []Notice, err error) {
	err = s.read(ctx, "list notices", func(q tx) error {
		r, err := q.Notices(ctx, rows.NoticesParams{ConnectionID: connID, Most: noticesShown})
		list = collect(r, notice)
		return err
	})
	return list, err
}

func notice(r rows.Notice) Notice {
	return Notice{
		ID:           r.ID,
		ConnectionID: r.ConnectionID,
		Since:        moment(r.Since),
		Channel:      Channel(r.Channel),
		State:        NoticeState(r.State),
		Attempts:     int(r.Attempts),
		NextAt:       moment(r.NextAt),
		Cause:        r.Cause,
		MadeAt:       moment(r.MadeAt),
		FinishedAt:   moment(r.FinishedAt),
	}
}
