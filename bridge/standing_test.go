package bridge_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"addtomojo/bridge"
	"addtomojo/sandbox/fault"
	mojobox "addtomojo/sandbox/mojo"
	"addtomojo/store"
	"addtomojo/store/storetest"

	"golang.org/x/oauth2"
)

func (w *town) standing(conn store.Connection) bridge.Standing {
	w.t.Helper()
	conn, err := w.Store.Connection(w.t.Context(), conn.ID)
	w.need(err)
	s, err := w.Standing(w.t.Context(), conn)
	w.need(err)
	return s
}

func (w *town) findings(conn store.Connection) []bridge.Finding {
	w.t.Helper()
	conn, err := w.Store.Connection(w.t.Context(), conn.ID)
	w.need(err)
	list, err := w.Findings(w.t.Context(), conn, w.standing(conn))
	w.need(err)
	return list
}

func TestAnAgentWhoBecameADialingRepNeedsASignIn(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn := w.connected()
		w.mojo.SetPermission(account, "31", "dialing_rep")
		w.mojo.ExpireTokens(account)
		if _, err := w.Groups(t.Context(), conn, true); !errors.Is(err, bridge.ErrNeedsSignIn) {
			t.Fatalf("groups for a dialing rep: %v, want ErrNeedsSignIn", err)
		}
		got := w.standing(conn)
		if got.State != bridge.NeedsSignIn || len(got.NeedsSignIn()) != 1 || got.NeedsSignIn()[0].Partner != bridge.MojoName ||
			!strings.Contains(got.NeedsSignIn()[0].Cause, "dialing rep") {
			t.Errorf("standing %+v, want that Mojo's side needs a sign-in since the login is a dialing rep", got)
		}
		w.eventually("the fresh tokens are revoked", func() bool {
			access, refresh := w.mojo.LiveTokens(account)
			return access+refresh == 0
		})
	})
}

// Another agent of the same Mojo account may sign in again: the connection then tells of that one.
func TestWhoSignsInAgainIsTheConnectionsAgent(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn := w.connected()
		w.lose(conn.ID, store.Mojo)
		link, err := w.ReconnectLink(t.Context(), conn)
		w.need(err)
		byLink, err := w.OpenReconnectLink(t.Context(), link[strings.LastIndex(link, "/")+1:])
		w.need(err)
		for _, again := range []struct {
			launch          store.Launch
			email, login, n string
		}{{w.launch("1"), kate, "sam", "Sam Okafor"}, {byLink, "", "uma", "Uma Lindqvist"}} {
			w.lose(conn.ID, store.Mojo)
			_, err := w.SignInMojo(t.Context(), bridge.MojoSignIn{LaunchID: again.launch.ID, Email: again.email, PIN: "482913", Login: again.login, Password: again.login + "-sandbox"})
			w.need(err)
			got, err := w.Store.Connection(t.Context(), conn.ID)
			w.need(err)
			if got.State != store.StateConnected || got.MojoLogin != again.login || got.MojoAgentName != again.n {
				t.Errorf("after %s signed in: %+v, want that agent", again.login, got)
			}
			if found, _, err := w.Store.Search(t.Context(), again.n, 5); err != nil || len(found) != 1 {
				t.Errorf("support finds %d by %s, %v", len(found), again.n, err)
			}
		}
	})
}

func TestASilentSideIsAskedAgainUntilItAnswers(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn := w.connected()
		w.stop()
		w.ProbeLook = 20 * time.Millisecond
		w.run()
		w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointGroups, Kind: fault.ServerError, Status: 503})
		w.Groups(t.Context(), conn, true)
		w.eventually("Mojo counts as silent", func() bool { return len(w.standing(conn).Silent()) == 1 })
		silent := w.standing(conn)
		if silent.State != bridge.Connected || silent.Silent()[0].Partner != bridge.MojoName || silent.Silent()[0].Since.IsZero() {
			t.Errorf("standing %+v, want connected, with Mojo silent since just now", silent)
		}
		if list := w.findings(conn); len(list) != 1 || !list[0].Calm || !strings.Contains(list[0].What, "Mojo isn't answering") {
			t.Errorf("findings %+v, want one calm one that names Mojo", list)
		}
		w.skew.Add(int64(2 * time.Minute))
		w.eventually("it was asked again", func() bool { return w.standing(conn).Sides[1].State == bridge.SideSilent })
		w.mojoFaults.Clear()
		w.skew.Add(int64(2 * time.Minute))
		w.eventually("Mojo counts as well again", func() bool {
			s := w.standing(conn)
			return len(s.Silent()) == 0 && s.Sides[1].GoodAt.After(silent.Silent()[0].Since)
		})
	})
}

func TestTestNowSaysWhatEachSideAnswers(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn := w.connected()
		wise, mojo := w.TestNow(t.Context(), conn)
		if wise != nil || mojo != nil {
			t.Fatalf("a healthy connection: %v, %v, want nothing wrong", wise, mojo)
		}
		if s := w.standing(conn); s.Sides[0].GoodAt.IsZero() || s.Sides[1].GoodAt.IsZero() {
			t.Errorf("standing %+v, want that both sides are known to have answered", s)
		}
		w.mojo.RevokeTokens(account)
		w.wiseFaults.Add(fault.Rule{Endpoint: "getUser", Kind: fault.HTML})
		wise, mojo = w.TestNow(t.Context(), conn)
		got := [2]string{bridge.TestWords(bridge.WiseAgent, wise), bridge.TestWords(bridge.MojoName, mojo)}
		want := [2]string{"Wise Agent isn't answering as it should.", "Mojo needs a new sign-in."}
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestHooksThatWereTurnedAwayAreAFindingUntilAGoodOneComes(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn := w.connected()
		body := []byte(`{"type": "call.completed", "data": {"account_id": 8812}}`)
		w.RefuseHook(body, store.HookSignature, 0)
		w.RefuseHook(body, store.HookSignature, 0)
		w.RefuseHook([]byte(`{"type": "call.completed", "data": {"account_id": "nobody's"}}`), store.HookSignature, 0)
		w.RefuseHook([]byte(`<html>`), store.HookSignature, 0)
		w.RefuseHook(body, store.HookClock, 7*time.Minute)
		w.eventually("both are found", func() bool { return len(w.findings(conn)) == 2 })
		list := w.findings(conn)
		if !strings.Contains(list[0].What, "7 minutes behind ours") || !strings.Contains(list[1].What, "2 were turned away") {
			t.Errorf("findings %+v, want the clock by how much, and two with a wrong signature", list)
		}
		w.skew.Add(int64(time.Second))
		w.need(w.Receive(t.Context(), "good", []byte(`{"type": "lunch.eaten", "data": {"account_id": "8812", "contact": {"contact_id": 1}}}`)))
		w.eventually("a good hook ends both", func() bool { return len(w.findings(conn)) == 0 })
	})
}

func TestAnUnfinishedSignInWaitsForWiseAgent(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		launch := w.launch("26855")
		got, err := w.StandingOfLaunch(t.Context(), launch.ID, "")
		w.need(err)
		if got.State != bridge.NotConnected {
			t.Errorf("before any sign-in: %+v, want not connected", got)
		}
		_, err = w.SignInMojo(t.Context(), bridge.MojoSignIn{LaunchID: launch.ID, PIN: "482913", Login: "dana", Password: "dana-sandbox"})
		w.need(err)
		got, err = w.StandingOfLaunch(t.Context(), launch.ID, "")
		w.need(err)
		if got.State != bridge.WaitingForWise || got.Since.IsZero() {
			t.Errorf("after Mojo's half: %+v, want waiting for Wise Agent since then", got)
		}
	})
}

func TestHealthOutlivesTheProcess(t *testing.T) {
	w := newTown(t, storetest.Open(t, storetest.SQLite), mojobox.Config{})
	conn := w.connected()
	_, err := w.Groups(t.Context(), conn, true)
	w.need(err)
	w.stop() // at once
	if s := w.standing(conn); s.Sides[1].GoodAt.IsZero() {
		t.Errorf("standing %+v, want that Mojo's answer is known after a stop", s)
	}
}

// Wise Agent answers, if only for somebody who changed the e-mail there: that is not silence.
func TestAnAnswerForAnotherAccountIsAnAnswer(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn := w.connected()
		w.stop()
		w.ProbeLook = 20 * time.Millisecond
		w.run()
		w.wiseFaults.Add(fault.Rule{Endpoint: "getUser", Kind: fault.ServerError, Status: 503, Times: 1})
		w.TestNow(t.Context(), conn)
		w.eventually("Wise Agent counts as silent", func() bool { return len(w.standing(conn).Silent()) == 1 })
		w.instead.Store("getUser", `[{"First":"Kate","Last":"Moreno","Email":"kate@new.example.com"}]`)
		w.skew.Add(int64(2 * time.Minute))
		w.eventually("Wise Agent counts as well again", func() bool { return len(w.standing(conn).Silent()) == 0 })
		wise, _ := w.TestNow(t.Context(), conn)
		if got := bridge.TestWords(bridge.WiseAgent, wise); !strings.Contains(got, "another account") {
			t.Errorf("the test says %q, want that it is another account", got)
		}
	})
}

// Sides that asked for patience must not keep others from being asked again.
func TestHeldSidesKeepNobodyFromBeingAsked(t *testing.T) {
	t.Parallel()
	w := newTown(t, storetest.Open(t, storetest.SQLite), mojobox.Config{})
	conn := w.connected()
	w.stop()
	w.wiseFaults.Add(fault.Rule{Endpoint: "getUser", Kind: fault.TooMany, RetryAfter: time.Hour, Times: 20})
	for i := range 20 {
		held, err := w.Store.Connect(t.Context(), store.Connection{
			Email: fmt.Sprintf("held%d@example.com", i), Scopes: "profile contacts team", MojoAccountID: fmt.Sprint(70000 + i),
			MojoAccountURL: "http://127.0.0.1:1", CreatedAt: w.Now(),
		}, &oauth2.Token{AccessToken: "m"}, &oauth2.Token{AccessToken: "w"}, "")
		w.need(err)
		w.TestNow(t.Context(), held)
	}
	w.skew.Add(int64(time.Second))
	w.need(w.Store.SaveHealth(t.Context(), []store.Health{{ConnectionID: conn.ID, Way: store.WayWise, BadAt: w.Now(), BadSince: w.Now(), Cause: "Slow."}}))
	w.skew.Add(int64(5 * time.Minute))
	w.ProbeLook = 20 * time.Millisecond
	w.run()
	w.eventually("the last one is well again", func() bool { return len(w.standing(conn).Silent()) == 0 })
}

func TestASideIsWellAgainAfterOurClockWentBack(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn := w.connected()
		w.skew.Add(int64(24 * time.Hour))
		w.wiseFaults.Add(fault.Rule{Endpoint: "getUser", Kind: fault.ServerError, Status: 503, Times: 1})
		w.TestNow(t.Context(), conn)
		if len(w.standing(conn).Silent()) != 1 {
			t.Fatalf("standing %+v, want Wise Agent silent", w.standing(conn))
		}
		w.skew.Add(-int64(24 * time.Hour))
		w.TestNow(t.Context(), conn)
		if s := w.standing(conn); len(s.Silent()) != 0 {
			t.Errorf("standing %+v, want both sides well", s)
		}
	})
}
