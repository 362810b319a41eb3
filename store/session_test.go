package store_test

import (
	"testing"
	"time"

	"addtomojo/store"
	"addtomojo/store/storetest"
)

func TestSession(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		want := store.Session{
			ID:        "c0ffee",
			Data:      []byte("data"),
			Email:     "kate@example.com",
			CreatedAt: noon,
			SeenAt:    noon,
			ExpiresAt: noon.Add(time.Hour),
		}
		check(t, s.CreateSession(t.Context(), want))
		got, err := s.Session(t.Context(), "c0ffee", noon)
		check(t, err)
		same(t, "session", got, want)

		later := want
		later.Data, later.Email = nil, ""
		later.CreatedAt, later.SeenAt = noon.Add(time.Minute), noon.Add(time.Minute)
		check(t, s.SaveSession(t.Context(), later))
		got, err = s.Session(t.Context(), "c0ffee", noon)
		check(t, err)
		later.Data, later.CreatedAt = []byte{}, noon
		same(t, "session saved again", got, later)

		_, err = s.Session(t.Context(), "c0ffee", want.ExpiresAt)
		refused(t, err, store.ErrNotFound)
		check(t, s.DeleteSession(t.Context(), "c0ffee"))
		_, err = s.Session(t.Context(), "c0ffee", noon)
		refused(t, err, store.ErrNotFound)
		check(t, s.DeleteSession(t.Context(), "c0ffee"))
		refused(t, s.SaveSession(t.Context(), later), store.ErrNotFound)
		_, err = s.Session(t.Context(), "c0ffee", noon)
		refused(t, err, store.ErrNotFound) // not brought back
	})
}

func TestEndSessions(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for id, email := range map[string]string{"1": "Kate@example.com", "2": "kate@example.com ", "3": "joe@example.com"} {
			check(t, s.CreateSession(t.Context(), store.Session{ID: id, Email: email, ExpiresAt: noon.Add(time.Hour)}))
		}
		ended, err := s.EndSessions(t.Context(), "KATE@example.com")
		check(t, err)
		if ended != 2 {
			t.Errorf("ended %d sessions, want 2", ended)
		}
		_, err = s.Session(t.Context(), "1", noon)
		refused(t, err, store.ErrNotFound)
		_, err = s.Session(t.Context(), "3", noon)
		check(t, err)
		refused(t, s.SaveSession(t.Context(), store.Session{ID: "1", Email: "kate@example.com", ExpiresAt: noon.Add(time.Hour)}), store.ErrNotFound)
		_, err = s.Session(t.Context(), "1", noon)
		refused(t, err, store.ErrNotFound) // a request that was under way doesn't bring it back
	})
}
