package wiseagent

import (
	"fmt"
	"net/http"
	"net/mail"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What people do by hand on a contact's page: change the contact and delete it.

const (
	mostTyped  = 200     // characters that a field takes
	mostPosted = 1 << 20 // bytes of a form
)

// An editField is a field of the form that changes a contact. Its name is one of bothFields.
type editField struct {
	Name, Label string
	Keyboard    string // which one a phone shows, as an inputmode
	Value       string
	Was         string // what the page showed; what the API wrote since stays when the value is the same
	Problem     string
	Focus       bool // the first one with a problem
}

// changed says whether somebody typed another value. Spaces around it are nothing, as they are to browsers.
func (f editField) changed() bool { return cleaned(f.Value) != cleaned(f.Was) }

// editFields are the empty form.
func editFields() []editField {
	return []editField{
		{Name: "cfirst", Label: "First name"}, {Name: "clast", Label: "Last name"},
		{Name: "company", Label: "Company"}, {Name: "cemail", Label: "E-mail", Keyboard: "email"},
		{Name: "mobilephone", Label: "Mobile phone", Keyboard: "tel"}, {Name: "homephone", Label: "Home phone", Keyboard: "tel"},
		{Name: "workphone", Label: "Work phone", Keyboard: "tel"}, {Name: "addressnumber", Label: "Street number"},
		{Name: "addressstreet", Label: "Street"}, {Name: "suiteno", Label: "Suite"},
		{Name: "city", Label: "City"}, {Name: "state", Label: "State"}, {Name: "zip", Label: "Zip"},
	}
}

// editForm is the form as a contact fills it.
func (c *Contact) editForm() []editField {
	form := editFields()
	for i := range form {
		value := *bothFields[form[i].Name](c)
		form[i].Value, form[i].Was = value, value
	}
	return form
}

// typed reads the form that was sent, with what is wrong in it. A field that wasn't sent is as the contact has it.
func (c *Contact) typed(sent url.Values) (form []editField, wrong bool) {
	form = c.editForm()
	for i := range form {
		f := &form[i]
		if !sent.Has(f.Name) {
			continue
		}
		f.Value = sent.Get(f.Name)
		if sent.Has("was-" + f.Name) {
			f.Was = sent.Get("was-" + f.Name)
		}
		if f.changed() {
			f.Problem = f.refusal()
		}
	}
	if c.namelessWith(form) {
		form[0].Problem = "Give a first name, a last name or a company."
	}
	for i := range form {
		form[i].Focus = form[i].Problem != "" && !wrong
		wrong = wrong || form[i].Problem != ""
	}
	return form, wrong
}

// refusal says why a field can't be saved, "" when it can. A phone may be text, as it often is in Wise Agent.
func (f editField) refusal() string {
	value := cleaned(f.Value)
	if n := utf8.RuneCountInString(value); n > mostTyped {
		return fmt.Sprintf("These are %d characters, and %d are the most.", n, mostTyped)
	}
	if f.Name == "cemail" && value != "" {
		if a, err := mail.ParseAddress(value); err != nil || a.Address != value {
			return "Give one e-mail address, such as ann@example.com, or leave it empty."
		}
	}
	return ""
}

// namelessWith says whether saving the form would take the last name that the contact has.
func (c *Contact) namelessWith(form []editField) bool {
	after := *c
	return after.take(form) && after.First+after.Last+after.Company == "" && c.First+c.Last+c.Company != ""
}

// take writes what was changed in the form, and says whether anything was.
func (c *Contact) take(form []editField) (changed bool) {
	for _, f := range form {
		if f.changed() {
			*bothFields[f.Name](c), changed = cleaned(f.Value), true
		}
	}
	return changed
}

// cleaned is what was typed into a field of one line, without control characters.
func cleaned(typed string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, typed))
}

// changeContact saves the form, or shows it again with what is wrong.
func (s *Server) changeContact(w http.ResponseWriter, r *http.Request, user *account) {
	r.Body = http.MaxBytesReader(w, r.Body, mostPosted)
	if err := r.ParseForm(); err != nil {
		s.problem(w, r, http.StatusBadRequest, "The form could not be read. Go back, make it shorter and try again.")
		return
	}
	v, ok := s.save(user, r.PathValue("id"), r.PostForm)
	switch {
	case !ok:
		s.notToChange(w, r, user)
	case v.Wrong:
		s.render(w, r, http.StatusUnprocessableEntity, "contact", v)
	default:
		http.Redirect(w, r, "/contacts/"+v.ID+"?saved=1", http.StatusSeeOther)
	}
}

// save changes a contact by the form that was sent unless something is wrong in it, and gives the page. It is false without
// such a contact.
func (s *Server) save(user *account, id string, sent url.Values) (v contactView, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := user.contact(id)
	if c == nil {
		return v, false
	}
	form, wrong := c.typed(sent)
	if !wrong && c.take(form) {
		c.Updated = s.cfg.Now()
	}
	v, ok = user.view(id)
	v.Edit, v.Wrong, v.NoOpener = form, wrong, s.cfg.Options.NoOpener
	return v, ok
}

// deleteContact takes a contact away, as the page asked before.
func (s *Server) deleteContact(w http.ResponseWriter, r *http.Request, user *account) {
	s.mu.Lock()
	c := user.contact(r.PathValue("id"))
	if c != nil {
		user.remove(c)
	}
	s.mu.Unlock()
	if c == nil {
		s.notToChange(w, r, user)
		return
	}
	http.Redirect(w, r, "/contacts?deleted=1", http.StatusSeeOther)
}

// notToChange answers for an address that is no contact's: a vendor's, or nobody's.
func (s *Server) notToChange(w http.ResponseWriter, r *http.Request, user *account) {
	s.mu.Lock()
	vendor := user.vendor(r.PathValue("id"))
	s.mu.Unlock()
	if vendor != nil {
		s.problem(w, r, http.StatusUnprocessableEntity, "Vendors can't be changed or deleted in this sandbox. Add to Mojo leaves them out.")
		return
	}
	s.noSuchContact(w, r)
}
