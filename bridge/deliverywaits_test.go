package bridge_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"addtomojo/sandbox/fault"
	"addtomojo/store"
)

// promised are the waits after each failed try, as people are told; the last one is repeated.
var promised = []time.Duration{
	5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute,
	2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 12 * time.Hour,
}

const week = 7 * 24 * time.Hour

// Wise Agent fails over one contact for a week, and serves another all the time.
func TestADeliveryIsTriedForAWeekEverLessOften(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		w.frozen.Store(true) // so that what was stored is the wait alone
		c := w.customer(1, 2)
		w.wiseFaults.Add(fault.Rule{Endpoint: "addContactNote", Kind: fault.ServerError, Times: 1})
		w.breaks("getContactNotes", c.ids[0]) // so the note is looked for, and that fails
		begun := w.Now()
		w.tell("poison", string(c.body(0, "call.completed", callOf(1, "contact", ""))))
		e := w.tried(1)
		var parts []float64 // of the promised waits
		for try := 1; e.State == store.EventWaiting; try++ {
			if try > 40 || w.Now().Sub(begun) > 8*24*time.Hour {
				t.Fatalf("after %d tries in %v it still waits", try, w.Now().Sub(begun))
			}
			want, got := promised[min(try, len(promised))-1], e.NextAt.Sub(w.Now())
			if part := got.Seconds() / want.Seconds(); part < 0.7995 || part > 1.2005 { // stored in milliseconds
				t.Errorf("after try %d it waits %v, want %v, up to a fifth more or less", try, got, want)
			} else {
				parts = append(parts, part)
			}
			w.pass(c, got-time.Second)
			w.tell(fmt.Sprint("other", try), string(c.body(1, "call.completed", callOf(1+try, "contact", ""))))
			w.eventually("the other contact's call is written", func() bool { return w.ledger(c).Written == try }) // so it has looked
			if early := w.event(); early.Attempts != try {
				t.Errorf("a second before its time it was tried again")
			}
			w.pass(c, 2*time.Second)
			e = w.tried(try + 1)
		}
		slices.Sort(parts)
		if len(parts) < 16 || parts[0] > 0.95 || parts[len(parts)-1] < 1.05 || len(slices.Compact(parts)) < 10 {
			t.Errorf("the waits are %.2f of what was promised, want them to differ", parts)
		}
		if took := w.Now().Sub(begun); e.State != store.EventNeedsYou || e.Reason != "Wise Agent isn't answering as it should. We tried for a week." || took < week {
			t.Errorf("after %v it is %s with the reason %q, want a person to be asked after a week", took, e.State, e.Reason)
		}
		w.broken.Clear()
		if n, err := w.RetryEvents(t.Context(), c.conn, time.Time{}); n != 1 || err != nil {
			t.Errorf("retried %d, %v; want 1", n, err)
		}
		w.ended(c, 0)
		if marks := w.marks(c, 0); !slices.Equal(marks, []string{"Mojo call #1"}) {
			t.Errorf("after Retry there are the notes %q, want the one", marks)
		}
	})
}

// A person who presses Retry has a delivery tried at once, once. When it fails again the waits begin anew, with the first.
func TestRetryNeitherDoublesNorSkipsAStep(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		w.frozen.Store(true)
		c := w.customer(1, 1)
		tries := func() int { return w.wise.Requests()["addContactNote"] }
		busy := w.wiseFaults.Add(fault.Rule{Endpoint: "addContactNote", Kind: fault.TooMany})
		w.tell("poison", string(c.body(0, "call.completed", callOf(1, "contact", ""))))
		e := w.tried(1)
		w.pass(c, e.NextAt.Sub(w.Now()))
		e = w.tried(2)
		w.wiseFaults.Remove(busy)
		refuses := w.wiseFaults.Add(fault.Rule{Endpoint: "addContactNote", Kind: fault.ErrorIn200})
		w.pass(c, e.NextAt.Sub(w.Now()))
		w.eventually("it needs a person", func() bool { return w.event().State == store.EventNeedsYou })
		w.wiseFaults.Remove(refuses)
		busy = w.wiseFaults.Add(fault.Rule{Endpoint: "addContactNote", Kind: fault.TooMany})
		before := tries()
		for range 2 {
			w.need(w.RetryEvent(t.Context(), c.conn, w.event().ID))
		}
		w.eventually("Retry has failed", func() bool { e = w.event(); return e.Attempts > 0 })
		w.need(w.RetryEvent(t.Context(), c.conn, e.ID)) // it waits already
		for step := range 3 {
			if part := e.NextAt.Sub(w.Now()).Seconds() / promised[step].Seconds(); e.Attempts != step+1 || part < 0.7995 || part > 1.2005 {
				t.Errorf("after try %d it waits %v, want %v, up to a fifth more or less", e.Attempts, e.NextAt.Sub(w.Now()), promised[step])
			}
			w.pass(c, e.NextAt.Sub(w.Now()))
			e = w.tried(step + 2)
		}
		if n := tries() - before; n != 4 {
			t.Errorf("there were %d tries, want that of Retry and three more", n)
		}
		w.wiseFaults.Remove(busy)
		w.pass(c, e.NextAt.Sub(w.Now()))
		w.ended(c, 0)
		if marks := w.marks(c, 0); !slices.Equal(marks, []string{"Mojo call #1"}) {
			t.Errorf("in the end there are the notes %q, want the one", marks)
		}
	})
}

// event is the one that Wise Agent fails over.
func (w *town) event() store.Event {
	w.t.Helper()
	e, err := w.Store.EventByWebhook(w.t.Context(), "poison")
	w.need(err)
	return e
}

// tried waits until it was tried so often.
func (w *town) tried(times int) (e store.Event) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("try %d has failed", times), func() bool {
		e = w.event()
		return e.Attempts >= times
	})
	return e
}
