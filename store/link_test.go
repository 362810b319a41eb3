package store_test

import (
	"strconv"
	"testing"
	"time"

	"addtomojo/store"
	"addtomojo/store/storetest"
)

func TestLinksKeepWhatTheyKnow(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		p := pushed(t, s, c, "key", 1)
		save := func(l store.Link) {
			t.Helper()
			check(t, s.MarkPush(t.Context(), p.ID, store.PushMarks{Links: []store.Link{l}}))
		}
		link := func() store.Link {
			t.Helper()
			links, err := s.Links(t.Context(), c.ID, []string{"1"})
			check(t, err)
			return links["1"]
		}
		later := noon.Add(time.Hour)
		save(store.Link{ClientID: "1", APIContactID: "wa-1", MojoContactID: 900, NotesSent: 50, CreatedAt: noon, PushedAt: noon})
		save(store.Link{ClientID: "1", APIContactID: "wa-1", NotesSent: 40, CreatedAt: later, PushedAt: later})
		want := store.Link{
			ClientID: "1", APIContactID: "wa-1", MojoContactID: 900, Source: store.LinkPush, NotesSent: 50,
			CreatedAt: noon, PushedAt: later,
		}
		same(t, "link", link(), want)
		save(store.Link{ClientID: "1", APIContactID: "wa-1", MojoContactID: 901, NotesSent: 60, PushedAt: later})
		want.MojoContactID, want.NotesSent = 901, 60
		same(t, "link", link(), want)
	})
}

func TestLinksOfMany(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		p := pushed(t, s, c, "key", 1)
		var m store.PushMarks
		var ids []string
		for i := range 250 { // more than two statements' worth
			id := strconv.Itoa(i)
			ids = append(ids, id, "unknown "+id)
			m.Links = append(m.Links, store.Link{ClientID: id, APIContactID: "wa-" + id})
		}
		check(t, s.MarkPush(t.Context(), p.ID, m))
		links, err := s.Links(t.Context(), c.ID, ids)
		check(t, err)
		if len(links) != 250 || links["249"].APIContactID != "wa-249" {
			t.Errorf("got %d links, the last %+v; want 250", len(links), links["249"])
		}
		links, err = s.Links(t.Context(), "another connection", ids)
		check(t, err)
		if len(links) != 0 {
			t.Errorf("another connection got %d links, want none", len(links))
		}
		links, err = s.Links(t.Context(), c.ID, nil)
		check(t, err)
		if len(links) != 0 {
			t.Errorf("got %d links of no contacts, want none", len(links))
		}
	})
}

func TestLinksOutliveAReset(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		link := func(c store.Connection, key string, l store.Link) {
			t.Helper()
			p := pushed(t, s, c, key, 1)
			check(t, s.MarkPush(t.Context(), p.ID, store.PushMarks{Links: []store.Link{l}}))
		}
		again := func(c store.Connection, after time.Duration) store.Connection {
			t.Helper()
			check(t, s.Reset(t.Context(), c.ID, noon))
			c.CreatedAt = noon.Add(after)
			c, err := s.Connect(t.Context(), c, token("mojo"), token("wise"), "")
			check(t, err)
			return c
		}
		first := connected(t, s)
		link(first, "first", store.Link{ClientID: "1", APIContactID: "wa-1", NotesSent: 50, DoNotCallAt: noon})
		link(first, "first b", store.Link{ClientID: "2", APIContactID: "wa-2", NotesSent: 50})
		elsewhere := first
		elsewhere.MojoAccountID = "another"
		elsewhere = again(elsewhere, time.Hour)
		link(elsewhere, "elsewhere", store.Link{ClientID: "2", APIContactID: "wa-2", NotesSent: 80})
		second := elsewhere
		second.MojoAccountID = first.MojoAccountID
		second = again(second, 2*time.Hour)
		link(second, "second", store.Link{ClientID: "1", APIContactID: "wa-1", NotesSent: 70})

		links, err := s.Links(t.Context(), second.ID, []string{"1", "2", "3"})
		check(t, err)
		if len(links) != 2 || links["1"].NotesSent != 70 || links["2"].NotesSent != 50 {
			t.Errorf("got %+v, want its own link of 1, and that of 2 from the first time with this Mojo account", links)
		}
		if !links["1"].DoNotCallAt.Equal(noon) || !links["2"].DoNotCallAt.IsZero() {
			t.Errorf("got %+v, want 1 not to be called still, and nothing of the kind for 2", links)
		}
	})
}
