package wiseagent

import (
	"slices"
	"strings"
)

// The requests that write contacts (Wise Agent API, section 3.3).

// A field tells where a parameter of a write goes.
type field = func(*Contact) *string

// bothFields are the parameters that webcontact and updateContact have in common, by their names in lower case.
var bothFields = map[string]field{
	"cfirst":        func(c *Contact) *string { return &c.First },
	"clast":         func(c *Contact) *string { return &c.Last },
	"cemail":        func(c *Contact) *string { return &c.Email },
	"homephone":     func(c *Contact) *string { return &c.HomePhone },
	"mobilephone":   func(c *Contact) *string { return &c.MobilePhone },
	"workphone":     func(c *Contact) *string { return &c.WorkPhone },
	"company":       func(c *Contact) *string { return &c.Company },
	"addressnumber": func(c *Contact) *string { return &c.AddressNumber },
	"addressstreet": func(c *Contact) *string { return &c.AddressStreet },
	"suiteno":       func(c *Contact) *string { return &c.SuiteNo },
	"city":          func(c *Contact) *string { return &c.City },
	"state":         func(c *Contact) *string { return &c.State },
	"zip":           func(c *Contact) *string { return &c.Zip },
	"country":       func(c *Contact) *string { return &c.Country },
	"rank":          func(c *Contact) *string { return &c.Rank },
	"contactstatus": func(c *Contact) *string { return &c.Status },
}

// newFields are those of webcontact alone, with the older names of the phones.
var newFields = map[string]field{
	"phone":   func(c *Contact) *string { return &c.HomePhone },
	"cell":    func(c *Contact) *string { return &c.MobilePhone },
	"work":    func(c *Contact) *string { return &c.WorkPhone },
	"fax":     func(c *Contact) *string { return &c.Fax },
	"address": func(c *Contact) *string { return &c.AddressStreet },
	"website": func(c *Contact) *string { return &c.Website },
}

// updateFields are those of updateContact alone, with the older names of the street.
var updateFields = map[string]field{
	"streetnumber":  func(c *Contact) *string { return &c.AddressNumber },
	"streetname":    func(c *Contact) *string { return &c.AddressStreet },
	"county":        func(c *Contact) *string { return &c.County },
	"subdivision":   func(c *Contact) *string { return &c.Subdivision },
	"buildingfloor": func(c *Contact) *string { return &c.BuildingFloor },
}

// fill takes over the parameters that are fields of a contact, its own ones or common ones.
func (r request) fill(c *Contact, own map[string]field) {
	for name, value := range r.values {
		for _, fields := range []map[string]field{bothFields, own} {
			if to, ok := fields[name]; ok {
				*to(c) = value
			}
		}
	}
}

// statusValues are the values of a contact's status (Wise Agent API, section 4).
var statusValues = []string{
	"New", "Attempted", "Contacted", "Active", "Future Opportunity", "Disqualified", "Bad Lead", "Closed", "No Status", "Inactive",
	"Under Contract", "Hot Lead", "Warm Lead", "Appointment Set", "Showing Homes", "Submitted Offers", "Nurture", "Rejected",
	"Met with Client", "Listing Agreement", "Active Listing",
}

var rankValues = []string{"A", "B", "C", "D", "F", "Unranked"}

// createdWire is the data of webcontact's answer.
type createdWire struct {
	ClientID   int         `json:"ClientID"`
	NewContact bool        `json:"NewContact"`
	Message    string      `json:"Message,omitempty"`
	Outside    *acceptWire `json:"OutsideTeamAssignment,omitempty"`
}

// acceptWire tells who of the outside team got a new contact.
type acceptWire struct {
	TeamMember string `json:"TeamMember"`
	LeadStatus string `json:"leadStatus"`
	Cell       string `json:"Cell"`
	Phone      string `json:"Phone"`
	Email      string `json:"Email"`
	ClientID   int    `json:"ClientID"`
}

// webcontact makes a contact, or adds what is new to an existing one without touching the profile.
func webcontact(r request) any {
	for _, name := range []string{"CFirst", "CLast", "Source"} {
		if strings.TrimSpace(r.get(name)) == "" {
			return capitalError{"Missing " + name}
		}
	}
	sent := r.contactSent()
	if known := r.existing(sent); known != nil {
		known.gain(sent)
		known.Updated = r.cfg.Now()
		return r.created(createdWire{ClientID: known.ID, Message: "This contact already exists. Use updateContact to change it."})
	}
	sent.Added, sent.Updated = r.cfg.Now(), r.cfg.Now()
	c := r.addContact(r.account, sent)
	answer := createdWire{ClientID: c.ID, NewContact: true}
	if i := slices.IndexFunc(r.account.user.Outside, func(m Outside) bool { return strings.EqualFold(m.Email, c.OutsideTeam) }); i >= 0 {
		m := r.account.user.Outside[i]
		answer.Outside = &acceptWire{m.Name, "accepted", m.Cell, m.Phone, m.Email, c.ID}
	}
	if !r.yes("noCallList") {
		r.putOnCallList(c)
	}
	return r.created(answer)
}

// contactSent reads a new contact from the parameters.
func (r request) contactSent() Contact {
	c := Contact{Rank: "Unranked"}
	r.fill(&c, newFields)
	c.Source = r.get("Source")
	c.Categories = r.list("Categories", ";,")
	c.OutsideTeam = r.get("OutsideTeamAssignment")
	c.DoNotContact = strings.EqualFold(r.get("DNC"), "Y")
	if _, ok := r.account.member(atoi(r.get("InsideTeamId"))); ok {
		c.InsideTeam = []int{atoi(r.get("InsideTeamId"))}
	}
	return c
}

// putOnCallList puts a new contact on the Call List, by phone (calltype 1) or by e-mail (2), which is the default of contacts
// without a phone.
func (r request) putOnCallList(c *Contact) {
	text := "E-mail"
	if kind := r.get("calltype"); kind == "1" || kind == "" && c.HomePhone+c.MobilePhone+c.WorkPhone != "" {
		text = "Phone"
	}
	now := r.cfg.Now()
	r.account.calls = append(r.account.calls, &Call{
		ID: r.next("call"), ClientID: itoa(c.ID), Type: text, Reason: "New contact from " + c.Source, Next: now.In(arizona()), Added: now,
	})
}

// existing finds the contact that webcontact takes for the same person: the same e-mail, or the same name with a common phone.
func (r request) existing(sent Contact) *Contact {
	for _, c := range r.account.order {
		if sent.Email != "" && (strings.EqualFold(c.Email, sent.Email) || has(c.MoreEmails, sent.Email)) {
			return c
		}
		if !strings.EqualFold(c.First, sent.First) || !strings.EqualFold(c.Last, sent.Last) {
			continue
		}
		if c.hasPhone(sent.HomePhone) || c.hasPhone(sent.MobilePhone) || c.hasPhone(sent.WorkPhone) {
			return c
		}
	}
	return nil
}

// gain adds phones and e-mails that are new, beside the profile.
func (c *Contact) gain(sent Contact) {
	if sent.Email != "" && !strings.EqualFold(c.Email, sent.Email) && !has(c.MoreEmails, sent.Email) {
		c.MoreEmails = append(c.MoreEmails, sent.Email)
	}
	for _, phone := range []string{sent.HomePhone, sent.MobilePhone, sent.WorkPhone} {
		if phone != "" && !c.hasPhone(phone) {
			c.MorePhones = append(c.MorePhones, phone)
		}
	}
}

// created writes webcontact's answer in the shape that is set: an object, or a list of one-key objects.
func (r request) created(data createdWire) any {
	if !r.cfg.Options.ListAnswers {
		return struct {
			Success string      `json:"success"`
			Data    createdWire `json:"data"`
		}{"true", data}
	}
	list := []map[string]any{{"success": "true"}, {"ClientID": itoa(data.ClientID)}, {"NewContact": data.NewContact}}
	if data.Message != "" {
		list = append(list, map[string]any{"Message": data.Message})
	}
	if data.Outside != nil {
		list = append(list, map[string]any{"OutsideTeamAssignment": data.Outside})
	}
	return list
}

// updateParams are parameters of updateContact that are no fields.
var updateParams = []string{"requesttype", "clientid", "addcategories", "removecategories", "insideteamid", "reassignment",
	"outsideteamassignment", "nocalllist"}

// updateContact changes the fields that were sent, all or none.
func updateContact(r request) any {
	if r.get("clientID") == "" {
		return capitalError{"Missing ClientID"}
	}
	c := r.account.contact(r.get("clientID"))
	if c == nil {
		return capitalError{"Invalid Field clientID - " + r.get("clientID") + " not updated"}
	}
	if name := r.invalidField(); name != "" {
		return capitalError{"Invalid Field " + name + " - " + itoa(c.ID) + " not updated"}
	}
	r.fill(c, updateFields)
	for _, name := range r.list("AddCategories", ",") {
		r.categorize(c, name)
	}
	for _, name := range r.list("RemoveCategories", ",") {
		c.Categories = without(c.Categories, name)
	}
	r.assign(c)
	c.Updated = r.cfg.Now()
	return struct {
		Success string `json:"Success"`
	}{itoa(c.ID) + " updated"}
}

// invalidField gives the name of a parameter that updateContact does not take, "" when all are fine.
func (r request) invalidField() string {
	for _, name := range r.names {
		key, value := strings.ToLower(name), r.get(name)
		known := bothFields[key] != nil || updateFields[key] != nil
		switch {
		case strings.HasPrefix(key, "propinfo") || slices.Contains(updateParams, key):
		case !known:
			return name
		case key == "contactstatus" && value != "" && !has(statusValues, value):
			return name
		case key == "rank" && value != "" && !has(rankValues, value):
			return name
		}
	}
	if id := r.get("InsideTeamId"); id != "" {
		if _, ok := r.account.member(atoi(id)); !ok {
			return "InsideTeamId"
		}
	}
	return ""
}

// assign gives the contact to team members.
func (r request) assign(c *Contact) {
	if id := atoi(r.get("InsideTeamId")); id > 0 {
		if r.yes("Reassignment") {
			c.InsideTeam = nil
		}
		if !slices.Contains(c.InsideTeam, id) {
			c.InsideTeam = append(c.InsideTeam, id)
		}
	}
	if email := r.get("OutsideTeamAssignment"); email != "" {
		c.OutsideTeam = email
	}
}

// categorize puts the contact into a category, which is made if need be.
func (r request) categorize(c *Contact, name string) {
	r.category(r.account, name)
	if !has(c.Categories, name) {
		c.Categories = append(c.Categories, name)
	}
}

func addClientsToCategory(r request) any {
	return r.eachClient(func(c *Contact) { r.categorize(c, r.get("category")) })
}

func removeClientsFromCategory(r request) any {
	return r.eachClient(func(c *Contact) { c.Categories = without(c.Categories, r.get("category")) })
}

// eachClient changes every contact of clientids for a category.
func (r request) eachClient(change func(*Contact)) any {
	if strings.TrimSpace(r.get("category")) == "" {
		return capitalError{"Missing category"}
	}
	var found []*Contact
	for _, id := range r.list("clientids", ",") {
		c := r.account.contact(id)
		if c == nil {
			return capitalError{"Invalid ClientID " + id}
		}
		found = append(found, c)
	}
	if len(found) == 0 {
		return capitalError{"Missing clientids"}
	}
	for _, c := range found {
		change(c)
		c.Updated = r.cfg.Now()
	}
	return done()
}

func addCategories(r request) any {
	type wire struct {
		Name string `json:"catName"`
		ID   string `json:"catID"`
	}
	names := r.list("categories", ",")
	if len(names) == 0 {
		return capitalError{"Missing Categories CSV"}
	}
	all := []wire{}
	for _, name := range names {
		all = append(all, wire{name, itoa(r.category(r.account, name))})
	}
	return struct {
		Success    bool   `json:"success"`
		Categories []wire `json:"categories"`
	}{true, all}
}

func addClientAddress(r request) any {
	c := r.account.contact(r.get("ClientID"))
	if c == nil {
		return capitalError{"Missing ClientID"}
	}
	for _, name := range []string{"AddressNum", "Address"} {
		if r.get(name) == "" {
			return capitalError{"Missing " + name}
		}
	}
	if r.get("Zip") == "" && (r.get("City") == "" || r.get("State") == "") {
		return capitalError{"Missing City and State, or Zip"}
	}
	kind := r.get("AddressType")
	if kind == "" {
		kind = "other"
	}
	a := Address{ID: r.next("address"), Type: kind, Number: r.get("AddressNum"), Street: r.get("Address"), SuiteNo: r.get("SuiteNo"),
		POBox: r.get("POBox"), Floor: r.get("BldgFloor"), City: r.get("City"), State: r.get("State"), Zip: r.get("Zip"),
		County: r.get("County"), Country: r.get("Country"), MLS: r.get("MLS"), Subdivision: r.get("Subdivision"), Township: r.get("Township")}
	c.Addresses = append(c.Addresses, a)
	return struct {
		Success bool `json:"success"`
		ID      int  `json:"ClientAddressID"`
	}{true, a.ID}
}

// failure is how custom data and the Call List refuse.
type failure struct {
	Success bool   `json:"success"`
	Message string `json:"message"`
}

func addClientCustom(r request) any {
	c, key := r.account.contact(r.get("ClientID")), r.get("Key")
	switch {
	case c == nil:
		return failure{Message: "ClientID was not found"}
	case key == "":
		return failure{Message: "Key is missing"}
	case slices.ContainsFunc(c.Custom, func(v Custom) bool { return strings.EqualFold(v.Key, key) }):
		return failure{Message: "The key '" + key + "' is already used for this client"}
	}
	v := Custom{r.next("custom"), key, r.get("Value")}
	c.Custom = append(c.Custom, v)
	c.Updated = r.cfg.Now()
	return struct {
		Success bool `json:"success"`
		ID      int  `json:"ClientCustomID"`
	}{true, v.ID}
}

func editClientCustomData(r request) any {
	c := r.account.contact(r.get("ClientID"))
	if c == nil {
		return failure{Message: "ClientID was not found"}
	}
	for i := range c.Custom {
		v := &c.Custom[i]
		if r.get("ClientCustomID") == itoa(v.ID) || r.get("Key") != "" && strings.EqualFold(v.Key, r.get("Key")) {
			v.Value = r.get("Value")
			c.Updated = r.cfg.Now()
			return succeeded{"true"}
		}
	}
	return failure{Message: "The key was not found"}
}

// attachFile remembers the address of the file; it fetches nothing.
func attachFile(r request) any {
	type wire struct {
		Status string            `json:"status"`
		Data   map[string]string `json:"data"`
	}
	c := r.account.contact(r.get("ClientID"))
	if c == nil || r.get("url") == "" {
		return wire{"error", map[string]string{"message": "ClientID or url is missing"}}
	}
	c.Files = append(c.Files, r.get("url"))
	return wire{"success", map[string]string{"ClientID": itoa(c.ID)}}
}

// addClientsToMarketingProgram takes the contacts and does nothing with them.
func addClientsToMarketingProgram(r request) any {
	if len(r.list("clientids", ",")) == 0 || r.get("programID") == "" {
		return jsonError{"clientids or programID is missing"}
	}
	return done()
}
