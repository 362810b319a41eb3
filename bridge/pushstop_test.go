package bridge_test

import (
	"strings"
	"testing"
	"time"

	"addtomojo/bridge"
	"addtomojo/sandbox/fault"
	mojobox "addtomojo/sandbox/mojo"
	"addtomojo/store"
	"addtomojo/store/storetest"
)

// slowly lets Mojo take a while for each batch.
func (w *town) slowly(delay time.Duration) {
	w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkCreate, Kind: fault.Latency, Delay: delay})
}

// atMojo waits until n batches were sent to Mojo, of which the last one is there still.
func (w *town) atMojo(n int) {
	w.t.Helper()
	w.eventually("a batch is at Mojo", func() bool { return w.mojo.Requests()[mojobox.EndpointBulkCreate] >= n })
}

// underway begins a push of 12 contacts in batches of 2, of which the second one is at Mojo.
func (w *town) underway() (conn store.Connection, group int64, push store.Push) {
	w.t.Helper()
	w.BatchSize = 2
	conn, group = w.connected(), w.mojo.AddGroup(account, "Spring")
	w.slowly(500 * time.Millisecond)
	push = w.begin(conn, group, w.contacts(12)...)
	w.atMojo(2)
	return conn, group, push
}

// stopped checks a push that its customer stopped when so many contacts were at Mojo: these are in the group, and of no other one
// is said that it may be.
func (w *town) stopped(got bridge.Progress, group int64, sent int) {
	w.t.Helper()
	if !got.Push.StoppedByCustomer() || got.All.Added != sent || got.All.Failed != got.All.Total-sent || got.All.Unsent != got.All.Failed {
		w.t.Errorf("the push is %s (%q) with %+v, want it stopped by the customer, %d added and the others never sent", got.Push.State, got.Push.Cause, got.All, sent)
	}
	if in := len(w.inGroup(group)); in != sent {
		w.t.Errorf("%d contacts are in the group, want the %d that were sent", in, sent)
	}
	for id, reason := range w.reasons(got.Push) {
		if strings.Contains(reason, "may have reached") {
			w.t.Errorf("contact %s: %q, want no doubt", id, reason)
		}
	}
}

func TestTheCustomerStopsAPush(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn, group, push := w.underway()
		behind := w.begin(conn, w.mojo.AddGroup(account, "Fall"), w.contacts(2)...)
		for range 2 {
			w.need(w.StopPush(t.Context(), push))
		}
		now, err := w.Progress(t.Context(), conn, push.ID)
		w.need(err)
		if !now.Stopping() || now.Ended() {
			t.Errorf("with a batch at Mojo the push is %s, want it to wait for that", now.Push.State)
		}
		got := w.end(conn, push)
		w.stopped(got, group, 4)
		if p := w.end(conn, behind); !through(p) {
			t.Errorf("the push behind it is %s with %+v, want it through", p.Push.State, p.All)
		}
		w.need(w.StopPush(t.Context(), push))
		if n, err := w.RetryFailed(t.Context(), conn, push); err != nil || n != 8 {
			t.Fatalf("retry: %d contacts, %v; want the 8 others", n, err)
		}
		w.mojoFaults.Clear()
		if p := w.end(conn, push); p.All.Added+p.All.Updated != 12 || !through(p) {
			t.Errorf("after the retry: %s with %+v, want all 12", p.Push.State, p.All)
		}
	})
}

func TestAStoppedPushIsUndone(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn, group, push := w.underway()
		w.need(w.StopPush(t.Context(), push))
		got := w.end(conn, push)
		w.stopped(got, group, 4)
		if got.UndoUntil.IsZero() {
			t.Error("the push can't be undone, want 24 hours")
		}
		w.need(w.Undo(t.Context(), push))
		if p := w.end(conn, push); p.Push.State != store.PushUndone || p.All.Removed != 4 || p.All.Unsent != 8 || len(w.inGroup(group)) != 0 {
			t.Errorf("undone: %s with %+v and %d in the group, want 4 removed, 8 never sent", p.Push.State, p.All, len(w.inGroup(group)))
		}
	})
}

// Those that Mojo had already are moved in a second request: the batch isn't at its end before that.
func TestAStopWaitsForWholeBatches(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		w.BatchSize = 2
		conn := w.connected()
		ids := w.contacts(8)
		w.push(conn, w.mojo.AddGroup(account, "Spring"), ids...)
		sent := w.mojo.Requests()[mojobox.EndpointBulkCreate]
		group := w.mojo.AddGroup(account, "Fall")
		w.slowly(300 * time.Millisecond)
		push := w.begin(conn, group, ids...)
		w.atMojo(sent + 1)
		w.need(w.StopPush(t.Context(), push))
		got := w.end(conn, push)
		if got.All.Updated != 2 || got.All.Unsent != 6 || len(w.inGroup(group)) != 2 {
			t.Errorf("%+v with %d in the group, want the 2 of the batch that was at Mojo updated", got.All, len(w.inGroup(group)))
		}
	})
}

func TestWhatWaitsIsStoppedAtOnce(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn, group := w.connected(), w.mojo.AddGroup(account, "Spring")
		ids := w.contacts(6)
		w.slowly(time.Second)
		first := w.begin(conn, group, ids[:3]...)
		w.atMojo(1)
		waiting := w.begin(conn, group, ids[3:]...)
		w.need(w.StopPush(t.Context(), waiting))
		got, err := w.Progress(t.Context(), conn, waiting.ID)
		w.need(err)
		w.stopped(got, group, 0)
		if p := w.end(conn, first); p.All.Added != 3 || !through(p) {
			t.Errorf("the push before it is %s with %+v, want it through", p.Push.State, p.All)
		}
	})
}

func TestAPushInTroubleIsStopped(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		w.BatchSize = 2
		w.PushWaits = []time.Duration{time.Hour}
		conn, group := w.connected(), w.mojo.AddGroup(account, "Spring")
		w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkCreate, Kind: fault.TooMany, After: 1})
		push := w.begin(conn, group, w.contacts(10)...)
		w.until(conn, push, func(p bridge.Progress) bool { return p.Push.Cause != "" })
		w.need(w.StopPush(t.Context(), push))
		got, err := w.Progress(t.Context(), conn, push.ID)
		w.need(err)
		w.stopped(got, group, 2)
	})
}

func TestAStopDoesNotWaitForWiseAgent(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		w.BatchSize = 2
		conn, group := w.connected(), w.mojo.AddGroup(account, "Spring")
		w.wiseFaults.Add(fault.Rule{Endpoint: "getSingleContact", Kind: fault.Latency, Delay: 300 * time.Millisecond, After: 4})
		push := w.begin(conn, group, w.contacts(60)...)
		w.until(conn, push, func(p bridge.Progress) bool { return p.All.Added >= 2 })
		begin := time.Now()
		w.need(w.StopPush(t.Context(), push))
		got := w.end(conn, push)
		w.stopped(got, group, len(w.inGroup(group)))
		if took := time.Since(begin); took > 2*time.Second {
			t.Errorf("stopping took %v while Wise Agent is slow, want it not to wait for that", took)
		}
	})
}

func TestAStopOutlivesTheProcess(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn, group, push := w.underway()
		w.need(w.StopPush(t.Context(), push))
		w.stop()
		w.run()
		w.stopped(w.end(conn, push), group, 4)
	})
}

func TestAPushIsStoppedFromAnotherProcess(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t, storetest.Postgres)
	w := newTown(t, storetest.At(t, url), mojobox.Config{TellsAlreadyInGroup: true})
	conn, group, push := w.underway()
	asks := w.instance()
	asks.Store = storetest.At(t, url)
	w.need(asks.StopPush(t.Context(), push))
	w.stopped(w.end(conn, push), group, 4)
}
