package store_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"addtomojo/store"
	"addtomojo/store/storetest"
)

// people makes contacts of a push.
func people(n int) []store.PushContact {
	contacts := make([]store.PushContact, n)
	for i := range contacts {
		id := strconv.Itoa(i)
		contacts[i] = store.PushContact{Position: i, ClientID: id, Name: "Person " + id, APIContactID: "wa-" + id}
	}
	return contacts
}

// pushed stores a push of n contacts.
func pushed(t *testing.T, s *store.Store, c store.Connection, id string, n int) store.Push {
	t.Helper()
	p, _, err := s.CreatePush(t.Context(), store.Push{
		ID:           id,
		ConnectionID: c.ID,
		LaunchID:     "launch",
		GroupID:      5,
		GroupName:    "Sellers",
		CreatedAt:    noon,
	}, people(n))
	check(t, err)
	return p
}

// finish brings a push to its end, at noon, with its first contact in the given state.
func finish(t *testing.T, s *store.Store, id string, first store.ContactState) {
	t.Helper()
	check(t, s.MarkPush(t.Context(), id, store.PushMarks{
		Results: []store.PushContact{{Position: 0, State: first, Reason: "reason", PutIn: first == store.ContactAdded}},
	}))
	check(t, s.SetPush(t.Context(), id, store.PushDone, "", 0, time.Time{}, noon))
}

func pushState(t *testing.T, s *store.Store, id string, want store.PushState) store.Push {
	t.Helper()
	p, err := s.Push(t.Context(), id)
	check(t, err)
	if p.State != want {
		t.Errorf("push %s is %s, want %s", id, p.State, want)
	}
	return p
}

func TestCreatePush(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		contacts := people(250) // more than two statements' worth
		contacts[3].State, contacts[3].Reason = store.ContactSkipped, "It is a vendor."
		p := store.Push{ID: "key", ConnectionID: c.ID, LaunchID: "launch", GroupID: 5, GroupName: "Sellers", CreatedAt: noon}
		got, created, err := s.CreatePush(t.Context(), p, contacts)
		check(t, err)
		want := p
		want.State, want.Run, want.Total = store.PushWaiting, 1, 250
		same(t, "push", got, want)
		if !created {
			t.Error("the push is not new, want a new one")
		}

		stored, err := s.PushContacts(t.Context(), "key", nil, -1, 5000)
		check(t, err)
		for i := range contacts {
			contacts[i].Run = 1
			if i != 3 {
				contacts[i].State = store.ContactWaiting
			}
		}
		same(t, "contacts", stored, contacts)

		got, created, err = s.CreatePush(t.Context(), p, people(2))
		check(t, err)
		same(t, "push of the second press", got, want)
		if created {
			t.Error("the second press made a new push")
		}
	})
}

func TestCreatePushWithSomebodyElsesKey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		pushed(t, s, connected(t, s), "key", 1)
		joe := kate()
		joe.Email, joe.MojoAccountID = "joe@example.com", "4712"
		other, err := s.Connect(t.Context(), joe, token("mojo 2"), token("wise 2"), "")
		check(t, err)
		p, created, err := s.CreatePush(t.Context(), store.Push{ID: "key", ConnectionID: other.ID}, people(1))
		refused(t, err, store.ErrPushKeyTaken)
		if created || p.ID != "" {
			t.Errorf("got push %+v, want none", p)
		}
	})
}

func TestPushContactsByStateAndPage(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		p := pushed(t, s, connected(t, s), "key", 6)
		check(t, s.MarkPush(t.Context(), p.ID, store.PushMarks{Results: []store.PushContact{
			{Position: 1, State: store.ContactFailed},
			{Position: 3, State: store.ContactUpdated},
			{Position: 4, State: store.ContactFailed},
		}}))
		for _, test := range []struct {
			states       []store.ContactState
			after, limit int
			want         []int
		}{
			{nil, -1, 10, []int{0, 1, 2, 3, 4, 5}},
			{nil, 2, 2, []int{3, 4}},
			{[]store.ContactState{store.ContactFailed}, -1, 10, []int{1, 4}},
			{[]store.ContactState{store.ContactUpdated, store.ContactFailed}, 1, 10, []int{3, 4}},
			{[]store.ContactState{store.ContactAdded}, -1, 10, nil},
		} {
			contacts, err := s.PushContacts(t.Context(), p.ID, test.states, test.after, test.limit)
			check(t, err)
			var got []int
			for _, c := range contacts {
				got = append(got, c.Position)
			}
			same(t, fmt.Sprintf("positions in %v after %d", test.states, test.after), got, test.want)
		}
	})
}

func TestMarkPush(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		p := pushed(t, s, c, "key", 8)
		check(t, s.MarkPush(t.Context(), p.ID, store.PushMarks{Doubt: store.ContactCreating, Positions: []int{0, 1, 2, 3}}))
		check(t, s.MarkPush(t.Context(), p.ID, store.PushMarks{
			Results: []store.PushContact{
				{Position: 0, State: store.ContactAdded, MojoContactID: 900, PutIn: true},
				{Position: 1, State: store.ContactFailed, Reason: "Mojo refused it."},
				{Position: 2, State: store.ContactUpdated},
			},
			Links:     []store.Link{{ClientID: "0", APIContactID: "wa-0", MojoContactID: 900, CreatedAt: noon, PushedAt: noon}},
			Doubt:     store.ContactMoving,
			Positions: []int{0, 3, 4}, // 0 is through already
		}))
		contacts, err := s.PushContacts(t.Context(), p.ID, nil, -1, 10)
		check(t, err)
		want := people(8)
		for i, state := range []store.ContactState{"added", "failed", "updated", "moving", "moving", "waiting", "waiting", "waiting"} {
			want[i].State, want[i].Run = state, 1
		}
		want[0].MojoContactID, want[0].PutIn = 900, true
		want[1].Reason = "Mojo refused it."
		same(t, "contacts", contacts, want)

		all, run, err := s.PushCounts(t.Context(), p.ID)
		check(t, err)
		same(t, "counts", all, store.Counts{Total: 8, Waiting: 5, Added: 1, Updated: 1, Failed: 1})
		same(t, "counts of the run", run, all)
		links, err := s.Links(t.Context(), c.ID, []string{"0", "1"})
		check(t, err)
		same(t, "links", links, map[string]store.Link{
			"0": {ClientID: "0", APIContactID: "wa-0", MojoContactID: 900, Source: store.LinkPush, CreatedAt: noon, PushedAt: noon},
		})
		refused(t, s.MarkPush(t.Context(), "nothing", store.PushMarks{}), store.ErrNotFound)
	})
}

func TestMarkOfAStoppedPush(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		p := pushed(t, s, connected(t, s), "key", 2)
		check(t, s.SetPush(t.Context(), p.ID, store.PushStopped, "The group is gone.", 0, time.Time{}, noon))
		refused(t, s.MarkPush(t.Context(), p.ID, store.PushMarks{
			Results:   []store.PushContact{{Position: 0, State: store.ContactAdded}},
			Doubt:     store.ContactMoving,
			Positions: []int{1},
		}), store.ErrStale)
		contacts, err := s.PushContacts(t.Context(), p.ID, nil, -1, 10)
		check(t, err)
		same(t, "state of the contact that was sent", contacts[0].State, store.ContactAdded)
		same(t, "state of the other", contacts[1].State, store.ContactFailed)
		same(t, "reason of the other", contacts[1].Reason, "The group is gone.")
		all, run, err := s.PushCounts(t.Context(), p.ID)
		check(t, err)
		same(t, "counts", all, store.Counts{Total: 2, Added: 1, Failed: 1, Unsent: 1})
		same(t, "counts of the run", run, all)
	})
}

func TestPushAhead(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		first, second, third := pushed(t, s, c, "1", 1), pushed(t, s, c, "2", 1), pushed(t, s, c, "3", 1)
		ahead := func(p store.Push, want string) {
			t.Helper()
			got, err := s.PushAhead(t.Context(), p)
			if want == "" {
				refused(t, err, store.ErrNotFound)
				return
			}
			check(t, err)
			same(t, "push ahead of "+p.ID, got.ID, want)
		}
		ahead(first, "")
		ahead(third, "1")
		check(t, s.SetPush(t.Context(), second.ID, store.PushSending, "", 0, noon, noon))
		ahead(third, "2")
		ahead(first, "2")
		check(t, s.SetPush(t.Context(), second.ID, store.PushStopped, "The group is gone.", 0, noon, noon))
		ahead(third, "1")
		finish(t, s, first.ID, store.ContactAdded)
		ahead(third, "")
		check(t, s.UndoPush(t.Context(), first.ID, noon, noon))
		ahead(third, "1")
	})
}

func TestPushTimesFollowItsState(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		p := pushed(t, s, connected(t, s), "key", 1)
		minute := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Minute) }
		check(t, s.SetPush(t.Context(), p.ID, store.PushSending, "", 0, minute(1), minute(1)))
		check(t, s.SetPush(t.Context(), p.ID, store.PushSending, "", 3, minute(5), minute(2)))
		got := pushState(t, s, p.ID, store.PushSending)
		same(t, "start", got.StartedAt, minute(1))
		same(t, "next try", got.NextAt, minute(5))
		same(t, "attempts", got.Attempts, 3)
		check(t, s.SetPush(t.Context(), p.ID, store.PushDone, "", 0, time.Time{}, minute(3)))
		same(t, "end", pushState(t, s, p.ID, store.PushDone).FinishedAt, minute(3))
		refused(t, s.SetPush(t.Context(), p.ID, store.PushSending, "", 0, minute(4), minute(4)), store.ErrStale)
		check(t, s.UndoPush(t.Context(), p.ID, minute(4), minute(3)))
		check(t, s.SetPush(t.Context(), p.ID, store.PushUndone, "", 0, time.Time{}, minute(5)))
		same(t, "undoing", pushState(t, s, p.ID, store.PushUndone).UndoneAt, minute(5))
	})
}

func TestRetryPush(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		p := pushed(t, s, connected(t, s), "key", 3)
		retry := func(want int) {
			t.Helper()
			got, err := s.RetryPush(t.Context(), p.ID, noon)
			check(t, err)
			if got != want {
				t.Errorf("%d contacts wait again, want %d", got, want)
			}
		}
		check(t, s.MarkPush(t.Context(), p.ID, store.PushMarks{Results: []store.PushContact{
			{Position: 1, State: store.ContactAdded},
			{Position: 2, State: store.ContactFailed, Reason: "Mojo refused it."},
		}}))
		retry(0) // it isn't done yet
		finish(t, s, p.ID, store.ContactFailed)
		retry(2)
		got := pushState(t, s, p.ID, store.PushWaiting)
		same(t, "run", got.Run, 2)
		all, run, err := s.PushCounts(t.Context(), p.ID)
		check(t, err)
		same(t, "counts", all, store.Counts{Total: 3, Waiting: 2, Added: 1})
		same(t, "counts of the run", run, store.Counts{Total: 2, Waiting: 2})
		retry(0)
		check(t, s.MarkPush(t.Context(), p.ID, store.PushMarks{Results: []store.PushContact{
			{Position: 0, State: store.ContactAdded},
			{Position: 2, State: store.ContactAdded},
		}}))
		check(t, s.SetPush(t.Context(), p.ID, store.PushDone, "", 0, time.Time{}, noon))
		retry(0) // nothing failed
		pushState(t, s, p.ID, store.PushDone)
		_, err = s.RetryPush(t.Context(), "nothing", noon)
		refused(t, err, store.ErrNotFound)
	})
}

func TestUndoPush(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		p := pushed(t, s, c, "key", 1)
		refused(t, s.UndoPush(t.Context(), p.ID, noon, noon), store.ErrStale)
		finish(t, s, p.ID, store.ContactAdded)
		refused(t, s.UndoPush(t.Context(), p.ID, noon, noon.Add(time.Millisecond)), store.ErrTooLate)
		pushState(t, s, p.ID, store.PushDone)
		for range 2 {
			check(t, s.UndoPush(t.Context(), p.ID, noon, noon))
			pushState(t, s, p.ID, store.PushUndoing)
		}
		due, err := s.DuePushes(t.Context(), c.ID, noon)
		check(t, err)
		same(t, "number of due pushes", len(due), 1)
		check(t, s.MarkPush(t.Context(), p.ID, store.PushMarks{Results: []store.PushContact{{Position: 0, State: store.ContactRemoved}}}))
		check(t, s.SetPush(t.Context(), p.ID, store.PushUndone, "", 0, time.Time{}, noon))
		check(t, s.UndoPush(t.Context(), p.ID, noon, noon.Add(time.Hour)))
		pushState(t, s, p.ID, store.PushUndone)
		refused(t, s.UndoPush(t.Context(), "nothing", noon, noon), store.ErrNotFound)
	})
}

func TestARetryRemembersDoubt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		p := pushed(t, s, connected(t, s), "key", 5)
		check(t, s.MarkPush(t.Context(), p.ID, store.PushMarks{Doubt: store.ContactCreating, Positions: []int{1}}))
		check(t, s.MarkPush(t.Context(), p.ID, store.PushMarks{Doubt: store.ContactMoving, Positions: []int{2}}))
		check(t, s.MarkPush(t.Context(), p.ID, store.PushMarks{Results: []store.PushContact{
			{Position: 3, State: store.ContactFailed, Reason: "Mojo said nothing of it.", Doubt: store.ContactCreating},
			{Position: 4, State: store.ContactFailed, Reason: "Mojo refused it."},
		}}))
		check(t, s.SetPush(t.Context(), p.ID, store.PushStopped, "It took too long.", 0, time.Time{}, noon))
		states := func(want ...store.ContactState) {
			t.Helper()
			contacts, err := s.PushContacts(t.Context(), p.ID, nil, -1, 10)
			check(t, err)
			for i, c := range contacts {
				same(t, fmt.Sprint("state of contact ", i), c.State, want[i])
			}
		}
		states("failed", "failed", "failed", "failed", "failed")
		n, err := s.RetryPush(t.Context(), p.ID, noon)
		check(t, err)
		same(t, "contacts to retry", n, 5)
		states("waiting", "creating", "moving", "creating", "waiting")
		check(t, s.MarkPush(t.Context(), p.ID, store.PushMarks{Results: []store.PushContact{{Position: 1, State: store.ContactFailed, Reason: "Mojo refused it."}}}))
		check(t, s.SetPush(t.Context(), p.ID, store.PushDone, "", 0, time.Time{}, noon))
		_, err = s.RetryPush(t.Context(), p.ID, noon)
		check(t, err)
		states("waiting", "waiting", "moving", "creating", "waiting") // a clear answer ends the doubt
	})
}

func TestUndoOfAStoppedPush(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		p := pushed(t, s, connected(t, s), "key", 2)
		stop := func() {
			t.Helper()
			check(t, s.SetPush(t.Context(), p.ID, store.PushStopped, "It took too long.", 0, time.Time{}, noon))
		}
		stop()
		refused(t, s.UndoPush(t.Context(), p.ID, noon, noon.Add(time.Millisecond)), store.ErrTooLate)
		check(t, s.UndoPush(t.Context(), p.ID, noon, noon))
		pushState(t, s, p.ID, store.PushUndoing)
		stop() // undoing was given up
		n, err := s.RetryPush(t.Context(), p.ID, noon)
		check(t, err)
		same(t, "contacts to retry of what was to be undone", n, 0)
		check(t, s.UndoPush(t.Context(), p.ID, noon, noon))
		pushState(t, s, p.ID, store.PushUndoing)
	})
}

func TestPausedPushesGoOnAfterSignIn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		pushed(t, s, c, "sending", 1)
		pushed(t, s, c, "undoing", 1)
		finish(t, s, "undoing", store.ContactAdded)
		check(t, s.UndoPush(t.Context(), "undoing", noon, noon))

		check(t, s.NeedSignIn(t.Context(), c.ID, store.Mojo, "Mojo said no.", 1, noon))
		for _, id := range []string{"sending", "undoing"} {
			check(t, s.SetPush(t.Context(), id, store.PushPaused, "Mojo said no.", 1, time.Time{}, noon))
			same(t, "cause", pushState(t, s, id, store.PushPaused).Cause, "Mojo said no.")
		}
		check(t, s.RefreshSide(t.Context(), c.ID, store.Mojo, token("mojo 2"), "", noon.Add(time.Hour)))
		same(t, "next try", pushState(t, s, "sending", store.PushWaiting).NextAt, noon.Add(time.Hour))
		pushState(t, s, "undoing", store.PushUndoing)

		// A worker that is late must not pause what nobody would wake.
		check(t, s.SetPush(t.Context(), "sending", store.PushPaused, "Mojo said no.", 1, time.Time{}, noon))
		pushState(t, s, "sending", store.PushWaiting)
	})
}

func TestPushes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		for i := range 3 {
			_, _, err := s.CreatePush(t.Context(), store.Push{
				ID:           fmt.Sprintf("key %d", i),
				ConnectionID: c.ID,
				CreatedAt:    noon.Add(time.Duration(i) * time.Minute),
			}, people(i+1))
			check(t, err)
		}
		pushes, err := s.Pushes(t.Context(), c.ID, 2)
		check(t, err)
		if len(pushes) != 2 {
			t.Fatalf("got %d pushes, want 2", len(pushes))
		}
		same(t, "newest", pushes[0].ID, "key 2")
		same(t, "its counts", pushes[0].Counts, store.Counts{Total: 3, Waiting: 3})
		same(t, "the one before", pushes[1].ID, "key 1")
		same(t, "its counts", pushes[1].Counts, store.Counts{Total: 2, Waiting: 2})
	})
}

func BenchmarkCreatePush5000(b *testing.B) {
	eachEngine(b, func(b *testing.B, s *store.Store, c store.Connection) {
		contacts := people(5000)
		for i := 0; b.Loop(); i++ {
			if _, _, err := s.CreatePush(b.Context(), store.Push{ID: strconv.Itoa(i), ConnectionID: c.ID}, contacts); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkMarkPush100(b *testing.B) {
	eachEngine(b, func(b *testing.B, s *store.Store, c store.Connection) {
		if _, _, err := s.CreatePush(b.Context(), store.Push{ID: "key", ConnectionID: c.ID}, people(5000)); err != nil {
			b.Fatal(err)
		}
		for i := 0; b.Loop(); i++ {
			var m store.PushMarks
			for _, p := range people(100) {
				p.Position += i % 50 * 100
				p.State, p.PutIn = store.ContactAdded, true
				m.Results = append(m.Results, p)
				m.Links = append(m.Links, store.Link{ClientID: strconv.Itoa(p.Position), APIContactID: p.APIContactID})
			}
			if err := s.MarkPush(b.Context(), "key", m); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkPushCounts5000(b *testing.B) {
	eachEngine(b, func(b *testing.B, s *store.Store, c store.Connection) {
		if _, _, err := s.CreatePush(b.Context(), store.Push{ID: "key", ConnectionID: c.ID}, people(5000)); err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			if _, _, err := s.PushCounts(b.Context(), "key"); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func eachEngine(b *testing.B, f func(*testing.B, *store.Store, store.Connection)) {
	for _, engine := range storetest.Engines() {
		b.Run(engine, func(b *testing.B) {
			s := storetest.Open(b, engine)
			c, err := s.Connect(b.Context(), kate(), token("mojo"), token("wise"), "")
			if err != nil {
				b.Fatal(err)
			}
			f(b, s, c)
		})
	}
}
