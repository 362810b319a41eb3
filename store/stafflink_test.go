package store_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"addtomojo/store"
	"addtomojo/store/storetest"
)

func TestStaffLinkWorksOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		link := store.StaffLink{TokenHash: "c0ffee", Email: " Sam@example.com", Role: "operator", ExpiresAt: noon.Add(10 * time.Minute)}
		check(t, s.AddStaffLink(t.Context(), link))
		link.Email = "sam@example.com"
		for range 2 { // looking doesn't use it
			got, err := s.StaffLink(t.Context(), "c0ffee", noon)
			check(t, err)
			same(t, "link", got, link)
		}
		_, err := s.StaffLink(t.Context(), "c0ffee", link.ExpiresAt)
		refused(t, err, store.ErrNotFound)
		_, err = s.TakeStaffLink(t.Context(), "c0ffee", link.ExpiresAt)
		refused(t, err, store.ErrNotFound)

		var won atomic.Int32
		var tries sync.WaitGroup
		for range 8 {
			tries.Go(func() {
				if got, err := s.TakeStaffLink(t.Context(), "c0ffee", noon); err == nil && got == link {
					won.Add(1)
				}
			})
		}
		tries.Wait()
		if won.Load() != 1 {
			t.Errorf("%d of 8 took the link, want 1", won.Load())
		}
		_, err = s.StaffLink(t.Context(), "c0ffee", noon)
		refused(t, err, store.ErrNotFound)
	})
}

func TestNonceWorksOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		check(t, s.UseNonce(t.Context(), "a state", noon.Add(time.Minute)))
		refused(t, s.UseNonce(t.Context(), "a state", noon.Add(time.Minute)), store.ErrStale)
		check(t, s.UseNonce(t.Context(), "another", noon.Add(time.Minute)))
	})
}
