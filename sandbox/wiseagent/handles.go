package wiseagent

import (
	"crypto/rand"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"addtomojo/sandbox/people"
)

// The methods for tests, benches and sample data. An e-mail that no user has is a mistake of the caller and panics.

// AddUser makes an account. The first user is the one that a prefilled sign-in page knows.
func (s *Server) AddUser(u User) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := &account{user: u, contacts: map[int]*Contact{}, notes: map[string][]*Note{}, consent: map[string]bool{}}
	s.accounts[strings.ToLower(u.Email)] = a
	if s.first == nil {
		s.first = a
	}
}

// AddContacts puts people into a user's account and gives their ids in the same order. Their notes come along, dated back from
// now by their age.
func (s *Server) AddContacts(email string, all []people.Person) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accountOf(email)
	a.invented += len(all)
	return s.addPeople(a, all)
}

// addPeople puts people into an account.
func (s *Server) addPeople(a *account, all []people.Person) []string {
	now := s.cfg.Now()
	ids := make([]string, 0, len(all))
	for i, p := range all {
		c := contactOf(p)
		c.Added = now.Add(-time.Duration(30+i%700) * 24 * time.Hour)
		c.Updated = now.Add(-time.Duration(2+i*37%2400) * time.Hour)
		id := itoa(s.addContact(a, c).ID)
		for _, n := range slices.Backward(p.Notes) {
			s.addNote(a, Note{ClientID: id, Subject: n.Subject, Text: n.Text, Date: now.Add(-n.Age)})
		}
		ids = append(ids, id)
	}
	return ids
}

// contactOf is the contact that a person becomes.
func contactOf(p people.Person) Contact {
	return Contact{
		First: p.First, Last: p.Last, Company: p.Company, Email: p.Email,
		HomePhone: p.HomePhone, MobilePhone: p.MobilePhone, WorkPhone: p.WorkPhone,
		SpouseFirst: p.SpouseFirst, SpouseLast: p.SpouseLast,
		AddressNumber: p.AddressNumber, AddressStreet: p.AddressStreet, SuiteNo: p.SuiteNo,
		City: p.City, State: p.State, Zip: p.Zip,
		Source: p.Source, Rank: p.Rank, Status: p.Status, Categories: slices.Clone(p.Categories),
	}
}

// AddContact puts one contact into a user's account and gives its id. The contact's own ID is not looked at.
func (s *Server) AddContact(email string, c Contact) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.Added.IsZero() {
		c.Added = s.cfg.Now()
	}
	if c.Updated.IsZero() {
		c.Updated = s.cfg.Now()
	}
	return itoa(s.addContact(s.accountOf(email), c.clone()).ID)
}

// AddVendor puts a vendor into a user's account and gives its id, such as "V12".
func (s *Server) AddVendor(email string, v Vendor) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accountOf(email)
	v.ID = s.next("vendor")
	a.vendors = append(a.vendors, &v)
	return v.key()
}

// AddNote writes a note about a contact or vendor and gives its id. Without a date it is of now.
func (s *Server) AddNote(email string, n Note) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addNote(s.accountOf(email), n).ID
}

// Contact gives a copy of a contact, and whether there is one with the id.
func (s *Server) Contact(email, id string) (Contact, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.accountOf(email).contact(id)
	if c == nil {
		return Contact{}, false
	}
	return c.clone(), true
}

// Contacts gives copies of all contacts of a user, by id.
func (s *Server) Contacts(email string) []Contact {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Contact
	for _, c := range s.accountOf(email).order {
		all = append(all, c.clone())
	}
	return all
}

// ChangeContact lets a function change a contact, as the user would on a page. An unknown id changes nothing.
func (s *Server) ChangeContact(email, id string, change func(*Contact)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.accountOf(email).contact(id); c != nil {
		change(c)
		c.Updated = s.cfg.Now()
	}
}

// DeleteContact takes a contact away with its notes and Call List entries. An unknown id is fine.
func (s *Server) DeleteContact(email, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accountOf(email)
	c := a.contact(id)
	if c != nil {
		a.remove(c)
	}
}

// Notes gives copies of the notes of a contact or vendor, the newest first.
func (s *Server) Notes(email, id string) []Note {
	s.mu.Lock()
	defer s.mu.Unlock()
	return newest(s.accountOf(email).notes[id])
}

// CallList gives copies of the Call List entries of a contact or vendor in the order in which they were made.
func (s *Server) CallList(email, id string) []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Call
	for _, c := range s.accountOf(email).callsOf(id) {
		all = append(all, *c)
	}
	return all
}

// Requests gives how often each endpoint was called, also when a fault answered; names as in [Endpoints].
func (s *Server) Requests() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.counts)
}

// RefreshCount gives how often a refresh token was exchanged with success.
func (s *Server) RefreshCount() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rotated
}

// LiveTokens gives how many access and refresh tokens of a user still work.
func (s *Server) LiveTokens(email string) (access, refresh int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, now := s.accountOf(email), s.cfg.Now()
	for _, t := range s.access {
		if t.grant.account == a && !t.revoked && now.Before(t.expires) {
			access++
		}
	}
	for _, g := range s.refresh {
		if g.account == a {
			refresh++
		}
	}
	return access, refresh
}

// ExpireTokens lets a user's access tokens expire. Refresh tokens go on working.
func (s *Server) ExpireTokens(email string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accountOf(email)
	for _, t := range s.access {
		if t.grant.account == a {
			t.expires = s.cfg.Now()
		}
	}
}

// RevokeTokens is what happens when a user takes the app's access away in Wise Agent: no token works any more, and the next
// connection asks for consent again.
func (s *Server) RevokeTokens(email string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accountOf(email)
	for _, t := range s.access {
		if t.grant.account == a {
			t.revoked = true
		}
	}
	maps.DeleteFunc(s.refresh, func(_ string, g *grant) bool { return g.account == a })
	clear(a.consent)
}

// Tokens makes tokens for a user as a consent to the scopes would, without a browser: a shortcut for tests and benches.
func (s *Server) Tokens(email string, scopes ...string) (access, refresh string, expires time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.issue(&grant{account: s.accountOf(email), scopes: scopes})
	return t.AccessToken, t.RefreshToken, s.access[t.AccessToken].expires
}

// Launch gives the fields of a launch as Add to Mojo sends them: signed when there is a launch secret, else the contacts alone.
func (s *Server) Launch(email string, ids []string) url.Values {
	s.mu.Lock()
	defer s.mu.Unlock()
	fields := url.Values{"contacts": {strings.Join(ids, ",")}}
	if s.cfg.LaunchSecret == "" || s.cfg.Options.Unsigned {
		return fields
	}
	fields.Set("user", s.accountOf(email).user.Email)
	fields.Set("ts", strconv.FormatInt(s.cfg.Now().Unix(), 10))
	fields.Set("nonce", rand.Text())
	fields.Set("signature", Sign(s.cfg.LaunchSecret, fields))
	return fields
}

// SetLaunchURL changes where Add to Mojo leads, for tests whose service starts after the stand-in.
func (s *Server) SetLaunchURL(to string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cfg.LaunchURL = to
}

// SetRedirectHosts changes the hosts that the app may be sent back to.
func (s *Server) SetRedirectHosts(hosts ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cfg.RedirectHosts = slices.Clone(hosts)
}

// SetLatency changes what is added to every call of the API.
func (s *Server) SetLatency(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cfg.Latency = d
}

// SetOptions changes the stand-in's habits.
func (s *Server) SetOptions(o Options) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cfg.Options = o
}

// accountOf finds the account of a user that must be there.
func (s *Server) accountOf(email string) *account {
	a := s.accounts[strings.ToLower(email)]
	if a == nil {
		panic("wise agent stand-in: there is no user " + email)
	}
	return a
}

// clone copies a contact with everything that hangs on it.
func (c Contact) clone() Contact {
	c.MoreEmails, c.MorePhones = slices.Clone(c.MoreEmails), slices.Clone(c.MorePhones)
	c.Categories, c.InsideTeam = slices.Clone(c.Categories), slices.Clone(c.InsideTeam)
	c.Custom, c.Addresses, c.Files = slices.Clone(c.Custom), slices.Clone(c.Addresses), slices.Clone(c.Files)
	return c
}
