package store_test

import (
	"testing"
	"time"

	"golang.org/x/oauth2"

	"addtomojo/store"
	"addtomojo/store/storetest"
)

func TestRevocations(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		check(t, s.AddRevocations(t.Context(), store.Mojo, c.ID, token("old"), noon))
		check(t, s.AddRevocations(t.Context(), store.Wise, "", &oauth2.Token{AccessToken: "lone"}, noon.Add(time.Minute)))

		claim := func(now time.Time, limit, want int) []store.Revocation {
			t.Helper()
			claimed, err := s.ClaimRevocations(t.Context(), now, now.Add(time.Hour), limit)
			check(t, err)
			if len(claimed) != want {
				t.Errorf("claimed %d revocations, want %d", len(claimed), want)
			}
			return claimed
		}
		left := func(want int) {
			t.Helper()
			got, err := s.Revocations(t.Context(), c.ID)
			check(t, err)
			if got != want {
				t.Errorf("%d tokens of the connection are left, want %d", got, want)
			}
		}
		left(2)
		claim(noon.Add(-time.Minute), 10, 0)
		first := claim(noon, 1, 1)[0]
		same(t, "hint", first.Hint, "access_token")
		second := claim(noon, 10, 1)[0] // the other one is due in a minute
		same(t, "token", second.Token, "refresh-old")
		check(t, s.FinishRevocation(t.Context(), first.ID))
		left(1)
		check(t, s.RetryRevocation(t.Context(), second.ID, noon.Add(30*time.Minute)))
		lone := claim(noon.Add(time.Minute), 10, 1)[0]
		want := store.Revocation{
			ID: lone.ID, Side: store.Wise, Hint: "access_token", Token: "lone",
			NextAt: noon.Add(61 * time.Minute), GiveUpAt: noon.Add(24*time.Hour + time.Minute),
		}
		same(t, "revocation", lone, want)
		again := claim(noon.Add(30*time.Minute), 10, 1)[0]
		same(t, "attempts", again.Attempts, 1)
	})
}
