package store_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"addtomojo/store"
	"addtomojo/store/storetest"
)

func TestTheSameHookAHundredTimesAtOnce(t *testing.T) {
	twice(t, func(t *testing.T, instances [2]*store.Store) {
		c := connected(t, instances[0])
		for round := range 5 {
			var isNew atomic.Int64
			var ids sync.Map
			start := make(chan struct{})
			var group sync.WaitGroup
			for i := range 100 {
				group.Go(func() {
					<-start
					// A second one each, in either order.
					for _, n := range []int{i % 2, 1 - i%2} {
						r, err := instances[i/2%2].ReceiveEvent(t.Context(), call(fmt.Sprintf("msg_%d.%d", round, n), 58), "")
						if err != nil {
							t.Error(err)
							return
						}
						if r.New {
							isNew.Add(1)
						}
						ids.Store(r.Event.ID, true)
					}
				})
			}
			close(start)
			group.Wait()
			n := 0
			ids.Range(func(any, any) bool { n++; return true })
			if isNew.Load() != 2 || n != 2 {
				t.Errorf("%d were new, with %d ids; want two each", isNew.Load(), n)
			}
		}
		l, err := instances[1].Ledger(t.Context(), c.ID)
		check(t, err)
		same(t, "ledger", l, store.Ledger{Received: 10, Waiting: 10, OldestWaiting: noon})
	})
}

// TestLedgerAddsUp receives, claims, finishes, parks, retries and excludes at once, and reads the ledger meanwhile.
func TestLedgerAddsUp(t *testing.T) {
	const events, contacts = 400, 20
	twice(t, func(t *testing.T, instances [2]*store.Store) {
		c := connected(t, instances[0])
		var next, received atomic.Int64
		var readers, writers sync.WaitGroup
		stop := make(chan struct{})
		readers.Go(func() {
			for {
				before := int(received.Load())
				l, err := instances[1].Ledger(t.Context(), c.ID)
				if err != nil {
					t.Error(err)
				}
				if sum := l.Waiting + l.Written + l.NeedsYou + l.Excluded; sum != l.Received || l.Received < before || l.Received > events {
					t.Errorf("got %+v after %d events, want the sum", l, before)
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		})
		readers.Go(func() {
			for {
				if _, err := instances[0].RetryEvents(t.Context(), c.ID, time.Time{}, noon); err != nil {
					t.Error(err)
				}
				if _, err := instances[1].ExcludeOld(t.Context(), noon.Add(-time.Hour), noon); err != nil {
					t.Error(err)
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		})
		for worker := range 16 {
			s := instances[worker%2]
			writers.Go(func() {
				for i := next.Add(1); i <= events; i = next.Add(1) {
					e := call(fmt.Sprint("msg_", i), i%contacts)
					r, err := s.ReceiveEvent(t.Context(), e, "")
					if err != nil {
						t.Error(err)
						return
					}
					received.Add(1)
					if err := s.ClaimEvents(t.Context(), []string{r.Event.ID}, "worker"); err != nil {
						t.Error(err)
					}
					state := []store.EventState{store.EventWritten, store.EventNeedsYou, store.EventExcluded, store.EventWaiting}[rand.N(4)]
					err = s.FinishEvent(t.Context(), store.Outcome{
						EventID: r.Event.ID, Owner: "worker", At: noon, State: state,
						Links:    []store.Link{{ClientID: fmt.Sprint(i % contacts), MojoContactID: i % contacts}},
						Snapshot: &store.Snapshot{ClientID: fmt.Sprint(i % contacts), Fields: map[string]store.Field{fmt.Sprint(i): {}}},
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		writers.Wait()
		close(stop)
		readers.Wait()
		l, err := instances[0].Ledger(t.Context(), c.ID)
		check(t, err)
		if l.Received != events || l.Waiting+l.Written+l.NeedsYou+l.Excluded != events {
			t.Errorf("got %+v, want the sum to be %d", l, events)
		}
		fields := 0
		for i := range contacts {
			seen, err := instances[1].Snapshot(t.Context(), c.ID, fmt.Sprint(i))
			check(t, err)
			fields += len(seen.Fields)
		}
		if fields != events {
			t.Errorf("the snapshots have %d fields, want %d: none overwrote another", fields, events)
		}
	})
}

// TestOneContactInOrder lets two workers deliver all events, contacts side by side.
func TestOneContactInOrder(t *testing.T) {
	const events, contacts = 200, 7
	twice(t, func(t *testing.T, instances [2]*store.Store) {
		c := connected(t, instances[0])
		var receiving sync.WaitGroup
		for contact := range contacts {
			receiving.Go(func() {
				for i := range events / contacts {
					if _, err := instances[contact%2].ReceiveEvent(t.Context(), call(fmt.Sprintf("%d.%03d", contact, i), int64(contact+1)), ""); err != nil {
						t.Error(err)
					}
				}
			})
		}
		var delivered []string
		seen := make(map[string]string)
		for len(delivered) < events/contacts*contacts {
			for _, e := range dueEvents(t, instances[len(delivered)%2], c.ID, noon, 4, nil) {
				if before := seen[e.ContactKey()]; before >= e.WebhookID {
					t.Fatalf("%s was due after %s", e.WebhookID, before)
				}
				seen[e.ContactKey()] = e.WebhookID
				delivered = append(delivered, e.WebhookID)
				finishEvent(t, instances[len(delivered)%2], e, store.Outcome{State: store.EventWritten})
			}
		}
		receiving.Wait()
	})
}

func TestRaceOfResetAndEvents(t *testing.T) {
	twice(t, func(t *testing.T, instances [2]*store.Store) {
		for round := range 5 {
			c := connected(t, instances[0])
			results := race(instances, func(s *store.Store, caller int) error {
				if caller == 3 {
					return s.Reset(t.Context(), c.ID, noon)
				}
				for i := range 10 {
					r, err := s.ReceiveEvent(t.Context(), call(fmt.Sprintf("%d.%d.%d", round, caller, i), int64(i)), "")
					if err != nil {
						return err
					}
					err = s.FinishEvent(t.Context(), store.Outcome{EventID: r.Event.ID, At: noon, State: store.EventWaiting, NextAt: noon})
					if err != nil && !errors.Is(err, store.ErrStale) {
						return err
					}
				}
				return nil
			})
			for _, err := range results {
				check(t, err)
			}
			l, err := instances[1].Ledger(t.Context(), c.ID)
			check(t, err)
			if l.Waiting > 0 || l.Excluded != l.Received {
				t.Errorf("after the reset: %+v, want all excluded", l)
			}
		}
	})
}

// TestCloseAnswersEverybody closes a store while events come in: what was answered is there.
func TestCloseAnswersEverybody(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		first := storetest.At(t, url)
		c := connected(t, first)
		var next, answered atomic.Int64
		var group sync.WaitGroup
		for range 16 {
			group.Go(func() {
				for {
					i := next.Add(1)
					_, err := first.ReceiveEvent(t.Context(), call(fmt.Sprint("msg_", i), i), "")
					if errors.Is(err, store.ErrClosed) {
						return
					}
					if err != nil {
						t.Error(err)
						return
					}
					if answered.Add(1) == 100 {
						group.Go(func() { first.Close() })
					}
				}
			})
		}
		group.Wait()
		l, err := storetest.At(t, url).Ledger(t.Context(), c.ID)
		check(t, err)
		if l.Received != int(answered.Load()) {
			t.Errorf("%d events are stored, %d were answered", l.Received, answered.Load())
		}
	})
}

func TestRaceOfPushesAndDeliveriesForLinks(t *testing.T) {
	twice(t, func(t *testing.T, instances [2]*store.Store) {
		c := connected(t, instances[0])
		p := pushed(t, instances[0], c, "key", 1)
		links := make([]store.Link, 50)
		for i := range links {
			links[i] = store.Link{ClientID: fmt.Sprint(i), MojoContactID: int64(i + 1)}
		}
		for _, err := range race(instances, func(s *store.Store, caller int) error {
			mine := slices.Clone(links)
			rand.Shuffle(len(mine), func(i, j int) { mine[i], mine[j] = mine[j], mine[i] })
			for i := range 5 {
				if caller < 4 {
					if err := s.MarkPush(t.Context(), p.ID, store.PushMarks{Links: mine}); err != nil {
						return err
					}
					continue
				}
				r, err := s.ReceiveEvent(t.Context(), call(fmt.Sprintf("%d.%d", caller, i), int64(i)), "")
				if err != nil {
					return err
				}
				err = s.FinishEvent(t.Context(), store.Outcome{EventID: r.Event.ID, At: noon, State: store.EventWritten, Links: mine})
				if err != nil {
					return err
				}
			}
			return nil
		}) {
			check(t, err)
		}
	})
}
