package store_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"addtomojo/store"
	"addtomojo/store/storetest"
)

func TestHealthTellsSinceWhenASideIsSilent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		at := func(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }
		good := func(minutes int) store.Health {
			return store.Health{ConnectionID: c.ID, Way: store.WayWise, GoodAt: at(minutes)}
		}
		bad := func(since, minutes int, cause string) store.Health {
			return store.Health{ConnectionID: c.ID, Way: store.WayWise, BadSince: at(since), BadAt: at(minutes), Cause: cause}
		}
		for _, step := range []struct {
			what string
			news store.Health
			want store.Health
		}{
			{"a good answer", good(1), good(1)},
			{"a bad one", bad(2, 2, "slow"), store.Health{GoodAt: at(1), BadAt: at(2), BadSince: at(2), Cause: "slow"}},
			{"another process's later bad one", bad(4, 4, "down"), store.Health{GoodAt: at(1), BadAt: at(4), BadSince: at(2), Cause: "down"}},
			{"an old good one that comes late", good(0), store.Health{GoodAt: at(1), BadAt: at(4), BadSince: at(2), Cause: "down"}},
			{"a good one", good(5), store.Health{GoodAt: at(5), BadAt: at(4), Cause: "down"}},
			{"an old bad one that comes late", bad(3, 3, "late"), store.Health{GoodAt: at(5), BadAt: at(4), Cause: "down"}},
			{"bad again", bad(6, 7, "down again"), store.Health{GoodAt: at(5), BadAt: at(7), BadSince: at(6), Cause: "down again"}},
		} {
			check(t, s.SaveHealth(t.Context(), []store.Health{step.news}))
			known, err := s.Health(t.Context(), c.ID)
			check(t, err)
			want := step.want
			want.ConnectionID, want.Way = c.ID, store.WayWise
			same(t, step.what, known, map[store.Way]store.Health{store.WayWise: want})
		}
	})
}

// What was written while our clock was ahead must not count as the latest for as long.
func TestHealthOfAClockThatWasAhead(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		ahead := noon.Add(24 * time.Hour)
		is := func(what string, news, want store.Health) {
			t.Helper()
			news.ConnectionID, news.Way = c.ID, store.WayWise
			check(t, s.SaveHealth(t.Context(), []store.Health{news}))
			known, err := s.Health(t.Context(), c.ID)
			check(t, err)
			want.ConnectionID, want.Way = c.ID, store.WayWise
			same(t, what, known[store.WayWise], want)
		}
		is("bad, tomorrow", store.Health{BadAt: ahead, BadSince: ahead, Cause: "slow"}, store.Health{BadAt: ahead, BadSince: ahead, Cause: "slow"})
		is("good, today", store.Health{GoodAt: noon}, store.Health{GoodAt: noon})
		is("good, tomorrow", store.Health{GoodAt: ahead}, store.Health{GoodAt: ahead})
		is("bad, today", store.Health{BadAt: noon, BadSince: noon, Cause: "down"}, store.Health{BadAt: noon, BadSince: noon, Cause: "down"})
	})
}

func TestRefusedHooksAreCountedForConnectedAccountsOnly(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		refuse := func(account string, times int, at time.Time) {
			t.Helper()
			check(t, s.CountRefusedHooks(t.Context(), []store.RefusedHooks{
				{AccountID: account, Reason: store.HookClock, Times: times, LastAt: at, Behind: -7 * time.Minute},
			}))
		}
		refuse(c.MojoAccountID, 3, noon)
		refuse(c.MojoAccountID, 2, noon.Add(time.Hour))
		refuse("somebody's", 9, noon)
		got, err := s.RefusedHooks(t.Context(), c.MojoAccountID)
		check(t, err)
		same(t, "after two counts", got, []store.RefusedHooks{{
			AccountID: c.MojoAccountID, Reason: store.HookClock, Times: 5,
			FirstAt: noon, LastAt: noon.Add(time.Hour), Behind: -7 * time.Minute,
		}})
		later := noon.Add(48 * time.Hour)
		refuse(c.MojoAccountID, 1, later)
		got, err = s.RefusedHooks(t.Context(), c.MojoAccountID)
		check(t, err)
		if len(got) != 1 || got[0].Times != 1 || !got[0].FirstAt.Equal(later) {
			t.Errorf("two days later: got %+v, want a count that starts afresh", got)
		}
		if got, err := s.RefusedHooks(t.Context(), "somebody's"); err != nil || len(got) != 0 {
			t.Errorf("an account that isn't connected: got %v, %v, want nothing", got, err)
		}
		tidied, err := s.Tidy(t.Context(), later.Add(31*24*time.Hour))
		check(t, err)
		same(t, "tidied", tidied.RefusedHooks, 1)
	})
}

func TestRefusalsNameBothSides(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		check(t, s.NeedSignIn(t.Context(), c.ID, store.Mojo, "Mojo ended it.", 1, noon))
		fresh := token("fresh")
		check(t, s.RefuseRefreshed(t.Context(), c.ID, store.Wise, "No longer allowed.", 1, fresh, noon.Add(time.Minute)))
		got, err := s.Refusals(t.Context(), c.ID)
		check(t, err)
		same(t, "refusals", got, map[store.Side]store.Refusal{
			store.Mojo: {At: noon, Cause: "Mojo ended it."},
			store.Wise: {At: noon.Add(time.Minute), Cause: "No longer allowed."},
		})
		same(t, "tokens to be revoked", slices.Sorted(maps.Keys(revoked(t, s, noon.Add(time.Minute)))), []string{"access-fresh", "refresh-fresh"})
		refused(t, s.RefuseRefreshed(t.Context(), c.ID, store.Wise, "Again.", 7, token("other"), noon), store.ErrStale)
		same(t, "tokens of a version that is over", slices.Sorted(maps.Keys(revoked(t, s, noon.Add(30*time.Minute)))), []string{"access-other", "refresh-other"})
	})
}
