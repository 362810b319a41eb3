package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"addtomojo/store"
)

// fran is what to type for another Mojo account.
func fran() url.Values {
	return url.Values{"pin": {"310577"}, "login": {"fran"}, "password": {"fran-sandbox"}, "tz": {"America/Phoenix"}}
}

func (h *house) connection(email string) store.Connection {
	h.t.Helper()
	conn, err := h.store.ConnectionByEmail(h.t.Context(), email)
	if err != nil {
		h.t.Fatal(err)
	}
	return conn
}

// tokensAt waits until so many refresh tokens of a Mojo account live.
func (h *house) tokensAt(account string, want int) {
	h.t.Helper()
	got := -1
	for end := time.Now().Add(5 * time.Second); got != want && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		_, got = h.mojo.LiveTokens(account)
	}
	if got != want {
		h.t.Errorf("refresh tokens of Mojo account %s: got %d, want %d", account, got, want)
	}
}

func TestAnotherMojoAccountIsAskedAbout(t *testing.T) {
	h := newHouse(t, nil)
	h.work()
	b := h.browser()
	launch := b.connect(1)
	before := h.connection(jane)
	b.post(launch+"/mojo", fran()).to(launch)
	page := b.get(launch).want(http.StatusOK).says("Switch to another Mojo account?", jane, "Ruiz Realty Group (dana)", "Nothing has changed yet",
		"groups and contacts stay in Mojo", "starts afresh", "Support code")
	for _, action := range []string{launch + "/switch", launch + "/keep"} {
		if len(page.all("form", "action", action)) != 1 {
			t.Errorf("form to %s: want one", action)
		}
	}
	if now := h.connection(jane); now != before {
		t.Errorf("connection: got %+v, want it untouched", now)
	}

	b.post(launch+"/keep", nil).to(launch)
	h.tokensAt("8840", 0)
	b.ready(launch).says(jane, "Hot Lead")

	b.post(launch+"/mojo", fran()).to(launch)
	b.post(launch+"/switch", nil).to(launch)
	now := h.connection(jane)
	if now.ID == before.ID || now.MojoAccountID != "8840" || now.TimeZone != "America/Phoenix" {
		t.Errorf("connection: got %+v, want a new one with the other account", now)
	}
	b.get(launch).want(http.StatusOK).says(jane, now.MojoAccountName)
	h.tokensAt("8812", 0)
	b.post(launch+"/switch", nil).to(launch) // pressed twice
	if again := h.connection(jane); again.ID != now.ID {
		t.Errorf("pressed twice: got connection %s, want %s", again.ID, now.ID)
	}
}

func TestSwitchingSaysWhatWasNotWritten(t *testing.T) {
	h := newHouse(t, nil)
	h.bridge.ResetGrace = 100 * time.Millisecond
	b := h.browser()
	launch := b.connect(1)
	h.sendCall("evt-1", 1, "busy") // and nobody delivers
	b.post(launch+"/mojo", fran()).to(launch)
	b.get(launch).says("1 waiting call is delivered")
	page := b.post(launch+"/switch", nil).want(http.StatusOK).says("Ruiz Realty Group is disconnected", "1 waiting call was not written", "Go on")
	if len(page.all("a", "href", launch)) == 0 {
		t.Error("link to go on: none")
	}
	b.get(launch).want(http.StatusOK).says(h.connection(jane).MojoAccountName)
}

func TestATakenMojoAccountCantBeSwitchedTo(t *testing.T) {
	h := newHouse(t, nil)
	b, other := h.browser(), h.browser()
	launch := b.connect(1)
	theirs := other.launch(1)
	other.get(other.atWiseAgent(other.post(theirs+"/mojo", fran()).to(h.wiseURL), joe, allScopes...)).to(theirs)
	b.post(launch+"/mojo", fran()).want(http.StatusConflict).says("j***@example.org", "Reset Credentials", "Support code")
	b.ready(launch).says(jane, "Hot Lead")
}

// The whole way of a Mojo account from one Wise Agent account to another one.
func TestTakenMojoAccountIsFreeAfterReset(t *testing.T) {
	h := newHouse(t, nil)
	first, second := h.browser(), h.browser()
	first.connect(1)
	launch := second.launch(1)
	second.get(second.atWiseAgent(second.post(launch+"/mojo", dana()).to(h.wiseURL), joe, allScopes...)).to("/problem")
	second.get("/problem").want(http.StatusConflict).says("j***@example.com", "Choose Reset Credentials there", "Support code")
	first.post("/reset", nil).want(http.StatusOK).says("Disconnected")
	second.get(second.atWiseAgent(second.post(launch+"/mojo", dana()).to(h.wiseURL), joe, allScopes...)).to(launch)
	second.ready(launch).says(joe, "Hot Lead")
	first.get("/pushes").want(http.StatusConflict)
}

func TestAnotherPersonIsAskedAbout(t *testing.T) {
	h := newHouse(t, nil)
	h.work()
	b := h.browser()
	b.connect(1)
	before := h.connection(jane)
	launch := b.launch(1)
	session := b.session()
	b.get(b.atWiseAgent(b.post(launch+"/wiseagent", nil).to(h.wiseURL), joe, allScopes...)).to(launch)
	page := b.get(launch).want(http.StatusOK).says("That is another Wise Agent account", "signed in as "+jane, "as j***@example.org", "Nothing has changed yet", "Support code")
	if text := page.text(); len(page.all("form", "action", launch+"/person")) != 1 || strings.Contains(text, joe) {
		t.Errorf("page: want a form to go on, and the other one masked\n%s", text)
	}
	if b.session() != session {
		t.Error("session: it changed before the answer")
	}
	b.get("/pushes").want(http.StatusOK).says(jane)
	if now := h.connection(jane); now != before {
		t.Errorf("connection: got %+v, want it untouched", now)
	}

	// as jane after all
	b.get(b.atWiseAgent(b.post(launch+"/wiseagent", nil).to(h.wiseURL), jane, allScopes...)).to(launch)
	b.ready(launch).says(jane)
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if access, refresh := h.wise.LiveTokens(joe); access+refresh == 0 {
			break
		} else if time.Now().After(end) {
			t.Fatalf("joe's tokens: %d and %d live, want none", access, refresh)
		}
	}

	// and now as joe
	b.get(b.atWiseAgent(b.post(launch+"/wiseagent", nil).to(h.wiseURL), joe, allScopes...)).to(launch)
	b.post(launch+"/person", nil).to(launch)
	if b.session() == session {
		t.Error("session: it stays jane's")
	}
	b.get(launch).want(http.StatusOK).says(joe, "Mojo PIN")
	b.post(launch+"/mojo", fran()).to(launch)
	b.ready(launch).says(joe)
	if now := h.connection(jane); now.ID != before.ID || now.State != store.StateConnected {
		t.Errorf("jane's connection: got %+v, want it connected as before", now)
	}
}
