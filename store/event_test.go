package store_test

import (
	"cmp"
	"fmt"
	"testing"
	"time"

	"addtomojo/store"
	"addtomojo/store/storetest"
)

// call is a call of Kate's with a contact.
func call(webhookID string, contact int64) store.Event {
	return store.Event{
		WebhookID:     webhookID,
		AccountID:     "4711",
		Type:          "call.completed",
		MojoContactID: contact,
		APIContactID:  fmt.Sprint("wa-", contact),
		ContactName:   "Ann Lee",
		Body:          []byte(`{"call":{"id":90210}}`),
		OccurredAt:    noon.Add(-time.Minute),
		ReceivedAt:    noon,
	}
}

// received stores an event that must be new.
func received(t *testing.T, s *store.Store, e store.Event) store.Event {
	t.Helper()
	r, err := s.ReceiveEvent(t.Context(), e, "")
	check(t, err)
	if !r.New {
		t.Fatalf("event %s was there before", e.WebhookID)
	}
	return r.Event
}

func TestReceiveEvent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		got := received(t, s, call("msg_1", 58))
		want := call("msg_1", 58)
		want.ID, want.Seq, want.ConnectionID = got.ID, 1, c.ID
		want.State, want.NextAt = store.EventWaiting, noon
		same(t, "received", got, want)
		stored, err := s.Event(t.Context(), got.ID)
		check(t, err)
		same(t, "stored", stored, want)

		again := call("msg_1", 99)
		again.ReceivedAt = noon.Add(7 * 24 * time.Hour)
		r, err := s.ReceiveEvent(t.Context(), again, "")
		check(t, err)
		same(t, "received a week later", r, store.Received{Event: want})

		if next := received(t, s, call("msg_2", 58)); next.Seq <= got.Seq {
			t.Errorf("the next event has seq %d, want more than %d", next.Seq, got.Seq)
		}
		_, err = s.Event(t.Context(), "nothing")
		refused(t, err, store.ErrNotFound)
		if _, err := s.ReceiveEvent(t.Context(), call("", 58), ""); err == nil {
			t.Error("an event without a webhook id was received, want an error")
		}
	})
}

func TestReceiveEventExcludes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		stranger := call("stranger", 58)
		stranger.AccountID = "1"
		odd := call("odd", 58)
		odd.Type = "agent.birthday"
		marked := call("marked", 58)
		marked.State, marked.Reason = store.EventExcluded, "It cannot be read."
		for _, test := range []struct {
			event      store.Event
			connection string
			reason     string
		}{
			{stranger, "", "Not connected to Wise Agent."},
			{odd, c.ID, "Not a kind of event that goes to Wise Agent."},
			{marked, c.ID, "It cannot be read."},
		} {
			e := received(t, s, test.event)
			stored, err := s.Event(t.Context(), e.ID)
			check(t, err)
			same(t, test.event.WebhookID, stored, e)
			if e.State != store.EventExcluded || e.Reason != test.reason || e.ConnectionID != test.connection || e.FinishedAt != noon {
				t.Errorf("%s: got %+v, want it excluded: %s", test.event.WebhookID, e, test.reason)
			}
		}
		check(t, s.Reset(t.Context(), c.ID, noon))
		if e := received(t, s, call("late", 58)); e.ConnectionID != "" || e.State != store.EventExcluded {
			t.Errorf("after the reset: got %+v, want it excluded, of no connection", e)
		}
	})
}

func TestReceiveEventIsClaimedByWhoHasTheLease(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		receive := func(webhookID, holder string, at time.Time, want string) {
			t.Helper()
			e := call(webhookID, 58)
			e.ReceivedAt = at
			r, err := s.ReceiveEvent(t.Context(), e, holder)
			check(t, err)
			if r.Event.ClaimedBy != want {
				t.Errorf("%s: claimed by %q, want %q", webhookID, r.Event.ClaimedBy, want)
			}
		}
		receive("no lease", "worker", noon, "")
		_, err := s.Lease(t.Context(), c.ID, "worker", noon.Add(time.Minute))
		check(t, err)
		receive("its lease", "worker", noon, "worker")
		receive("another's lease", "other", noon, "")
		receive("nobody asks", "", noon, "")
		receive("run out", "worker", noon.Add(time.Minute), "")
	})
}

func TestReceiveEventWithOddText(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		connected(t, s)
		e := call("odd", 58)
		e.ContactName, e.Body = "Ann\x00Lee\xff", []byte("{\"a\":\"\xff\"}")
		got := received(t, s, e)
		stored, err := s.Event(t.Context(), got.ID)
		check(t, err)
		same(t, "stored", stored, got)
		if stored.ContactName != "Ann\uFFFDLee\uFFFD" || string(stored.Body) != "{\"a\":\"\uFFFD\"}" {
			t.Errorf("got %q and %s, want the odd bytes replaced", stored.ContactName, stored.Body)
		}
	})
}

// A busy account's events are found by the contact's name, over all of them and in whatever state.
func TestEventsOfAName(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		names := map[int]string{0: "Bob O'Brien", 3: "Zoë Álvarez-Lee", 1100: "Bobby Lee", 1101: "Lee, Bob"}
		for i := range 1105 { // more than are looked at with one query
			e := call(fmt.Sprint("msg_", i), int64(i))
			e.ContactName = cmp.Or(names[i], fmt.Sprint("Contact ", i))
			id := received(t, s, e).ID
			if i == 1100 {
				check(t, s.FinishEvent(t.Context(), store.Outcome{EventID: id, State: store.EventWritten, At: noon}))
			}
		}
		for _, tt := range []struct {
			f    store.EventFilter
			want []string
		}{
			{store.EventFilter{Contact: "bob"}, []string{"msg_1101", "msg_1100", "msg_0"}},
			{store.EventFilter{Contact: " BOB  lee"}, []string{"msg_1101", "msg_1100"}},
			{store.EventFilter{Contact: "obrien"}, []string{"msg_0"}},
			{store.EventFilter{Contact: "zoe alv"}, []string{"msg_3"}},
			{store.EventFilter{Contact: "lee", State: store.EventWritten}, []string{"msg_1100"}},
			{store.EventFilter{Contact: "bob", Limit: 2}, []string{"msg_1101", "msg_1100"}},
			{store.EventFilter{Contact: "bob%"}, nil},
			{store.EventFilter{Contact: "rob"}, nil},
		} {
			tt.f.Limit = cmp.Or(tt.f.Limit, 10)
			found, err := s.Events(t.Context(), c.ID, tt.f)
			check(t, err)
			var got []string
			for _, e := range found {
				got = append(got, e.WebhookID)
			}
			same(t, fmt.Sprintf("%+v", tt.f), got, tt.want)
		}
	})
}

func TestEvents(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		for i := range 6 {
			e := received(t, s, call(fmt.Sprint("msg_", i), int64(i)))
			if i%2 == 0 {
				check(t, s.FinishEvent(t.Context(), store.Outcome{EventID: e.ID, State: store.EventWritten, At: noon}))
			}
		}
		events := func(what string, f store.EventFilter, want ...string) int64 {
			t.Helper()
			found, err := s.Events(t.Context(), c.ID, f)
			check(t, err)
			var got []string
			for _, e := range found {
				got = append(got, e.WebhookID)
			}
			same(t, what, got, want)
			return found[len(found)-1].Seq
		}
		seq := events("first page", store.EventFilter{Limit: 4}, "msg_5", "msg_4", "msg_3", "msg_2")
		events("second page", store.EventFilter{Limit: 4, Before: seq}, "msg_1", "msg_0")
		seq = events("written", store.EventFilter{State: store.EventWritten, Limit: 2}, "msg_4", "msg_2")
		events("more written", store.EventFilter{State: store.EventWritten, Limit: 2, Before: seq}, "msg_0")
	})
}
