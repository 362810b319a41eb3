package main

import (
	"strings"
	"testing"

	"addtomojo/cmd/addtomojo/internal/chrome"
	mojobox "addtomojo/sandbox/mojo"
	wisebox "addtomojo/sandbox/wiseagent"
)

// operator is support's window, signed in.
func (s *scene) operator() *chrome.Tab {
	s.t.Helper()
	tab := s.user.Open(s.staffLink(sampleOperator, ""))
	tab.Look(chrome.Desk)
	tab.Click("#sign-in")
	tab.Wait("h1", "Find an account")
	return tab
}

// A customer calls: "my call isn't in the CRM". One search and one screen later, support knows why and has done what helps.
func TestSupportAnswersOnOneScreen(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	support := s.operator()
	s.inspectConsole(support, "console-search")
	support.Click(".parts a", "Right now")
	support.Wait(".note", "Nothing is wrong")
	s.inspectConsole(support, "console-now-nothing")

	s.connectedAs("with all scopes")
	s.Mojo.Tell(ruiz, "call.completed", map[string]any{"account_id": ruiz, "contact": map[string]any{"contact_id": s.adaInMojo(), "full_name": "Ada Quist"}})
	s.call()

	support.Click(".parts a", "Search")
	support.Type("kate mor", "#q")
	support.Keys("\r")
	support.Wait(".accounts a", "Kate Moreno")
	if at := support.Address(); strings.Contains(at, "kate") || !strings.HasSuffix(at, "/support") {
		t.Errorf("the address bar shows %s, want nothing of the search", at)
	}
	s.inspectConsole(support, "console-found")
	support.Click(".accounts a", "Kate Moreno")
	support.Wait("h1", "Kate Moreno")
	s.arrivesAt(support, support.Address(), ".finding", "1 delivery needs a person")
	s.inspectConsole(support, "console-account")
	support.TabTo("#show")
	support.Keys("\r")
	support.Wait(".account-head", sampleEmail)
	support.Click("#test")
	support.Wait(".note", "Wise Agent answered as it should.")
	support.Click("#retry-all")
	support.Wait(".note", "1 delivery is tried once more now.")
	support.Click("#link")
	link := support.Input("#reconnect-link")
	if !strings.HasPrefix(link, s.Settings.BaseURL+"/reconnect/") {
		t.Errorf("reconnect link: got %q", link)
	}
	s.inspectConsole(support, "console-link")
	support.TabTo("[data-copy]")
	support.Keys("\r")
	support.Wait("[data-copy]", "Copied")
	support.Wait("#announce", "Copied")
	support.Click("#sessions")
	support.Wait(".note", "session was ended")
	support.Click(".parts a", "Search")
	support.Paste("#q")
	if pasted := support.Input("#q"); pasted != link {
		t.Errorf("pasted %q, want the reconnect link", pasted)
	}

	support.Click(".parts a", "Right now")
	support.Wait("h1", "Right now")
	s.arrivesAt(support, support.Address(), ".troubles h2", "Deliveries need a person")
	s.inspectConsole(support, "console-now")
	support.Click(".troubles a", "Kate Moreno")
	support.Wait(".ledger a", "Need you 1")
	support.Click(".ledger a", "Need you")
	support.Wait(".history b", "Call")
}

// A screen full of everything: names as long as they get, many pushes and events, and nobody can tell it from an attack.
func TestSupportReadsHostileNames(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	long := "Wolfeschlegelsteinhausenbergerdorff" + strings.Repeat("welchevoraltern", 5)
	s.Mojo.AddGroup(ruiz, "</script><b>"+long)
	hostile := s.Wise.AddContact(sampleEmail, wisebox.Contact{First: `<img src=x onerror=alert(1)>`, Last: long, MobilePhone: "(520) 555-0143"})
	popup := s.addToMojo(s.contacts(), hostile)
	s.connect(popup)
	popup.Click("label.choice", "</script>")
	s.press(popup)
	popup.Wait("h1", "1 added")
	for _, c := range s.Mojo.Contacts(ruiz, 0) {
		s.Mojo.Call(ruiz, c.ContactID, mojobox.Call{Result: "contact", Notes: "<script>alert(2)</script>" + long})
	}
	support := s.operator()
	s.arrivesAt(support, s.Settings.BaseURL+"/support/accounts/"+s.connection().ID, ".ledger a", "Written 1")
	s.inspectConsole(support, "console-hostile")
	if n := support.Count("main img, main script"); n != 0 {
		t.Errorf("%d elements came out of names", n)
	}
}
