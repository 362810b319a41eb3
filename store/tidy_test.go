package store_test

import (
	"testing"
	"time"

	"addtomojo/store"
	"addtomojo/store/storetest"
)

func TestTidy(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		l, err := s.CreateLaunch(t.Context(), store.Launch{CreatedAt: noon}, "nonce", noon.Add(time.Minute))
		check(t, err)
		check(t, s.CreateSession(t.Context(), store.Session{ID: "c0ffee", ExpiresAt: noon.Add(time.Minute)}))
		check(t, s.StartConsent(t.Context(), store.Consent{StateHash: "5ee", LaunchID: l.ID, ExpiresAt: noon.Add(time.Minute)}))
		check(t, s.SaveMojoSide(t.Context(), l.ID, mojoSide("half"), noon.Add(time.Minute), noon))
		_, err = s.Try(t.Context(), noon, store.Limit{Key: "account 4711", Window: time.Minute, Wait: after(1)})
		check(t, err)
		check(t, s.AddRevocations(t.Context(), store.Wise, "", token("old"), noon))
		check(t, s.AddStaffLink(t.Context(), store.StaffLink{TokenHash: "1", Role: "viewer", ExpiresAt: noon.Add(time.Minute)}))
		p, _, err := s.CreatePush(t.Context(), store.Push{ID: "key", ConnectionID: c.ID, LaunchID: l.ID}, people(1))
		check(t, err)

		tidy := func(when string, now time.Time, want store.Tidied) {
			t.Helper()
			got, err := s.Tidy(t.Context(), now)
			check(t, err)
			same(t, when, got, want)
		}
		tidy("at once", noon, store.Tidied{})
		tidy("after a minute", noon.Add(time.Minute), store.Tidied{Sessions: 1, Nonces: 1, Consents: 1, SignIns: 1, Throttles: 1, StaffLinks: 1})
		tokens := revoked(t, s, noon.Add(time.Minute))
		if _, ok := tokens["refresh-half"]; !ok || len(tokens) != 4 {
			t.Errorf("%d tokens are to be revoked, want 4 with those of the half sign-in", len(tokens))
		}
		tidy("after a month", noon.Add(30*24*time.Hour+time.Minute), store.Tidied{Launches: 1})
		got, err := s.Push(t.Context(), p.ID)
		check(t, err)
		same(t, "launch of the push", got.LaunchID, l.ID)
	})
}

func TestTidyKeepsALaunchWithASignIn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		l := launched(t, s)
		later := noon.Add(31 * 24 * time.Hour)
		check(t, s.SaveWiseSide(t.Context(), l.ID, wiseSide("wise"), later.Add(time.Minute), later))
		got, err := s.Tidy(t.Context(), later)
		check(t, err)
		same(t, "tidied", got, store.Tidied{})
		_, err = s.SignIn(t.Context(), l.ID, later)
		check(t, err)
	})
}
