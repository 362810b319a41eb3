package bridge

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"addtomojo/mojo"
	"addtomojo/store"
	"addtomojo/wiseagent"

	"golang.org/x/sync/errgroup"
)

// A push is sent by a line of four stations that work side by side:
//
//	gather  contacts and notes from Wise Agent, in order     ─▶ batches
//	mark    "these are about to be sent", on disk            ─▶ batches
//	send    one bulk create at a time, doubles moved         ─▶ results
//	keep    results and links, on disk
//
// so that while one batch is at Mojo, the next one is fetched and marked and the last one's results are
// written. A crash loses nothing: a marked contact is sent again, Mojo knows it by its api_contact_id, and
// what the crash left in doubt is told from what Mojo says then.

// pushPatience is for how long a push goes on trying in vain, as its waits add up. Batches that come through start it afresh.
const pushPatience = 24 * time.Hour

// grace is how long a request that is at Mojo may take to come back when the work is being stopped: Mojo locks the account
// for a while after one that broke off.
const grace = 8 * time.Second

// rowsAtOnce is how many of a push's rows are read at once.
const rowsAtOnce = 500

// stay is up to which wait a worker stays with its push; longer ones are left to the sweep.
const stay = 5 * time.Second

// pusher sends one push.
type pusher struct {
	b     *Bridge
	conn  store.Connection
	push  store.Push
	from  *selection
	size  *batchSize
	first precedence
	kept  chan struct{}   // closed when no more results are written
	going context.Context // ends when the customer stops the push
	halt  func()          // ends it
	// groupSeen is set while it is known that the group is there.
	groupSeen bool
	// moveRefused is set once the host turned out not to have bulk_update.
	moveRefused bool
	waited      time.Duration // for edits, see editsFirst
	// others are contacts in Mojo beside those that the links hold, by ClientID; nil before they are read.
	others map[string][]int64
	// marked are the positions that this run was the first to mark; away those that were in a request, and that Mojo didn't refuse.
	marked []int
	away   map[int]bool
	ahead  ahead
}

// item is one contact on its way.
type item struct {
	row       store.PushContact
	over      bool // not to be sent: the row says why
	contact   mojo.Contact
	known     bool       // linked before this push
	linked    store.Link // if it was
	notesSent int64      // highest note id after this push
	seen      store.Snapshot
	readAt    time.Time // or a little earlier: when Wise Agent was asked for it
	hurried   bool      // its edits were
}

// doPush works on a push until it ends or has to wait, and stores how it stands.
func (b *Bridge) doPush(ctx context.Context, conn store.Connection, push store.Push) error {
	defer b.watchers.tell(push.ID)
	push, err := b.Store.TakePush(ctx, push.ID, b.now())
	switch {
	case errors.Is(err, store.ErrStale):
		return nil // stopped meanwhile
	case err != nil:
		return fmt.Errorf("take push: %w", err)
	}
	b.watchers.tell(push.ID)
	switch {
	case push.State == store.PushUndoing:
		return b.settle(ctx, push, store.PushUndone, b.undo(ctx, conn, push))
	case !push.StopAskedAt.IsZero(): // by somebody who worked on it before
		return b.endStop(ctx, push)
	}
	p := &pusher{b: b, conn: conn, push: push, away: make(map[int]bool), size: b.sizes.of(conn.ID, b.batchSize())}
	return b.settle(ctx, push, store.PushDone, p.run(ctx))
}

// settle stores what comes next: the end, a wait, or a pause until somebody signs in.
func (b *Bridge) settle(ctx context.Context, push store.Push, end store.PushState, err error) error {
	var stop *stopError
	after, again := transient(err)
	switch {
	case errors.Is(err, store.ErrStale):
		return nil // stopped by a reset meanwhile
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, store.ErrStopAsked):
		return b.endStop(ctx, push)
	case err == nil:
		b.log().Info("push ends", "push", push.ID, "state", end)
		b.wakeMail(push.ConnectionID) // the links are to be kept in Wise Agent too
		return b.setPush(ctx, push, end, "", 0, b.now())
	case errors.As(err, &stop):
		b.log().Info("push stops", "push", push.ID, "why", stop.why)
		return b.setPush(ctx, push, store.PushStopped, stop.cause, 0, b.now())
	case errors.Is(err, wiseagent.ErrScope):
		return b.setPush(ctx, push, store.PushStopped, scopeGone, 0, b.now())
	case errors.Is(err, ErrNeedsSignIn):
		return b.setPush(ctx, push, store.PushPaused, "", push.Attempts, b.now())
	case !again && !refusedToken(err):
		b.log().Error("push", "push", push.ID, "err", err)
	}
	return b.waitPush(ctx, push, after, err)
}

// endStop stores that a push has stopped as its customer wants.
func (b *Bridge) endStop(ctx context.Context, push store.Push) error {
	b.log().Info("push stops", "push", push.ID, "why", customerStops)
	return b.stored(push, store.PushStopped, b.Store.EndStop(ctx, push.ID, b.now()))
}

// scopeGone is the cause of a push that Wise Agent no longer gives contacts for.
const scopeGone = "Wise Agent no longer lets us read your contacts. Open Add to Mojo once more and allow Profile and Contacts."

// waitPush puts a push off, or gives it up.
func (b *Bridge) waitPush(ctx context.Context, push store.Push, after time.Duration, why error) error {
	now, err := b.Store.Push(ctx, push.ID) // progress has set the attempts back
	if err != nil {
		return fmt.Errorf("read push: %w", err)
	}
	if now.State == store.PushSending && !now.StopAskedAt.IsZero() {
		return b.endStop(ctx, push)
	}
	attempts := now.Attempts + 1
	b.log().Info("push waits", "push", push.ID, "attempts", attempts, "err", why)
	if b.triedFor(attempts) >= pushPatience {
		return b.setPush(ctx, push, store.PushStopped, gaveUp(why, push.State), 0, b.now())
	}
	wait := max(b.pushWait(attempts), after)
	state := store.PushSending
	if push.State == store.PushUndoing {
		state = store.PushUndoing
	}
	if err := b.setPush(ctx, push, state, trouble(why), attempts, b.now().Add(wait)); err != nil {
		return err
	}
	if wait <= stay { // the customer looks on
		return sleep(ctx, wait)
	}
	return nil
}

// triedFor is how long a push has been trying in vain, as the waits before this attempt add up.
func (b *Bridge) triedFor(attempts int) (sum time.Duration) {
	for n := 1; n < attempts && sum < pushPatience; n++ {
		sum += b.pushWait(n)
	}
	return sum
}

// keepTrying ends what a person reads of trouble, as long as it is true.
const keepTrying = " We keep trying; nothing is lost."

// trouble says in plain words what a push waits for.
func trouble(err error) string {
	if errors.Is(err, errFreshRefused) {
		return string(troubleAt(err)) + " renews our access and refuses it all the same." + keepTrying
	}
	if p := troubleAt(err); p != "" {
		return string(p) + " isn't answering as it should." + keepTrying
	}
	return "Something went wrong on our side." + keepTrying
}

// gaveUp says why a push in a state is no longer tried.
func gaveUp(err error, state store.PushState) string {
	what, button := "Something went wrong on our side, again and again for a day.", "Retry"
	if p := troubleAt(err); p != "" {
		what = string(p) + " wasn't answering as it should, for a day."
	}
	if state == store.PushUndoing {
		button = "Undo"
	}
	return what + " We stopped trying; press " + button + " to go on."
}

// troubleAt is the partner that an error comes from, "" when it is our own.
func troubleAt(err error) Partner {
	var (
		wd *wiseagent.DoubtError
		wu *wiseagent.UnreachableError
		wb *wiseagent.BackOffError
		wr *wiseagent.RefusedError
	)
	var dn *DownError
	if errors.As(err, &dn) {
		return dn.Partner
	}
	if errors.As(err, &wd) || errors.As(err, &wu) || errors.As(err, &wb) || errors.As(err, &wr) || errors.Is(err, wiseagent.ErrToken) {
		return WiseAgent
	}
	var refused *mojo.RefusedError
	if _, again := transient(err); again || errors.As(err, &refused) || errors.Is(err, mojo.ErrToken) {
		return MojoName
	}
	return ""
}

func refusedToken(err error) bool {
	return errors.Is(err, mojo.ErrToken) || errors.Is(err, wiseagent.ErrToken)
}

func (b *Bridge) setPush(ctx context.Context, push store.Push, state store.PushState, cause string, attempts int, next time.Time) error {
	return b.stored(push, state, b.Store.SetPush(ctx, push.ID, state, cause, attempts, next, b.now()))
}

// stored tells everybody of a push's new state, unless storing it failed. A push that is at its end already stays there.
func (b *Bridge) stored(push store.Push, state store.PushState, err error) error {
	if err != nil && !errors.Is(err, store.ErrStale) {
		return fmt.Errorf("store state of push: %w", err)
	}
	if err == nil && ended(state) {
		b.meter().PushEnded(state)
	}
	b.watchers.tell(push.ID)
	return nil
}

// stopError ends a push: nothing but a person can help. The cause is for that person, and may hold a partner's own words;
// why is for the log.
type stopError struct{ why, cause string }

func (e *stopError) Error() string { return "push can't go on: " + e.why }

// run sends what is not sent yet.
func (p *pusher) run(ctx context.Context) (err error) {
	if p.from, err = p.selection(ctx); err != nil {
		return err
	}
	defer func() {
		p.b.prefetches.release(p.from, err != nil && !p.from.failed() || p.from.key == p.push.LaunchID)
	}()
	p.kept = make(chan struct{})
	defer func() {
		if err != nil && !errors.Is(context.Cause(ctx), errLeaseLost) { // else somebody else may be at work on the push already
			err = errors.Join(err, p.unmark(context.WithoutCancel(ctx)))
		}
	}()
	line, at := errgroup.WithContext(ctx)
	going, halt := context.WithCancelCause(at)
	p.going, p.halt = going, func() { halt(store.ErrStopAsked) }
	var watch sync.WaitGroup
	watch.Go(func() { p.watchStop(at) })
	gathered, marked, sent := make(chan []item, 1), make(chan []item, 1), make(chan store.PushMarks, 1)
	line.Go(func() error { defer close(gathered); return p.gatherUntilStop(at, gathered) })
	line.Go(func() error { defer close(marked); return p.mark(at, gathered, marked) })
	line.Go(func() error { defer close(sent); return p.sendAll(at, marked, sent) })
	line.Go(func() error { defer close(p.kept); return p.keep(at, sent) })
	err = line.Wait()
	watch.Wait()
	switch {
	case err != nil:
		return err
	case errors.Is(context.Cause(going), store.ErrStopAsked):
		return p.stoppedShort(ctx)
	}
	return p.flagAll(ctx)
}

// selection is the launch's own when it is still at hand, so that nothing is fetched twice. After a Retry it is not: the
// customer may have corrected what Mojo refused.
func (p *pusher) selection(ctx context.Context) (*selection, error) {
	if p.push.Run == 1 {
		if s := p.b.selectionFor(p.conn, p.push.LaunchID); s != nil && p.b.prefetches.hold(s) {
			return s, nil
		}
	}
	rows, err := p.unsent(ctx, -1, MaxSelected)
	if err != nil {
		return nil, err
	}
	key := fmt.Sprintf("push %s run %d", p.push.ID, p.push.Run)
	for {
		if s := p.b.selectionOf(ctx, p.conn, key, clientIDs(rows), p.b.fill); p.b.prefetches.hold(s) {
			return s, nil
		}
	}
}

// unsent reads the contacts after a position that are not through.
func (p *pusher) unsent(ctx context.Context, after, limit int) ([]store.PushContact, error) {
	rows, err := p.b.Store.PushContacts(ctx, p.push.ID,
		[]store.ContactState{store.ContactWaiting, store.ContactCreating, store.ContactMoving}, after, limit)
	if err != nil {
		return nil, fmt.Errorf("read push: %w", err)
	}
	return rows, nil
}

func clientIDs(rows []store.PushContact) []string {
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.ClientID
	}
	return ids
}
