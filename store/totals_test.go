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

func TestTotals(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		totals := func(what string, want store.Totals) {
			t.Helper()
			got, err := s.Totals(t.Context())
			check(t, err)
			same(t, what, got, want)
		}
		type (
			connections = map[store.State]int
			waiting     = map[store.State]store.Waiting
			revocations = map[store.Side]int
		)
		totals("nothing", store.Totals{Connections: connections{}, Waiting: waiting{}, Revocations: revocations{}})

		var ids []string
		for i := range 3 {
			c := kate()
			c.Email, c.MojoAccountID = fmt.Sprintf("kate%d@example.com", i), fmt.Sprint(i)
			c, err := s.Connect(t.Context(), c, token("mojo"), token("wise"), "")
			check(t, err)
			ids = append(ids, c.ID)
		}
		at := func(minute int, account string) store.Event {
			e := call(fmt.Sprint(account, minute), 58)
			e.AccountID, e.ReceivedAt = account, noon.Add(time.Duration(minute)*time.Minute)
			return received(t, s, e)
		}
		done := at(1, "0")
		at(2, "0")
		at(3, "1")
		at(4, "1")
		at(5, "2")
		at(6, "nobody's")
		finishEvent(t, s, done, store.Outcome{State: store.EventWritten, At: noon})
		check(t, s.NeedSignIn(t.Context(), ids[1], store.Wise, "Ended.", 1, noon))
		check(t, s.Outlive(t.Context(), store.Mojo, ids[0], token("late"), noon)) // held back until the end
		check(t, s.Reset(t.Context(), ids[2], noon))
		totals("some of each", store.Totals{
			Connections: connections{store.StateConnected: 1, store.StateNeedsSignIn: 1, store.StateReset: 1},
			Waiting: waiting{
				store.StateConnected:   {Events: 1, Since: noon.Add(2 * time.Minute)},
				store.StateNeedsSignIn: {Events: 2, Since: noon.Add(3 * time.Minute)},
			},
			Revocations: revocations{store.Wise: 2, store.Mojo: 2},
		})
	})
}

func TestCommitsAreTold(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		var mu sync.Mutex
		items := 0
		var last error
		s.OnCommit = func(n int, took time.Duration, err error) {
			mu.Lock()
			defer mu.Unlock()
			items, last = items+n, err
			if took <= 0 {
				t.Errorf("a commit took %s", took)
			}
		}
		connected(t, s)
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() { received(t, s, call(fmt.Sprint(i), int64(i))) })
		}
		all.Wait()
		if items != 20 || last != nil {
			t.Errorf("%d items were committed, the last with %v; want 20 and no error", items, last)
		}
		check(t, s.Close())
		_, err := s.ReceiveEvent(t.Context(), call("late", 1), "")
		if !errors.Is(err, store.ErrClosed) || items != 20 {
			t.Errorf("after the end: %v and %d items, want it closed and nothing told", err, items)
		}
	})
}
