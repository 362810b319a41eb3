package wiseagent

import (
	"strings"
	"time"
)

// The requests about notes (Wise Agent API, section 3.4).

// noteWire is a note in an answer.
type noteWire struct {
	NoteID       int     `json:"NoteID"`
	ClientID     int     `json:"ClientID"` // a vendor's without the V
	Subject      string  `json:"Subject"`
	Note         string  `json:"Note"`
	NoteDate     string  `json:"NoteDate"` // Arizona
	Locked       int     `json:"Locked"`
	LockDate     *string `json:"LockDate"`
	InsideTeamID int     `json:"insideteamid"`
	Categories   string  `json:"Categories"` // JSON in a string
}

// addContactNote writes one note about each contact and vendor of clientids, or none if one of them is unknown.
func addContactNote(r request) any {
	type itemWire struct {
		ClientID int `json:"ClientID"`
		NoteID   int `json:"NoteID"`
	}
	ids := r.list("clientids", ",")
	if len(ids) == 0 {
		return capitalError{"Missing clientids"}
	}
	if r.get("note") == "" && r.get("subject") == "" {
		return capitalError{"Missing note"}
	}
	for i, id := range ids {
		known, ok := r.account.known(id)
		if !ok {
			return capitalError{"Invalid ClientID " + id}
		}
		ids[i] = known
	}
	items := []itemWire{}
	for _, id := range ids {
		n := r.addNote(r.account, Note{ClientID: id, Subject: r.get("subject"), Text: r.get("note"),
			InsideTeamID: atoi(r.get("InsideTeamId")), Categories: r.list("categories", ",")})
		items = append(items, itemWire{bareNumber(id), n.ID})
	}
	return []struct {
		Success string     `json:"success"`
		Data    []itemWire `json:"data"`
	}{{"true", items}}
}

// getContactNotes gives notes, the newest first: those of a contact, or of everybody when no contact is named.
func getContactNotes(r request) any {
	var day time.Time
	if r.get("date") != "" {
		var ok bool
		if day, ok = parseTime(r.get("date"), arizona()); !ok {
			return jsonError{"Invalid date"}
		}
	}
	all := []noteWire{}
	for _, n := range newest(r.notesAsked()) {
		if r.wantsNote(n, day) {
			all = append(all, r.wireNote(n))
		}
	}
	return page(r.params, all, 100, true)
}

// notesAsked gives the notes of the contact that is named, or all notes.
func (r request) notesAsked() []*Note {
	if id := r.get("ClientID"); id != "" {
		known, _ := r.account.known(id)
		return r.account.notes[known]
	}
	var all []*Note
	for _, notes := range r.account.notes {
		all = append(all, notes...)
	}
	return all
}

// wantsNote applies the filters that were sent.
func (r request) wantsNote(n Note, day time.Time) bool {
	if id := r.get("NoteID"); id != "" && atoi(id) != n.ID {
		return false
	}
	if subject := r.get("subject"); subject != "" && !contains(subject, n.Subject) {
		return false
	}
	if !day.IsZero() && n.Date.In(arizona()).Format(time.DateOnly) != day.Format(time.DateOnly) {
		return false
	}
	wanted := r.list("categories", ",")
	if len(wanted) == 0 {
		return true
	}
	for _, name := range wanted {
		if has(n.Categories, name) {
			return true
		}
	}
	return false
}

func (r request) wireNote(n Note) noteWire {
	type tag struct {
		TagName string `json:"tagName"`
		Name    string `json:"name"`
		CatID   int    `json:"catID"`
	}
	tags := []tag{}
	for _, name := range n.Categories {
		tags = append(tags, tag{strings.ToLower(name), name, r.category(r.account, name)})
	}
	w := noteWire{NoteID: n.ID, ClientID: bareNumber(n.ClientID), Subject: n.Subject, Note: n.Text, NoteDate: usDate(n.Date.In(arizona())),
		InsideTeamID: n.InsideTeamID, Categories: nested(tags)}
	if n.Locked {
		locked := usDate(n.Date.In(arizona()))
		w.Locked, w.LockDate = 1, &locked
	}
	return w
}

func updateContactNote(r request) any {
	return r.changeNote(func(n *Note) {
		if r.sent("note") {
			n.Text = r.get("note")
		}
		if r.sent("subject") {
			n.Subject = r.get("subject")
		}
	})
}

func updateContactNoteCategories(r request) any {
	return r.changeNote(func(n *Note) { n.Categories = r.list("categories", ",") })
}

func removeContactNote(r request) any {
	return r.changeNote(func(n *Note) {
		left := r.account.notes[n.ClientID][:0:0]
		for _, other := range r.account.notes[n.ClientID] {
			if other != n {
				left = append(left, other)
			}
		}
		r.account.notes[n.ClientID] = left
	})
}

// changeNote finds the note of noteID and changes it, unless it is locked.
func (r request) changeNote(change func(*Note)) any {
	for _, notes := range r.account.notes {
		for _, n := range notes {
			if n.ID != atoi(r.get("noteID")) {
				continue
			}
			if n.Locked {
				return jsonError{"The note is locked"}
			}
			change(n)
			return done()
		}
	}
	return jsonError{"Invalid noteID"}
}

// bareNumber is a client's id as a number, a vendor's without the V.
func bareNumber(id string) int { return atoi(strings.TrimPrefix(id, "V")) }
