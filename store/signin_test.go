package store_test

import (
	"testing"
	"time"

	"addtomojo/store"
	"addtomojo/store/storetest"
)

func mojoSide(name string) store.MojoSide {
	return store.MojoSide{
		AccountID:   "4711",
		AccountName: "Ortiz Homes",
		AccountURL:  "https://lb11.example.com",
		AgentID:     "77",
		AgentName:   "Kate O.",
		AgentEmail:  "kate.o@example.com",
		Permission:  "admin",
		Login:       "kateo",
		Token:       token(name),
	}
}

func wiseSide(name string) store.WiseSide {
	return store.WiseSide{Email: "kate@example.com", Name: "Kate Ortiz", Scopes: "profile contacts", Token: token(name)}
}

// revoked returns the tokens that are to be revoked, and claims them.
func revoked(t *testing.T, s *store.Store, now time.Time) map[string]store.Revocation {
	t.Helper()
	claimed, err := s.ClaimRevocations(t.Context(), now, now.Add(time.Hour), 100)
	check(t, err)
	tokens := make(map[string]store.Revocation)
	for _, r := range claimed {
		tokens[r.Token] = r
	}
	return tokens
}

func TestSignInGrowsSideBySide(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		l := launched(t, s)
		_, err := s.SignIn(t.Context(), l.ID, noon)
		refused(t, err, store.ErrNotFound)

		check(t, s.SaveMojoSide(t.Context(), l.ID, mojoSide("mojo"), noon.Add(time.Minute), noon))
		got, err := s.SignIn(t.Context(), l.ID, noon)
		check(t, err)
		if got.Wise != nil {
			t.Errorf("got Wise Agent's side %+v, want none yet", got.Wise)
		}
		sameToken(t, "Mojo's token", got.Mojo.Token, token("mojo"))
		want := mojoSide("mojo")
		want.Token, got.Mojo.Token = nil, nil
		same(t, "Mojo's side", *got.Mojo, want)

		check(t, s.SaveWiseSide(t.Context(), l.ID, wiseSide("wise"), noon.Add(time.Hour), noon))
		got, err = s.SignIn(t.Context(), l.ID, noon)
		check(t, err)
		sameToken(t, "Mojo's token", got.Mojo.Token, token("mojo"))
		sameToken(t, "Wise Agent's token", got.Wise.Token, token("wise"))
		same(t, "Wise Agent's scopes", got.Wise.Scopes, "profile contacts")
		same(t, "expiry", got.ExpiresAt, noon.Add(time.Hour))

		_, err = s.SignIn(t.Context(), l.ID, noon.Add(time.Hour))
		refused(t, err, store.ErrNotFound)
	})
}

func TestReplacedSidesAreRevoked(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		l := launched(t, s)
		for _, name := range []string{"first", "second"} {
			check(t, s.SaveMojoSide(t.Context(), l.ID, mojoSide("mojo "+name), noon.Add(time.Hour), noon))
			check(t, s.SaveWiseSide(t.Context(), l.ID, wiseSide("wise "+name), noon.Add(time.Hour), noon))
		}
		got, err := s.SignIn(t.Context(), l.ID, noon)
		check(t, err)
		sameToken(t, "Mojo's token", got.Mojo.Token, token("mojo second"))
		sameToken(t, "Wise Agent's token", got.Wise.Token, token("wise second"))

		tokens := revoked(t, s, noon)
		if len(tokens) != 4 {
			t.Errorf("%d tokens are to be revoked, want 4", len(tokens))
		}
		if r := tokens["access-mojo first"]; r.Side != store.Mojo || r.Hint != "access_token" || r.ConnectionID != "" {
			t.Errorf("got revocation %+v, want one of Mojo's access token", r)
		}
		if r := tokens["refresh-wise first"]; r.Side != store.Wise || r.Hint != "refresh_token" {
			t.Errorf("got revocation %+v, want one of Wise Agent's refresh token", r)
		}
	})
}

func TestDropSignIn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		l := launched(t, s)
		check(t, s.DropSignIn(t.Context(), l.ID, noon))
		check(t, s.SaveMojoSide(t.Context(), l.ID, mojoSide("mojo"), noon.Add(time.Hour), noon))
		check(t, s.DropSignIn(t.Context(), l.ID, noon))
		_, err := s.SignIn(t.Context(), l.ID, noon)
		refused(t, err, store.ErrNotFound)
		if got := len(revoked(t, s, noon)); got != 2 {
			t.Errorf("%d tokens are to be revoked, want 2", got)
		}
	})
}

func TestConsentIsTakenOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		want := store.Consent{
			StateHash: "5ee",
			LaunchID:  launched(t, s).ID,
			SessionID: "c0ffee",
			Verifier:  "verifier",
			ExpiresAt: noon.Add(time.Minute),
		}
		check(t, s.StartConsent(t.Context(), want))
		got, err := s.TakeConsent(t.Context(), "5ee", noon)
		check(t, err)
		same(t, "consent", got, want)
		_, err = s.TakeConsent(t.Context(), "5ee", noon)
		refused(t, err, store.ErrNotFound)

		check(t, s.StartConsent(t.Context(), want))
		_, err = s.TakeConsent(t.Context(), "5ee", want.ExpiresAt)
		refused(t, err, store.ErrNotFound)
	})
}
