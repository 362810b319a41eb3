package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"addtomojo/cmd/addtomojo/internal/chrome"
	mojobox "addtomojo/sandbox/mojo"
)

// A busy office: colleagues edit in Wise Agent while its whole list goes to Mojo and everybody in it is called. Nothing gets stuck,
// and what they changed is kept when Mojo has another number. The load is made and ended by keyboard.
func TestAPushAndDeliveriesUnderLoad(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	load := s.contacts()
	load.Click("footer a", "Load")
	load.Wait("h1", "Load")
	s.look(load, "load")
	s.addByKeyboard(load)
	s.startEdits(load, "6000", "200")
	s.editsGoOn(load)
	s.look(load, "load-underway")

	list := s.openList()
	list.Click("a", "Contacts")
	list.Wait("h1", "212")
	list.Click("#select-all")
	popup := s.addToMojo(list)
	s.connect(popup)
	popup.Wait("h2", "will be added")
	s.choose(popup, "Hot Lead")
	s.landed(s.press(popup), s.hot)
	popup.Wait("h1", "added")
	popup.Click("footer a", "Activity")
	pushed := slices.DeleteFunc(s.Mojo.Contacts(ruiz, s.hot), func(c mojobox.Contact) bool { return c.APIContactID == "" })
	for _, c := range pushed {
		s.Mojo.Call(ruiz, c.ContactID, mojobox.Call{Result: "contact", Notes: "Under load"})
	}
	s.allReaches(popup, len(pushed))

	for end := time.Now().Add(chrome.Patience); s.changedByColleagues(pushed) < 10 && time.Now().Before(end); {
		time.Sleep(50 * time.Millisecond)
	}
	s.editsGoOn(load)
	load.TabTo("button", "Stop")
	load.Keys(chrome.Enter)
	load.Wait("#edits-said", "Stopped. Edits made: ")
	s.look(load, "load-stopped")
	s.colleaguesKeepTheirs(popup, pushed)
	s.editsEnd(load)
}

// addByKeyboard adds contacts, after a number that is none.
func (s *scene) addByKeyboard(load *chrome.Tab) {
	s.t.Helper()
	load.Type("many", "#contacts")
	load.Keys(chrome.Enter)
	load.Wait("[role=alert]", "Give a whole number from 1 to 5000.")
	load.WaitFocus("#contacts")
	s.look(load, "load-refused")
	load.Type("200", "#contacts")
	load.Keys(chrome.Enter)
	load.Wait("[role=status]", "Contacts added: 200.")
	s.look(load, "load-added")
}

// startEdits fills in the form of edits and sends it with a key.
func (s *scene) startEdits(load *chrome.Tab, minute, seconds string) {
	s.t.Helper()
	load.Type(minute, "#minute")
	load.Type(seconds, "#seconds")
	load.TabTo("button", "Start")
	load.Keys(chrome.Enter)
	load.Wait("button", "Stop")
}

// editsGoOn waits until the page shows another number of edits, without being loaded anew.
func (s *scene) editsGoOn(load *chrome.Tab) {
	s.t.Helper()
	before := load.Text("#edits-made")
	load.Until("more edits than "+before, fmt.Sprintf("document.querySelector('#edits-made').textContent !== %q", before))
}

// allReaches waits until so much of what Mojo told is in Wise Agent.
func (s *scene) allReaches(popup *chrome.Tab, events int) {
	s.t.Helper()
	s.arrives(popup, ".ledger a", fmt.Sprint("Received ", events))
	s.arrives(popup, ".ledger a", "Waiting 0")
	if got := popup.Text(".ledger a", "Need you"); got != "Need you 0" {
		s.t.Errorf("ledger: got %q, want nothing for a person", got)
	}
}

// mobiles gives a contact's mobile number in Mojo and in Wise Agent, as digits.
func (s *scene) mobiles(c mojobox.Contact) (inMojo, inWise string) {
	for _, m := range c.Media {
		if m.Type == mojobox.MediaMobile {
			inMojo = m.Value
		}
	}
	w, _ := s.Wise.Contact(sampleEmail, strings.TrimPrefix(c.APIContactID, "wa-"))
	return inMojo, onlyDigits(w.MobilePhone)
}

// onlyDigits are those of a number, without the country's.
func onlyDigits(text string) string {
	return strings.TrimPrefix(strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, text), "1")
}

// changedByColleagues counts the contacts whose mobile number isn't the one that was pushed any more.
func (s *scene) changedByColleagues(pushed []mojobox.Contact) (n int) {
	for _, c := range pushed {
		if inMojo, inWise := s.mobiles(c); inMojo != "" && inMojo != inWise {
			n++
		}
	}
	return n
}

// colleaguesKeepTheirs gives everybody another mobile number in Mojo. It takes the place of the pushed one; where a colleague typed
// another one meanwhile, that one stays, and Mojo's is beside it.
func (s *scene) colleaguesKeepTheirs(popup *chrome.Tab, pushed []mojobox.Contact) {
	s.t.Helper()
	type number struct{ inMojo, inWise, fresh string }
	before, events := map[string]number{}, len(pushed)
	for i, c := range pushed {
		n := number{fresh: fmt.Sprintf("%s5550%03d", []string{"416", "604", "905"}[i/100], 100+i%100)}
		if n.inMojo, n.inWise = s.mobiles(c); n.inMojo == "" {
			continue
		}
		s.Mojo.Edit(ruiz, c.ContactID, func(m *mojobox.Contact) {
			m.Media[slices.Index(m.Media, mojobox.Media{Type: mojobox.MediaMobile, Value: n.inMojo})].Value = n.fresh
		})
		before[strings.TrimPrefix(c.APIContactID, "wa-")] = n
		events++
	}
	s.allReaches(popup, events)
	kept := 0
	for id, n := range before {
		c, _ := s.Wise.Contact(sampleEmail, id)
		want := n.fresh
		if n.inWise != n.inMojo {
			want = n.inWise
			kept++
		}
		if got := onlyDigits(c.MobilePhone); got != want {
			s.t.Errorf("%s: got mobile %s, want %s; pushed was %s, before Mojo's edit it was %s", c.Name(), got, want, n.inMojo, n.inWise)
		}
		beside := c.MobilePhone + " " + c.HomePhone + " " + c.WorkPhone
		for _, note := range s.Wise.Notes(sampleEmail, id) {
			beside += " " + note.Text
		}
		if !strings.Contains(onlyDigits(beside), n.fresh) {
			s.t.Errorf("%s: Mojo's %s is nowhere in %q", c.Name(), n.fresh, beside)
		}
	}
	if kept < 10 || kept == len(before) {
		s.t.Errorf("%d of %d numbers were changed by colleagues, want some and not all", kept, len(before))
	}
}

// editsEnd lets a few edits end by themselves: the form comes back, and the focus isn't lost.
func (s *scene) editsEnd(load *chrome.Tab) {
	s.t.Helper()
	s.startEdits(load, "60", "3")
	load.TabTo("button", "Stop")
	load.Wait("#edits-said", "Edits made: 3.")
	load.Wait("button", "Start")
	load.WaitFocus("#edits")
	before := s.Wise.Contacts(sampleEmail)
	time.Sleep(100 * time.Millisecond)
	for i, c := range s.Wise.Contacts(sampleEmail) {
		if !c.Updated.Equal(before[i].Updated) {
			s.t.Errorf("%s is still edited", c.Name())
		}
	}
}
