package bridge

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"addtomojo/store"
	"addtomojo/wiseagent"
)

const (
	// mailAtOnce is how many deliveries of one connection, of as many contacts, are at Wise Agent side by side.
	mailAtOnce = 8
	// mailUnstored is how many more there may be whose outcome is being stored: the next ones set off meanwhile, so that neither side
	// waits for the other, and more outcomes share a commit.
	mailUnstored = 24
	// mailAhead is how many deliveries are read ahead of those at work.
	mailAhead = 64
	// linksLast is how long links that were read ahead may be used.
	linksLast = 2 * time.Second
	// mailLinger is how long a worker without deliveries stays: the next call of a dialing session then finds it ready.
	mailLinger = 5 * time.Second
	// finishEvery is after what wait an outcome is stored again that the database didn't take.
	finishEvery = time.Second
	// deliveryPatience is how long a delivery is tried before it needs a person.
	deliveryPatience = 7 * 24 * time.Hour
)

// deliveryWaits are the waits after each failed try of a delivery, the last one repeated. Each is up to a fifth longer or
// shorter, so that what failed together does not come back together.
var deliveryWaits = []time.Duration{
	5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute,
	2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 12 * time.Hour,
}

func deliveryWait(attempt int) time.Duration {
	wait := deliveryWaits[min(attempt, len(deliveryWaits))-1]
	return time.Duration(float64(wait) * (0.8 + 0.4*rand.Float64()))
}

// round delivers what waits for one connection: each contact's oldest first, contacts side by side.
type round struct {
	b       *Bridge
	conn    store.Connection
	breaker *breaker

	all    bool            // everything is to be looked at
	fresh  map[string]bool // contacts to look at
	ready  []store.Due     // read ahead
	readAt time.Time       // ahead
	busy   map[string]bool // contacts with a delivery at work, or read ahead; true: they have more that waits
	work   chan *effect    // for the hands
	hands  int             // goroutines that deliver
	calls  int             // deliveries at Wise Agent, or on their way there
	called chan struct{}   // one has come back from there
	landed chan string     // its contact, when the outcome is stored
	flying sync.WaitGroup
	turns  turns
	asleep atomic.Bool // needs a sign-in
}

// deliver works until nothing was due for a while. w tells what is new.
func (b *Bridge) deliver(ctx context.Context, connID string, w *worker) error {
	conn, err := b.Store.Connection(ctx, connID)
	if err != nil {
		return fmt.Errorf("read connection: %w", err)
	}
	if resting, err := b.resting(ctx, conn); err != nil || resting {
		return err
	}
	most := b.mailAtOnce() + mailUnstored
	r := &round{
		b: b, conn: conn, breaker: b.breakers.of(connID), all: true, fresh: make(map[string]bool), busy: make(map[string]bool),
		work: make(chan *effect, most), called: make(chan struct{}, most), landed: make(chan string, most),
	}
	defer r.flying.Wait()
	return r.run(ctx, w)
}

// resting tells that nothing can be delivered for a connection. One that is ending needs Wise Agent's side alone.
func (b *Bridge) resting(ctx context.Context, conn store.Connection) (bool, error) {
	switch {
	case conn.State == store.StateReset:
		return true, nil
	case conn.State != store.StateNeedsSignIn:
		return false, nil
	case !conn.Ending():
		return true, nil
	}
	waits, err := b.canStillDeliver(ctx, conn.ID)
	return !waits, err
}

func (r *round) run(ctx context.Context, w *worker) error {
	defer close(r.work)
	linger := time.NewTimer(mailLinger)
	defer linger.Stop()
	due := time.NewTicker(sweepEvery) // retries become due by themselves
	defer due.Stop()
	for {
		if err := r.readAhead(ctx); err != nil {
			return err
		}
		r.start(ctx)
		if len(r.busy) > 0 {
			linger.Reset(mailLinger)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-w.poke:
			r.hear(w.news.take())
		case <-r.called:
			r.calls--
		case key := <-r.landed:
			r.free(key)
		case <-r.breaker.opens(r.b.now(), len(r.ready) > 0):
		case <-due.C:
			r.hear(true, nil)
			if err := r.lookAgain(ctx); err != nil {
				return err
			}
		case <-linger.C:
			if r.conn.Ending() {
				return nil
			}
			return r.b.idle(ctx, r.conn.ID)
		}
		r.gather()
		if r.asleep.Load() {
			return nil
		}
	}
}

// hear takes what is new: of contacts, by their keys, or anywhere.
func (r *round) hear(anywhere bool, contacts map[string]bool) {
	for key := range contacts {
		if _, busy := r.busy[key]; busy {
			r.busy[key] = true
		} else {
			r.fresh[key] = true
		}
	}
	if anywhere {
		for key := range r.busy {
			r.busy[key] = true
		}
	}
	if r.all = r.all || anywhere || len(r.fresh) > newsLimit; r.all {
		clear(r.fresh) // they are among all
	}
}

// free lets a contact's next event be looked for.
func (r *round) free(contactKey string) {
	if r.busy[contactKey] {
		r.fresh[contactKey] = true
	}
	delete(r.busy, contactKey)
}

// gather takes what else has come back by now: outcomes are stored in groups, and what is due is read once for all of a group.
func (r *round) gather() {
	for {
		select {
		case <-r.called:
			r.calls--
		case key := <-r.landed:
			r.free(key)
		default:
			return
		}
	}
}

// lookAgain reads the connection anew: the customer may have changed the time zone, allowed more, or ended it, and Mojo may need a
// sign-in.
func (r *round) lookAgain(ctx context.Context) error {
	conn, err := r.b.Store.Connection(ctx, r.conn.ID)
	if err != nil {
		return fmt.Errorf("read connection: %w", err)
	}
	if conn.Ending() && !r.conn.Ending() {
		r.breaker.hurry()
	}
	r.conn = conn
	resting, err := r.b.resting(ctx, conn)
	if resting {
		r.asleep.Store(true)
	}
	return err
}

// idle does what nobody waits for.
func (b *Bridge) idle(ctx context.Context, connID string) error {
	for !b.workers.busy(job{connID, pushing}) && b.breakers.of(connID).calm(b.now()) {
		more, err := b.keepCustoms(ctx, connID)
		if err != nil {
			if _, again := transient(err); again || errors.Is(err, ErrNeedsSignIn) || refusedToken(err) {
				return nil // another time
			}
			return err
		}
		if !more {
			return nil
		}
	}
	return nil
}

// readAhead reads the heads of contacts that nobody delivers for just now, once all that was read before is under way.
func (r *round) readAhead(ctx context.Context) error {
	for len(r.ready) == 0 && (r.all || len(r.fresh) > 0) {
		due, err := r.due(ctx)
		if err != nil {
			return fmt.Errorf("look for due deliveries: %w", err)
		}
		if len(due) == 0 {
			continue
		}
		if err := r.take(ctx, due); err != nil {
			return err
		}
	}
	return nil
}

// due reads what may be delivered of what is new.
func (r *round) due(ctx context.Context) ([]store.Due, error) {
	now := r.b.now()
	var keys []string
	if r.all {
		var err error
		if keys, err = r.b.Store.DueContacts(ctx, r.conn.ID, now, mailAhead, slices.Collect(maps.Keys(r.busy))); err != nil {
			return nil, err
		}
		r.all = len(keys) == mailAhead // there may be more
		clear(r.fresh)                 // among them: none may come twice
	}
	for key := range r.fresh {
		if len(keys) == mailAhead {
			break
		}
		keys = append(keys, key)
		delete(r.fresh, key)
	}
	if len(keys) == 0 {
		return nil, nil
	}
	var reading sync.WaitGroup // of the tokens, which the first call would wait for
	reading.Go(func() { r.b.recentTokens(ctx, r.conn.ID, store.Wise) })
	defer reading.Wait()
	r.readAt = now
	return r.b.Store.DueEvents(ctx, r.conn.ID, now, keys)
}

// take makes them the next to be delivered.
func (r *round) take(ctx context.Context, due []store.Due) error {
	var unclaimed []string
	for _, d := range due {
		if d.Event.ClaimedBy != r.b.owner() {
			unclaimed = append(unclaimed, d.Event.ID)
		}
		r.busy[d.Event.ContactKey()] = d.More
	}
	r.ready = due
	if len(unclaimed) == 0 {
		return nil
	}
	err := r.b.Store.ClaimEvents(ctx, unclaimed, r.b.owner())
	if !errors.Is(err, store.ErrStale) {
		return err
	}
	for _, d := range due { // one of them was settled meanwhile: all is read again
		delete(r.busy, d.Event.ContactKey())
	}
	r.ready, r.all = nil, true
	return nil
}

// linkAhead is the link of an event that was read ahead, for what only adds to a contact; nil when it must be read: what changes one
// must know it as it is now, and a while later it may be another.
func (r *round) linkAhead(d store.Due) *store.Link {
	if kind := d.Event.Type; kind != eventCall && kind != eventNoteMade || r.b.now().Sub(r.readAt) > linksLast {
		return nil
	}
	return d.Link
}

// start sets off as many deliveries as may be at work.
func (r *round) start(ctx context.Context) {
	for len(r.ready) > 0 && r.calls < r.b.mailAtOnce() && r.atWork() < cap(r.work) && r.breaker.pass(r.b.now()) {
		e := &effect{b: r.b, conn: r.conn, event: r.ready[0].Event, known: r.linkAhead(r.ready[0]), turns: &r.turns}
		r.ready = r.ready[1:]
		r.calls++
		r.work <- e // never waits: there is room for all that may be at work
		if r.hands < r.atWork() {
			r.hands++
			r.flying.Go(func() { r.hand(ctx) })
		}
	}
}

// atWork is how many deliveries are at Wise Agent, or have an outcome that isn't stored yet.
func (r *round) atWork() int { return len(r.busy) - len(r.ready) }

// hand delivers one event after the other. A goroutine of its own for each would grow its stack each time, which took a tenth of a
// delivery.
func (r *round) hand(ctx context.Context) {
	for e := range r.work {
		r.one(ctx, e)
		r.landed <- e.event.ContactKey()
	}
}

// one delivers an event and stores what came of it, even when the work is being stopped.
func (r *round) one(ctx context.Context, e *effect) {
	e.look = e.event.Doubt || e.event.ClaimedBy != "" && e.event.ClaimedBy != r.b.owner() || r.b.unstored.has(e.event.ID)
	e.out = store.Outcome{EventID: e.event.ID, Owner: r.b.owner()}
	r.settle(e, e.apply(ctx))
	if e.over != nil {
		defer e.over()
	}
	r.called <- struct{}{} // never waits, nor does landed: they have room for all that may be at work
	if r.finish(ctx, e.out) {
		e.measure()
	}
	r.b.watchers.tell(e.event.ID)
}

// finish stores an outcome. Without a database it tries on: until then nobody here delivers the event again. When it has to give
// up, the event is looked for before it is written again. It tells whether the outcome counts.
func (r *round) finish(ctx context.Context, out store.Outcome) bool {
	for {
		err := r.b.Store.FinishEvent(context.WithoutCancel(ctx), out)
		if err == nil || errors.Is(err, store.ErrStale) || errors.Is(err, store.ErrNotFound) {
			r.b.unstored.drop(out.EventID)
			return err == nil
		}
		r.b.log().Error("store delivery", "event", out.EventID, "err", err)
		r.b.unstored.add(out.EventID)
		if sleep(ctx, finishEvery) != nil {
			return false
		}
	}
}

// settle turns how a try ended into the outcome.
func (r *round) settle(e *effect, err error) {
	now := r.b.now()
	e.out.At = now
	e.learnGone(err)
	var excluded *excludedError
	var person *needsYouError
	var wait *waitError
	after, again := transient(err)
	switch {
	case err == nil:
		e.out.State = store.EventWritten
	case errors.As(err, &excluded):
		e.out.State, e.out.Reason = store.EventExcluded, excluded.reason
	case errors.As(err, &person):
		e.out.State, e.out.Reason, e.out.Doubt = store.EventNeedsYou, person.reason, e.look
	case errors.As(err, &wait):
		e.out.State, e.out.Reason, e.out.Attempts = store.EventWaiting, wait.reason, e.event.Attempts
		e.out.NextAt, e.out.Doubt = now.Add(wait.after), e.look
	case errors.Is(err, ErrNeedsSignIn):
		r.asleep.Store(true)
		e.out.State, e.out.Reason, e.out.NextAt, e.out.Doubt = store.EventWaiting, "Waits until you sign in again.", now, e.look
		r.breaker.untold()
		return
	case again || refusedToken(err) || errors.Is(err, context.Canceled):
		r.again(e, err, after)
		return
	default:
		reason := refusalReason(err)
		// A look that was refused found out nothing: a Retry looks again.
		e.out.State, e.out.Reason, e.out.Doubt = store.EventNeedsYou, standing(err)+reason, e.look
		if reason == "" { // nothing of Wise Agent's: our own trouble passes
			r.b.log().Error("deliver", "event", e.event.ID, "type", e.event.Type, "err", err)
			r.again(e, err, 0)
			return
		}
	}
	if !e.answered {
		r.breaker.untold()
		return
	}
	if !r.breaker.fine() {
		return
	}
	r.b.log().Info("Wise Agent answers again", "connection", e.conn.ID)
	if err := r.b.Store.ResumeEvents(context.Background(), e.conn.ID, now); err != nil {
		r.b.log().Error("resume deliveries", "connection", e.conn.ID, "err", err)
		return
	}
	r.b.wakeMail(e.conn.ID)
}

// again lets the event wait for its next try.
func (r *round) again(e *effect, err error, after time.Duration) {
	now := r.b.now()
	e.out.State, e.out.Attempts = store.EventWaiting, e.event.Attempts+1
	e.out.Doubt = e.look || inDoubt(err)
	e.out.Reason = standing(err) + trouble(err)
	e.out.NextAt = now.Add(max(deliveryWait(e.out.Attempts), after))
	switch {
	case errors.Is(err, context.Canceled): // stopped, not failed
		e.out.Attempts, e.out.NextAt = e.event.Attempts, now
		r.breaker.untold()
		return
	case errors.Is(err, errHeld):
		e.out.Attempts, e.out.NextAt = e.event.Attempts, now.Add(after)
		r.breaker.untold()
		return
	}
	r.breaker.trouble(now)
	if now.Sub(e.event.ReceivedAt) > deliveryPatience && e.out.Attempts > len(deliveryWaits) {
		e.out.State, e.out.Reason = store.EventNeedsYou, strings.TrimSuffix(e.out.Reason, keepTrying)+" We tried for a week."
	}
	r.b.log().Info("delivery waits", "event", e.event.ID, "connection", e.conn.ID, "attempts", e.out.Attempts, "err", err)
}

// inDoubt tells whether a write may have happened although no clear answer came.
func inDoubt(err error) bool {
	var doubt *wiseagent.DoubtError
	return errors.As(err, &doubt) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// refusalReason says in plain words why Wise Agent won't take it, "" when the error isn't a refusal.
func refusalReason(err error) string {
	var refused *wiseagent.RefusedError
	switch {
	case errors.Is(err, wiseagent.ErrUnknownContact):
		return contactGone
	case errors.Is(err, wiseagent.ErrScope):
		return "You didn't allow Contacts in Wise Agent. Continue with Wise Agent and allow it."
	case errors.Is(err, wiseagent.ErrLocked):
		return "The note is locked in Wise Agent."
	case errors.As(err, &refused):
		return "Wise Agent refused this: " + printable(refused.Text)
	}
	return ""
}

// events are ids of events.
type events struct{ byID sync.Map }

func (s *events) add(id string)      { s.byID.Store(id, nil) }
func (s *events) drop(id string)     { s.byID.Delete(id) }
func (s *events) has(id string) bool { _, ok := s.byID.Load(id); return ok }
