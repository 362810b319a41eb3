package wiseagent

import (
	"slices"
	"strings"
	"time"
)

// The requests that read contacts (Wise Agent API, section 3.2).

// contactWire is a contact in an answer (Wise Agent API, section 4). Fields that the stand-in never has are always null or "".
type contactWire struct {
	ClientID              int     `json:"ClientID"`
	CFirst                string  `json:"CFirst"`
	CLast                 string  `json:"CLast"`
	Title                 string  `json:"Title"`
	CEmail                string  `json:"CEmail"`
	HomePhone             string  `json:"HomePhone"`
	MobilePhone           string  `json:"MobilePhone"`
	WorkPhone             string  `json:"WorkPhone"`
	PreferredPhone        string  `json:"PreferredPhone"`
	SpouseFirst           string  `json:"SpouseFirst"`
	SpouseLast            string  `json:"SpouseLast"`
	SpouseWebsite         string  `json:"SpouseWebsite"`
	SpousePreferredPhone  string  `json:"SpousePreferredPhone"`
	Company               string  `json:"Company"`
	AddressNumber         string  `json:"AddressNumber"`
	AddressStreet         string  `json:"AddressStreet"`
	SuiteNo               string  `json:"SuiteNo"`
	City                  string  `json:"City"`
	State                 string  `json:"State"`
	Zip                   string  `json:"Zip"`
	County                string  `json:"County"`
	Country               string  `json:"Country"`
	POBox                 string  `json:"POBox"`
	Website               string  `json:"Website"`
	Source                string  `json:"Source"`
	Categories            string  `json:"Categories"` // JSON in a string
	Rank                  string  `json:"Rank"`
	Status                *string `json:"Status"`
	InsideTeamAssignment  string  `json:"InsideTeamAssignment"`  // JSON in a string
	OutsideTeamAssignment string  `json:"OutsideTeamAssignment"` // JSON in a string
	ContactURL            string  `json:"ContactUrl"`
	CustomData            string  `json:"CustomData"` // JSON in a string
	DtUpdated             *string `json:"DtUpdated"`  // Arizona
	DateUpdatedUTC        *string `json:"DateUpdatedUTC"`
	DateAddedUTC          *string `json:"DateAddedUTC"`
	LastContactDate       *string `json:"LastContactDate"`
	DateMet               *string `json:"DateMet"`
	Birthday              *string `json:"Birthday"`
	Anniversary           *string `json:"Anniversary"`
	HomeSaleAnniversary   *string `json:"HomeSaleAnniversary"`
}

// vendorWire is a vendor in an answer.
type vendorWire struct {
	VendorID         string `json:"VendorID"`
	Company          string `json:"Company"`
	ContactName      string `json:"ContactName"`
	AlternateContact string `json:"AlternateContact"`
	Address          string `json:"Address"`
	City             string `json:"City"`
	State            string `json:"State"`
	Zip              string `json:"Zip"`
	Phone            string `json:"Phone"`
	ContactPhone     string `json:"ContactPhone"`
	Fax              string `json:"Fax"`
	Email            string `json:"Email"`
	URL              string `json:"Url"`
	Type             string `json:"Type"`
}

func getContacts(r request) any {
	found, problem := r.filter()
	if problem != "" {
		return jsonError{problem}
	}
	return r.wireContacts(page(r.params, found, 100, false))
}

func getContactsCount(r request) any {
	found, problem := r.filter()
	if problem != "" {
		return jsonError{problem}
	}
	return struct {
		Count int `json:"count"`
	}{len(found)}
}

// getSingleContact answers an empty list when there is nobody with that id.
func getSingleContact(r request) any {
	id := r.get("clientID")
	if v := r.account.vendor(id); v != nil {
		return []vendorWire{v.wire()}
	}
	if c := r.account.contact(id); c != nil {
		return r.wireContacts([]*Contact{c})
	}
	return []contactWire{}
}

func getVendors(r request) any {
	types := r.list("types", ",")
	all := []vendorWire{}
	for _, v := range r.account.vendors {
		switch {
		case r.get("email") != "" && !strings.EqualFold(v.Email, r.get("email")):
		case r.get("phone") != "" && !slices.Contains([]string{digitsOf(v.Phone), digitsOf(v.ContactPhone)}, digitsOf(r.get("phone"))):
		case len(types) > 0 && !has(types, v.Type):
		case !contains(r.get("nameQuery"), v.Company, v.ContactName):
		default:
			all = append(all, v.wire())
		}
	}
	return page(r.params, all, 100, false)
}

// filter gives the contacts that the request asks for, by id. The exclusive filters come first, in the order of the
// documentation; a date that cannot be read is a problem.
func (r request) filter() ([]*Contact, string) {
	keep, problem := r.keeper()
	if problem != "" || keep == nil {
		return r.account.order, problem
	}
	var found []*Contact
	for _, c := range r.account.order {
		if keep(c) {
			found = append(found, c)
		}
	}
	return found, ""
}

// keeper makes the condition of the filters that were sent, nil when there was none.
func (r request) keeper() (keep func(*Contact) bool, problem string) {
	switch {
	case r.get("email") != "":
		return func(c *Contact) bool {
			return strings.EqualFold(c.Email, r.get("email")) || has(c.MoreEmails, r.get("email"))
		}, ""
	case r.get("phone") != "":
		phone := r.get("phone")
		return func(c *Contact) bool { return phone == digitsOf(phone) && c.hasPhone(phone) }, ""
	case r.get("categories") != "":
		return r.byCategory(), ""
	case r.get("nameQuery") != "":
		return func(c *Contact) bool { return contains(r.get("nameQuery"), c.First+" "+c.Last, c.Company) }, ""
	}
	since, problem := r.since()
	if problem != "" {
		return nil, problem
	}
	sources := r.list("sources", ",")
	if since.IsZero() && len(sources) == 0 {
		return nil, ""
	}
	return func(c *Contact) bool {
		return !c.Updated.Before(since) && (len(sources) == 0 || has(sources, c.Source))
	}, ""
}

// since is the later one of the dates that were sent, zero without any.
func (r request) since() (since time.Time, problem string) {
	for name, zone := range map[string]*time.Location{"dtupdated": arizona(), "DateUpdatedUTC": time.UTC} {
		if r.get(name) == "" {
			continue
		}
		t, ok := parseTime(r.get(name), zone)
		if !ok {
			return since, "Invalid " + name
		}
		if t.After(since) {
			since = t
		}
	}
	return since, ""
}

// byCategory keeps contacts with one of the categories, or with all of them when categoryAll is set.
func (r request) byCategory() func(*Contact) bool {
	names, all := r.list("categories", ","), r.yes("categoryAll")
	return func(c *Contact) bool {
		hits := 0
		for _, name := range names {
			if has(c.Categories, name) {
				hits++
			}
		}
		return hits > 0 && (!all || hits == len(names))
	}
}

// hasPhone compares by digits, with and without a leading 1.
func (c *Contact) hasPhone(phone string) bool {
	want := strings.TrimPrefix(digitsOf(phone), "1")
	if want == "" {
		return false
	}
	for _, p := range append([]string{c.HomePhone, c.MobilePhone, c.WorkPhone}, c.MorePhones...) {
		if strings.TrimPrefix(digitsOf(p), "1") == want {
			return true
		}
	}
	return false
}

// contains says whether one of the texts has the query in it, in any case.
func contains(query string, texts ...string) bool {
	return slices.ContainsFunc(texts, func(text string) bool {
		return strings.Contains(strings.ToLower(text), strings.ToLower(strings.TrimSpace(query)))
	})
}

// wireContacts writes contacts as an answer has them.
func (r request) wireContacts(contacts []*Contact) []contactWire {
	all := make([]contactWire, 0, len(contacts))
	for _, c := range contacts {
		all = append(all, r.wireContact(c))
	}
	return all
}

func (r request) wireContact(c *Contact) contactWire {
	w := contactWire{
		ClientID: c.ID, CFirst: c.First, CLast: c.Last, Title: c.Title, CEmail: c.Email, Company: c.Company,
		HomePhone: c.HomePhone, MobilePhone: c.MobilePhone, WorkPhone: c.WorkPhone, PreferredPhone: "Cell Phone",
		SpouseFirst: c.SpouseFirst, SpouseLast: c.SpouseLast,
		AddressNumber: c.AddressNumber, AddressStreet: c.AddressStreet, SuiteNo: c.SuiteNo,
		City: c.City, State: c.State, Zip: c.Zip, County: c.County, Country: c.Country, POBox: c.POBox,
		Website: c.Website, Source: c.Source, Rank: c.Rank,
		Categories: nestedCategories(c.Categories), InsideTeamAssignment: nestedTeam(c.InsideTeam),
		OutsideTeamAssignment: r.nestedOutside(c.OutsideTeam), CustomData: nestedCustom(c.Custom),
		ContactURL: r.contactURL(c.ID),
	}
	if c.Status != "" {
		status := c.Status
		w.Status = &status
	}
	updatedHere, updatedUTC, added := usDate(c.Updated.In(arizona())), usDate(c.Updated.UTC()), usDate(c.Added.UTC())
	w.DtUpdated, w.DateUpdatedUTC, w.DateAddedUTC = &updatedHere, &updatedUTC, &added
	return w
}

// contactURL is where a browser sees the contact.
func (r request) contactURL(id int) string {
	origin := r.cfg.PublicURL
	if origin == "" {
		origin = "https://thewiseagent.com"
	}
	return origin + "/secure/client/summary?clientId=" + itoa(id)
}

func nestedCategories(names []string) string {
	type wire struct {
		Name string `json:"name"`
	}
	all := []wire{}
	for _, name := range names {
		all = append(all, wire{name})
	}
	return nested(all)
}

func nestedTeam(ids []int) string {
	type wire struct {
		InsideTeamID int `json:"InsideTeamId"`
	}
	all := []wire{}
	for _, id := range ids {
		all = append(all, wire{id})
	}
	return nested(all)
}

// nestedOutside has a line break inside, as the documentation's sample does.
func (r request) nestedOutside(email string) string {
	type wire struct {
		TeamMember, LeadStatus, Cell, Phone, Email string
	}
	for _, m := range r.account.user.Outside {
		if strings.EqualFold(m.Email, email) {
			return strings.Replace(nested([]wire{{m.Name, "accepted", m.Cell, m.Phone, m.Email}}), "[", "[\r\n", 1)
		}
	}
	return "[]"
}

func nestedCustom(custom []Custom) string {
	type wire struct{ Key, Value string }
	all := []wire{}
	for _, c := range custom {
		all = append(all, wire{c.Key, c.Value})
	}
	return nested(all)
}

func (v *Vendor) wire() vendorWire {
	return vendorWire{
		VendorID: v.key(), Company: v.Company, ContactName: v.ContactName, AlternateContact: v.AlternateContact,
		Address: v.Address, City: v.City, State: v.State, Zip: v.Zip,
		Phone: v.Phone, ContactPhone: v.ContactPhone, Fax: v.Fax, Email: v.Email, URL: v.URL, Type: v.Type,
	}
}

func getClientAddresses(r request) any {
	type wire struct {
		ID          int    `json:"ClientAddressID"`
		ClientID    int    `json:"ClientID"`
		Type        string `json:"AddressType"`
		Number      string `json:"AddressNum"`
		Street      string `json:"Address"`
		SuiteNo     string `json:"SuiteNo"`
		POBox       string `json:"POBox"`
		Floor       string `json:"BldgFloor"`
		City        string `json:"City"`
		State       string `json:"State"`
		Zip         string `json:"Zip"`
		County      string `json:"County"`
		Country     string `json:"Country"`
		MLS         string `json:"MLS"`
		Subdivision string `json:"Subdivision"`
		Township    string `json:"Township"`
	}
	all := []wire{}
	c := r.account.contact(r.get("ClientID"))
	if c == nil {
		return all
	}
	for _, a := range c.Addresses {
		all = append(all, wire{a.ID, c.ID, a.Type, a.Number, a.Street, a.SuiteNo, a.POBox, a.Floor, a.City, a.State, a.Zip,
			a.County, a.Country, a.MLS, a.Subdivision, a.Township})
	}
	return all
}

func getSources(r request) any {
	type wire struct {
		ID   int    `json:"ID"`
		Name string `json:"Name"`
	}
	all := []wire{}
	for _, c := range r.account.order {
		if c.Source != "" && !slices.ContainsFunc(all, func(w wire) bool { return w.Name == c.Source }) {
			all = append(all, wire{len(all) + 1, c.Source})
		}
	}
	return all
}

func getAllCategoriesWithCount(r request) any {
	type wire struct {
		Name        string `json:"name"`
		ID          int    `json:"id"`
		ClientCount int    `json:"clientCount"`
	}
	all := []wire{}
	for _, c := range r.account.categories {
		all = append(all, wire{c.name, c.id, r.account.inCategory(c.name)})
	}
	return struct {
		CategoryInfo []wire `json:"CategoryInfo"`
	}{all}
}

func getCategoryClientCount(r request) any {
	type wire struct {
		Success string `json:"success"`
		Count   int    `json:"categorycount"`
	}
	return []wire{{"true", r.account.inCategory(r.get("category"))}}
}

// inCategory counts the contacts with a category.
func (a *account) inCategory(name string) int {
	n := 0
	for _, c := range a.order {
		if has(c.Categories, name) {
			n++
		}
	}
	return n
}
