package bridge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"addtomojo/store"
	"addtomojo/wiseagent"
)

// Preflight is what a push of the selection would do.
type Preflight struct {
	Total     int      // selected contacts
	Sendable  []Person // will be added or updated, do-not-call ones not counted
	Known     []Person // of Sendable: already in Mojo
	NoPhone   []Person // of Sendable: without a number that can be dialed
	Shared    []Person // of Sendable: share a number with another one
	DoNotCall []Person // left out unless the customer ticks them
	Vendors   []Person // left out
	Missing   []Person // left out: no longer in Wise Agent, or not the customer's
	Empty     []Person // left out: nothing to call them by and nothing to reach them under
}

// Person is a contact as a list shows it.
type Person struct {
	ClientID, Name string
	Why            string // it is in the list, in plain words, where the list alone doesn't say so
}

// WillSend is how many contacts the button sends.
func (p Preflight) WillSend(includeDoNotCall bool) int {
	if includeDoNotCall {
		return len(p.Sendable) + len(p.DoNotCall)
	}
	return len(p.Sendable)
}

// Arrived tells how many of a launch's contacts have been fetched.
func (b *Bridge) Arrived(ctx context.Context, conn store.Connection, launch store.Launch) (arrived, total int) {
	s := b.launched(ctx, conn, launch.ID, launch.Contacts)
	return s.arrived(), len(launch.Contacts)
}

// Preflight waits, as long as ctx allows, for the contacts of a launch and says what a push would do with
// them. The error is ErrNeedsSignIn, a *DownError, or context.DeadlineExceeded while they are on their way.
func (b *Bridge) Preflight(ctx context.Context, conn store.Connection, launch store.Launch) (Preflight, error) {
	s := b.launched(ctx, conn, launch.ID, launch.Contacts)
	select {
	case <-s.ready:
	case <-ctx.Done():
		return Preflight{}, ctx.Err()
	}
	if s.failed() {
		return Preflight{}, wiseTrouble(s.failure())
	}
	links, err := b.Store.Links(ctx, conn.ID, launch.Contacts)
	if err != nil {
		return Preflight{}, fmt.Errorf("read links: %w", err)
	}
	return b.preflight(s, launch.Contacts, links), nil
}

// preflight sorts the contacts of a fetched selection.
func (b *Bridge) preflight(s *selection, ids []string, links map[string]store.Link) Preflight {
	p := Preflight{Total: len(ids)}
	owners := make(map[string][]Person)
	for _, id := range ids {
		f, _ := s.peek(id)
		who := Person{ClientID: id, Name: personName(f, id)}
		link, known := links[id]
		switch b.refusal(f, link, false) {
		case skipVendor:
			p.Vendors = append(p.Vendors, who)
			continue
		case skipMissing:
			p.Missing = append(p.Missing, who)
			continue
		case skipDoNotCall:
			p.DoNotCall = append(p.DoNotCall, who)
			continue
		case skipCalled:
			who.Why = skipCalled
			p.DoNotCall = append(p.DoNotCall, who)
			continue
		case skipEmpty:
			p.Empty = append(p.Empty, who)
			continue
		}
		p.Sendable = append(p.Sendable, who)
		if known {
			p.Known = append(p.Known, who)
		}
		numbers, _ := dialable(f.phones)
		if len(numbers) == 0 && !f.unread {
			p.NoPhone = append(p.NoPhone, who)
		}
		for _, n := range numbers {
			owners[n] = append(owners[n], who)
		}
	}
	p.Shared = sharing(p.Sendable, owners)
	return p
}

// sharing are the people, in their order, who have a number in common with somebody else.
func sharing(all []Person, owners map[string][]Person) []Person {
	shared := make(map[string]bool)
	for _, people := range owners {
		for _, who := range people {
			shared[who.ClientID] = shared[who.ClientID] || len(people) > 1
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(p Person) bool { return !shared[p.ClientID] })
}

// personName is how a list names a contact: a vendor by its company, what has no name by its id.
func personName(f fetched, id string) string {
	if company := joinWords(f.contact.Company); f.contact.Vendor && company != "" {
		return company
	}
	if name := displayName(f.contact); name != "" {
		return name
	}
	if f.contact.Vendor {
		return "Vendor " + strings.TrimPrefix(id, "V")
	}
	return "Contact " + id
}

// Why a contact is left out of a push, in the words of the results page.
const (
	skipVendor    = "Vendors are not sent to the dialer."
	skipMissing   = "No longer in Wise Agent, or not one of your contacts."
	skipDoNotCall = "Marked do-not-call in Wise Agent."
	skipCalled    = "A call in Mojo ended with DNC Contact."
	skipEmpty     = "Has no name, phone or e-mail."
)

// refusal tells why a contact is not sent, "" when it is. Its link, if it has one, knows how calls in Mojo ended.
func (b *Bridge) refusal(f fetched, link store.Link, includeDoNotCall bool) string {
	switch {
	case f.contact.Vendor:
		return skipVendor
	case f.missing:
		return skipMissing
	case f.empty():
		return skipEmpty
	case includeDoNotCall:
	case b.doNotCall(f):
		return skipDoNotCall
	case !link.DoNotCallAt.IsZero():
		return skipCalled
	}
	return ""
}

// empty tells whether nothing of a contact can be sent: Mojo wants a name, a phone or an e-mail (part A2).
func (f fetched) empty() bool {
	if f.unread || displayName(f.contact) != "" {
		return false
	}
	media, _ := reachable(f.contact, f.phones)
	return len(media) == 0
}

// doNotCall tells whether a contact is marked do-not-call in Wise Agent: by the category of the settings, or by a "DNC" in
// one of its phone fields. Wise Agent's own flag can't be read (Wise Agent API, section 4).
func (b *Bridge) doNotCall(f fetched) bool {
	if b.DoNotCallCategory != "" && slices.ContainsFunc(f.contact.Categories, func(name string) bool {
		return strings.EqualFold(strings.TrimSpace(name), b.DoNotCallCategory)
	}) {
		return true
	}
	_, marked := dialable(f.phones)
	return marked
}

// wiseTrouble passes on what the customer can act on and calls the rest a partner that is down.
func wiseTrouble(err error) error {
	if errors.Is(err, ErrNeedsSignIn) || errors.Is(err, wiseagent.ErrScope) {
		return err
	}
	return down(WiseAgent, err)
}
