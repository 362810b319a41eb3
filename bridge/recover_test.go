package bridge_test

import (
	"testing"
	"time"

	"addtomojo/bridge"
	"addtomojo/sandbox/fault"
	mojobox "addtomojo/sandbox/mojo"
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
