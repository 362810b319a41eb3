package bridge

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptrace"
	"slices"
	"strings"
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
	kept  chan struct{} // closed when no more results are written
	// groupSeen is set while it is known that the group is there.
	groupSeen bool
	// moveRefused is set once the host turned out not to have bulk_update.
	moveRefused bool
	waited      time.Duration // for edits, see editsFirst
	// marked are the positions that this run was the first to mark; away those that were in a request, and that Mojo didn't refuse.
	marked []int
	away   map[int]bool
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
	if push.State == store.PushUndoing {
		return b.settle(ctx, push, store.PushUndone, b.undo(ctx, conn, push))
	}
	if push.State == store.PushWaiting {
		if err := b.setPush(ctx, push, store.PushSending, push.Cause, push.Attempts, b.now()); err != nil {
			return err
		}
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

// scopeGone is the cause of a push that Wise Agent no longer gives contacts for.
const scopeGone = "Wise Agent no longer lets us read your contacts. Open Add to Mojo once more and allow Profile and Contacts."

// waitPush puts a push off, or gives it up.
func (b *Bridge) waitPush(ctx context.Context, push store.Push, after time.Duration, why error) error {
	now, err := b.Store.Push(ctx, push.ID) // progress has set the attempts back
	if err != nil {
		return fmt.Errorf("read push: %w", err)
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

// trouble says in plain words what a push waits for.
func trouble(err error) string {
	if errors.Is(err, errFreshRefused) {
		return string(troubleAt(err)) + " renews our access and refuses it all the same. We keep trying; nothing is lost."
	}
	if p := troubleAt(err); p != "" {
		return string(p) + " isn't answering as it should. We keep trying; nothing is lost."
	}
	return "Something went wrong on our side. We keep trying; nothing is lost."
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
	err := b.Store.SetPush(ctx, push.ID, state, cause, attempts, next, b.now())
	if err != nil && !errors.Is(err, store.ErrStale) {
		return fmt.Errorf("store state of push: %w", err)
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
		if err != nil && ctx.Err() == nil { // else somebody else may be at work on the push already
			err = errors.Join(err, p.unmark(ctx))
		}
	}()
	line, at := errgroup.WithContext(ctx)
	gathered, marked, sent := make(chan []item, 1), make(chan []item, 1), make(chan store.PushMarks, 1)
	line.Go(func() error { defer close(gathered); return p.gather(at, gathered) })
	line.Go(func() error { defer close(marked); return p.mark(at, gathered, marked) })
	line.Go(func() error { defer close(sent); return p.sendAll(at, marked, sent) })
	line.Go(func() error { defer close(p.kept); return p.keep(at, sent) })
	return line.Wait()
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

// gather makes batches of contacts with their notes, in the order of the selection.
func (p *pusher) gather(ctx context.Context, out chan<- []item) error {
	ready := make(chan (<-chan made), 2*p.b.batchSize()) // contacts ahead of the batch that is being made
	fetch, ctx := errgroup.WithContext(ctx)
	fetch.Go(func() error { defer close(ready); return p.makeItems(ctx, ready) })
	fetch.Go(func() error {
		var batch []item
		for slot := range ready {
			one := <-slot
			if one.err != nil {
				return one.err
			}
			if batch = append(batch, one.item); len(batch) >= p.size.get() {
				if !send(ctx, out, batch) {
					return nil
				}
				batch = nil
			}
		}
		if len(batch) > 0 {
			send(ctx, out, batch)
		}
		return nil
	})
	return fetch.Wait()
}

// made is an item, or why it couldn't be made.
type made struct {
	item
	err error
}

// makeItems makes items side by side, in order. The push is read page by page, so that the first batch needn't wait for
// the last contact's row.
func (p *pusher) makeItems(ctx context.Context, out chan<- <-chan made) error {
	var side sync.WaitGroup
	defer side.Wait()
	room := make(chan struct{}, 4*callsAtOnce)
	for after := -1; ; {
		rows, err := p.unsent(ctx, after, rowsAtOnce)
		if err != nil || len(rows) == 0 {
			return err
		}
		links, err := p.b.Store.Links(ctx, p.conn.ID, clientIDs(rows))
		if err != nil {
			return fmt.Errorf("read links: %w", err)
		}
		for _, row := range rows {
			slot := make(chan made, 1)
			if !send(ctx, room, struct{}{}) || !send(ctx, out, (<-chan made)(slot)) {
				return nil
			}
			side.Go(func() {
				defer func() { <-room }()
				link, known := links[row.ClientID]
				it, err := p.item(ctx, row, link, known)
				slot <- made{it, err}
			})
		}
		after = rows[len(rows)-1].Position
	}
}

// send puts v on a channel unless ctx ends first.
func send[T any](ctx context.Context, out chan<- T, v T) bool {
	select {
	case out <- v:
		return true
	case <-ctx.Done():
		return false
	}
}

// item fetches one contact and its new notes and makes it Mojo's.
func (p *pusher) item(ctx context.Context, row store.PushContact, link store.Link, known bool) (item, error) {
	f, err := p.from.contact(ctx, row.ClientID)
	if err == nil && f.unread { // a while ago, perhaps
		f, err = p.b.readContact(ctx, p.from, row.ClientID)
	}
	if err != nil {
		return item{}, err
	}
	if !f.unread {
		row.Name = personName(f, row.ClientID)
	}
	if over, ok := p.leftOut(row, f); ok {
		return over, nil
	}
	notes, err := p.b.notes(ctx, p.from, row.ClientID)
	switch {
	case err != nil && p.b.onlyThis(ctx, p.from, askNotes, err):
		return leftOut(row, store.ContactFailed, failNotes), nil
	case err != nil:
		return item{}, err
	}
	p.from.dropNotes(row.ClientID)
	fresh, highest := newNotes(notes, link.NotesSent)
	out := outgoing(f.contact, f.phones, fresh, p.push.GroupID, known)
	it := item{row: row, contact: out, known: known, linked: link, notesSent: highest, seen: snapshotOf(f.contact), readAt: p.from.started}
	if known {
		it.seen.SeenAt = it.readAt
	}
	return it, nil
}

// leftOut is the contact as one that is not sent, if it must not be.
func (p *pusher) leftOut(row store.PushContact, f fetched) (over item, ok bool) {
	if f.unread {
		return leftOut(row, store.ContactFailed, failUnread), true
	}
	why := p.b.refusal(f, p.push.IncludeDoNotCall)
	return leftOut(row, store.ContactSkipped, why), why != ""
}

// Why a contact fails that Wise Agent doesn't give, though it gives others.
const (
	failUnread = "Wise Agent doesn't give us this contact."
	failNotes  = "Wise Agent doesn't give us this contact's notes."
)

// leftOut is a contact that is not sent.
func leftOut(row store.PushContact, state store.ContactState, why string) item {
	row.State, row.Reason = state, why
	return item{row: row, over: true}
}

// mark writes down, before a batch goes out, that it is about to: what a crash leaves is then known to be in
// doubt. A batch that was in doubt already keeps its mark.
func (p *pusher) mark(ctx context.Context, in <-chan []item, out chan<- []item) error {
	for batch := range in {
		var positions []int
		for _, it := range batch {
			if !it.over && it.row.State == store.ContactWaiting {
				positions = append(positions, it.row.Position)
			}
		}
		if len(positions) > 0 {
			p.marked = append(p.marked, positions...) // before: a commit may come through whose answer doesn't
			marks := store.PushMarks{Doubt: store.ContactCreating, Positions: positions}
			if err := p.b.Store.MarkPush(ctx, p.push.ID, marks); err != nil {
				return fmt.Errorf("mark batch: %w", err)
			}
		}
		if !send(ctx, out, batch) {
			return ctx.Err()
		}
		p.first.standAside()
	}
	return nil
}

// unmark takes the marks off again of contacts that were never sent, or that Mojo clearly refused, when the line comes to a stop:
// they are in no doubt, and nobody should be told that they are.
func (p *pusher) unmark(ctx context.Context) error {
	here := slices.DeleteFunc(p.marked, func(position int) bool { return p.away[position] })
	if len(here) == 0 {
		return nil
	}
	err := p.b.Store.MarkPush(ctx, p.push.ID, store.PushMarks{Doubt: store.ContactWaiting, Positions: here})
	if err != nil {
		return fmt.Errorf("unmark batch: %w", err)
	}
	return nil
}

// keep writes the results of each batch, in one transaction each.
func (p *pusher) keep(ctx context.Context, in <-chan store.PushMarks) error {
	ctx = context.WithoutCancel(ctx) // the batch is at Mojo already: its results count even when the push is being stopped
	troubled := p.push.Cause != "" || p.push.Attempts > 0
	for marks := range in {
		p.first.standAside()
		var cleared error
		if troubled && len(marks.Links) > 0 { // contacts came through: whoever was in trouble answers again
			cleared = p.b.setPush(ctx, p.push, store.PushSending, "", 0, p.b.now())
			troubled = false
		}
		if err := errors.Join(p.b.Store.MarkPush(ctx, p.push.ID, marks), cleared); err != nil {
			return fmt.Errorf("keep results: %w", err)
		}
		p.b.watchers.tell(p.push.ID)
	}
	return nil
}

// sendAll sends one batch after the other.
func (p *pusher) sendAll(ctx context.Context, in <-chan []item, out chan<- store.PushMarks) error {
	defer p.first.yield()
	for batch := range in {
		var marks store.PushMarks
		var going []item
		for _, it := range batch {
			if it.over {
				marks.Results = append(marks.Results, it.row)
			} else {
				going = append(going, it)
			}
		}
		err := p.sendBatch(ctx, going, &marks)
		if len(in) > 0 {
			p.first.claim()
		}
		if len(marks.Results) > 0 {
			select {
			case out <- marks:
			case <-p.kept: // its own error ends the push
				return nil
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ended is the contact's row with its final state.
func (it item) ended(state store.ContactState, reason string) store.PushContact {
	row := it.row
	row.State, row.Reason = state, reason
	return row
}

// sendBatch creates the contacts of one batch in Mojo, in as many requests as it takes, and moves those that
// were there already into the group.
func (p *pusher) sendBatch(ctx context.Context, batch []item, marks *store.PushMarks) error {
	p.groupSeen = false
	for part := range slices.Chunk(batch, p.size.get()) {
		if err := p.sendPart(ctx, part, marks); err != nil {
			return err
		}
	}
	return nil
}

func (p *pusher) sendPart(ctx context.Context, part []item, marks *store.PushMarks) error {
	part, err := p.editsFirst(ctx, part, marks)
	if err != nil || len(part) == 0 {
		return err
	}
	result, err := p.bulk(ctx, part, (*mojo.API).BulkCreate)
	var refused *mojo.RefusedError
	switch {
	case err == nil, errors.Is(err, mojo.ErrIncomplete):
		return p.created(ctx, part, result, marks)
	case errors.Is(err, mojo.ErrTooLarge):
		return p.tooLarge(ctx, part, marks, p.sendPart)
	case errors.As(err, &refused):
		named, rest := accounted(part, result)
		if err := p.created(ctx, named, result, marks); err != nil {
			return err
		}
		return p.refusedPart(ctx, rest, refused, marks, p.sendPart)
	}
	return err
}

// accounted parts the contacts that an answer names from those that it says nothing of.
func accounted(part []item, result mojo.BulkResult) (named, rest []item) {
	ids := contactIDs(result)
	for _, it := range part {
		key := it.contact.APIContactID
		if _, ok := ids[key]; ok || slices.Contains(result.Duplicated, key) ||
			slices.Contains(result.NotFound, key) || slices.Contains(result.AlreadyInGroup, key) {
			named = append(named, it)
		} else {
			rest = append(rest, it)
		}
	}
	return named, rest
}

// created notes what Mojo created and moves what it had already into the group.
func (p *pusher) created(ctx context.Context, part []item, result mojo.BulkResult, marks *store.PushMarks) error {
	ids := contactIDs(result)
	var double []item
	for _, it := range part {
		key := it.contact.APIContactID
		id, ok := ids[key]
		switch {
		case slices.Contains(result.Duplicated, key):
			double = append(double, it)
		case ok:
			marks.Results = append(marks.Results, it.landed(store.ContactAdded, id, true))
			marks.Links = append(marks.Links, it.link(id, p.b.now()))
			marks.Snapshots = append(marks.Snapshots, it.saw(p.b.now()))
		default:
			marks.Results = append(marks.Results, it.doubtful(store.ContactCreating))
		}
	}
	if len(double) == 0 {
		return nil
	}
	return p.move(ctx, double, marks)
}

// doubtful is a contact that a clear answer of Mojo leaves out. What was being done is kept for a Retry.
func (it item) doubtful(doubt store.ContactState) store.PushContact {
	row := it.ended(store.ContactFailed, "Mojo didn't say what became of this contact.")
	if it.row.State == store.ContactCreating { // in doubt from before
		doubt = store.ContactCreating
	}
	row.Doubt = doubt
	return row
}

// contactIDs are Mojo's own ids of the contacts of an answer.
func contactIDs(result mojo.BulkResult) map[string]int64 {
	ids := make(map[string]int64, len(result.Created))
	for _, c := range result.Created {
		ids[c.APIContactID] = c.ContactID
	}
	return ids
}

func (it item) landed(state store.ContactState, mojoID int64, putIn bool) store.PushContact {
	row := it.ended(state, "")
	row.MojoContactID, row.PutIn = mojoID, putIn
	return row
}

func (it item) link(mojoID int64, now time.Time) store.Link {
	return store.Link{
		ClientID: it.row.ClientID, MojoContactID: mojoID, APIContactID: it.contact.APIContactID,
		NotesSent: it.notesSent, CreatedAt: now, PushedAt: now,
	}
}

// saw is what the push saw of the contact in Wise Agent. It says nothing about edits that came before now and are delivered later:
// what was changed in Wise Agent before them was changed without them.
func (it item) saw(now time.Time) store.Snapshot {
	for part, f := range it.seen.Fields {
		f.PushedAt = now.UnixMilli()
		it.seen.Fields[part] = f
	}
	return it.seen
}

// move puts contacts that Mojo had already into the group, with what is new of them.
func (p *pusher) move(ctx context.Context, double []item, marks *store.PushMarks) error {
	if p.moveRefused {
		p.notMoved(double, marks)
		return nil
	}
	if err := p.markMoving(ctx, double); err != nil {
		return err
	}
	double, err := p.editsFirst(ctx, double, marks) // somebody may have edited one just now
	if err != nil || len(double) == 0 {
		return err
	}
	result, err := p.bulk(ctx, double, (*mojo.API).BulkUpdate)
	var refused *mojo.RefusedError
	switch {
	case err == nil, errors.Is(err, mojo.ErrIncomplete):
		p.moved(double, result, marks)
		return nil
	case errors.Is(err, mojo.ErrNotAvailable):
		p.moveRefused = true
		p.notMoved(double, marks)
		return nil
	case errors.Is(err, mojo.ErrTooLarge):
		return p.tooLarge(ctx, double, marks, p.move)
	case errors.As(err, &refused):
		named, rest := accounted(double, result)
		p.moved(named, result, marks)
		return p.refusedPart(ctx, rest, refused, marks, p.move)
	}
	return err
}

// markMoving tells a crash that comes now from one during the creating.
func (p *pusher) markMoving(ctx context.Context, double []item) error {
	var positions []int
	for _, it := range double {
		if it.row.State != store.ContactCreating { // in doubt from before: what it knows stays
			positions = append(positions, it.row.Position)
		}
	}
	if len(positions) == 0 {
		return nil
	}
	err := p.b.Store.MarkPush(ctx, p.push.ID, store.PushMarks{Doubt: store.ContactMoving, Positions: positions})
	if err != nil {
		return fmt.Errorf("mark batch: %w", err)
	}
	return nil
}

// moved notes the result of a bulk update.
func (p *pusher) moved(double []item, result mojo.BulkResult, marks *store.PushMarks) {
	ids := contactIDs(result)
	for _, it := range double {
		key := it.contact.APIContactID
		id, ok := ids[key]
		switch {
		case slices.Contains(result.NotFound, key):
			marks.Results = append(marks.Results, it.ended(store.ContactFailed, "Was removed in Mojo just now."))
			continue
		case !ok && !slices.Contains(result.AlreadyInGroup, key):
			marks.Results = append(marks.Results, it.doubtful(store.ContactMoving))
			continue
		}
		state, putIn := p.ours(it, result)
		marks.Results = append(marks.Results, it.landed(state, id, putIn))
		marks.Links = append(marks.Links, it.link(id, p.b.now()))
		marks.Snapshots = append(marks.Snapshots, it.saw(p.b.now()))
	}
}

// ours tells whether a contact that Mojo had already was created by this very push before a crash or a lost
// answer (it was in doubt, had no link, and is in the group), and whether this push put it into the
// group. Where Mojo doesn't tell who was in the group before, undo leaves it alone.
func (p *pusher) ours(it item, result mojo.BulkResult) (state store.ContactState, putIn bool) {
	inGroup := slices.Contains(result.AlreadyInGroup, it.contact.APIContactID)
	if it.createdBefore() && (inGroup || result.AlreadyInGroup == nil) {
		return store.ContactAdded, true
	}
	return store.ContactUpdated, result.AlreadyInGroup != nil && !inGroup
}

// createdBefore tells of a contact that Mojo has whether an earlier try of this push created it.
func (it item) createdBefore() bool { return it.row.State == store.ContactCreating && !it.known }

// notMoved is the end of known contacts on a host without bulk_update. Their new notes were not sent.
func (p *pusher) notMoved(double []item, marks *store.PushMarks) {
	for _, it := range double {
		link := it.link(0, p.b.now())
		if it.createdBefore() {
			marks.Results = append(marks.Results, it.landed(store.ContactAdded, 0, true))
		} else {
			marks.Results = append(marks.Results, it.ended(store.ContactSkipped, "Already in Mojo, not moved: this Mojo account can't move contacts."))
			link.NotesSent = 0 // an earlier link knows better
		}
		marks.Links = append(marks.Links, link)
	}
}

// sending is sendPart or move.
type sending func(ctx context.Context, part []item, marks *store.PushMarks) error

// refusedPart finds out why a whole request was refused: the group is gone, or one of the contacts is not
// to Mojo's liking; then the others are sent without it.
func (p *pusher) refusedPart(ctx context.Context, part []item, refused *mojo.RefusedError, marks *store.PushMarks, again sending) error {
	if len(part) == 0 {
		return nil
	}
	for _, it := range part {
		delete(p.away, it.row.Position)
	}
	if err := p.groupThere(ctx); err != nil {
		return err
	}
	if len(part) == 1 {
		marks.Results = append(marks.Results, part[0].ended(store.ContactFailed, refusalText(refused)))
		return nil
	}
	return halves(ctx, part, marks, again)
}

// tooLarge sends what was too much for one request in smaller ones.
func (p *pusher) tooLarge(ctx context.Context, part []item, marks *store.PushMarks, again sending) error {
	if len(part) == 1 {
		marks.Results = append(marks.Results, part[0].ended(store.ContactFailed, "Too large for Mojo."))
		return nil
	}
	p.size.halve()
	return halves(ctx, part, marks, again)
}

func halves(ctx context.Context, part []item, marks *store.PushMarks, again sending) error {
	half := len(part) / 2
	if err := again(ctx, part[:half], marks); err != nil {
		return err
	}
	return again(ctx, part[half:], marks)
}

// groupThere stops the push when its group was deleted in Mojo meanwhile. It asks once for each batch.
func (p *pusher) groupThere(ctx context.Context) error {
	if p.groupSeen {
		return nil
	}
	there, err := p.b.groupThere(ctx, p.conn, p.push.GroupID)
	if err != nil {
		return err
	}
	if p.groupSeen = there; there {
		return nil
	}
	return &stopError{
		why:   "the group is gone",
		cause: fmt.Sprintf("The group %q is no longer in Mojo. Choose another group and send these contacts again.", p.push.GroupName),
	}
}

// groupThere asks Mojo whether a group is (still) there.
func (b *Bridge) groupThere(ctx context.Context, conn store.Connection, id int64) (bool, error) {
	groups, err := b.fetchGroups(ctx, conn)
	if err != nil {
		return false, err
	}
	if err := b.Store.SaveGroups(ctx, conn.ID, groups, b.now()); err != nil {
		return false, fmt.Errorf("save groups: %w", err)
	}
	return slices.ContainsFunc(groups, func(g store.Group) bool { return g.ID == id }), nil
}

func refusalText(refused *mojo.RefusedError) string {
	if text := strings.TrimSpace(printable(refused.Text)); text != "" {
		return "Mojo refused this contact: " + text
	}
	return "Mojo refused this contact without saying why."
}

// busyWaits are the waits while an earlier bulk create of the account still runs or has just broken off.
var busyWaits = []time.Duration{
	100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond,
	time.Second, time.Second, 2 * time.Second, 2 * time.Second, 3 * time.Second, 5 * time.Second,
}

// bulk makes one bulk request, waiting out the account's lock. The batch size learns from what happens.
func (p *pusher) bulk(ctx context.Context, items []item,
	call func(*mojo.API, context.Context, []mojo.Contact) (mojo.BulkResult, error)) (result mojo.BulkResult, err error) {
	contacts := make([]mojo.Contact, len(items))
	for i, it := range items {
		contacts[i] = it.contact
		p.away[it.row.Position] = true
	}
	defer p.first.yield()
	for try := 0; ; try++ {
		if ctx.Err() != nil {
			return result, ctx.Err()
		}
		if result, err = p.request(ctx, contacts, call); !errors.Is(err, mojo.ErrBusy) || try == len(busyWaits) {
			break
		}
		if err := sleep(ctx, busyWaits[try]); err != nil {
			return result, err
		}
	}
	if err == nil {
		p.size.grow()
	} else if timedOut(err) {
		p.size.halve()
	}
	return result, err
}

// request makes the request once. It outlives ctx a little.
func (p *pusher) request(ctx context.Context, contacts []mojo.Contact,
	call func(*mojo.API, context.Context, []mojo.Contact) (mojo.BulkResult, error)) (result mojo.BulkResult, err error) {
	ctx, cancel := lingering(ctx, grace)
	defer cancel()
	away := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteRequest: func(httptrace.WroteRequestInfo) { p.first.yield() },
	})
	err = p.b.withMojo(ctx, p.conn, func(api *mojo.API) (err error) {
		result, err = call(api, away, contacts)
		return err
	})
	return result, err
}

func timedOut(err error) bool {
	var slow interface{ Timeout() bool }
	return errors.As(err, &slow) && slow.Timeout()
}
