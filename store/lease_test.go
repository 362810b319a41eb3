package store_test

import (
	"testing"
	"time"

	"addtomojo/store"
	"addtomojo/store/storetest"
)

func TestLease(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		lease := func(owner string, now time.Time, want bool) {
			t.Helper()
			got, err := s.Lease(t.Context(), c.ID, owner, now.Add(time.Minute))
			check(t, err)
			if got != want {
				t.Errorf("Lease by %s at %s: got %t, want %t", owner, now, got, want)
			}
		}
		takeOver := func(owner string, from store.Lessee, now time.Time, want bool) {
			t.Helper()
			got, err := s.TakeOver(t.Context(), c.ID, owner, from, now, now.Add(time.Minute))
			check(t, err)
			if got != want {
				t.Errorf("TakeOver by %s from %+v at %s: got %t, want %t", owner, from, now, got, want)
			}
		}
		lessee := func(want store.Lessee) store.Lessee {
			t.Helper()
			got, err := s.Lessee(t.Context(), c.ID)
			check(t, err)
			same(t, "lessee", got, want)
			return got
		}
		lessee(store.Lessee{})
		lease("first", noon, true)
		before := lessee(store.Lessee{Owner: "first", Until: noon.Add(time.Minute)})
		lease("second", noon, false)
		lease("first", noon.Add(30*time.Second), true) // renewed
		takeOver("second", before, noon.Add(90*time.Second), false)
		now := lessee(store.Lessee{Owner: "first", Until: noon.Add(90 * time.Second)})
		takeOver("second", now, noon.Add(time.Minute), false)
		lease("second", noon.Add(90*time.Second), false) // run out, but somebody's
		takeOver("second", now, noon.Add(90*time.Second), true)
		takeOver("third", now, noon.Add(300*time.Second), false) // somebody else was faster
		lease("first", noon.Add(90*time.Second), false)
		check(t, s.Release(t.Context(), c.ID, "first"))
		lease("first", noon.Add(90*time.Second), false)
		check(t, s.Release(t.Context(), c.ID, "second"))
		lease("first", noon.Add(90*time.Second), true)
		_, err := s.Lessee(t.Context(), "nobody")
		refused(t, err, store.ErrNotFound)
	})
}

func TestDue(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		due := func(when string, now time.Time, want ...string) {
			t.Helper()
			connections, err := s.DueConnections(t.Context(), now, 10)
			check(t, err)
			if found := len(connections) == 1 && connections[0] == c.ID; found != (len(want) > 0) {
				t.Errorf("%s: got due connections %v, want it to be one of them: %t", when, connections, len(want) > 0)
			}
			pushes, err := s.DuePushes(t.Context(), c.ID, now)
			check(t, err)
			var got []string
			for _, p := range pushes {
				got = append(got, p.ID)
			}
			same(t, when, got, want)
		}
		due("no push", noon)
		pushed(t, s, c, "a", 1)
		pushed(t, s, c, "b", 1)
		due("two pushes", noon, "a", "b")
		check(t, s.SetPush(t.Context(), "a", store.PushSending, "", 1, noon.Add(time.Minute), noon))
		due("one waits for its next try", noon, "b")
		due("and gets it", noon.Add(time.Minute), "a", "b")
		finish(t, s, "b", store.ContactAdded)
		due("one is done", noon.Add(time.Minute), "a")
		check(t, s.SetPush(t.Context(), "a", store.PushStopped, "The group is gone.", 0, noon, noon))
		due("the other is stopped", noon.Add(time.Minute))
		check(t, s.UndoPush(t.Context(), "b", noon, noon))
		due("the first is undone", noon, "b")
	})
}

func TestDueConnectionsAreFreeAndHealthy(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		pushed(t, s, c, "a", 1)
		due := func(when string, now time.Time, want int) {
			t.Helper()
			connections, err := s.DueConnections(t.Context(), now, 10)
			check(t, err)
			if len(connections) != want {
				t.Errorf("%s: got %d due connections, want %d", when, len(connections), want)
			}
		}
		due("free", noon, 1)
		_, err := s.Lease(t.Context(), c.ID, "worker", noon.Add(time.Minute))
		check(t, err)
		due("leased", noon, 0)
		due("the worker died", noon.Add(time.Minute), 1)
		check(t, s.NeedSignIn(t.Context(), c.ID, store.Mojo, "Mojo said no.", 1, noon))
		due("needs a sign-in", noon.Add(time.Minute), 0)
		check(t, s.RefreshSide(t.Context(), c.ID, store.Mojo, token("mojo 2"), "", noon))
		due("signed in", noon.Add(time.Minute), 1)
		check(t, s.Reset(t.Context(), c.ID, noon))
		due("reset", noon.Add(time.Minute), 0)
	})
}
