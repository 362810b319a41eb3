package bridge_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"addtomojo/sandbox/fault"
	"addtomojo/store"
)

// pressed sends n contacts with one press of the button and gives how many have which status. The press must be answered soon
// after the wait for Wise Agent, and each contact by its own id.
func (w *town) pressed(n int) map[int]int {
	w.t.Helper()
	contacts := make([]json.RawMessage, n)
	for i := range contacts {
		contacts[i] = json.RawMessage(fmt.Sprintf(`{"contact_id":%d,"full_name":"Person %d","mediainfo_set":[{"type":4,"value":"person%d@example.com"}]}`, 7000+i, i, i))
	}
	began := time.Now()
	sent, err := w.SendToWise(w.t.Context(), account, contacts, nil)
	w.need(err)
	if took := time.Since(began); took > 20*time.Second {
		w.t.Errorf("the press was answered after %v, want it soon after 8 s", took)
	}
	statuses := make(map[int]int)
	for i, s := range sent {
		if s.ContactID != int64(7000+i) {
			w.t.Fatalf("contact %d is answered as %+v", 7000+i, s)
		}
		statuses[s.Status]++
	}
	return statuses
}

// madeOnce waits until all contacts of a press are in Wise Agent, and checks that a second press finds each there, once.
func (w *town) madeOnce(conn store.Connection, n int) {
	w.t.Helper()
	stop := w.skipWaits()
	defer stop()
	if l := w.settled(conn); l.Received != n || l.Written != n {
		w.t.Errorf("ledger %+v, want %d received and written", l, n)
	}
	if again := w.pressed(n); again[http.StatusOK] != n {
		w.t.Errorf("a second press is answered %v, want 200 for all %d", again, n)
	}
	if made := len(w.wise.Contacts(kate)); made != n {
		w.t.Errorf("%d contacts are in Wise Agent, want %d", made, n)
	}
	if l, err := w.Store.Ledger(w.t.Context(), conn.ID); err != nil || l.Received != n {
		w.t.Errorf("ledger %+v, %v after the second press; want %d received", l, err, n)
	}
}

func TestManyContactsAreSentThoughWiseAgentIsSlow(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn := w.connected()
		w.wiseFaults.Add(fault.Rule{Endpoint: "webcontact", Kind: fault.Latency, Delay: 500 * time.Millisecond})
		got := w.pressed(300)
		if got[http.StatusCreated]+got[http.StatusAccepted] != 300 || got[http.StatusCreated] == 0 {
			t.Errorf("statuses %v, want some of the 300 made and all others accepted", got)
		}
		if l, err := w.Store.Ledger(t.Context(), conn.ID); err != nil || l.Received != 300 {
			t.Errorf("ledger %+v, %v; want all 300 received", l, err)
		}
		w.wiseFaults.Clear()
		w.madeOnce(conn, 300)
	})
}

func TestManyContactsAreSentThoughWiseAgentHangs(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn := w.connected()
		w.wiseFaults.Add(fault.Rule{Endpoint: fault.Any, Kind: fault.Timeout, Delay: 12 * time.Second})
		if got := w.pressed(300); got[http.StatusAccepted] != 300 {
			t.Errorf("statuses %v, want all 300 accepted", got)
		}
		if l, err := w.Store.Ledger(t.Context(), conn.ID); err != nil || l.Received != 300 || l.Waiting != 300 {
			t.Errorf("ledger %+v, %v; want all 300 received and waiting", l, err)
		}
		w.wiseFaults.Clear()
		w.madeOnce(conn, 300)
	})
}
