package store_test

import (
	"testing"
	"time"

	"addtomojo/store"
	"addtomojo/store/storetest"
)

func TestRefresh(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		lease := func(version int64, owner string, now time.Time, want bool) {
			t.Helper()
			got, err := s.LeaseRefresh(t.Context(), c.ID, store.Mojo, version, owner, now, now.Add(time.Minute))
			check(t, err)
			if got != want {
				t.Errorf("LeaseRefresh of version %d by %s: got %t, want %t", version, owner, got, want)
			}
		}
		lease(1, "first", noon, true)
		lease(1, "second", noon, false)
		lease(1, "second", noon.Add(time.Minute), true) // the first one's has run out
		check(t, s.FreeRefresh(t.Context(), c.ID, store.Mojo, "first"))
		lease(1, "third", noon.Add(time.Minute), false)
		check(t, s.FreeRefresh(t.Context(), c.ID, store.Mojo, "second"))
		lease(1, "third", noon.Add(time.Minute), true)

		check(t, s.SaveRefreshed(t.Context(), c.ID, store.Mojo, 1, token("fresh"), noon))
		refused(t, s.SaveRefreshed(t.Context(), c.ID, store.Mojo, 1, token("late"), noon), store.ErrStale)
		got, err := s.Tokens(t.Context(), c.ID, store.Mojo)
		check(t, err)
		sameToken(t, "Mojo's token", got.Token, token("fresh"))
		if got.Version != 2 {
			t.Errorf("got version %d, want 2", got.Version)
		}
		lease(1, "first", noon, false) // the version moved on
		lease(2, "first", noon, true)  // and the lease was freed
	})
}

func TestSlowRefreshHealsTheConnection(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		check(t, s.NeedSignIn(t.Context(), c.ID, store.Mojo, "Mojo said no.", 1, noon)) // to the used-up refresh token
		check(t, s.SaveRefreshed(t.Context(), c.ID, store.Mojo, 1, token("fresh"), noon))
		got, err := s.Connection(t.Context(), c.ID)
		check(t, err)
		same(t, "state", got.State, store.StateConnected)
	})
}

func TestNewSignInBeatsRefresh(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		_, err := s.LeaseRefresh(t.Context(), c.ID, store.Wise, 1, "worker", noon, noon.Add(time.Minute))
		check(t, err)
		check(t, s.RefreshSide(t.Context(), c.ID, store.Wise, token("new"), "", noon))
		refused(t, s.SaveRefreshed(t.Context(), c.ID, store.Wise, 1, token("old"), noon), store.ErrStale)
		got, err := s.Tokens(t.Context(), c.ID, store.Wise)
		check(t, err)
		sameToken(t, "Wise Agent's token", got.Token, token("new"))
	})
}
