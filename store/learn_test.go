package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"addtomojo/store"
	"addtomojo/store/storetest"
)

func TestLinkOf(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		save := func(links ...store.Link) {
			t.Helper()
			check(t, s.SaveLinks(t.Context(), c.ID, links))
		}
		found := func(mojoContact int64, apiContact, want string) store.Link {
			t.Helper()
			l, err := s.LinkOf(t.Context(), c.ID, mojoContact, apiContact)
			if want == "" {
				refused(t, err, store.ErrNotFound)
				return l
			}
			check(t, err)
			if l.ClientID != want {
				t.Errorf("contact %d, %q: got client %s, want %s", mojoContact, apiContact, l.ClientID, want)
			}
			return l
		}
		save(store.Link{ClientID: "1", MojoContactID: 58, APIContactID: "wa-1", CreatedAt: noon, PushedAt: noon},
			store.Link{ClientID: "2", APIContactID: "wa-2"},
			store.Link{ClientID: "3", MojoContactID: 60, Source: store.LinkSent})
		found(58, "", "1")
		found(58, "wa-2", "1")
		found(99, "wa-2", "2")
		found(60, "", "3")
		found(99, "wa-9", "")
		found(0, "", "")
		_, err := s.LinkOf(t.Context(), "another connection", 58, "wa-1")
		refused(t, err, store.ErrNotFound)

		save(store.Link{ClientID: "1", MojoContactID: 59})
		found(58, "", "1") // both are the same person
		found(59, "", "1")
		others, err := s.OtherMojoContacts(t.Context(), c.ID)
		check(t, err)
		same(t, "other contacts", others, map[string][]int64{"1": {58}})
		save(store.Link{ClientID: "2", MojoContactID: 59}, store.Link{ClientID: "3", MojoContactID: 59})
		found(59, "", "3") // the last one said so
	})
}

func TestLinksKeepWhatDeliveriesLearned(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		save := func(l store.Link) store.Link {
			t.Helper()
			check(t, s.SaveLinks(t.Context(), c.ID, []store.Link{l}))
			links, err := s.Links(t.Context(), c.ID, []string{"1"})
			check(t, err)
			return links["1"]
		}
		want := store.Link{
			ClientID: "1", MojoContactID: 58, Source: store.LinkSent, CustomWritten: true, DoNotCallAt: noon, CreatedAt: noon,
		}
		same(t, "sent", save(want), want)
		later := noon.Add(time.Hour)
		want.APIContactID, want.PushedAt = "wa-1", later
		same(t, "pushed", save(store.Link{ClientID: "1", APIContactID: "wa-1", CreatedAt: later, PushedAt: later}), want)
		same(t, "called", save(store.Link{ClientID: "1"}), want)
		want.MojoContactID, want.CustomWritten = 59, false
		same(t, "another contact", save(store.Link{ClientID: "1", MojoContactID: 59}), want)

		check(t, s.Reset(t.Context(), c.ID, noon))
		refused(t, s.SaveLinks(t.Context(), c.ID, nil), store.ErrNotFound)
	})
}

// A link says since when its contact is gone, until somebody finds it again, and gives way to that of the contact made anew.
func TestLinksThatAreGone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c, later := connected(t, s), noon.Add(time.Hour)
		received(t, s, call("msg_1", 58))
		link := func(what string, want time.Time) {
			t.Helper()
			links, err := s.Links(t.Context(), c.ID, []string{"1"})
			check(t, err)
			same(t, what+": link", links["1"].GoneAt, want)
			found, err := s.LinkOf(t.Context(), c.ID, 58, "")
			check(t, err)
			same(t, what+": by the id in Mojo", found, links["1"])
			due, err := s.DueEvents(t.Context(), c.ID, later, []string{"58"})
			check(t, err)
			same(t, what+": with what is due", *due[0].Link, links["1"])
		}
		old := store.Link{ClientID: "1", MojoContactID: 58, APIContactID: "wa-1", CreatedAt: noon, PushedAt: later}
		save := func(goneAt time.Time) {
			t.Helper()
			old.GoneAt = goneAt
			check(t, s.SaveLinks(t.Context(), c.ID, []store.Link{old}))
		}
		customs := func(goneAt time.Time) {
			t.Helper()
			old.GoneAt = goneAt
			check(t, s.SaveCustoms(t.Context(), c.ID, []store.Link{old}))
		}
		save(time.Time{})
		link("there", time.Time{})
		save(noon)
		save(later)
		link("gone since it was first told", noon)
		customs(later)
		link("told by a custom field", noon)
		customs(time.Time{})
		link("its custom field is written", time.Time{})
		customs(noon)
		check(t, s.SaveFoundLinks(t.Context(), c.ID, []store.Link{{ClientID: "1", MojoContactID: 58, APIContactID: "wa-1"}}))
		link("found by a rebuild", time.Time{})
		save(noon)

		check(t, s.Reset(t.Context(), c.ID, noon))
		again := kate()
		again.CreatedAt = later
		var err error
		c, err = s.Connect(t.Context(), again, token("mojo"), token("wise"), "")
		check(t, err)
		received(t, s, call("msg_2", 58))
		link("inherited", noon)

		fresh := store.Link{ClientID: "2", MojoContactID: 58, APIContactID: "wa-1", Source: store.LinkSent, CreatedAt: noon, PushedAt: noon}
		isFresh := func(what string) {
			t.Helper()
			for _, mojoID := range []int64{58, 0} {
				got, err := s.LinkOf(t.Context(), c.ID, mojoID, "wa-1")
				check(t, err)
				same(t, what, got, fresh)
			}
		}
		check(t, s.SaveLinks(t.Context(), c.ID, []store.Link{fresh}))
		isFresh("made anew")
		check(t, s.SaveLinks(t.Context(), c.ID, []store.Link{{ClientID: "1", GoneAt: later}})) // says nothing of who it is in Mojo
		isFresh("the old one is told to be gone once more")
		fresh.APIContactID = "wa-2"
		check(t, s.SaveLinks(t.Context(), c.ID, []store.Link{fresh}))
		isFresh("Mojo knows the new one by another id")
	})
}

func TestLinksWithoutCustom(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		check(t, s.SaveLinks(t.Context(), c.ID, []store.Link{
			{ClientID: "1", MojoContactID: 58},
			{ClientID: "2", MojoContactID: 59, CustomWritten: true},
			{ClientID: "3"},
			{ClientID: "4", MojoContactID: 60},
			{ClientID: "5", MojoContactID: 61},
		}))
		found := func(now time.Time, want ...string) []store.Link {
			t.Helper()
			links, err := s.LinksWithoutCustom(t.Context(), c.ID, now, 2)
			check(t, err)
			var got []string
			for _, l := range links {
				got = append(got, l.ClientID)
			}
			same(t, "at "+now.String(), got, want)
			return links
		}
		tried := found(noon, "1", "4")
		tried[0].CustomTries, tried[0].CustomAt = 2, noon.Add(time.Hour)
		tried[1].CustomTries, tried[1].CustomAt = 1, noon.Add(time.Minute)
		check(t, s.SaveCustoms(t.Context(), c.ID, tried))
		found(noon, "5")
		found(noon.Add(time.Minute), "5", "4")
		last := found(noon.Add(time.Hour), "5", "4")
		last[0].CustomWritten = true
		check(t, s.SaveCustoms(t.Context(), c.ID, last[:1]))
		same(t, "the one that failed twice", found(noon.Add(time.Hour), "4", "1")[1].CustomTries, 2)

		check(t, s.SaveLinks(t.Context(), c.ID, []store.Link{{ClientID: "1", MojoContactID: 62}, {ClientID: "4", MojoContactID: 60}}))
		found(noon, "1")                                      // another id: it may be tried at once
		check(t, s.SaveCustoms(t.Context(), c.ID, tried[:1])) // what is told of the old id doesn't count
		same(t, "the new id", found(noon, "1")[0].CustomTries, 0)
	})
}

func TestSnapshots(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		seen, err := s.Snapshot(t.Context(), c.ID, "1")
		check(t, err)
		same(t, "never seen", seen, store.Snapshot{ClientID: "1", Fields: map[string]store.Field{}})
		p := pushed(t, s, c, "key", 1)
		for _, fields := range []map[string]store.Field{
			{"home": {Value: "5205550143", Known: true}, "email": {Value: "ann@example.com", Known: true}},
			{"home": {Value: "5205550144", Known: true, Revision: 3}, "name": {Revision: 2}},
		} {
			check(t, s.MarkPush(t.Context(), p.ID, store.PushMarks{Snapshots: []store.Snapshot{{ClientID: "1", Fields: fields}}}))
		}
		seen, err = s.Snapshot(t.Context(), c.ID, "1")
		check(t, err)
		same(t, "seen twice", seen.Fields, map[string]store.Field{
			"home":  {Value: "5205550144", Known: true, Revision: 3},
			"email": {Value: "ann@example.com", Known: true},
			"name":  {Revision: 2},
		})
	})
}

// Of what pushes brought to Mojo the last few values are remembered; what an edit in Mojo replaced is Mojo's own.
func TestSnapshotsRememberWhatPushesOvertook(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		p := pushed(t, s, c, "key", 1)
		push := func(n int, value string) {
			field := store.Field{Value: value, Known: true, PushedAt: int64(n)}
			check(t, s.MarkPush(t.Context(), p.ID, store.PushMarks{Snapshots: []store.Snapshot{{ClientID: "1", Fields: map[string]store.Field{"name": field}}}}))
		}
		push(1, "a")
		push(2, "a")
		edit := store.Snapshot{ClientID: "1", Fields: map[string]store.Field{"name": {Value: "mojo's", Known: true, Revision: 1}}}
		finishEvent(t, s, received(t, s, edited("msg_1", 58)), store.Outcome{State: store.EventWritten, Snapshot: &edit})
		for n := range store.EarlierValues + 2 {
			push(3+n, fmt.Sprint("b", n))
		}
		seen, err := s.Snapshot(t.Context(), c.ID, "1")
		check(t, err)
		same(t, "earlier", seen.Fields["name"].Earlier, []string{"b1", "b2", "b3", "b4", "b5", "b6", "b7", "b8"})
		same(t, "last", seen.Fields["name"].Value, "b9")
	})
}

func TestActivities(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		first := store.Activity{MojoEventID: "1", ClientID: "26855", CallID: "12", Revision: 1, State: store.ActivityOpen}
		second := store.Activity{MojoEventID: "2", ClientID: "26855", CallID: "13", Revision: 1, State: store.ActivityCompleted}
		moved := first
		moved.Revision, moved.State = 2, store.ActivityDeleted
		for _, a := range []store.Activity{first, second, moved} {
			e := received(t, s, call("msg_"+a.MojoEventID+string(a.State), 58))
			finishEvent(t, s, e, store.Outcome{State: store.EventWritten, Activity: &a})
		}
		got, err := s.Activity(t.Context(), c.ID, "1")
		check(t, err)
		same(t, "the first", got, moved)
		all, err := s.Activities(t.Context(), c.ID, "26855")
		check(t, err)
		same(t, "all", all, []store.Activity{moved, second})
		_, err = s.Activity(t.Context(), c.ID, "3")
		refused(t, err, store.ErrNotFound)
		_, err = s.MojoNote(t.Context(), c.ID, "3")
		refused(t, err, store.ErrNotFound)
	})
}

func TestConnectionsWithoutCustom(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		var ids []string
		for i := range 4 {
			c := kate()
			c.Email, c.MojoAccountID = fmt.Sprintf("agent%d@example.com", i), fmt.Sprint(i)
			c, err := s.Connect(t.Context(), c, token("mojo"), token("wise"), "")
			check(t, err)
			ids = append(ids, c.ID)
		}
		slices.Sort(ids)
		found := func(when, after string, limit int, want ...string) {
			t.Helper()
			got, err := s.ConnectionsWithoutCustom(t.Context(), after, noon, limit)
			check(t, err)
			same(t, when, got, want)
		}
		check(t, s.SaveLinks(t.Context(), ids[0], []store.Link{{ClientID: "1", MojoContactID: 58, CustomWritten: true}, {ClientID: "2"}}))
		found("written, or nothing to write", "", 10)
		for _, id := range ids[1:] {
			check(t, s.SaveLinks(t.Context(), id, []store.Link{{ClientID: "1", MojoContactID: 58}, {ClientID: "2", MojoContactID: 59}}))
		}
		found("two of three", "", 2, ids[1], ids[2])
		found("the rest", ids[2], 2, ids[3])
		_, err := s.Lease(t.Context(), ids[1], "worker", noon.Add(time.Minute))
		check(t, err)
		check(t, s.NeedSignIn(t.Context(), ids[2], store.Wise, "Wise Agent said no.", 1, noon))
		found("leased, and in need of a sign-in", "", 10, ids[3])
		check(t, s.Reset(t.Context(), ids[3], noon))
		found("reset", "", 10)
	})
}

func TestFoundLinksFillIn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		check(t, s.SaveLinks(t.Context(), c.ID, []store.Link{
			{ClientID: "1", MojoContactID: 58, APIContactID: "wa-1", CreatedAt: noon},
			{ClientID: "2", MojoContactID: 59, CustomWritten: true, CreatedAt: noon},
			{ClientID: "3", Source: store.LinkSent, CreatedAt: noon},
			{ClientID: "4", MojoContactID: 61, CreatedAt: noon},
		}))
		later := noon.Add(time.Hour)
		for range 2 {
			check(t, s.SaveFoundLinks(t.Context(), c.ID, []store.Link{
				{ClientID: "1", MojoContactID: 57, APIContactID: "wa-1", CustomWritten: true, CreatedAt: later, PushedAt: later},
				{ClientID: "2", MojoContactID: 57, APIContactID: "wa-2", CustomWritten: true, CreatedAt: later, PushedAt: later},
				{ClientID: "3", MojoContactID: 60, APIContactID: "wa-3", CustomWritten: true, CreatedAt: later, PushedAt: later},
				{ClientID: "4", MojoContactID: 61, APIContactID: "wa-4", CustomWritten: true, CreatedAt: later, PushedAt: later},
				{ClientID: "5", MojoContactID: 61, APIContactID: "wa-5", CustomWritten: true, CreatedAt: later, PushedAt: later},
			}))
		}
		links, err := s.Links(t.Context(), c.ID, []string{"1", "2", "3", "4", "5"})
		check(t, err)
		for id, want := range map[string]store.Link{
			"1": {ClientID: "1", MojoContactID: 58, APIContactID: "wa-1", Source: store.LinkPush, CreatedAt: noon}, // still to be written
			"2": {ClientID: "2", MojoContactID: 59, Source: store.LinkPush, CustomWritten: true, CreatedAt: noon},
			"3": {ClientID: "3", MojoContactID: 60, Source: store.LinkSent, CustomWritten: true, CreatedAt: noon},
			"4": {ClientID: "4", MojoContactID: 61, Source: store.LinkPush, CustomWritten: true, CreatedAt: noon},
			"5": {ClientID: "5", MojoContactID: 61, APIContactID: "wa-5", Source: store.LinkPush, CustomWritten: true, CreatedAt: later, PushedAt: later},
		} {
			same(t, id, links[id], want)
		}
		l, err := s.LinkOf(t.Context(), c.ID, 61, "")
		check(t, err)
		same(t, "who told first", l.ClientID, "4")
		check(t, s.Reset(t.Context(), c.ID, noon))
		refused(t, s.SaveFoundLinks(t.Context(), c.ID, nil), store.ErrNotFound)
	})
}
