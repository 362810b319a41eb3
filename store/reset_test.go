package store_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"addtomojo/store"
	"addtomojo/store/storetest"
)

func TestAskReset(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		open := pushed(t, s, c, "open", 2)
		first := received(t, s, call("msg_1", 58))
		check(t, s.FinishEvent(t.Context(), store.Outcome{
			EventID: first.ID, State: store.EventWaiting, Attempts: 3, NextAt: noon.Add(time.Hour), At: noon,
		}))
		asked := noon.Add(time.Minute)
		got, err := s.AskReset(t.Context(), c.ID, asked, asked.Add(10*time.Second))
		check(t, err)
		want := c
		want.ResetAskedAt, want.ResetUntil = asked, asked.Add(10*time.Second)
		same(t, "connection", got, want)
		again, err := s.AskReset(t.Context(), c.ID, noon.Add(time.Hour), noon.Add(2*time.Hour))
		check(t, err)
		same(t, "connection asked again", again, want)

		push, err := s.Push(t.Context(), open.ID)
		check(t, err)
		same(t, "state of the push", push.State, store.PushStopped)
		due := dueEvents(t, s, c.ID, asked, 10, nil)
		if len(due) != 1 {
			t.Errorf("%d events are due, want the one that waited for its retry", len(due))
		}
		ending, err := s.EndingConnections(t.Context(), 10)
		check(t, err)
		if len(ending) != 1 || ending[0].ID != c.ID {
			t.Errorf("ending are %+v, want the connection", ending)
		}
		_, _, err = s.CreatePush(t.Context(), store.Push{ID: "new", ConnectionID: c.ID}, people(1))
		refused(t, err, store.ErrNotFound)
		_, err = s.RetryPush(t.Context(), open.ID, asked)
		refused(t, err, store.ErrNotFound)
		refused(t, s.UndoPush(t.Context(), open.ID, asked, noon), store.ErrNotFound)
		refused(t, s.RefreshSide(t.Context(), c.ID, store.Mojo, token("new"), "", asked), store.ErrNotFound)
		_, err = s.RetryEvents(t.Context(), c.ID, time.Time{}, asked)
		refused(t, err, store.ErrNotFound)
	})
}

func TestEndedCountsSinceItWasAskedFor(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		written := func(e store.Event, at time.Time) {
			t.Helper()
			check(t, s.FinishEvent(t.Context(), store.Outcome{EventID: e.ID, State: store.EventWritten, At: at}))
		}
		written(received(t, s, call("before", 1)), noon)
		asked := noon.Add(time.Minute)
		_, err := s.AskReset(t.Context(), c.ID, asked, asked)
		check(t, err)
		written(received(t, s, call("in time", 2)), asked.Add(time.Second))
		received(t, s, call("late", 3))
		under := received(t, s, call("under way", 4))
		check(t, s.ClaimEvents(t.Context(), []string{under.ID}, "worker"))
		e := call("mojo", 0)
		e.Type = "account.disconnected"
		received(t, s, e)
		told, err := s.Disconnects(t.Context(), 10)
		check(t, err)
		if len(told) != 1 || told[0].WebhookID != "mojo" {
			t.Errorf("disconnects are %+v, want the one", told)
		}
		waits, err := s.SomethingWaits(t.Context(), c.ID)
		check(t, err)
		same(t, "something waits", waits, true)
		check(t, s.Reset(t.Context(), c.ID, asked.Add(10*time.Second)))
		got, err := s.Ended(t.Context(), c.ID)
		check(t, err)
		same(t, "ended", got, store.Ended{Delivered: 1, Excluded: 2})
		now, err := s.Event(t.Context(), under.ID)
		check(t, err)
		same(t, "reason", now.Reason, "Reset Credentials was pressed. It may be in Wise Agent all the same.")
		waits, err = s.SomethingWaits(t.Context(), c.ID)
		check(t, err)
		same(t, "something waits", waits, false)
	})
}

func TestWhatASignInReplacedIsRevokedAtTheEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		check(t, s.RefreshSide(t.Context(), c.ID, store.Wise, token("wise 2"), "", noon))
		check(t, s.Outlive(t.Context(), store.Mojo, c.ID, token("late"), noon))
		if got := revoked(t, s, noon.Add(time.Hour)); len(got) != 0 {
			t.Errorf("%d tokens are to be revoked while the connection lives, want none", len(got))
		}
		left, err := s.Revocations(t.Context(), c.ID)
		check(t, err)
		same(t, "tokens left to revoke", left, 0)
		given, err := s.GiveUpRevocations(t.Context(), noon.Add(48*time.Hour))
		check(t, err)
		same(t, "given up", len(given), 0)
		check(t, s.Reset(t.Context(), c.ID, noon.Add(72*time.Hour)))
		got := revoked(t, s, noon.Add(72*time.Hour))
		for _, name := range []string{"mojo", "wise", "wise 2", "late"} {
			for _, kind := range []string{"access-", "refresh-"} {
				if r, ok := got[kind+name]; !ok || r.ConnectionID != c.ID || !r.GiveUpAt.Equal(noon.Add(96*time.Hour)) {
					t.Errorf("%s%s: got %+v, want it revoked for 24 hours", kind, name, r)
				}
			}
		}
		if len(got) != 8 {
			t.Errorf("%d tokens are to be revoked, want 8", len(got))
		}
		check(t, s.Outlive(t.Context(), store.Mojo, c.ID, token("too late"), noon.Add(72*time.Hour)))
		if got := revoked(t, s, noon.Add(72*time.Hour)); len(got) != 2 {
			t.Errorf("%d tokens that came after the end are to be revoked, want 2", len(got))
		}
	})
}

func TestRevocationsAreGivenUpAndCounted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		check(t, s.Reset(t.Context(), c.ID, noon))
		given, err := s.GiveUpRevocations(t.Context(), noon.Add(24*time.Hour-time.Millisecond))
		check(t, err)
		same(t, "given up too early", len(given), 0)
		given, err = s.GiveUpRevocations(t.Context(), noon.Add(24*time.Hour))
		check(t, err)
		tokens := 0
		for _, g := range given {
			if g.ConnectionID != c.ID || g.Tokens != 2 {
				t.Errorf("given up %+v, want two tokens of each side", g)
			}
			tokens += g.Tokens
		}
		same(t, "tokens given up", tokens, 4)
		now, err := s.Connection(t.Context(), c.ID)
		check(t, err)
		same(t, "tokens left", now.TokensLeft, 4)
	})
}

func TestConnectEndsWhatIsEnding(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		first := connected(t, s)
		e := received(t, s, call("msg_1", 58))
		_, err := s.AskReset(t.Context(), first.ID, noon, noon.Add(time.Minute))
		check(t, err)
		second, err := s.Connect(t.Context(), kate(), token("mojo 2"), token("wise 2"), "")
		check(t, err)
		if second.ID == first.ID || second.Ending() {
			t.Errorf("connecting again gives %+v, want another connection", second)
		}
		now, err := s.Event(t.Context(), e.ID)
		check(t, err)
		same(t, "state of what waited", now.State, store.EventExcluded)
		if got := revoked(t, s, noon); len(got) != 4 {
			t.Errorf("%d tokens are to be revoked, want the 4 of the first", len(got))
		}
	})
}

func TestConnectWantsTheTokensThatTheSignInHolds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		l := launched(t, s)
		check(t, s.SaveMojoSide(t.Context(), l.ID, mojoSide("mojo"), noon.Add(time.Hour), noon))
		check(t, s.SaveWiseSide(t.Context(), l.ID, wiseSide("wise"), noon.Add(time.Hour), noon))
		_, err := s.Connect(t.Context(), kate(), token("replaced"), token("wise"), l.ID)
		refused(t, err, store.ErrStale)
		_, err = s.Connect(t.Context(), kate(), token("mojo"), token("wise"), l.ID)
		check(t, err)
		_, err = s.Connect(t.Context(), kate(), token("mojo"), token("wise"), l.ID)
		refused(t, err, store.ErrStale)
	})
}

// switching is a connection of Kate's and a launch whose sign-in holds another Mojo account.
func switching(t *testing.T, s *store.Store) (store.Connection, store.Launch) {
	t.Helper()
	c, l := connected(t, s), launched(t, s)
	other := mojoSide("other")
	other.AccountID, other.AccountName = "4712", "Ortiz Ranches"
	check(t, s.SaveMojoSide(t.Context(), l.ID, other, noon.Add(time.Hour), noon))
	return c, l
}

func TestSwitch(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		old, l := switching(t, s)
		check(t, s.RefreshSide(t.Context(), old.ID, store.Wise, token("wise 2"), "", noon))
		check(t, s.SaveLinks(t.Context(), old.ID, []store.Link{{ClientID: "1", MojoContactID: 58, APIContactID: "wa-1"}}))
		e := received(t, s, call("msg_1", 58))
		now := noon.Add(time.Minute)
		got, err := s.Switch(t.Context(), old.ID, l.ID, now)
		check(t, err)
		found, _, err := s.Search(t.Context(), got.MojoAccountID, 10)
		check(t, err)
		if len(found) != 1 || found[0].ID != got.ID {
			t.Errorf("support finds %+v by the new Mojo account, want the new connection", found)
		}
		want := old
		want.ID, want.MojoAccountID, want.MojoAccountName, want.CreatedAt, want.Since = got.ID, "4712", "Ortiz Ranches", now, now
		want.MojoSignedInAt = now
		same(t, "connection", got, want)
		for side, name := range map[store.Side]string{store.Mojo: "other", store.Wise: "wise 2"} {
			tokens, err := s.Tokens(t.Context(), got.ID, side)
			check(t, err)
			sameToken(t, name, tokens.Token, token(name))
		}
		links, err := s.Links(t.Context(), got.ID, []string{"1"})
		check(t, err)
		same(t, "links", len(links), 0)
		was, err := s.Connection(t.Context(), old.ID)
		check(t, err)
		same(t, "old state", was.State, store.StateReset)
		event, err := s.Event(t.Context(), e.ID)
		check(t, err)
		same(t, "what waited", event.State, store.EventExcluded)
		dead := revoked(t, s, now)
		if _, ok := dead["refresh-mojo"]; !ok || len(dead) != 2 {
			t.Errorf("to be revoked are %d tokens, want the two of the old Mojo account and none of Wise Agent", len(dead))
		}
		_, err = s.SignIn(t.Context(), l.ID, now)
		refused(t, err, store.ErrNotFound)

		check(t, s.Reset(t.Context(), got.ID, now))
		if dead := revoked(t, s, now); len(dead) != 6 {
			t.Errorf("at the new one's end %d tokens are to be revoked, want its 4 and the 2 that Wise Agent gave first", len(dead))
		}
	})
}

func TestSwitchRefuses(t *testing.T) {
	for _, test := range []struct {
		name  string
		first func(*testing.T, *store.Store, store.Connection, store.Launch)
		want  error
	}{
		{"reset meanwhile", func(t *testing.T, s *store.Store, c store.Connection, _ store.Launch) {
			check(t, s.Reset(t.Context(), c.ID, noon))
		}, store.ErrNotFound},
		{"no sign-in", func(t *testing.T, s *store.Store, _ store.Connection, l store.Launch) {
			check(t, s.DropSignIn(t.Context(), l.ID, noon))
		}, store.ErrNotFound},
		{"half a sign-in", func(t *testing.T, s *store.Store, _ store.Connection, l store.Launch) {
			check(t, s.DropSide(t.Context(), l.ID, store.Mojo, noon))
		}, store.ErrNotFound},
		{"somebody else's sign-in", func(t *testing.T, s *store.Store, _ store.Connection, l store.Launch) {
			joe := wiseSide("joe")
			joe.Email, joe.Unconfirmed = "joe@example.com", true
			check(t, s.SaveWiseSide(t.Context(), l.ID, joe, noon.Add(time.Hour), noon))
		}, store.ErrNotFound},
		{"being refreshed", func(t *testing.T, s *store.Store, c store.Connection, _ store.Launch) {
			_, err := s.LeaseRefresh(t.Context(), c.ID, store.Wise, 1, "worker", noon, noon.Add(time.Minute))
			check(t, err)
		}, store.ErrStale},
		{"refused", func(t *testing.T, s *store.Store, c store.Connection, _ store.Launch) {
			check(t, s.NeedSignIn(t.Context(), c.ID, store.Wise, "Ended.", 1, noon))
		}, store.ErrRefused},
	} {
		t.Run(test.name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, s *store.Store) {
				c, l := switching(t, s)
				test.first(t, s, c, l)
				_, err := s.Switch(t.Context(), c.ID, l.ID, noon)
				refused(t, err, test.want)
			})
		})
	}
}

func TestSwitchRefusesATakenMojoAccount(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c, l := switching(t, s)
		joe := kate()
		joe.Email, joe.MojoAccountID = "joe@example.com", "4712"
		_, err := s.Connect(t.Context(), joe, token("joe"), token("joe"), "")
		check(t, err)
		_, err = s.Switch(t.Context(), c.ID, l.ID, noon)
		var taken *store.TakenError
		if !errors.As(err, &taken) || taken.Email != "joe@example.com" {
			t.Errorf("got %v, want a TakenError", err)
		}
		now, err := s.Connection(t.Context(), c.ID)
		check(t, err)
		same(t, "connection", now, c)
	})
}

func TestTakeWiseSide(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c, l := connected(t, s), launched(t, s)
		check(t, s.NeedSignIn(t.Context(), c.ID, store.Wise, "Ended.", 1, noon))
		other := wiseSide("fresh")
		other.Unconfirmed = true
		check(t, s.SaveWiseSide(t.Context(), l.ID, other, noon.Add(time.Hour), noon))
		in, err := s.SignIn(t.Context(), l.ID, noon)
		check(t, err)
		same(t, "unconfirmed", in.Wise.Unconfirmed, true)
		check(t, s.ConfirmWiseSide(t.Context(), l.ID))
		in, err = s.SignIn(t.Context(), l.ID, noon)
		check(t, err)
		same(t, "unconfirmed", in.Wise.Unconfirmed, false)

		check(t, s.TakeWiseSide(t.Context(), l.ID, c.ID, noon))
		refused(t, s.TakeWiseSide(t.Context(), l.ID, c.ID, noon), store.ErrNotFound)
		now, err := s.Connection(t.Context(), c.ID)
		check(t, err)
		same(t, "state", now.State, store.StateLimited) // its scopes were profile and contacts
		tokens, err := s.Tokens(t.Context(), c.ID, store.Wise)
		check(t, err)
		sameToken(t, "Wise Agent's token", tokens.Token, token("fresh"))
		if got := revoked(t, s, noon); len(got) != 0 {
			t.Errorf("%d tokens are to be revoked, want none", len(got))
		}
	})
}

// A worker marks its push while the connection ends, in another process: neither may wait for the other for good.
func TestAResetAndAPushsMarksDontWaitForEachOther(t *testing.T) {
	twice(t, func(t *testing.T, instances [2]*store.Store) {
		s := instances[0]
		for n := range 40 {
			agent := kate()
			agent.Email, agent.MojoAccountID = fmt.Sprintf("agent%d@example.com", n), fmt.Sprint(7000+n)
			c, err := s.Connect(t.Context(), agent, token("mojo"), token("wise"), "")
			check(t, err)
			p := pushed(t, s, c, store.NewID(), 60)
			positions := make([]int, 60)
			for i := range positions {
				positions[i] = i
			}
			var both sync.WaitGroup
			both.Go(func() {
				for range 4 {
					err := instances[1].MarkPush(t.Context(), p.ID, store.PushMarks{Doubt: store.ContactCreating, Positions: positions})
					if err != nil && !errors.Is(err, store.ErrStale) {
						t.Errorf("mark: %v", err)
					}
				}
			})
			both.Go(func() {
				if _, err := s.AskReset(t.Context(), c.ID, noon, noon.Add(time.Minute)); err != nil {
					t.Errorf("reset: %v", err)
				}
			})
			both.Wait()
		}
	})
}
