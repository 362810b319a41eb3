package mojo

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"
)

// longestGroupName is how many characters a group's name can have.
const longestGroupName = 255

// groupOut is a group on the wire, see Mojo's API, part B2.
type groupOut struct {
	GroupID  int64  `json:"group_id"`
	Name     string `json:"name"`
	Contacts int    `json:"contacts"`
	IsLead   bool   `json:"is_lead"`
}

// groupPage is one page of groups, on hosts that page.
type groupPage struct {
	Count   int        `json:"count"`
	Next    *string    `json:"next"`
	Results []groupOut `json:"results"`
}

// listGroups serves GET /api/groups/, part B2: an array, or pages.
func (s *Server) listGroups(w http.ResponseWriter, r *http.Request, a *account) {
	s.mu.Lock()
	groups := []groupOut{}
	for _, g := range a.list() {
		groups = append(groups, groupOut{g.ID, g.Name, g.Contacts, g.IsLead})
	}
	s.mu.Unlock()
	if s.cfg.GroupPage <= 0 {
		writeJSON(w, http.StatusOK, groups)
		return
	}
	page := 1
	if text := r.URL.Query().Get("page"); text != "" {
		page, _ = strconv.Atoi(text)
	}
	pages := max((len(groups)+s.cfg.GroupPage-1)/s.cfg.GroupPage, 1)
	if page < 1 || page > pages {
		writeJSON(w, http.StatusNotFound, detail{"Invalid page."})
		return
	}
	first := (page - 1) * s.cfg.GroupPage
	last := min(first+s.cfg.GroupPage, len(groups))
	answer := groupPage{Count: len(groups), Results: groups[first:last]}
	if last < len(groups) {
		next := fmt.Sprintf("%s/api/groups/?page=%d", s.origin(r), page+1)
		answer.Next = &next
	}
	writeJSON(w, http.StatusOK, answer)
}

// createGroup serves POST /api/groups/, part B2.
func (s *Server) createGroup(w http.ResponseWriter, r *http.Request, a *account) {
	var in struct {
		Name string `json:"name"`
	}
	if !readJSON(w, r, &in) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	name := strings.TrimSpace(in.Name)
	switch {
	case name == "":
		(&fieldError{"name", "This field may not be blank."}).write(w)
	case utf8.RuneCountInString(name) > longestGroupName:
		(&fieldError{"name", fmt.Sprintf("Ensure this field has no more than %d characters.", longestGroupName)}).write(w)
	case a.named(name):
		(&fieldError{"name", "A group with this name already exists."}).write(w)
	default:
		g := s.newGroup(a, name)
		writeJSON(w, http.StatusCreated, groupOut{GroupID: g.id, Name: g.name})
	}
}

// getContact serves GET /api/contacts/{api_contact_id}/, part B3.
func (s *Server) getContact(w http.ResponseWriter, r *http.Request, a *account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := a.byAPI[r.PathValue("id")]
	if c == nil {
		writeJSON(w, http.StatusNotFound, detail{"Not found."})
		return
	}
	writeJSON(w, http.StatusOK, c.out())
}

// postNote serves POST /api/notes/, part A3.
func (s *Server) postNote(w http.ResponseWriter, r *http.Request, a *account) {
	var in struct {
		APIContactID string `json:"api_contact_id"`
		noteIn
	}
	if !readJSON(w, r, &in) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := a.byAPI[in.APIContactID]
	switch {
	case in.Contents == "":
		(&fieldError{"contents", "This field may not be blank."}).write(w)
	case in.Type != 1:
		(&fieldError{"type", fmt.Sprintf("%d is not a valid type.", in.Type)}).write(w)
	case c == nil:
		writeJSON(w, http.StatusOK, map[string][]string{"non_field_errors": {"Invalid api_contact_id."}})
	default:
		n := s.newNote(c, in.Contents, "")
		if s.options.Echo {
			s.tell(a, a.owner(), c, "note.created", hookData{Note: n.out()})
		}
		writeJSON(w, http.StatusOK, map[string]any{"id": n.ID, "contents": n.Contents, "type": 1})
	}
}

// removeFromGroup serves POST /api/contacts/remove_from_group/, part B3.
// Contacts that are unknown or not in the group are passed over.
func (s *Server) removeFromGroup(w http.ResponseWriter, r *http.Request, a *account) {
	var in struct {
		GroupID       int64    `json:"group_id"`
		APIContactIDs []string `json:"api_contact_ids"`
	}
	if !readJSON(w, r, &in) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g := a.group(in.GroupID)
	if g == nil {
		writeJSON(w, http.StatusNotFound, detail{"Not found."})
		return
	}
	leaving := make(map[int64]*Contact)
	for _, id := range in.APIContactIDs {
		if c := a.byAPI[id]; c != nil {
			leaving[c.ContactID] = c
		}
	}
	writeJSON(w, http.StatusOK, map[string]int{"removed": g.remove(leaving)})
}
