package bridge

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptrace"
	"slices"
	"strings"
	"time"

	"addtomojo/mojo"
	"addtomojo/store"
)

// sendAll sends one batch after the other.
func (p *pusher) sendAll(ctx context.Context, in <-chan []item, out chan<- store.PushMarks) error {
	defer p.first.yield()
	for batch := range in {
		p.ahead.takeUp(p.going, batch)
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
	result, err := p.bulk(ctx, part, p.create)
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
	p.notSent(double) // Mojo has them and did nothing with them
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
	row := it.ended(state, it.flag())
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
	p.notSent(part)
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
	}
	defer p.first.yield()
	for try := 0; ; try++ {
		if ctx.Err() != nil {
			return result, ctx.Err()
		}
		var away bool
		result, away, err = p.request(ctx, contacts, call)
		for _, it := range items {
			p.away[it.row.Position] = away || p.away[it.row.Position]
		}
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

// notSent notes that Mojo clearly did nothing with contacts of a request.
func (p *pusher) notSent(items []item) {
	for _, it := range items {
		delete(p.away, it.row.Position)
	}
}

// request makes the request once, and tells whether Mojo may have done it. It outlives ctx a little.
func (p *pusher) request(ctx context.Context, contacts []mojo.Contact,
	call func(*mojo.API, context.Context, []mojo.Contact) (mojo.BulkResult, error)) (result mojo.BulkResult, away bool, err error) {
	ctx, cancel := lingering(ctx, grace)
	defer cancel()
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteRequest: func(httptrace.WroteRequestInfo) { p.first.yield() },
	})
	err = p.b.withMojo(ctx, p.conn, func(api *mojo.API) (err error) {
		result, err = call(api, traced, contacts)
		_, doubt := errors.AsType[*mojo.DoubtError](err)
		away = err == nil || doubt
		return err
	})
	return result, away, err
}

func timedOut(err error) bool {
	var slow interface{ Timeout() bool }
	return errors.As(err, &slow) && slow.Timeout()
}
