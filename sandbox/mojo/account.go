package mojo

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Account is a Mojo account and the people who can sign in to it.
type Account struct {
	ID        string
	Name      string
	PIN       string
	Suspended bool
	Agents    []Agent
	Zone      *time.Location // of the account's wall clock; nil: Arizona
}

// Agent is somebody who signs in to an account. Permission is "owner",
// "super_user", "user", "lite_user" or "dialing_rep".
type Agent struct {
	ID         int64
	Login      string
	Password   string
	Name       string
	Email      string
	Permission string
}

// Group is a group of contacts.
type Group struct {
	ID       int64
	Name     string
	Contacts int // how many are in it
	IsLead   bool
}

// Contact is a person in an account.
type Contact struct {
	ContactID    int64  // given by the server
	APIContactID string // the CRM's id, "" for a contact that no CRM sent
	FullName     string
	Address      string
	City         string
	State        string
	Zip          string
	GroupIDs     []int64
	Media        []Media
	Notes        []Note
	Revision     int64 // given by the server: how often it was edited in Mojo
}

// Media is a phone or e-mail of a contact.
type Media struct {
	Type  int    // one of the Media constants
	Value string // ten digits, or an e-mail
}

// The types of media, see Mojo's API, part A2.
const (
	MediaWork   = 1
	MediaMobile = 2
	MediaHome   = 3
	MediaEmail  = 4
	MediaOther  = 5
)

// Note is a note on a contact.
type Note struct {
	ID       int64
	Contents string
	Created  time.Time
	Author   string // the agent's name, "" when it came through the API
}

// account is an account with what is in it; Server.mu guards it.
type account struct {
	Account
	groups   []*group
	contacts map[int64]*Contact
	byAPI    map[string]*Contact

	calls        map[int64][]Call // by contact
	activities   []*Activity
	numbers      map[string]NumberStatus // by ten digits
	disconnected bool                    // the customer ended the integration

	bulkRuns    bool      // a bulk create is running
	brokenUntil time.Time // a bulk create broke off; the lock stays until then
	batches     []int     // sizes of the bulk creates that got the lock
	busy        int       // bulk creates that didn't get it

	wrongTries []time.Time // of the last minute
}

// group is a group with its contacts in the order they came in.
type group struct {
	id      int64
	name    string
	isLead  bool
	members []int64
}

// AddAccount adds an account without groups and contacts. It panics when the
// ID or PIN is taken.
func (s *Server) AddAccount(a Account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, other := range s.accounts {
		if other.ID == a.ID || other.PIN == a.PIN {
			panic(fmt.Sprintf("mojo sandbox: account %q or its PIN exists already", a.ID))
		}
	}
	a.Agents = slices.Clone(a.Agents)
	s.accounts = append(s.accounts, &account{
		Account: a, contacts: make(map[int64]*Contact), byAPI: make(map[string]*Contact),
		calls: make(map[int64][]Call), numbers: make(map[string]NumberStatus),
	})
}

// Groups returns an account's groups in the order they were made.
func (s *Server) Groups(accountID string) []Group {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.account(accountID).list()
}

// AddGroup adds a group and returns its ID, which no other group of the server
// has.
func (s *Server) AddGroup(accountID, name string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.newGroup(s.account(accountID), name).id
}

// MarkLead makes a group a lead group.
func (s *Server) MarkLead(accountID string, groupID int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.account(accountID).mustGroup(groupID).isLead = true
}

// DeleteGroup deletes a group; its contacts stay in the account.
func (s *Server) DeleteGroup(accountID string, groupID int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.account(accountID)
	for _, id := range a.mustGroup(groupID).members {
		a.contacts[id].GroupIDs = without(a.contacts[id].GroupIDs, groupID)
	}
	a.groups = slices.DeleteFunc(a.groups, func(g *group) bool { return g.id == groupID })
}

// Contacts returns the contacts of a group in the order they came in, or with
// group 0 all contacts of the account, oldest first.
func (s *Server) Contacts(accountID string, groupID int64) []Contact {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.account(accountID)
	if groupID != 0 {
		return a.members(a.mustGroup(groupID))
	}
	all := make([]Contact, 0, len(a.contacts))
	for _, c := range a.contacts {
		all = append(all, c.clone())
	}
	slices.SortFunc(all, func(a, b Contact) int { return cmp.Compare(a.ContactID, b.ContactID) })
	return all
}

// AddContact adds a contact to the account and the groups, and returns its
// contact id. The contact's own ContactID, GroupIDs and Revision are ignored, and
// its notes are dated now. No hook is sent.
func (s *Server) AddContact(accountID string, c Contact, groupIDs ...int64) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.account(accountID)
	if c.APIContactID != "" && a.byAPI[c.APIContactID] != nil {
		panic(fmt.Sprintf("mojo sandbox: contact %q exists already", c.APIContactID))
	}
	notes := c.Notes
	c = c.clone()
	c.GroupIDs, c.Notes, c.Revision = nil, nil, 0
	added := s.newContact(a, c)
	for _, n := range notes {
		s.newNote(added, n.Contents, n.Author)
	}
	for _, id := range groupIDs {
		a.mustGroup(id).add(added)
	}
	return added.ContactID
}

// Batches returns the sizes of the account's bulk creates that got the lock, in
// order.
func (s *Server) Batches(accountID string) []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.account(accountID).batches)
}

// BusyAnswers returns how many bulk creates of the account found the lock taken.
func (s *Server) BusyAnswers(accountID string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.account(accountID).busy
}

// account finds an account for a handle.
func (s *Server) account(id string) *account {
	for _, a := range s.accounts {
		if a.ID == id {
			return a
		}
	}
	panic(fmt.Sprintf("mojo sandbox: there is no account %q", id))
}

func (s *Server) newID() int64 {
	s.lastID++
	return s.lastID
}

func (s *Server) newGroup(a *account, name string) *group {
	g := &group{id: s.newID(), name: name}
	a.groups = append(a.groups, g)
	return g
}

func (s *Server) newContact(a *account, c Contact) *Contact {
	c.ContactID = s.newID()
	a.contacts[c.ContactID] = &c
	if c.APIContactID != "" {
		a.byAPI[c.APIContactID] = &c
	}
	return &c
}

func (s *Server) newNote(c *Contact, contents, author string) Note {
	n := Note{ID: s.newID(), Contents: contents, Created: s.cfg.Now(), Author: author}
	c.Notes = append(c.Notes, n)
	return n
}

// list returns the groups as the outside sees them.
func (a *account) list() []Group {
	groups := make([]Group, len(a.groups))
	for i, g := range a.groups {
		groups[i] = g.out()
	}
	return groups
}

// group finds a group, nil when there is none with that id.
func (a *account) group(id int64) *group {
	for _, g := range a.groups {
		if g.id == id {
			return g
		}
	}
	return nil
}

func (a *account) mustGroup(id int64) *group {
	g := a.group(id)
	if g == nil {
		panic(fmt.Sprintf("mojo sandbox: account %q has no group %d", a.ID, id))
	}
	return g
}

// named says whether the account has a group of that name; case doesn't count.
func (a *account) named(name string) bool {
	return slices.ContainsFunc(a.groups, func(g *group) bool { return strings.EqualFold(g.name, name) })
}

// members returns copies of a group's contacts.
func (a *account) members(g *group) []Contact {
	contacts := make([]Contact, len(g.members))
	for i, id := range g.members {
		contacts[i] = a.contacts[id].clone()
	}
	return contacts
}

// owner is the agent whose browser session stands for the account's.
func (a *account) owner() Agent {
	for _, agent := range a.Agents {
		if agent.Permission == "owner" {
			return agent
		}
	}
	if len(a.Agents) > 0 {
		return a.Agents[0]
	}
	return Agent{}
}

// out is the group as the outside sees it.
func (g *group) out() Group {
	return Group{ID: g.id, Name: g.name, Contacts: len(g.members), IsLead: g.isLead}
}

// add puts a contact into the group and says whether it was not there before.
func (g *group) add(c *Contact) bool {
	if slices.Contains(c.GroupIDs, g.id) {
		return false
	}
	c.GroupIDs = append(c.GroupIDs, g.id)
	g.members = append(g.members, c.ContactID)
	return true
}

// remove takes contacts out of the group and returns how many were in it.
func (g *group) remove(contacts map[int64]*Contact) int {
	before := len(g.members)
	g.members = slices.DeleteFunc(g.members, func(id int64) bool {
		c := contacts[id]
		if c != nil {
			c.GroupIDs = without(c.GroupIDs, g.id)
		}
		return c != nil
	})
	return before - len(g.members)
}

// addMedia adds a phone or e-mail unless the contact has the value already.
func (c *Contact) addMedia(m Media) {
	if !slices.ContainsFunc(c.Media, func(old Media) bool { return strings.EqualFold(old.Value, m.Value) }) {
		c.Media = append(c.Media, m)
	}
}

func (c *Contact) clone() Contact {
	copied := *c
	copied.GroupIDs = slices.Clone(c.GroupIDs)
	copied.Media = slices.Clone(c.Media)
	copied.Notes = slices.Clone(c.Notes)
	return copied
}

// newestFirst are the contact's notes as pages show them, in the zone.
func (c *Contact) newestFirst(zone *time.Location) []Note {
	notes := slices.Clone(c.Notes)
	slices.Reverse(notes)
	for i := range notes {
		notes[i].Created = notes[i].Created.In(zone)
	}
	return notes
}

func without(ids []int64, id int64) []int64 {
	return slices.DeleteFunc(ids, func(other int64) bool { return other == id })
}
