package main

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"addtomojo/cmd/addtomojo/internal/chrome"
	wisebox "addtomojo/sandbox/wiseagent"
)

// A morning with the dialer: three contacts are pushed, called, edited and met, and somebody whom only Mojo knew is sent
// over. Nothing is typed twice: Wise Agent's pages show all of it.
func TestADialingSessionShowsInWiseAgent(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	ids := s.threeToCall()
	popup := s.addToMojo(s.contacts(), ids...)
	s.connect(popup)
	popup.Wait("h2", "3 will be added")
	s.choose(popup, "FSBO")
	mojo := s.press(popup)
	s.landed(mojo, s.group("FSBO").ID)
	mojo.Look(chrome.Desk)
	popup.Wait("h1", "3 added")
	popup.Click("footer a", "Activity")
	popup.Wait("#feed", "Nothing has come from Mojo yet")

	mojo.Click("button", "Start dialing")
	s.callAda(mojo)
	s.callBen(mojo)
	s.callCleo(mojo)
	popup.Wait(".ledger a", "Written 7")
	s.sendPieter(mojo)

	s.adaHasItAll(ids[0])
	s.benAndCleoHaveTheirCalls(ids[1], ids[2])
	s.pieterIsThere()
	s.ledgerIsRight(popup)
}

// threeToCall adds contacts with numbers that the test knows, in the order in which they will be called.
func (s *scene) threeToCall() []string {
	return []string{
		s.Wise.AddContact(sampleEmail, wisebox.Contact{First: "Ada", Last: "Quist", Email: "ada.quist@example.com",
			MobilePhone: "(520) 555-0143", AddressNumber: "714", AddressStreet: "E 7th St", City: "Tucson", State: "AZ", Zip: "85705"}),
		s.Wise.AddContact(sampleEmail, wisebox.Contact{First: "Ben", Last: "Osei", HomePhone: "520-555-0144", WorkPhone: "520-555-0145"}),
		s.Wise.AddContact(sampleEmail, wisebox.Contact{First: "Cleo", Last: "Marsh", MobilePhone: "520.555.0146"}),
	}
}

// callAda has a good talk with Ada, corrects her number, notes something and makes an appointment.
func (s *scene) callAda(mojo *chrome.Tab) {
	s.t.Helper()
	mojo.Wait("h1", "Ada Quist")
	mojo.Click("button", "Dial")
	mojo.Wait("h2", "Calling (520) 555-0143")
	s.look(mojo, "dial-calling")
	mojo.Look(chrome.Desk)
	mojo.Type("Wants a valuation in spring", "#notes")
	mojo.Click("button", "Contact")
	mojo.Wait("[role=status]", "Logged: Contact, Ada Quist, (520) 555-0143")

	mojo.Click("a", "Edit contact")
	mojo.Wait("#note")                    // a reload before would call the press off
	s.arrives(mojo, "a", "In Wise Agent") // the form doesn't wait long for the service
	mojo.Type("(520) 555-0199", `input[aria-label="Mobile phone"]`)
	mojo.Type("Her sister sells too", "#note")
	mojo.Click("button", "Save contact")
	mojo.Wait("[role=status]")
	s.look(mojo, "contact-saved")
	mojo.Look(chrome.Desk)

	mojo.Click("a", "Add an activity")
	mojo.Type("Walk through the house", "#title")
	mojo.TabTo("#date")
	mojo.Keys("03052031")
	mojo.TabTo("#time")
	mojo.Keys("0230PM")
	mojo.Click("button", "Save activity")
	mojo.Wait("strong", "Walk through the house")
	mojo.Click("a", "Back to dialing")
	mojo.Click("button", "Next contact")
}

// callBen reaches nobody at the first number and a machine at the second.
func (s *scene) callBen(mojo *chrome.Tab) {
	s.t.Helper()
	mojo.Wait("h1", "Ben Osei")
	mojo.Click("button", "Dial")
	mojo.Wait("h2", "Calling")
	mojo.Click("button", "No Contact - Next Number")
	mojo.Wait("[role=status]", "Logged: No Contact - Next Number, Ben Osei")
	mojo.Wait("h2", "Calling")
	mojo.Type("Left my number", "#notes")
	mojo.Click("button", "Voicemail")
	mojo.Wait("[role=status]", "Logged: Voicemail, Ben Osei")
	mojo.Click("button", "Next contact")
}

// callCleo hears that Cleo doesn't want to be called, which ends the session.
func (s *scene) callCleo(mojo *chrome.Tab) {
	s.t.Helper()
	mojo.Wait("h1", "Cleo Marsh")
	mojo.Click("button", "Dial")
	mojo.Wait("h2", "Calling (520) 555-0146")
	mojo.Click("button", "DNC Contact")
	mojo.Wait("[role=status]", "Logged: DNC Contact, Cleo Marsh")
	mojo.Click("button", "Next contact")
	mojo.Wait("h1", "Session ended")
	mojo.Wait("[role=status]", "4 calls to 3 contacts.")
}

// sendPieter sends somebody over who is in Mojo only.
func (s *scene) sendPieter(mojo *chrome.Tab) {
	s.t.Helper()
	mojo.Click("a", "Back to the group")
	mojo.Click(".groups a", "Hot Lead")
	mojo.Click("a", "Pieter van der Berg")
	mojo.Click("button", "Send to Wise Agent")
	mojo.Wait("[role=status]", "Wise Agent") // that it is there, or will be: on a slow machine it takes a moment longer
	s.arrives(mojo, "a", "In Wise Agent")
}

// adaHasItAll checks Ada's page in Wise Agent: the call, the note, the corrected number and the appointment.
func (s *scene) adaHasItAll(id string) {
	s.t.Helper()
	page := s.openContact(id)
	s.arrives(page, ".note", "Mojo call: Contact")
	s.arrives(page, ".note", "Mojo note")
	s.arrives(page, ".calls tr", "Walk through the house")
	s.reads(page, ".note", `^Mojo call: Contact .* Result: Contact Number: \(520\) 555-0143 \(mobile\) When: `+noteTime+
		` (Length: [\dmins ]+ )?Agent: Dana Ruiz Group: FSBO Wants a valuation in spring Mojo call #\d+( |$)`)
	s.reads(page, ".note", `^Mojo note .* Her sister sells too Written in Mojo by Dana Ruiz on `+noteTime+` Mojo note #\d+$`)
	s.reads(page, "dl > div", `^Mobile phone \(?520\)?[ -]555-0199$`)
	s.reads(page, ".calls tbody tr", `^Appointment Walk through the house Mar 5, 2031, 2:30 PM Dana Ruiz Open$`)
	s.arrives(page, "dl > div", "MojoContactID")
	s.look(page, "wise-ada")
}

// benAndCleoHaveTheirCalls checks that two calls of a day are two notes, and that who must not be called is marked.
func (s *scene) benAndCleoHaveTheirCalls(ben, cleo string) {
	s.t.Helper()
	page := s.openContact(ben)
	s.arrives(page, ".note", "Mojo call: Voicemail")
	s.reads(page, ".note", `^Mojo call: No Contact - Next Number .* Number: \(520\) 555-0144 \(home\) `)
	s.reads(page, ".note", `^Mojo call: Voicemail .* Number: \(520\) 555-0145 \(work\) .* Left my number Mojo call #\d+$`)
	page = s.openContact(cleo)
	s.arrives(page, ".note", "Mojo call: DNC Contact")
	s.reads(page, ".note", `^Mojo call: DNC Contact .* Do not call: this contact, on any number `)
	s.arrives(page, ".chips", "Do Not Call")
}

// pieterIsThere checks the contact that was made from Mojo's.
func (s *scene) pieterIsThere() {
	s.t.Helper()
	contacts := s.Wise.Contacts(sampleEmail)
	i := slices.IndexFunc(contacts, func(c wisebox.Contact) bool { return c.First == "Pieter" && c.Last == "van der Berg" })
	if i < 0 {
		s.t.Fatal("contacts in Wise Agent: got no Pieter van der Berg with van der Berg as his last name")
	}
	page := s.openContact(strconv.Itoa(contacts[i].ID))
	page.Wait("h1", "Pieter van der Berg")
	s.reads(page, "dl > div", `^Source Mojo$`)
}

// ledgerIsRight checks the activity page: what was received is written, and each thing is listed.
func (s *scene) ledgerIsRight(page *chrome.Tab) {
	s.t.Helper()
	page.Wait(".ledger a", "Written 8")
	got := page.Texts(".ledger a")
	if want := []string{"Received 8", "Written 8", "Waiting 0", "Need you 0", "Excluded 0"}; !slices.Equal(got, want) {
		s.t.Errorf("ledger: got %q, want %q", got, want)
	}
	page.Wait(".lead", "Last call logged")
	for _, want := range []string{"Call: Contact", "Call: No Contact - Next Number", "Call: Voicemail", "Call: DNC Contact", "Contact changed: phone", "Note added", "Appointment added"} {
		page.Wait(".history li", want)
	}
	s.look(page, "activity-full")
}

// openContact opens a contact's page in Wise Agent.
func (s *scene) openContact(id string) *chrome.Tab {
	s.t.Helper()
	page := s.user.Open(s.WiseURL + "/contacts/" + id)
	page.Look(chrome.Desk)
	return page
}

// arrives looks at a page again and again until it shows this, as somebody does who waits for it.
func (s *scene) arrives(page *chrome.Tab, css, text string) {
	s.t.Helper()
	for end := time.Now().Add(chrome.Patience); !page.Has(css, text) && time.Now().Before(end); {
		page.Reload()
	}
	page.Wait(css, text)
}

// noteTime is how notes tell a time.
const noteTime = `[A-Z][a-z]{2}, [A-Z][a-z]{2} \d+, \d{4}, \d+:\d\d [AP]M [A-Z]+`

// reads checks that one of the elements reads like this.
func (s *scene) reads(page *chrome.Tab, css, pattern string) {
	s.t.Helper()
	texts := page.Texts(css)
	if !slices.ContainsFunc(texts, regexp.MustCompile(pattern).MatchString) {
		s.t.Errorf("%s: got\n%s\nwant one like %s", css, strings.Join(texts, "\n"), pattern)
	}
}
