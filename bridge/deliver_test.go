package bridge_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"addtomojo/sandbox/fault"
	mojobox "addtomojo/sandbox/mojo"
	wisebox "addtomojo/sandbox/wiseagent"
	"addtomojo/store"
	"addtomojo/store/storetest"
)

// hook is a hook of Mojo about one contact, as it comes in; rest follows the contact.
func (w *town) hook(kind, contact, rest string) string {
	return fmt.Sprintf(`{"type":%q,"timestamp":%q,"data":{"account_id":%q,
		"agent":{"id":31,"name":"Dana Ruiz","email":"dana@example.com"},"contact":%s%s}}`,
		kind, w.Now().Format(time.RFC3339), account, contact, rest)
}

// who is a pushed contact as hooks name it.
func (w *town) who(clientID string) string {
	for _, c := range w.mojo.Contacts(account, 0) {
		if c.APIContactID == "wa-"+clientID {
			return fmt.Sprintf(`{"contact_id":%d,"api_contact_id":%q,"full_name":%q}`, c.ContactID, c.APIContactID, c.FullName)
		}
	}
	w.t.Fatalf("contact %s is not in Mojo", clientID)
	return ""
}

func callOf(id int, result, text string) string {
	return fmt.Sprintf(`,"call":{"id":%d,"result":%q,"phone":"5205550100","phone_type":2,"started_at":"2026-11-22T17:01:40Z",
		"duration_seconds":91,"session_id":771,"group":{"group_id":12,"name":"Hot Lead"},"notes":%q,"recording_url":null}`, id, result, text)
}

func (w *town) tell(id, body string) {
	w.t.Helper()
	w.need(w.Receive(w.t.Context(), id, []byte(body)))
}

// settled waits until nothing waits for the connection any more and gives the ledger.
func (w *town) settled(conn store.Connection) store.Ledger {
	w.t.Helper()
	var l store.Ledger
	w.eventually("nothing waits", func() (none bool) {
		var err error
		l, err = w.Store.Ledger(w.t.Context(), conn.ID)
		w.need(err)
		return l.Waiting == 0
	})
	return l
}

// linked connects Kate, pushes n contacts and gives their ids.
func (w *town) linked(n int) (store.Connection, []string) {
	w.t.Helper()
	conn := w.connected()
	ids := w.contacts(n)
	w.push(conn, w.mojo.AddGroup(account, "Spring"), ids...)
	return conn, ids
}

// notesOf are the subjects and texts of a contact's notes that we wrote.
func (w *town) notesOf(clientID string) (notes []string) {
	for _, n := range w.wise.Notes(kate, clientID) {
		if strings.HasPrefix(n.Subject, "Mojo") {
			notes = append(notes, n.Subject+"\n"+n.Text)
		}
	}
	return notes
}

func TestACallBecomesOneNote(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn, ids := w.linked(1)
		body := w.hook("call.completed", w.who(ids[0]), callOf(90210, "contact", "Wants a valuation"))
		var hooks sync.WaitGroup
		for range 100 {
			hooks.Go(func() { w.tell("msg_1", body) })
		}
		hooks.Wait()
		if l := w.settled(conn); l.Received != 1 || l.Written != 1 {
			t.Errorf("ledger %+v, want one received and written", l)
		}
		notes := w.notesOf(ids[0])
		if len(notes) != 1 || !strings.HasPrefix(notes[0], "Mojo call: Contact\n") || !strings.HasSuffix(notes[0], "Mojo call #90210") ||
			!strings.Contains(notes[0], "Wants a valuation") {
			t.Errorf("notes %q, want one for the call", notes)
		}
		w.tell("msg_2", w.hook("call.completed", w.who(ids[0]), callOf(90211, "voicemail", "")))
		w.settled(conn)
		if notes := w.notesOf(ids[0]); len(notes) != 2 {
			t.Errorf("%d notes after a second call, want 2", len(notes))
		}
	})
}

func TestLostAnswersDoubleNoNote(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn, ids := w.linked(20)
		w.wiseFaults.Add(fault.Rule{Endpoint: "addContactNote", Kind: fault.CutAfter, Share: 0.3})
		for i := range 200 {
			id := ids[i%len(ids)]
			w.tell(fmt.Sprint("msg_", i), w.hook("call.completed", w.who(id), callOf(1000+i, "contact", "")))
		}
		stop := w.skipWaits()
		defer stop()
		l := w.settled(conn)
		total := 0
		for _, id := range ids {
			total += len(w.notesOf(id))
		}
		if l.Written != 200 || total != 200 {
			t.Errorf("ledger %+v and %d notes, want 200 of both", l, total)
		}
	})
}

// skipWaits lets the service's clock run a minute every few milliseconds, so that retries come soon.
func (w *town) skipWaits() (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
				w.skew.Add(int64(time.Minute))
			}
		}
	}()
	return func() { close(done); <-ended }
}

func TestAPhoneEditedInMojoReachesItsField(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn, ids := w.linked(1)
		edit := func(rev int, old, fresh string) string {
			return fmt.Sprintf(`,"revision":%d,"changes":[{"field":"phone","old":{"type":2,"value":%q},"new":{"type":2,"value":%q}}]`, rev, old, fresh)
		}
		w.tell("e3", w.hook("contact.updated", w.who(ids[0]), edit(3, "5205550198", "5205550199")))
		w.settled(conn)
		w.tell("e2", w.hook("contact.updated", w.who(ids[0]), edit(2, "5205550100", "5205550198")))
		l := w.settled(conn)
		c, _ := w.wise.Contact(kate, ids[0])
		if c.MobilePhone != "(520) 555-0199" || l.Written != 1 || l.Excluded != 1 {
			t.Errorf("mobile %q, ledger %+v; want the newest edit, the older one excluded", c.MobilePhone, l)
		}
		w.wise.ChangeContact(kate, ids[0], func(c *wisebox.Contact) { c.MobilePhone = "602-555-0111" })
		w.tell("e4", w.hook("contact.updated", w.who(ids[0]), edit(4, "5205550199", "5205550177")))
		w.settled(conn)
		c, _ = w.wise.Contact(kate, ids[0])
		if c.MobilePhone != "602-555-0111" || c.HomePhone != "(520) 555-0177" {
			t.Errorf("mobile %q, home %q; want Wise Agent's own change kept and the new number in the free field", c.MobilePhone, c.HomePhone)
		}
	})
}

func TestAnAppointmentIsOneEntryThatFollows(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn, ids := w.linked(1)
		event := func(rev int, starts string) string {
			return fmt.Sprintf(`,"event":{"id":"a1","revision":%d,"kind":"appointment","title":"Listing talk","description":"","starts_at":%q,"priority":"high","recurring":false}`, rev, starts)
		}
		w.tell("a1", w.hook("event.created", w.who(ids[0]), event(1, "2026-11-24T17:00:00Z")))
		w.settled(conn)
		w.tell("a2", w.hook("event.updated", w.who(ids[0]), event(2, "2026-11-25T17:30:00Z")))
		w.settled(conn)
		calls := w.wise.CallList(kate, ids[0])
		if len(calls) != 1 || calls[0].Type != "Appointment" || calls[0].Reason != "Listing talk" || !calls[0].Important ||
			calls[0].Next.Format("2006-01-02 15:04") != "2026-11-25 10:30" {
			t.Fatalf("Call List %+v, want one appointment on 2026-11-25 10:30 in Arizona", calls)
		}
		w.tell("a3", w.hook("event.completed", w.who(ids[0]), event(3, "2026-11-25T17:30:00Z")))
		w.settled(conn)
		if calls := w.wise.CallList(kate, ids[0]); len(calls) != 1 || !calls[0].Completed {
			t.Errorf("Call List %+v, want it completed", calls)
		}
		w.tell("a4", w.hook("event.deleted", w.who(ids[0]), event(4, "2026-11-25T17:30:00Z")))
		w.settled(conn)
		if calls := w.wise.CallList(kate, ids[0]); len(calls) != 0 {
			t.Errorf("Call List %+v, want it empty", calls)
		}
	})
}

func TestStrangersAreExcluded(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn, _ := w.linked(1)
		w.tell("s1", w.hook("call.completed", `{"contact_id":424242,"api_contact_id":"wa-1","full_name":"A Stranger"}`, callOf(1, "contact", "")))
		if l := w.settled(conn); l.Excluded != 1 || l.Received != 1 {
			t.Errorf("ledger %+v, want one excluded", l)
		}
	})
}

// The database takes nothing for a while: deliveries go on meanwhile, as far as their outcomes may wait, and never more side by side
// than Wise Agent is to be asked at once.
func TestDeliveriesGoOnWhileOutcomesAreStored(t *testing.T) {
	t.Parallel()
	hold := map[string]string{ // what keeps others from writing
		storetest.SQLite:   "begin immediate",
		storetest.Postgres: "begin; update turns set last = last where name = 'deliver'",
	}
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			url := storetest.URL(t, engine)
			w := newTown(t, storetest.At(t, url), mojobox.Config{TellsAlreadyInGroup: true})
			var calls, atOnce, most atomic.Int64
			answer := make(chan struct{})
			w.watch = func(r *http.Request) {
				if r.URL.Query().Get("requestType") == "addContactNote" {
					calls.Add(1)
					for n := atOnce.Add(1); n > most.Load(); {
						most.CompareAndSwap(most.Load(), n)
					}
					<-answer
					atOnce.Add(-1)
				}
			}
			conn, ids := w.linked(40)
			for i, id := range ids {
				w.tell(fmt.Sprint("msg_", i), w.hook("call.completed", w.who(id), callOf(1000+i, "contact", "")))
			}
			w.eventually("8 notes are on their way", func() bool { return calls.Load() == 8 })
			holder, err := storetest.SQL(t, url).Conn(t.Context())
			w.need(err)
			defer holder.Close()
			_, err = holder.ExecContext(t.Context(), hold[engine])
			w.need(err)
			close(answer)
			w.eventually("24 more notes are written", func() bool { return calls.Load() == 8+24 })
			if l, err := w.Store.Ledger(t.Context(), conn.ID); err != nil || l.Written != 0 {
				t.Errorf("ledger %+v, %v, want no outcome stored yet", l, err)
			}
			_, err = holder.ExecContext(t.Context(), "rollback")
			w.need(err)
			if l := w.settled(conn); l.Written != 40 || calls.Load() != 40 || most.Load() != 8 {
				t.Errorf("%d written by %d calls, %d at once, want 40 by 40, 8 at once", l.Written, calls.Load(), most.Load())
			}
		})
	}
}

// What the contract leaves open, or gives in an example only, may come in another form; what nobody needs may come in any.
func TestEventsInOtherForms(t *testing.T) {
	told := []struct{ kind, rest string }{
		{"call.completed", `,"call":{"id":"1","result":"contact","started_at":"2026-11-22T10:01-07:00"}`},
		{"call.completed", `,"call":{"id":2,"result":"contact","started_at":"","duration_seconds":91.4}`},
		{"call.completed", `,"call":{"id":3,"result":null,"phone":null,"phone_type":null,"started_at":null,"duration_seconds":null,"group":null,
			"notes":null,"recording_url":null,"cost":{"cents":3}}`},
		{"event.created", `,"event":{"id":1,"revision":1,"kind":"appointment","title":"Tour","starts_at":"2026-11-24T10:00-0700","recurring":"weekly"}`},
		{"event.created", `,"event":{"id":2,"revision":1,"kind":"todo","title":null,"description":null,"starts_at":null,"date":"2026-11-24",
			"ends_at":null,"priority":null,"recurring":null,"completed_at":null}`},
		{"note.created", `,"note":{"id":1,"contents":"Hello","created_at":"2026-11-22 17:01:40+00:00"},"agent":{"id":{"uid":7},"name":"Dana Ruiz"}`},
	}
	everyEngine(t, func(t *testing.T, w *town) {
		conn, ids := w.linked(1)
		for i, e := range told {
			w.tell(fmt.Sprint("msg_", i), w.hook(e.kind, w.who(ids[0]), e.rest))
		}
		asText := regexp.MustCompile(`"contact_id":(\d+),"api_contact_id":"[^"]*"`).ReplaceAllString(w.who(ids[0]), `"contact_id":"$1"`)
		w.tell("msg_text", w.hook("call.completed", asText, callOf(4, "busy", "")))
		if l := w.settled(conn); l.Written != len(told)+1 {
			mail, err := w.Mail(t.Context(), conn, store.EventFilter{State: store.EventNeedsYou, Limit: 10})
			w.need(err)
			t.Fatalf("ledger %+v, want all %d written; %+v", l, len(told)+1, mail.Events)
		}
		notes := strings.Join(w.notesOf(ids[0]), "\n")
		for _, want := range []string{"When: Sun, Nov 22, 2026, 10:01 AM MST", "Length: 1 min 31 s", "Mojo call #4"} {
			if !strings.Contains(notes, want) {
				t.Errorf("notes %q, want %q in them", notes, want)
			}
		}
		if calls := w.wise.CallList(kate, ids[0]); len(calls) != 2 || calls[0].Next.Hour() != 10 {
			t.Errorf("Call List %+v, want an entry at 10:00 and another", calls)
		}
	})
}
