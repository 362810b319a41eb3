package wiseagent_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"addtomojo/sandbox/fault"
	wisebox "addtomojo/sandbox/wiseagent"
	"addtomojo/wiseagent"
)

func TestStandInWritesNotes(t *testing.T) {
	c := newCRM(t)
	id := c.AddContact(dana, wisebox.Contact{First: "Ann", Last: "Lee"})
	text := "José said \"yes\" & no\n50% + more\nMojo call #90210"
	noteID, err := c.api.AddNote(t.Context(), wiseagent.NewNote{ClientID: id, Subject: "Mojo call: Contact", Text: text, Categories: []string{"Calllist"}, TeamID: 8})
	if err != nil {
		t.Fatal(err)
	}
	notes := c.Notes(dana, id)
	if len(notes) != 1 || int64(notes[0].ID) != noteID || notes[0].Text != text || notes[0].InsideTeamID != 8 || strings.Join(notes[0].Categories, ",") != "Calllist" {
		t.Errorf("wise agent has %+v, want note %d with the text", notes, noteID)
	}
	wantKind(t, "update", c.api.UpdateNote(t.Context(), noteID, "Mojo note", "later\nMojo note #7"), "success")
	back, err := c.api.Notes(t.Context(), id, 1, 10)
	if err != nil || len(back) != 1 || back[0].Subject != "Mojo note" || back[0].Text != "later\nMojo note #7" {
		t.Errorf("got %+v, %v, want the new text", back, err)
	}

	vendor := c.AddVendor(dana, wisebox.Vendor{Company: "Desert Title"})
	_, err = c.api.AddNote(t.Context(), wiseagent.NewNote{ClientID: vendor, Text: "x"})
	wantKind(t, "note on a vendor", err, "success")
	locked := c.AddNote(dana, wisebox.Note{ClientID: id, Text: "fixed", Locked: true})
	wantKind(t, "locked", c.api.UpdateNote(t.Context(), int64(locked), "s", "n"), "locked")
	wantKind(t, "no such note", c.api.UpdateNote(t.Context(), 7, "s", "n"), "unknown note")
	c.DeleteContact(dana, id)
	_, err = c.api.AddNote(t.Context(), wiseagent.NewNote{ClientID: id, Text: "x"})
	wantKind(t, "note on nobody", err, "unknown contact")
}

func TestStandInWritesCalls(t *testing.T) {
	c := newCRM(t)
	c.AddUser(wisebox.User{Email: "ray@example.com", Team: []wisebox.Member{{ID: 8, Name: "Ray Olsen", Email: "ray@example.com"}}})
	id := c.AddContact("ray@example.com", wisebox.Contact{First: "Ann", Last: "Lee"})
	access, _, _ := c.Tokens("ray@example.com", strings.Fields(wiseagent.Scopes)...)
	api := c.client.With(access)

	entry := valuation
	entry.ClientID = id
	callID, err := api.AddCall(t.Context(), entry)
	if err != nil {
		t.Fatal(err)
	}
	list, err := api.Calls(t.Context(), id)
	if err != nil || len(list) != 1 || list[0].ID != callID || !entry.Same(list[0]) || !list[0].Important || list[0].TeamID != 8 || list[0].AssignedTo != "Ray Olsen" {
		t.Fatalf("got %+v, %v, want the entry %s", list, err, callID)
	}

	moved := entry
	moved.Next, moved.Reason, moved.Important = "2026-12-01 09:00", "", false
	wantKind(t, "move", api.UpdateCall(t.Context(), callID, moved), "success")
	list, err = api.Calls(t.Context(), id)
	if err != nil || len(list) != 1 || !moved.Same(list[0]) || list[0].Important || list[0].Completed {
		t.Errorf("after moving: got %+v, %v", list, err)
	}
	moved.Completed, moved.CompletedAt = true, time.Date(2026, 11, 30, 22, 45, 0, 0, time.UTC)
	wantKind(t, "complete", api.UpdateCall(t.Context(), callID, moved), "success")
	if kept := c.CallList("ray@example.com", id)[0]; !kept.Completed || !kept.CompletedAt.Equal(moved.CompletedAt) {
		t.Errorf("after completing: got %+v", kept)
	}
	wantKind(t, "delete", api.DeleteCall(t.Context(), callID), "success")
	wantKind(t, "delete again", api.DeleteCall(t.Context(), callID), "unknown call")
	wantKind(t, "move what is gone", api.UpdateCall(t.Context(), callID, moved), "unknown call")
	if left := c.CallList("ray@example.com", id); len(left) != 0 {
		t.Errorf("got %+v left, want none", left)
	}

	entry.Reason = strings.Repeat("é", wiseagent.ReasonLength)
	_, err = api.AddCall(t.Context(), entry)
	wantKind(t, "100 characters", err, "success")
	entry.Reason += "é"
	_, err = api.AddCall(t.Context(), entry)
	wantKind(t, "101 characters", err, "refused")
	entry.Reason, entry.ClientID = "", "7"
	_, err = api.AddCall(t.Context(), entry)
	wantKind(t, "nobody", err, "unknown contact")

	team, err := api.Team(t.Context())
	if err != nil || len(team) != 1 || team[0] != (wiseagent.Member{ID: 8, Name: "Ray Olsen", Email: "ray@example.com"}) {
		t.Errorf("got team %+v, %v", team, err)
	}
	_, err = c.with("contacts").Team(t.Context())
	wantKind(t, "team without the scope", err, "scope")
}

func TestStandInReadsLongCallLists(t *testing.T) {
	c := newCRM(t)
	id := c.AddContact(dana, wisebox.Contact{First: "Ann", Last: "Lee"})
	for i := range 230 {
		entry := wiseagent.NewCall{ClientID: id, Type: "To-Do", Reason: fmt.Sprint(i), Next: "2026-11-25 09:00"}
		if _, err := c.api.AddCall(t.Context(), entry); err != nil {
			t.Fatal(err)
		}
	}
	list, err := c.api.Calls(t.Context(), id)
	if err != nil || len(list) != 230 || list[229].Reason != "229" {
		t.Errorf("got %d entries, %v, want 230 in order", len(list), err)
	}
	if asked := c.Requests()["GET calls"]; asked != 3 {
		t.Errorf("got %d requests, want 3 pages", asked)
	}
}

func TestStandInCreatesContacts(t *testing.T) {
	for _, lists := range []bool{false, true} {
		c := newCRM(t)
		c.SetOptions(wisebox.Options{ListAnswers: lists})
		ann := wiseagent.NewContact{First: "Ann & Bob", Last: "Lee", Source: "Mojo", Company: "Lee LLC", Email: "ann@example.com", HomePhone: "(520) 555-0143",
			AddressNumber: "12", AddressStreet: "N Oak St", SuiteNo: "Apt 4", City: "Tucson", State: "AZ", Zip: "85701", Categories: []string{"Buyer", "Hot"}}
		id, isNew, err := c.api.CreateContact(t.Context(), ann)
		if err != nil || !isNew {
			t.Fatalf("got %q, new %v, %v, want a new contact", id, isNew, err)
		}
		got, err := c.api.Contact(t.Context(), id)
		if err != nil || got.First != "Ann & Bob" || got.Last != "Lee" || got.Company != "Lee LLC" || got.Email != "ann@example.com" ||
			got.HomePhone != "(520) 555-0143" || got.AddressNumber != "12" || got.AddressStreet != "N Oak St" || got.SuiteNo != "Apt 4" ||
			got.City != "Tucson" || got.State != "AZ" || got.Zip != "85701" || strings.Join(got.Categories, ",") != "Buyer,Hot" {
			t.Errorf("got %+v, %v, want what was sent", got, err)
		}
		ann.WorkPhone, ann.City = "(602) 555-0101", "Tempe"
		again, isNew, err := c.api.CreateContact(t.Context(), ann)
		if err != nil || isNew || again != id {
			t.Errorf("again: got %q, new %v, %v, want the same %q", again, isNew, err, id)
		}
		if kept, _ := c.Contact(dana, id); kept.City != "Tucson" || kept.WorkPhone != "" || len(kept.MorePhones) != 1 {
			t.Errorf("again: got %+v, want the profile as it was and one phone more", kept)
		}
		for _, q := range []wiseagent.Query{{Email: "ann@example.com"}, {Phone: "6025550101"}, {Name: "bob lee"}} {
			found, err := c.api.FindContacts(t.Context(), q)
			if err != nil || len(found) != 1 || found[0].ClientID != id {
				t.Errorf("find %+v: got %+v, %v, want contact %s", q, found, err, id)
			}
		}
		found, err := c.api.FindContacts(t.Context(), wiseagent.Query{Email: "nobody@example.com"})
		if err != nil || len(found) != 0 {
			t.Errorf("find nobody: got %+v, %v", found, err)
		}
		ann.Last = ""
		_, _, err = c.api.CreateContact(t.Context(), ann)
		wantKind(t, "no last name", err, "refused")
	}
}

func TestStandInChangesContacts(t *testing.T) {
	c := newCRM(t)
	id := c.AddContact(dana, wisebox.Contact{First: "Ann", Last: "Lee", City: "Tucson", HomePhone: "520-555-0143"})
	err := c.api.UpdateContact(t.Context(), id, map[string]string{
		"CFirst": "José", "Clast": "de la Cruz", "CEmail": "jose@example.com", "MobilePhone": "(520) 555-0144", "WorkPhone": "(520) 555-0145",
		"AddressNumber": "12", "AddressStreet": "N Oak St", "SuiteNo": "Apt 4", "State": "AZ", "Zip": "85701",
	})
	wantKind(t, "update", err, "success")
	got, err := c.api.Contact(t.Context(), id)
	if err != nil || got.First != "José" || got.Last != "de la Cruz" || got.City != "Tucson" || got.HomePhone != "520-555-0143" ||
		got.MobilePhone != "(520) 555-0144" || got.AddressStreet != "N Oak St" || got.Zip != "85701" {
		t.Errorf("got %+v, %v, want the named fields changed and the others kept", got, err)
	}
	wantKind(t, "odd field", c.api.UpdateContact(t.Context(), id, map[string]string{"CFirst": "Bea", "Birthday": "1/1/2001"}), "refused")
	if kept, _ := c.Contact(dana, id); kept.First != "José" {
		t.Errorf("got %q after a refused update, want nothing changed", kept.First)
	}
	wantKind(t, "nobody", c.api.UpdateContact(t.Context(), "7", map[string]string{"CFirst": "Bea"}), "unknown contact")

	wantKind(t, "category", c.api.EnsureCategory(t.Context(), "Do Not Call"), "success")
	for range 2 {
		wantKind(t, "categorize", c.api.AddToCategory(t.Context(), "Do Not Call", id), "success")
	}
	wantKind(t, "categorize nobody", c.api.AddToCategory(t.Context(), "Do Not Call", "7"), "unknown contact")
	wantKind(t, "custom", c.api.AddCustom(t.Context(), id, "MojoContactID", "58"), "success")
	wantKind(t, "custom again", c.api.AddCustom(t.Context(), id, "MojoContactID", "59"), "custom taken")
	wantKind(t, "custom of nobody", c.api.AddCustom(t.Context(), "7", "MojoContactID", "59"), "unknown contact")
	wantKind(t, "edit custom", c.api.EditCustom(t.Context(), id, "MojoContactID", "59"), "success")
	wantKind(t, "edit what is not there", c.api.EditCustom(t.Context(), id, "Pet", "Cat"), "refused")
	got, err = c.api.Contact(t.Context(), id)
	if err != nil || strings.Join(got.Categories, ",") != "Do Not Call" || got.Custom["MojoContactID"] != "59" {
		t.Errorf("got categories %q, custom %v, %v", got.Categories, got.Custom, err)
	}
}

// What each fault is called on every write, and whether the write had its effect.
func TestStandInFaultsOnWrites(t *testing.T) {
	tests := []struct {
		rule   fault.Rule
		want   string
		effect bool
	}{
		{fault.Rule{Kind: fault.TooMany, RetryAfter: 3 * time.Second}, "back off", false},
		{fault.Rule{Kind: fault.ServerError}, "doubt", false},
		{fault.Rule{Kind: fault.ServerError, Status: 503, RetryAfter: time.Second}, "back off", false},
		{fault.Rule{Kind: fault.CutBefore}, "doubt", false},
		{fault.Rule{Kind: fault.CutAfter}, "doubt", true},
		{fault.Rule{Kind: fault.HTML}, "doubt", false},
		{fault.Rule{Kind: fault.Truncated}, "doubt", true},
		{fault.Rule{Kind: fault.HalfJSON}, "doubt", true},
		{fault.Rule{Kind: fault.ExpiredToken}, "token", false},
		{fault.Rule{Kind: fault.RevokedToken}, "token", false},
	}
	for _, tt := range tests {
		c := newCRM(t)
		for c.AddContact(dana, wisebox.Contact{First: "Ann", Last: "Lee"}) != "26855" {
		}
		note := c.AddNote(dana, wisebox.Note{ClientID: "26855", Subject: "x"})
		tt.rule.Endpoint = fault.Any
		c.faults.Add(tt.rule)
		for name, call := range writes(t, c.api) {
			wantKind(t, string(tt.rule.Kind)+" on "+name, call(), tt.want)
		}
		wantKind(t, string(tt.rule.Kind)+" on team", func() error { _, err := c.api.Team(t.Context()); return err }(), tt.want)
		if notes := c.Notes(dana, "26855"); (len(notes) == 2) != tt.effect {
			t.Errorf("%s: got %d notes beside %d, want the effect: %v", tt.rule.Kind, len(notes)-1, note, tt.effect)
		}
	}
}

// A write whose answer got lost was made once: net/http must not send it again by itself.
func TestStandInWritesAreOneRequest(t *testing.T) {
	c := newCRM(t)
	id := c.AddContact(dana, wisebox.Contact{First: "Ann", Last: "Lee"})
	c.faults.Add(fault.Rule{Endpoint: "addContactNote", Kind: fault.CutAfter})
	for range 20 { // over connections that were used before
		c.api.Contact(t.Context(), id)
		_, err := c.api.AddNote(t.Context(), wiseagent.NewNote{ClientID: id, Text: "x"})
		wantKind(t, "cut", err, "doubt")
	}
	if asked, notes := c.Requests()["addContactNote"], len(c.Notes(dana, id)); asked != 20 || notes != 20 {
		t.Errorf("got %d requests and %d notes, want 20 of each", asked, notes)
	}
}
