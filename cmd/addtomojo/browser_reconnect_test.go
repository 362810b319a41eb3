package main

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"addtomojo/cmd/addtomojo/internal/chrome"
	mojobox "addtomojo/sandbox/mojo"
	wisebox "addtomojo/sandbox/wiseagent"
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

// clock is the present of a scene that lives through days.
type clock struct{ ahead atomic.Int64 }

func (c *clock) Now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

func (c *clock) advance(d time.Duration) { c.ahead.Add(int64(d)) }

// 300 calls in the three days before the customer notices: each is in Wise Agent afterwards, once, and in the order in which the
// contact was called.
func TestThreeDaysOfCallsComeBackInOrder(t *testing.T) {
	t.Parallel()
	const calls, days = 300, 3
	present := &clock{}
	s := newScene(t, &chromium, impatient, func(o *sandboxOptions, _ *sandbox) { o.Clock = present.Now })
	ids := s.threeToCall()
	popup := s.addToMojo(s.contacts(), ids...)
	s.connect(popup)
	popup.Wait("h2", "3 will be added")
	s.choose(popup, "FSBO")
	s.landed(s.press(popup), s.group("FSBO").ID)
	popup.Wait("h1", "3 added")
	popup.Click("footer a", "Activity")
	popup.Wait(".standing", "Connected")

	s.Wise.RevokeTokens(sampleEmail)
	people := s.Mojo.Contacts(ruiz, s.group("FSBO").ID)
	people = slices.DeleteFunc(people, func(c mojobox.Contact) bool { return !slices.Contains(ids, strings.TrimPrefix(c.APIContactID, "wa-")) })
	for n := range calls {
		s.Mojo.Call(ruiz, people[n%len(people)].ContactID, mojobox.Call{Result: "contact", Notes: fmt.Sprintf("Talk %03d.", n)})
		if n == 0 { // within one delivery
			popup.Wait(".standing", "Needs sign-in")
			popup.Wait(".ledger a", "Waiting 1")
		}
		if err := s.Mojo.Flush(t.Context()); err != nil { // else the clock moves on while the hook is on its way
			t.Fatal(err)
		}
		present.advance(days * 24 * time.Hour / calls)
	}

	s.user = chromium.User(t, chrome.Popup)
	mail := s.user.Open(s.PostURL)
	s.arrives(mail, ".mail h3", "Please sign in to Wise Agent again for Add to Mojo")
	mail.Click(".mail .text a", "/reconnect/")
	mail.Wait(".note", "300 waiting will be sent")
	mail.Click("button", "Continue with Wise Agent")
	mail.Click("main button", "Sign in")
	mail.Click("button", "Allow")
	mail.Wait("h1", "Connected again")
	mail.Click("a", "See the activity")
	mail.Wait(".ledger a") // a reload before would call the press off
	s.arrives(mail, ".ledger a", "Written 300")
	mail.Wait(".standing", "Connected")
	for i, person := range people {
		s.hasTalks(strings.TrimPrefix(person.APIContactID, "wa-"), i, calls, len(people))
	}
}

// hasTalks checks that a contact has every talk that was had with it, once and in order: first, first+step and so on.
func (s *scene) hasTalks(id string, first, calls, step int) {
	s.t.Helper()
	var got, want []string
	notes := s.Wise.Notes(sampleEmail, id)
	slices.SortFunc(notes, func(a, b wisebox.Note) int { return cmp.Compare(a.ID, b.ID) })
	for _, note := range notes {
		if talk := talked.FindString(note.Text); talk != "" {
			got = append(got, talk)
		}
	}
	for n := first; n < calls; n += step {
		want = append(want, fmt.Sprintf("Talk %03d.", n))
	}
	if !slices.Equal(got, want) {
		s.t.Errorf("contact %s: got %d talks %v, want %d in order", id, len(got), got, len(want))
	}
}

var talked = regexp.MustCompile(`Talk \d{3}\.`)
