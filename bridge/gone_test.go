package bridge_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"addtomojo/bridge"
	"addtomojo/store"
)

// linkedThere tells whether Mojo's contact form says that a contact is in Wise Agent.
func (w *town) linkedThere(mojoID int64) bool {
	w.t.Helper()
	b, err := w.Button(w.t.Context(), account, mojoID)
	w.need(err)
	if !b.Connected || b.Linked != (b.ClientID != "") || b.Linked != (b.URL != "") {
		w.t.Errorf("button: %+v, want it connected, and to say where the contact is if it is linked", b)
	}
	return b.Linked
}

// However often the button is pressed, a contact that was deleted is made anew once; and what was known of it goes on to the new one.
func TestADeletedContactIsSentAgainOnce(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn, ids := w.linked(1)
		who, mojoID := w.who(ids[0]), w.link(conn, ids[0]).MojoContactID
		w.tell("msg_1", w.hook("call.completed", who, callOf(1, "dnc_contact", "")))
		w.settled(conn)
		w.wise.DeleteContact(kate, ids[0])
		w.tell("msg_2", w.hook("call.completed", who, callOf(2, "contact", "")))
		if l := w.settled(conn); l.NeedsYou != 1 || w.linkedThere(mojoID) {
			t.Fatalf("ledger %+v, want the second call to need its reader, and no contact in Wise Agent", l)
		}
		gone := w.link(conn, ids[0]).GoneAt
		if n, err := w.RetryEvents(t.Context(), conn, time.Time{}); n != 1 || err != nil {
			t.Fatalf("retried %d, %v; want one", n, err)
		}
		if l := w.settled(conn); l.NeedsYou != 1 || !w.link(conn, ids[0]).GoneAt.Equal(gone) {
			t.Errorf("ledger %+v and link %+v, want it gone since %v still", l, w.link(conn, ids[0]), gone)
		}

		statuses := make([]int, 20)
		var presses sync.WaitGroup
		for i := range statuses {
			presses.Go(func() {
				contact := fmt.Sprintf(`{"contact_id":%d,"api_contact_id":"wa-%s","full_name":"Person 0","mediainfo_set":[{"type":4,"value":"person0@example.com"}]}`, mojoID, ids[0])
				sent, err := w.SendToWise(t.Context(), account, []json.RawMessage{json.RawMessage(contact)}, nil)
				w.need(err)
				statuses[i] = sent[0].Status
			})
		}
		presses.Wait()
		for _, status := range statuses {
			if status != http.StatusCreated && status != http.StatusOK {
				t.Errorf("statuses %v, want 201, or 200 for who came late", statuses)
				break
			}
		}
		there := w.wise.Contacts(kate)
		if l := w.settled(conn); len(there) != 1 || l.Received != 3 || !w.linkedThere(mojoID) {
			t.Fatalf("ledger %+v and %d contacts, want the press once, and the contact", l, len(there))
		}
		anew := strconv.Itoa(there[0].ID)
		if l := w.link(conn, anew); l.MojoContactID != mojoID || l.DoNotCallAt.IsZero() {
			t.Errorf("got %+v, want the same contact in Mojo, not to be called still", l)
		}

		_, err := w.RetryEvents(t.Context(), conn, time.Time{})
		w.need(err)
		w.settled(conn)
		w.tell("msg_3", w.hook("call.completed", who, callOf(3, "contact", "")))
		if l := w.settled(conn); l.Written != 4 || len(w.notesOf(anew)) != 2 {
			t.Errorf("ledger %+v and notes %q, want the call that was retried, and the next one", l, w.notesOf(anew))
		}
	})
}

// Whoever finds a contact that was gone says so: a push, a rebuild, what is written to it.
func TestAContactThatIsFoundIsThereAgain(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn, ids := w.linked(1)
		w.eventually("its id is kept in Wise Agent", func() bool { return w.kept(ids) == 1 && w.link(conn, ids[0]).CustomWritten })
		mojoID := w.link(conn, ids[0]).MojoContactID
		for what, find := range map[string]func(){
			"a push": func() { w.push(conn, w.mojo.AddGroup(account, "Autumn"), ids...) },
			"a rebuild": func() {
				if n, err := w.RebuildLinks(t.Context(), conn, false); err != nil || n != (bridge.Rebuilt{Known: 1}) {
					t.Fatalf("got %+v and %v, want one link", n, err)
				}
			},
			"a call": func() {
				w.tell("msg_1", w.hook("call.completed", w.who(ids[0]), callOf(1, "contact", "")))
				w.settled(conn)
			},
		} {
			w.need(w.Store.SaveLinks(t.Context(), conn.ID, []store.Link{{ClientID: ids[0], GoneAt: w.Now()}}))
			if w.linkedThere(mojoID) {
				t.Fatalf("before %s: the contact is said to be in Wise Agent", what)
			}
			find()
			if !w.linkedThere(mojoID) {
				t.Errorf("after %s: the contact is said not to be in Wise Agent", what)
			}
		}
	})
}

// That a contact is gone is heard too when Mojo's id is to be kept at it.
func TestAContactWithoutItsIdIsFoundGone(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn, ids := w.linked(2)
		w.stop() // before they are kept
		w.wise.DeleteContact(kate, ids[0])
		w.run()
		w.nextLook(conn)
		w.eventually("the other's is kept", func() bool { return w.kept(ids) == 1 && w.link(conn, ids[1]).CustomWritten })
		w.eventually("the deleted one is gone", func() bool { return !w.linkedThere(w.link(conn, ids[0]).MojoContactID) })
		if !w.linkedThere(w.link(conn, ids[1]).MojoContactID) {
			t.Error("the other contact is said not to be in Wise Agent")
		}
	})
}
