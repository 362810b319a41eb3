package bridge_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"addtomojo/bridge"
	"addtomojo/sandbox/fault"
	mojobox "addtomojo/sandbox/mojo"
	"addtomojo/store"
	"addtomojo/store/storetest"
)

// renames has the contacts renamed in Mojo, to "Renamed 0" and so on, and the service told of it.
func (w *town) renames(ids []string, group int64) {
	w.t.Helper()
	w.mojo.SetHookOptions(mojobox.HookOptions{NoFeed: true}) // the hooks are told here
	for _, c := range w.mojo.Contacts(account, group) {
		for i, id := range ids {
			if c.APIContactID != "wa-"+id {
				continue
			}
			fresh := fmt.Sprint("Renamed ", i)
			w.mojo.Edit(account, c.ContactID, func(c *mojobox.Contact) { c.FullName = fresh })
			w.need(w.Receive(w.t.Context(), "rename "+id, fmt.Appendf(nil, `{"type":"contact.updated","timestamp":%q,"data":{"account_id":%q,
				"contact":{"contact_id":%d,"api_contact_id":%q,"full_name":%q},"revision":7,
				"changes":[{"field":"full_name","old":%q,"new":%q}]}}`,
				w.Now().Format(time.RFC3339), account, c.ContactID, c.APIContactID, fresh, c.FullName, fresh)))
		}
	}
}

// wantNames checks what both sides call the contacts.
func (w *town) wantNames(ids []string, group int64, first string) {
	w.t.Helper()
	for i, id := range ids {
		want := fmt.Sprint(first, " ", i)
		for _, c := range w.wise.Contacts(kate) {
			if fmt.Sprint(c.ID) == id && c.First+" "+c.Last != want {
				w.t.Errorf("in Wise Agent: %s %s, want %s", c.First, c.Last, want)
			}
		}
		for _, c := range w.mojo.Contacts(account, group) {
			if c.APIContactID == "wa-"+id && c.FullName != want {
				w.t.Errorf("in Mojo: %s, want %s", c.FullName, want)
			}
		}
	}
}

// The contacts are fetched when the group page opens; the button is pressed later.
func TestPushCarriesWhatAnEditChangedAfterTheFetch(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn, first, second := w.connected(), w.mojo.AddGroup(account, "Spring"), w.mojo.AddGroup(account, "Summer")
		ids := w.contacts(12)
		w.push(conn, first, ids...)
		launch := w.launch(ids...)
		_, err := w.Preflight(t.Context(), conn, launch)
		w.need(err)
		w.renames(ids, first)
		w.settled(conn)
		push, err := w.StartPush(t.Context(), conn, bridge.StartPush{ID: store.NewID(), LaunchID: launch.ID, GroupID: second})
		w.need(err)
		if p := w.end(conn, push); p.All.Updated != len(ids) {
			t.Errorf("the push ends with %+v, want all updated", p.All)
		}
		w.wantNames(ids, second, "Renamed")
	})
}

// The service dies while a push waits for edits. Whoever takes over delivers them, once, and then sends the contacts.
func TestPushThatDiesWhileEditsWait(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		w.BatchSize, w.EditPatience = 4, time.Minute
		conn, first, second := w.connected(), w.mojo.AddGroup(account, "Spring"), w.mojo.AddGroup(account, "Summer")
		ids := w.contacts(10)
		w.push(conn, first, ids...)
		w.wiseFaults.Add(fault.Rule{Endpoint: "updateContact", Kind: fault.Timeout, Delay: time.Minute})
		w.renames(ids, first)
		push := w.begin(conn, second, ids...)
		w.until(conn, push, func(p bridge.Progress) bool { return p.Push.State == store.PushSending })
		w.eventually("Wise Agent is asked to take an edit", func() bool { return w.wise.Requests()["updateContact"] > 0 })
		w.stop()
		if n := len(w.mojo.Contacts(account, second)); n != 0 {
			t.Errorf("%d contacts are in the group before their edits are in Wise Agent", n)
		}
		w.wiseFaults.Clear()
		w.run()
		if p := w.end(conn, push); p.All.Updated != len(ids) {
			t.Errorf("the push ends with %+v, want all updated", p.All)
		}
		w.settled(conn)
		w.wantNames(ids, second, "Renamed")
		if l, err := w.Store.Ledger(t.Context(), conn.ID); err != nil || l.Written != len(ids) {
			t.Errorf("ledger %+v, %v; want every edit written", l, err)
		}
	})
}

// Wise Agent reads, but takes nothing and answers nothing: the customer gets to dial all the same, nothing is set back in Mojo, and
// no edit is lost.
func TestPushGoesOnWithoutEditsThatDoNotGetThrough(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		w.BatchSize, w.EditPatience = 2, 2*time.Second
		conn, first, second := w.connected(), w.mojo.AddGroup(account, "Spring"), w.mojo.AddGroup(account, "Summer")
		ids := w.contacts(10)
		w.push(conn, first, ids...)
		w.wiseFaults.Add(fault.Rule{Endpoint: "updateContact", Kind: fault.Timeout, Delay: 5 * time.Second})
		w.renames(ids, first)
		began := time.Now()
		if p := w.end(conn, w.begin(conn, second, ids...)); p.All.Updated != len(ids) {
			t.Errorf("the push ends with %+v, want all updated", p.All)
		}
		if took := time.Since(began); took > 9*time.Second { // five batches
			t.Errorf("the push took %s: it waits for each batch anew", took)
		}
		for i, c := range w.mojo.Contacts(account, second) {
			if want := fmt.Sprint("Renamed ", i); c.FullName != want {
				t.Errorf("in Mojo after the push: %s, want %s", c.FullName, want)
			}
		}
		w.wiseFaults.Clear()
		w.eventually("the retries, as they become due, have written all", func() bool {
			w.skew.Add(int64(time.Second))
			l, err := w.Store.Ledger(t.Context(), conn.ID)
			return err == nil && l.Waiting == 0
		})
		w.settled(conn)
		w.wantNames(ids, second, "Renamed")
	})
}

// An edit that found a conflict in Wise Agent says so in a note, which may take a while. A push that tells Mojo meanwhile what Wise Agent
// has is not forgotten for it: when somebody in Mojo then gives the old value back, that is an edit.
func TestAConflictDoesNotForgetAPushThatEndsMeanwhile(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		st := newStage(t, s)
		st.before("contact A\nfirst: Ann\nlast: Lee\nemail: ann@example.com\n", "pushed A")
		st.step(wordsOf("wise email=lee@example.com"), "")
		update := st.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkUpdate, Kind: fault.Late, Delay: 2 * time.Second, Times: 1})
		st.wiseFaults.Add(fault.Rule{Endpoint: "addContactNote", Kind: fault.Late, Delay: 4 * time.Second, Times: 1})
		push := st.begin(st.conn, st.group, st.ids["A"])
		st.eventually("the push is at Mojo", func() bool { return st.mojoFaults.Hits(update) == 1 })
		st.step(wordsOf("edit 1 email ann@example.com -> ann.lee@example.com"), "")
		st.eventually("the conflict is noted", func() bool { return strings.Contains(st.wiseAfter(), "ann.lee@example.com") })
		st.end(st.conn, push)
		st.settle()
		st.step(wordsOf("edit 2 email lee@example.com -> ann@example.com"), "")
		st.settle()
		if after := st.wiseAfter(); !strings.Contains(after, "email: ann@example.com") {
			t.Errorf("want the e-mail of the second edit:\n%s\n%s", after, st.ledger())
		}
	})
}
