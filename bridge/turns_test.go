package bridge_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"addtomojo/sandbox/fault"
	mojobox "addtomojo/sandbox/mojo"
	"addtomojo/store"
	"addtomojo/store/storetest"
)

// onePerson is a stage with Ann Lee, whom Mojo has several times: 70, 71 and so on.
func onePerson(t *testing.T, s *store.Store, contacts int) *stage {
	st := newStage(t, s)
	st.before("contact A\nfirst: Ann\nlast: Lee\nemail: ann@example.com\nmobile: (520) 555-0143\n", "pushed none")
	for i := range contacts {
		st.step(wordsOf(fmt.Sprintf(`send %d name="Ann Lee" email=ann@example.com`, 70+i)), "")
	}
	return st
}

// Mojo often has a person several times. Numbers that are added to each at the same moment don't take one field in Wise Agent one after
// the other: the fields take what they can, and a note has the rest.
func TestEditsOfOnePersonInSeveralContactsAllArrive(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		const contacts = 6
		st := onePerson(t, s, contacts)
		for i := range contacts {
			st.step(wordsOf(fmt.Sprintf("edit @%d 1 home - -> 520555017%d", 70+i, i)), "")
		}
		st.settle()
		after := st.wiseAfter()
		for i := range contacts {
			if number := fmt.Sprintf("(520) 555-017%d", i); strings.Count(after, number) != 1 {
				t.Errorf("%s is %d times in Wise Agent, want once:\n%s", number, strings.Count(after, number), after)
			}
		}
	})
}

// The activities of a person whom Mojo has several times may be alike. When the answers about them are lost at the same moment, each
// finds an entry of its own in the Call List, or makes one.
func TestAlikeActivitiesOfOnePersonInDoubtAreAllThere(t *testing.T) {
	for _, kind := range []fault.Kind{fault.CutAfter, fault.Truncated} {
		storetest.Each(t, func(t *testing.T, s *store.Store) {
			const contacts = 4
			st := onePerson(t, s, contacts)
			st.wiseFaults.Add(fault.Rule{Endpoint: "POST calls", Kind: kind, Times: contacts - 1})
			for i := range contacts {
				st.step(wordsOf(fmt.Sprintf(`plan @%d %d 1 todo title="Call back" on=2026-11-24`, 70+i, 500+i)), "")
			}
			st.settle()
			if n := strings.Count(st.wiseAfter(), `"Call back"`); n != contacts {
				t.Errorf("%d entries, want %d:\n%s", n, contacts, st.wiseAfter())
			}
			for i := range contacts {
				st.step(wordsOf(fmt.Sprintf(`delete @%d %d 2 todo title="Call back" on=2026-11-24`, 70+i, 500+i)), "")
			}
			st.settle()
			if n := strings.Count(st.wiseAfter(), `"Call back"`); n != 0 {
				t.Errorf("%d entries after all activities were deleted, want none:\n%s", n, st.wiseAfter())
			}
		})
	}
}

// Who has neither e-mail nor phone is known by the name alone. When the answers about such namesakes are lost at the same moment, none
// is taken for another one.
func TestNamesakesInDoubtAreNotTakenForEachOther(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newTown(t, s, mojobox.Config{})
		conn := w.connected()
		const contacts = 4
		w.wiseFaults.Add(fault.Rule{Endpoint: "webcontact", Kind: fault.CutAfter, Times: contacts - 1})
		var all []json.RawMessage
		for i := range contacts {
			all = append(all, json.RawMessage(fmt.Sprintf(`{"contact_id":%d,"full_name":"Ann Lee"}`, 70+i)))
		}
		_, err := w.SendToWise(t.Context(), account, all, nil)
		w.need(err)
		stop := w.skipWaits()
		defer stop()
		w.settled(conn)
		if n := len(w.wise.Contacts(kate)); n != contacts {
			t.Errorf("%d contacts, want %d", n, contacts)
		}
		found := map[string]bool{}
		for i := range contacts {
			l, err := s.LinkOf(t.Context(), conn.ID, int64(70+i), "")
			w.need(err)
			found[l.ClientID] = true
		}
		if len(found) != contacts {
			t.Errorf("linked with %v, want %d different", found, contacts)
		}
	})
}

// When Mojo makes one of two contacts, a note that was just made goes to the other one, and so does its activity: what is told of it at
// the same moment is about the same note in Wise Agent, and the same entry of the Call List.
func TestWhatMovesToAnotherContactOfThePersonStaysOne(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		st := onePerson(t, s, 2)
		st.wiseFaults.Add(fault.Rule{Endpoint: "addContactNote", Kind: fault.Late, Delay: 300 * time.Millisecond, Times: 1})
		st.wiseFaults.Add(fault.Rule{Endpoint: "POST calls", Kind: fault.Late, Delay: 300 * time.Millisecond, Times: 1})
		st.step(wordsOf(`note @70 5 "Call him"`), "")
		st.eventually("the note is made", func() bool { return strings.Contains(st.wiseAfter(), "Call him") })
		st.step(wordsOf(`note-edit @71 5 "Call him in May"`), "")
		st.settle()
		st.step(wordsOf(`plan @70 9 1 todo title="Call back" on=2026-11-24`), "")
		st.eventually("the entry is made", func() bool { return strings.Contains(st.wiseAfter(), "Call back") })
		st.step(wordsOf(`move @71 9 2 todo title="Call back" on=2026-11-25`), "")
		st.settle()
		after := st.wiseAfter()
		if strings.Count(after, "Mojo note #5") != 1 || !strings.Contains(after, "in May") || strings.Count(after, "Call back") != 1 {
			t.Errorf("want one note and one entry, as they are now:\n%s\n%s", after, st.ledger())
		}
	})
}

// What waits for its turn when the service is stopped has written nothing. In doubt it could take for its own what somebody else made.
func TestWhatWaitsForItsTurnAtAStopIsNotInDoubt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		st := onePerson(t, s, 3)
		st.wiseFaults.Add(fault.Rule{Endpoint: "addContactNote", Kind: fault.Late, Delay: 3 * time.Second, Times: 1})
		st.step(wordsOf(`note @70 5 "Call him"`), "")
		st.eventually("the first note is made", func() bool { return strings.Contains(st.wiseAfter(), "Mojo note #5") })
		st.step(wordsOf(`note @71 6 "Call her"`), "")
		st.step(wordsOf(`call @72 7 contact`), "")
		st.eventually("what came after the second note is written", func() bool { return strings.Contains(st.wiseAfter(), "Mojo call #7") })
		st.stop()
		waiting, err := s.Events(t.Context(), st.conn.ID, store.EventFilter{State: store.EventWaiting, Limit: 10})
		st.need(err)
		for _, e := range waiting {
			if strings.Contains(string(e.Body), "Call her") && e.Doubt {
				t.Errorf("the note that waited for its turn is in doubt: %s", e.Reason)
			}
		}
		st.run()
		st.settle()
		if after := st.wiseAfter(); strings.Count(after, "Mojo note #5") != 1 || strings.Count(after, "Mojo note #6") != 1 {
			t.Errorf("want each note once:\n%s", after)
		}
	})
}
