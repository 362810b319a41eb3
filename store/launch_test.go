package store_test

import (
	"regexp"
	"testing"
	"time"

	"addtomojo/store"
	"addtomojo/store/storetest"
)

func TestLaunch(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		want, err := s.CreateLaunch(t.Context(), store.Launch{
			Email:     " Kate@Example.com",
			Signed:    true,
			Contacts:  []string{"26855", "V12", "9"},
			CreatedAt: noon,
		}, "nonce", noon.Add(time.Minute))
		check(t, err)
		if want.Email != "kate@example.com" {
			t.Errorf("got e-mail %q, want it in lower case", want.Email)
		}
		if !regexp.MustCompile(`^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$`).MatchString(want.Code) {
			t.Errorf("got support code %q, want one like K7M4-Q2XD", want.Code)
		}
		got, err := s.Launch(t.Context(), want.ID)
		check(t, err)
		same(t, "launch", got, want)
	})
}

func TestLaunchOfAConnection(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		want, err := s.CreateLaunch(t.Context(), store.Launch{ConnectionID: connected(t, s).ID, CreatedAt: noon}, "", time.Time{})
		check(t, err)
		got, err := s.Launch(t.Context(), want.ID)
		check(t, err)
		same(t, "launch", got, want)
	})
}

func TestLaunchOfNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		l, err := s.CreateLaunch(t.Context(), store.Launch{}, "", time.Time{})
		check(t, err)
		got, err := s.Launch(t.Context(), l.ID)
		check(t, err)
		if len(got.Contacts) != 0 {
			t.Errorf("got contacts %q, want none", got.Contacts)
		}
		_, err = s.Launch(t.Context(), "nothing")
		refused(t, err, store.ErrNotFound)
	})
}

func TestNonceCountsOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		_, err := s.CreateLaunch(t.Context(), store.Launch{}, "nonce", noon)
		check(t, err)
		again, err := s.CreateLaunch(t.Context(), store.Launch{}, "nonce", noon)
		refused(t, err, store.ErrNonceUsed)
		_, err = s.Launch(t.Context(), again.ID)
		refused(t, err, store.ErrNotFound)
	})
}
