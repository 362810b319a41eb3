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

// twice runs a test with two ways into one database: on PostgreSQL two instances, on SQLite one, which owns its file.
func twice(t *testing.T, f func(t *testing.T, instances [2]*store.Store)) {
	t.Run(storetest.SQLite, func(t *testing.T) {
		s := storetest.Open(t, storetest.SQLite)
		f(t, [2]*store.Store{s, s})
	})
	t.Run(storetest.Postgres, func(t *testing.T) {
		url := storetest.URL(t, storetest.Postgres)
		f(t, [2]*store.Store{storetest.At(t, url), storetest.At(t, url)})
	})
}

// race lets eight callers, four on each instance, do the same at once.
func race(instances [2]*store.Store, f func(s *store.Store, caller int) error) []error {
	results := make([]error, 8)
	start := make(chan struct{})
	var group sync.WaitGroup
	for i := range results {
		group.Go(func() {
			<-start
			results[i] = f(instances[i%2], i)
		})
	}
	close(start)
	group.Wait()
	return results
}

// won fails the test unless one caller had no error and the others had one that lost accepts.
func won(t *testing.T, results []error, lost func(error) bool) {
	t.Helper()
	winners := 0
	for _, err := range results {
		switch {
		case err == nil:
			winners++
		case !lost(err):
			t.Errorf("a loser got error %v", err)
		}
	}
	if winners != 1 {
		t.Errorf("%d callers won, want 1", winners)
	}
}

func is(want error) func(error) bool {
	return func(err error) bool { return errors.Is(err, want) }
}

func TestRaceForAMojoAccount(t *testing.T) {
	twice(t, func(t *testing.T, instances [2]*store.Store) {
		for round := range 5 {
			results := race(instances, func(s *store.Store, caller int) error {
				c := kate()
				c.Email = fmt.Sprintf("agent%d.%d@example.com", round, caller)
				c.MojoAccountID = fmt.Sprint("account ", round)
				_, err := s.Connect(t.Context(), c, token("mojo"), token("wise"), "")
				return err
			})
			won(t, results, func(err error) bool {
				_, ok := errors.AsType[*store.TakenError](err)
				return ok
			})
		}
	})
}

func TestRaceForAWiseAgentAccount(t *testing.T) {
	twice(t, func(t *testing.T, instances [2]*store.Store) {
		results := race(instances, func(s *store.Store, caller int) error {
			c := kate()
			c.MojoAccountID = fmt.Sprint("account ", caller)
			_, err := s.Connect(t.Context(), c, token("mojo"), token("wise"), "")
			return err
		})
		won(t, results, is(store.ErrOtherMojoAccount))
	})
}

func TestRaceToConnectTheSameTwo(t *testing.T) {
	twice(t, func(t *testing.T, instances [2]*store.Store) {
		var ids sync.Map
		for _, err := range race(instances, func(s *store.Store, caller int) error {
			c, err := s.Connect(t.Context(), kate(), token("mojo"), token("wise"), "")
			ids.Store(c.ID, true)
			return err
		}) {
			check(t, err)
		}
		n := 0
		ids.Range(func(any, any) bool { n++; return true })
		if n != 1 {
			t.Errorf("got %d connections, want one", n)
		}
	})
}

func TestRaceForARefresh(t *testing.T) {
	twice(t, func(t *testing.T, instances [2]*store.Store) {
		c := connected(t, instances[0])
		results := race(instances, func(s *store.Store, caller int) error {
			taken, err := s.LeaseRefresh(t.Context(), c.ID, store.Mojo, 1, fmt.Sprint(caller), noon, noon.Add(time.Minute))
			if err == nil && !taken {
				err = store.ErrStale
			}
			return err
		})
		won(t, results, is(store.ErrStale))
	})
}

func TestRaceForALease(t *testing.T) {
	twice(t, func(t *testing.T, instances [2]*store.Store) {
		c := connected(t, instances[0])
		results := race(instances, func(s *store.Store, caller int) error {
			taken, err := s.Lease(t.Context(), c.ID, fmt.Sprint(caller), noon.Add(time.Minute))
			if err == nil && !taken {
				err = store.ErrStale
			}
			return err
		})
		won(t, results, is(store.ErrStale))
	})
}

func TestRaceToPressTheButton(t *testing.T) {
	twice(t, func(t *testing.T, instances [2]*store.Store) {
		c := connected(t, instances[0])
		results := race(instances, func(s *store.Store, caller int) error {
			p, created, err := s.CreatePush(t.Context(), store.Push{ID: "key", ConnectionID: c.ID}, people(50))
			if err == nil && p.Total != 50 {
				t.Errorf("got a push of %d contacts, want 50", p.Total)
			}
			if err == nil && !created {
				err = store.ErrStale
			}
			return err
		})
		won(t, results, is(store.ErrStale))
		contacts, err := instances[1].PushContacts(t.Context(), "key", nil, -1, 100)
		check(t, err)
		if len(contacts) != 50 {
			t.Errorf("the push has %d contacts, want 50", len(contacts))
		}
	})
}

func TestRaceForAConsent(t *testing.T) {
	twice(t, func(t *testing.T, instances [2]*store.Store) {
		l := launched(t, instances[0])
		c := store.Consent{StateHash: "5ee", LaunchID: l.ID, Verifier: "verifier", ExpiresAt: noon.Add(time.Minute)}
		check(t, instances[0].StartConsent(t.Context(), c))
		results := race(instances, func(s *store.Store, caller int) error {
			_, err := s.TakeConsent(t.Context(), "5ee", noon)
			return err
		})
		won(t, results, is(store.ErrNotFound))
	})
}

func TestRaceForANonce(t *testing.T) {
	twice(t, func(t *testing.T, instances [2]*store.Store) {
		results := race(instances, func(s *store.Store, caller int) error {
			_, err := s.CreateLaunch(t.Context(), store.Launch{}, "nonce", noon)
			return err
		})
		won(t, results, is(store.ErrNonceUsed))
	})
}

func TestRaceForRevocations(t *testing.T) {
	twice(t, func(t *testing.T, instances [2]*store.Store) {
		for range 10 {
			check(t, instances[0].AddRevocations(t.Context(), store.Mojo, "", token("old"), noon))
		}
		var lock sync.Mutex
		claims := make(map[string]int)
		for _, err := range race(instances, func(s *store.Store, caller int) error {
			claimed, err := s.ClaimRevocations(t.Context(), noon, noon.Add(time.Hour), 5)
			lock.Lock()
			defer lock.Unlock()
			for _, r := range claimed {
				claims[r.ID]++
			}
			return err
		}) {
			check(t, err)
		}
		for id, n := range claims {
			if n > 1 {
				t.Errorf("revocation %s was claimed %d times", id, n)
			}
		}
	})
}

func TestRaceOfResetAndPushes(t *testing.T) {
	twice(t, func(t *testing.T, instances [2]*store.Store) {
		c := connected(t, instances[0])
		results := race(instances, func(s *store.Store, caller int) error {
			if caller == 3 {
				return s.Reset(t.Context(), c.ID, noon)
			}
			id := fmt.Sprint("key ", caller)
			if _, _, err := s.CreatePush(t.Context(), store.Push{ID: id, ConnectionID: c.ID}, people(20)); err != nil {
				return err
			}
			return s.SetPush(t.Context(), id, store.PushSending, "", 0, noon, noon)
		})
		check(t, results[3])
		pushes, err := instances[0].Pushes(t.Context(), c.ID, 10)
		check(t, err)
		for _, p := range pushes {
			if p.State != store.PushStopped || p.Counts.Failed != 20 {
				t.Errorf("after the reset push %s is %s with %+v, want it stopped and all failed", p.ID, p.State, p.Counts)
			}
		}
	})
}

func TestRaceOfTwoTabsSigningIn(t *testing.T) {
	twice(t, func(t *testing.T, instances [2]*store.Store) {
		l := launched(t, instances[0])
		for _, err := range race(instances, func(s *store.Store, caller int) error {
			return s.SaveMojoSide(t.Context(), l.ID, mojoSide(fmt.Sprint(caller)), noon.Add(time.Hour), noon)
		}) {
			check(t, err)
		}
		if got := len(revoked(t, instances[0], noon)); got != 14 {
			t.Errorf("%d tokens are to be revoked, want those of the 7 that were replaced", got)
		}
	})
}

func TestRaceOfResetAndConnect(t *testing.T) {
	twice(t, func(t *testing.T, instances [2]*store.Store) {
		for range 5 {
			c := connected(t, instances[0])
			for _, err := range race(instances, func(s *store.Store, caller int) error {
				if caller%4 == 0 {
					return s.Reset(t.Context(), c.ID, noon)
				}
				_, err := s.Connect(t.Context(), kate(), token("mojo"), token("wise"), "")
				return err
			}) {
				check(t, err)
			}
		}
	})
}
