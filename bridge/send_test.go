package bridge_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"addtomojo/sandbox/fault"
	mojobox "addtomojo/sandbox/mojo"
	wisebox "addtomojo/sandbox/wiseagent"
	"addtomojo/store"
	"addtomojo/store/storetest"
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

func TestWhatIsWrongWithAContactThatIsSent(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn := w.connected()
		for _, test := range []struct{ contact, agent, problem string }{
			{`{"contact_id":"901","full_name":"Ann Lee"}`, `{"id":31,"name":"Dana Ruiz"}`, ""},
			{`{"contact_id":902,"full_name":"Bob Ray"}`, `"Dana Ruiz"`, ""},
			{`{"contact_id":903,"full_name":"Cy Day","address":null,"mediainfo_set":[{"type":4,"value":null}]}`, `null`, ""},
			{`{"contact_id":904,"full_name":"Di Fox","zip_code":85701}`, ``, "The contact can't be read: zip_code has the wrong type (number)."},
			{`{"contact_id":905,"mediainfo_set":{"type":2}}`, ``, "The contact can't be read: mediainfo_set has the wrong type (object)."},
			{`"Ann Lee"`, ``, "The contact can't be read."},
			{`{"full_name":"Ann Lee"}`, ``, "The contact has no contact_id."},
			{`{"contact_id":-5,"full_name":"Ann Lee"}`, ``, "The contact has no contact_id."},
			{`{"contact_id":906,"full_name":"\u200b"}`, ``, "The contact needs a name, a phone or an e-mail."},
			{`{"contact_id":907,"full_name":null,"mediainfo_set":[{"type":2,"value":" "},{"type":4,"value":null}]}`, ``, "The contact needs a name, a phone or an e-mail."},
		} {
			sent, err := w.SendToWise(t.Context(), account, []json.RawMessage{json.RawMessage(test.contact)}, json.RawMessage(test.agent))
			w.need(err)
			if want := map[bool]int{true: 201, false: 422}[test.problem == ""]; sent[0].Status != want || sent[0].Problem != test.problem {
				t.Errorf("%s: got %d, %q, want %d, %q", test.contact, sent[0].Status, sent[0].Problem, want, test.problem)
			}
		}
		if l := w.settled(conn); l.Received != 3 || len(w.wise.Contacts(kate)) != 3 {
			t.Errorf("ledger %+v, want the three that could be sent", l)
		}
	})
}

// Where Mojo doesn't say which of its contacts are those of a push, the contact form and the hooks do.
func TestWhoCameFromWiseAgentIsNotSentBackAsSomebodyElse(t *testing.T) {
	everyEngineWith(t, mojobox.Config{NoBulkUpdate: true}, func(t *testing.T, w *town) {
		conn := w.connected()
		ids, group := w.contacts(2), w.mojo.AddGroup(account, "Spring")
		var inMojo [2]int64
		for i, id := range ids {
			w.wise.ChangeContact(kate, id, func(c *wisebox.Contact) { c.Email, c.MobilePhone = "", "" })
			inMojo[i] = w.mojo.AddContact(account, mojobox.Contact{FullName: fmt.Sprint("Person ", i), APIContactID: "wa-" + id}, group)
		}
		w.push(conn, group, ids...)

		contact := fmt.Sprintf(`{"contact_id":%d,"api_contact_id":"wa-%s","full_name":"Person 0"}`, inMojo[0], ids[0])
		sent, err := w.SendToWise(t.Context(), account, []json.RawMessage{json.RawMessage(contact)}, nil)
		w.need(err)
		if sent[0].Status != http.StatusOK || sent[0].ClientID != ids[0] || len(w.wise.Contacts(kate)) != 2 {
			t.Errorf("sent: %+v, %d contacts; want the one that is there", sent[0], len(w.wise.Contacts(kate)))
		}
		w.tell("msg_1", w.hook("call.completed", w.who(ids[1]), callOf(1, "busy", "")))
		w.settled(conn)
		for i, id := range ids {
			b, err := w.Button(t.Context(), account, inMojo[i])
			w.need(err)
			if !b.Linked || b.ClientID != id {
				t.Errorf("button: %+v, want it linked with %s", b, id)
			}
		}
	})
}

// One delivery may learn two things of a link: who the contact is in Mojo, and that nobody may call it.
func TestACallTellsWhoItIsAndThatNobodyMayCall(t *testing.T) {
	everyEngineWith(t, mojobox.Config{NoBulkUpdate: true}, func(t *testing.T, w *town) {
		conn := w.connected()
		ids, group := w.contacts(1), w.mojo.AddGroup(account, "Spring")
		inMojo := w.mojo.AddContact(account, mojobox.Contact{FullName: "Person 0", APIContactID: "wa-" + ids[0]}, group)
		w.push(conn, group, ids...)
		w.tell("msg_1", w.hook("call.completed", w.who(ids[0]), callOf(1, "dnc_contact", "")))
		if l := w.settled(conn); l.Written != 1 {
			t.Errorf("ledger %+v, want the call written", l)
		}
		if l := w.link(conn, ids[0]); l.MojoContactID != inMojo || l.DoNotCallAt.IsZero() {
			t.Errorf("got %+v, want the contact %d in Mojo, not to be called", l, inMojo)
		}
	})
}

// The answer about a contact that was just made in Wise Agent may be slow. Whoever is the same person in Mojo is linked and edited
// meanwhile, and what the answer then tells of is no longer so.
func TestASlowAnswerDoesNotHideLaterEdits(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		st := newStage(t, s)
		st.before("", "pushed none")
		st.wiseFaults.Add(fault.Rule{Endpoint: "webcontact", Kind: fault.Late, Delay: 2 * time.Second, Times: 1})
		var sending sync.WaitGroup
		sending.Go(func() {
			first := json.RawMessage(`{"contact_id":70,"full_name":"Ann Lee","mediainfo_set":[{"type":4,"value":"ann@example.com"},{"type":2,"value":"5205550143"}]}`)
			if _, err := st.SendToWise(t.Context(), account, []json.RawMessage{first}, nil); err != nil {
				t.Error(err)
			}
		})
		st.eventually("the contact is made", func() bool { return len(st.wise.Contacts(kate)) == 1 })
		st.step(wordsOf(`send 71 name="Ann Lee" mobile=5205550143`), "")
		st.step(wordsOf("edit @71 1 mobile 5205550143 -> 5205550144"), "")
		st.eventually("the first edit is written", func() bool { return strings.Contains(st.wiseAfter(), "mobile: (520) 555-0144") })
		sending.Wait()
		for i, edit := range []string{"5205550144 -> 5205550145", "5205550145 -> 5205550143"} {
			st.step(wordsOf(fmt.Sprintf("edit @71 %d mobile %s", i+2, edit)), "")
			st.settle()
			number := edit[len(edit)-4:]
			if after := st.wiseAfter(); !strings.Contains(after, "mobile: (520) 555-"+number) || strings.Contains(after, "home:") {
				t.Errorf("want %s as the mobile number and no other:\n%s\n%s", number, after, st.ledger())
			}
		}
	})
}
