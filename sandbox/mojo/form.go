package mojo

import (
	"fmt"
	"net/http"
	"net/mail"
	"slices"
	"strconv"
	"strings"
)

// formView is what the contact form shows.
type formView struct {
	Contact
	Phones, Emails []labelled // each with an empty one at its end
	PhoneTypes     []labelled
	Groups         []Group
	Problems       []string
	Saved          bool
}

// showContact serves GET /contacts/{contact_id}/: the contact form.
func (s *Server) showContact(w http.ResponseWriter, r *http.Request, who session) {
	c, groups, ok := s.find(r, who.account)
	if !ok {
		s.notFound(w, who, "There is no such contact in this account.")
		return
	}
	v := newForm(c, groups)
	v.Saved = r.URL.Query().Has("saved")
	s.render(w, http.StatusOK, "contact", who, v.title(), v)
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
	if len(problems) > 0 {
		v := newForm(c, groups)
		v.Problems = problems
		s.render(w, http.StatusUnprocessableEntity, "contact", who, v.title(), v)
		return
	}
	s.mu.Lock()
	if stored := who.account.contacts[c.ContactID]; stored != nil {
		stored.FullName, stored.Media = c.FullName, c.Media
		stored.Address, stored.City, stored.State, stored.Zip = c.Address, c.City, c.State, c.Zip
		if note := strings.TrimSpace(r.PostForm.Get("note")); note != "" {
			s.newNote(stored, note, who.agent.Name)
		}
	}
	s.mu.Unlock()
	http.Redirect(w, r, fmt.Sprintf("/contacts/%d/?saved", c.ContactID), http.StatusSeeOther)
}

// find returns a copy of the contact that the address names, and its groups.
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

func newForm(c Contact, groups []Group) formView {
	r := c.row()
	v := formView{Contact: c, Groups: groups,
		Phones: append(r.Phones, labelled{Type: MediaMobile}), Emails: append(r.Emails, labelled{})}
	slices.Reverse(v.Contact.Notes) // the newest first
	for _, kind := range []int{MediaMobile, MediaHome, MediaWork, MediaOther} {
		v.PhoneTypes = append(v.PhoneTypes, labelled{Type: kind, Label: mediaLabel(kind)})
	}
	return v
}

func (v formView) title() string {
	if v.FullName == "" {
		return "Contact without name"
	}
	return v.FullName
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
