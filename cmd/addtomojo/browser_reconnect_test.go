package main

import (
	"strings"
	"testing"
	"time"

	"addtomojo/cmd/addtomojo/internal/chrome"
)

// impatient tells people of a lost connection after a second.
func impatient(_ *sandboxOptions, box *sandbox) {
	if box != nil {
		box.Settings.noticeAfter = time.Second
	}
}

// Access is taken away in the middle of a dialing session. The customer reads an e-mail, signs in again through its link, and
// finds every call in Wise Agent.
func TestReconnectLinkOfAnEmailBringsTheCallsBack(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium, impatient)
	ids := s.threeToCall()
	list := s.contacts()
	popup := s.addToMojo(list, ids...)
	s.connect(popup)
	popup.Wait("h2", "3 will be added")
	s.choose(popup, "FSBO")
	mojo := s.press(popup)
	s.landed(mojo, s.group("FSBO").ID)
	mojo.Look(chrome.Desk)
	popup.Wait("h1", "3 added")
	popup.Click("footer a", "Activity")

	list.Go(s.WiseURL + "/sandbox/options")
	s.look(list, "wise-options")
	list.Look(chrome.Desk)
	list.Click("button", "End access")
	mojo.Click("button", "Start dialing")
	mojo.Wait("h1", "Ada Quist")
	mojo.Click("button", "Dial")
	mojo.Click("button", "Contact")
	mojo.Wait("[role=status]", "Logged: Contact, Ada Quist")
	s.arrives(popup, "main", "Wise Agent stopped letting us in")
	mojo.Click("button", "Next contact")
	s.callBen(mojo)
	popup.Wait(".ledger a", "Waiting 3")

	// At another computer, with nothing but the mailbox.
	s.user = chromium.User(t, chrome.Popup)
	mail := s.user.Open(s.PostURL)
	s.arrives(mail, ".mail h3", "Please sign in to Wise Agent again for Add to Mojo")
	s.arrives(mail, ".hook small", "signature fits · answered 204")
	s.look(mail, "mailbox")
	mail.Look(chrome.Popup)
	mail.Click(".mail .text a", "/reconnect/")
	mail.Wait("h1", "Sign in to Wise Agent again")
	mail.Wait(".note", "Nothing is lost: 3 waiting will be sent when you have signed in.")
	if text, address := mail.Text("body"), mail.Address(); strings.Contains(text, sampleEmail) || strings.Contains(address, "reconnect") {
		t.Errorf("page at %s: got\n%s\nwant the e-mail masked, and no token in the address", address, text)
	}
	s.inspect(mail, "reconnect-wiseagent")
	mail.Click("button", "Continue with Wise Agent")
	mail.Click("main button", "Sign in")
	mail.Wait("h1", connecting)
	mail.Click("button", "Allow")
	mail.Wait("h1", "Connected again")
	mail.Wait("main", sampleEmail)
	s.inspect(mail, "reconnected")
	mail.Click("a", "See the activity")
	mail.Wait(".ledger a", "Written 3")
	mail.Wait(".ledger a", "Waiting 0")

	page := s.openContact(ids[0])
	s.reads(page, ".note", `^Mojo call: Contact .* Mojo call #\d+( |$)`)
	page = s.openContact(ids[1])
	s.reads(page, ".note", `^Mojo call: No Contact - Next Number `)
	s.reads(page, ".note", `^Mojo call: Voicemail `)

	again := s.user.Open(s.PostURL)
	again.Click(".mail .text a", "/reconnect/")
	again.Wait("h1", "This link has ended")
	s.inspect(again, "reconnect-ended")
	if mails, hooks := s.Post.Mails(), s.Post.Hooks(); len(mails) != 1 || len(hooks) != 1 {
		t.Errorf("notices: got %d mails and %d webhooks, want one of each", len(mails), len(hooks))
	}
}

// Mojo's side, too, and by who is signed in nowhere: that shows nothing of the account.
func TestReconnectLinkForMojoShowsNothingOfTheAccount(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium, impatient)
	_, popup := s.connected(1)
	s.Mojo.RevokeTokens(ruiz)
	popup.Click("a", "Reload from Mojo")
	popup.Wait(".note", "Mojo stopped letting us in")

	s.user = chromium.User(t, chrome.Popup)
	mail := s.user.Open(s.PostURL)
	s.arrives(mail, ".mail h3", "Please sign in to Mojo again for Add to Mojo")
	mail.Click(".mail .text a", "/reconnect/")
	mail.Wait("h1", "Sign in to Mojo again")
	s.inspect(mail, "reconnect-mojo")
	signInAs(mail, "310577", "fran", "fran-sandbox")
	mail.Wait("#problems", "This link is for the Mojo account that is connected already.")
	s.inspect(mail, "reconnect-other-mojo")
	s.signInToMojo(mail)
	mail.Wait("h1", "Connected again")
	s.inspect(mail, "reconnected-masked")
	if text := mail.Text("body"); strings.Contains(text, sampleEmail) || strings.Contains(text, "Ruiz") {
		t.Errorf("page: got\n%s\nwant it masked", text)
	}
	popup.Reload()
	popup.Wait("h2", "will be added")
}
