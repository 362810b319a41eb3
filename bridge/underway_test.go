package bridge_test

import (
	"fmt"
	"testing"
	"time"

	"addtomojo/bridge"
	"addtomojo/sandbox/fault"
	mojobox "addtomojo/sandbox/mojo"
)

// Mojo created the contacts, its answer was lost, and somebody dials one of them before the push goes on: the call is of a contact
// that was sent from Wise Agent, though nobody here knows yet.
func TestACallOfAContactThatIsOnItsWayWaits(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		w.PushWaits = []time.Duration{time.Minute}
		conn, group := w.connected(), w.mojo.AddGroup(account, "Spring")
		ids := w.contacts(3)
		w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkCreate, Kind: fault.CutAfter, Times: 1})
		push := w.begin(conn, group, ids...)
		w.until(conn, push, func(p bridge.Progress) bool { return p.Push.Attempts == 1 })
		dial := func(id, apiID string, contact int64) {
			w.need(w.Receive(t.Context(), id, fmt.Appendf(nil, `{"type":"call.completed","timestamp":%q,"data":{"account_id":%q,
				"contact":{"contact_id":%d,"api_contact_id":%q,"full_name":"Person"}%s}}`,
				w.Now().Format(time.RFC3339), account, contact, apiID, callOf(int(contact), "contact", ""))))
		}
		for i, c := range w.mojo.Contacts(account, group) {
			dial(fmt.Sprint("call ", i), c.APIContactID, c.ContactID)
		}
		dial("a stranger's", "wa-1", 424242)
		w.eventually("the stranger's is excluded, the others wait", func() bool {
			l, err := w.Store.Ledger(t.Context(), conn.ID)
			w.need(err)
			return l.Excluded == 1 && l.Waiting == 3
		})
		time.Sleep(200 * time.Millisecond)
		if l, err := w.Store.Ledger(t.Context(), conn.ID); err != nil || l.Waiting != 3 {
			t.Fatalf("ledger %+v, %v; want the 3 calls waiting for the push", l, err)
		}
		w.skew.Add(int64(2 * time.Minute))
		w.end(conn, push)
		w.skew.Add(int64(time.Minute))
		w.settled(conn)
		if l, err := w.Store.Ledger(t.Context(), conn.ID); err != nil || l.Written != 3 {
			t.Errorf("ledger %+v, %v; want the 3 calls written", l, err)
		}
	})
}
