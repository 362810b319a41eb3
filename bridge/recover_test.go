package bridge_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"addtomojo/bridge"
	"addtomojo/sandbox/fault"
	mojobox "addtomojo/sandbox/mojo"
	"addtomojo/store"
)

// Otherwise the page goes on saying that Mojo isn't answering, and the next hiccup waits longer than it should.
func TestTroubleIsForgottenWithTheNextBatch(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		w.BatchSize = 2
		conn, group := w.connected(), w.mojo.AddGroup(account, "Spring")
		w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkCreate, Kind: fault.ServerError, Status: 503, After: 1, Times: 1})
		push := w.begin(conn, group, w.contacts(6)...)
		w.until(conn, push, func(p bridge.Progress) bool { return p.Push.Cause != "" })
		w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkCreate, Kind: fault.Latency, Delay: 500 * time.Millisecond, After: 1})
		got := w.until(conn, push, func(p bridge.Progress) bool { return p.All.Added >= 4 })
		if got.Push.Cause != "" || got.Push.Attempts != 0 || got.Ended() {
			t.Errorf("with 4 of 6 added: state %s, cause %q, %d attempts; want no trouble any more", got.Push.State, got.Push.Cause, got.Push.Attempts)
		}
		w.end(conn, push)
	})
}

// What waits is kept for 30 days; then it is left out, counted and shown, also while its connection needs a sign-in.
func TestWhatWaitsForThirtyDaysIsLeftOutAndShown(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		c := w.customer(1, 3)
		w.wise.RevokeTokens(c.email)
		w.calls(c, 1, 3)
		w.eventually("the connection needs a sign-in", func() bool {
			conn, err := w.Store.Connection(t.Context(), c.conn.ID)
			return err == nil && conn.State == store.StateNeedsSignIn
		})
		w.stop()
		w.skew.Add(int64(29 * 24 * time.Hour))
		w.calls(c, 4, 2)
		w.skew.Add(int64(25 * time.Hour))
		w.run()
		w.eventually("the three calls of a month ago are left out, and nothing of them is kept", func() bool {
			l, err := w.Store.Ledger(t.Context(), c.conn.ID)
			w.need(err)
			out, err := w.Store.Events(t.Context(), c.conn.ID, store.EventFilter{State: store.EventExcluded, Limit: 10})
			w.need(err)
			kept := slices.ContainsFunc(out, func(e store.Event) bool { return len(e.Body) > 0 || !strings.Contains(e.Reason, "30 days") })
			return l.Excluded == 3 && l.Waiting == 2 && !kept
		})
	})
}
