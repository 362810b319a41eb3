package store_test

import (
	"testing"
	"time"

	"addtomojo/store"
	"addtomojo/store/storetest"
)

func TestThrottle(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		got, err := s.Throttle(t.Context(), "account 4711")
		check(t, err)
		same(t, "throttle of nothing", got, store.Throttle{})

		seconds := func(failures int) time.Duration { return time.Duration(failures) * time.Second }
		fail := func(now time.Time, failures int, first time.Time) {
			t.Helper()
			got, err := s.Fail(t.Context(), "account 4711", time.Hour, now, seconds)
			check(t, err)
			want := store.Throttle{Key: "account 4711", Failures: failures, FirstAt: first, NextAt: now.Add(seconds(failures))}
			same(t, "throttle", got, want)
			got, err = s.Throttle(t.Context(), "account 4711")
			check(t, err)
			same(t, "stored throttle", got, want)
		}
		fail(noon, 1, noon)
		fail(noon.Add(time.Minute), 2, noon)
		fail(noon.Add(59*time.Minute), 3, noon)
		fail(noon.Add(time.Hour), 1, noon.Add(time.Hour)) // the window is over
		check(t, s.Forgive(t.Context(), "account 4711"))
		fail(noon.Add(time.Hour), 1, noon.Add(time.Hour))
	})
}
