package store_test

import (
	"testing"
	"time"

	"addtomojo/store"
	"addtomojo/store/storetest"
)

func TestFeeds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		claimed := func(when string, now time.Time, want ...store.Feed) {
			t.Helper()
			got, err := s.ClaimFeeds(t.Context(), now, 10*time.Minute, 5)
			check(t, err)
			same(t, when, got, want)
		}
		claimed("at first", noon, store.Feed{ConnectionID: c.ID})
		claimed("somebody is at it", noon.Add(9*time.Minute))
		check(t, s.SaveFeed(t.Context(), store.Feed{ConnectionID: c.ID, After: "msg_9"}))
		later := noon.Add(10 * time.Minute)
		claimed("later", later, store.Feed{ConnectionID: c.ID, After: "msg_9"})
		later = later.Add(time.Hour)
		check(t, s.NeedSignIn(t.Context(), c.ID, store.Wise, "Wise Agent said no.", 1, noon))
		claimed("needs a sign-in with Wise Agent: Mojo goes on", later, store.Feed{ConnectionID: c.ID, After: "msg_9"})
		check(t, s.RefreshSide(t.Context(), c.ID, store.Wise, token("wise 2"), "", noon))
		later = later.Add(time.Hour)
		check(t, s.NeedSignIn(t.Context(), c.ID, store.Mojo, "Mojo said no.", 1, noon))
		claimed("needs a sign-in with Mojo", later)
		check(t, s.RefreshSide(t.Context(), c.ID, store.Mojo, token("mojo 2"), "", noon))
		check(t, s.TurnOffFeed(t.Context(), c.ID))
		claimed("turned off", later)
		check(t, s.RefreshSide(t.Context(), c.ID, store.Mojo, token("mojo 3"), "", noon))
		claimed("signed in with Mojo again", later, store.Feed{ConnectionID: c.ID, After: "msg_9"})
		check(t, s.Reset(t.Context(), c.ID, noon))
		refused(t, s.SaveFeed(t.Context(), store.Feed{ConnectionID: c.ID}), store.ErrNotFound)
		refused(t, s.TurnOffFeed(t.Context(), c.ID), store.ErrNotFound)
	})
}

func TestRaceForAFeed(t *testing.T) {
	twice(t, func(t *testing.T, instances [2]*store.Store) {
		connected(t, instances[0])
		results := race(instances, func(s *store.Store, caller int) error {
			claimed, err := s.ClaimFeeds(t.Context(), noon, time.Minute, 5)
			if err == nil && len(claimed) == 0 {
				err = store.ErrStale
			}
			return err
		})
		won(t, results, is(store.ErrStale))
	})
}
