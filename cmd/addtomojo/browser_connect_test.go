package main

import (
	"strings"
	"testing"
	"time"

	"addtomojo/cmd/addtomojo/internal/chrome"
	"addtomojo/sandbox/people"
	wisebox "addtomojo/sandbox/wiseagent"
)

func TestWrongPasswordKeepsTheLoginAndAllowsAnotherTry(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	popup := s.addToMojo(s.contacts(), s.ids(1)...)
	signInAs(popup, samplePIN, sampleLogin, "not this")
	popup.Wait("#problems", "Mojo didn't accept that PIN, login or password.")
	popup.WaitFocus("#pin")
	if got := popup.Input("#login"); got != sampleLogin {
		t.Errorf("login: got %q, want %q kept", got, sampleLogin)
	}
	if got := popup.Input("#password"); got != "" {
		t.Error("the password came back with the page")
	}
	s.connect(popup)
}

func TestDialingRepIsRefusedAndForgotten(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	popup := s.addToMojo(s.contacts(), s.ids(1)...)
	signInAs(popup, samplePIN, "dex", "dex-sandbox")
	popup.Wait("#problems", "A dialing rep's login can't be connected. Sign in with an owner or agent login to connect.")
	s.waitForTokens(0, 0)
	s.connect(popup)
}

// waitForTokens waits until so many of the service's tokens work at each side; revoking is done behind the page.
func (s *scene) waitForTokens(wise, mojo int) {
	s.t.Helper()
	var gotWise, gotMojo [2]int
	for end := time.Now().Add(chrome.Patience); time.Now().Before(end); <-time.After(20 * time.Millisecond) {
		gotWise[0], gotWise[1] = s.Wise.LiveTokens(sampleEmail)
		gotMojo[0], gotMojo[1] = s.Mojo.LiveTokens(ruiz)
		if gotWise == [2]int{wise, wise} && gotMojo == [2]int{mojo, mojo} {
			return
		}
	}
	s.t.Errorf("access and refresh tokens that work: got %v at Wise Agent and %v at Mojo, want %d and %d of each", gotWise, gotMojo, wise, mojo)
}

func TestMojoAccountConnectedElsewhereIsRefusedWithTheOtherMasked(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	s.connected(1)
	popup := s.joe()
	s.signInToMojo(popup)
	popup.Wait("h1", connecting)
	popup.Click("button", "Allow")
	popup.Wait("h1", "This Mojo account is connected already")
	popup.Wait("main", "It is connected to the Wise Agent account of k***@example.com.")
	if text := popup.Text("body"); strings.Contains(text, sampleEmail) {
		t.Error("the other account is not masked")
	}
	s.inspect(popup, "already-connected")
	s.waitForTokens(1, 1) // the connection of before, and nothing else
	popup.Click("a", "Go back")
	signInAs(popup, "310577", "fran", "fran-sandbox")
	popup.Wait("h1", connecting)
	popup.Click("button", "Allow")
	popup.Wait("h2", "Create your first group")
	popup.Wait(".who", "joe@example.org")
}

// The refused second account, after the first one was released: the way through the pages that the refusal names.
func TestMojoAccountReleasedByResetConnectsElsewhere(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	_, first := s.connected(1)
	popup := s.joe()
	s.signInToMojo(popup)
	popup.Wait("h1", connecting)
	popup.Click("button", "Allow")
	popup.Wait("h1", "This Mojo account is connected already")
	first.Click("a", "Reset Credentials")
	first.Click("button", "Reset Credentials")
	first.Wait("h1", "Disconnected")
	first.Wait("li", "The Mojo account is free.")
	popup.Click("a", "Go back")
	s.connect(popup)
	popup.Wait(".who", "joe@example.org")
}

// joe is somebody else with a Wise Agent account, in a browser of his own, with the popup open.
func (s *scene) joe() *chrome.Tab {
	s.t.Helper()
	s.Wise.AddUser(wisebox.User{Email: "joe@example.org", Password: "joe-sandbox", First: "Joe", Last: "Park"})
	s.Wise.AddContacts("joe@example.org", people.Make(3, 7))
	list := chromium.User(s.t, chrome.Popup).Open(s.WiseURL + "/contacts")
	list.Look(chrome.Desk)
	list.Type("joe@example.org", "#email")
	list.Type("joe-sandbox", "#password")
	list.Click("main button", "Sign in")
	list.Click("input[name=id]")
	return s.addToMojo(list)
}

func TestAnotherMojoAccountIsAskedAboutFirst(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	_, popup := s.connected(1)
	s.Mojo.RevokeTokens(ruiz)
	popup.Click("a", "Reload from Mojo")
	popup.Wait("h1", "Sign in to Mojo again")
	signInAs(popup, "310577", "fran", "fran-sandbox")
	popup.Wait("h1", "Switch to another Mojo account?")
	popup.Wait("main", "Nothing has changed yet.")
	s.inspect(popup, "switch")
	popup.Click("button", "Keep Ruiz Realty Group")
	popup.Wait("h1", "Sign in to Mojo again")
	signInAs(popup, "620448", "lena", "lena-sandbox")
	popup.Wait("button", "Switch to Long & Winding Properties")
	s.inspect(popup, "switch-long")
	popup.Click("button", "Keep Ruiz Realty Group")
	popup.Wait("h1", "Sign in to Mojo again")
	signInAs(popup, "310577", "fran", "fran-sandbox")
	popup.Click("button", "Switch to ")
	popup.Wait(".who", sampleEmail)
	popup.Wait("h2", "Create your first group")
	s.waitForTokens(1, 0) // Wise Agent's stay, those of the old Mojo account are dead
}

func TestAnotherPersonIsAskedAboutFirst(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium, unsigned)
	s.Wise.AddUser(wisebox.User{Email: "joe@example.org", Password: "joe-sandbox", First: "Joe", Last: "Park"})
	popup := s.addToMojo(s.contacts(), s.ids(1)...)
	s.signInToMojo(popup)
	popup.Click("#scope-team")
	popup.Click("button", "Allow")
	popup.Click("button", "Allow it")
	popup.Click("button", "Sign in as someone else")
	popup.Type("joe@example.org", "#email")
	popup.Type("joe-sandbox", "#password")
	popup.Click("main button", "Sign in")
	popup.Wait("h1", connecting)
	popup.Click("button", "Allow")
	popup.Wait("h1", "That is another Wise Agent account")
	popup.Wait("main", "This window is signed in as kate@example.com. At Wise Agent you have signed in as j***@example.org.")
	s.inspect(popup, "other-person")
	popup.Click("button", "Go on as j***@example.org")
	popup.Wait("h2", "Mojo account")
	popup.Wait(".side", "joe@example.org")
	s.waitForTokens(1, 1) // Kate's connection is as it was
}

func TestDeniedContactsConnectNothingUntilTheyAreAllowed(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	popup := s.addToMojo(s.contacts(), s.ids(1)...)
	s.signInToMojo(popup)
	popup.Click("#scope-contacts")
	popup.Click("button", "Allow")
	popup.Wait("main", "You didn't allow Contacts. Without it, nothing can be sent to Mojo. Nothing was connected.")
	popup.Click("button", "Continue with Wise Agent")
	popup.Wait("h1", connecting)
	popup.Click("button", "Deny all")
	popup.Wait("h1", "You didn't allow access")
	popup.Click("button", "Continue with Wise Agent")
	popup.Wait("h1", connecting)
	popup.Click("button", "Allow")
	popup.Wait("h2", "will be added")
	s.waitForTokens(1, 1)
}

func TestDeniedTeamConnectsAndSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	popup := s.addToMojo(s.contacts(), s.ids(1)...)
	s.signInToMojo(popup)
	popup.Click("#scope-team")
	popup.Click("button", "Allow")
	popup.Wait(".note", "You didn't allow Team in Wise Agent.")
	s.choose(popup, "FSBO")
	s.landed(s.press(popup), s.group("FSBO").ID)
	popup.Click("a", "Back to the groups")
	popup.Click("button", "Allow it")
	popup.Wait("h1", connecting)
	popup.Click("button", "Allow")
	popup.Wait("h2", "will be added")
	if popup.Has(".note", "You didn't allow Team") {
		t.Error("the notice is still there after Team was allowed")
	}
}

func TestPopupWithASeveredOpenerWorks(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	s.Wise.SetOptions(wisebox.Options{NoOpener: true})
	_, popup := s.connected(2)
	s.choose(popup, "FSBO")
	s.landed(s.press(popup), s.group("FSBO").ID)
	popup.Wait("h1", "2 added")
}

func TestReloadAndBackWhileConnecting(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	popup := s.addToMojo(s.contacts(), s.ids(2)...)
	popup.Wait("h2", "Mojo account")
	popup.Reload()
	s.signInToMojo(popup)
	popup.Wait("h1", connecting)
	popup.Reload()
	popup.Wait("h1", connecting)
	popup.Back()
	popup.Wait("p", "One step is left")
	popup.Reload()
	popup.Wait("p", "One step is left")
	popup.Forward()
	popup.Wait("h1", connecting)
	popup.Click("button", "Allow")
	popup.Wait("h2", "2 will be added")
	popup.Reload()
	popup.Wait("h2", "2 will be added")
	popup.Back()
	popup.WaitAt("/WiseAuth/auth")
	popup.Reload() // a consent that was used leads back
	popup.Wait("h2", "2 will be added")
	s.choose(popup, "FSBO")
	s.landed(s.press(popup), s.group("FSBO").ID)
	s.waitForTokens(1, 1)
}

func TestResetCredentialsEndsAllAccessAndConnectingAgainWorks(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	_, popup := s.connected(2)
	popup.Click("a", "Reset Credentials")
	popup.Wait("h1", "Reset Credentials?")
	popup.Wait("li", "Groups and contacts stay in Mojo. Notes stay in Wise Agent.")
	popup.Click("a", "Keep the connection")
	popup.Wait("h2", "will be added")
	popup.Click("a", "Reset Credentials")
	popup.Click("button", "Reset Credentials")
	popup.Wait("h1", "Disconnected")
	s.waitForTokens(0, 0)
	popup.Click("a", "Connect again")
	s.connect(popup)
	popup.Wait("h2", "2 will be added")
	s.choose(popup, "FSBO")
	s.landed(s.press(popup), s.group("FSBO").ID)
}

func TestUnsignedLaunchOfAConnectedCustomerAsksWiseAgentOnly(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium, unsigned)
	_, popup := s.connected(1)
	popup.Click("button", "Sign out")
	popup.Wait("h1", "You are signed out")
	popup.Close()
	popup = s.addToMojo(s.openList(), s.ids(2)...)
	popup.Click("button", "Continue with Wise Agent")
	popup.Wait("h2", "2 will be added")
	popup.Wait(".who", "kate@example.com")
}

func TestSomebodyElseAtWiseAgentIsNoticed(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	s.Wise.AddUser(wisebox.User{Email: "joe@example.org", Password: "joe-sandbox", First: "Joe", Last: "Park"})
	popup := s.addToMojo(s.contacts(), s.ids(1)...)
	s.signInToMojo(popup)
	popup.Click("button", "Sign in as someone else")
	popup.Type("joe@example.org", "#email")
	popup.Type("joe-sandbox", "#password")
	popup.Click("main button", "Sign in")
	popup.Wait("h1", connecting)
	popup.Click("button", "Allow")
	popup.Wait("h1", "That is another Wise Agent account")
	popup.Wait("main", "You opened Add to Mojo as k***@example.com, and signed in to Wise Agent as j***@example.org.")
	s.inspect(popup, "another-person")
}
