package wiseagent_test

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"addtomojo/wiseagent"
)

// wire is a request as it reached the server.
type wire struct {
	method, query string
	form          url.Values
}

// taking serves one body and keeps the request it was asked with.
func taking(t *testing.T, body string) (*wiseagent.API, *wire) {
	got := new(wire)
	_, api := serve(t, func(w http.ResponseWriter, r *http.Request) {
		sent, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		form, err := url.ParseQuery(string(sent))
		if err != nil {
			t.Error(err)
		}
		*got = wire{r.Method, r.URL.RawQuery, form}
		says(200, "text/html", body)(w, r)
	})
	return api, got
}

func values(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}

// What each write sends, to the letter of the contract.
func TestWritesOnTheWire(t *testing.T) {
	done := `[{"success":"true"}]`
	tests := []struct {
		name, answer string
		call         func(*wiseagent.API) error
		want         wire
	}{
		{"add note", testdata(t, "note_added.json"), func(a *wiseagent.API) error {
			_, err := a.AddNote(t.Context(), wiseagent.NewNote{ClientID: "26855", Subject: "Mojo call: Contact", Text: "José & Co\nMojo call #90210",
				Categories: []string{"Calllist", "a,b", " Buyer "}, TeamID: 8})
			return err
		}, wire{"POST", "requestType=addContactNote", values("clientids", "26855", "subject", "Mojo call: Contact",
			"note", "José & Co\nMojo call #90210", "categories", "Calllist,Buyer", "InsideTeamId", "8")}},
		{"add a bare note", testdata(t, "note_added.json"), func(a *wiseagent.API) error {
			_, err := a.AddNote(t.Context(), wiseagent.NewNote{ClientID: "26855", Text: "x"})
			return err
		}, wire{"POST", "requestType=addContactNote", values("clientids", "26855", "subject", "", "note", "x")}},
		{"update note", done, func(a *wiseagent.API) error { return a.UpdateNote(t.Context(), 81001, "s", "n") },
			wire{"PUT", "requestType=updateContactNote", values("noteID", "81001", "subject", "s", "note", "n")}},
		{"add call", `{"success":true,"id":4401}`, func(a *wiseagent.API) error { _, err := a.AddCall(t.Context(), valuation); return err },
			wire{"POST", "requestType=calls", values("ClientId", "26855", "CallType", "Appointment", "NextContactDate", "2026-11-25 15:30",
				"Reason", "Valuation", "FlagImportant", "true", "Completed", "false", "InsideTeamId", "8")}},
		{"complete call", `{"success":true,"id":4401}`, func(a *wiseagent.API) error {
			return a.UpdateCall(t.Context(), "4401", wiseagent.NewCall{ClientID: "26855", Type: "To-Do", Next: "2026-11-25 09:00", Completed: true,
				CompletedAt: time.Date(2026, 11, 25, 15, 45, 9, 0, time.FixedZone("MST", -7*3600))})
		}, wire{"PUT", "requestType=calls", values("CallId", "4401", "ClientId", "26855", "CallType", "To-Do", "NextContactDate", "2026-11-25 09:00",
			"Reason", "", "FlagImportant", "false", "Completed", "true", "DateCompleted", "2026-11-25 22:45")}},
		{"delete call", done, func(a *wiseagent.API) error { return a.DeleteCall(t.Context(), "4401") },
			wire{"DELETE", "CallId=4401&requestType=calls", url.Values{}}},
		{"create", testdata(t, "created.json"), func(a *wiseagent.API) error {
			_, _, err := a.CreateContact(t.Context(), wiseagent.NewContact{First: "Ann & Bob", Last: "Lee", Source: "Mojo", Email: "ann@example.com",
				MobilePhone: "(520) 555-0143", AddressNumber: "12", AddressStreet: "N Oak St", SuiteNo: "Apt 4", City: "Tucson", State: "AZ", Zip: "85701",
				Categories: []string{"Buyer", "Hot, very", "a;b"}, TeamID: 7})
			return err
		}, wire{"POST", "requestType=webcontact", values("CFirst", "Ann & Bob", "CLast", "Lee", "Source", "Mojo", "CEmail", "ann@example.com",
			"MobilePhone", "(520) 555-0143", "AddressNumber", "12", "AddressStreet", "N Oak St", "SuiteNo", "Apt 4", "City", "Tucson", "State", "AZ",
			"zip", "85701", "Categories", "Buyer;Hot, very", "InsideTeamId", "7")}},
		{"update", `{"Success":"26855 updated"}`, func(a *wiseagent.API) error {
			return a.UpdateContact(t.Context(), "26855", map[string]string{"CFirst": "Ann", "Clast": "Lee", "SuiteNo": ""})
		}, wire{"POST", "requestType=updateContact", values("clientID", "26855", "CFirst", "Ann", "Clast", "Lee", "SuiteNo", "")}},
		{"categorize", done, func(a *wiseagent.API) error { return a.AddToCategory(t.Context(), "Do, not call", "26855", "26856") },
			wire{"POST", "requestType=addClientsToCategory", values("category", "Do, not call", "clientids", "26855,26856")}},
		{"category", `{"success":true,"categories":[{"catName":"DNC","catID":"301"}]}`, func(a *wiseagent.API) error { return a.EnsureCategory(t.Context(), "DNC") },
			wire{"POST", "requestType=addCategories", values("categories", "DNC")}},
		{"custom", `{"success":true,"ClientCustomID":901}`, func(a *wiseagent.API) error { return a.AddCustom(t.Context(), "26855", "MojoContactID", "58") },
			wire{"POST", "requestType=addClientCustom", values("ClientID", "26855", "Key", "MojoContactID", "Value", "58")}},
		{"edit custom", `{"success":"true"}`, func(a *wiseagent.API) error { return a.EditCustom(t.Context(), "26855", "MojoContactID", "59") },
			wire{"PUT", "requestType=editClientCustomData", values("ClientID", "26855", "Key", "MojoContactID", "Value", "59")}},
		{"find by e-mail", "[]", func(a *wiseagent.API) error {
			_, err := a.FindContacts(t.Context(), wiseagent.Query{Email: "a@example.com", Phone: "5205550143"})
			return err
		}, wire{"GET", "email=a%40example.com&page=1&page_size=100&requestType=getContacts", url.Values{}}},
		{"find by phone", "[]", func(a *wiseagent.API) error {
			_, err := a.FindContacts(t.Context(), wiseagent.Query{Phone: "5205550143"})
			return err
		}, wire{"GET", "page=1&page_size=100&phone=5205550143&requestType=getContacts", url.Values{}}},
		{"find by name", "[]", func(a *wiseagent.API) error {
			_, err := a.FindContacts(t.Context(), wiseagent.Query{Name: "Ann Lee"})
			return err
		}, wire{"GET", "nameQuery=Ann+Lee&page=1&page_size=100&requestType=getContacts", url.Values{}}},
		{"find nothing", "[]", func(a *wiseagent.API) error { _, err := a.FindContacts(t.Context(), wiseagent.Query{}); return err }, wire{}},
	}
	for _, tt := range tests {
		api, got := taking(t, tt.answer)
		if err := tt.call(api); err != nil {
			t.Errorf("%s: got %v, want success", tt.name, err)
		}
		if !reflect.DeepEqual(*got, tt.want) {
			t.Errorf("%s: sent\n%v\nwant\n%v", tt.name, *got, tt.want)
		}
	}
}

// TestWriteAnswers holds what single writes are answered, and what it means.
func TestWriteAnswers(t *testing.T) {
	tests := []struct {
		call, body, want string
	}{
		{"add note", testdata(t, "note_added.json"), "success"},
		{"add note", `{"success":"true","data":{"ClientID":"26855","NoteID":"81001"}}`, "success"},
		{"add note", `[{"success":true},{"ClientID":26855},{"NoteID":81001}]`, "success"},
		{"add note", `{"success":"true","data":"[{\"ClientID\":26855,\"NoteID\":81001}]"}`, "success"},
		{"add note", `"[{\"success\":\"true\",\"data\":[{\"ClientID\":26855,\"NoteID\":81001}]}]"`, "success"},
		{"add note", `{"Success":"true","Data":[{"clientid":26855,"noteid":81001}]}`, "success"},
		{"add note", `[{"success":"true"}]`, "doubt"},
		{"add note", `[{"success":"true","data":[]}]`, "doubt"},
		{"add note", `[{"success":"true","data":[{"ClientID":26856,"NoteID":81001}]}]`, "doubt"},
		{"add note", `[{"success":"true","data":[{"ClientID":26855,"NoteID":0}]}]`, "doubt"},
		{"add note", `[{"success":"true","data":[{"ClientID":26855,"NoteID":"new"}]}]`, "doubt"},
		{"add note", `[{"success":"true","data":[{"ClientID":26855,"NoteID":81001,"error":"No."}]}]`, "refused"},
		{"add note", `[{"success":"true","data":[{"success":false,"message":"No."}]}]`, "refused"},
		{"add note", `{"Error":"Invalid ClientID 26855"}`, "unknown contact"},
		{"add note", `{"success":false,"message":"ClientID was not found"}`, "unknown contact"},
		{"add note", `{"Error":"Missing ClientID"}`, "refused"},
		{"add note", `[]`, "doubt"},

		{"update note", `[{"success":"true"}]`, "success"},
		{"update note", `{"success":1}`, "success"},
		{"update note", `{"success":"maybe"}`, "doubt"},
		{"update note", `[]`, "doubt"},
		{"update note", `{"error":"The note is locked"}`, "locked"},
		{"update note", `[{"success":"false","message":"Note 81001 is Locked."}]`, "locked"},
		{"update note", `{"error":"Invalid noteID"}`, "unknown note"},
		{"update note", `[{"success":"false"}]`, "refused"},
		{"update note", `[{"success":"false","data":["The note","is locked"]}]`, "locked"},
		{"update note", `[{"success":"true","data":["a text"]}]`, "doubt"},

		{"add call", `{"success":true,"id":4401}`, "success"},
		{"add call", `[{"success":"true"},{"id":"4401"}]`, "success"},
		{"add call", `{"success":true}`, "doubt"},
		{"add call", `{"success":true,"id":0}`, "doubt"},
		{"add call", `{"success":true,"id":"x"}`, "doubt"},
		{"add call", `{"success":false,"message":"ClientId was not found"}`, "unknown contact"},
		{"add call", `{"success":false,"message":"Reason may have 100 characters"}`, "refused"},
		{"update call", `{"success":true,"id":4401}`, "success"},
		{"update call", `{"success":true}`, "success"},
		{"update call", `{"success":true,"id":4402}`, "doubt"},
		{"update call", `{"id":4401}`, "doubt"},
		{"update call", `{"success":false,"message":"CallId was not found"}`, "unknown call"},
		{"delete call", `[{"success":"true"}]`, "success"},
		{"delete call", `{"success":false,"message":"CallId was not found"}`, "unknown call"},
		{"delete call", `[]`, "doubt"},

		{"create", testdata(t, "created.json"), "success"},
		{"create", testdata(t, "created_list.json"), "success"},
		{"create", `{"success":"true"}`, "doubt"},
		{"create", `{"success":"true","data":{"NewContact":true}}`, "doubt"},
		{"create", `{"success":"true","data":{"ClientID":0,"NewContact":true}}`, "doubt"},
		{"create", `{"success":"true","data":{"ClientID":"V12"}}`, "doubt"},
		{"create", `{"Error":"Missing CLast"}`, "refused"},
		{"create", `[{"success":"false"},{"message":"No."}]`, "refused"},

		{"update", `{"Success":"26855 updated"}`, "success"},
		{"update", `{"Success":" 26855 Updated. "}`, "success"},
		{"update", `[{"success":"true"}]`, "success"},
		{"update", `{"Success":"26856 updated"}`, "doubt"},
		{"update", `{"Success":"26855 not updated"}`, "doubt"},
		{"update", `{"Success":""}`, "refused"},
		{"update", `{"Error":"Invalid Field CEmail - 26855 not updated"}`, "refused"},
		{"update", `{"Error":"Invalid Field clientID - 26855 not updated"}`, "unknown contact"},
		{"update", `{"Error":"Missing ClientID"}`, "refused"},

		{"categorize", `[{"success":"true"}]`, "success"},
		{"categorize", `{"Error":"Invalid ClientID 26855"}`, "unknown contact"},
		{"category", `{"success":true,"categories":[{"catName":"DNC","catID":"301"}]}`, "success"},
		{"category", `{"Error":"Category exists already"}`, "success"},
		{"category", `{"Error":"Missing Categories CSV"}`, "refused"},

		{"custom", `{"success":true,"ClientCustomID":901}`, "success"},
		{"custom", `{"success":false,"message":"The key 'mojocontactid' is already used for this client"}`, "custom taken"},
		{"custom", `{"success":false,"message":"ClientID was not found"}`, "unknown contact"},
		{"custom", `{"success":false,"message":"No."}`, "refused"},
		{"edit custom", `{"success":"true"}`, "success"},
		{"edit custom", `{"success":false,"message":"The key was not found"}`, "refused"},
	}
	for _, tt := range tests {
		_, api := serve(t, says(200, asJSON, tt.body))
		wantKind(t, tt.call+" answered "+tt.body, writes(t, api)[tt.call](), tt.want)
	}
}

// A refusal with a meaning still is a refusal with its text.
func TestRefusalsKeepTheirText(t *testing.T) {
	_, api := serve(t, says(200, asJSON, `{"success":false,"message":"CallId was not found"}`))
	err := api.DeleteCall(t.Context(), "4401")
	no, ok := errors.AsType[*wiseagent.RefusedError](err)
	if !ok || !errors.Is(err, wiseagent.ErrUnknownCall) || no.Text != "CallId was not found" || err.Error() != "delete call: unknown CallId" {
		t.Errorf("got %v, %+v, want a refusal that is ErrUnknownCall and has Wise Agent's words", err, no)
	}
}

func TestCreateContactTellsNewFromKnown(t *testing.T) {
	for _, tt := range []struct {
		body  string
		id    string
		isNew bool
	}{
		{testdata(t, "created.json"), "26901", true},
		{testdata(t, "created_list.json"), "26855", false},
		{`{"success":"true","data":{"ClientID":26855,"NewContact":"false","Message":"Use updateContact."}}`, "26855", false},
		{`[{"success":"true"},{"ClientID":"26901"}]`, "26901", true},
		{`[{"success":"true"},{"ClientID":"26855"},{"Message":"Use updateContact."}]`, "26855", false},
		{`{"success":"true","data":{"ClientID":26901,"NewContact":true,"OutsideTeamAssignment":{"TeamMember":"Olga` + "\r\n" + `","ClientID":26901}}}`, "26901", true},
	} {
		_, api := serve(t, says(200, asJSON, tt.body))
		id, isNew, err := api.CreateContact(t.Context(), wiseagent.NewContact{First: "Ann", Last: "Lee", Source: "Mojo"})
		if err != nil || id != tt.id || isNew != tt.isNew {
			t.Errorf("%s: got %q, new %v, %v; want %q, new %v", tt.body, id, isNew, err, tt.id, tt.isNew)
		}
	}
}

func TestCallsAndTeam(t *testing.T) {
	_, api := serve(t, says(200, asJSON, testdata(t, "calls.json")))
	got, err := api.Calls(t.Context(), "26855")
	want := []wiseagent.Call{
		{ID: "4401", ClientID: "26855", Type: "Appointment", Reason: "Valuation", Next: "2020-07-20 18:03", Important: true, TeamID: 8, AssignedTo: "Ray Olsen"},
		{ID: "4402", ClientID: "V12", Type: "To-Do", Completed: true},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got calls\n%+v, %v\nwant\n%+v", got, err, want)
	}
	_, api = serve(t, says(200, asJSON, testdata(t, "team.json")))
	team, err := api.Team(t.Context())
	members := []wiseagent.Member{{ID: 7, Name: "Dana Ruiz", Email: "dana@example.com"}, {ID: 8, Name: "Ray Olsen"}}
	if err != nil || !slices.Equal(team, members) {
		t.Errorf("got team %+v, %v, want %+v", team, err, members)
	}
	_, api = serve(t, says(200, asJSON, `{"Data": []}`))
	if got, err := api.Calls(t.Context(), "26855"); err != nil || len(got) != 0 {
		t.Errorf("got calls %+v, %v, want none", got, err)
	}
}

// A Call List that answers every page alike is read once.
func TestCallsWithoutPages(t *testing.T) {
	rows := strings.Repeat(`{"CallId":"1"},`, 99) + `{"CallId":"2"}`
	asked := 0
	_, api := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked++
		says(200, asJSON, `{"Data":[`+rows+`]}`)(w, r)
	})
	got, err := api.Calls(t.Context(), "26855")
	if err != nil || len(got) != 2 || asked != 2 {
		t.Errorf("got %d entries after %d requests, %v; want 2 after 2", len(got), asked, err)
	}
}

func TestSame(t *testing.T) {
	twin := wiseagent.Call{ID: "1", ClientID: "26855", Type: "appointment", Reason: " Valuation ", Next: "2026-11-25 15:30"}
	for _, tt := range []struct {
		name   string
		change func(*wiseagent.Call)
		want   bool
	}{
		{"twin", func(*wiseagent.Call) {}, true},
		{"completed meanwhile", func(c *wiseagent.Call) { c.Completed = true }, true},
		{"another client", func(c *wiseagent.Call) { c.ClientID = "26856" }, false},
		{"another type", func(c *wiseagent.Call) { c.Type = "To-Do" }, false},
		{"another minute", func(c *wiseagent.Call) { c.Next = "2026-11-25 15:31" }, false},
		{"another reason", func(c *wiseagent.Call) { c.Reason = "Valuation II" }, false},
	} {
		c := twin
		tt.change(&c)
		if got := valuation.Same(c); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}
