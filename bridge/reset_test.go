package bridge_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"addtomojo/bridge"
	"addtomojo/sandbox/fault"
	mojobox "addtomojo/sandbox/mojo"
	wisebox "addtomojo/sandbox/wiseagent"
	"addtomojo/store"
	"addtomojo/store/storetest"
)

// ledger of a customer.
func (w *town) ledger(c customer) store.Ledger {
	w.t.Helper()
	l, err := w.Store.Ledger(w.t.Context(), c.conn.ID)
	w.need(err)
	return l
}

// resets resets a customer's connection and checks what came of what waited.
func (w *town) resets(c customer, delivered, excluded int, atMost time.Duration) {
	w.t.Helper()
	begin := time.Now()
	got, err := w.Reset(w.t.Context(), c.conn.ID)
	w.need(err)
	if want := (store.Ended{Delivered: delivered, Excluded: excluded}); got != want {
		w.t.Errorf("the reset tells %+v, want %+v", got, want)
	}
	if took := time.Since(begin); took > atMost {
		w.t.Errorf("the reset took %s, want at most %s", took, atMost)
	}
	w.isReset(c)
}

func (w *town) isReset(c customer) {
	w.t.Helper()
	now, err := w.Store.Connection(w.t.Context(), c.conn.ID)
	w.need(err)
	if l := w.ledger(c); now.State != store.StateReset || l.Waiting > 0 {
		w.t.Errorf("the connection is %s with ledger %+v, want it reset and nothing waiting", now.State, l)
	}
}

// failing makes each call fail once, so that all wait for their retry.
func (w *town) failing(c customer, first, n int) {
	w.t.Helper()
	rule := w.wiseFaults.Add(fault.Rule{Endpoint: fault.Any, Kind: fault.ServerError, Status: 503})
	w.calls(c, first, n)
	w.stands(func() int64 { return int64(w.total()) })
	w.wiseFaults.Remove(rule)
}

func TestResetDeliversWhatWaitsAlsoForARetry(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		w.frozen.Store(true) // no retry becomes due by itself
		w.ResetGrace = 20 * time.Second
		c := w.customer(1, 10)
		w.failing(c, 1, 30)
		if l := w.ledger(c); l.Waiting != 30 {
			t.Fatalf("ledger %+v, want 30 waiting", l)
		}
		w.resets(c, 30, 0, 15*time.Second)
		w.wantCalls(c, 1, 30)
		w.resets(c, 30, 0, time.Second) // asked again it tells the same
	})
}

func TestResetExcludesWhatCantBeDeliveredInTime(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		c := w.customer(1, 10)
		w.wiseFaults.Add(fault.Rule{Endpoint: fault.Any, Kind: fault.ServerError, Status: 503})
		w.calls(c, 1, 30)
		w.resets(c, 0, 30, 5*time.Second)
	})
}

func TestResetWaitsForNothing(t *testing.T) {
	t.Run("when nothing waits", func(t *testing.T) {
		everyEngine(t, func(t *testing.T, w *town) {
			w.ResetGrace = time.Minute
			w.resets(w.customer(1, 1), 0, 0, 5*time.Second)
		})
	})
	t.Run("when Wise Agent needs a sign-in", func(t *testing.T) {
		everyEngine(t, func(t *testing.T, w *town) {
			w.ResetGrace = time.Minute
			c := w.customer(1, 3)
			w.wise.RevokeTokens(c.email)
			w.calls(c, 1, 6)
			w.eventually("it needs a sign-in", func() bool {
				now, err := w.Store.Connection(t.Context(), c.conn.ID)
				return err == nil && now.State == store.StateNeedsSignIn
			})
			w.resets(c, 0, 6, 5*time.Second)
		})
	})
}

func TestResetDeliversAlsoWhenMojoNeedsASignIn(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		w.ResetGrace = 20 * time.Second
		c := w.customer(1, 3)
		w.need(w.Store.NeedSignIn(t.Context(), c.conn.ID, store.Mojo, "Mojo ended our access.", 1, w.Now()))
		w.calls(c, 1, 6)
		other := w.customer(2, 3) // whose calls came later, and are written
		w.calls(other, 1, 6)
		w.eventually("another customer's calls are written", func() bool { return w.ledger(other).Written == 6 })
		if l := w.ledger(c); l.Waiting != 6 {
			t.Fatalf("ledger %+v, want 6 waiting for the sign-in", l)
		}
		w.resets(c, 6, 0, 15*time.Second)
		w.wantCalls(c, 1, 6)
	})
}

func TestWhoeverHoldsTheLeaseDeliversBeforeAReset(t *testing.T) {
	url := storetest.URL(t, storetest.Postgres)
	w := newTown(t, storetest.At(t, url), mojobox.Config{})
	other := w.second("other", url)
	w.stop()
	w.Bridge = w.instance() // asks only
	w.ResetGrace = 20 * time.Second
	c := w.customer(1, 8)
	w.wiseFaults.Add(fault.Rule{Endpoint: "addContactNote", Kind: fault.Latency, Delay: 400 * time.Millisecond})
	w.calls(c, 1, 40, other.door())
	w.resets(c, 40, 0, 15*time.Second)
	w.wantCalls(c, 1, 40)
}

// One batch is at Mojo, the next ones are marked: only Mojo's answer tells of the one, and nobody need doubt of the others.
func TestResetSaysOfAPushWhatWasNotSent(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		w.BatchSize = 2
		conn, group := w.connected(), w.mojo.AddGroup(account, "Spring")
		w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkCreate, Kind: fault.Late, Delay: 500 * time.Millisecond})
		push := w.begin(conn, group, w.contacts(20)...)
		w.eventually("the second batch is at Mojo", func() bool { return w.mojo.Requests()[mojobox.EndpointBulkCreate] == 2 })
		w.need(w.reset(conn))
		w.saysWhatWasNotSent(conn, push, group, 4)
	})
}

func TestResetInAnotherProcessSaysOfAPushWhatWasNotSent(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t, storetest.Postgres)
	w := newTown(t, storetest.At(t, url), mojobox.Config{TellsAlreadyInGroup: true})
	w.BatchSize = 2
	conn, group := w.connected(), w.mojo.AddGroup(account, "Spring")
	w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkCreate, Kind: fault.Late, Delay: 2500 * time.Millisecond, After: 1})
	push := w.begin(conn, group, w.contacts(20)...)
	w.eventually("the second batch is at Mojo", func() bool { return w.mojo.Requests()[mojobox.EndpointBulkCreate] == 2 })
	asks := w.instance()
	asks.Store = storetest.At(t, url)
	_, err := asks.Reset(t.Context(), conn.ID)
	w.need(err)
	w.saysWhatWasNotSent(conn, push, group, 4)
}

// saysWhatWasNotSent waits until nothing is in doubt of a push that a reset stopped when so many were at Mojo or had been.
func (w *town) saysWhatWasNotSent(conn store.Connection, push store.Push, group int64, sent int) {
	w.t.Helper()
	var got bridge.Progress
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		var err error
		got, err = w.Progress(w.t.Context(), conn, push.ID)
		w.need(err)
		if got.All.Added == sent && got.All.Unsent == got.All.Total-sent && len(w.inGroup(group)) == sent {
			return
		}
	}
	w.t.Errorf("with %d in the group the push says %+v, %v; want %d added and the others never sent", len(w.inGroup(group)), got.All, w.reasons(push), sent)
}

// A lease that ends with its connection is no trouble; one that another process has taken is. The one that is taken begins after the
// reset: when it was to be renewed, so was the other.
func TestResetIsNoLostLease(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		w.ResetGrace = 100 * time.Millisecond
		gone, taken := w.customer(1, 1), w.customer(2, 1)
		w.wiseFaults.Add(fault.Rule{Endpoint: "addContactNote", Kind: fault.Latency, Delay: 3 * time.Second})
		underway := func(c customer, n int) {
			w.calls(c, 1, 1)
			w.eventually("the call is on its way", func() bool { return w.wise.Requests()["addContactNote"] == n })
		}
		underway(gone, 1)
		_, err := w.Reset(t.Context(), gone.conn.ID)
		w.need(err)
		underway(taken, 2)
		late := w.Now().Add(time.Minute)
		w.eventually("another process has the lease", func() bool {
			from, err := w.Store.Lessee(t.Context(), taken.conn.ID)
			w.need(err)
			got, err := w.Store.TakeOver(t.Context(), taken.conn.ID, "another process", from, late, late.Add(time.Minute))
			w.need(err)
			return got
		})
		lost := func(c customer) bool { return w.said(`"lease lost" connection=` + c.conn.ID) }
		w.eventually("the taken lease is lost", func() bool { return lost(taken) })
		w.stop()
		if lost(gone) {
			t.Error("a reset says that a lease is lost")
		}
	})
}

// A call that is at Wise Agent when the connection ends is heard to its end: its event is written, not one that may be.
func TestWhatIsAtWiseAgentDuringAResetIsHeard(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		w.ResetGrace = 100 * time.Millisecond
		c := w.customer(1, 3)
		w.wiseFaults.Add(fault.Rule{Endpoint: "addContactNote", Kind: fault.Late, Delay: 3 * time.Second}) // longer than a lease is renewed
		w.calls(c, 1, 3)
		w.eventually("the calls are on their way", func() bool { return w.wise.Requests()["addContactNote"] == 3 })
		_, err := w.Reset(t.Context(), c.conn.ID)
		w.need(err)
		w.isReset(c)
		w.eventually("the answers have told", func() bool { return w.ledger(c).Written == 3 })
		w.wantCalls(c, 1, 3)
	})
}

func TestWhatComesDuringAResetIsDeliveredOrExcluded(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		w.ResetGrace = 1500 * time.Millisecond
		c := w.customer(1, 10)
		w.wiseFaults.Add(fault.Rule{Endpoint: "addContactNote", Kind: fault.Latency, Delay: 50 * time.Millisecond})
		w.calls(c, 1, 100)
		var both sync.WaitGroup
		both.Go(func() { w.calls(c, 101, 200) })
		ended, err := w.Reset(t.Context(), c.conn.ID)
		w.need(err)
		both.Wait()
		w.isReset(c)
		w.eventually("what was under way has told", func() bool {
			notes := 0
			for i := range c.ids {
				notes += len(w.marks(c, i))
			}
			l := w.ledger(c)
			return l.Written == notes
		})
		elsewhere, err := w.Store.Ledger(t.Context(), "")
		w.need(err)
		l := w.ledger(c)
		if l.Received+elsewhere.Received != 300 || l.Received != l.Written+l.Excluded || ended.Delivered > l.Written || ended.Delivered == 0 {
			t.Errorf("the ledger is %+v with %d more of no connection, the reset told %+v; want 300 in all, each written or excluded", l, elsewhere.Received, ended)
		}
	})
}

// disconnect is the hook that Mojo sends when the customer ends the integration there.
func (w *town) disconnect(c customer, id string, at time.Time) {
	w.t.Helper()
	body := fmt.Sprintf(`{"type":"account.disconnected","timestamp":%q,"data":{"account_id":%q}}`, at.Format(time.RFC3339), c.account)
	w.need(w.Receive(w.t.Context(), id, []byte(body)))
}

func (w *town) eventuallyReset(c customer) {
	w.t.Helper()
	w.eventually("the connection is reset", func() bool {
		now, err := w.Store.Connection(w.t.Context(), c.conn.ID)
		return err == nil && now.State == store.StateReset
	})
	w.isReset(c)
}

func TestMojosDisconnectIsAnsweredAtOnceAndResetsBehind(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		w.ResetGrace = 20 * time.Second
		c := w.customer(1, 4)
		w.wiseFaults.Add(fault.Rule{Endpoint: "addContactNote", Kind: fault.Latency, Delay: 1500 * time.Millisecond})
		w.calls(c, 1, 8)
		begin := time.Now()
		w.disconnect(c, "end", w.Now())
		if took := time.Since(begin); took > time.Second {
			t.Errorf("the hook was answered after %s, want at once", took)
		}
		w.disconnect(c, "end", w.Now()) // told twice
		w.eventually("the calls are delivered", func() bool { return w.ledger(c).Written == 8 })
		w.eventuallyReset(c)
		w.wantCalls(c, 1, 8)
		if l := w.ledger(c); l.Written != 8 || l.Excluded != 1 {
			t.Errorf("ledger %+v, want the calls written, the end excluded", l)
		}
	})
}

func TestMojosDisconnectResetsAlsoWhatNeedsASignIn(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		c := w.customer(1, 1)
		w.need(w.Store.NeedSignIn(t.Context(), c.conn.ID, store.Wise, "Wise Agent ended our access.", 1, w.Now()))
		w.calls(c, 1, 2)
		w.disconnect(c, "end", w.Now())
		w.eventuallyReset(c)
	})
}

func TestADisconnectSurvivesTheProcess(t *testing.T) {
	for _, state := range []string{"connected", "needs sign-in"} {
		t.Run(state, func(t *testing.T) {
			everyEngine(t, func(t *testing.T, w *town) {
				c := w.customer(1, 1)
				if state != "connected" {
					w.need(w.Store.NeedSignIn(t.Context(), c.conn.ID, store.Wise, "Wise Agent ended our access.", 1, w.Now()))
				}
				w.stop() // from here on nothing happens behind an answer
				w.disconnect(c, "end", w.Now())
				now, err := w.Store.Connection(t.Context(), c.conn.ID)
				w.need(err)
				if l := w.ledger(c); l.Waiting != 1 || now.Ending() {
					t.Fatalf("ledger %+v, ending %v; want the event on disk and nothing begun", l, now.Ending())
				}
				w.run()
				w.eventuallyReset(c)
			})
		})
	}
}

func TestAResetThatWasAskedForSurvivesTheProcess(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		c := w.customer(1, 1)
		w.stop()
		w.calls(c, 1, 3)
		_, err := w.Store.AskReset(t.Context(), c.conn.ID, w.Now(), w.Now().Add(time.Minute))
		w.need(err)
		w.run()
		w.eventually("the last deliveries", func() bool { return w.ledger(c).Written == 3 })
		w.skew.Add(int64(2 * time.Minute))
		w.eventuallyReset(c)
	})
}

func TestADisconnectFromBeforeTheConnectionResetsNothing(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		c := w.customer(1, 1)
		w.need(w.Store.NeedSignIn(t.Context(), c.conn.ID, store.Wise, "Wise Agent ended our access.", 1, w.Now()))
		w.disconnect(c, "end", w.Now().Add(-time.Hour))
		w.eventually("the event is settled", func() bool { return w.ledger(c).Excluded == 1 })
		now, err := w.Store.Connection(t.Context(), c.conn.ID)
		w.need(err)
		if now.State != store.StateNeedsSignIn || now.Ending() {
			t.Errorf("the connection is %s, ending %v; want it as it was", now.State, now.Ending())
		}
	})
}

// A customer ends the integration in Mojo, nobody hears of it but by tokens that die, and signs in again. Then the old end comes, and
// ends nothing; a new one does.
func TestADisconnectFromBeforeASignInResetsNothing(t *testing.T) {
	hook := func(w *town, id string) {
		h, _ := w.mojo.Hook(id)
		w.tell(h.ID, string(h.Body))
	}
	feed := func(w *town, id string) { w.skew.Add(int64(6 * time.Minute)) }
	for name, way := range map[string]struct {
		signIn func(*town, customer)
		comes  func(w *town, id string)
	}{
		"reconnect link, hook": {(*town).reconnects, hook},
		"reconnect link, feed": {(*town).reconnects, feed},
		"both sides anew":      {(*town).signsInAnew, hook},
	} {
		t.Run(name, func(t *testing.T) {
			everyEngine(t, func(t *testing.T, w *town) {
				w.looking()
				c := w.customer(1, 1)
				w.skew.Add(int64(time.Hour))
				old := w.mojo.Disconnect(c.account)
				w.eventually("Mojo needs a sign-in", func() bool {
					_, err := w.Groups(t.Context(), c.conn, true)
					return errors.Is(err, bridge.ErrNeedsSignIn)
				})
				w.skew.Add(int64(time.Hour))
				way.signIn(w, c)
				way.comes(w, old)
				w.eventually("the event is settled", func() bool { return w.ledger(c).Excluded == 1 })
				w.standsSince(c, old, "From before you signed in with Mojo again.")
				w.skew.Add(int64(2 * time.Minute))
				way.comes(w, w.mojo.Tell(c.account, "account.disconnected", json.RawMessage(fmt.Sprintf(`{"account_id":%q}`, c.account))))
				w.eventuallyReset(c)
			})
		})
	}
}

// reconnects signs in on Mojo's side through a reconnect link.
func (w *town) reconnects(c customer) {
	w.t.Helper()
	link, err := w.ReconnectLink(w.t.Context(), c.conn)
	w.need(err)
	launch, err := w.OpenReconnectLink(w.t.Context(), link[strings.LastIndex(link, "/")+1:])
	w.need(err)
	_, err = w.SignInMojo(w.t.Context(), bridge.MojoSignIn{LaunchID: launch.ID, PIN: c.pin(), Login: "owner", Password: password})
	w.need(err)
}

// signsInAnew signs in on both sides, as who is not known does.
func (w *town) signsInAnew(c customer) {
	w.t.Helper()
	id, err := w.signInAgain(c)
	w.need(err)
	if id != c.conn.ID {
		w.t.Fatalf("signing in made connection %q, want %q to go on", id, c.conn.ID)
	}
}

// standsSince checks that an event was left out for a reason, and that the customer's connection goes on.
func (w *town) standsSince(c customer, webhookID, reason string) {
	w.t.Helper()
	e, err := w.Store.EventByWebhook(w.t.Context(), webhookID)
	w.need(err)
	now, err := w.Store.Connection(w.t.Context(), c.conn.ID)
	w.need(err)
	if e.Reason != reason || now.State == store.StateReset || now.State == store.StateNeedsSignIn || now.Ending() {
		w.t.Errorf("the event: %q; the connection is %s, ending %v; want %q and the connection live", e.Reason, now.State, now.Ending(), reason)
	}
}

// A partner that is down for hours: its tokens are tried again and again, and the account is free all the same.
func TestTokensAreRevokedAfterHours(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		w.frozen.Store(true)
		conn := w.connected()
		w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointRevoke, Kind: fault.ServerError, Status: 503})
		w.wiseFaults.Add(fault.Rule{Endpoint: "revoke", Kind: fault.CutBefore})
		w.need(w.reset(conn))
		w.wise.AddUser(wisebox.User{Email: "omar@example.org", Password: password, First: "Omar", Last: "Haddad"})
		launch := w.launch("1")
		_, err := w.SignInMojo(t.Context(), dana(launch))
		w.need(err)
		second, err := w.allow(launch, "omar@example.org", allScopes...)
		if err != nil || second.Connection == nil {
			t.Fatalf("another Wise Agent account while the tokens can't be revoked: %+v, %v; want it connected at once", second, err)
		}
		for hours := 0; hours <= 20; hours += 4 { // the clock stands while they are tried: when the next try is due is told by it
			w.skew.Store(int64(time.Duration(hours) * time.Hour))
			w.eventually(fmt.Sprintf("all four are tried after %d hours", hours), func() bool {
				return w.timesSaid("a token is not revoked yet") == 4*(hours/4+1)
			})
		}
		if n, err := w.Store.Revocations(t.Context(), conn.ID); err != nil || n != 4 {
			t.Errorf("%d tokens wait to be revoked, %v; want all four", n, err)
		}
		if access, refresh := w.wise.LiveTokens(kate); refresh != 1 {
			t.Errorf("%d access and %d refresh tokens of Kate's live, want the refresh token to live on", access, refresh)
		}
		w.mojoFaults.Clear()
		w.wiseFaults.Clear()
		w.skew.Add(int64(time.Hour))
		w.eventually("all are revoked", func() bool {
			n, err := w.Store.Revocations(t.Context(), conn.ID)
			return err == nil && n == 0
		})
		if access, refresh := w.wise.LiveTokens(kate); access+refresh > 0 {
			t.Errorf("%d access and %d refresh tokens of Kate's live, want none", access, refresh)
		}
		if _, refresh := w.mojo.LiveTokens(account); refresh != 1 {
			t.Errorf("%d refresh tokens of the Mojo account live, want Omar's alone", refresh)
		}
	})
}

func TestRevokingIsGivenUpAfterADay(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		w.frozen.Store(true)
		conn := w.connected()
		w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointRevoke, Kind: fault.ServerError, Status: 503})
		w.need(w.reset(conn))
		w.eventually("Wise Agent's tokens are revoked", func() bool {
			n, err := w.Store.Revocations(t.Context(), conn.ID)
			return err == nil && n == 2
		})
		for hour := range 23 {
			before := w.mojo.Requests()[mojobox.EndpointRevoke]
			w.skew.Store(int64(time.Duration(hour+1) * time.Hour))
			if hour == 22 {
				w.eventually("it is still tried after 23 hours", func() bool { return w.mojo.Requests()[mojobox.EndpointRevoke] > before })
			}
		}
		w.skew.Store(int64(24*time.Hour + time.Second))
		w.stop()
		tried := w.mojo.Requests()[mojobox.EndpointRevoke]
		w.run() // it tidies when it starts
		w.eventually("it is given up", func() bool { return w.said("tokens could not be revoked for 24 hours") })
		n, err := w.Store.Revocations(t.Context(), conn.ID)
		w.need(err)
		now, err := w.Store.Connection(t.Context(), conn.ID)
		w.need(err)
		if n != 0 || now.TokensLeft != 2 {
			t.Errorf("%d tokens are to be revoked, %d were given up; want none and 2", n, now.TokensLeft)
		}
		if tried > 2*40 {
			t.Errorf("Mojo was asked %d times, want no storm", tried)
		}
	})
}

// All at once, again and again: two resets, hooks, a push, a refresh, a sign-in with the same accounts, Mojo's own disconnect.
func TestNothingIsEverHalf(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		w.ResetGrace = 300 * time.Millisecond
		w.wiseFaults.Add(fault.Rule{Endpoint: fault.Any, Kind: fault.Latency, Delay: 3 * time.Millisecond})
		w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointToken, Kind: fault.Latency, Delay: 20 * time.Millisecond})
		rounds := full(60, 6)
		var customers []customer
		for n := range rounds {
			customers = append(customers, w.customer(n+1, 8))
		}
		conns := make([][]string, rounds)
		var running sync.WaitGroup
		places := make(chan struct{}, 4)
		for n, c := range customers {
			running.Go(func() {
				places <- struct{}{}
				defer func() { <-places }()
				conns[n] = w.upheaval(c, n)
			})
		}
		running.Wait()
		received := 0
		for n, c := range customers {
			received += w.whole(c, conns[n])
		}
		elsewhere, err := w.Store.Ledger(t.Context(), "")
		w.need(err)
		ends := 0
		for n := range customers {
			ends += n % 2
		}
		if want := rounds*40 + ends; received+elsewhere.Received != want {
			t.Errorf("%d events in the ledgers, want %d", received+elsewhere.Received, want)
		}
		for _, c := range customers {
			w.eventually("no token of "+c.email+" lives", func() bool {
				ma, mr := w.mojo.LiveTokens(c.account)
				wa, wr := w.wise.LiveTokens(c.email)
				return ma+mr+wa+wr == 0
			})
		}
	})
}

// upheaval does everything to a customer at once and gives the ids of all connections there were.
func (w *town) upheaval(c customer, n int) (ids []string) {
	ctx := w.t.Context()
	var (
		mu  sync.Mutex
		all sync.WaitGroup
	)
	ids = append(ids, c.conn.ID)
	group := w.mojo.AddGroup(c.account, "Spring")
	w.Groups(ctx, c.conn, true) // the group is known when the push asks
	w.wise.ExpireTokens(c.email)
	w.mojo.ExpireTokens(c.account)
	launch := w.launch(c.ids...)
	all.Go(func() { w.calls(c, 1, 40) })
	all.Go(func() { w.Groups(ctx, c.conn, true) }) // refreshes, unless it is too late
	all.Go(func() { w.Preflight(ctx, c.conn, launch) })
	all.Go(func() { w.startPush(c, launch, group) })
	for range 2 {
		all.Go(func() {
			time.Sleep(time.Duration(n%7) * 10 * time.Millisecond)
			if _, err := w.Reset(ctx, c.conn.ID); err != nil {
				w.t.Errorf("reset: %v", err)
			}
		})
	}
	if n%2 == 1 {
		all.Go(func() { w.disconnect(c, "end of "+c.account, w.Now()) })
	}
	all.Go(func() {
		time.Sleep(time.Duration(n%5) * 15 * time.Millisecond)
		joined, err := w.signInAgain(c)
		if err != nil {
			w.t.Errorf("sign in again: %v", err)
		}
		if joined != "" {
			mu.Lock()
			defer mu.Unlock()
			ids = append(ids, joined)
		}
	})
	all.Wait()
	return ids
}

// startPush starts a push, unless the connection is gone by now.
func (w *town) startPush(c customer, launch store.Launch, group int64) {
	_, err := w.StartPush(w.t.Context(), c.conn, bridge.StartPush{ID: store.NewID(), LaunchID: launch.ID, GroupID: group})
	if err != nil && !errors.Is(err, store.ErrNotFound) && !errors.Is(err, bridge.ErrNeedsSignIn) {
		w.t.Errorf("start push: %v", err)
	}
}

// signInAgain signs in on both sides with the accounts of before, and gives the connection's id.
func (w *town) signInAgain(c customer) (string, error) {
	launch, err := w.Launch(w.t.Context(), bridge.LaunchRequest{Contacts: "1"})
	if err != nil {
		return "", err
	}
	in := bridge.MojoSignIn{LaunchID: launch.ID, Address: c.account, PIN: c.pin(), Login: "owner", Password: password}
	if _, err := w.SignInMojo(w.t.Context(), in); err != nil {
		return "", err
	}
	joined, err := w.allow(launch, c.email, allScopes...)
	if err != nil || joined.Connection == nil {
		return "", err
	}
	return joined.Connection.ID, nil
}

// pin is that of the customer's Mojo account.
func (c customer) pin() string {
	n, _ := strconv.Atoi(c.account) // they are numbers from 9001 on
	return strconv.Itoa(n - 9000 + 700000)
}

// whole checks that nothing is half about a customer, resets what is live, and gives how many events came.
func (w *town) whole(c customer, ids []string) (received int) {
	w.t.Helper()
	ctx := w.t.Context()
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		w.eventually("no reset of "+c.email+" is under way", func() bool {
			now, err := w.Store.Connection(ctx, id)
			return err == nil && (now.State == store.StateReset || !now.Ending())
		})
		now, err := w.Store.Connection(ctx, id)
		w.need(err)
		for _, side := range []store.Side{store.Wise, store.Mojo} {
			_, err := w.Store.Tokens(ctx, id, side)
			if gone := errors.Is(err, store.ErrNotFound); gone != (now.State == store.StateReset) {
				w.t.Errorf("%s: the connection is %s, its %s tokens: %v", c.email, now.State, side, err)
			}
		}
		if now.State == store.StateConnected {
			if _, err := w.Groups(ctx, now, true); err != nil {
				w.t.Errorf("%s: groups of the live connection: %v, want its tokens to work", c.email, err)
			}
			w.need(w.reset(now))
		}
		l, err := w.Store.Ledger(ctx, id)
		w.need(err)
		if l.Waiting > 0 || l.Received != l.Written+l.NeedsYou+l.Excluded {
			w.t.Errorf("%s: ledger %+v of a reset connection, want nothing waiting", c.email, l)
		}
		received += l.Received
		pushes, err := w.Store.Pushes(ctx, id, 10)
		w.need(err)
		for _, p := range pushes {
			if p.State != store.PushStopped && p.State != store.PushDone || p.Counts.Waiting > 0 {
				w.t.Errorf("%s: a push of a reset connection is %s with %+v", c.email, p.State, p.Counts)
			}
		}
	}
	for i := range c.ids {
		marks := w.marks(c, i)
		slices.Sort(marks)
		if n := len(marks); len(slices.Compact(marks)) != n {
			w.t.Errorf("%s: contact %d has notes twice: %q", c.email, i, marks)
		}
	}
	return received
}
