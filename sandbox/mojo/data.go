package mojo

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// contactsPerPage is how many contacts My Data shows at once.
const contactsPerPage = 500

// dataView is what My Data shows: the groups, and the contacts of one of them.
type dataView struct {
	Groups   []Group
	Total    int // contacts of the account
	Selected int64
	Group    *Group // nil when none is selected
	Missing  bool   // the address selects a group that the account doesn't have
	Query    string
	Found    int
	First    int // number of the first contact shown
	Contacts []row
	Previous string // addresses of the neighbouring pages, "" at the ends
	Next     string
	CanSend  bool // the account is connected to Wise Agent
}

// row is a contact in the list.
type row struct {
	Contact
	Phones []labelled
	Emails []labelled
	Place  string
}

// labelled is a phone or e-mail with its type in words.
type labelled struct {
	Type   int
	Label  string
	Value  string
	Status NumberStatus
}

// myData serves GET /my-data/, with the group that group_id selects.
func (s *Server) myData(w http.ResponseWriter, r *http.Request, who session) {
	v := dataView{Selected: groupID(r), Query: strings.TrimSpace(r.URL.Query().Get("q"))}
	contacts := s.selectContacts(&v, who.account)
	page, err := strconv.Atoi(r.URL.Query().Get("page"))
	if err != nil || page < 1 || page > (len(contacts)+contactsPerPage-1)/contactsPerPage {
		page = 1
	}
	first := (page - 1) * contactsPerPage
	last := min(first+contactsPerPage, len(contacts))
	v.Found, v.First, v.Contacts = len(contacts), first+1, contacts[first:last]
	if page > 1 {
		v.Previous = v.page(page - 1)
	}
	if last < len(contacts) {
		v.Next = v.page(page + 1)
	}
	if len(v.Contacts) > 0 {
		v.CanSend = s.servicePart(r.Context(), who.account.ID, v.Contacts[0].ContactID).Connected
	}
	status, title := http.StatusOK, "My Data"
	if v.Group != nil {
		title = v.Group.Name
	}
	if v.Missing {
		status, title = http.StatusNotFound, "Group not found"
	}
	s.render(w, status, "data", who, title, v)
}

// selectContacts fills in the groups and returns the contacts of the selected
// one that match the query.
func (s *Server) selectContacts(v *dataView, a *account) []row {
	s.mu.Lock()
	defer s.mu.Unlock()
	v.Groups, v.Total = a.list(), len(a.contacts)
	g := a.group(v.Selected)
	v.Missing = g == nil && v.Selected != 0
	if g == nil {
		return nil
	}
	shown := g.out()
	v.Group = &shown
	var rows []row
	for _, c := range a.members(g) {
		if c.matches(v.Query) {
			rows = append(rows, a.row(c))
		}
	}
	return rows
}

// page is the address of one page of the contacts.
func (v *dataView) page(n int) string {
	query := url.Values{"group_id": {strconv.FormatInt(v.Selected, 10)}, "page": {strconv.Itoa(n)}}
	if v.Query != "" {
		query.Set("q", v.Query)
	}
	return "/my-data/?" + query.Encode()
}

// matches says whether a name, phone or e-mail of the contact contains text.
func (c *Contact) matches(text string) bool {
	text = strings.ToLower(text)
	if strings.Contains(strings.ToLower(c.FullName), text) {
		return true
	}
	for _, m := range c.Media {
		if strings.Contains(strings.ToLower(m.Value), text) {
			return true
		}
	}
	return false
}

// row is the contact as the list shows it.
func (a *account) row(c Contact) row {
	r := row{Contact: c, Place: strings.Trim(c.Address+", "+strings.TrimSpace(strings.Trim(c.City+", "+c.State, ", ")+" "+c.Zip), ", ")}
	for _, m := range c.Media {
		if m.Type == MediaEmail {
			r.Emails = append(r.Emails, labelled{Type: m.Type, Label: "E-mail", Value: m.Value})
		} else {
			r.Phones = append(r.Phones, labelled{Type: m.Type, Label: mediaLabel(m.Type), Value: m.Value, Status: a.numbers[m.Value]})
		}
	}
	return r
}

func mediaLabel(kind int) string {
	switch kind {
	case MediaWork:
		return "Work"
	case MediaMobile:
		return "Mobile"
	case MediaHome:
		return "Home"
	case MediaEmail:
		return "E-mail"
	}
	return "Other"
}
