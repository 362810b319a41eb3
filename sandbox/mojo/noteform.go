package mojo

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// noteForm is the page of one note.
type noteForm struct {
	ContactID     int64
	Name, Dialing string
	Note          Note
	Problem       string
}

// showNote serves GET /contacts/{contact_id}/notes/{note}/.
func (s *Server) showNote(w http.ResponseWriter, r *http.Request, who session) {
	f, ok := s.findNote(r, who.account)
	if !ok {
		s.notFound(w, who, "There is no such note on this contact.")
		return
	}
	s.render(w, http.StatusOK, "note", who, "Edit a note", f)
}

// saveNote serves POST /contacts/{contact_id}/notes/{note}/.
func (s *Server) saveNote(w http.ResponseWriter, r *http.Request, who session) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	f, ok := s.findNote(r, who.account)
	if !ok {
		s.notFound(w, who, "There is no such note on this contact.")
		return
	}
	contents := strings.TrimSpace(r.PostFormValue("contents"))
	if contents == "" {
		f.Problem, f.Note.Contents = "A note says something.", ""
		s.render(w, http.StatusUnprocessableEntity, "note", who, "Edit a note", f)
		return
	}
	s.mu.Lock()
	if c := who.account.contacts[f.ContactID]; c != nil {
		s.editNote(who.account, who.agent, c, f.Note.ID, contents)
	}
	s.mu.Unlock()
	http.Redirect(w, r, contactPath(r, "saved"), http.StatusSeeOther)
}

func (s *Server) findNote(r *http.Request, a *account) (noteForm, bool) {
	c, _, ok := s.find(r, a)
	id, err := strconv.ParseInt(r.PathValue("note"), 10, 64)
	i := slices.IndexFunc(c.Notes, func(n Note) bool { return n.ID == id })
	if !ok || err != nil || i < 0 {
		return noteForm{}, false
	}
	note := c.Notes[i]
	note.Created = note.Created.In(a.zone())
	return noteForm{ContactID: c.ContactID, Name: c.title(), Dialing: dialingOf(r), Note: note}, true
}
