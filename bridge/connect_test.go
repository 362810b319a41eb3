package bridge_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"addtomojo/bridge"
	"addtomojo/mojo"
	"addtomojo/sandbox/fault"
	mojobox "addtomojo/sandbox/mojo"
	wisebox "addtomojo/sandbox/wiseagent"
	"addtomojo/store"
	"addtomojo/wiseagent"
)

// dana is the right sign-in of Ruiz Realty Group's owner.
func dana(launch store.Launch) bridge.MojoSignIn {
	return bridge.MojoSignIn{LaunchID: launch.ID, Address: "192.0.2.7", PIN: "482913", Login: "dana", Password: "dana-sandbox"}
}

// allow signs in with Wise Agent in one browser and comes back with the scopes.
func (w *town) allow(launch store.Launch, email string, scopes ...string) (bridge.Joined, error) {
	w.t.Helper()
	address, err := w.StartConsent(w.t.Context(), launch.ID, "browser")
	w.need(err)
	return w.FinishConsent(w.t.Context(), "browser", "", w.consent(address, email, password, scopes...))
}

var allScopes = strings.Fields(wiseagent.Scopes)

func TestAConnectionNeedsBothSidesInEitherOrder(t *testing.T) {
	t.Run("Mojo first", func(t *testing.T) {
		everyEngine(t, func(t *testing.T, w *town) {
			launch := w.launch(w.contacts(1)...)
			joined, err := w.SignInMojo(t.Context(), dana(launch))
			w.need(err)
			if joined.Connection != nil {
				t.Fatal("connected with Mojo's side alone")
			}
			if _, err := w.Connection(t.Context(), kate); !errors.Is(err, store.ErrNotFound) {
				t.Fatalf("connection after one side: %v, want none", err)
			}
			joined, err = w.allow(launch, kate, allScopes...)
			w.need(err)
			c := joined.Connection
			if c == nil || c.Email != kate || c.MojoAccountID != account || c.MojoLogin != "dana" || c.State != store.StateConnected {
				t.Errorf("connection %+v, want Kate with Ruiz Realty Group", c)
			}
		})
	})
	t.Run("Wise Agent first", func(t *testing.T) {
		everyEngine(t, func(t *testing.T, w *town) {
			launch := w.launch(w.contacts(1)...)
			joined, err := w.allow(launch, kate, "profile", "contacts")
			w.need(err)
			if joined.Connection != nil || joined.Email != kate {
				t.Fatalf("after one side: %+v, want the e-mail alone", joined)
			}
			joined, err = w.SignInMojo(t.Context(), dana(launch))
			w.need(err)
			if c := joined.Connection; c == nil || c.State != store.StateLimited {
				t.Errorf("connection %+v, want limited: the team scope was denied", c)
			}
		})
	})
}

func TestDeniedScopesConnectNothingAndLeaveNoToken(t *testing.T) {
	for _, test := range []struct {
		given   []string
		missing []string
	}{
		{[]string{"profile", "team"}, []string{"contacts"}},
		{[]string{"contacts"}, []string{"profile"}},
		{[]string{"team"}, []string{"profile", "contacts"}},
	} {
		t.Run(strings.Join(test.given, " "), func(t *testing.T) {
			everyEngine(t, func(t *testing.T, w *town) {
				_, err := w.allow(w.launch(w.contacts(1)...), kate, test.given...)
				var denied *bridge.ScopeError
				if !errors.As(err, &denied) || fmt.Sprint(denied.Missing) != fmt.Sprint(test.missing) {
					t.Errorf("consent gives %v, want missing %v", err, test.missing)
				}
				if access, refresh := w.wise.LiveTokens(kate); access+refresh != 0 {
					t.Errorf("%d access and %d refresh tokens live, want none", access, refresh)
				}
			})
		})
	}
	t.Run("nothing", func(t *testing.T) {
		everyEngine(t, func(t *testing.T, w *town) {
			if _, err := w.allow(w.launch(w.contacts(1)...), kate); !errors.Is(err, bridge.ErrConsentDenied) {
				t.Errorf("consent gives %v, want ErrConsentDenied", err)
			}
		})
	})
}

func TestAConsentBelongsToOneBrowserAndCountsOnce(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		launch := w.launch(w.contacts(1)...)
		begin := func() url.Values {
			address, err := w.StartConsent(t.Context(), launch.ID, "browser")
			w.need(err)
			return w.consent(address, kate, password, allScopes...)
		}
		if _, err := w.FinishConsent(t.Context(), "another browser", "", begin()); !errors.Is(err, bridge.ErrOtherBrowser) {
			t.Errorf("in another browser: %v, want ErrOtherBrowser", err)
		}
		if n := w.wise.Requests()["token"]; n != 0 {
			t.Errorf("%d token calls for another browser's code, want none", n)
		}
		query := begin()
		_, err := w.FinishConsent(t.Context(), "browser", "", query)
		w.need(err)
		if _, err := w.FinishConsent(t.Context(), "browser", "", query); !errors.Is(err, bridge.ErrConsentExpired) {
			t.Errorf("a second time: %v, want ErrConsentExpired", err)
		}
		late := begin()
		w.skew.Store(int64(11 * time.Minute))
		if _, err := w.FinishConsent(t.Context(), "browser", "", late); !errors.Is(err, bridge.ErrConsentExpired) {
			t.Errorf("after eleven minutes: %v, want ErrConsentExpired", err)
		}
		late.Set("state", "guessed")
		if _, err := w.FinishConsent(t.Context(), "browser", "", late); !errors.Is(err, bridge.ErrConsentExpired) {
			t.Errorf("with a guessed state: %v, want ErrConsentExpired", err)
		}
	})
}

func TestRefusedMojoSignInsLeaveNoToken(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		launch := w.launch(w.contacts(1)...)
		rep := dana(launch)
		rep.Login, rep.Password = "dex", "dex-sandbox"
		var refused *bridge.DialingRepError
		if _, err := w.SignInMojo(t.Context(), rep); !errors.As(err, &refused) {
			t.Errorf("a dialing rep: %v, want a DialingRepError", err)
		}
		w.noTokens(account)
		closed := bridge.MojoSignIn{LaunchID: launch.ID, PIN: "774120", Login: "cora", Password: "cora-sandbox"}
		if _, err := w.SignInMojo(t.Context(), closed); !errors.Is(err, mojo.ErrSuspended) {
			t.Errorf("a suspended account: %v, want ErrSuspended", err)
		}
		wrong := dana(launch)
		wrong.Password = "guess"
		if _, err := w.SignInMojo(t.Context(), wrong); !errors.Is(err, mojo.ErrCredentials) {
			t.Errorf("a wrong password: %v, want ErrCredentials", err)
		}
		w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointToken, Kind: fault.HTML})
		var down *bridge.DownError
		if _, err := w.SignInMojo(t.Context(), dana(launch)); !errors.As(err, &down) || down.Partner != bridge.MojoName {
			t.Errorf("Mojo answers a page: %v, want a DownError", err)
		}
	})
}

// noTokens waits until both tokens of a refused sign-in are revoked.
func (w *town) noTokens(account string) {
	w.t.Helper()
	w.eventually("no token of Mojo lives for account "+account, func() bool {
		access, refresh := w.mojo.LiveTokens(account)
		return access+refresh == 0
	})
}

func TestAMojoAccountBelongsToOneWiseAgentAccount(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		first := w.connected()
		w.wise.AddUser(wisebox.User{Email: "omar@example.org", Password: password, First: "Omar", Last: "Haddad"})
		launch, err := w.Launch(t.Context(), bridge.LaunchRequest{Contacts: "1"})
		w.need(err)
		_, err = w.SignInMojo(t.Context(), dana(launch))
		w.need(err)
		_, err = w.allow(launch, "omar@example.org", allScopes...)
		var taken *bridge.TakenError
		if !errors.As(err, &taken) || taken.Masked != "k***@example.com" {
			t.Fatalf("the second account: %v, want a TakenError naming k***@example.com", err)
		}
		if in, err := w.SignIn(t.Context(), launch.ID); err != nil || in.Mojo != nil || in.Wise != nil {
			t.Errorf("the sign-in still holds %+v, %v; want nothing", in, err)
		}
		w.eventually("the fresh tokens are revoked", func() bool {
			access, refresh := w.wise.LiveTokens("omar@example.org")
			return access+refresh == 0
		})
		if conn, err := w.Connection(t.Context(), kate); err != nil || conn.ID != first.ID {
			t.Errorf("the first connection is %+v, %v; want it untouched", conn, err)
		}

		w.need(w.reset(first))
		launch, err = w.Launch(t.Context(), bridge.LaunchRequest{Contacts: "1"})
		w.need(err)
		_, err = w.SignInMojo(t.Context(), dana(launch))
		w.need(err)
		if joined, err := w.allow(launch, "omar@example.org", allScopes...); err != nil || joined.Connection == nil {
			t.Errorf("after the first was reset: %+v, %v; want a connection", joined, err)
		}
	})
}

// eventually waits until something holds, and ends the test when it doesn't: nothing that follows would mean anything.
func (w *town) eventually(what string, holds func() bool) {
	w.t.Helper()
	for end := time.Now().Add(20 * time.Second); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatalf("not after 20 s: %s", what)
		}
	}
}

func TestALaunchForOnePersonIsNotSignedInAsAnother(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		w.wise.AddUser(wisebox.User{Email: "omar@example.org", Password: password})
		launch, err := w.Launch(t.Context(), bridge.LaunchRequest{Contacts: "1", Signed: true, Email: kate, Nonce: "once"})
		w.need(err)
		_, err = w.allow(launch, "omar@example.org", allScopes...)
		var other *bridge.OtherPersonError
		if !errors.As(err, &other) || other.Launched != "k***@example.com" || other.SignedIn != "o***@example.org" {
			t.Errorf("signing in as another: %v, want an OtherPersonError", err)
		}
		if _, err := w.Launch(t.Context(), bridge.LaunchRequest{Contacts: "1", Signed: true, Email: kate, Nonce: "once"}); !errors.Is(err, bridge.ErrLaunchUsed) {
			t.Errorf("the same nonce again: %v, want ErrLaunchUsed", err)
		}
	})
}

func TestSigningInAgainKeepsTheConnection(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		before := w.connected()
		group := w.mojo.AddGroup(account, "Spring")
		_, err := w.Groups(t.Context(), before, true)
		w.need(err)
		w.mojo.RevokeTokens(account)
		w.wise.RevokeTokens(kate)
		push := w.begin(before, group, w.contacts(3)...)
		w.until(before, push, func(p bridge.Progress) bool { return p.Push.State == store.PushPaused })

		launch := w.launch("1")
		_, err = w.allow(launch, kate, allScopes...)
		w.need(err)
		in := dana(launch)
		in.Email = kate
		joined, err := w.SignInMojo(t.Context(), in)
		w.need(err)
		if joined.Connection == nil || joined.Connection.ID != before.ID || joined.Connection.State != store.StateConnected {
			t.Errorf("signed in again: %+v, want the connection %s, connected", joined.Connection, before.ID)
		}
		if got := w.end(before, push); got.All.Added != 3 {
			t.Errorf("the paused push ends with %+v, want 3 added", got.All)
		}
	})
}

func TestWrongSignInsWaitLongerAndLonger(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		w.frozen.Store(true)
		launch := w.launch("1")
		wrong := dana(launch)
		wrong.Password = "guess"
		var wait *bridge.WaitError
		for i := range 6 {
			if _, err := w.SignInMojo(t.Context(), wrong); !errors.Is(err, mojo.ErrCredentials) {
				t.Fatalf("wrong try %d: %v, want ErrCredentials", i+1, err)
			}
		}
		before := w.mojo.Requests()[mojobox.EndpointToken]
		if _, err := w.SignInMojo(t.Context(), wrong); !errors.As(err, &wait) {
			t.Fatalf("the seventh try at once: %v, want a WaitError", err)
		}
		if _, err := w.SignInMojo(t.Context(), dana(launch)); !errors.As(err, &wait) {
			t.Errorf("the right password while waiting: %v, want a WaitError", err)
		}
		if after := w.mojo.Requests()[mojobox.EndpointToken]; after != before {
			t.Errorf("Mojo was asked %d times while waiting, want none", after-before)
		}
		w.skew.Add(int64(2 * time.Second))
		if _, err := w.SignInMojo(t.Context(), dana(launch)); err != nil {
			t.Errorf("the right password after the wait: %v, want it let in", err)
		}
	})
}

func TestOneAddressCantWalkThroughThePINs(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		w.frozen.Store(true)
		launch := w.launch("1")
		var wait *bridge.WaitError
		reached := 0
		for i := range 60 {
			in := bridge.MojoSignIn{LaunchID: launch.ID, Address: "192.0.2.9", PIN: fmt.Sprint(100000 + i), Login: "dana", Password: "guess"}
			if _, err := w.SignInMojo(t.Context(), in); !errors.As(err, &wait) {
				reached++
			}
		}
		if reached > 31 {
			t.Errorf("%d of 60 guesses at once reached Mojo, want at most 31", reached)
		}
		if _, err := w.SignInMojo(t.Context(), dana(launch)); err != nil {
			t.Errorf("the owner from elsewhere: %v, want no wait", err)
		}
	})
}

func TestResetEndsEverythingAndRevokesBothSides(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn, group := w.connected(), w.mojo.AddGroup(account, "Spring")
		ids := w.contacts(100)
		w.BatchSize = 10
		w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkCreate, Kind: fault.Latency, Delay: 50 * time.Millisecond})
		push := w.begin(conn, group, ids...)
		w.until(conn, push, func(p bridge.Progress) bool { return p.All.Added >= 20 })
		w.need(w.reset(conn))
		w.need(w.reset(conn)) // pressed twice
		w.eventually("all tokens are dead on both sides", func() bool {
			ma, mr := w.mojo.LiveTokens(account)
			wa, wr := w.wise.LiveTokens(kate)
			return ma+mr+wa+wr == 0
		})
		w.eventually("no revocation row is left", func() bool {
			n, err := w.Store.Revocations(t.Context(), conn.ID)
			w.need(err)
			return n == 0
		})
		if _, err := w.Connection(t.Context(), kate); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("the connection after reset: %v, want none", err)
		}
		got, err := w.Progress(t.Context(), conn, push.ID)
		w.need(err)
		if got.Push.State != store.PushStopped || got.All.Waiting != 0 {
			t.Errorf("the push is %s with %+v, want it stopped with nothing waiting", got.Push.State, got.All)
		}
		calls := w.mojo.Requests()[mojobox.EndpointBulkCreate]
		if again := w.connected(); again.ID == conn.ID {
			t.Error("connecting again gives the old connection, want a new one")
		}
		if after := w.mojo.Requests()[mojobox.EndpointBulkCreate]; after != calls {
			t.Errorf("%d bulk creates after the reset, want none", after-calls)
		}
	})
}

func TestRevokingIsRepeatedWhileAPartnerIsDown(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn := w.connected()
		w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointRevoke, Kind: fault.ServerError, Status: 503})
		w.need(w.reset(conn))
		w.eventually("Wise Agent's tokens are dead, Mojo's wait", func() bool {
			n, err := w.Store.Revocations(t.Context(), conn.ID)
			wa, wr := w.wise.LiveTokens(kate)
			return err == nil && n == 2 && wa+wr == 0
		})
		w.mojoFaults.Clear()
		w.skew.Add(int64(10 * time.Second))
		w.eventually("Mojo's tokens are dead too", func() bool {
			n, err := w.Store.Revocations(t.Context(), conn.ID)
			return err == nil && n == 0
		})
		w.noTokens(account)
	})
}

func TestManyCallersShareOneRefresh(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn := w.connected()
		w.mojo.ExpireTokens(account)
		before := w.mojo.Requests()[mojobox.EndpointToken]
		second := w.instance() // another process on the same database
		var callers sync.WaitGroup
		for i := range 50 {
			from := w.Bridge
			if i%2 == 1 {
				from = second
			}
			callers.Go(func() {
				if _, err := from.Groups(t.Context(), conn, true); err != nil {
					t.Errorf("groups: %v", err)
				}
			})
		}
		callers.Wait()
		if n := w.mojo.Requests()[mojobox.EndpointToken] - before; n != 1 {
			t.Errorf("%d refreshes, want one", n)
		}
	})
}

// instance is the same service in what could be another process: it shares nothing but the database.
func (w *town) instance() *bridge.Bridge {
	silent := slog.New(slog.DiscardHandler) // it may go on after the test, since nobody ends it
	return &bridge.Bridge{Store: w.Store, Wise: w.Wise, Mojo: w.Mojo, BaseURL: w.BaseURL, Now: w.Now, Log: silent}
}

func TestAFailingTokenEndpointIsNoDeadConnection(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn := w.connected()
		w.mojo.ExpireTokens(account)
		w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointToken, Kind: fault.ServerError, Status: 503, Times: 5})
		for range 5 {
			if _, err := w.Groups(t.Context(), conn, true); err == nil {
				t.Fatal("groups came while the token endpoint failed")
			}
		}
		now, err := w.Connection(t.Context(), kate)
		w.need(err)
		if now.State != store.StateConnected {
			t.Errorf("state %s after five 503s, want connected", now.State)
		}
		if _, err := w.Groups(t.Context(), conn, true); err != nil {
			t.Errorf("groups once it works again: %v", err)
		}
	})
}

func TestGroupNames(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn := w.connected()
		for _, test := range []struct {
			name string
			want error
		}{
			{"  ", bridge.ErrGroupName}, {strings.Repeat("x", 300), bridge.ErrGroupNameLong},
			{"Hot Lead", mojo.ErrGroupTaken}, {" Spring\t2026 ", nil}, {"Spring 2026", mojo.ErrGroupTaken},
		} {
			if _, err := w.CreateGroup(t.Context(), conn, test.name); !errors.Is(err, test.want) {
				t.Errorf("group %.20q: %v, want %v", test.name, err, test.want)
			}
		}
		w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointCreateGroup, Kind: fault.CutAfter, Times: 1})
		if group, err := w.CreateGroup(t.Context(), conn, "Fall"); err != nil || group.Name != "Fall" {
			t.Errorf("a group whose answer was lost: %+v, %v; want it found", group, err)
		}
	})
}

func TestABrowserThatLeavesLeavesNoTokensBehind(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		launch := w.launch(w.contacts(1)...)
		slow := fault.Rule{Kind: fault.Latency, Delay: 300 * time.Millisecond, Times: 1}

		slow.Endpoint = mojobox.EndpointToken
		w.mojoFaults.Add(slow)
		leaving := w.leavingWhen(func() bool { return w.mojo.Requests()[mojobox.EndpointToken] > 0 })
		if _, err := w.SignInMojo(leaving, dana(launch)); err != nil {
			t.Errorf("signing in with Mojo: %v", err)
		}
		if in, err := w.SignIn(t.Context(), launch.ID); err != nil || in.Mojo == nil {
			t.Fatalf("the sign-in holds %+v, %v; want Mojo's side", in, err)
		}

		address, err := w.StartConsent(t.Context(), launch.ID, "browser")
		w.need(err)
		answer := w.consent(address, kate, password, allScopes...)
		slow.Endpoint = "token"
		w.wiseFaults.Add(slow)
		leaving = w.leavingWhen(func() bool { return w.wise.Requests()["token"] > 0 })
		joined, err := w.FinishConsent(leaving, "browser", "", answer)
		if err != nil || joined.Connection == nil {
			t.Errorf("coming back from Wise Agent: %+v, %v; want the connection", joined, err)
		}
	})
}

// leavingWhen is the context of a browser that leaves as soon as something holds.
func (w *town) leavingWhen(holds func() bool) context.Context {
	ctx, leave := context.WithCancel(w.t.Context())
	var watching sync.WaitGroup
	watching.Go(func() {
		defer leave()
		for !holds() && w.t.Context().Err() == nil {
			time.Sleep(5 * time.Millisecond)
		}
	})
	w.t.Cleanup(watching.Wait)
	return ctx
}

func TestASignInThatCantBeKeptLeavesNoTokens(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		in := dana(store.Launch{ID: store.NewID()}) // no such launch, so that the row is refused
		if _, err := w.SignInMojo(t.Context(), in); err == nil {
			t.Error("a sign-in for no launch is kept")
		}
		w.noTokens(account)
	})
}

func TestSigningInAgainInAFreshBrowserTakesOnePassword(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		before, group := w.connected(), w.mojo.AddGroup(account, "Spring")
		_, err := w.Groups(t.Context(), before, true)
		w.need(err)
		w.mojo.RevokeTokens(account)
		push := w.begin(before, group, w.contacts(3)...)
		w.until(before, push, func(p bridge.Progress) bool { return p.Push.State == store.PushPaused })

		launch, err := w.Launch(t.Context(), bridge.LaunchRequest{Contacts: "1"}) // nobody knows yet who that is
		w.need(err)
		_, err = w.SignInMojo(t.Context(), dana(launch))
		w.need(err)
		joined, err := w.allow(launch, kate, allScopes...)
		w.need(err)
		if c := joined.Connection; c == nil || c.ID != before.ID || c.State != store.StateConnected {
			t.Errorf("after both sides: %+v, want the connection %s, connected: Mojo's side was just given", c, before.ID)
		}
		if got := w.end(before, push); got.All.Added != 3 {
			t.Errorf("the paused push ends with %+v, want 3 added", got.All)
		}
	})
}
