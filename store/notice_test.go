package store_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"addtomojo/store"
	"addtomojo/store/storetest"
)

// lost stores Kate's connection and lets it need a sign-in at noon.
func lost(t *testing.T, s *store.Store) store.Connection {
	t.Helper()
	c := connected(t, s)
	check(t, s.NeedSignIn(t.Context(), c.ID, store.Mojo, "Mojo ended the access.", 1, noon))
	c, err := s.Connection(t.Context(), c.ID)
	check(t, err)
	return c
}

func told(t *testing.T, s *store.Store, ch store.Channel, before, now time.Time, want int) {
	t.Helper()
	got, err := s.AddNotices(t.Context(), ch, before, now, 100)
	check(t, err)
	same(t, "notices added", got, want)
}

// claim claims the only notice that is due.
func claim(t *testing.T, s *store.Store, now time.Time) store.Notice {
	t.Helper()
	list, err := s.ClaimNotices(t.Context(), now, now.Add(time.Minute), 10)
	check(t, err)
	if len(list) != 1 {
		t.Fatalf("%d notices are due, want 1", len(list))
	}
	return list[0]
}

func nothingDue(t *testing.T, s *store.Store, now time.Time) {
	t.Helper()
	list, err := s.ClaimNotices(t.Context(), now, now.Add(time.Minute), 10)
	check(t, err)
	same(t, "due notices", list, []store.Notice(nil))
}

func TestOneNoticeForEachTimeAndChannel(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := lost(t, s)
		later := noon.Add(5 * time.Minute)
		told(t, s, store.ChannelEmail, noon.Add(-time.Millisecond), later, 0)
		told(t, s, store.ChannelEmail, noon, later, 1)
		told(t, s, store.ChannelEmail, noon, later, 0)
		told(t, s, store.ChannelWebhook, noon, later, 1)
		check(t, s.NeedSignIn(t.Context(), c.ID, store.Wise, "Wise Agent, too.", 1, later)) // no other time
		told(t, s, store.ChannelEmail, later, later, 0)

		check(t, s.RefreshSide(t.Context(), c.ID, store.Wise, token("wise 2"), "", later))
		check(t, s.RefreshSide(t.Context(), c.ID, store.Mojo, token("mojo 2"), "", later))
		told(t, s, store.ChannelEmail, later, later, 0)
		check(t, s.NeedSignIn(t.Context(), c.ID, store.Mojo, "Mojo ended the access.", 2, later))
		told(t, s, store.ChannelEmail, later, later, 1)

		list, err := s.Notices(t.Context(), c.ID)
		check(t, err)
		same(t, "notices kept", len(list), 3)
	})
}

func TestNoticeIsSent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := lost(t, s)
		told(t, s, store.ChannelWebhook, noon, noon, 1)
		n := claim(t, s, noon)
		nothingDue(t, s, noon)
		check(t, s.RetryNotice(t.Context(), n, "The receiver answered 500.", noon.Add(10*time.Second)))
		nothingDue(t, s, noon)
		n = claim(t, s, noon.Add(10*time.Second))
		check(t, s.FinishNotice(t.Context(), n, store.NoticeSent, "", noon.Add(11*time.Second)))
		nothingDue(t, s, noon.Add(time.Hour))

		got, err := s.Notices(t.Context(), c.ID)
		check(t, err)
		same(t, "notices", got, []store.Notice{{
			ID: n.ID, ConnectionID: c.ID, Since: noon, Channel: store.ChannelWebhook, State: store.NoticeSent, Attempts: 2,
			MadeAt: noon, FinishedAt: noon.Add(11 * time.Second),
		}})
		refused(t, s.FinishNotice(t.Context(), n, store.NoticeFailed, "", noon), store.ErrStale)
		refused(t, s.RetryNotice(t.Context(), n, "", noon), store.ErrStale)
	})
}

// What a process that died was sending: a webhook goes out again, an e-mail never does.
func TestNoticeOfADeadProcess(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := lost(t, s)
		later := noon.Add(time.Minute)
		told(t, s, store.ChannelWebhook, noon, noon, 1)
		first := claim(t, s, noon)
		again := claim(t, s, later)
		same(t, "webhook-id", again.ID, first.ID)
		refused(t, s.FinishNotice(t.Context(), first, store.NoticeFailed, "", later), store.ErrStale)
		check(t, s.FinishNotice(t.Context(), again, store.NoticeSent, "", later))

		told(t, s, store.ChannelEmail, noon, noon, 1)
		claim(t, s, noon)
		nothingDue(t, s, later)
		list, err := s.Notices(t.Context(), c.ID)
		check(t, err)
		if got := list[0]; got.Channel != store.ChannelEmail || got.State != store.NoticeSent || got.Cause == "" {
			t.Errorf("e-mail of a dead process: got %+v, want it sent, with a cause", got)
		}
	})
}

func TestNoticeIsDropped(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, s *store.Store, c store.Connection) error{
		"signed in again": func(t *testing.T, s *store.Store, c store.Connection) error {
			return s.RefreshSide(t.Context(), c.ID, store.Mojo, token("mojo 2"), "", noon.Add(time.Second))
		},
		"about to be reset": func(t *testing.T, s *store.Store, c store.Connection) error {
			_, err := s.AskReset(t.Context(), c.ID, noon.Add(time.Second), noon.Add(time.Hour))
			return err
		},
		"reset": func(t *testing.T, s *store.Store, c store.Connection) error {
			return s.Reset(t.Context(), c.ID, noon.Add(time.Second))
		},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, s *store.Store) {
				c := lost(t, s)
				told(t, s, store.ChannelEmail, noon, noon, 1)
				check(t, end(t, s, c))
				nothingDue(t, s, noon.Add(time.Minute))
				list, err := s.Notices(t.Context(), c.ID)
				check(t, err)
				same(t, "state", list[0].State, store.NoticeDropped)
			})
		})
	}
}

func TestNobodyIsToldOfAConnectionThatIsEnding(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := lost(t, s)
		_, err := s.AskReset(t.Context(), c.ID, noon, noon.Add(time.Hour))
		check(t, err)
		told(t, s, store.ChannelEmail, noon, noon, 0)
	})
}

func TestNoticesAreMadeAndClaimedOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := lost(t, s)
		var added, claimed atomic.Int64
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() {
				n, err := s.AddNotices(t.Context(), store.ChannelEmail, noon, noon, 10)
				if err != nil {
					t.Error(err)
				}
				added.Add(int64(n))
				list, err := s.ClaimNotices(t.Context(), noon, noon.Add(time.Minute), 10)
				if err != nil {
					t.Error(err)
				}
				claimed.Add(int64(len(list)))
			})
		}
		group.Wait()
		if added.Load() != 1 || claimed.Load() != 1 {
			t.Errorf("%d notices added and %d claimed for %s, want one", added.Load(), claimed.Load(), c.ID)
		}
	})
}

// Who is stopped while claiming gets nothing that isn't claimed: somebody else would send it once more.
func TestWhatIsGivenOutIsClaimed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		lost(t, s)
		told(t, s, store.ChannelWebhook, noon, noon, 1)
		for i := range 400 {
			now := noon.Add(time.Duration(i) * time.Hour)
			ctx, stop := context.WithTimeout(t.Context(), time.Duration(i)*5*time.Microsecond)
			list, _ := s.ClaimNotices(ctx, now, now.Add(time.Minute), 10) // often too late for anything
			stop()
			for _, n := range list {
				if err := s.RetryNotice(t.Context(), n, "It goes on.", now); err != nil {
					t.Fatalf("stopped after %v: a notice is given out, and then: %v", time.Duration(i)*5*time.Microsecond, err)
				}
			}
		}
	})
}
