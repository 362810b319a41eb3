package store_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"addtomojo/store"
	"addtomojo/store/storetest"
)

// vaultWith gives a fresh keyset, and its vault.
func vaultWith(t *testing.T) (string, *store.Vault) {
	t.Helper()
	keyset, err := store.GenerateKeyset()
	check(t, err)
	v, err := store.NewVault(keyset)
	check(t, err)
	return keyset, v
}

// openedWith opens a database with a vault, and closes it when the test ends.
func openedWith(t *testing.T, url string, v *store.Vault) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), url, v)
	check(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

func TestForgetALostKey(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		_, lost := vaultWith(t)
		s := openedWith(t, url, lost)
		l := launched(t, s)
		check(t, s.SaveMojoSide(t.Context(), l.ID, mojoSide("mojo"), noon.Add(time.Hour), noon))
		check(t, s.SaveWiseSide(t.Context(), l.ID, wiseSide("wise"), noon.Add(time.Hour), noon))
		check(t, s.StartConsent(t.Context(), store.Consent{StateHash: "5ee", LaunchID: l.ID, Verifier: "v", ExpiresAt: noon.Add(time.Hour)}))
		check(t, s.AddRevocations(t.Context(), store.Mojo, "", token("left"), noon))
		c := connected(t, s)
		check(t, s.RefreshSide(t.Context(), c.ID, store.Mojo, token("again"), "", noon)) // whose old tokens are held back
		check(t, s.SaveLinks(t.Context(), c.ID, []store.Link{{ClientID: "7", MojoContactID: 58, CustomWritten: true}}))
		check(t, s.Close())

		_, fresh := vaultWith(t)
		_, err := store.Open(t.Context(), url, fresh)
		refused(t, err, store.ErrWrongKey)
		f, err := store.Forget(t.Context(), url, fresh, noon.Add(time.Hour))
		check(t, err)
		same(t, "forgotten", f, store.Forgotten{Connections: 1, SignIns: 3, Revocations: 4})
		_, err = store.Forget(t.Context(), url, fresh, noon)
		refused(t, err, store.ErrNothingToForget)
		_, err = store.Open(t.Context(), url, lost)
		refused(t, err, store.ErrWrongKey)

		s = openedWith(t, url, fresh)
		for _, side := range []store.Side{store.Mojo, store.Wise} {
			got, err := s.Tokens(t.Context(), c.ID, side)
			check(t, err)
			if !got.Refused || got.Token.AccessToken+got.Token.RefreshToken != "" {
				t.Errorf("%s's tokens are %+v, want none, refused", side, got)
			}
		}
		got, err := s.Connection(t.Context(), c.ID)
		check(t, err)
		if got.State != store.StateNeedsSignIn || !got.Since.Equal(noon.Add(time.Hour)) || got.Cause == "" {
			t.Errorf("connection %+v, want it to need a sign-in since it was forgotten, and a cause", got)
		}
		if _, err := s.LinkOf(t.Context(), c.ID, 58, ""); err != nil {
			t.Errorf("the link: %v, want it kept", err)
		}
		if v, err := s.SignIn(t.Context(), l.ID, noon); err != nil && !errors.Is(err, store.ErrNotFound) || v.Mojo != nil || v.Wise != nil {
			t.Errorf("sign-in %+v, %v; want neither half left", v, err)
		}
		_, err = s.TakeConsent(t.Context(), "5ee", noon)
		refused(t, err, store.ErrNotFound)

		check(t, s.RefreshSide(t.Context(), c.ID, store.Mojo, token("mojo anew"), "", noon))
		check(t, s.RefreshSide(t.Context(), c.ID, store.Wise, token("wise anew"), "", noon))
		got, err = s.Connection(t.Context(), c.ID)
		check(t, err)
		if got.State != store.StateConnected {
			t.Errorf("after both sign-ins the connection is %s, want connected", got.State)
		}
		if left := revoked(t, s, noon.Add(25*time.Hour)); len(left) != 0 {
			t.Errorf("revocations %+v, want none: the tokens before were unknown", left)
		}
		check(t, s.Reset(t.Context(), c.ID, noon))
	})
}

// Of a keyset with two keys the older one is lost: what the newer one sealed stays.
func TestForgetOneKeyOfTwo(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		old, first := vaultWith(t)
		s := openedWith(t, url, first)
		c := connected(t, s)
		check(t, s.Close())
		_, err := store.Forget(t.Context(), url, first, noon)
		refused(t, err, store.ErrNothingToForget)

		rotated, err := store.AddKey(old)
		check(t, err)
		both, err := store.NewVault(rotated)
		check(t, err)
		s = openedWith(t, url, both)
		check(t, s.SaveRefreshed(t.Context(), c.ID, store.Wise, 1, token("fresh"), noon))
		for side, name := range map[store.Side]string{store.Mojo: "mojo", store.Wise: "fresh"} {
			got, err := s.Tokens(t.Context(), c.ID, side)
			check(t, err)
			sameToken(t, "token", got.Token, token(name))
		}
		check(t, s.Close())

		newest, err := store.NewVault(newestOnly(t, rotated))
		check(t, err)
		f, err := store.Forget(t.Context(), url, newest, noon)
		check(t, err)
		same(t, "forgotten", f, store.Forgotten{Connections: 1})
		s = openedWith(t, url, newest)
		got, err := s.Tokens(t.Context(), c.ID, store.Wise)
		check(t, err)
		sameToken(t, "token of the newer key", got.Token, token("fresh"))
		now, err := s.Connection(t.Context(), c.ID)
		check(t, err)
		if now.State != store.StateNeedsSignIn || now.Side != store.Mojo {
			t.Errorf("the connection is %s for %q, want it to need Mojo's sign-in alone", now.State, now.Side)
		}
	})
}

// newestOnly is the keyset without its older keys.
func newestOnly(t *testing.T, encoded string) string {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(encoded)
	check(t, err)
	var keyset map[string]any
	check(t, json.Unmarshal(raw, &keyset))
	keys := keyset["key"].([]any)
	keyset["key"] = keys[len(keys)-1:]
	raw, err = json.Marshal(keyset)
	check(t, err)
	return base64.StdEncoding.EncodeToString(raw)
}
