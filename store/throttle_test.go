package store_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"addtomojo/store"
	"addtomojo/store/storetest"
)

// after lets free tries pass at once; from then on each waits ten seconds longer.
func after(free int) func(int) time.Duration {
	return func(tries int) time.Duration { return time.Duration(max(0, tries-free)) * 10 * time.Second }
}

func TestTry(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		account := store.Limit{Key: "account 4711", Window: time.Hour, Wait: after(1)}
		address := store.Limit{Key: "address 192.0.2.1", Window: time.Hour, Wait: after(3)}
		try := func(at time.Duration, want time.Duration, limits ...store.Limit) {
			t.Helper()
			until, err := s.Try(t.Context(), noon.Add(at), limits...)
			check(t, err)
			if want == 0 && !until.IsZero() || want > 0 && !until.Equal(noon.Add(want)) {
				t.Errorf("a try %s after noon must wait until %v, want %s after noon", at, until, want)
			}
		}
		try(0, 0, account, address)
		try(0, 0, account, address) // now the account waits 10 s
		try(9*time.Second, 10*time.Second, address, account)
		try(10*time.Second, 0, account, address) // the refused one didn't count for the address either
		try(10*time.Second, 30*time.Second, account)
		try(10*time.Second, 0, address) // now the address waits 10 s
		try(19*time.Second, 20*time.Second, address)

		check(t, s.Uncount(t.Context(), noon.Add(19*time.Second), "address 192.0.2.1", "nobody's"))
		try(19*time.Second, 0, address)
		try(20*time.Second, 29*time.Second, address)
		check(t, s.Forgive(t.Context(), "account 4711"))
		try(20*time.Second, 0, account)
		try(time.Hour, 0, address)
		try(time.Hour, 0, address) // the window is over, the count began afresh
		try(time.Hour, 0, address)
	})
}

func TestTriesSideBySideAreCountedOneAfterTheOther(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		var allowed atomic.Int64
		var side sync.WaitGroup
		for range 30 {
			side.Go(func() {
				until, err := s.Try(t.Context(), noon, store.Limit{Key: "account 4711", Window: time.Hour, Wait: after(4)})
				if err != nil {
					t.Error(err)
				}
				if until.IsZero() {
					allowed.Add(1)
				}
			})
		}
		side.Wait()
		if n := allowed.Load(); n != 5 {
			t.Errorf("%d of 30 tries at once were allowed, want the four free ones and the one that begins the wait", n)
		}
	})
}
