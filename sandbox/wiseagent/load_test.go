package wiseagent_test

import (
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"addtomojo/sandbox/people"
	"addtomojo/sandbox/wiseagent"
)

const loadPath = "/sandbox/load"

func (b *box) add(contacts string) answer {
	b.t.Helper()
	return b.post(loadPath, url.Values{"action": {"add"}, "contacts": {contacts}})
}

func (b *box) startEdits(minute, seconds, query string) answer {
	b.t.Helper()
	return b.post(loadPath, url.Values{"action": {"edit"}, "minute": {minute}, "seconds": {seconds}, "q": {query}})
}

func (b *box) stopEdits() answer {
	b.t.Helper()
	return b.post(loadPath, url.Values{"action": {"stop"}})
}

// edits gives whether edits are being made, and how many were, as the page says.
func (b *box) edits() (underWay bool, made int) {
	b.t.Helper()
	page := b.get(loadPath).body
	found := regexp.MustCompile(`Edits made: (\d+)`).FindSubmatch(page)
	if found == nil {
		b.t.Fatalf("the page tells of no edits: %s", page)
	}
	made, _ = strconv.Atoi(string(found[1]))
	return len(elements(b.t, page, "progress")) == 1, made
}

// editsUntil waits until edits are as they should be, and gives how many were made.
func (b *box) editsUntil(what string, so func(underWay bool, made int) bool) int {
	b.t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if underWay, made := b.edits(); so(underWay, made) {
			return made
		}
	}
	b.t.Fatalf("the edits never are %s", what)
	return 0
}

func over(underWay bool, _ int) bool { return !underWay }

func several(_ bool, made int) bool { return made > 24 } // each kind of edit three times

// standsStill fails the test if contacts change any more.
func (b *box) standsStill() {
	b.t.Helper()
	before := b.Contacts(dana)
	time.Sleep(100 * time.Millisecond)
	if !reflect.DeepEqual(b.Contacts(dana), before) {
		b.t.Error("contacts still change")
	}
}

func wantSeeOther(t *testing.T, what string, a answer) {
	t.Helper()
	if a.status != http.StatusSeeOther {
		t.Fatalf("%s: got %d %s, want 303", what, a.status, a.body)
	}
}

func TestLoadIsForWhoIsSignedIn(t *testing.T) {
	b := newBox(t)
	if got := b.get(loadPath).header.Get("Location"); got != "/login?next=%2Fsandbox%2Fload" {
		t.Errorf("signed out: got sent to %q, want the sign-in page with the way back", got)
	}
	wantSeeOther(t, "signed out", b.add("5"))
	if got := b.Contacts(dana); len(got) != 0 {
		t.Errorf("signed out: got %d contacts, want none", len(got))
	}
}

func TestManyContactsAreAdded(t *testing.T) {
	b := newBox(t)
	b.AddContacts(dana, people.Make(50, 1))
	b.signIn()
	added := b.add("1,000")
	wantSeeOther(t, "add", added)
	if page := string(b.get(added.header.Get("Location")).body); !strings.Contains(page, "Contacts added: 1000.") || !strings.Contains(page, "<strong>1050</strong>") {
		t.Errorf("the page does not say what was added: %s", page)
	}
	owners, notes := map[string]int{}, 0
	for _, c := range b.Contacts(dana) {
		owners[c.MobilePhone]++
		notes += len(b.Notes(dana, strconv.Itoa(c.ID)))
		if c.MobilePhone != "" && owners[c.MobilePhone] > 1 {
			t.Errorf("%s is the number of two contacts", c.MobilePhone)
		}
		if c.Email != "" && !strings.HasSuffix(c.Email, "@example.com") && !strings.HasSuffix(c.Email, "@example.org") {
			t.Errorf("got e-mail %q, want an invented one", c.Email)
		}
	}
	if notes < 1000 {
		t.Errorf("got %d notes of 1,050 contacts, want more than one each", notes)
	}
	got := b.api(b.token(), "GET", "getContactsCount")
	if !strings.Contains(string(got.body), "1050") {
		t.Errorf("the API counts %s, want 1050", got.body)
	}
}

func TestAnAccountIsFullSometime(t *testing.T) {
	b := newBox(t)
	b.AddContacts(dana, people.Make(100, 1))
	b.signIn()
	for range 2 {
		wantSeeOther(t, "add", b.add("5000"))
	}
	for _, tt := range []struct{ add, want string }{
		{"5000", "The account has 10100 contacts and takes 4900 more."}, {"4900", ""}, {"1", "The account has 15000 contacts and takes no more."},
	} {
		if got := b.add(tt.add); !strings.Contains(string(got.body), tt.want) {
			t.Errorf("add %s: got %d %s, want %q", tt.add, got.status, got.body, tt.want)
		}
	}
	if got := len(b.Contacts(dana)); got != 15000 {
		t.Errorf("got %d contacts, want 15,000", got)
	}
}

func TestLoadRefuses(t *testing.T) {
	b := newBox(t)
	b.signIn()
	if got := b.startEdits("60", "60", ""); got.status != http.StatusUnprocessableEntity || !strings.Contains(string(got.body), "The account has no contacts to edit.") {
		t.Errorf("edit nobody: got %d, want 422 and why", got.status)
	}
	b.AddContact(dana, ann())
	before := b.Contacts(dana)
	edit := func(minute, seconds, q string) url.Values {
		return url.Values{"action": {"edit"}, "minute": {minute}, "seconds": {seconds}, "q": {q}}
	}
	for _, tt := range []struct {
		form        url.Values
		says, field string
	}{
		{url.Values{"action": {"add"}}, "Give a whole number from 1 to 5000.", "contacts"},
		{url.Values{"action": {"add"}, "contacts": {"0"}}, "Give a whole number from 1 to 5000.", "contacts"},
		{url.Values{"action": {"add"}, "contacts": {"5001"}}, "Give a whole number from 1 to 5000.", "contacts"},
		{url.Values{"action": {"add"}, "contacts": {"99999999999999999999"}}, "Give a whole number from 1 to 5000.", "contacts"},
		{url.Values{"action": {"add"}, "contacts": {"<b>many"}}, "Give a whole number from 1 to 5000.", "contacts"},
		{edit("", "60", ""), "Give a whole number from 1 to 6000.", "minute"},
		{edit("6001", "60", ""), "Give a whole number from 1 to 6000.", "minute"},
		{edit("60", "1.5", ""), "Give a whole number from 1 to 900.", "seconds"},
		{edit("60", "901", ""), "Give a whole number from 1 to 900.", "seconds"},
		{edit("6000", "900", ""), "These would be 90000 edits, and 20000 are the most.", "seconds"},
		{edit("60", "60", "nobody at all"), "No contact is found by this.", "q"},
	} {
		got := b.post(loadPath, tt.form)
		if got.status != http.StatusUnprocessableEntity || !strings.Contains(string(got.body), tt.says) {
			t.Errorf("%v: got %d, want 422 and %q", tt.form, got.status, tt.says)
		}
		alerts := elements(t, got.body, "p", "role", "alert")
		marked := elements(t, got.body, "input", "name", tt.field, "aria-describedby", "problem", "value", tt.form.Get(tt.field))
		if len(alerts) != 1 || tt.form.Get(tt.field) != "" && len(marked) != 1 {
			t.Errorf("%v: got %d alerts and fields %v, want one of each, with what was typed", tt.form, len(alerts), marked)
		}
	}
	if got := b.post(loadPath, url.Values{"action": {"everything"}}); got.status != http.StatusUnprocessableEntity {
		t.Errorf("unknown button: got %d, want 422", got.status)
	}
	if got := b.Contacts(dana); !reflect.DeepEqual(got, before) {
		t.Errorf("got contacts %v, want nothing changed", got)
	}
}

func TestEditsAreMadeAtTheirPaceAndEnd(t *testing.T) {
	b := newBox(t)
	ids := b.AddContacts(dana, people.Make(20, 1))
	b.AddUser(wiseagent.User{Email: "abel@example.com", Password: "other"})
	b.AddContact("abel@example.com", ann())
	notes := func() (n int) {
		for _, id := range ids {
			n += len(b.Notes(dana, id))
		}
		return n
	}
	before, notesBefore, others := b.Contacts(dana), notes(), b.Contacts("abel@example.com")
	b.signIn()
	b.clock.forward(time.Hour)
	began := time.Now()
	wantSeeOther(t, "start", b.startEdits("6000", "1", ""))
	made := b.editsUntil("over", func(underWay bool, made int) bool {
		if most := int(time.Since(began)/(10*time.Millisecond)) + 1; made > min(most, 100) {
			t.Fatalf("got %d edits after %v, want at most %d", made, time.Since(began), min(most, 100))
		}
		return !underWay
	})
	if made < 50 { // a machine may be so busy that the time is over before all are made
		t.Errorf("got %d edits, want 100", made)
	}
	changed := map[string]bool{} // fields
	for i, c := range b.Contacts(dana) {
		was, now := reflect.ValueOf(before[i]), reflect.ValueOf(c)
		for f := range was.NumField() {
			if !reflect.DeepEqual(now.Field(f).Interface(), was.Field(f).Interface()) {
				changed[was.Type().Field(f).Name] = true
			}
		}
		if c.Updated != before[i].Updated && !c.Updated.Equal(b.clock.Now()) {
			t.Errorf("%s: got changed at %v, want %v", c.Name(), c.Updated, b.clock.Now())
		}
	}
	for _, name := range []string{"MobilePhone", "HomePhone", "WorkPhone", "Email", "Last", "AddressStreet", "Status", "Updated"} {
		if !changed[name] {
			t.Errorf("%s was changed in no contact", name)
		}
	}
	for _, name := range []string{"ID", "First", "Source", "Added", "Categories"} {
		if changed[name] {
			t.Errorf("%s was changed", name)
		}
	}
	if got, want := notes()-notesBefore, (made+5)/8; got != want {
		t.Errorf("got %d new notes of %d edits, want %d", got, made, want)
	}
	if got := b.Contacts("abel@example.com"); !reflect.DeepEqual(got, others) {
		t.Error("another account was edited")
	}
}

func TestEditsAreOfWhoIsFound(t *testing.T) {
	b := newBox(t)
	b.AddContacts(dana, people.Make(20, 1))
	id := b.AddContact(dana, wiseagent.Contact{Company: "Old Mill Ltd", City: "Bisbee"})
	before := b.Contacts(dana)
	b.signIn()
	wantSeeOther(t, "start", b.startEdits("6000", "60", " bisbee "))
	b.editsUntil("several", several)
	wantSeeOther(t, "stop", b.stopEdits())
	for i, c := range b.Contacts(dana) {
		if edited := !reflect.DeepEqual(c, before[i]); edited != (strconv.Itoa(c.ID) == id) {
			t.Errorf("%s: edited %t, want the contact in Bisbee alone", c.Name(), edited)
		}
	}
	if c, _ := b.Contact(dana, id); c.Last != "" || c.Company == "Old Mill Ltd" {
		t.Errorf("got company %q with last name %q, want another company and no person", c.Company, c.Last)
	}
}

func TestEditsCanBeStopped(t *testing.T) {
	b := newBox(t)
	b.AddContacts(dana, people.Make(20, 1))
	b.signIn()
	wantSeeOther(t, "nothing to stop", b.stopEdits())
	wantSeeOther(t, "start", b.startEdits("1200", "900", ""))
	if got := b.startEdits("60", "60", ""); got.status != http.StatusUnprocessableEntity || !strings.Contains(string(got.body), "Edits are being made already") {
		t.Errorf("start twice: got %d, want 422 and why", got.status)
	}
	b.editsUntil("begun", func(_ bool, made int) bool { return made > 2 })
	wantSeeOther(t, "stop", b.stopEdits())
	page := string(b.get(loadPath).body)
	if !strings.Contains(page, "Stopped. Edits made: ") || !strings.Contains(page, " of 18000.") {
		t.Errorf("the page does not say that the edits were stopped: %s", page)
	}
	b.standsStill()
	wantSeeOther(t, "start again", b.startEdits("60", "1", ""))
	if made := b.editsUntil("over", over); made != 1 {
		t.Errorf("one edit was wanted, got %d", made)
	}
}

func TestCloseEndsEdits(t *testing.T) {
	b := newBox(t)
	b.AddContacts(dana, people.Make(20, 1))
	b.signIn()
	wantSeeOther(t, "start", b.startEdits("6000", "200", ""))
	b.Close()
	b.standsStill()
	if underWay, _ := b.edits(); underWay {
		t.Error("the page says that edits are being made")
	}
	if got := b.startEdits("60", "60", ""); got.status != http.StatusUnprocessableEntity {
		t.Errorf("start afterwards: got %d, want 422", got.status)
	}
}
