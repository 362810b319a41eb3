package bridge_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"addtomojo/bridge"
	"addtomojo/sandbox/fault"
	mojobox "addtomojo/sandbox/mojo"
	"addtomojo/store"
)

// needsSignIn waits until the customer's connection is in that state, and gives it.
func (w *town) needsSignIn(c customer) (conn store.Connection) {
	w.t.Helper()
	w.eventually("the connection needs a sign-in", func() bool {
		var err error
		conn, err = w.Store.Connection(w.t.Context(), c.conn.ID)
		return err == nil && conn.State == store.StateNeedsSignIn
	})
	return conn
}

// isConnected checks that nothing has called the connection dead.
func (w *town) isConnected(c customer) {
	w.t.Helper()
	now, err := w.Store.Connection(w.t.Context(), c.conn.ID)
	w.need(err)
	if now.State == store.StateNeedsSignIn {
		w.t.Errorf("the connection needs a sign-in (%q), want it connected", now.Cause)
	}
}

func TestAStormOfRefusalsAtWiseAgentEndsInOneRefresh(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		c := w.customer(1, 20)
		group := w.mojo.AddGroup(c.account, "Spring")
		_, err := w.Groups(t.Context(), c.conn, true)
		w.need(err)
		w.wise.RevokeTokens(c.email)
		w.calls(c, 1, 60)
		conn := w.needsSignIn(c)
		if conn.Side != store.Wise || conn.Cause == "" {
			t.Errorf("it is %q (%q), want Wise Agent's side and why", conn.Side, conn.Cause)
		}
		asked := w.stands(func() int64 { return int64(w.total()) })
		refreshes := w.wise.Requests()["token"]
		if refreshes != 1 || asked > 16 {
			t.Errorf("%d refreshes and %d calls, want 1 and no more than were under way", refreshes, asked)
		}
		push := w.begin(c.conn, group, c.ids...)
		w.until(c.conn, push, func(p bridge.Progress) bool { return p.Push.State == store.PushPaused })
		for range 5 {
			w.skew.Add(int64(time.Hour))
			w.calls(c, 1001+int(w.skew.Load()/int64(time.Hour)), 1)
			if _, err := w.Preflight(t.Context(), c.conn, w.launch(c.ids...)); !errors.Is(err, bridge.ErrNeedsSignIn) {
				t.Errorf("preflight: %v, want ErrNeedsSignIn", err)
			}
		}
		if n, again := w.total(), w.wise.Requests()["token"]; int64(n) != asked || again != refreshes {
			t.Errorf("%d more calls and %d more refreshes while a sign-in is needed, want none", int64(n)-asked, again-refreshes)
		}
		if l := w.ledger(c); l.Waiting != 65 {
			t.Errorf("ledger %+v, want 65 waiting", l)
		}
		w.need(w.Store.RefreshSide(t.Context(), c.conn.ID, store.Wise, w.wiseToken(c.email), "", w.Now()))
		if l := w.ended(c, time.Second); l.Written != 65 {
			t.Errorf("ledger %+v after signing in, want 65 written", l)
		}
		w.skew.Add(int64(10 * time.Minute)) // Mojo's tokens may have been renewed in the very moment when the clock jumped
		if p := w.end(c.conn, push); p.All.Waiting+p.All.Failed > 0 {
			t.Errorf("the push ends with %+v, want all through", p.All)
		}
	})
}

func TestAStormOfRefusalsAtMojoEndsInOneRefresh(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		c := w.customer(1, 30)
		group := w.mojo.AddGroup(c.account, "Spring")
		_, err := w.Groups(t.Context(), c.conn, true)
		w.need(err)
		before := w.mojo.Requests()[mojobox.EndpointToken]
		w.mojo.RevokeTokens(c.account)
		push := w.begin(c.conn, group, c.ids...)
		w.until(c.conn, push, func(p bridge.Progress) bool { return p.Push.State == store.PushPaused })
		if conn := w.needsSignIn(c); conn.Side != store.Mojo {
			t.Errorf("it is %q's side, want Mojo's", conn.Side)
		}
		all := func() (n int) {
			for _, count := range w.mojo.Requests() {
				n += count
			}
			return n
		}
		asked := all()
		for range 5 {
			w.skew.Add(int64(time.Hour))
			if _, err := w.Groups(t.Context(), c.conn, true); !errors.Is(err, bridge.ErrNeedsSignIn) {
				t.Errorf("groups: %v, want ErrNeedsSignIn", err)
			}
		}
		w.calls(c, 1, 10)
		w.stands(func() int64 { return int64(all()) })
		// A worker that was still at hand may write some into Wise Agent, whose side is well.
		if l := w.ledger(c); l.Waiting+l.Written != 10 {
			t.Errorf("ledger %+v, want that all 10 wait or are written", l)
		}
		if n := w.mojo.Requests()[mojobox.EndpointToken] - before; n != 1 || all() != asked {
			t.Errorf("%d refreshes and %d later calls, want one and none", n, all()-asked)
		}
	})
}

// Both sides are dead at once: neither is asked again.
func TestBothSidesRefused(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		c := w.customer(1, 4)
		w.wise.RevokeTokens(c.email)
		w.mojo.RevokeTokens(c.account)
		w.calls(c, 1, 4)
		w.needsSignIn(c)
		w.Groups(t.Context(), c.conn, true)
		w.quiet()
		asked := w.asked()
		for range 5 {
			w.Groups(t.Context(), c.conn, true)
			w.Preflight(t.Context(), c.conn, w.launch(c.ids...))
		}
		if n := w.asked(); n != asked {
			t.Errorf("%d more calls, want none", n-asked)
		}
	})
}

func TestOneRefusalIsNoDeadConnection(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		c := w.customer(1, 4)
		w.wiseFaults.Add(fault.Rule{Endpoint: "addContactNote", Kind: fault.ExpiredToken, Times: 1})
		w.calls(c, 1, 4)
		if l := w.ended(c, 0); l.Written != 4 || w.wise.RefreshCount() != 1 {
			t.Errorf("ledger %+v after %d refreshes, want all written after one", l, w.wise.RefreshCount())
		}
		w.isConnected(c)
	})
}

// The partners' token endpoints fail, or refuse for another reason than the grant: what is to be done waits.
func TestATokenEndpointInTroubleIsNoDeadConnection(t *testing.T) {
	for name, rule := range map[string]fault.Rule{
		"503":     {Endpoint: "token", Kind: fault.ServerError, Status: 503},
		"403":     {Endpoint: "token", Kind: fault.ServerError, Status: 403},
		"a page":  {Endpoint: "token", Kind: fault.HTML},
		"cut off": {Endpoint: "token", Kind: fault.CutBefore},
	} {
		t.Run(name, func(t *testing.T) {
			everyEngine(t, func(t *testing.T, w *town) {
				c := w.customer(1, 8)
				added := w.wiseFaults.Add(rule)
				w.wise.ExpireTokens(c.email)
				w.calls(c, 1, 16)
				w.eventually("five refreshes have failed", func() bool {
					w.pass(c, 10*time.Second)
					return w.wiseFaults.Hits(added) >= 5
				})
				w.isConnected(c)
				if l := w.ledger(c); l.Waiting != 16 {
					t.Errorf("ledger %+v, want 16 waiting", l)
				}
				w.wiseFaults.Remove(added)
				if l := w.ended(c, 10*time.Second); l.Written != 16 {
					t.Errorf("ledger %+v once it works again, want 16 written", l)
				}
			})
		})
	}
}

// Wise Agent renews our access whenever it is asked, and refuses it all the same.
func TestAFreshTokenThatIsRefusedIsNoRefreshStorm(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		w.frozen.Store(true)
		c := w.customer(1, 20)
		rule := w.wiseFaults.Add(fault.Rule{Endpoint: "addContactNote", Kind: fault.ExpiredToken})
		w.calls(c, 1, 60)
		w.stands(func() int64 { return int64(w.total()) })
		if n := w.wise.RefreshCount(); n != 1 {
			t.Errorf("%d refreshes at first, want one", n)
		}
		for range 12 { // an hour
			w.pass(c, 5*time.Minute+time.Second)
			w.stands(func() int64 { return int64(w.total()) })
		}
		w.stands(func() int64 { return int64(w.total()) })
		if n := w.wise.RefreshCount(); n < 2 || n > 13 {
			t.Errorf("%d refreshes in an hour, want some, and at most one in five minutes", n)
		}
		w.isConnected(c)
		events, err := w.Store.Events(t.Context(), c.conn.ID, store.EventFilter{State: store.EventWaiting, Limit: 100})
		w.need(err)
		told := 0
		for _, e := range events {
			if strings.HasPrefix(e.Reason, "Wise Agent renews our access and refuses it all the same.") {
				told++
			}
		}
		if len(events) != 60 || told == 0 {
			t.Errorf("%d events wait, %d say why; want 60 and some", len(events), told)
		}
		w.wiseFaults.Remove(rule)
		if l := w.ended(c, 6*time.Minute); l.Written != 60 {
			t.Errorf("ledger %+v once it is over, want 60 written", l)
		}
	})
}

func TestAFreshMojoTokenThatIsRefusedIsNoRefreshStorm(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		w.frozen.Store(true)
		c := w.customer(1, 1)
		w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointGroups, Kind: fault.ExpiredToken})
		before := w.mojo.Requests()[mojobox.EndpointToken]
		ask := func() {
			var all sync.WaitGroup
			for range 20 {
				all.Go(func() { w.Groups(t.Context(), c.conn, true) })
			}
			all.Wait()
		}
		ask()
		ask()
		if n := w.mojo.Requests()[mojobox.EndpointToken] - before; n != 1 {
			t.Errorf("%d refreshes for 40 calls at once, want one", n)
		}
		w.skew.Add(int64(6 * time.Minute))
		ask()
		if n := w.mojo.Requests()[mojobox.EndpointToken] - before; n != 2 {
			t.Errorf("%d refreshes after six minutes, want two", n)
		}
		w.isConnected(c)
	})
}

// quiet waits until no call is under way any more: some may have begun before the connection came to rest.
func (w *town) quiet() {
	w.t.Helper()
	w.eventually("nothing is under way any more", func() bool {
		asked := w.asked()
		time.Sleep(100 * time.Millisecond)
		return w.asked() == asked
	})
}
