package mojo

import "slices"

// Edit changes a contact as somebody does in its form. If anything changed it
// raises the contact's revision, sends contact.updated and returns the hook's
// webhook-id, else "". Changes to ids, groups and notes are dropped.
func (s *Server) Edit(accountID string, contactID int64, change func(*Contact)) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.account(accountID)
	c := a.mustContact(contactID)
	edited := c.clone()
	change(&edited)
	return s.edit(a, a.owner(), c, edited)
}

// AddNote adds a note to a contact as somebody does in its form, and sends
// note.created. It returns the note's id and the hook's webhook-id.
func (s *Server) AddNote(accountID string, contactID int64, contents string) (noteID int64, webhookID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.account(accountID)
	return s.addNote(a, a.owner(), a.mustContact(contactID), contents)
}

// EditNote changes what a note says and sends note.updated. It returns the
// hook's webhook-id, "" when the contact has no such note or it says so already.
func (s *Server) EditNote(accountID string, contactID, noteID int64, contents string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.account(accountID)
	return s.editNote(a, a.owner(), a.mustContact(contactID), noteID, contents)
}

// edit takes over the name, address, phones and e-mails of edited.
func (s *Server) edit(a *account, who Agent, c *Contact, edited Contact) string {
	changes := diff(c, &edited)
	if len(changes) == 0 {
		return ""
	}
	c.FullName, c.Media = edited.FullName, slices.Clone(edited.Media)
	c.Address, c.City, c.State, c.Zip = edited.Address, edited.City, edited.State, edited.Zip
	c.Revision++
	return s.tell(a, who, c, "contact.updated", hookData{Revision: c.Revision, Changes: changes})
}

func (s *Server) addNote(a *account, who Agent, c *Contact, contents string) (int64, string) {
	n := s.newNote(c, contents, who.Name)
	return n.ID, s.tell(a, who, c, "note.created", hookData{Note: n.out()})
}

func (s *Server) editNote(a *account, who Agent, c *Contact, noteID int64, contents string) string {
	i := slices.IndexFunc(c.Notes, func(n Note) bool { return n.ID == noteID })
	if i < 0 || c.Notes[i].Contents == contents {
		return ""
	}
	c.Notes[i].Contents = contents
	return s.tell(a, who, c, "note.updated", hookData{Note: c.Notes[i].out()})
}

// diff lists what was changed, see Mojo's API, part B5. A change of one field
// has an old and a new value; what was added has null for old, what was taken
// away null for new.
func diff(old, edited *Contact) []changeOut {
	var changes []changeOut
	if old.FullName != edited.FullName {
		changes = append(changes, changeOut{"full_name", old.FullName, edited.FullName})
	}
	if before, after := old.addressOut(), edited.addressOut(); before != after {
		changes = append(changes, changeOut{"address", before, after})
	}
	return append(changes, diffMedia(old.Media, edited.Media)...)
}

// diffMedia pairs the values that went with those that came: the same value
// under another type, or else another value of the same type, is an edit.
func diffMedia(before, after []Media) []changeOut {
	gone := slices.DeleteFunc(slices.Clone(before), func(m Media) bool { return slices.Contains(after, m) })
	come := slices.DeleteFunc(slices.Clone(after), func(m Media) bool { return slices.Contains(before, m) })
	var changes []changeOut
	pair := func(alike func(old, new Media) bool) {
		gone = slices.DeleteFunc(gone, func(old Media) bool {
			i := slices.IndexFunc(come, func(m Media) bool { return old.field() == m.field() && alike(old, m) })
			if i >= 0 {
				changes = append(changes, changeOut{old.field(), old.out(), come[i].out()})
				come = slices.Delete(come, i, i+1)
			}
			return i >= 0
		})
	}
	pair(func(old, new Media) bool { return old.Value == new.Value })
	pair(func(old, new Media) bool { return old.Type == new.Type })
	for _, m := range gone {
		changes = append(changes, changeOut{m.field(), m.out(), nil})
	}
	for _, m := range come {
		changes = append(changes, changeOut{m.field(), nil, m.out()})
	}
	return changes
}

// field is the name under which hooks tell a change of the phone or e-mail.
func (m Media) field() string {
	if m.Type == MediaEmail {
		return "email"
	}
	return "phone"
}

// out is the value as hooks tell it: a phone with its type, an e-mail alone.
func (m Media) out() any {
	if m.Type == MediaEmail {
		return m.Value
	}
	return mediaIn(m)
}
