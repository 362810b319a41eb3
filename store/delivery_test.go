package store_test

import (
	"fmt"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"addtomojo/store"
	"addtomojo/store/storetest"
)

// finishEvent stores an outcome at noon.
func finishEvent(t *testing.T, s *store.Store, e store.Event, o store.Outcome) {
	t.Helper()
	o.EventID, o.At = e.ID, noon
	check(t, s.FinishEvent(t.Context(), o))
}

// stored reads an event again.
func stored(t *testing.T, s *store.Store, e store.Event) store.Event {
	t.Helper()
	e, err := s.Event(t.Context(), e.ID)
	check(t, err)
	return e
}

// dueEvents reads what a worker would, of at most so many contacts.
func dueEvents(t *testing.T, s *store.Store, connID string, now time.Time, limit int, busy []string) (events []store.Event) {
	t.Helper()
	keys, err := s.DueContacts(t.Context(), connID, now, limit, busy)
	check(t, err)
	due, err := s.DueEvents(t.Context(), connID, now, keys)
	check(t, err)
	if len(due) != len(keys) {
		t.Errorf("%d contacts are due, with %d events", len(keys), len(due))
	}
	for _, d := range due {
		events = append(events, d.Event)
	}
	return events
}

// due fails the test unless these webhook-ids are due.
func due(t *testing.T, s *store.Store, connID, when string, now time.Time, busy []string, want ...string) {
	t.Helper()
	var got []string
	for _, e := range dueEvents(t, s, connID, now, 10, busy) {
		got = append(got, e.WebhookID)
	}
	same(t, when, got, want)
}

func TestDueEventsKeepsTheOrderOfAContact(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		events := make(map[string]store.Event)
		for _, e := range []store.Event{call("a1", 1), call("a2", 1), call("b1", 2), call("a3", 1), call("b2", 2), call("c1", 3)} {
			events[e.WebhookID] = received(t, s, e)
		}
		due(t, s, c.ID, "at first", noon, nil, "a1", "b1", "c1")
		due(t, s, c.ID, "busy ones left out", noon, []string{"1", "3"}, "b1")
		few := dueEvents(t, s, c.ID, noon, 1, []string{"1"})
		if len(few) != 1 || few[0].WebhookID != "b1" {
			t.Errorf("at most one: got %v, want b1", few)
		}
		finishEvent(t, s, events["a1"], store.Outcome{State: store.EventWritten})
		due(t, s, c.ID, "a1 is written", noon, nil, "a2", "b1", "c1")
		finishEvent(t, s, events["b1"], store.Outcome{State: store.EventWaiting, NextAt: noon.Add(time.Minute)})
		due(t, s, c.ID, "b1 waits and holds up b2", noon, nil, "a2", "c1")
		due(t, s, c.ID, "b1 is due again", noon.Add(time.Minute), nil, "a2", "b1", "c1")
		finishEvent(t, s, events["b1"], store.Outcome{State: store.EventNeedsYou})
		due(t, s, c.ID, "b1 is parked and lets b2 through", noon, nil, "a2", "b2", "c1")
		due(t, s, "another connection", "another's", noon, nil)
	})
}

// An event without a contact has a turn too while others are at work.
func TestEventAboutNobodyIsDueBesideOthers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		nobody := call("about nobody", 0)
		nobody.APIContactID = ""
		received(t, s, nobody)
		due(t, s, c.ID, "while two are busy", noon, []string{"1", "2"}, "about nobody")
		due(t, s, c.ID, "while it is busy itself", noon, []string{"1", "2", ""})
	})
}

// A delivery begins with what comes with its event: the contact's link, and whether the contact has more to deliver.
func TestDueEventsComeWithTheirContact(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		linked := store.Link{
			ClientID: "26855", MojoContactID: 1, APIContactID: "wa-26855", Source: store.LinkSent, NotesSent: 81001, CustomWritten: true,
			DoNotCallAt: noon, CreatedAt: noon, PushedAt: noon.Add(time.Minute),
		}
		check(t, s.SaveLinks(t.Context(), c.ID, []store.Link{linked, {ClientID: "26856", APIContactID: "wa-26856", CreatedAt: noon}}))
		received(t, s, call("first of two", 1))
		received(t, s, call("second of two", 1))
		received(t, s, call("without a link", 2))
		nameless := call("without an id in Mojo", 0)
		nameless.APIContactID = "wa-26856"
		received(t, s, nameless)

		due, err := s.DueEvents(t.Context(), c.ID, noon, []string{"wa-26856", "2", "1", "nobody"})
		check(t, err)
		type found struct {
			WebhookID string
			Linked    bool
			More      bool
		}
		var got []found
		for _, d := range due {
			got = append(got, found{d.Event.WebhookID, d.Link != nil, d.More})
		}
		same(t, "due events", got, []found{{"first of two", true, true}, {"without a link", false, false}, {"without an id in Mojo", false, false}})
		same(t, "link", *due[0].Link, linked)
		none, err := s.DueEvents(t.Context(), c.ID, noon, nil)
		check(t, err)
		if len(none) > 0 {
			t.Errorf("of no contact: got %v", none)
		}
	})
}

func TestDueConnectionsHaveDueEvents(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		due := func(when string, now time.Time, want int) {
			t.Helper()
			connections, err := s.DueConnections(t.Context(), now, 10)
			check(t, err)
			if len(connections) != want {
				t.Errorf("%s: got %d due connections, want %d", when, len(connections), want)
			}
		}
		due("no event", noon, 0)
		e := received(t, s, call("msg_1", 58))
		received(t, s, call("msg_2", 58))
		due("two events", noon, 1)
		pushed(t, s, c, "a", 1)
		due("and a push", noon, 1)
		finish(t, s, "a", store.ContactAdded)
		finishEvent(t, s, e, store.Outcome{State: store.EventWaiting, NextAt: noon.Add(time.Minute)})
		due("the first waits and holds up the second", noon, 0)
		due("it is due again", noon.Add(time.Minute), 1)
		check(t, s.NeedSignIn(t.Context(), c.ID, store.Mojo, "Mojo said no.", 1, noon))
		due("needs a sign-in", noon.Add(time.Minute), 0)
		check(t, s.RefreshSide(t.Context(), c.ID, store.Mojo, token("mojo 2"), "", noon))
		due("signed in: it needs not wait any more", noon, 1)
		_, err := s.Lease(t.Context(), c.ID, "worker", noon.Add(time.Minute))
		check(t, err)
		due("leased", noon, 0)
	})
}

func TestDueConnectionsTheLongestDueFirst(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		var ids [3]string
		for i := range ids {
			c := kate()
			c.Email, c.MojoAccountID = fmt.Sprintf("agent%d@example.com", i), fmt.Sprint(i)
			c, err := s.Connect(t.Context(), c, token("mojo"), token("wise"), "")
			check(t, err)
			ids[i] = c.ID
			e := call(fmt.Sprint("msg_", i), 58)
			e.AccountID, e.ReceivedAt = c.MojoAccountID, noon.Add(-time.Duration(i)*time.Minute)
			received(t, s, e)
		}
		got, err := s.DueConnections(t.Context(), noon, 2)
		check(t, err)
		same(t, "due connections", got, []string{ids[2], ids[1]})
	})
}

func TestFinishEvent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		e := received(t, s, call("msg_1", 58))
		later := noon.Add(time.Hour)
		check(t, s.FinishEvent(t.Context(), store.Outcome{
			EventID: e.ID, At: noon, State: store.EventWaiting, Reason: "Wise Agent isn't answering.", Attempts: 2, NextAt: later,
			Doubt: true, ResultID: "771",
		}))
		e.Reason, e.Attempts, e.NextAt, e.Doubt, e.ResultID = "Wise Agent isn't answering.", 2, later, true, "771"
		same(t, "tried again later", stored(t, s, e), e)

		check(t, s.FinishEvent(t.Context(), store.Outcome{
			EventID: e.ID, At: later, State: store.EventWritten,
			Links:    []store.Link{{ClientID: "26855", MojoContactID: 58, Source: store.LinkSent, CreatedAt: later}},
			Snapshot: &store.Snapshot{ClientID: "26855", Fields: map[string]store.Field{"home": {Value: "5205550143", Known: true, Revision: 3}}},
			Activity: &store.Activity{MojoEventID: "9", ClientID: "26855", CallID: "12", Revision: 4, State: store.ActivityOpen},
			Note:     &store.MojoNote{MojoNoteID: "5", ClientID: "26855", NoteID: 771, ToldAt: noon},
		}))
		e.State, e.Reason, e.Attempts, e.NextAt, e.Doubt, e.FinishedAt = store.EventWritten, "", 0, time.Time{}, false, later
		same(t, "written", stored(t, s, e), e)
		l, err := s.LinkOf(t.Context(), c.ID, 58, "")
		check(t, err)
		same(t, "link", l, store.Link{ClientID: "26855", MojoContactID: 58, Source: store.LinkSent, CreatedAt: later})
		seen, err := s.Snapshot(t.Context(), c.ID, "26855")
		check(t, err)
		same(t, "home", seen.Fields["home"], store.Field{Value: "5205550143", Known: true, Revision: 3, EditedAt: later.UnixMilli()})
		a, err := s.Activity(t.Context(), c.ID, "9")
		check(t, err)
		same(t, "call", a.CallID, "12")
		n, err := s.MojoNote(t.Context(), c.ID, "5")
		check(t, err)
		same(t, "note", n, store.MojoNote{MojoNoteID: "5", ClientID: "26855", NoteID: 771, ToldAt: noon})

		refused(t, s.FinishEvent(t.Context(), store.Outcome{EventID: e.ID, At: later, State: store.EventNeedsYou}), store.ErrStale)
		refused(t, s.FinishEvent(t.Context(), store.Outcome{EventID: e.ID, At: later, State: store.EventWritten}), store.ErrStale)
		refused(t, s.FinishEvent(t.Context(), store.Outcome{EventID: "nothing", At: later, State: store.EventWritten}), store.ErrNotFound)
		same(t, "still written", stored(t, s, e), e)
	})
}

func TestFinishEventOfABadOne(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		connected(t, s)
		e := received(t, s, call("msg_1", 58))
		if err := s.FinishEvent(t.Context(), store.Outcome{EventID: e.ID, At: noon, State: "lost"}); err == nil {
			t.Error("an unknown state was stored, want an error")
		}
		if err := s.FinishEvent(t.Context(), store.Outcome{EventID: e.ID, State: store.EventWritten}); err == nil {
			t.Error("an outcome without a time was stored, want an error")
		}
		same(t, "event", stored(t, s, e), e)
	})
}

func TestClaims(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		connected(t, s)
		a, b := received(t, s, call("a", 1)), received(t, s, call("b", 2))
		claim := func(owner string) error { return s.ClaimEvents(t.Context(), []string{a.ID, b.ID}, owner) }
		claimed := func(when, owner string, doubt bool) {
			t.Helper()
			if e := stored(t, s, a); e.ClaimedBy != owner || e.Doubt != doubt {
				t.Errorf("%s: claimed by %q, doubt %t; want %q and %t", when, e.ClaimedBy, e.Doubt, owner, doubt)
			}
		}
		check(t, claim("first"))
		claimed("claimed", "first", false)
		check(t, claim("first"))
		claimed("claimed again", "first", false)
		check(t, claim("second"))
		claimed("claimed by the next, the first one is gone", "second", true)
		refused(t, s.FinishEvent(t.Context(), store.Outcome{
			EventID: a.ID, Owner: "first", At: noon, State: store.EventWaiting,
		}), store.ErrStale)
		claimed("the first comes late and knows nothing", "second", true)
		finishEvent(t, s, a, store.Outcome{Owner: "second", State: store.EventWaiting, NextAt: noon})
		claimed("it is sure that nothing was written", "", false)

		finishEvent(t, s, b, store.Outcome{State: store.EventExcluded})
		refused(t, claim("third"), store.ErrStale)
		claimed("the other was finished", "third", false)
		refused(t, s.ClaimEvents(t.Context(), []string{"nothing"}, "third"), store.ErrStale)
	})
}

// The first worker lost its lease, the second one wrote, perhaps, and let go of the event: what the first one says now is about nothing
// that is still so, the doubt above all.
func TestALateOutcomeTakesNoDoubtAway(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		connected(t, s)
		for _, late := range []store.Outcome{
			{State: store.EventWaiting},
			{State: store.EventNeedsYou, Reason: "Wise Agent refused it."},
			{State: store.EventWaiting, Links: []store.Link{{ClientID: "1", DoNotCallAt: noon}}},
		} {
			e := received(t, s, call(store.NewID(), 1))
			check(t, s.ClaimEvents(t.Context(), []string{e.ID}, "first"))
			check(t, s.ClaimEvents(t.Context(), []string{e.ID}, "second"))
			finishEvent(t, s, e, store.Outcome{Owner: "second", State: store.EventWaiting, Doubt: true, Attempts: 1, NextAt: noon.Add(time.Minute)})
			want := stored(t, s, e)
			late.EventID, late.Owner, late.At = e.ID, "first", noon
			refused(t, s.FinishEvent(t.Context(), late), store.ErrStale)
			same(t, "event", stored(t, s, e), want)
		}
	})
}

func TestACrashLeavesAClaim(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		first := storetest.At(t, url)
		c := connected(t, first)
		_, err := first.Lease(t.Context(), c.ID, "first", noon.Add(time.Minute))
		check(t, err)
		r, err := first.ReceiveEvent(t.Context(), call("sent at once", 1), "first")
		check(t, err)
		received(t, first, call("never begun", 2))
		check(t, first.Close()) // it wrote the note, and ended before it could say so

		second := storetest.At(t, url)
		later := noon.Add(time.Minute)
		connections, err := second.DueConnections(t.Context(), later, 10)
		check(t, err)
		same(t, "due connections", connections, []string{c.ID})
		events := dueEvents(t, second, c.ID, later, 10, nil)
		if len(events) != 2 || events[0].ClaimedBy != "first" || events[1].ClaimedBy != "" {
			t.Fatalf("got %+v, want the first claimed by who is gone", events)
		}
		check(t, second.ClaimEvents(t.Context(), []string{r.Event.ID}, "second"))
		if e := stored(t, second, r.Event); !e.Doubt {
			t.Errorf("got %+v, want doubt", e)
		}
	})
}

func TestFinishEventAfterAReset(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		gone, written, parked := received(t, s, call("gone", 1)), received(t, s, call("written", 2)), received(t, s, call("parked", 3))
		finishEvent(t, s, parked, store.Outcome{State: store.EventNeedsYou, Reason: "Look."})
		check(t, s.Reset(t.Context(), c.ID, noon))
		for _, e := range []store.Event{gone, written} {
			if got := stored(t, s, e); got.State != store.EventExcluded || got.Reason != "Reset Credentials was pressed." {
				t.Errorf("after the reset: got %+v, want it excluded", got)
			}
		}
		refused(t, s.ClaimEvents(t.Context(), []string{gone.ID}, "worker"), store.ErrStale)
		refused(t, s.FinishEvent(t.Context(), store.Outcome{EventID: gone.ID, At: noon, State: store.EventNeedsYou}), store.ErrStale)
		same(t, "state", stored(t, s, gone).State, store.EventExcluded)

		o := store.Outcome{EventID: written.ID, At: noon, State: store.EventWritten, Links: []store.Link{{ClientID: "1", MojoContactID: 2}}}
		refused(t, s.FinishEvent(t.Context(), o), store.ErrStale)
		same(t, "what is true", stored(t, s, written).State, store.EventWritten)
		_, err := s.LinkOf(t.Context(), c.ID, 2, "")
		check(t, err)

		l, err := s.Ledger(t.Context(), c.ID)
		check(t, err)
		same(t, "ledger", l, store.Ledger{Received: 3, Written: 1, NeedsYou: 1, Excluded: 1, LastCallAt: noon})
		refused(t, s.RetryEvent(t.Context(), c.ID, parked.ID, noon), store.ErrNotFound)
		_, err = s.RetryEvents(t.Context(), c.ID, time.Time{}, noon)
		refused(t, err, store.ErrNotFound)
	})
}

func TestRetryEvent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		e, written := received(t, s, call("a", 1)), received(t, s, call("b", 2))
		finishEvent(t, s, e, store.Outcome{State: store.EventNeedsYou, Reason: "Wise Agent refused it.", Attempts: 9, Doubt: true})
		finishEvent(t, s, written, store.Outcome{State: store.EventWritten})
		later := noon.Add(time.Hour)
		check(t, s.RetryEvent(t.Context(), c.ID, e.ID, later))
		e.NextAt, e.Doubt = later, true
		same(t, "waits again", stored(t, s, e), e)
		check(t, s.RetryEvent(t.Context(), c.ID, e.ID, later.Add(time.Hour)))
		same(t, "pressed twice", stored(t, s, e), e)
		refused(t, s.RetryEvent(t.Context(), c.ID, written.ID, later), store.ErrStale)
		refused(t, s.RetryEvent(t.Context(), c.ID, "nothing", later), store.ErrNotFound)
		refused(t, s.RetryEvent(t.Context(), "another connection", e.ID, later), store.ErrNotFound)
	})
}

func TestRetryEventsSince(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		park := func() {
			t.Helper()
			events, err := s.Events(t.Context(), c.ID, store.EventFilter{Limit: 10})
			check(t, err)
			for _, e := range events {
				if e.State == store.EventWaiting {
					finishEvent(t, s, e, store.Outcome{State: store.EventNeedsYou})
				}
			}
		}
		for i := range 4 {
			e := call(fmt.Sprint("msg_", i), int64(i))
			e.ReceivedAt = noon.Add(time.Duration(i) * time.Minute)
			received(t, s, e)
		}
		park()
		retry := func(since time.Time, want int) {
			t.Helper()
			n, err := s.RetryEvents(t.Context(), c.ID, since, noon)
			check(t, err)
			l, err := s.Ledger(t.Context(), c.ID)
			check(t, err)
			if n != want || l.Waiting != want || l.NeedsYou != 4-want {
				t.Errorf("since %s: retried %d, ledger %+v; want %d", since, n, l, want)
			}
		}
		retry(noon.Add(2*time.Minute), 2)
		park()
		retry(time.Time{}, 4)
	})
}

func TestExcludeOld(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		old, parked := received(t, s, call("old", 1)), received(t, s, call("parked", 2))
		finishEvent(t, s, parked, store.Outcome{State: store.EventNeedsYou})
		young := call("young", 1)
		young.ReceivedAt = noon.Add(time.Minute)
		received(t, s, young)
		now := noon.Add(30*24*time.Hour + time.Second)
		n, err := s.ExcludeOld(t.Context(), now.Add(-30*24*time.Hour), now)
		check(t, err)
		if n != 1 {
			t.Errorf("%d events were excluded, want 1", n)
		}
		if e := stored(t, s, old); e.State != store.EventExcluded || e.Reason != "Too old: it waited more than 30 days." || e.FinishedAt != now {
			t.Errorf("got %+v, want it excluded", e)
		}
		due(t, s, c.ID, "the younger one is next", now, nil, "young")
		l, err := s.Ledger(t.Context(), c.ID)
		check(t, err)
		same(t, "ledger", l, store.Ledger{Received: 3, Waiting: 1, NeedsYou: 1, Excluded: 1, OldestWaiting: young.ReceivedAt})
	})
}

func TestTidyForgetsOldEvents(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		written, parked := received(t, s, call("written", 1)), received(t, s, call("parked", 2))
		finishEvent(t, s, written, store.Outcome{State: store.EventWritten, ResultID: "771"})
		finishEvent(t, s, parked, store.Outcome{State: store.EventNeedsYou})
		later := noon.Add(30 * 24 * time.Hour)
		got, err := s.Tidy(t.Context(), later.Add(-time.Second))
		check(t, err)
		same(t, "tidied before", got, store.Tidied{})
		got, err = s.Tidy(t.Context(), later)
		check(t, err)
		same(t, "tidied", got, store.Tidied{Events: 2})

		if e := stored(t, s, written); e.WebhookID != "" || len(e.Body) > 0 || e.ResultID != "771" {
			t.Errorf("got %+v, want the row without webhook-id and body", e)
		}
		if e := stored(t, s, parked); string(e.Body) != string(parked.Body) {
			t.Errorf("got body %q, want it kept: it may be retried", e.Body)
		}
		check(t, s.RetryEvent(t.Context(), c.ID, parked.ID, later))
		finishEvent(t, s, parked, store.Outcome{State: store.EventWritten})
		if e := stored(t, s, parked); len(e.Body) > 0 {
			t.Errorf("got body %q once it was written, want none", e.Body)
		}
		received(t, s, call("written", 1)) // nobody remembers its webhook-id
		l, err := s.Ledger(t.Context(), c.ID)
		check(t, err)
		same(t, "ledger", l, store.Ledger{Received: 3, Waiting: 1, Written: 2, LastCallAt: noon, OldestWaiting: noon})
	})
}

// TestTidyForgetsAllOldEvents has more of them than one step takes, and a clock that was set back meanwhile: what was received under
// the earlier time then waits for what came before it.
func TestTidyForgetsAllOldEvents(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		connected(t, s)
		var group errgroup.Group
		group.SetLimit(64)
		for i := range 1200 {
			group.Go(func() error {
				_, err := s.ReceiveEvent(t.Context(), call(fmt.Sprint("early", i), int64(i+1)), "")
				return err
			})
		}
		check(t, group.Wait())
		for _, after := range []time.Duration{time.Hour, time.Minute} {
			e := call(after.String(), 1)
			e.ReceivedAt = noon.Add(after)
			received(t, s, e)
		}
		for _, step := range []struct {
			after time.Duration
			want  int
		}{{-time.Second, 0}, {0, 1200}, {time.Hour, 2}, {2 * time.Hour, 0}} {
			got, err := s.Tidy(t.Context(), noon.Add(30*24*time.Hour+step.after))
			check(t, err)
			same(t, fmt.Sprint("tidied after ", step.after), got, store.Tidied{Events: step.want})
		}
	})
}

// Events of an account that isn't connected are on nobody's page: how many there were is all that is kept.
func TestTidyForgetsWhomUnconnectedEventsWereAbout(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		connected(t, s)
		about := func(webhookID, account string) store.Event {
			e := call(webhookID, 1)
			e.AccountID, e.APIContactID, e.ContactName = account, "wa-26855", "Ann Lee"
			return received(t, s, e)
		}
		stranger, own := about("stranger", "9999"), about("own", kate().MojoAccountID)
		got, err := s.Tidy(t.Context(), noon.Add(30*24*time.Hour-time.Second))
		check(t, err)
		same(t, "tidied before", got, store.Tidied{})
		if e := stored(t, s, stranger); e.ContactName == "" {
			t.Error("the name is gone before its time")
		}
		_, err = s.Tidy(t.Context(), noon.Add(30*24*time.Hour))
		check(t, err)
		if e := stored(t, s, stranger); e.ContactName+e.APIContactID+string(e.Body) != "" || e.Reason == "" || e.State != store.EventExcluded {
			t.Errorf("got %+v, want nothing of whom it was about, and why it was excluded", e)
		}
		if e := stored(t, s, own); e.ContactName != "Ann Lee" || e.APIContactID != "wa-26855" {
			t.Errorf("got %+v, want the customer's own event with its contact, for the activity page", e)
		}
	})
}

func TestResumeEvents(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		later, parked := received(t, s, call("later", 1)), received(t, s, call("parked", 2))
		finishEvent(t, s, later, store.Outcome{State: store.EventWaiting, Attempts: 3, NextAt: noon.Add(time.Hour)})
		finishEvent(t, s, parked, store.Outcome{State: store.EventNeedsYou})
		due(t, s, c.ID, "before", noon, nil)
		check(t, s.ResumeEvents(t.Context(), c.ID, noon))
		due(t, s, c.ID, "resumed", noon, nil, "later")
		if e := stored(t, s, later); e.Attempts != 3 {
			t.Errorf("got %d attempts, want them kept", e.Attempts)
		}
	})
}
