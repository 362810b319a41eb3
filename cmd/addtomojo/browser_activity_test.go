package main

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"addtomojo/cmd/addtomojo/internal/chrome"
	"addtomojo/sandbox/fault"
	mojobox "addtomojo/sandbox/mojo"
	wisebox "addtomojo/sandbox/wiseagent"
)

// activityOf is the activity page of a customer who has pushed two contacts, and these contacts as Mojo has them.
func activityOf(s *scene) (*chrome.Tab, []mojobox.Contact) {
	s.t.Helper()
	_, popup := s.connected(2)
	s.choose(popup, "Hot Lead")
	s.landed(s.press(popup), s.hot)
	popup.Wait("h1", "2 added")
	popup.Click("footer a", "Activity")
	popup.Wait("h1", "Activity")
	var pushed []mojobox.Contact
	for _, c := range s.Mojo.Contacts(ruiz, s.hot) {
		if strings.HasPrefix(c.APIContactID, "wa-") {
			pushed = append(pushed, c)
		}
	}
	return popup, pushed
}

// The page that is open shows a call seconds after it ended, and where to look when something needs its reader.
func TestActivityPageFollowsByItself(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	page, pushed := activityOf(s)
	page.Wait("#feed", "Nothing has come from Mojo yet")
	s.look(page, "activity-empty")
	s.Mojo.Call(ruiz, pushed[0].ContactID, mojobox.Call{Result: "contact", Duration: 91 * time.Second, Notes: "Wants a valuation in spring"})
	page.Wait(".history li", "Call: Contact")
	page.Wait(".lead", "Last call logged")

	s.Wise.DeleteContact(sampleEmail, strings.TrimPrefix(pushed[1].APIContactID, "wa-"))
	s.Mojo.AddNote(ruiz, pushed[1].ContactID, "Call back after the holidays")
	page.Wait(".state-needs_you", "Retry")
	page.Wait(`.ledger a`, "Need you 1")
	s.look(page, "activity")
	page.Click(".ledger a", "Need you 1")
	page.Wait("h2", "Need you")
	if got := page.Count(".history li"); got != 1 {
		t.Errorf("list: got %d, want the one that needs its reader", got)
	}
	page.Click(".history button", "Retry")
	page.Wait("h2", "Need you")
}

// A long name has a line to itself: beside the time it would stand in a column of a few letters.
func TestActivityGivesALongNameItsLine(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	id := s.Wise.AddContact(sampleEmail, wisebox.Contact{First: "Wilhelmina Alexandra Josephine", Last: "Featherstonehaugh Cholmondeley of the Old Mill Road", MobilePhone: "5205550143"})
	popup := s.addToMojo(s.contacts(), id, s.ids(1)[0])
	s.connect(popup)
	s.choose(popup, "FSBO")
	s.landed(s.press(popup), s.group("FSBO").ID)
	popup.Wait("h1", "2 added")
	popup.Click("footer a", "Activity")
	for _, c := range s.Mojo.Contacts(ruiz, s.group("FSBO").ID) {
		s.Mojo.Call(ruiz, c.ContactID, mojobox.Call{Result: "contact"})
	}
	popup.Wait(".ledger a", "Written 2")
	s.look(popup, "activity-long-name")
	popup.Look(chrome.Narrow)
	seen := chrome.Value[[]float64](popup, `[...document.querySelectorAll(".history li")].map((li) => {
		const name = li.querySelector(".whom bdi");
		return [name.getClientRects().length, li.querySelector("time").getBoundingClientRect().top >= name.getBoundingClientRect().bottom];
	}).flatMap(([lines, below]) => [lines, Number(below)])`)
	slices.Sort(seen)
	if want := []float64{0, 1, 1, 3}; !slices.Equal(seen, want) {
		t.Errorf("lines of both names, and whether the time is below: got %v, want %v: three lines with the time below, one with it beside", seen, want)
	}
}

// activityOfSomebodyGone opens the activity page, with a contact in Mojo that was pushed and then deleted in Wise Agent.
func activityOfSomebodyGone(s *scene) (page *chrome.Tab, who mojobox.Contact) {
	page, pushed := activityOf(s)
	s.Wise.DeleteContact(sampleEmail, strings.TrimPrefix(pushed[0].APIContactID, "wa-"))
	return page, pushed[0]
}

// Who presses a button of the list by keyboard goes on from there: at the event that was tried again, which stays in a list it no
// longer belongs to, at the list after Retry all, and at the zone after a change.
func TestActivityKeepsItsReadersPlace(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	page, who := activityOfSomebodyGone(s)
	for range 3 {
		s.Mojo.AddNote(ruiz, who.ContactID, "Call back after the holidays")
	}
	page.Wait(".ledger a", "Need you 3")
	page.Click(".ledger a", "Need you 3")
	page.Wait("h2", "Need you")
	entry := "#" + chrome.Value[string](page, `document.querySelectorAll(".history li")[1].id`)

	release := s.WiseFaults.Add(fault.Rule{Endpoint: fault.Any, Kind: fault.ServerError, Status: 503})
	page.TabTo(entry + " button")
	page.Keys(chrome.Enter)
	page.WaitFocus(entry)
	page.Wait(entry, "waiting")
	s.look(page, "activity-retried")
	page.Wait("#announce", "waiting.")
	s.WiseFaults.Remove(release)
	page.TabTo(".history li:last-child button")
	page.Keys(chrome.Enter)
	page.WaitFocus(".history li:last-child")

	page.Click(".ledger a", "Received")
	page.Wait("h2", "Received")
	page.Click(".ledger a", "Need you")
	page.TabTo("#retry-all")
	page.Keys(chrome.Enter)
	page.WaitFocus("#happenings-heading")
	page.TabTo(".zone button")
	page.Keys(chrome.Enter)
	page.WaitFocus("#zone")
}

// The popup at 200 % zoom: every count is in sight, no word is torn apart, and the times of earlier pushes stand below their names.
func TestActivityAndPushesReadAtTwiceTheSize(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	page, pushed := activityOf(s)
	s.Mojo.Call(ruiz, pushed[0].ContactID, mojobox.Call{Result: "incomplete"})
	page.Wait(".history li", "Call: Incomplete")
	for _, width := range []int64{240, 320, 400} {
		page.Look(chrome.Look{Width: width, Height: 400})
		for _, cut := range chrome.Value[[]string](page, `[...document.querySelectorAll(".ledger .count")]
			.filter((c) => c.getBoundingClientRect().right > c.parentElement.getBoundingClientRect().right + .5).map(say)`) {
			t.Errorf("at %d px: the count %q is cut off", width, cut)
		}
		s.noWordIsTorn(page, width, "h2, .history b")
	}
	page.Click("footer a", "Earlier pushes")
	page.Wait("h1", "Earlier pushes")
	for _, width := range []int64{240, 400} {
		page.Look(chrome.Look{Width: width, Height: 400})
		if off := chrome.Value[float64](page, `document.querySelector(".history time").getBoundingClientRect().left -
			document.querySelector(".history a").getBoundingClientRect().left`); off != 0 {
			t.Errorf("at %d px: the time stands %.0f px to the right of the group's name, want it below", width, off)
		}
	}
	page.Click("main a", "Back to the groups")
	page.Wait("h2", "Group")
	page.Look(chrome.Look{Width: 240, Height: 400})
	s.noWordIsTorn(page, 240, "h2")
}

// noWordIsTorn checks that no word of these elements goes on in the next line.
func (s *scene) noWordIsTorn(page *chrome.Tab, width int64, css string) {
	s.t.Helper()
	for _, word := range chrome.Value[[]string](page, `[...document.querySelectorAll("`+css+`")].flatMap((el) => {
		const text = el.firstChild, torn = [];
		for (const word of (text?.nodeType === Node.TEXT_NODE ? text.data : "").matchAll(/\S+/g)) {
			const range = document.createRange();
			range.setStart(text, word.index);
			range.setEnd(text, word.index + word[0].length);
			if (range.getClientRects().length > 1) torn.push(word[0]);
		}
		return torn;
	})`) {
		s.t.Errorf("at %d px: the word %q is torn apart", width, word)
	}
}

// look checks the page in narrow and wide windows, light and dark: nothing overflows, and axe finds nothing.
func (s *scene) look(page *chrome.Tab, name string) {
	s.t.Helper()
	for suffix, look := range map[string]chrome.Look{
		"narrow": chrome.Narrow, "desk": chrome.Desk,
		"narrow-dark": {Width: 400, Height: 720, Dark: true}, "desk-dark": {Width: 1280, Height: 900, Dark: true},
	} {
		page.Look(look)
		for _, what := range page.Axe(axe) {
			s.t.Errorf("%s, %s: %s", name, suffix, what)
		}
		for _, what := range page.Overflowing() {
			s.t.Errorf("%s, %s: %s is wider than the window", name, suffix, what)
		}
		if dir := os.Getenv("ACTIVITY_SHOTS"); dir != "" {
			if err := os.WriteFile(filepath.Join(dir, name+"-"+suffix+".png"), page.WholeShot(), 0o600); err != nil {
				s.t.Fatal(err)
			}
		}
	}
	page.Look(chrome.Popup)
}

// The contact form's button in Mojo makes the contact in Wise Agent, and then says where it is.
func TestSendToWiseAgentFromMojosContactForm(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	id := s.Mojo.AddContact(ruiz, mojobox.Contact{FullName: "Ann van der Berg", Media: []mojobox.Media{{Type: 2, Value: "5205550143"}}}, s.hot)
	s.connected(1)
	form := s.user.Open(s.MojoURL + "/contacts/" + strconv.FormatInt(id, 10) + "/?group_id=" + strconv.FormatInt(s.hot, 10))
	form.Look(chrome.Desk)
	s.arrives(form, "button", "Send to Wise Agent")
	form.Click("button", "Send to Wise Agent")
	form.Wait("[role=status]", "Wise Agent")
	s.arrives(form, "a", "In Wise Agent")
	found := false
	for _, c := range s.Wise.Contacts(sampleEmail) {
		found = found || c.First == "Ann" && c.Last == "van der Berg"
	}
	if !found {
		t.Error("contacts in Wise Agent: got no Ann van der Berg")
	}
}

// A contact that was deleted in Wise Agent can be sent again from the contact form, and Retry then writes what was parked to it.
func TestSendADeletedContactAgainFromMojosContactForm(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	page, who := activityOfSomebodyGone(s)
	s.Mojo.Call(ruiz, who.ContactID, mojobox.Call{Result: "contact", Notes: "Wants a valuation in spring"})
	page.Wait(".state-needs_you", "Send it again from Mojo's contact form, then press Retry.")
	s.look(page, "activity-gone")
	before := len(s.Wise.Contacts(sampleEmail))

	form := s.user.Open(s.MojoURL + "/contacts/" + strconv.FormatInt(who.ContactID, 10) + "/?group_id=" + strconv.FormatInt(s.hot, 10))
	form.Look(chrome.Desk)
	s.arrives(form, "button", "Send to Wise Agent")
	if form.Has("a", "In Wise Agent") {
		t.Error("contact form: got a link to a contact that was deleted")
	}
	s.look(form, "form-gone")
	form.Look(chrome.Desk)
	form.Click("button", "Send to Wise Agent")
	form.Wait("[role=status]", "Wise Agent")
	s.arrives(form, "a", "In Wise Agent")
	s.look(form, "form-sent-again")
	there := s.Wise.Contacts(sampleEmail)
	if len(there) != before+1 {
		t.Fatalf("contacts in Wise Agent: got %d, want one more than %d", len(there), before)
	}

	page.Click(".history button", "Retry")
	page.Wait(".history .state-written", "written")
	anew := there[len(there)-1]
	for end := time.Now().Add(chrome.Patience); len(s.Wise.Notes(sampleEmail, strconv.Itoa(anew.ID))) == 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("notes of the new contact: got none, want the call")
		}
	}
}

// What was changed by hand in Wise Agent stays when the same field is edited in Mojo, and a note says why; a contact can be
// deleted there too. All of it works by keyboard.
func TestAPhoneChangedInWiseAgentStaysWhenMojoEditsIt(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	id := s.Wise.AddContact(sampleEmail, wisebox.Contact{First: "Uma", Last: "Reyes", Email: "uma.reyes@example.com",
		MobilePhone: "(520) 555-0143", HomePhone: "(520) 555-0144", WorkPhone: "(520) 555-0145"})
	list := s.contacts()
	popup := s.addToMojo(list, id)
	s.connect(popup)
	s.choose(popup, "FSBO")
	mojo := s.press(popup)
	s.landed(mojo, s.group("FSBO").ID)
	mojo.Look(chrome.Desk)

	wise := s.openContact(id)
	s.changeMobile(wise)
	mojo.Click("a", "Uma Reyes")
	s.arrives(mojo, "a", "In Wise Agent")
	mojo.Type("(520) 555-0199", `input[aria-label="Mobile phone"]`)
	mojo.Click("button", "Save contact")
	mojo.Wait("[role=status]", "Saved.")

	s.arrives(wise, ".note", "Mojo: contact changed")
	s.reads(wise, ".note", `^Mojo: contact changed .* Changed in Mojo\. What Wise Agent has there stays as it is: Mobile phone: \(520\) 555-0199 Mojo contact #`)
	s.reads(wise, "dl > div", `^Mobile phone \(602\) 555-0111$`)
	s.reads(wise, "dl > div", `^Home phone \(520\) 555-0144$`)
	s.look(wise, "wise-changed")

	wise.TabTo("summary", "Delete")
	wise.Keys(chrome.Enter)
	wise.Wait(".question", "Delete Uma Reyes, with all notes and Call List entries? There is no way back.")
	s.look(wise, "wise-delete")
	wise.TabTo("button", "Delete contact")
	wise.Keys(chrome.Enter)
	wise.Wait("[role=status]", "The contact was deleted")
	s.look(wise, "wise-deleted")
	if _, ok := s.Wise.Contact(sampleEmail, id); ok {
		t.Error("the contact is still in Wise Agent")
	}
}

// changeMobile gives the contact another mobile number on its page in Wise Agent, after an e-mail that is none.
func (s *scene) changeMobile(page *chrome.Tab) {
	s.t.Helper()
	page.TabTo("summary", "Edit")
	page.Keys(chrome.Enter)
	s.look(page, "wise-edit")
	page.Type("(602) 555-0111", "#mobilephone")
	page.Type("uma at example.com", "#cemail")
	page.Keys(chrome.Enter)
	page.Wait("[role=alert]", "Give one e-mail address")
	page.WaitFocus("#cemail")
	if got := page.Input("#mobilephone"); got != "(602) 555-0111" {
		s.t.Errorf("mobile phone beside an e-mail that is none: got %q, want what was typed", got)
	}
	s.look(page, "wise-edit-wrong")
	page.Type("uma.reyes@example.com", "#cemail")
	page.TabTo("button", "Save contact")
	page.Keys(chrome.Enter)
	page.Wait("[role=status]", "Saved.")
	s.look(page, "wise-saved")
	page.Look(chrome.Desk)
}
