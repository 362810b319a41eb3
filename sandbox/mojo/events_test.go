package mojo_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"addtomojo/sandbox/mojo"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// dana and ann are how hooks name them.
const dana = `"account_id":"8812","agent":{"id":31,"name":"Dana Ruiz","email":"dana@example.com"}`

func ann(id int64) string {
	return `"contact":{"contact_id":` + itoa(id) + `,"api_contact_id":"wa-26855","full_name":"Ann Lee"}`
}

func TestCallHook(t *testing.T) {
	b, _, id := newTeller(t, mojo.Config{ManualHooks: true})
	group := b.AddGroup("8812", "Hot Lead")
	callID, hook := b.Call("8812", id, mojo.Call{Result: "contact", Duration: 91 * time.Second, SessionID: 771, GroupID: group,
		Started: time.Date(2026, 11, 22, 17, 1, 40, 0, time.UTC), Notes: "Wants a valuation in spring"})
	b.wantHook(t, hook, `{"type":"call.completed","timestamp":"2026-11-22T09:00:00Z","data":{`+dana+`,`+ann(id)+
		`,"call":{"id":`+itoa(callID)+`,"result":"contact","phone":"5205550143","phone_type":2,"started_at":"2026-11-22T17:01:40Z",`+
		`"duration_seconds":91,"session_id":771,"group":{"group_id":`+itoa(group)+`,"name":"Hot Lead"},`+
		`"notes":"Wants a valuation in spring","recording_url":null}}}`)
	if callID != 90210 {
		t.Errorf("got call id %d, want 90210 for the first", callID)
	}
}

func TestCallHookWithoutMuch(t *testing.T) {
	b, _, _ := newTeller(t, mojo.Config{ManualHooks: true})
	id := b.AddContact("8812", mojo.Contact{FullName: "Mojo's own"})
	_, hook := b.Call("8812", id, mojo.Call{Result: "something_new", Phone: "5205550144", AgentID: 32, RecordingURL: "https://mojo.test/r/1"})
	b.wantHook(t, hook, `{"type":"call.completed","timestamp":"2026-11-22T09:00:00Z","data":{"account_id":"8812",`+
		`"agent":{"id":32,"name":"Sam Okafor","email":"sam@example.com"},"contact":{"contact_id":`+itoa(id)+`,"api_contact_id":null,"full_name":"Mojo's own"},`+
		`"call":{"id":90210,"result":"something_new","phone":"5205550144","phone_type":5,"started_at":"2026-11-22T09:00:00Z",`+
		`"duration_seconds":0,"session_id":0,"group":null,"notes":"","recording_url":"https://mojo.test/r/1"}}}`)
}

func TestResults(t *testing.T) {
	want := strings.Fields(`contact no_contact_next_record no_contact_next_number bad_number drop_voicemail voicemail dnc_contact dnc_number
		skipped no_answer incomplete fax disconnected busy other answering_machine`)
	var got []string
	bySystem := 0
	for _, r := range mojo.Results() {
		got = append(got, r.Slug)
		if r.BySystem {
			bySystem++
		}
	}
	if !slices.Equal(got, want) || bySystem != 8 {
		t.Errorf("got %v with %d by the system, want %v with 8", got, bySystem, want)
	}
}

func TestNumbersAreMarked(t *testing.T) {
	const mobile, home = "5205550143", "5205550144"
	tests := []struct {
		result       string
		mobile, home mojo.NumberStatus
	}{
		{"contact", mojo.NumberNormal, mojo.NumberNormal},
		{"bad_number", mojo.NumberBad, mojo.NumberNormal},
		{"dnc_number", mojo.NumberDNC, mojo.NumberNormal},
		{"dnc_contact", mojo.NumberDNC, mojo.NumberDNC},
		{"disconnected", mojo.NumberNormal, mojo.NumberNormal},
	}
	for _, test := range tests {
		t.Run(test.result, func(t *testing.T) {
			b := newBox(t, mojo.Config{})
			id := b.AddContact("8812", mojo.Contact{FullName: "Ann", Media: []mojo.Media{
				{Type: mojo.MediaEmail, Value: "ann@example.com"}, {Type: mojo.MediaMobile, Value: mobile}, {Type: mojo.MediaHome, Value: home}}})
			b.Call("8812", id, mojo.Call{Result: test.result})
			if m, h := b.Number("8812", mobile), b.Number("8812", home); m != test.mobile || h != test.home {
				t.Errorf("got mobile %q and home %q, want %q and %q", m, h, test.mobile, test.home)
			}
			if got := b.Number("8840", mobile); got != mojo.NumberNormal {
				t.Errorf("got %q in another account, want nothing", got)
			}
		})
	}
}

func TestDNCStays(t *testing.T) {
	b := newBox(t, mojo.Config{})
	id := b.AddContact("8812", mojo.Contact{FullName: "Ann"})
	b.SetNumber("8812", "5205550143", mojo.NumberDNC)
	b.Call("8812", id, mojo.Call{Result: "bad_number", Phone: "5205550143"})
	if got := b.Number("8812", "5205550143"); got != mojo.NumberDNC {
		t.Errorf("got %q, want it still on the do-not-call list", got)
	}
}

func TestEditHook(t *testing.T) {
	b, _, id := newTeller(t, mojo.Config{ManualHooks: true})
	hook := b.Edit("8812", id, func(c *mojo.Contact) {
		c.FullName, c.Address, c.City, c.State, c.Zip = "Ann Lee-Ray", "9 New Rd", "Tucson", "AZ", "85701"
		c.Media = []mojo.Media{{Type: mojo.MediaMobile, Value: "5205550199"}, {Type: mojo.MediaEmail, Value: "ann@example.com"}}
	})
	b.wantHook(t, hook, `{"type":"contact.updated","timestamp":"2026-11-22T09:00:00Z","data":{`+dana+
		`,"contact":{"contact_id":`+itoa(id)+`,"full_name":"Ann Lee-Ray","contactgroup_set":[],"address":"9 New Rd","city":"Tucson","state":"AZ","zip_code":"85701",`+
		`"mediainfo_set":[{"type":2,"value":"5205550199"},{"type":4,"value":"ann@example.com"}],"api_contact_id":"wa-26855"},"revision":1,"changes":[`+
		`{"field":"full_name","old":"Ann Lee","new":"Ann Lee-Ray"},`+
		`{"field":"address","old":{"address":"","city":"","state":"","zip_code":""},"new":{"address":"9 New Rd","city":"Tucson","state":"AZ","zip_code":"85701"}},`+
		`{"field":"phone","old":{"type":2,"value":"5205550143"},"new":{"type":2,"value":"5205550199"}},`+
		`{"field":"email","old":null,"new":"ann@example.com"}]}}`)
	if again := b.Edit("8812", id, func(*mojo.Contact) {}); again != "" {
		t.Error("nothing changed and was told")
	}
	b.Edit("8812", id, func(c *mojo.Contact) { c.FullName = "Ann" })
	if got := b.Contacts("8812", 0)[0].Revision; got != 2 {
		t.Errorf("got revision %d, want 2", got)
	}
}

func TestPhoneChanges(t *testing.T) {
	mobile, home := mojo.Media{Type: mojo.MediaMobile, Value: "5205550143"}, mojo.Media{Type: mojo.MediaHome, Value: "5205550144"}
	other := mojo.Media{Type: mojo.MediaMobile, Value: "5205550145"}
	work := mojo.Media{Type: mojo.MediaWork, Value: "5205550143"}
	email := mojo.Media{Type: mojo.MediaEmail, Value: "a@example.com"}
	const mobileOut, homeOut = `{"type":2,"value":"5205550143"}`, `{"type":3,"value":"5205550144"}`
	tests := []struct {
		name          string
		before, after []mojo.Media
		changes       string // "" when nothing is told
	}{
		{"nothing", []mojo.Media{mobile, home}, []mojo.Media{mobile, home}, ""},
		{"order only", []mojo.Media{mobile, home}, []mojo.Media{home, mobile}, ""},
		{"added", []mojo.Media{mobile}, []mojo.Media{mobile, home}, `{"field":"phone","old":null,"new":` + homeOut + `}`},
		{"removed", []mojo.Media{mobile, home}, []mojo.Media{mobile}, `{"field":"phone","old":` + homeOut + `,"new":null}`},
		{"edited", []mojo.Media{mobile}, []mojo.Media{other}, `{"field":"phone","old":` + mobileOut + `,"new":{"type":2,"value":"5205550145"}}`},
		{"another type", []mojo.Media{mobile}, []mojo.Media{work}, `{"field":"phone","old":` + mobileOut + `,"new":{"type":1,"value":"5205550143"}}`},
		{"one for another", []mojo.Media{mobile}, []mojo.Media{home}, `{"field":"phone","old":` + mobileOut + `,"new":null},{"field":"phone","old":null,"new":` + homeOut + `}`},
		{"e-mail added", []mojo.Media{mobile}, []mojo.Media{email, mobile}, `{"field":"email","old":null,"new":"a@example.com"}`},
		{"e-mail edited", []mojo.Media{email}, []mojo.Media{{Type: mojo.MediaEmail, Value: "b@example.com"}}, `{"field":"email","old":"a@example.com","new":"b@example.com"}`},
		{"e-mail removed", []mojo.Media{email, mobile}, []mojo.Media{mobile}, `{"field":"email","old":"a@example.com","new":null}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newBox(t, mojo.Config{})
			id := b.AddContact("8812", mojo.Contact{FullName: "Ann", Media: test.before})
			hook, _ := b.Hook(b.Edit("8812", id, func(c *mojo.Contact) { c.Media = test.after }))
			_, changes, _ := strings.Cut(string(hook.Body), `"changes":[`)
			if changes = strings.TrimSuffix(changes, "]}}"); changes != test.changes {
				t.Errorf("got  %s\nwant %s", changes, test.changes)
			}
		})
	}
}

func TestNoteHooks(t *testing.T) {
	b, _, id := newTeller(t, mojo.Config{ManualHooks: true})
	note, created := b.AddNote("8812", id, "Likes dogs")
	b.wantHook(t, created, `{"type":"note.created","timestamp":"2026-11-22T09:00:00Z","data":{`+dana+`,`+ann(id)+
		`,"note":{"id":`+itoa(note)+`,"contents":"Likes dogs","created_at":"2026-11-22T09:00:00Z"}}}`)
	b.now.Time = b.now.Add(time.Hour)
	updated := b.EditNote("8812", id, note, "Likes cats")
	b.wantHook(t, updated, `{"type":"note.updated","timestamp":"2026-11-22T10:00:00Z","data":{`+dana+`,`+ann(id)+
		`,"note":{"id":`+itoa(note)+`,"contents":"Likes cats","created_at":"2026-11-22T09:00:00Z"}}}`)
	if b.EditNote("8812", id, note, "Likes cats") != "" || b.EditNote("8812", id, 999, "x") != "" {
		t.Error("an edit that changed nothing was told")
	}
	if n := b.Contacts("8812", 0)[0].Notes; len(n) != 1 || n[0].Contents != "Likes cats" || n[0].Author != "Dana Ruiz" {
		t.Errorf("got notes %+v, want the edited one by Dana", n)
	}
}

func TestActivityHooks(t *testing.T) {
	b, _, id := newTeller(t, mojo.Config{ManualHooks: true})
	act, hook := b.AddActivity("8812", id, mojo.Activity{Kind: mojo.KindAppointment, Title: "Listing", Description: "Bring comps",
		Starts: time.Date(2026, 11, 24, 17, 0, 0, 0, time.UTC), Ends: time.Date(2026, 11, 24, 18, 0, 0, 0, time.UTC), Priority: "high"})
	event := func(kind, stamp, rest string) string {
		return `{"type":"event.` + kind + `","timestamp":"` + stamp + `","data":{` + dana + `,` + ann(id) + `,"event":{"id":` + itoa(act) + `,` + rest + `}}}`
	}
	b.wantHook(t, hook, event("created", "2026-11-22T09:00:00Z", `"revision":1,"kind":"appointment","title":"Listing","description":"Bring comps",`+
		`"starts_at":"2026-11-24T10:00:00-07:00","ends_at":"2026-11-24T11:00:00-07:00","priority":"high","recurring":false,"completed_at":null`))
	hook = b.EditActivity("8812", act, func(a *mojo.Activity) {
		a.Kind, a.Starts, a.Ends, a.Date, a.Recurring, a.Description = mojo.KindFollowUpCall, time.Time{}, time.Time{}, "2026-11-25", true, ""
	})
	const moved = `"kind":"follow_up_call","title":"Listing","description":"","date":"2026-11-25","priority":"high","recurring":true,"completed_at":`
	b.wantHook(t, hook, event("updated", "2026-11-22T09:00:00Z", `"revision":2,`+moved+`null`))
	b.wantHook(t, b.CompleteActivity("8812", act), event("completed", "2026-11-22T09:00:00Z", `"revision":3,`+moved+`"2026-11-22T09:00:00Z"`))
	if b.CompleteActivity("8812", act) != "" || b.EditActivity("8812", act, func(*mojo.Activity) {}) != "" {
		t.Error("a change that changed nothing was told")
	}
	if got := b.Activities("8812", id); len(got) != 1 || got[0].Revision != 3 {
		t.Errorf("got activities %+v, want one of revision 3", got)
	}
	b.wantHook(t, b.DeleteActivity("8812", act), event("deleted", "2026-11-22T09:00:00Z", `"revision":4,`+moved+`"2026-11-22T09:00:00Z"`))
	if got := b.Activities("8812", id); len(got) != 0 {
		t.Errorf("got activities %+v after deleting, want none", got)
	}
}

func TestActivityInAnotherZone(t *testing.T) {
	b := newBox(t, mojo.Config{})
	b.AddAccount(mojo.Account{ID: "9001", PIN: "1", Zone: time.FixedZone("EST", -5*3600), Agents: []mojo.Agent{{ID: 1}}})
	id := b.AddContact("9001", mojo.Contact{FullName: "Ann"})
	_, hook := b.AddActivity("9001", id, mojo.Activity{Kind: mojo.KindToDo, Title: "Mail", Starts: time.Date(2026, 11, 24, 17, 0, 0, 0, time.UTC)})
	h, _ := b.Hook(hook)
	if want := `"starts_at":"2026-11-24T12:00:00-05:00","priority":"medium"`; !strings.Contains(string(h.Body), want) {
		t.Errorf("got %s, want %s in it", h.Body, want)
	}
}
