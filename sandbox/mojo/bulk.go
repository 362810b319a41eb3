package mojo

import (
	"net/http"
	"slices"
	"strings"

	"addtomojo/sandbox/fault"
)

// The errors that come with HTTP 200, part A2 of Mojo's API.
const (
	mixedGroups = "All contacts should have the same group_id."
	lockTaken   = "Previous request was not finished or was interrupted."
)

// readBatch reads and checks the contacts of a bulk request and finds the group
// they share, and answers if it can't.
func (s *Server) readBatch(w http.ResponseWriter, r *http.Request) (batch []contactIn, groupID int64, ok bool) {
	if !readJSON(w, r, &batch) {
		return nil, 0, false
	}
	if len(batch) == 0 {
		(&fieldError{"non_field_errors", "This list may not be empty."}).write(w)
		return nil, 0, false
	}
	if len(batch) > s.cfg.BatchLimit {
		writeHTML(w, http.StatusRequestEntityTooLarge, "413 Request Entity Too Large")
		return nil, 0, false
	}
	for i := range batch {
		if wrong := batch[i].check(); wrong != nil {
			wrong.write(w)
			return nil, 0, false
		}
	}
	groupID = batch[0].ContactGroupSet[0].GroupID
	for _, c := range batch {
		if slices.ContainsFunc(c.ContactGroupSet, func(ref groupRef) bool { return ref.GroupID != groupID }) {
			writeJSON(w, http.StatusOK, refused{Errors: []string{mixedGroups}})
			return nil, 0, false
		}
	}
	return batch, groupID, true
}

// bulkCreate serves POST /api/contacts/bulk_create/, part A2.
func (s *Server) bulkCreate(w http.ResponseWriter, r *http.Request, a *account) {
	batch, groupID, ok := s.readBatch(w, r)
	if !ok {
		return
	}
	if !s.takeLock(a, len(batch)) {
		writeJSON(w, http.StatusOK, refused{Errors: []string{lockTaken}})
		return
	}
	finished := pause(r.Context(), s.cfg.BulkTime)
	if !finished {
		batch = batch[:len(batch)/2]
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a.bulkRuns = false
	if !finished || fault.WillCut(r.Context()) {
		a.brokenUntil = s.cfg.Now().Add(s.cfg.InterruptedLock)
	}
	g := a.group(groupID)
	if g == nil {
		unknownGroup().write(w)
		return
	}
	writeJSON(w, http.StatusOK, s.create(a, g, batch))
}

// takeLock starts a bulk create unless another one runs or broke off.
func (s *Server) takeLock(a *account, size int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a.bulkRuns || s.cfg.Now().Before(a.brokenUntil) {
		a.busy++
		return false
	}
	a.bulkRuns = true
	a.batches = append(a.batches, size)
	return true
}

// create adds the contacts that don't exist and names those that do.
func (s *Server) create(a *account, g *group, batch []contactIn) createAnswer {
	answer := createAnswer{Duplicated: []string{}, Errors: []string{}, Result: []created{}}
	for _, in := range batch {
		if a.byAPI[in.APIContactID] != nil {
			answer.Duplicated = append(answer.Duplicated, in.APIContactID)
			continue
		}
		c := s.newContact(a, in.contact())
		g.add(c)
		for _, n := range list(in.ContactNoteSet) {
			s.newNote(c, n.Contents, "")
		}
		answer.Result = append(answer.Result, created{c.APIContactID, c.ContactID})
	}
	if len(answer.Duplicated) > 0 {
		answer.Errors = append(answer.Errors, "Duplicated 'api_contact_id': "+strings.Join(answer.Duplicated, ", "))
	}
	return answer
}

// bulkUpdate serves POST /api/contacts/bulk_update/, part B3.
func (s *Server) bulkUpdate(w http.ResponseWriter, r *http.Request, a *account) {
	if s.cfg.NoBulkUpdate {
		writeHTML(w, http.StatusNotFound, "Not Found")
		return
	}
	batch, groupID, ok := s.readBatch(w, r)
	if !ok {
		return
	}
	pause(r.Context(), s.cfg.BulkTime)
	s.mu.Lock()
	defer s.mu.Unlock()
	g := a.group(groupID)
	if g == nil {
		unknownGroup().write(w)
		return
	}
	writeJSON(w, http.StatusOK, s.update(a, g, batch))
}

// update brings the contacts that exist up to date and into the group.
func (s *Server) update(a *account, g *group, batch []contactIn) updateAnswer {
	answer := updateAnswer{
		createAnswer: createAnswer{Duplicated: []string{}, Errors: []string{}, Result: []created{}},
		NotFound:     []string{},
	}
	already := []string{}
	for _, in := range batch {
		c := a.byAPI[in.APIContactID]
		if c == nil {
			answer.NotFound = append(answer.NotFound, in.APIContactID)
			continue
		}
		before := c.clone()
		s.merge(c, in)
		if changes := diff(&before, c); s.options.Echo && len(changes) > 0 {
			c.Revision++
			s.tell(a, a.owner(), c, "contact.updated", hookData{Revision: c.Revision, Changes: changes})
		}
		for _, n := range c.Notes[len(before.Notes):] {
			if s.options.Echo {
				s.tell(a, a.owner(), c, "note.created", hookData{Note: n.out()})
			}
		}
		if !g.add(c) {
			already = append(already, in.APIContactID)
		}
		answer.Result = append(answer.Result, created{c.APIContactID, c.ContactID})
	}
	if s.cfg.TellsAlreadyInGroup {
		answer.AlreadyInGroup = &already
	}
	return answer
}

// merge replaces the contact's name and address and adds what is new.
func (s *Server) merge(c *Contact, in contactIn) {
	update := in.contact()
	if update.FullName != "" {
		c.FullName = update.FullName
	}
	if in.hasAddress() {
		c.Address, c.City, c.State, c.Zip = update.Address, update.City, update.State, update.Zip
	}
	for _, m := range update.Media {
		c.addMedia(m)
	}
	for _, n := range list(in.ContactNoteSet) {
		if !slices.ContainsFunc(c.Notes, func(old Note) bool { return old.Contents == n.Contents }) {
			s.newNote(c, n.Contents, "")
		}
	}
}

func unknownGroup() *fieldError {
	return &fieldError{"contactgroup_set", "There is no group with this group_id."}
}
