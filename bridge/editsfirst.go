package bridge

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"addtomojo/mojo"
	"addtomojo/store"

	"golang.org/x/sync/errgroup"
)

// editsFirst has the edits made in Mojo that still wait for Wise Agent delivered, before the push overwrites the contacts in Mojo,
// and reads the contacts again whose edits reached Wise Agent since they were read. It gives those that are (still) to be sent.
//
// An edit that can't be delivered just now doesn't hold up the push: a customer wants to dial, and Wise Agent may be down for
// hours. The contact is then sent with what was edited in Mojo instead of what Wise Agent has, so that nothing is set back there;
// and what was seen of these parts in Wise Agent is not noted, so that the edit, when its time comes, finds conflicts as if there
// had been no push.
func (p *pusher) editsFirst(ctx context.Context, part []item, marks *store.PushMarks) ([]item, error) {
	var links []store.Link
	since := p.b.now()
	for _, it := range part {
		if it.known {
			links = append(links, it.linked)
			since = earlier(since, it.readAt)
		}
	}
	if len(links) == 0 {
		return part, nil
	}
	edits, err := p.edits(ctx, links, since)
	if err != nil || len(edits) == 0 {
		return part, err
	}
	if p.hurry(ctx, part, edits) {
		if edits, err = p.awaitEdits(ctx, links, since); err != nil {
			return nil, err
		}
	}
	if part, err = p.readAgain(ctx, part, edits); err != nil {
		return nil, err
	}
	going := make([]item, 0, len(part))
	for _, it := range part {
		if it.over {
			marks.Results = append(marks.Results, it.row)
			continue
		}
		going = append(going, it.withEdits(edits[it.row.ClientID]))
	}
	return going, nil
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// edits are those of the contacts that wait or were written since, by ClientID: made of any contact in Mojo that is the person, for the
// push may reach another one than the link holds.
func (p *pusher) edits(ctx context.Context, links []store.Link, since time.Time) (map[string][]store.Edit, error) {
	if p.others == nil {
		var err error
		if p.others, err = p.b.Store.OtherMojoContacts(ctx, p.conn.ID); err != nil {
			return nil, fmt.Errorf("read edits: %w", err)
		}
	}
	for _, l := range slices.Clone(links) {
		for _, id := range p.others[l.ClientID] {
			links = append(links, store.Link{ClientID: l.ClientID, MojoContactID: id})
		}
	}
	found, err := p.b.Store.Edits(ctx, p.conn.ID, links, since)
	if err != nil {
		return nil, fmt.Errorf("read edits: %w", err)
	}
	edits := make(map[string][]store.Edit)
	for _, e := range found {
		edits[e.ClientID] = append(edits[e.ClientID], e)
	}
	return edits, nil
}

// hurry makes due what waits, once for each contact, and tells whether that is worth waiting for.
func (p *pusher) hurry(ctx context.Context, part []item, edits map[string][]store.Edit) bool {
	var keys []string
	for i := range part {
		for _, e := range edits[part[i].row.ClientID] {
			if e.Waits() && !part[i].hurried {
				keys = append(keys, e.ContactKey)
			}
		}
		part[i].hurried = true
	}
	if len(keys) == 0 || p.waited >= p.b.editPatience() || p.b.waitsForSignIn(ctx, p.conn.ID) {
		return false
	}
	slices.Sort(keys)
	if err := p.b.Store.HurryEvents(ctx, p.conn.ID, slices.Compact(keys), p.b.now()); err != nil {
		p.b.log().Error("hurry edits", "push", p.push.ID, "err", err)
		return false
	}
	p.b.wakeMail(p.conn.ID)
	return true
}

// awaitEdits waits until no edit of the contacts is on its way any more, or for as long as the push may wait for them.
func (p *pusher) awaitEdits(ctx context.Context, links []store.Link, since time.Time) (map[string][]store.Edit, error) {
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 200*time.Millisecond) {
		edits, err := p.edits(ctx, links, since)
		if err != nil || !p.worthWaiting(ctx, edits) {
			return edits, err
		}
		if err := sleep(ctx, pause); err != nil {
			return nil, err
		}
		p.waited += pause
	}
}

// worthWaiting tells whether one of the edits may be delivered soon.
func (p *pusher) worthWaiting(ctx context.Context, edits map[string][]store.Edit) bool {
	now := p.b.now()
	left := p.b.editPatience() - p.waited
	if left <= 0 || p.b.breakers.of(p.conn.ID).rests(now) > left {
		return false
	}
	for _, all := range edits {
		if slices.ContainsFunc(all, func(e store.Edit) bool { return e.Waits() && !e.NextAt.After(now) }) {
			return !p.b.waitsForSignIn(ctx, p.conn.ID)
		}
	}
	return false
}

// readAgain reads the contacts again of which an edit was written since they were read, side by side.
func (p *pusher) readAgain(ctx context.Context, part []item, edits map[string][]store.Edit) ([]item, error) {
	part = slices.Clone(part)
	reads, ctx := errgroup.WithContext(ctx)
	reads.SetLimit(callsAtOnce)
	for i, it := range part {
		if !slices.ContainsFunc(edits[it.row.ClientID], it.missed) {
			continue
		}
		reads.Go(func() (err error) {
			part[i], err = p.again(ctx, it)
			return err
		})
	}
	return part, reads.Wait()
}

// missed tells whether an edit was written after the contact had been read. The database keeps milliseconds.
func (it item) missed(e store.Edit) bool {
	return !e.Waits() && !e.FinishedAt.Before(it.readAt.Truncate(time.Millisecond))
}

// again is the contact with what Wise Agent has of it now. Its notes stay as they were read.
func (p *pusher) again(ctx context.Context, it item) (item, error) {
	readAt := p.b.now()
	f, err := p.b.readContact(ctx, p.from, it.row.ClientID)
	if err != nil {
		return item{}, err
	}
	if over, ok := p.leftOut(it.row, f, it.linked); ok {
		return over, nil
	}
	notes := it.contact.Notes
	it.readAt, it.seen = readAt, snapshotOf(f.contact)
	it.seen.SeenAt = readAt
	it.contact = outgoing(f.contact, f.phones, nil, p.push.GroupID, it.known)
	it.contact.Notes = notes
	return it, nil
}

// withEdits is the contact with what still waits of the edits.
func (it item) withEdits(edits []store.Edit) item {
	var waiting []told
	for _, e := range edits {
		if !e.Waits() {
			continue
		}
		if t, err := readTold(e.Body); err == nil { // else a person looks at it
			waiting = append(waiting, t)
		}
	}
	if len(waiting) == 0 {
		return it
	}
	var parts []string
	it.contact, parts = edited(it.contact, waiting)
	fields := make(map[string]store.Field, len(it.seen.Fields))
	for part, f := range it.seen.Fields {
		if !slices.Contains(parts, part) {
			fields[part] = f
		}
	}
	it.seen.Fields = fields
	return it
}

// edited is a contact as it is sent while edits wait that were made of it in Mojo: the newest of each part stays, and a number
// or e-mail that was replaced there isn't brought back. parts are those of the contact in Wise Agent that the edits may reach.
func edited(c mojo.Contact, edits []told) (out mojo.Contact, parts []string) {
	c.Media = slices.Clone(c.Media)
	slices.SortStableFunc(edits, func(a, b told) int { return cmp.Compare(a.Revision, b.Revision) })
	for _, t := range edits {
		for _, change := range t.Changes {
			switch change.Field {
			case "full_name":
				parts = append(parts, partName)
				c.FullName = cmp.Or(readString(change.New), c.FullName)
			case "address":
				parts = append(parts, partAddress)
				setAddress(&c, change.New)
			case "email":
				parts = append(parts, partEmail)
				c.Media = replaced(c.Media, mojo.MediaEmail, readAddressee(change.Old), readAddressee(change.New))
			case "phone":
				parts = append(parts, phoneParts...)
				old, fresh := readMedia(change.Old), readMedia(change.New)
				c.Media = replaced(c.Media, mojo.MediaType(fresh.Type), bareNumber(old.Value), bareNumber(fresh.Value))
			}
		}
	}
	return c, parts
}

func setAddress(c *mojo.Contact, raw json.RawMessage) {
	if lines := readAddress(raw); lines != "" {
		c.Address, c.City, c.State, c.Zip = addressLines(lines)
	}
}

// bareNumber is a number as it is sent to Mojo, when it is one.
func bareNumber(value string) string {
	if n, ok := tenDigits(value); ok {
		return n
	}
	return value
}

// replaced puts a new value in the place of the old one. What was only added, or taken away, in Mojo is left as it is.
func replaced(all []mojo.Media, kind mojo.MediaType, old, fresh string) []mojo.Media {
	i := slices.IndexFunc(all, func(m mojo.Media) bool { return plainPart("", m.Value) == plainPart("", old) })
	switch {
	case i < 0 || fresh == "":
		return all
	case slices.ContainsFunc(all, func(m mojo.Media) bool { return plainPart("", m.Value) == plainPart("", fresh) && m != all[i] }):
		return slices.Delete(all, i, i+1)
	}
	all[i] = mojo.Media{Type: cmp.Or(kind, all[i].Type), Value: fresh}
	return all
}
