package store_test

import (
	"testing"
	"time"

	"addtomojo/store"
	"addtomojo/store/storetest"
)

// stops asks for the stop of a push and says what is wanted of it at once.
func stops(t *testing.T, s *store.Store, id string, at time.Time, atOnce bool) {
	t.Helper()
	stopped, err := s.StopPush(t.Context(), id, at)
	check(t, err)
	same(t, "stopped at once: "+id, stopped, atOnce)
}

func takes(t *testing.T, s *store.Store, id string, at time.Time) store.Push {
	t.Helper()
	p, err := s.TakePush(t.Context(), id, at)
	check(t, err)
	return p
}

func TestAPushThatNobodyWorksOnIsStoppedAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		pushed(t, s, c, "waiting", 3)
		pushed(t, s, c, "put off", 3)
		takes(t, s, "put off", noon)
		check(t, s.MarkPush(t.Context(), "put off", store.PushMarks{
			Results: []store.PushContact{{Position: 0, State: store.ContactAdded, PutIn: true}},
			Doubt:   store.ContactCreating, Positions: []int{1},
		}))
		check(t, s.SetPush(t.Context(), "put off", store.PushSending, "Mojo isn't answering.", 3, noon.Add(time.Hour), noon))
		pushed(t, s, c, "overtaken", 3)
		takes(t, s, "overtaken", noon)
		takes(t, s, pushed(t, s, c, "at work", 3).ID, noon)
		pushed(t, s, c, "paused", 3)
		check(t, s.NeedSignIn(t.Context(), c.ID, store.Mojo, "Mojo said no.", 1, noon))
		check(t, s.SetPush(t.Context(), "paused", store.PushPaused, "Mojo said no.", 1, time.Time{}, noon))

		soon := noon.Add(time.Minute)
		for _, id := range []string{"waiting", "put off", "overtaken", "paused"} {
			stops(t, s, id, soon, true)
			stops(t, s, id, soon.Add(time.Minute), false) // a second press
			p := pushState(t, s, id, store.PushStopped)
			same(t, "asked for", p.StopAskedAt, soon)
			same(t, "ended", p.FinishedAt, soon)
			same(t, "stopped by the customer", p.StoppedByCustomer(), true)
			all, _, err := s.PushCounts(t.Context(), id)
			check(t, err)
			if id == "put off" {
				same(t, "counts of "+id, all, store.Counts{Total: 3, Added: 1, Failed: 2, Unsent: 1})
			} else {
				same(t, "counts of "+id, all, store.Counts{Total: 3, Failed: 3, Unsent: 3})
			}
			_, err = s.TakePush(t.Context(), id, soon)
			refused(t, err, store.ErrStale)
		}
		stops(t, s, "at work", soon, false)
		pushState(t, s, "at work", store.PushSending)
		_, err := s.StopPush(t.Context(), "nothing", noon)
		refused(t, err, store.ErrNotFound)
	})
}

func TestAPushAtWorkComesToItsEndBeforeItStops(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		p := pushed(t, s, connected(t, s), "key", 4)
		takes(t, s, p.ID, noon)
		check(t, s.MarkPush(t.Context(), p.ID, store.PushMarks{Doubt: store.ContactCreating, Positions: []int{0, 1, 2}}))
		stops(t, s, p.ID, noon, false)
		refused(t, s.MarkPush(t.Context(), p.ID, store.PushMarks{Doubt: store.ContactCreating, Positions: []int{3}}), store.ErrStopAsked)
		check(t, s.MarkPush(t.Context(), p.ID, store.PushMarks{Doubt: store.ContactMoving, Positions: []int{0}}))
		check(t, s.MarkPush(t.Context(), p.ID, store.PushMarks{Results: []store.PushContact{{Position: 0, State: store.ContactUpdated}}}))
		check(t, s.MarkPush(t.Context(), p.ID, store.PushMarks{Doubt: store.ContactWaiting, Positions: []int{2}}))
		if p := takes(t, s, p.ID, noon); p.State != store.PushSending || p.StopAskedAt.IsZero() {
			t.Errorf("after a restart the push is %s, stop asked for at %v; want it still to be stopped", p.State, p.StopAskedAt)
		}
		check(t, s.EndStop(t.Context(), p.ID, noon))
		refused(t, s.EndStop(t.Context(), p.ID, noon), store.ErrStale)
		all, _, err := s.PushCounts(t.Context(), p.ID)
		check(t, err)
		same(t, "counts", all, store.Counts{Total: 4, Updated: 1, Failed: 3, Unsent: 2}) // nobody knows of one
		check(t, s.UndoPush(t.Context(), p.ID, noon, noon))
		all, _, err = s.PushCounts(t.Context(), p.ID)
		check(t, err)
		same(t, "unsent while it is undone", all.Unsent, 2)
		same(t, "asked for", pushState(t, s, p.ID, store.PushUndoing).StopAskedAt, time.Time{})
		stops(t, s, p.ID, noon, false)
		pushState(t, s, p.ID, store.PushUndoing)
	})
}

func TestAStoppedPushGoesOnWithARetry(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		p := pushed(t, s, connected(t, s), "key", 2)
		stops(t, s, p.ID, noon, true)
		n, err := s.RetryPush(t.Context(), p.ID, noon)
		check(t, err)
		same(t, "contacts to retry", n, 2)
		same(t, "asked for", pushState(t, s, p.ID, store.PushWaiting).StopAskedAt, time.Time{})
		takes(t, s, p.ID, noon)
		check(t, s.MarkPush(t.Context(), p.ID, store.PushMarks{Doubt: store.ContactCreating, Positions: []int{0, 1}}))
	})
}

// Whatever a push that is to be stopped would wait for, it is stopped instead: nobody waits with it.
func TestAPushThatIsToBeStoppedDoesNotWait(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		for _, state := range []store.PushState{store.PushSending, store.PushPaused} {
			id := string(state)
			pushed(t, s, c, id, 1)
			takes(t, s, id, noon)
			stops(t, s, id, noon, false)
			check(t, s.SetPush(t.Context(), id, store.PushSending, "", 0, noon, noon)) // contacts came through
			pushState(t, s, id, store.PushSending)
			check(t, s.SetPush(t.Context(), id, state, "Mojo isn't answering.", 1, noon.Add(time.Second), noon))
			same(t, "stopped by the customer", pushState(t, s, id, store.PushStopped).StoppedByCustomer(), true)
		}
	})
}

func TestWhatAResetFoundInDoubtIsCleared(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		p := pushed(t, s, c, "key", 3)
		takes(t, s, p.ID, noon)
		check(t, s.MarkPush(t.Context(), p.ID, store.PushMarks{Doubt: store.ContactCreating, Positions: []int{0, 1, 2}}))
		check(t, s.Reset(t.Context(), c.ID, noon))
		refused(t, s.MarkPush(t.Context(), p.ID, store.PushMarks{Results: []store.PushContact{{Position: 0, State: store.ContactAdded}}}), store.ErrStale)
		refused(t, s.MarkPush(t.Context(), p.ID, store.PushMarks{Doubt: store.ContactWaiting, Positions: []int{0, 1}}), store.ErrStale)
		contacts, err := s.PushContacts(t.Context(), p.ID, nil, -1, 10)
		check(t, err)
		const reset = "The credentials were reset."
		for i, want := range []string{"", reset, reset + " It may have reached Mojo all the same."} {
			same(t, "reason", contacts[i].Reason, want)
		}
		all, _, err := s.PushCounts(t.Context(), p.ID)
		check(t, err)
		same(t, "counts", all, store.Counts{Total: 3, Added: 1, Failed: 2, Unsent: 1})
	})
}

func TestWhoIsAtWorkWhileAnUndoWaits(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		pushed(t, s, c, "first", 1)
		takes(t, s, "first", noon)
		finish(t, s, "first", store.ContactAdded)
		pushed(t, s, c, "second", 1)
		takes(t, s, "second", noon)
		check(t, s.UndoPush(t.Context(), "first", noon, noon))
		at, err := s.PushAtWork(t.Context(), pushState(t, s, "first", store.PushUndoing))
		check(t, err)
		same(t, "at work", at.ID, "second")
		_, err = s.PushAtWork(t.Context(), takes(t, s, "first", noon))
		refused(t, err, store.ErrNotFound)
		stops(t, s, "second", noon, true) // the worker is at the first one
	})
}

func TestACustomersStopIsNoTrouble(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		stops(t, s, pushed(t, s, connected(t, s), "key", 1).ID, noon, true)
		troubles, err := s.Troubles(t.Context(), noon.Add(-time.Hour))
		check(t, err)
		for _, trouble := range troubles {
			if trouble.Kind == store.TroublePush {
				t.Errorf("trouble %+v, want none: the customer wanted it", trouble)
			}
		}
	})
}
