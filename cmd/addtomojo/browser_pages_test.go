package main

import (
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"addtomojo/cmd/addtomojo/internal/chrome"
	"addtomojo/sandbox/fault"
	mojobox "addtomojo/sandbox/mojo"
	wisebox "addtomojo/sandbox/wiseagent"
)

var supportCode = regexp.MustCompile(`^Support code [0-9A-Z]{4}-[0-9A-Z]{4}$`)

// inspect looks at a page of the service as it stands: axe finds nothing, light and dark, it doesn't scroll sideways at
// 400 px, and it shows a support code. With GALLERY set, pictures of it go to that folder.
func (s *scene) inspect(tab *chrome.Tab, name string) {
	s.t.Helper()
	for _, dark := range []bool{false, true} {
		look := chrome.Narrow
		look.Dark = dark
		tab.Look(look)
		for _, finding := range tab.Axe(axe) {
			s.t.Errorf("%s, dark %t: %s", name, dark, finding)
		}
	}
	for _, wide := range tab.Overflowing() {
		s.t.Errorf("%s: too wide at 400 px: %s", name, wide)
	}
	if got := tab.Text(".foot .code"); !supportCode.MatchString(got) {
		s.t.Errorf("%s: support code: got %q", name, got)
	}
	if dir := os.Getenv("GALLERY"); dir != "" {
		s.picture(tab, filepath.Join(dir, name))
	}
	tab.Look(chrome.Popup)
}

func (s *scene) picture(tab *chrome.Tab, path string) {
	s.t.Helper()
	for suffix, look := range map[string]chrome.Look{
		"-400-light.png": chrome.Narrow, "-400-dark.png": {Width: 400, Height: 720, Dark: true},
		"-1280-light.png": chrome.Desk, "-1280-dark.png": {Width: 1280, Height: 900, Dark: true},
	} {
		tab.Look(look)
		look.Height = max(look.Height, chrome.Value[int64](tab, "document.documentElement.scrollHeight"))
		tab.Look(look)
		if err := os.WriteFile(path+suffix, tab.WholeShot(), 0o644); err != nil {
			s.t.Fatal(err)
		}
	}
}

func TestSignInPagesAreSound(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	popup := s.addToMojo(s.contacts(), s.ids(2)...)
	popup.Wait("h2", "Mojo account")
	s.inspect(popup, "welcome")
	popup.Click("button", "Connect")
	popup.Wait("#problems a", "Type your login.")
	s.inspect(popup, "welcome-empty")
	for name, who := range map[string][3]string{
		"welcome-wrong":       {samplePIN, sampleLogin, "not this"},
		"welcome-dialing-rep": {samplePIN, "dex", "dex-sandbox"},
		"welcome-suspended":   {"774120", "cora", "cora-sandbox"},
	} {
		signInAs(popup, who[0], who[1], who[2])
		popup.Wait("#problems")
		s.inspect(popup, name)
		popup.Reload()
		popup.WaitGone("#problems")
	}
	s.MojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointToken, Kind: fault.HTML, Times: 1})
	s.signInToMojo(popup)
	popup.Wait("#problems", "Mojo isn't answering")
	s.inspect(popup, "welcome-mojo-down")
	s.signInToMojo(popup)
	popup.Wait("h1", connecting)
	popup.Back()
	popup.Wait("h2", "Wise Agent account")
	s.inspect(popup, "welcome-mojo-given")
	popup.Click("button", "Continue with Wise Agent")
	popup.Click("button", "Deny all")
	popup.Wait("h1", "You didn't allow access")
	s.inspect(popup, "consent-denied")
	popup.Click("button", "Continue with Wise Agent")
	popup.Click("#scope-contacts")
	popup.Click("button", "Allow")
	popup.Wait("h1", "Something is missing")
	s.inspect(popup, "consent-without-contacts")
}

func TestTooManyTriesPageIsSound(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	popup := s.addToMojo(s.contacts(), s.ids(1)...)
	for !popup.Has("[data-wait-text]") {
		popup.Reload()
		signInAs(popup, samplePIN, sampleLogin, "not this")
		popup.Wait("#problems")
	}
	s.inspect(popup, "welcome-too-many")
	popup.Wait("#problems", "You can try again now.")
	s.connect(popup)
}

func TestUnsignedLaunchPagesAreSound(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium, unsigned)
	popup := s.addToMojo(s.contacts(), s.ids(2)...)
	popup.Wait("button", "Continue with Wise Agent")
	popup.Wait("button", "Connect")
	s.inspect(popup, "unsigned")
	popup.Click("button", "Continue with Wise Agent")
	popup.Click("button", "Allow")
	popup.Wait(".side.given", "kate@example.com")
	s.inspect(popup, "unsigned-wise-given")
	s.signInToMojo(popup)
	popup.Wait("h2", "will be added")
}

// unsigned is a Wise Agent that doesn't sign its launches.
func unsigned(_ *sandboxOptions, box *sandbox) {
	if box != nil {
		box.Wise.SetOptions(wisebox.Options{Unsigned: true})
		box.Settings.WiseAgentLaunchSecret = ""
	}
}

func TestNewSignInPagesAreSound(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	list, popup := s.connected(1)
	s.Wise.RevokeTokens(sampleEmail)
	popup = s.second(list, popup, s.ids(2)...)
	popup.Wait("button", "Continue with Wise Agent")
	popup.Wait(".note", "Wise Agent stopped letting us in")
	s.inspect(popup, "lost-wiseagent")
	popup.Click("button", "Continue with Wise Agent")
	popup.Click("button", "Allow")
	popup.Wait("h2", "will be added")
	s.Mojo.RevokeTokens(ruiz)
	popup.Click("a", "Reload from Mojo")
	popup.Wait(".note", "Mojo stopped letting us in")
	s.inspect(popup, "lost-mojo")
	s.signInToMojo(popup)
	popup.Wait("h2", "will be added")
}

func TestProblemPagesAreSound(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	launch := func(change func(url.Values), ids ...string) string {
		fields := s.Wise.Launch(sampleEmail, ids)
		change(fields)
		return s.Settings.BaseURL + "/launch?" + fields.Encode()
	}
	same := func(url.Values) {}
	used := launch(same, s.ids(1)...)
	s.user.Open(used).Wait("h2", "Mojo account")
	page := s.user.Open(s.Settings.BaseURL + "/")
	for _, p := range []struct{ name, address, says string }{
		{"problem-nothing-selected", launch(same), "Nothing is selected"},
		{"problem-used", used, "This link was used before"},
		{"problem-not-signed", launch(func(f url.Values) { f.Del("signature") }, "26855"), "We couldn't check this link"},
		{"problem-old", launch(func(f url.Values) {
			f.Set("ts", "1700000000")
			f.Set("signature", wisebox.Sign(s.Settings.WiseAgentLaunchSecret.reveal(), f))
		}, "26855"), "This link is too old"},
		{"problem-bad-ids", launch(same, "26855", "<img src=x onerror=alert(1)>", strings.Repeat("x", 120)), "Some contacts couldn't be read"},
		{"problem-not-found", s.Settings.BaseURL + "/no/such/page", "We can't find this page"},
		{"problem-somebody-elses", s.Settings.BaseURL + "/push/01a203bd-a698-7be8-b51e-f62eacb102b3", "We can't find this page"},
		{"problem-not-connected", s.Settings.BaseURL + "/pushes", "Nothing is connected yet"},
		{"home", s.Settings.BaseURL + "/", "Add to Mojo"},
	} {
		page.Go(p.address)
		page.Wait("main", p.says)
		s.inspect(page, p.name)
		if at := page.Address(); strings.Contains(at, "contacts=") {
			t.Errorf("%s: the address bar shows %s", p.name, at)
		}
	}
	other := chromium.User(t, chrome.Popup).Open(s.Settings.BaseURL + "/pushes")
	other.Wait("h1", "You are signed out")
	s.inspect(other, "problem-signed-out")
}

func TestGroupPageIsSoundInEveryState(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium, func(o *sandboxOptions, _ *sandbox) { o.People = 50 })
	s.contacts()
	s.Wise.AddContact(sampleEmail, wisebox.Contact{})
	list := s.openList()
	list.Click("#select-all")
	s.WiseFaults.Add(fault.Rule{Endpoint: "getContacts", Kind: fault.Latency, Delay: 4 * time.Second})
	popup := s.addToMojo(list)
	s.connect(popup)
	popup.Wait("h2", "Getting your contacts")
	s.inspect(popup, "groups-fetching")
	s.WiseFaults.Clear()
	popup.Wait("h2", "will be added")
	s.inspect(popup, "groups")
	for _, row := range popup.Texts("summary") {
		popup.Click("summary", row)
	}
	popup.Wait(".people", "Saguaro Title Agency")
	s.inspect(popup, "groups-all-open")
	popup.Type("Hot Lead", "#new-group-name")
	popup.Click("button", "New group")
	popup.Wait("#new-group-error")
	s.inspect(popup, "groups-name-taken")
	for i := range 8 {
		s.Mojo.AddGroup(ruiz, strings.Repeat("Many words ", i+1))
	}
	popup.Click("a", "Reload from Mojo")
	popup.Wait("#filter")
	popup.Type("no such group", "#filter")
	popup.Wait(".empty", "No group matches.")
	s.inspect(popup, "groups-no-match")
}

func TestGroupPageIsSoundWithoutGroupsOrContacts(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	s.contacts()
	popup := s.addToMojo(s.openList(), "V12")
	signInAs(popup, "310577", "fran", "fran-sandbox")
	popup.Click("#scope-team")
	popup.Click("button", "Allow")
	popup.Wait("h2", "Create your first group")
	popup.Wait(".note", "You didn't allow Team")
	popup.Wait("h2", "0 will be added")
	s.inspect(popup, "groups-none")
	s.MojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointCreateGroup, Kind: fault.ServerError, Status: 503})
	s.MojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointGroups, Kind: fault.ServerError, Status: 503})
	popup.Type("Neighbours", "#new-group-name")
	popup.Click("button", "New group")
	popup.Wait("#new-group-error", "Mojo isn't answering")
	s.inspect(popup, "groups-mojo-down")
}

func TestGroupPageIsSoundWhileWiseAgentIsDown(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	list, popup := s.connected(1)
	s.WiseFaults.Add(fault.Rule{Endpoint: fault.Any, Kind: fault.ServerError, Status: 503})
	popup = s.second(list, popup, s.ids(3)...)
	popup.Wait(".note", "Wise Agent isn't answering. We keep trying; nothing is lost.")
	s.inspect(popup, "groups-wiseagent-down")
	s.WiseFaults.Clear()
	popup.Wait("h2", "3 will be added")
}

func TestPushPagesAreSoundInEveryState(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium, smallBatches)
	_, popup := s.connected(fewPeople)
	s.choose(popup, "FSBO")
	s.MojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkCreate, Kind: fault.Latency, Delay: 4 * time.Second, After: 1, Times: 1})
	comeBack := s.downAfter(1)
	tab := s.press(popup)
	popup.Wait("h1", "Adding 12 contacts")
	s.inspect(popup, "push-sending")
	tab.Wait("h1", "Adding 12 contacts")
	s.inspect(tab, "push-sending-tab")
	popup.Wait(".note", "Mojo isn't answering")
	s.inspect(popup, "push-down")
	comeBack()
	s.landed(tab, s.group("FSBO").ID)
	popup.Wait("h1", "12 added")
	s.inspect(popup, "push-done")
	popup.Click("summary", "Changed your mind?")
	s.inspect(popup, "push-done-undo")
	s.MojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointRemoveFromGroup, Kind: fault.Latency, Delay: 1500 * time.Millisecond})
	popup.Click("button", "Undo")
	popup.Wait("h1", "Taking contacts out of FSBO")
	s.inspect(popup, "push-undoing")
	popup.Wait("h1", "Undone")
	s.inspect(popup, "push-undone")
	popup.Click("a", "Earlier pushes")
	popup.Wait(".history")
	s.inspect(popup, "pushes")
}

// The largest push there is: its numbers stay in one line and in their boxes.
func TestLargeCountsFitTheirBoxes(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	_, popup := s.connected(1)
	s.choose(popup, "FSBO")
	s.landed(s.press(popup), s.group("FSBO").ID)
	popup.Wait("h1", "1 added")
	for _, width := range []int64{360, 400, 480} {
		popup.Look(chrome.Look{Width: width, Height: 720})
		broken := chrome.Value[[]string](popup, `[...document.querySelectorAll(".count dd")].flatMap((dd) => {
			dd.textContent = "5,000";
			const text = document.createRange();
			text.selectNodeContents(dd);
			const lines = text.getClientRects();
			const fits = lines.length === 1 && lines[0].right <= dd.getBoundingClientRect().right + .5;
			return fits ? [] : [dd.parentElement.textContent + " in " + lines.length + " lines, " + lines[0].width + " of " + dd.clientWidth + " px"];
		})`)
		for _, line := range broken {
			t.Errorf("at %d px: %s", width, line)
		}
		if got := popup.Count(".count dd"); got < 4 {
			t.Errorf("at %d px: %d boxes, want all", width, got)
		}
	}
	if dir := os.Getenv("GALLERY"); dir != "" {
		s.picture(popup, filepath.Join(dir, "push-large"))
	}
}

func TestPushPagesAreSoundWhenThingsFail(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium, smallBatches)
	dnc := s.Wise.AddContact(sampleEmail, wisebox.Contact{First: "Dolores", Last: "Dontcall", HomePhone: "DNC"})
	popup := s.addToMojo(s.contacts(), append(s.ids(5), dnc)...)
	s.connect(popup)
	popup.Wait("h2", "5 will be added")
	s.choose(popup, "FSBO")
	refusing := s.MojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkCreate, Kind: fault.ServerError, Status: 400})
	tab := s.press(popup)
	popup.Wait("h1", "Nothing was added. 5 need you")
	s.inspect(popup, "push-failed")
	tab.Wait("a", "See the 5 that need you")
	s.inspect(tab, "push-failed-tab")
	s.MojoFaults.Remove(refusing)
	s.Mojo.RevokeTokens(ruiz)
	popup.Click("button", "Retry")
	popup.Wait("h1", "Sign in to go on")
	popup.Wait(".note", "Mojo ended our access.")
	s.inspect(popup, "push-paused")
	popup.Click("a", "Sign in again")
	s.signInToMojo(popup)
	popup.WaitAt("/push/") // back to what was paused
	popup.Wait("h1", "5 added")
	popup.Click(".tabs a", "Skipped 1")
	popup.Wait(".people li", "Dolores Dontcall")
	s.inspect(popup, "push-skipped")
}

func TestPushPagesAreSoundThatWaitAndThatAResetStops(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium, smallBatches)
	list, popup := s.connected(fewPeople)
	s.choose(popup, "FSBO")
	s.MojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkCreate, Kind: fault.Latency, Delay: 7 * time.Second, After: 1})
	first := s.press(popup)
	popup.Wait("#push-text", "4 of 12 done")
	first.Close()
	popup = s.second(list, popup, s.ids(fewPeople)...)
	popup.Wait("h2", "will be added")
	s.choose(popup, "Hot Lead")
	tab := s.press(popup)
	popup.Wait(".note", "Waits for the push to FSBO to end. You can close this window.")
	s.inspect(popup, "push-behind")
	tab.Wait(".note", "Waits for the push to FSBO to end. This tab opens Mojo by itself")
	s.inspect(tab, "push-behind-tab")
	popup.Click("a", "Reset Credentials")
	popup.Click("main button", "Reset Credentials")
	tab.Wait("h1", "This push has stopped")
	tab.Wait("#push-text", "0 of 12 done, 12 left")
	s.inspect(tab, "push-reset-tab")
	tab.Click("a", "See the 12 that need you")
	tab.Wait(".note", "The credentials were reset. 12 contacts were never sent.")
	s.inspect(tab, "push-reset")
	tab.Click(".actions a", "Connect again")
	tab.Wait("h2", "Mojo account")
}

func TestStoppedPushPageIsSound(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium, smallBatches)
	_, popup := s.connected(fewPeople)
	s.choose(popup, "FSBO")
	comeBack := s.downAfter(1)
	tab := s.press(popup)
	popup.Wait("#push-text", "4 of 12 done")
	s.Mojo.DeleteGroup(ruiz, s.group("FSBO").ID)
	comeBack()
	popup.Wait("h1", "This push has stopped")
	popup.Wait(".note", "The group \"FSBO\" is no longer in Mojo.")
	popup.Wait(".people li", s.Wise.Contacts(sampleEmail)[0].Name())
	if popup.Has(".people li", "(no name)") {
		t.Error("the list of failed contacts lacks names")
	}
	s.inspect(popup, "push-stopped")
	tab.Wait("h1", "This push has stopped")
	s.inspect(tab, "push-stopped-tab")
}

func TestAccountPagesAreSound(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium, smallBatches)
	_, popup := s.connected(fewPeople)
	popup.Click("a", "Earlier pushes")
	popup.Wait("main", "Nothing has been sent yet.")
	s.inspect(popup, "pushes-none")
	popup.Click("a", "Reset Credentials")
	popup.Wait("h1", "Reset Credentials?")
	s.inspect(popup, "reset")
	popup.Click("a", "Keep the connection")
	popup.Wait("h2", "will be added")
	s.choose(popup, "FSBO")
	s.downAfter(0)
	s.press(popup)
	popup.Wait("h1", "Adding 12 contacts")
	popup.Click("a", "Reset Credentials")
	popup.Wait("li", "12 contacts are still on the way to Mojo.")
	s.inspect(popup, "reset-while-sending")
	popup.Click("button", "Reset Credentials")
	popup.Wait("h1", "Disconnected")
	s.inspect(popup, "reset-done")
	popup.Click("a", "Connect again")
	popup.Wait("h2", "Mojo account")
	s.user.Open(s.Settings.BaseURL + "/pushes")
}

func TestSignedOutPageIsSound(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	_, popup := s.connected(1)
	popup.Click("button", "Sign out")
	popup.Wait("h1", "You are signed out")
	s.inspect(popup, "signed-out")
	popup.Back()
	popup.Wait("main", "Go back to Wise Agent")
}
