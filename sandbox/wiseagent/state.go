package wiseagent

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// A User is a customer of Wise Agent, with an account of their own.
type User struct {
	Email, Password string
	First, Last     string
	Team            []Member  // inside team: may be named in notes and Call List entries
	Outside         []Outside // outside team: may be assigned by e-mail
}

// A Member belongs to a user's inside team.
type Member struct {
	ID                                 int
	Name, Phone, Cell, Email, JobTitle string
}

// An Outside belongs to a user's outside team.
type Outside struct {
	Name, Phone, Cell, Email string
}

// A Contact is one person (or company) in an account, as the stand-in keeps it.
type Contact struct {
	ID                                       int
	First, Last, Title, Company, Email       string
	HomePhone, MobilePhone, WorkPhone, Fax   string
	SpouseFirst, SpouseLast                  string
	AddressNumber, AddressStreet, SuiteNo    string
	City, State, Zip, County, Country, POBox string
	Subdivision, BuildingFloor, Website      string
	Source, Rank, Status                     string
	MoreEmails, MorePhones                   []string // gained by webcontact; no request returns them
	Categories                               []string
	InsideTeam                               []int
	OutsideTeam                              string // e-mail
	DoNotContact                             bool   // settable by webcontact, never returned
	Custom                                   []Custom
	Addresses                                []Address
	Files                                    []string
	Added, Updated                           time.Time
}

// Name is how pages call the contact: the person, else the company, else its id.
func (c Contact) Name() string {
	if name := strings.TrimSpace(c.First + " " + c.Last); name != "" {
		return name
	}
	return cmp.Or(c.Company, "Contact "+itoa(c.ID))
}

// A Custom is one value of a contact's custom data.
type Custom struct {
	ID         int
	Key, Value string
}

// An Address is one of a contact's further addresses.
type Address struct {
	ID                                                            int
	Type, Number, Street, SuiteNo, POBox, Floor, City, State, Zip string
	County, Country, MLS, Subdivision, Township                   string
}

// A Vendor is a business that the user works with. Its ids are written with a V: "V12".
type Vendor struct {
	ID                                     int
	Company, ContactName, AlternateContact string
	Address, City, State, Zip              string
	Phone, ContactPhone, Fax, Email, URL   string
	Type                                   string // one of Wise Agent's vendor types, such as "Title" or "Mortgage"
}

// A Note is written about a contact or a vendor.
type Note struct {
	ID           int
	ClientID     string // "26855", or "V12" for a vendor
	Subject      string
	Text         string // may be HTML
	Date         time.Time
	Locked       bool
	InsideTeamID int // 0 is everybody
	Categories   []string
}

// A Call is an entry of the Call List.
type Call struct {
	ID           int
	ClientID     string // "26855", or "V12" for a vendor
	Type, Reason string
	Next         time.Time // a wall clock in Arizona
	Important    bool
	Completed    bool
	CompletedAt  time.Time
	InsideTeamID int
	Added        time.Time
}

// account is everything that one user sees.
type account struct {
	user       User
	contacts   map[int]*Contact
	order      []*Contact // by id
	vendors    []*Vendor  // by id
	notes      map[string][]*Note
	calls      []*Call
	categories []category
	consent    map[string]bool // scopes that the user gave the app, until the refresh token goes
	invented   int             // how many people of the list that loads continue were used
	editing    *editing        // nil until there were edits
}

// category is a name for contacts.
type category struct {
	id   int
	name string
}

// next gives the next id of a kind of thing.
func (s *Server) next(kind string) int {
	s.lastID[kind]++
	return s.lastID[kind]
}

// addContact puts a contact into the account under the next id.
func (s *Server) addContact(a *account, c Contact) *Contact {
	c.ID = s.next("contact")
	a.contacts[c.ID] = &c
	a.order = append(a.order, &c)
	for _, name := range c.Categories {
		s.category(a, name)
	}
	return &c
}

// remove takes a contact out of the account, with its notes and Call List entries.
func (a *account) remove(c *Contact) {
	delete(a.contacts, c.ID)
	delete(a.notes, itoa(c.ID))
	a.order = slices.DeleteFunc(a.order, func(other *Contact) bool { return other == c })
	a.calls = slices.DeleteFunc(a.calls, func(l *Call) bool { return l.ClientID == itoa(c.ID) })
}

// category gives the id of the account's category of that name, which it makes if there is none.
func (s *Server) category(a *account, name string) int {
	for _, known := range a.categories {
		if strings.EqualFold(known.name, name) {
			return known.id
		}
	}
	id := s.next("category")
	a.categories = append(a.categories, category{id, name})
	return id
}

// contact finds a contact by an id as it came over the wire.
func (a *account) contact(id string) *Contact {
	n, ok := number(id)
	if !ok {
		return nil
	}
	return a.contacts[n]
}

// vendor finds a vendor by an id with a V in front.
func (a *account) vendor(id string) *Vendor {
	n, ok := vendorNumber(id)
	if !ok {
		return nil
	}
	for _, v := range a.vendors {
		if v.ID == n {
			return v
		}
	}
	return nil
}

// known gives the canonical form of a contact's or vendor's id, and whether there is such a one.
func (a *account) known(id string) (string, bool) {
	if c := a.contact(id); c != nil {
		return itoa(c.ID), true
	}
	if v := a.vendor(id); v != nil {
		return v.key(), true
	}
	return "", false
}

// key is the vendor's id as the wire has it.
func (v *Vendor) key() string { return "V" + itoa(v.ID) }

// addNote writes a note under the next id.
func (s *Server) addNote(a *account, n Note) *Note {
	n.ID = s.next("note")
	if n.Date.IsZero() {
		n.Date = s.cfg.Now()
	}
	a.notes[n.ClientID] = append(a.notes[n.ClientID], &n)
	return &n
}

// newest gives copies of notes, the newest first.
func newest(notes []*Note) []Note {
	all := make([]Note, len(notes))
	for i, n := range notes {
		all[i] = *n
		all[i].Categories = slices.Clone(n.Categories)
	}
	slices.SortStableFunc(all, func(a, b Note) int {
		return cmp.Or(b.Date.Compare(a.Date), cmp.Compare(b.ID, a.ID))
	})
	return all
}

// callsOf gives the Call List entries of a contact or vendor in the order in which they were made.
func (a *account) callsOf(clientID string) []*Call {
	var all []*Call
	for _, c := range a.calls {
		if c.ClientID == clientID {
			all = append(all, c)
		}
	}
	return all
}

// member finds somebody of the inside team.
func (a *account) member(id int) (Member, bool) {
	for _, m := range a.user.Team {
		if m.ID == id {
			return m, true
		}
	}
	return Member{}, false
}

// has says whether the list has the name, in any case.
func has(list []string, name string) bool {
	return slices.ContainsFunc(list, func(v string) bool { return strings.EqualFold(v, name) })
}

// without gives the list without the name.
func without(list []string, name string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(v string) bool { return strings.EqualFold(v, name) })
}
