package store_test

import (
	"testing"
	"time"

	"addtomojo/store"
	"addtomojo/store/storetest"
)

// linked adds a link to the connection that expires a week after noon.
func linked(t *testing.T, s *store.Store, connID, hash string) {
	t.Helper()
	check(t, s.AddReconnectLink(t.Context(), store.ReconnectLink{
		Hash: hash, ConnectionID: connID, MadeAt: noon, ExpiresAt: noon.Add(7 * 24 * time.Hour),
	}))
}

func TestReconnectLink(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		linked(t, s, c.ID, "first")
		linked(t, s, c.ID, "second")
		for range 2 { // it may be opened again
			got, err := s.ConnectionOfReconnectLink(t.Context(), "first", noon)
			check(t, err)
			same(t, "connection", got, c)
		}
		_, err := s.ConnectionOfReconnectLink(t.Context(), "unknown", noon)
		refused(t, err, store.ErrNotFound)
		_, err = s.ConnectionOfReconnectLink(t.Context(), "first", noon.Add(7*24*time.Hour))
		refused(t, err, store.ErrNotFound)

		check(t, s.EndReconnectLinks(t.Context(), c.ID))
		for _, hash := range []string{"first", "second"} {
			_, err = s.ConnectionOfReconnectLink(t.Context(), hash, noon)
			refused(t, err, store.ErrNotFound)
		}
	})
}

func TestReconnectLinkOfAResetConnection(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		linked(t, s, c.ID, "link")
		check(t, s.Reset(t.Context(), c.ID, noon))
		_, err := s.ConnectionOfReconnectLink(t.Context(), "link", noon)
		refused(t, err, store.ErrNotFound)
		err = s.AddReconnectLink(t.Context(), store.ReconnectLink{Hash: "another", ConnectionID: c.ID, ExpiresAt: noon.Add(time.Hour)})
		refused(t, err, store.ErrNotFound)
		got, err := s.Tidy(t.Context(), noon)
		check(t, err)
		same(t, "tidied links", got.ReconnectLinks, 1)
	})
}

func TestTidyRemovesExpiredReconnectLinks(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		linked(t, s, connected(t, s).ID, "link")
		got, err := s.Tidy(t.Context(), noon)
		check(t, err)
		same(t, "tidied links at once", got.ReconnectLinks, 0)
		got, err = s.Tidy(t.Context(), noon.Add(7*24*time.Hour))
		check(t, err)
		same(t, "tidied links after a week", got.ReconnectLinks, 1)
	})
}
