package store_test

import (
	"testing"
	"time"

	"addtomojo/store"
	"addtomojo/store/storetest"
)

func TestGroups(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		groups, at, err := s.Groups(t.Context(), c.ID)
		check(t, err)
		if len(groups) != 0 || !at.IsZero() {
			t.Errorf("got groups %v of %s, want none yet", groups, at)
		}

		check(t, s.SaveGroups(t.Context(), c.ID, []store.Group{{ID: 9, Name: "Gone soon"}}, noon))
		sellers := store.Group{ID: 5, Name: "sellers", Contacts: 120, IsLead: true}
		buyers := store.Group{ID: 6, Name: "Buyers"}
		zillow := store.Group{ID: 7, Name: "Zillow"}
		absent := store.Group{ID: 8, Name: "absentee owners"}
		check(t, s.SaveGroups(t.Context(), c.ID, []store.Group{zillow, sellers, absent, buyers}, noon.Add(time.Minute)))
		for i, id := range []int64{7, 5, 7} {
			p := store.Push{ID: store.NewID(), ConnectionID: c.ID, GroupID: id, CreatedAt: noon.Add(time.Duration(i) * time.Hour)}
			_, _, err := s.CreatePush(t.Context(), p, nil)
			check(t, err)
		}
		zillow.UsedAt, sellers.UsedAt = noon.Add(2*time.Hour), noon.Add(time.Hour)
		groups, at, err = s.Groups(t.Context(), c.ID)
		check(t, err)
		same(t, "groups", groups, []store.Group{zillow, sellers, absent, buyers})
		same(t, "fetched", at, noon.Add(time.Minute))

		_, _, err = s.Groups(t.Context(), "nothing")
		refused(t, err, store.ErrNotFound)
	})
}
