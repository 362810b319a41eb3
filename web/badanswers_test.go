package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"addtomojo/bridge"
	"addtomojo/sandbox/fault"
	mojobox "addtomojo/sandbox/mojo"
	"addtomojo/store"
)

// What a partner's bad answer gets, at the front door: for each step that asks a partner, each kind of answer that is
// none. The customer reads who isn't answering and what to do, and the same step works once the partner does.

// eachLie runs a step against every kind of bad answer, in a house whose clients give up after half a second.
func eachLie(t *testing.T, step func(t *testing.T, h *house, kind fault.Kind)) {
	for _, kind := range []fault.Kind{fault.HTML, fault.HalfJSON, fault.ErrorIn200, fault.Timeout, fault.ServerError} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, func(s *Server) {
				s.Bridge.Mojo.HTTP = &http.Client{Timeout: 500 * time.Millisecond}
				s.Bridge.Wise.HTTP = &http.Client{Timeout: 500 * time.Millisecond}
				s.Bridge.PushWaits = []time.Duration{20 * time.Millisecond}
			})
			h.work()
			step(t, h, kind)
		})
	}
}

func TestMojoLiesAtTheSignIn(t *testing.T) {
	eachLie(t, func(t *testing.T, h *house, kind fault.Kind) {
		b := h.browser()
		launch := b.launch(1)
		rule := h.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointToken, Kind: kind})
		page := b.refuses(b.post(launch+"/mojo", dana()), 503, "Mojo isn't answering as it should. Nothing is lost.", "Try again in a minute")
		if page.value("login") != "dana" || strings.Contains(page.body, "dana-sandbox") {
			t.Error("the form lost the login, or holds the password")
		}
		if log := h.log.String(); !strings.Contains(log, "level=WARN") || strings.Contains(log, "level=ERROR") {
			t.Errorf("log: got %s, want WARN for a partner that stumbles: ERROR wakes somebody", log)
		}
		h.mojoFaults.Remove(rule)
		b.get(b.atWiseAgent(b.post(launch+"/mojo", dana()).to(h.wiseURL), jane, allScopes...)).to(launch)
		b.ready(launch).says("Hot Lead")
	})
}

// Mojo may ask to wait, with and without saying how long.
func TestMojoAsksToWait(t *testing.T) {
	for wait, want := range map[time.Duration]string{0: "30", 90 * time.Second: "90"} {
		h := newHouse(t, nil)
		b := h.browser()
		launch := b.launch(1)
		rule := h.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointToken, Kind: fault.TooMany, RetryAfter: wait})
		a := b.post(launch+"/mojo", dana())
		if a.status == http.StatusSeeOther {
			a = b.get(a.to(launch))
		}
		b.refuses(a, 429, "Too many tries", "reset your password in Mojo")
		if got := a.header.Get("Retry-After"); got != "" && got != want {
			t.Errorf("Mojo asks for %s: got Retry-After %q, want %s", wait, got, want)
		}
		h.mojoFaults.Remove(rule)
		b.post(launch+"/mojo", dana()).to(h.wiseURL)
	}
}

func TestMojoLiesAboutGroups(t *testing.T) {
	eachLie(t, func(t *testing.T, h *house, kind fault.Kind) {
		b := h.browser()
		launch := b.launch(1)
		rule := h.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointGroups, Kind: kind})
		b.get(b.atWiseAgent(b.post(launch+"/mojo", dana()).to(h.wiseURL), jane, allScopes...)).to(launch)
		page := b.get(launch)
		if kind == fault.ErrorIn200 {
			b.refuses(page, 200, "Mojo answered: The request could not be processed. Change what Mojo asks for, or try again in a minute.", "1 contact")
		} else {
			b.refuses(page, 200, "Mojo isn't answering as it should. Nothing is lost. Try again in a minute.", "1 contact")
		}
		for _, empty := range []string{"has no groups yet", "Create your first group"} {
			if strings.Contains(page.text(), empty) {
				t.Errorf("a list that didn't come is called empty: %q", empty)
			}
		}
		h.mojoFaults.Remove(rule)
		b.ready(launch).says("Hot Lead", "Add 1 contact to Mojo")

		h.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointGroups, Kind: kind})
		b.get(launch + "?fresh=1").want(200).says("Hot Lead").code() // the list of before is better than none
	})
}

func TestMojoLiesAboutANewGroup(t *testing.T) {
	eachLie(t, func(t *testing.T, h *house, kind fault.Kind) {
		b := h.browser()
		launch := b.connect(1)
		b.ready(launch)
		h.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointCreateGroup, Kind: kind, Times: 1})
		form := url.Values{"name": {"Spring"}}
		switch a := b.post(launch+"/groups", form); kind {
		case fault.HalfJSON:
			a.to(launch + "?group=") // it was made; we looked
			b.refuses(b.post(launch+"/groups", form), 422, "Mojo already has a group with this name.")
		case fault.ErrorIn200:
			b.refuses(a, 422, "Mojo answered: The request could not be processed.")
			b.post(launch+"/groups", form).to(launch + "?group=")
		default:
			b.refuses(a, 422, "Mojo isn't answering as it should. Nothing is lost. Try again in a minute.")
			b.post(launch+"/groups", form).to(launch + "?group=")
		}
		made := slices.DeleteFunc(h.mojo.Groups("8812"), func(g mojobox.Group) bool { return g.Name != "Spring" })
		if len(made) != 1 {
			t.Errorf("groups of that name in Mojo: got %d, want 1", len(made))
		}
	})
}

func TestMojoLiesDuringAPush(t *testing.T) {
	eachLie(t, func(t *testing.T, h *house, kind fault.Kind) {
		b := h.browser()
		launch := b.connect(4)
		h.mojo.AddContact("8812", mojobox.Contact{APIContactID: "wa-" + h.contacts[0], FullName: "Known before"})
		b.ready(launch)
		h.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkCreate, Kind: kind, Times: 1})
		h.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkUpdate, Kind: kind, Times: 1})
		push := b.push(launch)
		h.pass(push)
		if kind == fault.ErrorIn200 { // said of the one contact that was left, so that it may be meant
			b.refuses(b.ended(push, store.PushDone), 200, "Mojo refused this contact: The request could not be processed.", "1 needs you", "Retry")
			b.post(push+"/retry", nil).to(push)
			h.pass(push)
		}
		b.ended(push, store.PushDone).says("4 of 4 done").code()
		if got := len(h.mojo.Contacts("8812", h.hot)); got != 4 || len(h.mojo.Contacts("8812", 0)) != 4 {
			t.Errorf("in the group: got %d contacts of %d in Mojo, want 4 of 4\n%s", got, len(h.mojo.Contacts("8812", 0)), b.get(push).text())
		}
	})
}

// pass lets time pass until the push has ended: its waits are over by the clock of the house.
func (h *house) pass(push string) {
	for range 1000 {
		p, err := h.store.Push(h.t.Context(), strings.TrimPrefix(push, "/push/"))
		if err != nil {
			h.t.Fatal(err)
		}
		if (bridge.Progress{Push: p}).Ended() {
			return
		}
		h.clock.advance(100 * time.Millisecond)
		time.Sleep(10 * time.Millisecond)
	}
}

func TestWiseAgentLiesAtTheExchange(t *testing.T) {
	for _, endpoint := range []string{"token", "getUser"} {
		t.Run(endpoint, func(t *testing.T) {
			eachLie(t, func(t *testing.T, h *house, kind fault.Kind) {
				b := h.browser()
				launch := b.launch(1)
				back := b.atWiseAgent(b.post(launch+"/mojo", dana()).to(h.wiseURL), jane, allScopes...)
				rule := h.wiseFaults.Add(fault.Rule{Endpoint: endpoint, Kind: kind})
				b.refuses(b.get(back), 503, "Wise Agent isn't answering", "Nothing is lost.", "Try again in a minute", "Go back")
				h.wiseFaults.Remove(rule)
				if endpoint != "token" || kind != fault.HalfJSON { // tokens that nobody read can't be revoked
					h.revoked(jane)
					h.notConnected(jane)
				}
				b.get(b.atWiseAgent(b.post(launch+"/wiseagent", nil).to(h.wiseURL), jane, allScopes...)).to(launch)
				b.ready(launch).says("Hot Lead")
			})
		})
	}
}

// revoked waits until no token of the Wise Agent account works any more.
func (h *house) revoked(email string) {
	for range 500 {
		if access, refresh := h.wise.LiveTokens(email); access+refresh == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestWiseAgentLiesAboutContacts(t *testing.T) {
	eachLie(t, func(t *testing.T, h *house, kind fault.Kind) {
		b := h.browser()
		b.connect(1)
		h.wiseFaults.Add(fault.Rule{Endpoint: "getContactNotes", Kind: kind, Times: 1})
		h.wiseFaults.Add(fault.Rule{Endpoint: "getSingleContact", Kind: kind, Times: 1})
		launch := b.launch(3)
		b.get(launch).want(200).says("Add 3 contacts to a group").code()
		b.ready(launch).says("Add 3 contacts to Mojo").code()
		push := b.push(launch)
		h.pass(push)
		b.ended(push, store.PushDone).says("3 added")
	})
}

// As long as Wise Agent gives nothing, the group page says so and keeps the button shut.
func TestWiseAgentDownOnTheGroupPage(t *testing.T) {
	h := newHouse(t, nil)
	b := h.browser()
	b.connect(1)
	rule := h.wiseFaults.Add(fault.Rule{Endpoint: fault.Any, Kind: fault.TooMany})
	launch := b.launch(3)
	var page *answer
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
		if page = b.get(launch).want(200); strings.Contains(page.text(), "isn't answering") {
			break
		}
	}
	b.refuses(page, 200, "Wise Agent isn't answering. We keep trying; nothing is lost.", "0 of 3 fetched", "Hot Lead")
	if button := page.all("button", "disabled", "*"); len(button) != 1 {
		t.Errorf("buttons that are shut: got %d, want Add's", len(button))
	}
	h.wiseFaults.Remove(rule)
	b.ready(launch).says("Add 3 contacts to Mojo")
}
