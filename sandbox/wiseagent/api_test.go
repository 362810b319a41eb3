package wiseagent_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"addtomojo/sandbox/fault"
	"addtomojo/sandbox/people"
	"addtomojo/sandbox/wiseagent"
)

func ann() wiseagent.Contact {
	return wiseagent.Contact{First: "Ann", Last: "Lee", Email: "ann@example.com", MobilePhone: "(520) 555-0143", Source: "Zillow",
		Categories: []string{"Buyer", "Do Not Call"}, Custom: []wiseagent.Custom{{Key: "MojoContactID", Value: "58"}}, OutsideTeam: "olga@example.org", InsideTeam: []int{7}}
}

func TestUserAndTeam(t *testing.T) {
	b := newBox(t)
	wantBody(t, "getUser", b.api(b.token(), "GET", "getUser"), `[{"First":"Dana","Last":"Ruiz","Email":"dana@example.com"}]`)
	wantBody(t, "user", b.api(b.token(), "GET", "user"), `{"name":"Dana Ruiz","email":"dana@example.com","image":"/images/agents/none.png"}`)
	wantBody(t, "getTeam", b.api(b.token(), "GET", "getTeam"),
		`[{"InsideTeamId":7,"Name":"Dana Ruiz","Phone":"","Cell":"","Email":"dana@example.com","JobTitle":"Broker"},`+
			`{"InsideTeamId":8,"Name":"Sam Ito","Phone":"","Cell":"","Email":"sam@example.com","JobTitle":""}]`)
	wantBody(t, "getOutsideTeam", b.api(b.token(), "GET", "getOutsideTeam"),
		`[{"TeamMember":"Olga Crane","Email":"olga@example.org","Cell":"602-555-0188","Phone":""}]`)
	if got := string(b.api(b.token(), "GET", "getLoginToken").body); !strings.HasPrefix(got, "https://www.thewiseagent.com/secure/login_secure?accesstoken=") {
		t.Errorf("getLoginToken: got %q, want an address as text", got)
	}
}

func TestSingleContact(t *testing.T) {
	b := newBox(t)
	id := b.AddContact(dana, ann())
	got := decode[[]map[string]any](t, b.api(b.token(), "GET", "getSingleContact", "clientID", id))
	want := map[string]any{
		"CFirst": "Ann", "CLast": "Lee", "CEmail": "ann@example.com", "MobilePhone": "(520) 555-0143", "HomePhone": "", "Status": nil,
		"Categories": `[{"name":"Buyer"},{"name":"Do Not Call"}]`, "InsideTeamAssignment": `[{"InsideTeamId":7}]`,
		"CustomData": `[{"Key":"MojoContactID","Value":"58"}]`, "DtUpdated": "11/22/2026 10:03:11 AM", "DateUpdatedUTC": "11/22/2026 5:03:11 PM",
		"OutsideTeamAssignment": "[\r\n" + `{"TeamMember":"Olga Crane","LeadStatus":"accepted","Cell":"602-555-0188","Phone":"","Email":"olga@example.org"}]`,
		"ContactUrl":            "https://thewiseagent.com/secure/client/summary?clientId=" + id,
	}
	for key, value := range want {
		if !reflect.DeepEqual(got[0][key], value) {
			t.Errorf("%s: got %#v, want %#v", key, got[0][key], value)
		}
	}
	if fmt.Sprint(got[0]["ClientID"]) != id {
		t.Errorf("ClientID: got %v, want the number %s", got[0]["ClientID"], id)
	}
	wantBody(t, "unknown id", b.api(b.token(), "GET", "getSingleContact", "clientID", "1"), "[]")
}

func TestVendors(t *testing.T) {
	b := newBox(t)
	id := b.AddVendor(dana, wiseagent.Vendor{Company: "Saguaro Title", ContactName: "Vera Crane", Phone: "520-555-0199", Email: "vera@example.com", Type: "Title"})
	b.AddVendor(dana, wiseagent.Vendor{Company: "Old Pueblo Loans", Type: "Mortgage"})
	if id != "V12" {
		t.Errorf("got id %q, want V12", id)
	}
	for what, pairs := range map[string][]string{
		"by id": {"clientID", id}, "by e-mail": {"email", "VERA@example.com"}, "by phone": {"phone", "5205550199"}, "by type": {"types", "Title,Other"}, "by name": {"nameQuery", "saguaro"},
	} {
		request := "getVendors"
		if what == "by id" {
			request = "getSingleContact"
		}
		got := decode[[]map[string]string](t, b.api(b.token(), "GET", request, pairs...))
		if len(got) != 1 || got[0]["VendorID"] != "V12" || got[0]["ContactName"] != "Vera Crane" {
			t.Errorf("%s: got %v, want the one vendor V12", what, got)
		}
	}
}

func TestContactsPages(t *testing.T) {
	b := newBox(t)
	ids := b.AddContacts(dana, people.Make(230, 1))
	type contact struct{ ClientID int }
	pageOf := func(pairs ...string) []string {
		var got []string
		for _, c := range decode[[]contact](t, b.api(b.token(), "GET", "getContacts", pairs...)) {
			got = append(got, fmt.Sprint(c.ClientID))
		}
		return got
	}
	for _, tt := range []struct {
		what  string
		pairs []string
		want  []string
	}{
		{"no page: everything", nil, ids},
		{"page 1 has 100", []string{"page", "1"}, ids[:100]},
		{"page 3 is short", []string{"page", "3"}, ids[200:]},
		{"page 4 is empty", []string{"page", "4"}, nil},
		{"so is one far beyond", []string{"page", "9223372036854775807"}, nil},
		{"size of 60", []string{"page", "2", "page_size", "60"}, ids[60:120]},
		{"names in any case", []string{"PAGE", "2", "Page_Size", "60"}, ids[60:120]},
	} {
		if got := pageOf(tt.pairs...); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: got %d contacts %v, want %d", tt.what, len(got), got, len(tt.want))
		}
	}
	wantBody(t, "count", b.api(b.token(), "GET", "getContactsCount"), `{"count":230}`)
}

func TestContactFilters(t *testing.T) {
	b := newBox(t)
	b.AddContact(dana, ann())
	bo := ann()
	bo.First, bo.Last, bo.Company, bo.Email, bo.MobilePhone, bo.Categories, bo.Source = "Bo", "Okafor", "Sky Outfitters", "bo@example.com", "1-602-555-0101", []string{"Buyer"}, "Referral"
	bo.Updated = b.clock.Now().Add(-48 * time.Hour)
	b.AddContact(dana, bo)
	for _, tt := range []struct{ filter, want string }{
		{"email=ANN@example.com", "Ann"}, {"email=nobody@example.com", ""},
		{"phone=6025550101", "Bo"}, {"phone=5205550143", "Ann"},
		{"categories=Buyer", "Ann Bo"}, {"categories=Buyer,Do Not Call&categoryAll=true", "Ann"}, {"categories=Nothing", ""},
		{"nameQuery=okaf", "Bo"}, {"nameQuery=outfit", "Bo"}, {"sources=Referral,Web", "Bo"},
		{"dtupdated=2026-11-22 10:03", "Ann"}, {"dtupdated=11/20/2026 00:00", "Ann Bo"},
		{"DateUpdatedUTC=11/22/2026 17:03", "Ann"}, {"DateUpdatedUTC=2026-11-22 17:04", ""},
		{"email=bo@example.com&DateUpdatedUTC=2026-11-22 17:03", "Bo"},
		{"dtupdated=2026-11-22 10:03&DateUpdatedUTC=2026-11-19 00:00", "Ann"}, {"dtupdated=2026-11-19 00:00&DateUpdatedUTC=2026-11-22 17:03", "Ann"},
		{"phone=(520) 555-0143", ""}, // digits only
	} {
		pairs := []string{}
		for part := range strings.SplitSeq(tt.filter, "&") {
			name, value, _ := strings.Cut(part, "=")
			pairs = append(pairs, name, value)
		}
		var names []string
		for _, c := range decode[[]struct{ CFirst string }](t, b.api(b.token(), "GET", "getContacts", pairs...)) {
			names = append(names, c.CFirst)
		}
		if got := strings.Join(names, " "); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.filter, got, tt.want)
		}
	}
	wantBody(t, "a date that is none", b.api(b.token(), "GET", "getContacts", "dtupdated", "yesterday"), `{"error":"Invalid dtupdated"}`)
}

func TestParametersFromQueryOrForm(t *testing.T) {
	b := newBox(t)
	id := b.AddContact(dana, ann())
	bearer := []string{"Authorization", "Bearer " + b.token()}
	for what, got := range map[string]answer{
		"all in the query of a POST": b.do("POST", "/http/webconnect.asp?REQUESTTYPE=GETSINGLECONTACT&CLIENTID="+id, "", "", bearer...),
		"all in a form":              b.do("POST", "/http/webconnect.asp", "application/x-www-form-urlencoded", "requestType=getSingleContact&clientid="+id, bearer...),
	} {
		if got := decode[[]map[string]any](t, got); len(got) != 1 || got[0]["CFirst"] != "Ann" {
			t.Errorf("%s: got %v, want the contact", what, got)
		}
	}
	wantBody(t, "unknown requestType", b.api(b.token(), "GET", "getNothing"), `{"error":"Invalid requestType"}`)
	wantBody(t, "wrong verb", b.api(b.token(), "GET", "addContactNote"), `{"error":"Invalid requestType"}`)
}

func TestWebcontact(t *testing.T) {
	b := newBox(t)
	fields := []string{"CFirst", "Ann", "CLast", "Lee", "Source", "Mojo", "CEmail", "ann@example.com", "MobilePhone", "5205550143", "zip", "85701", "Categories", "Buyer;Seller", "OutsideTeamAssignment", "olga@example.org", "calltype", "1"}
	wantBody(t, "new", b.api(b.token(), "POST", "webcontact", fields...),
		`{"success":"true","data":{"ClientID":26855,"NewContact":true,"OutsideTeamAssignment":{"TeamMember":"Olga Crane","leadStatus":"accepted","Cell":"602-555-0188","Phone":"","Email":"olga@example.org","ClientID":26855}}}`)
	c, _ := b.Contact(dana, "26855")
	if c.Zip != "85701" || !reflect.DeepEqual(c.Categories, []string{"Buyer", "Seller"}) || c.Source != "Mojo" {
		t.Errorf("got contact %+v, want zip, categories and source as sent", c)
	}
	if got := b.CallList(dana, "26855"); len(got) != 1 || got[0].Type != "Phone" {
		t.Errorf("calltype 1: got Call List %+v, want one entry by phone", got)
	}
	b.SetOptions(wiseagent.Options{StrictJSON: true, ListAnswers: true})
	wantBody(t, "existing, as a list", b.api(b.token(), "POST", "webcontact", "CFirst", "ann", "CLast", "lee", "Source", "Mojo", "HomePhone", "+1 520 555 0143", "WorkPhone", "602-555-0101", "City", "Tempe"),
		`[{"success":"true"},{"ClientID":"26855"},{"NewContact":false},{"Message":"This contact already exists. Use updateContact to change it."}]`)
	c, _ = b.Contact(dana, "26855")
	if c.City != "" || c.WorkPhone != "" || !reflect.DeepEqual(c.MorePhones, []string{"602-555-0101"}) {
		t.Errorf("existing: got %+v, want the profile untouched and the new phone beside it", c)
	}
	wantBody(t, "no last name", b.api(b.token(), "POST", "webcontact", "CFirst", "Ann", "Source", "Mojo"), `{"Error":"Missing CLast"}`)
}

// A new contact lands on the Call List, as the words of section 5.1 have it, unless that is suppressed.
func TestWebcontactAndTheCallList(t *testing.T) {
	for _, tt := range []struct {
		what  string
		pairs []string
		want  string // type of the only entry, "" for none
	}{
		{"with a phone", []string{"MobilePhone", "5205550143"}, "Phone"},
		{"without a phone", []string{"CEmail", "ann@example.com"}, "E-mail"},
		{"calltype 2", []string{"MobilePhone", "5205550143", "calltype", "2"}, "E-mail"},
		{"calltype 1", []string{"calltype", "1"}, "Phone"},
		{"suppressed", []string{"MobilePhone", "5205550143", "noCallList", "1"}, ""},
		{"not suppressed", []string{"MobilePhone", "5205550143", "noCallList", "0"}, "Phone"},
	} {
		b := newBox(t)
		b.api(b.token(), "POST", "webcontact", append([]string{"CFirst", "Ann", "CLast", "Lee", "Source", "Mojo"}, tt.pairs...)...)
		var types []string
		for _, c := range b.CallList(dana, "26855") {
			types = append(types, c.Type)
		}
		if got := strings.Join(types, " "); got != tt.want {
			t.Errorf("%s: got entries %q, want %q", tt.what, got, tt.want)
		}
	}
}

// Each of the two writes takes the names of its own column of section 4.
func TestFieldsOfTheTwoWrites(t *testing.T) {
	b := newBox(t)
	tok := b.token()
	b.api(tok, "POST", "webcontact", "CFirst", "Ann", "CLast", "Lee", "Source", "Mojo", "Phone", "5205550101", "Cell", "5205550102", "Work", "5205550103",
		"Fax", "5205550104", "Website", "https://ann.example.com", "address", "N 4th Ave", "country", "US",
		"County", "Pima", "SpouseFirst", "Bob", "Subdivision", "North", "StreetNumber", "12")
	c, _ := b.Contact(dana, "26855")
	if c.HomePhone != "5205550101" || c.MobilePhone != "5205550102" || c.WorkPhone != "5205550103" || c.Fax != "5205550104" ||
		c.Website == "" || c.AddressStreet != "N 4th Ave" || c.Country != "US" {
		t.Errorf("webcontact: got %+v, want older names, fax, website and country taken", c)
	}
	if c.County+c.SpouseFirst+c.Subdivision+c.AddressNumber != "" {
		t.Errorf("webcontact: got %+v, want nothing of the fields that only updateContact has", c)
	}
	for _, name := range []string{"SpouseFirst", "SpouseLast", "Fax", "Website", "Phone", "Cell", "Work", "address", "Source", "POBox"} {
		want := `{"Error":"Invalid Field ` + name + ` - 26855 not updated"}`
		wantBody(t, "updateContact "+name, b.api(tok, "POST", "updateContact", "clientID", "26855", name, "x"), want)
	}
	wantBody(t, "updateContact", b.api(tok, "POST", "updateContact", "clientID", "26855", "County", "Pima", "Subdivision", "North", "BuildingFloor", "2",
		"StreetNumber", "12", "StreetName", "Palm Ln", "noCallList", "1", "propInfo", "1", "propInfoBeds", "3"), `{"Success":"26855 updated"}`)
	if c, _ = b.Contact(dana, "26855"); c.County != "Pima" || c.Subdivision != "North" || c.BuildingFloor != "2" || c.AddressNumber != "12" || c.AddressStreet != "Palm Ln" {
		t.Errorf("updateContact: got %+v, want the sent fields", c)
	}
}

func TestUpdateContact(t *testing.T) {
	b := newBox(t)
	id := b.AddContact(dana, ann())
	b.clock.forward(time.Minute)
	wantBody(t, "update", b.api(b.token(), "POST", "updateContact", "clientID", id, "Clast", "Lee-Ito", "MobilePhone", "", "ContactStatus", "Hot Lead",
		"AddCategories", "Seller,Buyer", "RemoveCategories", "Do Not Call", "InsideTeamId", "8", "Reassignment", "true"), `{"Success":"`+id+` updated"}`)
	c, _ := b.Contact(dana, id)
	if c.Last != "Lee-Ito" || c.MobilePhone != "" || c.Status != "Hot Lead" || c.First != "Ann" {
		t.Errorf("got %+v, want the sent fields changed and no others", c)
	}
	if !reflect.DeepEqual(c.Categories, []string{"Buyer", "Seller"}) || !reflect.DeepEqual(c.InsideTeam, []int{8}) || !c.Updated.Equal(b.clock.Now()) {
		t.Errorf("got categories %v, team %v, updated %v, want Buyer and Seller, 8, now", c.Categories, c.InsideTeam, c.Updated)
	}
	for _, tt := range []struct {
		want  string
		pairs []string
	}{
		{`{"Error":"Missing ClientID"}`, []string{"Clast", "X"}},
		{`{"Error":"Invalid Field DNC - ` + id + ` not updated"}`, []string{"clientID", id, "City", "Mesa", "DNC", "Y"}},
		{`{"Error":"Invalid Field ContactStatus - ` + id + ` not updated"}`, []string{"clientID", id, "ContactStatus", "Great"}},
		{`{"Error":"Invalid Field clientID - 1 not updated"}`, []string{"clientID", "1", "City", "Mesa"}},
	} {
		wantBody(t, tt.want, b.api(b.token(), "POST", "updateContact", tt.pairs...), tt.want)
	}
	if c, _ := b.Contact(dana, id); c.City != "" {
		t.Errorf("a refused update changed the city to %q", c.City)
	}
}

func TestCategoriesCustomDataAndAddresses(t *testing.T) {
	b := newBox(t)
	id := b.AddContact(dana, ann())
	tok := b.token()
	wantBody(t, "addClientsToCategory", b.api(tok, "POST", "addClientsToCategory", "category", "VIP", "clientids", id), `[{"success":"true"}]`)
	wantBody(t, "getCategoryClientCount", b.api(tok, "GET", "getCategoryClientCount", "category", "vip"), `[{"success":"true","categorycount":1}]`)
	wantBody(t, "removeClientsFromCategory", b.api(tok, "POST", "removeClientsFromCategory", "category", "Buyer", "clientids", id), `[{"success":"true"}]`)
	wantBody(t, "getAllCategoriesWithCount", b.api(tok, "GET", "getAllCategoriesWithCount"),
		`{"CategoryInfo":[{"name":"Buyer","id":301,"clientCount":0},{"name":"Do Not Call","id":302,"clientCount":1},{"name":"VIP","id":303,"clientCount":1}]}`)
	wantBody(t, "addCategories", b.api(tok, "POST", "addCategories", "categories", "vip, New"), `{"success":true,"categories":[{"catName":"vip","catID":"303"},{"catName":"New","catID":"304"}]}`)
	wantBody(t, "addCategories without any", b.api(tok, "POST", "addCategories"), `{"Error":"Missing Categories CSV"}`)

	wantBody(t, "addClientCustom", b.api(tok, "POST", "addClientCustom", "ClientID", id, "Key", "Pet", "Value", "Cat"), `{"success":true,"ClientCustomID":901}`)
	wantBody(t, "the same key", b.api(tok, "POST", "addClientCustom", "ClientID", id, "Key", "pet", "Value", "Dog"),
		`{"success":false,"message":"The key 'pet' is already used for this client"}`)
	wantBody(t, "editClientCustomData", b.api(tok, "PUT", "editClientCustomData", "ClientID", id, "Key", "Pet", "Value", "Dog"), `{"success":"true"}`)
	if c, _ := b.Contact(dana, id); c.Custom[1].Value != "Dog" {
		t.Errorf("got custom data %+v, want Pet to be Dog", c.Custom)
	}

	wantBody(t, "editClientCustomData of an unknown key", b.api(tok, "PUT", "editClientCustomData", "ClientID", id, "Key", "Car", "Value", "Van"),
		`{"success":false,"message":"The key was not found"}`)

	wantBody(t, "addClientAddress", b.api(tok, "POST", "addClientAddress", "ClientID", id, "AddressNum", "12", "Address", "N 4th Ave", "Zip", "85701"), `{"success":true,"ClientAddressID":1201}`)
	wantBody(t, "without a place", b.api(tok, "POST", "addClientAddress", "ClientID", id, "AddressNum", "12", "Address", "N 4th Ave", "City", "Tucson"), `{"Error":"Missing City and State, or Zip"}`)
	got := decode[[]map[string]any](t, b.api(tok, "GET", "getClientAddresses", "ClientID", id))
	if len(got) != 1 || got[0]["AddressType"] != "other" || got[0]["Address"] != "N 4th Ave" {
		t.Errorf("getClientAddresses: got %v, want the one address", got)
	}
	wantBody(t, "getSources", b.api(tok, "GET", "getSources"), `[{"ID":1,"Name":"Zillow"}]`)
}

func TestNotes(t *testing.T) {
	b := newBox(t, func(c *wiseagent.Config) { c.AccessTTL = 48 * time.Hour })
	id, vendor := b.AddContact(dana, ann()), b.AddVendor(dana, wiseagent.Vendor{Company: "Title"})
	tok := b.token()
	wantBody(t, "add", b.api(tok, "POST", "addContactNote", "clientids", id+","+vendor, "subject", "Mojo call: Contact", "note", "Said <b>yes</b>\nMojo call #90210", "categories", "Calllist"),
		`[{"success":"true","data":[{"ClientID":26855,"NoteID":81001},{"ClientID":12,"NoteID":81002}]}]`)
	b.clock.forward(24 * time.Hour)
	b.api(tok, "POST", "addContactNote", "clientids", id, "subject", "Later", "note", "x", "InsideTeamId", "8")
	wantBody(t, "unknown contact", b.api(tok, "POST", "addContactNote", "clientids", id+",1", "note", "x"), `{"Error":"Invalid ClientID 1"}`)

	subjects := func(pairs ...string) string {
		var all []string
		for _, n := range decode[[]struct{ Subject string }](t, b.api(tok, "GET", "getContactNotes", pairs...)) {
			all = append(all, n.Subject)
		}
		return strings.Join(all, "|")
	}
	for _, tt := range []struct{ filter, want string }{
		{"ClientID=" + id, "Later|Mojo call: Contact"}, {"ClientID=" + vendor, "Mojo call: Contact"},
		{"ClientID=" + id + "&page=2&page_size=1", "Mojo call: Contact"}, {"NoteID=81003", "Later"},
		{"ClientID=" + id + "&categories=calllist,Buyer", "Mojo call: Contact"}, {"ClientID=" + id + "&subject=mojo", "Mojo call: Contact"},
		{"ClientID=" + id + "&date=11/22/2026", "Mojo call: Contact"}, {"ClientID=" + id + "&date=2026-11-23", "Later"},
	} {
		q, err := url.ParseQuery(tt.filter)
		if err != nil {
			t.Fatal(err)
		}
		var pairs []string
		for name := range q {
			pairs = append(pairs, name, q.Get(name))
		}
		if got := subjects(pairs...); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.filter, got, tt.want)
		}
	}
	wantBody(t, "one note", b.api(tok, "GET", "getContactNotes", "NoteID", "81001"),
		`[{"NoteID":81001,"ClientID":26855,"Subject":"Mojo call: Contact","Note":"Said <b>yes</b>\nMojo call #90210","NoteDate":"11/22/2026 10:03:11 AM","Locked":0,"LockDate":null,"insideteamid":0,`+
			`"Categories":"[{\"tagName\":\"calllist\",\"name\":\"Calllist\",\"catID\":303}]"}]`)

	wantBody(t, "update", b.api(tok, "PUT", "updateContactNote", "noteID", "81001", "note", "Said no"), `[{"success":"true"}]`)
	wantBody(t, "categories", b.api(tok, "PUT", "updateContactNoteCategories", "noteID", "81001", "categories", "Buyer"), `[{"success":"true"}]`)
	if got := b.Notes(dana, id)[1]; got.Text != "Said no" || got.Subject != "Mojo call: Contact" || got.Categories[0] != "Buyer" {
		t.Errorf("after the updates: got %+v", got)
	}
	wantBody(t, "remove", b.api(tok, "DELETE", "removeContactNote", "noteID", "81001"), `[{"success":"true"}]`)
	locked := b.AddNote(dana, wiseagent.Note{ClientID: id, Text: "fixed", Locked: true})
	wantBody(t, "a locked note", b.api(tok, "PUT", "updateContactNote", "noteID", fmt.Sprint(locked), "note", "x"), `{"error":"The note is locked"}`)
	if got := b.Notes(dana, id); len(got) != 2 {
		t.Errorf("got %d notes at the end, want 2", len(got))
	}
}

func TestCalls(t *testing.T) {
	b := newBox(t)
	id := b.AddContact(dana, ann())
	tok := b.token()
	wantBody(t, "add", b.api(tok, "POST", "calls", "ClientId", id, "CallType", "Appointment", "NextContactDate", "2026-11-25 15:30", "Reason", "Valuation", "FlagImportant", "true", "InsideTeamId", "8"), `{"success":true,"id":4401}`)
	wantBody(t, "add by name", b.api(tok, "POST", "calls", "ClientId", id, "CallType", "To-Do", "NextContactDate", "2026-11-26 09:00", "AssignedTo", "dana ruiz"), `{"success":true,"id":4402}`)
	wantBody(t, "get", b.api(tok, "GET", "calls", "callId", "4401"),
		`{"Data":[{"CallId":"4401","Completed":"false","FlagImportant":"true","Reason":"Valuation","AssignedTo":"Sam Ito","InsideTeamId":"8",`+
			`"DateAdded":"11/22/2026 5:03:11 PM UTC","NextContactDate":"11/25/2026 3:30:00 PM","ClientId":"`+id+`","CallType":"Appointment"}]}`)
	type list struct{ Data []struct{ CallId string } }
	got := decode[list](t, b.api(tok, "GET", "calls", "clientId", id, "orderByNextContactDate", "true"))
	if len(got.Data) != 2 || got.Data[0].CallId != "4402" {
		t.Errorf("by next contact date: got %+v, want 4402 before 4401", got)
	}
	wantBody(t, "change", b.api(tok, "PUT", "calls", "CallId", "4401", "Completed", "true", "DateCompleted", "2026-11-25 22:45"), `{"success":true,"id":4401}`)
	c := b.CallList(dana, id)[0]
	if !c.Completed || c.Reason != "Valuation" || !c.CompletedAt.Equal(time.Date(2026, 11, 25, 22, 45, 0, 0, time.UTC)) {
		t.Errorf("after completing: got %+v", c)
	}
	wantBody(t, "delete", b.api(tok, "DELETE", "calls", "CallId", "4401"), `[{"success":"true"}]`)
	wantBody(t, "delete as documented", b.api(tok, "DELETE", "webhooks", "CallId", "4402"), `[{"success":"true"}]`)
	if left := b.CallList(dana, id); len(left) != 0 {
		t.Errorf("got %d entries left, want none", len(left))
	}
	for what, pairs := range map[string][]string{
		"unknown contact": {"ClientId", "1"}, "long reason": {"ClientId", id, "Reason", strings.Repeat("ä", 101)},
		"no date": {"ClientId", id, "NextContactDate", "soon"}, "unknown member": {"ClientId", id, "InsideTeamId", "99"},
	} {
		if got := decode[map[string]any](t, b.api(tok, "POST", "calls", pairs...)); got["success"] != false || got["message"] == "" {
			t.Errorf("%s: got %v, want a refusal", what, got)
		}
	}
}

// Section 3.3 lets either scope attach a file; forms of section 3.1 come one by one, too.
func TestMarketingRequests(t *testing.T) {
	b := newBox(t)
	id := b.AddContact(dana, ann())
	for _, scope := range []string{"contacts", "marketing"} {
		access, _, _ := b.Tokens(dana, scope)
		wantBody(t, "attachFile with "+scope, b.api(access, "POST", "attachFile", "ClientID", id, "url", "https://example.com/a.pdf"),
			`{"status":"success","data":{"ClientID":"`+id+`"}}`)
	}
	profile, _, _ := b.Tokens(dana, "profile")
	if got := b.api(profile, "POST", "attachFile", "ClientID", id, "url", "https://example.com/a.pdf"); got.status != http.StatusForbidden {
		t.Errorf("attachFile with profile: got %d, want 403", got.status)
	}
	marketing, _, _ := b.Tokens(dana, "marketing")
	wantBody(t, "captureForms", b.api(marketing, "GET", "captureForms"), "[]")
	wantBody(t, "captureForm", b.api(marketing, "GET", "captureForm", "formid", "1"), "[]")
}

func TestDeletedContact(t *testing.T) {
	b := newBox(t)
	ids := b.AddContacts(dana, people.Make(3, 1))
	b.DeleteContact(dana, ids[1])
	wantBody(t, "deleted", b.api(b.token(), "GET", "getSingleContact", "clientID", ids[1]), "[]")
	wantBody(t, "count", b.api(b.token(), "GET", "getContactsCount"), `{"count":2}`)
	if _, ok := b.Contact(dana, ids[1]); ok {
		t.Error("Contact still finds it")
	}
}

func TestFaultsAndCounts(t *testing.T) {
	faults := new(fault.Set)
	b := newBox(t, func(c *wiseagent.Config) { c.Faults = faults })
	id := b.AddContact(dana, ann())
	tok := b.token()
	faults.Add(fault.Rule{Endpoint: "getSingleContact", Kind: fault.TooMany, RetryAfter: 2 * time.Second, Times: 1})
	if got := b.api(tok, "GET", "getSingleContact", "clientID", id); got.status != http.StatusTooManyRequests || got.header.Get("Retry-After") != "2" {
		t.Errorf("too_many: got %d, Retry-After %q, want 429 and 2", got.status, got.header.Get("Retry-After"))
	}
	if got := b.api(tok, "POST", "getSingleContact", "clientID", id); got.status != http.StatusOK {
		t.Errorf("afterwards: got %d, want 200", got.status)
	}
	faults.Add(fault.Rule{Endpoint: "POST calls", Kind: fault.CutAfter, Times: 1})
	req, err := http.NewRequestWithContext(t.Context(), "POST", b.url+"/http/webconnect.asp?requestType=calls&ClientId="+id, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+tok)
	if res, err := b.client.Do(req); err == nil {
		res.Body.Close()
		t.Errorf("cut_after: got status %d, want a cut connection", res.StatusCode)
	}
	if got := b.CallList(dana, id); len(got) != 1 {
		t.Errorf("cut_after: got %d entries, want the effect of one", len(got))
	}
	faults.Add(fault.Rule{Endpoint: fault.Any, Kind: fault.ExpiredToken})
	if got := b.api(tok, "GET", "getUser"); got.status != http.StatusUnauthorized || !json.Valid(got.body) {
		t.Errorf("expired_token: got %d %s, want 401 with JSON", got.status, got.body)
	}
	if got := b.get("/login"); got.status != http.StatusOK {
		t.Errorf("a page under faults: got %d, want 200", got.status)
	}
	counts := b.Requests()
	if counts["getSingleContact"] != 2 || counts["getUser"] != 1 || counts["POST calls"] != 1 {
		t.Errorf("got counts %v, want 2 getSingleContact, 1 getUser, 1 POST calls", counts)
	}
}

func TestLatency(t *testing.T) {
	b := newBox(t, func(c *wiseagent.Config) { c.Latency = 30 * time.Millisecond })
	start := time.Now()
	b.api(b.token(), "GET", "getUser")
	if got := time.Since(start); got < 30*time.Millisecond {
		t.Errorf("got an answer after %v, want at least 30ms", got)
	}
}
