package store_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"addtomojo/store"
	"addtomojo/store/storetest"
)

func TestConnect(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		l := launched(t, s)
		check(t, s.SaveMojoSide(t.Context(), l.ID, mojoSide("mojo"), noon.Add(time.Hour), noon))
		check(t, s.SaveWiseSide(t.Context(), l.ID, wiseSide("wise"), noon.Add(time.Hour), noon))
		c := kate()
		c.Email = " KATE@example.com "
		got, err := s.Connect(t.Context(), c, token("mojo"), token("wise"), l.ID)
		check(t, err)

		want := kate()
		want.ID, want.State, want.Since, want.MojoSignedInAt = got.ID, store.StateConnected, noon, noon
		same(t, "connection", got, want)
		for _, email := range []string{"kate@example.com", "Kate@Example.com "} {
			found, err := s.ConnectionByEmail(t.Context(), email)
			check(t, err)
			same(t, "connection by e-mail", found, want)
		}
		_, err = s.SignIn(t.Context(), l.ID, noon)
		refused(t, err, store.ErrNotFound)
		if got := len(revoked(t, s, noon)); got != 0 {
			t.Errorf("%d tokens are to be revoked, want none", got)
		}
		tokens, err := s.Tokens(t.Context(), got.ID, store.Wise)
		check(t, err)
		sameToken(t, "Wise Agent's token", tokens.Token, token("wise"))
	})
}

func TestConnectWithoutTeamIsLimited(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := kate()
		c.Scopes = "profile contacts"
		got, err := s.Connect(t.Context(), c, token("mojo"), token("wise"), "")
		check(t, err)
		same(t, "state", got.State, store.StateLimited)
	})
}

func TestConnectAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		first := connected(t, s)
		check(t, s.NeedSignIn(t.Context(), first.ID, store.Wise, "Wise Agent ended the access.", 1, noon))
		again := kate()
		again.Name, again.Scopes, again.TimeZone, again.CreatedAt = "Kate Ortiz-Lee", "contacts profile", "", noon.Add(time.Hour)
		got, err := s.Connect(t.Context(), again, token("mojo 2"), token("wise 2"), "")
		check(t, err)

		want := first
		want.Name, want.Scopes = again.Name, again.Scopes
		want.State, want.Since, want.MojoSignedInAt = store.StateLimited, noon.Add(time.Hour), noon.Add(time.Hour)
		same(t, "connection", got, want)
		tokens, err := s.Tokens(t.Context(), got.ID, store.Mojo)
		check(t, err)
		sameToken(t, "Mojo's token", tokens.Token, token("mojo 2"))
		if tokens.Version != 2 {
			t.Errorf("got version %d of the tokens, want 2", tokens.Version)
		}
	})
}

func TestConnectRefusesATakenMojoAccount(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		first := connected(t, s)
		joe := kate()
		joe.Email = "joe@example.com"
		_, err := s.Connect(t.Context(), joe, token("mojo 2"), token("wise 2"), "")
		taken, ok := errors.AsType[*store.TakenError](err)
		if !ok || taken.Email != "kate@example.com" {
			t.Fatalf("got error %v, want a TakenError of kate@example.com", err)
		}
		if strings.Contains(err.Error(), "kate") {
			t.Errorf("the error %q tells the e-mail", err)
		}
		_, err = s.ConnectionByEmail(t.Context(), "joe@example.com")
		refused(t, err, store.ErrNotFound)
		tokens, err := s.Tokens(t.Context(), first.ID, store.Mojo)
		check(t, err)
		sameToken(t, "Mojo's token", tokens.Token, token("mojo"))

		check(t, s.Reset(t.Context(), first.ID, noon))
		_, err = s.Connect(t.Context(), joe, token("mojo 2"), token("wise 2"), "")
		check(t, err)
	})
}

func TestConnectRefusesASecondMojoAccount(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		first := connected(t, s)
		other := kate()
		other.MojoAccountID = "4712"
		_, err := s.Connect(t.Context(), other, token("mojo 2"), token("wise 2"), "")
		refused(t, err, store.ErrOtherMojoAccount)

		check(t, s.Reset(t.Context(), first.ID, noon))
		second, err := s.Connect(t.Context(), other, token("mojo 2"), token("wise 2"), "")
		check(t, err)
		if second.ID == first.ID {
			t.Error("the new connection has the ID of the one that was reset")
		}
	})
}

func TestSetTimeZone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		check(t, s.SetTimeZone(t.Context(), c.ID, "America/Denver"))
		got, err := s.Connection(t.Context(), c.ID)
		check(t, err)
		same(t, "time zone", got.TimeZone, "America/Denver")
		refused(t, s.SetTimeZone(t.Context(), "nothing", "America/Denver"), store.ErrNotFound)
	})
}

func TestNeedSignInOnBothSides(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		state := func(when string, wantState store.State, wantSide store.Side, wantCause string, wantSince time.Time) {
			t.Helper()
			got, err := s.Connection(t.Context(), c.ID)
			check(t, err)
			if got.State != wantState || got.Side != wantSide || got.Cause != wantCause || !got.Since.Equal(wantSince) {
				t.Errorf("%s: got %s of %q since %s because %q, want %s of %q since %s because %q",
					when, got.State, got.Side, got.Since, got.Cause, wantState, wantSide, wantSince, wantCause)
			}
		}
		minute := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Minute) }

		check(t, s.NeedSignIn(t.Context(), c.ID, store.Mojo, "Mojo said no.", 1, minute(1)))
		state("Mojo refused", store.StateNeedsSignIn, store.Mojo, "Mojo said no.", minute(1))
		check(t, s.NeedSignIn(t.Context(), c.ID, store.Wise, "Wise Agent said no.", 1, minute(2)))
		state("both refused", store.StateNeedsSignIn, store.Mojo, "Mojo said no.", minute(1))
		check(t, s.RefreshSide(t.Context(), c.ID, store.Mojo, token("mojo 2"), "", minute(3)))
		state("Mojo signed in", store.StateNeedsSignIn, store.Wise, "Wise Agent said no.", minute(1))
		check(t, s.RefreshSide(t.Context(), c.ID, store.Wise, token("wise 2"), "", minute(4)))
		state("both signed in", store.StateConnected, "", "", minute(4))

		refused(t, s.NeedSignIn(t.Context(), c.ID, store.Wise, "Wise Agent said no.", 1, minute(5)), store.ErrStale)
		state("the old tokens were refused late", store.StateConnected, "", "", minute(4))
	})
}

func TestOnlyAPersonSignsIn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		signedIn := func(when string, want time.Time) {
			t.Helper()
			got, err := s.Connection(t.Context(), c.ID)
			check(t, err)
			if !got.MojoSignedInAt.Equal(want) {
				t.Errorf("%s: Mojo was signed in at %s, want %s", when, got.MojoSignedInAt, want)
			}
		}
		hour := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Hour) }

		signedIn("connected", noon)
		check(t, s.SaveRefreshed(t.Context(), c.ID, store.Mojo, 1, token("mojo 2"), hour(1)))
		check(t, s.RefreshSide(t.Context(), c.ID, store.Wise, token("wise 2"), "", hour(2)))
		signedIn("a refresh and the other side", noon)
		check(t, s.RefreshSide(t.Context(), c.ID, store.Mojo, token("mojo 3"), "", hour(3)))
		signedIn("Mojo's side", hour(3))
		check(t, s.RenewMojo(t.Context(), c.ID, store.MojoSide{AccountID: c.MojoAccountID, Token: token("mojo 4")}, hour(4)))
		signedIn("Mojo's side and its agent", hour(4))
		again := c
		again.CreatedAt = hour(5)
		_, err := s.Connect(t.Context(), again, token("mojo 5"), token("wise 3"), "")
		check(t, err)
		signedIn("both sides", hour(5))
	})
}

func TestReset(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		check(t, s.SaveGroups(t.Context(), c.ID, []store.Group{{ID: 1, Name: "Sellers"}}, noon))
		check(t, s.CreateSession(t.Context(), store.Session{ID: "c0ffee", Email: c.Email, ExpiresAt: noon.Add(time.Hour)}))
		open := pushed(t, s, c, "open", 3)
		check(t, s.MarkPush(t.Context(), open.ID, store.PushMarks{
			Results:   []store.PushContact{{Position: 0, State: store.ContactAdded, PutIn: true}},
			Links:     []store.Link{{ClientID: "0", APIContactID: "wa-0", CreatedAt: noon, PushedAt: noon}},
			Doubt:     store.ContactCreating,
			Positions: []int{1},
		}))
		done := pushed(t, s, c, "done", 1)
		finish(t, s, done.ID, store.ContactFailed)

		for range 2 {
			check(t, s.Reset(t.Context(), c.ID, noon.Add(time.Hour)))
		}
		got, err := s.Connection(t.Context(), c.ID)
		check(t, err)
		want := c
		want.State, want.Since = store.StateReset, noon.Add(time.Hour)
		want.ResetAskedAt, want.ResetUntil = want.Since, want.Since
		same(t, "connection", got, want)
		_, err = s.ConnectionByEmail(t.Context(), c.Email)
		refused(t, err, store.ErrNotFound)
		_, err = s.Tokens(t.Context(), c.ID, store.Mojo)
		refused(t, err, store.ErrNotFound)

		tokens := revoked(t, s, noon.Add(time.Hour))
		for _, token := range []string{"access-mojo", "refresh-mojo", "access-wise", "refresh-wise"} {
			if r := tokens[token]; r.ConnectionID != c.ID || !r.GiveUpAt.Equal(noon.Add(25*time.Hour)) {
				t.Errorf("got revocation %+v of %s, want one of the connection for 24 hours", r, token)
			}
		}
		if len(tokens) != 4 {
			t.Errorf("%d tokens are to be revoked, want 4", len(tokens))
		}

		push, err := s.Push(t.Context(), open.ID)
		check(t, err)
		same(t, "state of the open push", push.State, store.PushStopped)
		same(t, "end of the open push", push.FinishedAt, noon.Add(time.Hour))
		contacts, err := s.PushContacts(t.Context(), open.ID, nil, -1, 10)
		check(t, err)
		same(t, "state of the added contact", contacts[0].State, store.ContactAdded)
		same(t, "reason of the doubtful contact", contacts[1].Reason, "The credentials were reset. It may have reached Mojo all the same.")
		same(t, "reason of the waiting contact", contacts[2].Reason, "The credentials were reset.")
		push, err = s.Push(t.Context(), done.ID)
		check(t, err)
		same(t, "state of the finished push", push.State, store.PushDone)

		groups, _, err := s.Groups(t.Context(), c.ID)
		check(t, err)
		if len(groups) != 0 {
			t.Errorf("got groups %v, want none", groups)
		}
		links, err := s.Links(t.Context(), c.ID, []string{"0"})
		check(t, err)
		if len(links) != 1 {
			t.Errorf("got links %v, want the one there was", links)
		}
		_, err = s.Session(t.Context(), "c0ffee", noon)
		check(t, err)
	})
}

func TestNothingRevivesAResetConnection(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		p := pushed(t, s, c, "done", 1)
		finish(t, s, p.ID, store.ContactFailed)
		check(t, s.Reset(t.Context(), c.ID, noon))

		_, _, err := s.CreatePush(t.Context(), store.Push{ID: "new", ConnectionID: c.ID}, nil)
		refused(t, err, store.ErrNotFound)
		_, err = s.RetryPush(t.Context(), p.ID, noon)
		refused(t, err, store.ErrNotFound)
		refused(t, s.UndoPush(t.Context(), p.ID, noon, noon), store.ErrNotFound)
		refused(t, s.SetPush(t.Context(), p.ID, store.PushSending, "", 0, noon, noon), store.ErrStale)
		refused(t, s.SaveGroups(t.Context(), c.ID, nil, noon), store.ErrNotFound)
		refused(t, s.RefreshSide(t.Context(), c.ID, store.Mojo, token("mojo"), "", noon), store.ErrNotFound)
		refused(t, s.SaveRefreshed(t.Context(), c.ID, store.Mojo, 1, token("mojo"), noon), store.ErrNotFound)
		refused(t, s.NeedSignIn(t.Context(), c.ID, store.Mojo, "Mojo said no.", 1, noon), store.ErrNotFound)
		taken, err := s.Lease(t.Context(), c.ID, "worker", noon.Add(time.Minute))
		check(t, err)
		if taken {
			t.Error("the connection could be leased")
		}
		refused(t, s.Reset(t.Context(), "nothing", noon), store.ErrNotFound)
	})
}
