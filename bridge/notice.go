package bridge

import (
	"context"
	"errors"
	"fmt"
	"time"

	"addtomojo/store"

	"golang.org/x/sync/errgroup"
)

// Whoever is not in the popup is told of a connection that needs a sign-in: the operator's system by a webhook, the customer by
// an e-mail. Each time that a connection needs one has one notice on each channel, as rows; several processes share them.

const (
	// noticeAfter is how long a connection may need a sign-in before people are told: passing faults are over by then.
	noticeAfter = 5 * time.Minute
	// noticeFor is how long a notice is tried.
	noticeFor = 24 * time.Hour
	// noticeClaim is how long one try may take before its process counts as dead. It is longer than the longest try.
	noticeClaim    = 2 * time.Minute
	noticesAtOnce  = 8
	noticesClaimed = 64
	// noticeLook is how often the service looks for notices that are due, and for connections to tell of.
	noticeLook = 5 * time.Second
)

// noticeWaits are the waits after each failed try to send a notice; the last one is repeated.
var noticeWaits = []time.Duration{
	10 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour,
}

// A refusal is a try to send a notice that surely did not arrive. Cause says why in plain words, without addresses or secrets.
type refusal struct {
	Cause string
	Final bool // another try can't help
	Err   error
}

func (r *refusal) Error() string { return fmt.Sprintf("%s: %v", r.Cause, r.Err) }
func (r *refusal) Unwrap() error { return r.Err }

// errUnanswered says that a letter was handed over whole, and that the answer got lost: it may have arrived.
var errUnanswered = errors.New("the mail server's last answer got lost")

// channels are those that are set up.
func (b *Bridge) channels() (list []store.Channel) {
	if b.NoticeHook != nil {
		list = append(list, store.ChannelWebhook)
	}
	if b.Mailer != nil {
		list = append(list, store.ChannelEmail)
	}
	return list
}

// noticeLoop makes and sends notices. Without a channel there are none.
func (b *Bridge) noticeLoop(ctx context.Context) {
	if len(b.channels()) == 0 {
		return
	}
	for {
		more, err := b.tell(ctx)
		if err != nil && ctx.Err() == nil {
			b.log().Error("send notices", "err", err)
		}
		if more && ctx.Err() == nil {
			continue
		}
		if sleep(ctx, min(noticeLook, b.noticeAfter()/5)) != nil {
			return
		}
	}
}

func (b *Bridge) noticeAfter() time.Duration {
	if b.NoticeAfter > 0 {
		return b.NoticeAfter
	}
	return noticeAfter
}

// tell makes the notices that are missing and sends those that are due; more says that others may be.
func (b *Bridge) tell(ctx context.Context) (more bool, err error) {
	for _, ch := range b.channels() {
		if _, err := b.Store.AddNotices(ctx, ch, b.now().Add(-b.noticeAfter()), b.now(), noticesClaimed); err != nil {
			return false, err
		}
	}
	due, err := b.Store.ClaimNotices(ctx, b.now(), b.now().Add(noticeClaim), noticesAtOnce)
	var sending errgroup.Group
	for _, n := range due { // even after an error: these are claimed
		sending.Go(func() error { return b.sendNotice(context.WithoutCancel(ctx), n) })
	}
	err = errors.Join(err, sending.Wait())
	return err == nil && len(due) == noticesAtOnce, err
}

// sendNotice tries once and stores how it went. It is not broken off at the end of Run: an e-mail that was broken off might have
// been sent.
func (b *Bridge) sendNotice(ctx context.Context, n store.Notice) error {
	err := b.trySending(ctx, n)
	var refused *refusal
	switch {
	case err == nil:
		b.log().Info("notice sent", "notice", n.ID, "connection", n.ConnectionID, "channel", n.Channel, "attempts", n.Attempts)
		err = b.Store.FinishNotice(ctx, n, store.NoticeSent, "", b.now())
	case errors.Is(err, errUnanswered):
		b.log().Warn("notice may be sent", "notice", n.ID, "connection", n.ConnectionID, "channel", n.Channel, "err", err)
		err = b.Store.FinishNotice(ctx, n, store.NoticeSent, "The mail server's answer got lost. It counts as sent, so that nobody gets it twice.", b.now())
	case errors.As(err, &refused):
		err = b.refusedNotice(ctx, n, refused)
	default: // our own: the database
		return errors.Join(err, b.Store.RetryNotice(ctx, n, "We couldn't write it.", b.now().Add(noticeWaits[0])))
	}
	if errors.Is(err, store.ErrStale) {
		return nil // it took so long that somebody else went on
	}
	return err
}

// refusedNotice has it tried again later, as long as that may help.
func (b *Bridge) refusedNotice(ctx context.Context, n store.Notice, why *refusal) error {
	next := b.now().Add(noticeWaits[min(n.Attempts, len(noticeWaits))-1])
	over := why.Final || next.After(n.MadeAt.Add(noticeFor))
	b.log().Warn("notice not sent", "notice", n.ID, "connection", n.ConnectionID, "channel", n.Channel,
		"attempts", n.Attempts, "over", over, "err", why)
	if over {
		return b.Store.FinishNotice(ctx, n, store.NoticeFailed, why.Cause, b.now())
	}
	return b.Store.RetryNotice(ctx, n, why.Cause, next)
}

// trySending writes the notice and hands it over. The error is a *refusal or errUnanswered, or our own: then nothing was sent.
func (b *Bridge) trySending(ctx context.Context, n store.Notice) error {
	f, err := b.noticeFacts(ctx, n)
	if err != nil {
		return err
	}
	if n.Channel == store.ChannelEmail {
		if b.Mailer == nil { // it was when the notice was made
			return &refusal{Cause: "No mail server is set up any more.", Err: errors.New("no mailer")}
		}
		return b.Mailer.send(ctx, f.letter())
	}
	if b.NoticeHook == nil {
		return &refusal{Cause: "No webhook is set up any more.", Err: errors.New("no webhook")}
	}
	body, err := f.body()
	if err != nil {
		return err
	}
	return b.NoticeHook.post(ctx, n.ID, b.now(), body)
}

// noticeFacts reads what a notice says. Each try has a link of its own, for only its hash is kept.
func (b *Bridge) noticeFacts(ctx context.Context, n store.Notice) (noticeFacts, error) {
	conn, err := b.Store.Connection(ctx, n.ConnectionID)
	if err != nil {
		return noticeFacts{}, fmt.Errorf("read connection: %w", err)
	}
	waiting, err := b.Waiting(ctx, conn.ID)
	if err != nil {
		return noticeFacts{}, err
	}
	link, err := b.ReconnectLink(ctx, conn)
	if err != nil {
		return noticeFacts{}, err
	}
	return noticeFacts{ID: n.ID, Conn: conn, Zone: b.zoneOf(conn), Waiting: waiting.Events + waiting.Contacts, Link: link, BaseURL: b.BaseURL, Now: b.now()}, nil
}

// zoneOf is the customer's time zone, Wise Agent's where it is not known.
func (b *Bridge) zoneOf(conn store.Connection) *time.Location {
	if zone, err := time.LoadLocation(conn.TimeZone); conn.TimeZone != "" && err == nil {
		return zone
	}
	return b.wiseZone()
}
