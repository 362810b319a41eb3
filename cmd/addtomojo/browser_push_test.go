package main

import (
	"fmt"
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

// known are contacts with every field, and what Mojo must make of them.
func (s *scene) known() (ids []string, rows [][]string) {
	ids = []string{
		s.Wise.AddContact(sampleEmail, wisebox.Contact{
			First: "Ada", Last: "Quist", Company: "Quist & Daughters", Email: "ada.quist@example.com",
			HomePhone: "(520) 555-0143", MobilePhone: "520.555.0144 ext 4", WorkPhone: "+1 520 555 0145",
			AddressNumber: "714", AddressStreet: "E 7th St", SuiteNo: "Unit 9", City: "Tucson", State: "AZ", Zip: "85705",
		}),
		s.Wise.AddContact(sampleEmail, wisebox.Contact{
			First: "José Ángel", Last: "O'Brien-van der Berg", Email: "jose@example.org", MobilePhone: "5205550146", HomePhone: "520-555-0146",
		}),
		s.Wise.AddContact(sampleEmail, wisebox.Contact{Company: "Saguaro Holdings LLC", WorkPhone: "(602) 555-0147 ask for Bob"}),
	}
	s.Wise.AddNote(sampleEmail, wisebox.Note{
		ClientID: ids[0], Subject: "Showing", Text: "<p>Saw <b>three homes</b> &amp; liked one.</p>",
		Date: time.Date(2026, 3, 5, 10, 0, 0, 0, time.UTC),
	})
	rows = [][]string{
		{"Ada Quist", "Home (520) 555-0143 Mobile (520) 555-0144 Work (520) 555-0145", "ada.quist@example.com", "714 E 7th St Unit 9, Tucson, AZ 85705", "2 notes"},
		{"José Ángel O'Brien-van der Berg", "Home (520) 555-0146", "jose@example.org", "–", "0 notes"},
		{"Saguaro Holdings LLC", "Work (602) 555-0147", "No e-mail", "–", "1 note"},
	}
	return ids, rows
}

// shown are the rows of My Data that belong to contacts of Wise Agent.
func shown(dialer *chrome.Tab) [][]string {
	return chrome.Value[[][]string](dialer, `[...document.querySelectorAll('tr[data-api-contact-id^="wa-"]')].map((row) => [...row.cells].filter((cell) => !cell.querySelector('input')).map(say))`)
}

func TestSelectedContactsLandInThePowerdialer(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	ids, want := s.known()
	popup := s.addToMojo(s.contacts(), ids...)
	s.connect(popup)
	popup.Wait("h1", "Add 3 contacts to a group")
	popup.Wait("h2", "3 will be added")
	s.choose(popup, "FSBO")
	tab := popup.Opens(func() { popup.Click("button", "Add 3 contacts to Mojo") })
	group := s.group("FSBO").ID
	s.landed(tab, group)
	if got := shown(tab); !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("contacts in the powerdialer:\ngot  %q\nwant %q", got, want)
	}
	if got := len(s.Mojo.Contacts(ruiz, group)); got != 3 {
		t.Errorf("contacts in the group: got %d, want exactly the 3 selected", got)
	}
	tab.Click("a", "Ada Quist")
	tab.Wait("h1", "Ada Quist")
	for _, want := range []string{"Mar 5, 2026 · Showing Saw three homes & liked one.", "From Wise Agent's phone and e-mail fields: Mobile phone: ext 4"} {
		tab.Wait(".contents", want)
	}
	popup.Wait("h1", "3 added")
	popup.Wait("a", "Open Mojo")
	if got := chrome.Value[bool](popup, "window.opener === null"); !got {
		t.Error("the popup can still reach the contact list: want window.opener null")
	}
}

func TestOneContactIsOneContactInEveryWord(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	_, popup := s.connected(1)
	popup.Wait("h1", "Add 1 contact to a group")
	s.choose(popup, "Hot Lead")
	popup.Wait("button", "Add 1 contact to Mojo")
	tab := s.press(popup)
	s.landed(tab, s.hot)
	popup.Wait("h1", "1 added")
	if got := len(s.Mojo.Contacts(ruiz, s.hot)) - s.before; got != 1 {
		t.Errorf("contacts added to the group: got %d, want 1", got)
	}
}

func TestFiveHundredContactsComeOnceAndTheBarNeverGoesBack(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium, func(o *sandboxOptions, _ *sandbox) { o.People = samplePeople })
	list := s.contacts()
	list.Click("#select-all")
	popup := s.addToMojo(list)
	s.connect(popup)
	popup.Wait("h1", "Add 500 contacts to a group")
	popup.Wait("summary", "20 are marked do-not-call")
	popup.Click("input[name=dnc]")
	popup.Wait("button", "Add 500 contacts to Mojo")
	s.choose(popup, "FSBO")
	comeBack := s.downAfter(1)
	tab := s.press(popup)
	popup.Wait("h1", "Adding 500 contacts to FSBO")
	watchBar(popup)
	comeBack()
	group := s.group("FSBO").ID
	s.landed(tab, group)
	popup.Wait("h1", "500 added")
	checkBar(t, popup, 500)
	seen := make(map[string]int)
	for _, c := range s.Mojo.Contacts(ruiz, group) {
		seen[c.APIContactID]++
	}
	for _, c := range s.Wise.Contacts(sampleEmail) {
		if got := seen["wa-"+strconv.Itoa(c.ID)]; got != 1 {
			t.Errorf("contact %d is %d times in the group, want once", c.ID, got)
		}
	}
	if len(seen) != 500 {
		t.Errorf("contacts in the group: got %d, want 500", len(seen))
	}
}

// watchBar notes every value that the progress bar shows from now on.
func watchBar(popup *chrome.Tab) {
	chrome.Value[bool](popup, `(() => {
		window.bar = [];
		const note = () => { const p = document.querySelector("#push-bar"); if (p && p.value !== bar.at(-1)) bar.push(p.value); };
		note();
		new MutationObserver(note).observe(document.body, {subtree: true, childList: true, attributes: true});
		return true;
	})()`)
}

func checkBar(t *testing.T, popup *chrome.Tab, end int) {
	t.Helper()
	values := chrome.Value[[]int](popup, "window.bar")
	if !slices.IsSorted(values) || len(values) < 2 || values[len(values)-1] != end {
		t.Errorf("the bar showed %v, want it to grow live to %d", values, end)
	}
}

func TestContactWithoutPhoneIsAddedAndFlagged(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	id := s.Wise.AddContact(sampleEmail, wisebox.Contact{First: "Nora", Last: "Phoneless", Email: "nora@example.com"})
	popup := s.addToMojo(s.contacts(), append(s.ids(1), id)...)
	s.connect(popup)
	popup.Wait("h2", "2 will be added")
	popup.Click("summary", "1 has no phone")
	popup.Wait(".people", "Nora Phoneless")
	s.choose(popup, "FSBO")
	tab := s.press(popup)
	s.landed(tab, s.group("FSBO").ID)
	tab.Wait("tr", "Nora Phoneless No phone nora@example.com")
	popup.Wait("h1", "2 added")
	popup.Wait(".people li", "Nora Phoneless No phone: can't be dialed.")
	s.inspect(popup, "push-flagged")
}

func TestVendorsAndDoNotCallAreLeftOutAndSaidSo(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	dnc := s.Wise.AddContact(sampleEmail, wisebox.Contact{First: "Dolores", Last: "Dontcall", HomePhone: "DNC", MobilePhone: "520-555-0148"})
	s.contacts()
	popup := s.addToMojo(s.openList(), append(s.ids(1), dnc, "V12")...)
	s.connect(popup)
	popup.Wait("h1", "Add 3 contacts to a group")
	popup.Wait("h2", "1 will be added")
	popup.Click("summary", "1 is a vendor")
	popup.Wait(".people", "Saguaro Title Agency")
	popup.Click("summary", "1 is marked do-not-call")
	popup.Wait(".people", "Dolores Dontcall")
	popup.Click("input[name=dnc]")
	popup.Wait("button", "Add 2 contacts to Mojo")
	popup.Click("input[name=dnc]")
	s.choose(popup, "FSBO")
	tab := popup.Opens(func() { popup.Click("button", "Add 1 contact to Mojo") })
	s.landed(tab, s.group("FSBO").ID)
	popup.Wait("h1", "1 added")
	popup.Click(".tabs a", "Skipped 2")
	popup.Wait(".people li", "Saguaro Title Agency Vendors are not sent to the dialer.")
	popup.Wait(".people li", "Dolores Dontcall Marked do-not-call in Wise Agent.")
}

func TestOnlyAVendorSelectedLeavesNothingToPress(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	s.contacts()
	popup := s.addToMojo(s.openList(), "V12")
	s.connect(popup)
	popup.Wait("h2", "0 will be added")
	popup.Wait("#add .hint", "There is nobody left to add.")
	if !chrome.Value[bool](popup, `document.querySelector("#add button").disabled`) {
		t.Error("the button can be pressed with nobody to add")
	}
}

func TestContactsAlreadyInMojoAreUpdatedAndPutIntoTheGroup(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	list, popup := s.connected(2)
	s.choose(popup, "Hot Lead")
	s.landed(s.press(popup), s.hot)
	popup.Wait("h1", "2 added")

	popup = s.second(list, popup, s.ids(3)...)
	popup.Wait("h2", "3 will be added")
	popup.Click("summary", "2 are already in Mojo")
	popup.Wait(".tone-ok", s.Wise.Contacts(sampleEmail)[0].Name())
	s.choose(popup, "FSBO")
	s.landed(s.press(popup), s.group("FSBO").ID)
	popup.Wait("h1", "1 added, 2 updated")
	if got := s.group("FSBO").Contacts; got != 3 {
		t.Errorf("contacts in the second group: got %d, want 3", got)
	}
	if got := len(s.Mojo.Contacts(ruiz, s.hot)) - s.before; got != 2 {
		t.Errorf("contacts in the first group: got %d, want the 2 still there", got)
	}
	for _, c := range s.Mojo.Contacts(ruiz, s.group("FSBO").ID) {
		texts := make(map[string]bool)
		for _, n := range c.Notes {
			if texts[n.Contents] {
				t.Errorf("%s has a note twice", c.APIContactID)
			}
			texts[n.Contents] = true
		}
	}
}

// second launches again while the popup of the first time is still open: Wise Agent uses the same window.
func (s *scene) second(list, popup *chrome.Tab, ids ...string) *chrome.Tab {
	s.t.Helper()
	popup.Close()
	list.Reload()
	return s.addToMojo(list, ids...)
}

func TestSecondVisitGoesStraightToTheGroups(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	list, popup := s.connected(1)
	s.choose(popup, "Open house sign-ins")
	s.landed(s.press(popup), s.group("Open house sign-ins").ID)
	asked, tokens := s.Wise.Requests()["auth"], s.Mojo.Requests()[mojobox.EndpointToken]
	popup = s.second(list, popup, s.ids(1)[0])
	popup.Wait(".who", "Connected as kate@example.com")
	popup.Wait("h2", "Group")
	if got := popup.Texts(".choice")[0]; !strings.HasPrefix(got, "Open house sign-ins Last used") {
		t.Errorf("first group: got %q, want the last used one", got)
	}
	if s.Wise.Requests()["auth"] != asked || s.Mojo.Requests()[mojobox.EndpointToken] != tokens {
		t.Error("the second visit asked to sign in again")
	}
}

func TestNewGroupIsMadeInline(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	_, popup := s.connected(2)
	popup.Type("  Spring   fair 2026 ", "#new-group-name")
	popup.Click("button", "New group")
	popup.Wait(".choice", "Spring fair 2026 0 contacts")
	popup.Wait("[data-into]", "To “Spring fair 2026”")
	tab := s.press(popup)
	group := s.group("Spring fair 2026")
	s.landed(tab, group.ID)
	if got := s.group("Spring fair 2026").Contacts; got != 2 {
		t.Errorf("contacts in the new group: got %d, want 2", got)
	}
}

// Who made a group with the keyboard stays where they were, and still learns that it worked: it is told, and the list shows it.
func TestANewGroupAmongManyIsShownAndTold(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium, manyGroups)
	_, popup := s.connected(1)
	popup.Type("Zinnia court", "#new-group-name")
	popup.Keys(chrome.Enter)
	popup.Wait("[data-into]", "To “Zinnia court”")
	popup.Wait("#announce", "Zinnia court created and chosen")
	popup.WaitFocus("#new-group-name")
	popup.Until("the new group in sight", `(() => {
		const list = document.querySelector("#group-list").getBoundingClientRect();
		const choice = document.querySelector(".choice:has(:checked)").getBoundingClientRect();
		return choice.top >= list.top && choice.bottom <= list.bottom;
	})()`)
	popup.Keys("Yucca bend" + chrome.Tabulator)
	popup.WaitFocus("#new-group button")
	popup.Keys(chrome.Enter)
	popup.Wait("#announce", "Yucca bend created and chosen")
	popup.WaitFocus("#new-group button")
}

func TestGroupNamesThatDontWorkAreSaidBesideTheField(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	_, popup := s.connected(1)
	s.choose(popup, "FSBO")
	for _, c := range []struct{ name, says string }{
		{"hot lead", "Mojo already has a group with this name."},
		{"", "A new group needs a name."},
		{strings.Repeat("long ", 60), "A group's name has at most 100 characters."},
	} {
		popup.Type(c.name, "#new-group-name")
		popup.Click("button", "New group")
		popup.Wait("#new-group-error", c.says)
		if got := strings.TrimSpace(popup.Input("#new-group-name")); got != strings.TrimSpace(c.name) {
			t.Errorf("%s: the field holds %q, want %q kept", c.says, got, c.name)
		}
		popup.Wait("[data-into]", "To “FSBO”")
		popup.WaitFocus("#new-group-name")
		popup.Until("the caret behind the name", "document.activeElement.selectionStart === document.activeElement.value.length")
	}
	popup.Type("Hot leads of spring", "#new-group-name")
	popup.Keys(chrome.Enter)
	popup.Wait(".choice", "Hot leads of spring")
	popup.WaitGone("#new-group-error")
}

func TestFirstGroupOfAnEmptyAccount(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	popup := s.addToMojo(s.contacts(), s.ids(1)...)
	signInAs(popup, "310577", "fran", "fran-sandbox")
	popup.Wait("h1", connecting)
	popup.Click("button", "Allow")
	popup.Wait("h2", "Create your first group")
	popup.Wait("#add .hint", "Create a group first.")
	popup.Type("Neighbours", "#new-group-name")
	popup.Click("button", "New group")
	popup.Wait(".choice", "Neighbours")
	tab := s.press(popup)
	tab.Wait("h1", "Neighbours")
	if got := s.Mojo.Groups("8840"); len(got) != 1 || got[0].Contacts != 1 {
		t.Errorf("groups of the account: got %v, want the one with 1 contact", got)
	}
}

func TestFilterFindsAGroupAmongMany(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium, manyGroups)
	_, popup := s.connected(1)
	popup.Type("reunion 17", "#filter")
	popup.WaitGone(".choice", "Hot Lead")
	if got := popup.Texts(".choice"); len(got) != 1 {
		t.Errorf("groups that match: got %q, want one", got)
	}
	popup.Keys(chrome.Enter)
	popup.Wait("[data-into]", "To “Réunion street 17”")
	popup.Type("nothing like that", "#filter")
	popup.Wait(".empty", "No group matches.")
	tab := s.press(popup)
	s.landed(tab, s.group("Réunion street 17").ID)
}

// manyGroups are more groups than a list shows at once.
func manyGroups(_ *sandboxOptions, box *sandbox) {
	if box != nil {
		for i := range 30 {
			box.Mojo.AddGroup(ruiz, fmt.Sprintf("Réunion street %d", i+1))
		}
	}
}

func TestDoubleClickIsOnePush(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	_, popup := s.connected(2)
	s.choose(popup, "FSBO")
	before := s.user.Tabs()
	popup.DoubleClick("#add button")
	s.landed(s.user.Opened(), s.group("FSBO").ID)
	popup.Wait("h1", "2 added")
	if got := s.user.Tabs() - before; got != 1 {
		t.Errorf("tabs opened by a double click: got %d, want 1", got)
	}
	if got := s.Mojo.Requests()[mojobox.EndpointBulkCreate]; got != 1 {
		t.Errorf("bulk creates: got %d, want 1", got)
	}
	popup.Click("a", "Earlier pushes")
	popup.Wait("h1", "Earlier pushes")
	if got := popup.Count(".history li"); got != 1 {
		t.Errorf("pushes: got %d, want 1", got)
	}
}

// The session ended while the group page was open: both windows say so, and the popup at once.
func TestAddingAfterSigningOutIsSaidInBothWindows(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	_, popup := s.connected(2)
	s.choose(popup, "FSBO")
	other := s.user.Open(popup.Address())
	other.Click("button", "Sign out")
	other.Wait("h1", "You are signed out")
	tab := s.press(popup)
	pressed := time.Now()
	popup.Wait("[data-add-hint]", "You are signed out.")
	if took := time.Since(pressed); took > 5*time.Second {
		t.Errorf("the popup says so after %v, want at once", took)
	}
	s.inspect(popup, "group-signed-out")
	tab.Wait("h1", "You are signed out")
	tab.Wait("main", "Go back to Wise Agent, select your contacts and choose Add to Mojo again.")
	if got := s.Mojo.Requests()[mojobox.EndpointBulkCreate]; got != 0 {
		t.Errorf("bulk creates: got %d, want none", got)
	}
}

// The session ended in another tab while a push was watched: the page says so instead of standing still.
func TestWatchingAPushAfterSigningOutSaysSo(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium, smallBatches)
	popup, tab, _ := s.stoppable(time.Minute)
	other := s.user.Open(popup.Address())
	other.Click("button", "Sign out")
	other.Wait("h1", "You are signed out")
	for _, watched := range []*chrome.Tab{popup, tab} {
		watched.Wait("h1", "You are signed out")
		watched.Wait("main", "Go back to Wise Agent, select your contacts and choose Add to Mojo again.")
	}
	s.inspect(popup, "push-signed-out")
}

func TestTwoTabsAtOnceDontDisturbEachOther(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	_, one := s.connected(3)
	two := s.user.Open(one.Address()) // the same launch
	three := s.addToMojo(s.openList(), s.ids(6)[3:]...)
	for popup, group := range map[*chrome.Tab]string{one: "FSBO", two: "FSBO", three: "Open house sign-ins"} {
		popup.Wait("h2", "will be added")
		s.choose(popup, group)
	}
	s.MojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkCreate, Kind: fault.Latency, Delay: 200 * time.Millisecond, Times: 2})
	first, second, third := s.press(one), s.press(two), s.press(three)
	s.landed(first, s.group("FSBO").ID)
	s.landed(second, s.group("FSBO").ID)
	s.landed(third, s.group("Open house sign-ins").ID)
	one.Wait("h1", "3 added")
	two.Wait("h1", "3 updated")
	three.Wait("h1", "3 added")
	for name, want := range map[string]int{"FSBO": 3, "Open house sign-ins": 3} {
		if got := s.group(name).Contacts; got != want {
			t.Errorf("%s: got %d contacts, want %d", name, got, want)
		}
	}
}

func TestMojoDownInTheMiddleIsSaidAndThePushFinishes(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium, smallBatches)
	_, popup := s.connected(fewPeople)
	s.choose(popup, "FSBO")
	s.MojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkCreate, Kind: fault.CutAfter, After: 1, Times: 1})
	s.MojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkCreate, Kind: fault.ServerError, Status: 502, After: 2})
	tab := s.press(popup)
	popup.Wait("h1", "Adding 12 contacts to FSBO")
	popup.Wait(".note", "Mojo isn't answering. We keep trying; nothing is lost.")
	tab.Wait(".note", "Mojo isn't answering.")
	watchBar(popup)
	s.MojoFaults.Clear()
	s.landed(tab, s.group("FSBO").ID)
	popup.Wait("h1", "12 added")
	checkBar(t, popup, fewPeople)
	if got := s.group("FSBO").Contacts; got != fewPeople {
		t.Errorf("contacts in the group: got %d, want each of %d once", got, fewPeople)
	}
}

// smallBatches makes a push of few contacts take several batches.
func smallBatches(_ *sandboxOptions, box *sandbox) {
	if box != nil {
		box.Settings.MojoBatchSize = 4
	}
}

func TestFailedContactsAreNamedAndRetrySendsThem(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	_, popup := s.connected(3)
	s.choose(popup, "FSBO")
	s.MojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkCreate, Kind: fault.ServerError, Status: 400, Times: 2})
	tab := s.press(popup)
	popup.Wait("h1", "2 added. 1 needs you")
	tab.Wait("h1", "2 added. 1 needs you")
	tab.Wait("a", "Open Mojo")
	tab.Click("a", "See the 1 that needs you")
	tab.Wait(".tabs a", "Need you 1")
	popup.Wait(".people li", "Mojo refused this contact")
	popup.Click("button", "Retry")
	popup.Wait("h1", "3 added")
	popup.Wait("#push-text", "3 of 3 done")
	if got := s.group("FSBO").Contacts; got != 3 {
		t.Errorf("contacts in the group: got %d, want 3", got)
	}
	opened := popup.Opens(func() { popup.Click("a", "Open Mojo") })
	s.landed(opened, s.group("FSBO").ID)
}

func TestUndoTakesOutWhatThePushPutIn(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	_, popup := s.connected(3)
	s.choose(popup, "Hot Lead")
	s.landed(s.press(popup), s.hot)
	popup.Wait("h1", "3 added")
	popup.Click("summary", "Changed your mind?")
	popup.Click("button", "Undo")
	popup.Wait("h1", "Undone")
	popup.Wait(".lead", "3 contacts taken out of Hot Lead. Who was in it before is still there.")
	if got := len(s.Mojo.Contacts(ruiz, s.hot)); got != s.before {
		t.Errorf("contacts in the group: got %d, want the %d of before", got, s.before)
	}
	popup.Reload()
	popup.Wait("h1", "Undone")
	if popup.Has("button", "Undo") {
		t.Error("an undone push offers Undo again")
	}
}

func TestGroupDeletedMeanwhileSendsNothing(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	_, popup := s.connected(1)
	s.choose(popup, "FSBO")
	s.Mojo.DeleteGroup(ruiz, s.group("FSBO").ID)
	tab := s.press(popup)
	tab.Wait("h1")
	tab.Wait("main", "no longer in Mojo")
	if got := len(s.Mojo.Contacts(ruiz, 0)); got != 12 {
		t.Errorf("contacts in Mojo: got %d, want the 12 of before", got)
	}
}

func TestEarlierPushesAreListedAndOpen(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	_, popup := s.connected(2)
	popup.Click("a", "Earlier pushes")
	popup.Wait("main", "Nothing has been sent yet.")
	popup.Click("a", "Back to the groups")
	popup.Wait("h2", "2 will be added")
	s.choose(popup, "FSBO")
	s.press(popup)
	popup.Wait("h1", "2 added")
	popup.Click("a", "Earlier pushes")
	popup.Wait(".history li", "FSBO")
	popup.Wait(".history li", "2 contacts")
	popup.Click(".history a", "FSBO")
	popup.Wait("h1", "2 added")
	popup.Wait(".people li", s.Wise.Contacts(sampleEmail)[0].Name())
}

func TestReloadAndBackDuringAPush(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium, smallBatches)
	_, popup := s.connected(fewPeople)
	s.choose(popup, "FSBO")
	comeBack := s.downAfter(1)
	tab := s.press(popup)
	tab.Wait("h1", "Adding 12 contacts")
	tab.Reload()
	popup.Wait("h1", "Adding 12 contacts")
	popup.Reload()
	popup.Wait("h1", "Adding 12 contacts")
	popup.Back()
	popup.Wait("h2", "Group")
	popup.Forward()
	popup.Wait("h1", "Adding 12 contacts")
	comeBack()
	popup.Wait("h1", "12 added")
	popup.Reload()
	popup.Wait("h1", "12 added")
	s.landed(tab, s.group("FSBO").ID)
	if tab.Back() && strings.Contains(tab.Address(), "/push/") {
		t.Error("going back from the powerdialer leads into the page that goes there by itself")
	}
	if got := s.Mojo.Batches(ruiz); !slices.Equal(got, []int{4, 4, 4}) {
		t.Errorf("batches: got %v, want three of four", got)
	}
	popup.Back()
	popup.Wait("h2", "Group")
	s.choose(popup, "Open house sign-ins")
	s.landed(s.press(popup), s.group("Open house sign-ins").ID)
	popup.Wait("h1", "12 updated")
}

// stoppable begins a push of twelve contacts into a group with a long name; the second batch of four is at Mojo for a while.
func (s *scene) stoppable(delay time.Duration) (popup, tab *chrome.Tab, group mojobox.Group) {
	s.t.Helper()
	long := "Absentee owners of Catalina Foothills and Oro Valley, letters of spring and calls of " + strings.Repeat("summer", 6)
	s.Mojo.AddGroup(ruiz, long)
	_, popup = s.connected(fewPeople)
	s.choose(popup, long)
	s.MojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkCreate, Kind: fault.Latency, Delay: delay, After: 1})
	tab = s.press(popup)
	popup.Wait("#push-text", "4 of 12 done")
	return popup, tab, s.group(long)
}

// The page is renewed all the time: neither the focus nor a key that is down may get lost.
func TestStopWithTheKeyboard(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium, smallBatches)
	popup, tab, group := s.stoppable(7 * time.Second)
	popup.TabTo("button", "Stop")
	popup.Keys(" ")
	popup.Wait("h1", "Stopping the push to Absentee owners")
	popup.WaitGone("button", "Stop")
	tab.Wait("h1", "Stopping the push to Absentee owners")
	tab.WaitGone("#stop-box:not([hidden])")
	s.inspect(popup, "push-stopping")
	popup.Wait("h1", "You stopped this push")
	popup.Wait(".note", "What was sent is in Absentee owners")
	popup.Wait(".note", "4 contacts were never sent. Retry sends them whenever you like.")
	popup.Wait("#push-text", "8 of 12 done, 4 left")
	s.inspect(popup, "push-stopped-by-customer")
	tab.Wait("h1", "You stopped this push")
	tab.Wait("a", "See what was not sent")
	s.inspect(tab, "push-stopped-by-customer-tab")
	popup.Click("a", "Earlier pushes")
	popup.Wait(".tag", "you stopped it, 8 added")
	s.inspect(popup, "pushes-stopped-by-customer")
	popup.Click(".history a", "Absentee owners")
	s.MojoFaults.Clear()
	popup.Click("button", "Retry")
	popup.Wait("h1", "12 added")
	if got := len(s.Mojo.Contacts(ruiz, group.ID)); got != fewPeople {
		t.Errorf("contacts in the group: got %d, want all %d", got, fewPeople)
	}
}

func TestStopTwiceInTheNewTab(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium, smallBatches)
	popup, tab, group := s.stoppable(8 * time.Second)
	s.inspect(popup, "push-stoppable")
	tab.DoubleClick("button", "Stop")
	tab.Wait("h1", "You stopped this push")
	popup.Wait("h1", "You stopped this push")
	sent := len(s.Mojo.Contacts(ruiz, group.ID))
	if sent == 0 || sent == fewPeople || !tab.Has(".count", "Added "+strconv.Itoa(sent)) {
		t.Errorf("%d contacts in the group, want some, and the page to say so: %q", sent, tab.Texts(".count"))
	}
	tab.Click("summary", "Changed your mind?")
	tab.Click("button", "Undo")
	tab.Wait("h1", "Undone")
	if got := len(s.Mojo.Contacts(ruiz, group.ID)); got != 0 {
		t.Errorf("contacts in the group after Undo: got %d, want none", got)
	}
}

func TestAnUndoThatWaitsSaysSo(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium, smallBatches)
	list, popup := s.connected(fewPeople)
	s.choose(popup, "FSBO")
	s.press(popup).Close()
	popup.Wait("h1", "12 added")
	first := popup.Address()
	popup = s.second(list, popup, s.ids(fewPeople)...)
	popup.Wait("h2", "will be added")
	s.choose(popup, "Hot Lead")
	s.MojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkUpdate, Kind: fault.Latency, Delay: 3 * time.Second})
	tab := s.press(popup)
	popup.Wait("h1", "Adding 12 contacts to Hot Lead")
	tab.Go(first)
	tab.Click("summary", "Changed your mind?")
	tab.Click("button", "Undo")
	tab.Wait(".note", "Waits for the push to Hot Lead to end.")
	s.inspect(tab, "push-undoing-behind")
	s.MojoFaults.Clear()
	tab.Wait("h1", "Undone")
}
