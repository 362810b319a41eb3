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

// pushPatience is how long a push goes on trying while a partner gives no clear answer.
const pushPatience = 24 * time.Hour

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
	size  batchSize
	first precedence
	// moveRefused is set once the host turned out not to have bulk_update.
	moveRefused bool
}

// item is one contact on its way.
type item struct {
	row       store.PushContact
	contact   mojo.Contact
	known     bool  // linked before this push
	notesSent int64 // highest note id after this push
	seen      store.Snapshot
	skip      string
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
	p := &pusher{b: b, conn: conn, push: push, size: batchSize{now: b.batchSize(), most: b.batchSize()}}
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
		b.log().Info("push stops", "push", push.ID, "cause", stop.cause)
		return b.setPush(ctx, push, store.PushStopped, stop.cause, 0, b.now())
	case errors.Is(err, ErrNeedsSignIn):
		return b.setPush(ctx, push, store.PushPaused, "", push.Attempts, b.now())
	case !again && !refusedToken(err):
		b.log().Error("push", "push", push.ID, "err", err)
	}
	return b.waitPush(ctx, push, after, err)
}

// waitPush puts a push off. Progress since the last wait starts the waits afresh.
func (b *Bridge) waitPush(ctx context.Context, push store.Push, after time.Duration, why error) error {
	now, err := b.Store.Push(ctx, push.ID)
	if err != nil {
		return fmt.Errorf("read push: %w", err)
	}
	attempts := now.Attempts + 1
	if b.now().Sub(push.CreatedAt) > pushPatience {
		return b.setPush(ctx, push, store.PushStopped, trouble(why)+" We stopped trying after a day; press Retry to go on.", 0, b.now())
	}
	wait := max(b.pushWait(attempts), after)
	state := store.PushSending
	if push.State == store.PushUndoing {
		state = store.PushUndoing
	}
	b.log().Info("push waits", "push", push.ID, "attempts", attempts, "wait", wait, "err", why)
	if err := b.setPush(ctx, push, state, trouble(why), attempts, b.now().Add(wait)); err != nil {
		return err
	}
	if wait <= stay { // the customer looks on
		return sleep(ctx, wait)
	}
	return nil
}

// trouble names in plain words whom a push waits for.
func trouble(err error) string {
	var (
		wd *wiseagent.DoubtError
		wu *wiseagent.UnreachableError
		wb *wiseagent.BackOffError
	)
	partner := MojoName
	if errors.As(err, &wd) || errors.As(err, &wu) || errors.As(err, &wb) || errors.Is(err, wiseagent.ErrToken) {
		partner = WiseAgent
	}
	return string(partner) + " isn't answering as it should. We keep trying; nothing is lost."
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

// stopError ends a push: nothing but a person can help.
type stopError struct{ cause string }

func (e *stopError) Error() string { return "push can't go on: " + e.cause }

// run sends what is not sent yet.
func (p *pusher) run(ctx context.Context) (err error) {
	if p.from, err = p.selection(ctx); err != nil {
		return err
	}
	line, ctx := errgroup.WithContext(ctx)
	gathered, marked, sent := make(chan []item, 1), make(chan []item, 1), make(chan store.PushMarks, 1)
	line.Go(func() error { defer close(gathered); return p.gather(ctx, gathered) })
	line.Go(func() error { defer close(marked); return p.mark(ctx, gathered, marked) })
	line.Go(func() error { defer close(sent); return p.sendAll(ctx, marked, sent) })
	line.Go(func() error { return p.keep(ctx, sent) })
	return line.Wait()
}

// selection is the launch's own when it is still at hand, so that nothing is fetched twice.
func (p *pusher) selection(ctx context.Context) (*selection, error) {
	if s := p.b.selectionFor(p.conn, p.push.LaunchID); s != nil {
		return s, nil
	}
	rows, err := p.unsent(ctx, -1, MaxSelected)
	if err != nil {
		return nil, err
	}
	return p.b.selectionOf(ctx, p.conn, "push "+p.push.ID, clientIDs(rows)), nil
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
	if err != nil {
		return item{}, err
	}
	row.Name = personName(f, row.ClientID)
	if why := p.b.refusal(f, p.push.IncludeDoNotCall); why != "" {
		return item{row: row, skip: why}, nil
	}
	notes, err := p.b.notes(ctx, p.from, row.ClientID)
	if err != nil {
		return item{}, err
	}
	p.from.dropNotes(row.ClientID)
	fresh, highest := newNotes(notes, link.NotesSent)
	out := outgoing(f.contact, f.phones, fresh, p.push.GroupID, known)
	if out.FullName == "" && len(out.Media) == 0 {
		return item{row: row, skip: skipEmpty}, nil
	}
	return item{row: row, contact: out, known: known, notesSent: highest, seen: snapshotOf(f.contact)}, nil
}

// mark writes down, before a batch goes out, that it is about to: what a crash leaves is then known to be in
// doubt. A batch that was in doubt already keeps its mark.
func (p *pusher) mark(ctx context.Context, in <-chan []item, out chan<- []item) error {
	for batch := range in {
		var positions []int
		for _, it := range batch {
			if it.skip == "" && it.row.State == store.ContactWaiting {
				positions = append(positions, it.row.Position)
			}
		}
		if len(positions) > 0 {
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

// keep writes the results of each batch, in one transaction each.
func (p *pusher) keep(ctx context.Context, in <-chan store.PushMarks) error {
	troubled := p.push.Cause != "" || p.push.Attempts > 0
	for marks := range in {
		p.first.standAside()
		if troubled && len(marks.Links) > 0 { // contacts came through: whoever was in trouble answers again
			if err := p.b.setPush(ctx, p.push, store.PushSending, "", 0, p.b.now()); err != nil {
				return err
			}
			troubled = false
		}
		// The batch is at Mojo already: its results are written even when the push is being stopped.
		if err := p.b.Store.MarkPush(context.WithoutCancel(ctx), p.push.ID, marks); err != nil {
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
			if it.skip != "" {
				marks.Results = append(marks.Results, it.ended(store.ContactSkipped, it.skip))
			} else {
				going = append(going, it)
			}
		}
		err := p.sendBatch(ctx, going, &marks)
		if len(in) > 0 {
			p.first.claim()
		}
		if len(marks.Results) > 0 {
			out <- marks // keep never stops before this channel is closed, unless its write failed
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
	for part := range slices.Chunk(batch, p.size.get()) {
		if err := p.sendPart(ctx, part, marks); err != nil {
			return err
		}
	}
	return nil
}

func (p *pusher) sendPart(ctx context.Context, part []item, marks *store.PushMarks) error {
	result, err := p.bulk(ctx, part, (*mojo.API).BulkCreate)
	var refused *mojo.RefusedError
	switch {
	case err == nil, errors.Is(err, mojo.ErrIncomplete):
		return p.created(ctx, part, result, marks)
	case errors.Is(err, mojo.ErrTooLarge) && len(part) > 1:
		return p.halves(ctx, part, marks)
	case errors.Is(err, mojo.ErrTooLarge):
		marks.Results = append(marks.Results, part[0].ended(store.ContactFailed, "Too large for Mojo."))
		return nil
	case errors.As(err, &refused):
		named, rest := accounted(part, result)
		if err := p.created(ctx, named, result, marks); err != nil {
			return err
		}
		return p.refusedPart(ctx, rest, refused, marks)
	}
	return err
}

// accounted parts the contacts that an answer names from those that it says nothing of.
func accounted(part []item, result mojo.BulkResult) (named, rest []item) {
	ids := contactIDs(result)
	for _, it := range part {
		key := it.contact.APIContactID
		if _, ok := ids[key]; ok || slices.Contains(result.Duplicated, key) {
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
			marks.Snapshots = append(marks.Snapshots, it.seen)
		default:
			marks.Results = append(marks.Results, it.ended(store.ContactFailed, unaccounted))
		}
	}
	if len(double) == 0 {
		return nil
	}
	return p.move(ctx, double, marks)
}

// unaccounted is the reason of a contact that a clear answer of Mojo leaves out.
const unaccounted = "Mojo didn't say what became of this contact."

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

// move puts contacts that Mojo had already into the group, with what is new of them.
func (p *pusher) move(ctx context.Context, double []item, marks *store.PushMarks) error {
	if p.moveRefused {
		p.notMoved(double, marks)
		return nil
	}
	if err := p.markMoving(ctx, double); err != nil {
		return err
	}
	result, err := p.bulk(ctx, double, (*mojo.API).BulkUpdate)
	var refused *mojo.RefusedError
	switch {
	case errors.Is(err, mojo.ErrNotAvailable):
		p.moveRefused = true
		p.notMoved(double, marks)
		return nil
	case errors.Is(err, mojo.ErrTooLarge) && len(double) > 1, errors.As(err, &refused) && len(double) > 1:
		p.size.halve()
		half := len(double) / 2
		if err := p.move(ctx, double[:half], marks); err != nil {
			return err
		}
		return p.move(ctx, double[half:], marks)
	case errors.As(err, &refused):
		marks.Results = append(marks.Results, double[0].ended(store.ContactFailed, refusalText(refused)))
		return nil
	case err != nil && !errors.Is(err, mojo.ErrIncomplete):
		return err
	}
	p.moved(double, result, marks)
	return nil
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
			marks.Results = append(marks.Results, it.ended(store.ContactFailed, unaccounted))
			continue
		}
		state, putIn := p.ours(it, result)
		marks.Results = append(marks.Results, it.landed(state, id, putIn))
		marks.Links = append(marks.Links, it.link(id, p.b.now()))
		marks.Snapshots = append(marks.Snapshots, it.seen)
	}
}

// ours tells whether a contact that Mojo had already was created by this very push before a crash or a lost
// answer (it was in doubt, had no link, and is in the group), and whether this push put it into the
// group. Where Mojo doesn't tell who was in the group before, undo leaves it alone.
func (p *pusher) ours(it item, result mojo.BulkResult) (state store.ContactState, putIn bool) {
	inGroup := slices.Contains(result.AlreadyInGroup, it.contact.APIContactID)
	if it.row.State == store.ContactCreating && !it.known && (inGroup || result.AlreadyInGroup == nil) {
		return store.ContactAdded, true
	}
	return store.ContactUpdated, result.AlreadyInGroup != nil && !inGroup
}

// notMoved is the end of known contacts on a host without bulk_update.
func (p *pusher) notMoved(double []item, marks *store.PushMarks) {
	for _, it := range double {
		if it.row.State == store.ContactCreating && !it.known {
			marks.Results = append(marks.Results, it.landed(store.ContactAdded, 0, true))
		} else {
			marks.Results = append(marks.Results, it.ended(store.ContactSkipped, "Already in Mojo, not moved: this Mojo account can't move contacts."))
		}
		marks.Links = append(marks.Links, it.link(0, p.b.now()))
	}
}

// refusedPart finds out why a whole request was refused: the group is gone, or one of the contacts is not
// to Mojo's liking; then the others are sent without it.
func (p *pusher) refusedPart(ctx context.Context, part []item, refused *mojo.RefusedError, marks *store.PushMarks) error {
	if len(part) == 0 {
		return nil
	}
	if err := p.groupThere(ctx); err != nil {
		return err
	}
	if len(part) == 1 {
		marks.Results = append(marks.Results, part[0].ended(store.ContactFailed, refusalText(refused)))
		return nil
	}
	return p.parts(ctx, part, marks)
}

// halves sends a batch that was too much in two.
func (p *pusher) halves(ctx context.Context, part []item, marks *store.PushMarks) error {
	p.size.halve()
	return p.parts(ctx, part, marks)
}

func (p *pusher) parts(ctx context.Context, part []item, marks *store.PushMarks) error {
	half := len(part) / 2
	if err := p.sendPart(ctx, part[:half], marks); err != nil {
		return err
	}
	return p.sendPart(ctx, part[half:], marks)
}

// groupThere stops the push when its group was deleted in Mojo meanwhile.
func (p *pusher) groupThere(ctx context.Context) error {
	groups, err := p.b.fetchGroups(ctx, p.conn)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(groups, func(g store.Group) bool { return g.ID == p.push.GroupID }) {
		return nil
	}
	return &stopError{cause: fmt.Sprintf("The group %q is no longer in Mojo. Choose another group and send these contacts again.", p.push.GroupName)}
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
	}
	defer p.first.yield()
	away := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteRequest: func(httptrace.WroteRequestInfo) { p.first.yield() },
	})
	for try := 0; ; try++ {
		err = p.b.withMojo(ctx, p.conn, func(api *mojo.API) (err error) {
			result, err = call(api, away, contacts)
			return err
		})
		if !errors.Is(err, mojo.ErrBusy) || try == len(busyWaits) {
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

func timedOut(err error) bool {
	var slow interface{ Timeout() bool }
	return errors.As(err, &slow) && slow.Timeout()
}
