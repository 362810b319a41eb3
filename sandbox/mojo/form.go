package mojo

import (
	"context"
	"fmt"
	"net/http"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"
)

// formView is what the contact form shows.
type formView struct {
	Contact
	Phones, Emails []labelled // each with an empty one at its end
	PhoneTypes     []labelled
	Groups         []Group
	Activities     []activityRow
	Calls          []callRow // newest first
	Note           string    // typed and not saved yet
	Dialing        string    // id of the session to go back to, "" for none
	Problems       []string
	Said           string // what was done
	Service        servicePart
}

// servicePart is what the contact form shows of Wise Agent.
type servicePart struct {
	LinkState
	Away    bool   // the service doesn't answer
	Problem string // why the contact couldn't be sent
}

// patience is how long a page waits for the service.
const patience = 5 * time.Second

// showContact serves GET /contacts/{contact_id}/: the contact form.
func (s *Server) showContact(w http.ResponseWriter, r *http.Request, who session) {
	c, groups, ok := s.find(r, who.account)
	if !ok {
		s.notFound(w, who, "There is no such contact in this account.")
		return
	}
	v := s.form(r, who, c, groups)
	v.Said = said(r)
	s.render(w, http.StatusOK, "contact", who, c.title(), v)
}

// said is what the page before did.
func said(r *http.Request) string {
	query := r.URL.Query()
	switch {
	case query.Has("saved"):
		return "Saved."
	case query.Has("deleted"):
		return "Deleted."
	case query.Has("completed"):
		return "Completed."
	}
	switch query.Get("sent") {
	case "200":
		return "It was in Wise Agent already."
	case "201":
		return "Sent to Wise Agent."
	case "202":
		return "Wise Agent isn't answering. The contact will be there as soon as it does."
	}
	return ""
}

// saveContact serves POST /contacts/{contact_id}/: saves the form.
func (s *Server) saveContact(w http.ResponseWriter, r *http.Request, who session) {
	c, groups, ok := s.find(r, who.account)
	if !ok {
		s.notFound(w, who, "There is no such contact in this account.")
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "Bad Request (400)", http.StatusBadRequest)
		return
	}
	problems := c.fill(r)
	note := strings.TrimSpace(r.PostForm.Get("note"))
	if len(problems) > 0 {
		v := s.form(r, who, c, groups)
		v.Problems, v.Note = problems, note
		s.render(w, http.StatusUnprocessableEntity, "contact", who, c.title(), v)
		return
	}
	s.mu.Lock()
	if stored := who.account.contacts[c.ContactID]; stored != nil {
		s.edit(who.account, who.agent, stored, c)
		if note != "" {
			s.addNote(who.account, who.agent, stored, note)
		}
	}
	s.mu.Unlock()
	http.Redirect(w, r, contactPath(r, "saved"), http.StatusSeeOther)
}

// contactPath leads back to the form of the contact that the address names.
func contactPath(r *http.Request, did string) string {
	path := "/contacts/" + r.PathValue("id") + "/?" + did
	if dialing := dialingOf(r); dialing != "" {
		path += "&dial=" + dialing
	}
	return path
}

// dialingOf is the id of the dialing session that the person came from, "" for
// none.
func dialingOf(r *http.Request) string {
	id, err := strconv.ParseInt(r.FormValue("dial"), 10, 64)
	if err != nil {
		return ""
	}
	return strconv.FormatInt(id, 10)
}

// sendFromForm serves POST /contacts/{contact_id}/send/: the button Send to
// Wise Agent.
func (s *Server) sendFromForm(w http.ResponseWriter, r *http.Request, who session) {
	c, groups, ok := s.find(r, who.account)
	if !ok {
		s.notFound(w, who, "There is no such contact in this account.")
		return
	}
	result, err := s.sendContact(r.Context(), who, c)
	if err == nil && result.Error == "" {
		http.Redirect(w, r, contactPath(r, "sent="+strconv.Itoa(result.Status)), http.StatusSeeOther)
		return
	}
	status := http.StatusUnprocessableEntity
	v := s.form(r, who, c, groups)
	v.Service.Problem = result.Error
	if err != nil {
		s.cfg.Log.Warn("mojo sandbox: send to Wise Agent", "error", err)
		status, v.Service.Problem = http.StatusBadGateway, "There was no clear answer. Try again: the contact won't be there twice."
	}
	s.render(w, status, "contact", who, c.title(), v)
}

// find copies the contact that the address names, and its groups.
func (s *Server) find(r *http.Request, a *account) (Contact, []Group, bool) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return Contact{}, nil, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := a.contacts[id]
	if c == nil {
		return Contact{}, nil, false
	}
	groups := slices.DeleteFunc(a.list(), func(g Group) bool { return !slices.Contains(c.GroupIDs, g.ID) })
	return c.clone(), groups, true
}

// form is the contact form with what the account and the service know.
func (s *Server) form(r *http.Request, who session, c Contact, groups []Group) formView {
	part := s.servicePart(r.Context(), who.account.ID, c.ContactID)
	s.mu.Lock()
	defer s.mu.Unlock()
	shown := who.account.row(c)
	if !part.LastSynced.IsZero() {
		part.LastSynced = part.LastSynced.In(who.account.zone())
	}
	v := formView{Contact: c, Groups: groups, Service: part, Dialing: dialingOf(r),
		Phones: append(shown.Phones, labelled{Type: MediaMobile}), Emails: append(shown.Emails, labelled{}),
		Activities: who.account.activityRows(c.ContactID)}
	for _, call := range who.account.calls[c.ContactID] {
		v.Calls = append(v.Calls, who.account.callRow(call))
	}
	slices.Reverse(v.Calls)
	v.Contact.Notes = c.newestFirst(who.account.zone())
	for _, kind := range []int{MediaMobile, MediaHome, MediaWork, MediaOther} {
		v.PhoneTypes = append(v.PhoneTypes, labelled{Type: kind, Label: mediaLabel(kind)})
	}
	return v
}

// servicePart asks the service for the link, if there is a service.
func (s *Server) servicePart(ctx context.Context, accountID string, contactID int64) servicePart {
	if s.service() == "" {
		return servicePart{}
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	state, err := s.Linked(ctx, accountID, contactID)
	if err != nil {
		s.cfg.Log.Warn("mojo sandbox: ask for the link", "error", err)
	}
	return servicePart{LinkState: state, Away: err != nil}
}

// title is what the contact is called on pages.
func (c *Contact) title() string {
	if c.FullName == "" {
		return "Contact without name"
	}
	return c.FullName
}

// fill takes over what was typed and says what can't be saved.
func (c *Contact) fill(r *http.Request) (problems []string) {
	c.FullName = strings.TrimSpace(r.PostForm.Get("full_name"))
	c.Address, c.City = strings.TrimSpace(r.PostForm.Get("address")), strings.TrimSpace(r.PostForm.Get("city"))
	c.State, c.Zip = strings.TrimSpace(r.PostForm.Get("state")), strings.TrimSpace(r.PostForm.Get("zip"))
	c.Media = nil
	kinds := r.PostForm["phone_type"]
	for i, typed := range r.PostForm["phone"] {
		if strings.TrimSpace(typed) == "" {
			continue
		}
		number := digits(typed)
		if !tenDigits(number) {
			problems = append(problems, fmt.Sprintf("%q is not a phone number of ten digits.", typed))
			number = typed
		}
		kind := MediaOther
		if i < len(kinds) {
			kind = phoneType(kinds[i])
		}
		c.addMedia(Media{kind, number})
	}
	for _, typed := range r.PostForm["email"] {
		if typed = strings.TrimSpace(typed); typed == "" {
			continue
		}
		if _, err := mail.ParseAddress(typed); err != nil {
			problems = append(problems, fmt.Sprintf("%q is not an e-mail address.", typed))
		}
		c.addMedia(Media{MediaEmail, typed})
	}
	if c.FullName == "" && len(c.Media) == 0 {
		problems = append(problems, "A contact needs a name, a phone or an e-mail.")
	}
	return problems
}

// phoneType reads the type that was chosen for a phone.
func phoneType(text string) int {
	kind, err := strconv.Atoi(text)
	if err != nil || kind < MediaWork || kind > MediaOther || kind == MediaEmail {
		return MediaOther
	}
	return kind
}

// digits drops everything but digits, and the country code.
func digits(s string) string {
	kept := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
	if len(kept) == 11 {
		kept = strings.TrimPrefix(kept, "1")
	}
	return kept
}
