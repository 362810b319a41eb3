package mojo_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"addtomojo/sandbox/mojo"
)

func TestContactFormTells(t *testing.T) {
	d := newDialer(t)
	path := fmt.Sprintf("/contacts/%d/", d.ann)
	form := url.Values{"full_name": {"Ann Lee"}, "phone_type": {"2", "3"}, "phone": {"(520) 555-0199", "520-555-0144"}, "note": {"Moved"}, "dial": {"771"}}
	if a := d.post(t, path, form); a.header.Get("Location") != path+"?saved&dial=771" {
		t.Fatalf("got status %d to %q, want back to the form", a.status, a.header.Get("Location"))
	}
	contains(t, d.get(t, path+"?saved&dial=771"), "Saved.", `href="/dial/771/"`)
	d.post(t, path, form) // the same again adds the note again, and no edit
	var types []string
	for _, h := range d.Hooks() {
		types = append(types, h.Type)
	}
	if got, want := strings.Join(types, " "), "contact.updated note.created note.created"; got != want {
		t.Errorf("got hooks %s, want %s", got, want)
	}
	if want := `"changes":[{"field":"phone","old":{"type":2,"value":"5205550143"},"new":{"type":2,"value":"5205550199"}}]`; !strings.Contains(string(d.Hooks()[0].Body), want) {
		t.Errorf("got %s, want %s in it", d.Hooks()[0].Body, want)
	}
	lacks(t, d.get(t, path+"?dial=%2e%2e/evil"), "evil")
}

func TestContactFormKeepsTheNoteItCantSave(t *testing.T) {
	d := newDialer(t)
	a := d.post(t, fmt.Sprintf("/contacts/%d/", d.ann), url.Values{"full_name": {"Ann"}, "phone": {"DNC"}, "note": {"Typed with care"}})
	contains(t, a, "Not saved yet", "Typed with care</textarea>")
}

func TestNotePage(t *testing.T) {
	d := newDialer(t)
	note, _ := d.AddNote("8812", d.ann, "Likes <dogs>")
	path := fmt.Sprintf("/contacts/%d/notes/%d/", d.ann, note)
	contains(t, d.get(t, fmt.Sprintf("/contacts/%d/", d.ann)), `href="`+path+`"`)
	contains(t, d.get(t, path), "Likes &lt;dogs&gt;", "Dana Ruiz", "M MST")
	if a := d.post(t, path, url.Values{"contents": {" "}}); a.status != 422 {
		t.Errorf("got status %d for an empty note, want 422", a.status)
	}
	d.post(t, path, url.Values{"contents": {"Likes cats"}})
	hooks := d.Hooks()
	if last := hooks[len(hooks)-1]; len(hooks) != 2 || last.Type != "note.updated" || !strings.Contains(string(last.Body), "Likes cats") {
		t.Errorf("got %d hooks, the last %s; want note.updated", len(hooks), last.Body)
	}
	for _, path := range []string{fmt.Sprintf("/contacts/%d/notes/%d/", d.bob, note), fmt.Sprintf("/contacts/%d/notes/x/", d.ann), fmt.Sprintf("/contacts/999/notes/%d/", note)} {
		if a := d.get(t, path); a.status != 404 {
			t.Errorf("%s: got status %d, want 404", path, a.status)
		}
	}
}

func TestActivityPages(t *testing.T) {
	d := newDialer(t)
	contact := fmt.Sprintf("/contacts/%d/", d.ann)
	contains(t, d.get(t, contact+"activities/new/"), "Appointment", "To-do", "Follow-up call", "Recurring", "MST")
	form := url.Values{"kind": {"appointment"}, "title": {"Listing"}, "description": {"Bring comps"}, "date": {"2026-11-24"}, "time": {"10:00"},
		"ends": {"11:30"}, "priority": {"high"}, "recurring": {"1"}}
	if a := d.post(t, contact+"activities/new/", form); a.header.Get("Location") != contact+"?saved" {
		t.Fatalf("got status %d to %q, want back to the contact", a.status, a.header.Get("Location"))
	}
	act := d.Activities("8812", d.ann)[0]
	if want := time.Date(2026, 11, 24, 17, 0, 0, 0, time.UTC); !act.Starts.Equal(want) || act.Ends.Sub(act.Starts) != 90*time.Minute || !act.Recurring || act.AgentID != 31 {
		t.Errorf("got %+v, want it at %v for 90 minutes, recurring, Dana's", act, want)
	}
	path := fmt.Sprintf("%sactivities/%d/", contact, act.ID)
	contains(t, d.get(t, path), `value="2026-11-24"`, `value="10:00"`, `value="11:30"`, "Bring comps", "checked", `value="high" selected`)
	contains(t, d.get(t, contact), "Listing", "Nov 24, 2026 10:00 AM", "high priority", "recurring")
	contains(t, d.get(t, d.path), "Listing")
	form.Set("kind", "follow_up_call")
	form.Set("date", "2026-11-25")
	form.Del("time")
	form.Del("ends")
	d.post(t, path, form)
	contains(t, d.get(t, contact), "Nov 25, 2026, no time", "Follow-up call")
	d.post(t, path, form) // nothing changed
	d.post(t, path+"complete/", nil)
	contains(t, d.get(t, contact+"?completed"), "Completed.", "completed</span>")
	d.post(t, path+"delete/", nil)
	var types []string
	for _, h := range d.Hooks() {
		types = append(types, h.Type)
	}
	if got, want := strings.Join(types, " "), "event.created event.updated event.completed event.deleted"; got != want {
		t.Errorf("got hooks %s, want %s", got, want)
	}
	for _, gone := range []string{"", "complete/", "delete/"} {
		if a := d.post(t, path+gone, form); a.status != 404 {
			t.Errorf("%s: got status %d for a deleted activity, want 404", gone, a.status)
		}
	}
}

func TestActivityFormRefuses(t *testing.T) {
	d := newDialer(t)
	good := url.Values{"kind": {"todo"}, "title": {"Mail"}, "date": {"2026-11-24"}, "priority": {"low"}}
	tests := []struct{ field, value, problem string }{
		{"kind", "party", "Choose a kind."},
		{"kind", "appointment", "An appointment needs a time."},
		{"title", " ", "Give it a title."},
		{"date", "tomorrow", "Choose a date."},
		{"time", "noon", "Give the time as 14:30."},
		{"ends", "11:00", "Say when it starts, too."},
		{"priority", "", "Choose a priority."},
	}
	path := fmt.Sprintf("/contacts/%d/activities/new/", d.ann)
	for _, test := range tests {
		form := url.Values{}
		for name, values := range good {
			form[name] = values
		}
		form.Set(test.field, test.value)
		a := d.post(t, path, form)
		if a.status != 422 {
			t.Errorf("%s %q: got status %d, want 422", test.field, test.value, a.status)
		}
		contains(t, a, test.problem)
	}
	form := url.Values{"kind": {"todo"}, "title": {"Mail"}, "date": {"2026-11-24"}, "priority": {"low"}, "time": {"10:00"}, "ends": {"09:00"}}
	contains(t, d.post(t, path, form), "It ends before it starts.")
	if got := d.Activities("8812", d.ann); len(got) != 0 {
		t.Errorf("got %d activities, want none", len(got))
	}
}

func TestSendButton(t *testing.T) {
	b, desk, id := newDesk(t)
	b.browse(t).logIn(t, "")
	path := fmt.Sprintf("/contacts/%d/", id)
	contains(t, b.get(t, path), ">Send to Wise Agent<")
	desk.link = `{"connected": false, "linked": false}`
	lacks(t, b.get(t, path), "Send to Wise Agent")
	desk.link = `{"connected": true, "linked": true, "client_id": 5, "url": "https://wise.test/c/5", "last_synced_at": "2026-11-22T08:00:00Z"}`
	page := b.get(t, path)
	contains(t, page, `href="https://wise.test/c/5"`, ">In Wise Agent<", "last synced Nov 22, 2026 1:00 AM MST")
	lacks(t, page, "Send to Wise Agent")
	desk.link = `oops`
	contains(t, b.get(t, path), "Add to Mojo isn't answering")

	desk.link, desk.sent = notLinked, `{"client_id":5,"url":"https://wise.test/c/5"}`
	for status, text := range map[int]string{200: "It was in Wise Agent already.", 201: "Sent to Wise Agent.", 202: "The contact will be there as soon as it does."} {
		desk.status = status
		a := b.post(t, path+"send/", nil)
		contains(t, b.get(t, a.header.Get("Location")), text)
	}
	desk.status, desk.sent, desk.kind = 422, `{"title":"A name is needed."}`, "application/json"
	a := b.post(t, path+"send/", nil)
	contains(t, a, "A name is needed.", ">Send to Wise Agent<")
	desk.status, desk.sent = 500, `{}`
	if a := b.post(t, path+"send/", nil); a.status != 502 {
		t.Errorf("got status %d when the service fails, want 502", a.status)
	}
}

func TestNoServiceNoButton(t *testing.T) {
	d := newDialer(t)
	page := d.get(t, fmt.Sprintf("/contacts/%d/", d.ann))
	lacks(t, page, "Wise Agent")
	lacks(t, page, "answering")
}

func TestSendTicked(t *testing.T) {
	b, desk, _ := newDesk(t)
	group := b.AddGroup("8812", "Hot Lead")
	ann := b.AddContact("8812", mojo.Contact{FullName: "Ann"}, group)
	bob := b.AddContact("8812", mojo.Contact{FullName: "Bob"}, group)
	foreign := b.AddContact("8840", mojo.Contact{FullName: "Somebody"})
	b.browse(t).logIn(t, "")
	contains(t, b.get(t, fmt.Sprintf("/my-data/?group_id=%d", group)), ">Send to Wise Agent<", `aria-label="Tick Ann"`)
	desk.status = 200
	desk.sent = `{"results":[{"contact_id":` + itoa(ann) + `,"status":201,"client_id":1,"url":"https://wise.test/1"},{"contact_id":` + itoa(bob) + `,"status":422,"error":"A phone is needed."}]}`
	path := fmt.Sprintf("/my-data/send/?group_id=%d", group)
	a := b.post(t, path, url.Values{"contact": {itoa(ann), itoa(bob), itoa(foreign), "x"}})
	contains(t, a, "Sent to Wise Agent", "https://wise.test/1", "A phone is needed.")
	lacks(t, a, "Somebody")
	if a := b.post(t, path, nil); a.status != 422 {
		t.Errorf("got status %d with nobody ticked, want 422", a.status)
	}
	desk.status, desk.sent = 409, `{"title":"Not connected to Wise Agent."}`
	contains(t, b.post(t, path, url.Values{"contact": {itoa(ann)}}), "Not connected to Wise Agent.")
	desk.status = 500
	if a := b.post(t, path, url.Values{"contact": {itoa(ann)}}); a.status != 502 {
		t.Errorf("got status %d when the service fails, want 502", a.status)
	}
	desk.link = `{"connected": false}`
	lacks(t, b.get(t, fmt.Sprintf("/my-data/?group_id=%d", group)), "Send to Wise Agent")
}

func TestIntegrationsPage(t *testing.T) {
	d := newDialer(t)
	contains(t, d.get(t, "/integrations/"), "not connected")
	d.tokens(t)
	contains(t, d.get(t, "/integrations/"), "End the integration")
	a := d.post(t, "/integrations/end/", nil)
	contains(t, d.get(t, a.header.Get("Location")), "The integration has ended.", "not connected")
	if got := d.Hooks(); len(got) != 1 || got[0].Type != "account.disconnected" {
		t.Errorf("got hooks %+v, want account.disconnected", got)
	}
}

func TestHooksPage(t *testing.T) {
	b, e, id := newTeller(t, mojo.Config{HookRetries: []time.Duration{time.Hour}})
	b.browse(t)
	contains(t, b.get(t, "/sandbox/hooks"), "Nothing has happened yet.", e.URL)
	b.post(t, "/sandbox/hooks", url.Values{"action": {"options"}, "doubles": {"1"}, "nofeed": {"1"}, "echo": {"1"}, "drop": {"1"}, "disorder": {"1"}})
	if got, want := b.HookOptions(), (mojo.HookOptions{Doubles: true, Disorder: true, DropAll: true, NoFeed: true, Echo: true}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	b.post(t, "/sandbox/hooks", url.Values{"action": {"options"}})
	if got := b.HookOptions(); got != (mojo.HookOptions{}) {
		t.Errorf("got %+v, want all off", got)
	}
	e.statuses = []int{500}
	_, hook := b.Call("8812", id, mojo.Call{Result: "contact"})
	for deadline := time.Now().Add(10 * time.Second); b.HookCounts().Attempts == 0 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	contains(t, b.get(t, "/sandbox/hooks"), "call.completed", "the service answered 500", ">waiting<", "wa-26855")
	b.post(t, "/sandbox/hooks", url.Values{"action": {"flush"}})
	b.settle(t)
	b.post(t, "/sandbox/hooks", url.Values{"action": {"again"}, "id": {hook}})
	if got := len(e.ids()); got != 3 {
		t.Errorf("got %d attempts, want 3", got)
	}
	b.post(t, "/sandbox/hooks", url.Values{"action": {"burst"}, "account": {"8812"}, "calls": {"30"}})
	b.settle(t)
	if got := b.HookCounts(); got.Acknowledged != 31 {
		t.Errorf("got %+v, want 31 acknowledged", got)
	}
	for _, form := range []url.Values{
		{}, {"action": {"again"}, "id": {"msg_none"}}, {"action": {"burst"}, "account": {"8840"}, "calls": {"1"}},
		{"action": {"burst"}, "account": {"8812"}, "calls": {"10001"}}, {"action": {"burst"}, "account": {"8812"}, "calls": {"many"}},
	} {
		if a := b.post(t, "/sandbox/hooks", form); a.status != 422 {
			t.Errorf("%v: got status %d, want 422", form, a.status)
		}
	}
}
