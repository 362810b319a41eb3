package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"addtomojo/sandbox/fault"
	mojobox "addtomojo/sandbox/mojo"
	"addtomojo/store"
)

// sendCall tells of a call of a contact in account 8812.
func (h *house) sendCall(id string, contact int, result string) {
	h.t.Helper()
	body := fmt.Sprintf(`{"type": "call.completed", "timestamp": %q, "data": {"account_id": "8812",
		"contact": {"contact_id": %d, "full_name": "Contact %d"}, "call": {"id": %q, "result": %q, "started_at": %[1]q}}}`,
		h.clock.Now().UTC().Format(time.RFC3339), contact, contact, id, result)
	h.sendHook(h.signedHook(id, []byte(body))).want(202)
}

// until asks for a page until it says the words.
func (b *browser) until(path string, words string) *answer {
	b.t.Helper()
	end := time.Now().Add(10 * time.Second)
	for time.Now().Before(end) {
		if page := b.get(path).want(200); strings.Contains(page.text(), words) {
			return page
		}
		time.Sleep(20 * time.Millisecond)
	}
	b.t.Fatalf("%s: %q is never in\n%s", path, words, b.get(path).text())
	return nil
}

// settle gives an event the state that its delivery would.
func (h *house) settle(webhookID string, state store.EventState, reason string) {
	h.t.Helper()
	for _, e := range h.received() {
		if e.WebhookID == webhookID {
			err := h.store.FinishEvent(h.t.Context(), store.Outcome{EventID: e.ID, At: h.clock.Now(), State: state, Reason: reason, NextAt: h.clock.Now()})
			if err != nil {
				h.t.Fatal(err)
			}
			return
		}
	}
	h.t.Fatalf("event %s: there is none", webhookID)
}

func TestActivityIsEmptyAtFirst(t *testing.T) {
	h := newHouse(t, nil)
	b := h.browser()
	launch := b.connect(1)
	if got := b.ready(launch).all("a", "href", activityPath); len(got) != 1 {
		t.Errorf("group page: got %d links to the activity page, want 1", len(got))
	}
	page := b.get(activityPath).want(200).says("Nothing has come from Mojo yet", "No call logged yet, 0 waiting", "Received 0", "Back to the groups")
	if len(page.all("button", "type", "submit")) != 2 { // change the zone, sign out
		t.Error("buttons: got some to retry nothing")
	}
}

// A call of a pushed contact is in Wise Agent and on the page, without anything being pressed.
func TestActivityOfACall(t *testing.T) {
	h := newHouse(t, nil)
	h.work()
	b := h.browser()
	launch := b.connect(2)
	push := b.push(launch)
	if got := b.ended(push, store.PushDone).all("a", "href", activityPath); len(got) != 1 {
		t.Errorf("push page: got %d links to the activity page, want 1", len(got))
	}
	contact := h.mojo.Contacts("8812", h.hot)[0]
	h.mojo.Call("8812", contact.ContactID, mojobox.Call{Result: "no_answer", Duration: 12 * time.Second})
	if err := h.mojo.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.until(activityPath, "Written 1")
	h.clock.advance(14 * time.Second)
	b.get(activityPath).says("Last call logged 14 s ago, 0 waiting", "Received 1", "Call: No Answer", "written", contact.FullName)
	if got := len(h.wise.Notes(jane, strings.TrimPrefix(contact.APIContactID, "wa-"))); got == 0 {
		t.Error("notes in Wise Agent: got none")
	}
}

func TestActivityShowsEachState(t *testing.T) {
	h := newHouse(t, nil)
	b := h.browser()
	b.connect(1)
	for i, state := range []store.EventState{store.EventWritten, store.EventWaiting, store.EventNeedsYou, store.EventExcluded} {
		id := fmt.Sprintf("evt-%d", i)
		h.sendCall(id, i+1, "busy")
		if state != store.EventWaiting {
			h.settle(id, state, "Because of "+string(state)+".")
		}
	}
	b.get(activityPath).says("Received 4", "Written 1", "Waiting 1", "Need you 1", "Excluded 1", "Because of needs_you.", "Retry all")
	for state, contact := range map[string]string{"written": "Contact 1", "waiting": "Contact 2", "needs_you": "Contact 3", "excluded": "Contact 4"} {
		text := b.get(activityPath + "?state=" + state).want(200).text()
		if !strings.Contains(text, contact+" ") || strings.Count(text, "Call: Busy") > 2 { // once more in the Retry button
			t.Errorf("%s: got %s, want %s alone", state, text, contact)
		}
	}
	for state, want := range map[string]int{"": 1, "needs_you": 1, "written": 0, "waiting": 0, "excluded": 0} {
		if got := len(b.get(activityPath+"?state="+state).all("button", "id", "retry-all")); got != want {
			t.Errorf("Retry all beside %q: got %d buttons, want %d: it is for those that need the customer", state, got, want)
		}
	}
	b.get(activityPath+"?state=moon&before=x").want(200).says("Contact 1", "Contact 4")
}

func TestActivityPages(t *testing.T) {
	h := newHouse(t, nil)
	b := h.browser()
	b.connect(1)
	for i := range 2*eventsShown + 10 {
		h.sendCall(fmt.Sprintf("evt-%d", i), 1000+i, "busy")
	}
	path, seen := activityPath+"?state=waiting", 0
	for page := 1; path != ""; page++ {
		a := b.get(path).want(200)
		rows := len(a.all("li", "class", "state-waiting"))
		seen += rows
		if newest := a.all("a", "id", "newest"); (len(newest) == 1) != (page > 1) {
			t.Errorf("page %d: got %d links to the newest", page, len(newest))
		}
		path = ""
		if older := a.all("a", "id", "older"); len(older) == 1 {
			path, _ = attr(older[0], "href")
		}
		if page > 3 {
			t.Fatal("pages: got more than three")
		}
	}
	if seen != 2*eventsShown+10 {
		t.Errorf("events on all pages: got %d, want each once", seen)
	}
}

func TestActivityRetry(t *testing.T) {
	h := newHouse(t, nil)
	b := h.browser()
	b.connect(1)
	for i := range 4 {
		id := fmt.Sprintf("evt-%d", i)
		h.sendCall(id, i+1, "busy")
		h.settle(id, store.EventNeedsYou, "Wise Agent refused this: no")
	}
	page := b.get(activityPath + "?state=needs_you").says("Need you 4")
	forms := retries(page)
	if len(forms) != 4 {
		t.Fatalf("Retry: got %d, want 4", len(forms))
	}
	b.post(forms[0], nil).to(activityPath + "?state=needs_you")
	again := b.post(forms[0], nil).to(activityPath + "?state=needs_you&retried=") // a second press does nothing
	address, event, _ := strings.Cut(again, "#")
	kept := b.get(address).want(200).says("Waiting 1", "Need you 3")
	if entry := kept.all("li", "id", event); len(entry) != 1 || len(kept.all("li", "class", "state-needs_you")) != 3 {
		t.Errorf("list after Retry: got %d entries %s, want the one that was retried and the three that are left", len(entry), event)
	}

	other := h.browser()
	launch := other.launch(1)
	fran := url.Values{"pin": {"310577"}, "login": {"fran"}, "password": {"fran-sandbox"}}
	other.get(other.atWiseAgent(other.post(launch+"/mojo", fran).to(h.wiseURL), joe, allScopes...)).to(launch)
	other.post(forms[1], nil).want(404)
	if foreign := other.get(address).want(200); len(foreign.all("li", "id", event)) != 0 {
		t.Error("list of somebody else: got an event that isn't theirs")
	}
	other.post(activityPath+"/retry", nil).to(activityPath)
	other.get(activityPath).want(200).says("Received 0")

	b.post(activityPath+"/retry", nil).to(activityPath)
	b.get(activityPath).says("Waiting 4", "Need you 0")
	b.post(activityPath+"/"+store.NewID()+"/retry", nil).want(404)
}

// retries are the addresses of the page's Retry buttons.
func retries(a *answer) (paths []string) {
	for _, form := range a.all("form", "method", "post") {
		if path, _ := attr(form, "action"); strings.HasPrefix(path, activityPath+"/") && strings.Contains(path, "/retry") && !strings.HasPrefix(path, activityPath+"/retry") {
			paths = append(paths, path)
		}
	}
	return paths
}

func TestActivityTimeZone(t *testing.T) {
	h := newHouse(t, nil)
	b := h.browser()
	b.connect(1)
	h.sendCall("evt-1", 1, "busy")
	b.get(activityPath).says(" MST")
	b.post(activityPath+"/zone", url.Values{"zone": {"Pacific/Honolulu"}}).to(activityPath)
	page := b.get(activityPath).says(" HST")
	chosen := page.all("option", "selected", "*")
	if len(chosen) != 1 || chosen[0].FirstChild.Data != "Hawaii" {
		t.Errorf("chosen: got %d options, want Hawaii", len(chosen))
	}
	for _, zone := range []string{"", "Local", "Moon/Tycho", strings.Repeat("x", 100)} {
		b.post(activityPath+"/zone", url.Values{"zone": {zone}}).want(422).says("We don't know that time zone")
	}
	b.post(activityPath+"/zone", url.Values{"zone": {"Europe/Berlin"}}).to(activityPath)
	if page := b.get(activityPath); !hasOption(page, "Europe/Berlin") {
		t.Error("zones: got none for one that isn't usual")
	}
}

func hasOption(a *answer, value string) bool {
	var chosen *html.Node
	for _, o := range a.all("option", "value", value) {
		if _, is := attr(o, "selected"); is {
			chosen = o
		}
	}
	return chosen != nil
}

// The page asks for its part by itself; that alone keeps nobody signed in, and tells when the session has ended.
func TestActivityRefreshesItself(t *testing.T) {
	h := newHouse(t, nil)
	b := h.browser()
	b.connect(1)
	page := b.get(activityPath)
	feed := page.all("div", "id", "feed")
	if len(feed) != 1 {
		t.Fatalf("feed: got %d, want 1", len(feed))
	}
	path, _ := attr(feed[0], "hx-get")
	h.sendCall("evt-1", 1, "busy")
	part := b.htmx(path)
	if part.status != 200 || strings.Contains(part.body, "<html") || !strings.Contains(part.body, "Contact 1") {
		t.Errorf("part: got %d %s, want the feed alone", part.status, part.body)
	}
	b.get(path).want(200).says("Contact 1", "Sign out") // without JavaScript: the whole page
	for range 4 {
		h.clock.advance(10 * time.Minute)
		part = b.htmx(path)
	}
	if got := part.header.Get("HX-Redirect"); got != activityPath {
		t.Errorf("session over: got %d to %q, want the page that says so", part.status, got)
	}
	b.get(activityPath).want(401).says("You are signed out")
}

func (b *browser) htmx(path string) *answer {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.h.address(path), nil)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("HX-Request", "true")
	return b.do(r)
}

func TestActivityNamesStayText(t *testing.T) {
	h := newHouse(t, nil)
	b := h.browser()
	b.connect(1)
	body := strings.Replace(aCall, "Ann Lee", "<script>alert(1)</script>", 1)
	body = strings.Replace(body, "no_contact_next_number", "<b>odd</b>_\u00fcber", 1)
	h.sendHook(h.signedHook("evt-1", []byte(body))).want(202)
	page := b.get(activityPath).says("<script>alert(1)</script>", "Call: <b>odd</b> Über")
	if strings.Contains(page.body, "<script>alert") || strings.Contains(page.body, "<b>odd") {
		t.Error("page: what Mojo sent became markup")
	}
}

func TestActivityWhenASideNeedsASignIn(t *testing.T) {
	h := newHouse(t, nil)
	h.work()
	b := h.browser()
	b.connect(1)
	h.sendCall("evt-1", 1, "busy")
	conn, err := h.store.ConnectionByEmail(t.Context(), jane)
	if err != nil {
		t.Fatal(err)
	}
	token, err := h.store.Tokens(t.Context(), conn.ID, store.Wise)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.store.NeedSignIn(t.Context(), conn.ID, store.Wise, "Access was taken back.", token.Version, h.clock.Now()); err != nil {
		t.Fatal(err)
	}
	b.get(activityPath).says("Wise Agent stopped letting us in", "Access was taken back.", "Sign in again")
}

// What waits at Reset Credentials is said before, and counted afterwards.
func TestResetSaysWhatWasNotWritten(t *testing.T) {
	h := newHouse(t, nil)
	h.bridge.ResetGrace = 100 * time.Millisecond
	b := h.browser()
	b.connect(1)
	h.wiseFaults.Add(fault.Rule{Endpoint: "*", Kind: "server_error", Status: 500})
	h.sendCall("evt-1", 1, "busy")
	h.sendCall("evt-2", 2, "busy")
	b.get("/reset").says("2 waiting calls are delivered")
	b.post("/reset", nil).want(200).says("2 waiting calls were not written")
}

func TestResetDeliversWhatWaitsFirst(t *testing.T) {
	h := newHouse(t, nil)
	b := h.browser()
	b.push(b.connect(1))
	h.sendCall("evt-1", 1, "busy")
	b.get("/reset").says("1 waiting call is delivered")
	h.work()
	b.post("/reset", nil).want(200).says("Disconnected").says("The Mojo account is free")
}

func TestEventWords(t *testing.T) {
	cases := []struct{ kind, data, want string }{
		{"call.completed", `{"call": {"result": "contact"}}`, "Call: Contact"},
		{"call.completed", `{"call": {"result": "dnc_number"}}`, "Call: DNC Number"},
		{"call.completed", `{"call": {"result": "no_contact_next_record"}}`, "Call: No Contact - Next Record"},
		{"call.completed", `{"call": {"result": "no_contact_next_number"}}`, "Call: No Contact - Next Number"},
		{"call.completed", `{"call": {"result": "Asked for Bob"}}`, "Call: Asked For Bob"},
		{"call.completed", `{"call": {}}`, "Call"},
		{"call.completed", ``, "Call"},
		{"call.completed", `{"call": 5}`, "Call"},
		{"contact.updated", `{"changes": [{"field": "phone"}, {"field": "phone"}, {"field": "email"}, {"field": "full_name"}]}`, "Contact changed: phone, e-mail, name"},
		{"contact.updated", `{}`, "Contact changed"},
		{"contact.sent", `{}`, "Sent to Wise Agent"},
		{"note.created", `{}`, "Note added"},
		{"note.updated", `{}`, "Note edited"},
		{"event.created", `{"event": {"kind": "appointment"}}`, "Appointment added"},
		{"event.updated", `{"event": {"kind": "todo"}}`, "To-do changed"},
		{"event.completed", `{"event": {"kind": "follow_up_call"}}`, "Follow-up call completed"},
		{"event.deleted", ``, "Activity deleted"},
		{"account.disconnected", `{}`, "Integration ended in Mojo"},
		{"moon.full", `{}`, "Something new (moon.full)"},
	}
	for _, c := range cases {
		if got := eventWords(store.Event{Type: c.kind, Body: []byte(c.data)}); got != c.want {
			t.Errorf("%s %s: got %q, want %q", c.kind, c.data, got, c.want)
		}
	}
}
