package bridge_test

import (
	"errors"
	"testing"
	"time"

	"addtomojo/bridge"
	"addtomojo/sandbox/fault"
	wisebox "addtomojo/sandbox/wiseagent"
	"addtomojo/store"
)

const other = "8840" // of mojobox.Sample: Fran's account

// fran is the right sign-in of another Mojo account, by Kate.
func fran(launch store.Launch) bridge.MojoSignIn {
	return bridge.MojoSignIn{LaunchID: launch.ID, Email: kate, PIN: "310577", Login: "fran", Password: "fran-sandbox"}
}

// asks signs Kate in with another Mojo account than the one she is connected with.
func (w *town) asks(conn store.Connection) store.Launch {
	w.t.Helper()
	launch := w.launch("1")
	joined, err := w.SignInMojo(w.t.Context(), fran(launch))
	if err != nil || joined.Connection == nil || joined.Connection.ID != conn.ID || joined.Connection.MojoAccountID != account {
		w.t.Fatalf("signing in with another Mojo account: %+v, %v; want the connection as it is", joined, err)
	}
	in, err := w.SignIn(w.t.Context(), launch.ID)
	if err != nil || in.Mojo == nil || in.Mojo.AccountID != other {
		w.t.Fatalf("the sign-in holds %+v, %v; want the other account's side", in, err)
	}
	return launch
}

func TestAnotherMojoAccountWaitsForAYes(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		w.ResetGrace = 20 * time.Second
		c := w.pushed(3)
		launch := w.asks(c.conn)
		w.wiseFaults.Add(fault.Rule{Endpoint: "addContactNote", Kind: fault.Latency, Delay: 100 * time.Millisecond})
		w.stop()
		w.calls(c, 1, 6)
		w.run()
		done, err := w.Switch(t.Context(), c.conn, launch.ID)
		w.need(err)
		fresh := done.Connection
		if fresh == nil || fresh.MojoAccountID != other || fresh.Email != kate || fresh.State != store.StateConnected {
			t.Fatalf("switched to %+v, want Kate with the other account", fresh)
		}
		w.isReset(c)
		w.noTokens(account)
		if l := w.ledger(c); done.Ended.Delivered == 0 || l.Written != 6 {
			t.Errorf("the switch tells %+v, the ledger is %+v; want all 6 calls written, those that still waited by the grace", done.Ended, l)
		}
		if _, err := w.Groups(t.Context(), *fresh, true); err != nil {
			t.Errorf("groups of the new account: %v", err)
		}
		links, err := w.Store.Links(t.Context(), fresh.ID, c.ids)
		w.need(err)
		if len(links) > 0 {
			t.Errorf("%d links went over, want none", len(links))
		}
		if _, err := w.Preflight(t.Context(), *fresh, w.launch(c.ids...)); err != nil {
			t.Errorf("contacts by the new connection: %v, want Wise Agent's tokens to have come over", err)
		}
		again, err := w.Switch(t.Context(), *fresh, launch.ID)
		if err != nil || again.Connection == nil || again.Connection.ID != fresh.ID {
			t.Errorf("pressed twice: %+v, %v; want the same connection", again.Connection, err)
		}
	})
}

func TestKeepingTheMojoAccountRevokesTheOther(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn := w.connected()
		launch := w.asks(conn)
		w.need(w.Keep(t.Context(), launch.ID))
		w.noTokens(other)
		now, err := w.Connection(t.Context(), kate)
		if err != nil || now.ID != conn.ID || now.State != store.StateConnected || now.Ending() {
			t.Errorf("the connection is %+v, %v; want it untouched", now, err)
		}
		if _, err := w.Groups(t.Context(), conn, true); err != nil {
			t.Errorf("groups: %v", err)
		}
	})
}

func TestAnUnansweredSwitchExpires(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		w.asks(w.connected())
		w.stop()
		w.skew.Add(int64(31 * time.Minute))
		w.run() // it tidies when it starts
		w.noTokens(other)
	})
}

func TestATakenMojoAccountIsRefusedBeforeAnythingEnds(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn := w.connected()
		launch := w.asks(conn)
		w.wise.AddUser(wisebox.User{Email: "omar@example.org", Password: password, First: "Omar", Last: "Haddad"})
		theirs, err := w.Launch(t.Context(), bridge.LaunchRequest{Contacts: "1"})
		w.need(err)
		in := fran(theirs)
		in.Email = ""
		_, err = w.SignInMojo(t.Context(), in)
		w.need(err)
		_, err = w.allow(theirs, "omar@example.org", allScopes...)
		w.need(err)

		var taken *bridge.TakenError
		if _, err := w.SignInMojo(t.Context(), fran(w.launch("1"))); !errors.As(err, &taken) || taken.Masked != "o***@example.org" {
			t.Errorf("signing in with it: %v, want a TakenError", err)
		}
		if _, err := w.Switch(t.Context(), conn, launch.ID); !errors.As(err, &taken) {
			t.Errorf("switching to it: %v, want a TakenError", err)
		}
		now, err := w.Connection(t.Context(), kate)
		if err != nil || now.ID != conn.ID || now.Ending() {
			t.Errorf("the connection is %+v, %v; want it untouched", now, err)
		}
		w.eventually("only Omar's tokens live", func() bool {
			_, refresh := w.mojo.LiveTokens(other)
			return refresh == 1
		})
	})
}

// Wise Agent's side needs a sign-in too: the old connection ends, and the rest is a first sign-in.
func TestSwitchWithoutWiseAgent(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn := w.connected()
		w.need(w.Store.NeedSignIn(t.Context(), conn.ID, store.Wise, "Ended.", 1, w.Now()))
		launch := w.asks(conn)
		done, err := w.Switch(t.Context(), conn, launch.ID)
		if err != nil || done.Connection != nil {
			t.Fatalf("switched to %+v, %v; want Wise Agent asked first", done.Connection, err)
		}
		joined, err := w.allow(launch, kate, allScopes...)
		if err != nil || joined.Connection == nil || joined.Connection.MojoAccountID != other {
			t.Errorf("after the consent: %+v, %v; want the other account", joined, err)
		}
	})
}

// The other account's side comes before anybody knows who that is.
func TestAnotherMojoAccountInAFreshBrowser(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn := w.connected()
		launch, err := w.Launch(t.Context(), bridge.LaunchRequest{Contacts: "1"})
		w.need(err)
		in := fran(launch)
		in.Email = ""
		_, err = w.SignInMojo(t.Context(), in)
		w.need(err)
		joined, err := w.allow(launch, kate, allScopes...)
		if err != nil || joined.Connection == nil || joined.Connection.ID != conn.ID || joined.Connection.MojoAccountID != account {
			t.Fatalf("after the consent: %+v, %v; want the connection as it is, and the question open", joined, err)
		}
		done, err := w.Switch(t.Context(), conn, launch.ID)
		if err != nil || done.Connection == nil || done.Connection.MojoAccountID != other {
			t.Errorf("switched to %+v, %v; want the other account", done.Connection, err)
		}
		w.need(w.reset(*done.Connection))
		w.eventually("no token of Wise Agent lives", func() bool {
			access, refresh := w.wise.LiveTokens(kate)
			return access+refresh == 0
		})
	})
}

func TestASwitchWaitsForARefreshUnderWay(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn := w.connected()
		launch := w.asks(conn)
		w.wise.ExpireTokens(kate)
		w.wiseFaults.Add(fault.Rule{Endpoint: "token", Kind: fault.Late, Delay: 700 * time.Millisecond, Times: 1})
		go w.Preflight(t.Context(), conn, w.launch(w.contacts(1)...))
		w.eventually("Wise Agent has rotated", func() bool { return w.wise.RefreshCount() == 1 })
		done, err := w.Switch(t.Context(), conn, launch.ID)
		if err != nil || done.Connection == nil {
			t.Fatalf("switched to %+v, %v; want a connection", done.Connection, err)
		}
		if _, err := w.Preflight(t.Context(), *done.Connection, w.launch(w.contacts(1)...)); err != nil {
			t.Errorf("contacts by the new connection: %v, want it to have the fresh tokens", err)
		}
	})
}

// allowAs comes back from Wise Agent as somebody, in a browser where somebody is signed in.
func (w *town) allowAs(launch store.Launch, signedIn, email string) (bridge.Joined, error) {
	w.t.Helper()
	address, err := w.StartConsent(w.t.Context(), launch.ID, "browser")
	w.need(err)
	return w.FinishConsent(w.t.Context(), "browser", signedIn, w.consent(address, email, password, allScopes...))
}

const omar = "omar@example.org"

// unsigned is a launch that proves nobody.
func (w *town) unsigned() store.Launch {
	w.t.Helper()
	launch, err := w.Launch(w.t.Context(), bridge.LaunchRequest{Contacts: "1"})
	w.need(err)
	return launch
}

func TestAnotherPersonWaitsForAYes(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn := w.connected()
		w.wise.AddUser(wisebox.User{Email: omar, Password: password, First: "Omar", Last: "Haddad"})
		before := w.wise.Requests()["token"]
		launch := w.unsigned()
		joined, err := w.allowAs(launch, kate, omar)
		if err != nil || joined.Email != "" || joined.Connection != nil {
			t.Fatalf("coming back as another: %+v, %v; want nobody named", joined, err)
		}
		in, err := w.SignIn(t.Context(), launch.ID)
		if err != nil || in.Wise == nil || in.Wise.Email != omar || !in.Wise.Unconfirmed {
			t.Fatalf("the sign-in holds %+v, %v; want Omar's side, unconfirmed", in.Wise, err)
		}
		if now, err := w.Connection(t.Context(), kate); err != nil || now.ID != conn.ID || now.State != store.StateConnected {
			t.Errorf("Kate's connection is %+v, %v; want it untouched", now, err)
		}
		// Mojo's side may come before the answer: nothing is joined.
		if joined, err := w.SignInMojo(t.Context(), bridge.MojoSignIn{LaunchID: launch.ID, PIN: "310577", Login: "fran", Password: "fran-sandbox"}); err != nil || joined.Connection != nil {
			t.Errorf("Mojo's side before the answer: %+v, %v; want nothing joined", joined, err)
		}
		joined, err = w.GoOn(t.Context(), launch.ID)
		if err != nil || joined.Email != omar || joined.Connection == nil || joined.Connection.MojoAccountID != other {
			t.Errorf("going on: %+v, %v; want Omar connected with his Mojo account", joined, err)
		}
		if n := w.wise.Requests()["token"] - before; n != 1 {
			t.Errorf("%d token requests, want the one of the consent", n)
		}
	})
}

func TestGoingOnAsSomebodyWhoIsConnected(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn := w.connected()
		w.need(w.Store.NeedSignIn(t.Context(), conn.ID, store.Wise, "Ended.", 1, w.Now()))
		launch := w.unsigned()
		_, err := w.allowAs(launch, omar, kate)
		w.need(err)
		if now, err := w.Connection(t.Context(), kate); err != nil || now.State != store.StateNeedsSignIn {
			t.Errorf("before the answer the connection is %s, %v; want it as it was", now.State, err)
		}
		joined, err := w.GoOn(t.Context(), launch.ID)
		if err != nil || joined.Email != kate || joined.Connection == nil || joined.Connection.ID != conn.ID || joined.Connection.State != store.StateConnected {
			t.Errorf("going on: %+v, %v; want Kate's connection, connected", joined, err)
		}
		again, err := w.GoOn(t.Context(), launch.ID) // pressed twice
		if err != nil || again.Connection != nil && again.Connection.ID != conn.ID {
			t.Errorf("going on twice: %+v, %v", again, err)
		}
	})
}

func TestNotGoingOnRevokes(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn := w.connected()
		w.wise.AddUser(wisebox.User{Email: omar, Password: password, First: "Omar", Last: "Haddad"})
		launch := w.unsigned()
		_, err := w.allowAs(launch, kate, omar)
		w.need(err)
		joined, err := w.allowAs(launch, kate, kate) // signs in as the right one
		if err != nil || joined.Connection == nil || joined.Connection.ID != conn.ID {
			t.Errorf("coming back as Kate: %+v, %v; want her connection", joined, err)
		}
		w.eventually("Omar's tokens are revoked", func() bool {
			access, refresh := w.wise.LiveTokens(omar)
			return access+refresh == 0
		})
		if in, err := w.SignIn(t.Context(), launch.ID); err != nil || in.Wise != nil {
			t.Errorf("the sign-in holds %+v, %v; want nothing of Omar's", in.Wise, err)
		}
	})
}
