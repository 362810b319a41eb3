package bridge

import (
	"context"
	"fmt"
	"slices"

	"addtomojo/mojo"
	"addtomojo/store"
)

// flagNoPhone is said in the results of a contact that is in the group and that Mojo can't dial.
const flagNoPhone = "No phone: can't be dialed."

// flagShared is said of one that has a phone in common with n others of the push.
func flagShared(n int) string {
	if n == 1 {
		return "Shares a phone with 1 other contact."
	}
	return fmt.Sprintf("Shares a phone with %d other contacts.", n)
}

// flag is what the results say of a contact that is in the group, as it was sent; "" when there is nothing to say.
func (it item) flag() string {
	if slices.ContainsFunc(it.contact.Media, func(m mojo.Media) bool { return m.Type != mojo.MediaEmail }) {
		return ""
	}
	return flagNoPhone
}

// flagAll notes, when all are through, who of those that the push brought shares a phone with another one: a batch that is sent
// doesn't know the ones after it. It goes by the contacts at hand. After a Retry or a restart those of before are not, and go without.
func (p *pusher) flagAll(ctx context.Context) error {
	if !p.from.shares() {
		return nil
	}
	rows, err := p.b.Store.PushContacts(ctx, p.push.ID, []store.ContactState{store.ContactAdded, store.ContactUpdated}, -1, MaxSelected)
	if err != nil {
		return fmt.Errorf("read push: %w", err)
	}
	owners := make(map[string][]string)
	for _, row := range rows {
		for _, n := range p.from.numbers(row.ClientID) {
			owners[n] = append(owners[n], row.ClientID)
		}
	}
	var marks store.PushMarks
	for _, row := range rows {
		others := make(map[string]bool)
		for _, n := range p.from.numbers(row.ClientID) {
			for _, id := range owners[n] {
				others[id] = true
			}
		}
		if delete(others, row.ClientID); len(others) > 0 {
			row.Reason = flagShared(len(others))
			marks.Results = append(marks.Results, row)
		}
	}
	if len(marks.Results) == 0 {
		return nil
	}
	if err := p.b.Store.MarkPush(ctx, p.push.ID, marks); err != nil {
		return fmt.Errorf("flag contacts: %w", err)
	}
	return nil
}

// numbers are those of a contact of the selection that can be dialed; none while it isn't there.
func (s *selection) numbers(id string) []string {
	f, _ := s.peek(id)
	numbers, _ := dialable(f.phones)
	return numbers
}

// shares tells whether any two contacts of the selection have a number in common.
func (s *selection) shares() bool {
	seen := make(map[string]bool, len(s.ids))
	for _, id := range s.ids {
		for _, n := range s.numbers(id) {
			if seen[n] {
				return true
			}
			seen[n] = true
		}
	}
	return false
}
