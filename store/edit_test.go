package store_test

import (
	"testing"
	"time"

	"addtomojo/store"
	"addtomojo/store/storetest"
)

// edited is an edit of a contact in Mojo.
func edited(webhookID string, contactID int64) store.Event {
	e := call(webhookID, contactID)
	e.Type = "contact.updated"
	return e
}

func TestEdits(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		links := []store.Link{{ClientID: "1", MojoContactID: 58, APIContactID: "wa-1"}, {ClientID: "2", APIContactID: "wa-2"}, {ClientID: "3"}}
		waits := received(t, s, edited("waits", 58))
		received(t, s, call("a call", 58))
		received(t, s, edited("a stranger's", 59))
		byName := edited("by its name alone", 0)
		byName.APIContactID = "wa-2"
		received(t, s, byName)
		for _, state := range []store.EventState{store.EventWritten, store.EventNeedsYou, store.EventExcluded} {
			finishEvent(t, s, received(t, s, edited(string(state), 58)), store.Outcome{State: state})
		}
		want := func(when string, since time.Time, clients ...string) {
			t.Helper()
			found, err := s.Edits(t.Context(), c.ID, links, since)
			check(t, err)
			var got []string
			for _, e := range found {
				got = append(got, e.ClientID)
				if e.Waits() {
					got = append(got, "waits")
				}
			}
			same(t, when, got, clients)
		}
		want("since noon", noon, "1", "waits", "2", "waits", "1")
		want("later", noon.Add(time.Second), "1", "waits", "2", "waits")
		finishEvent(t, s, waits, store.Outcome{State: store.EventWritten})
		want("one is written", noon, "1", "2", "waits", "1")
		none, err := s.Edits(t.Context(), "another connection", links, noon)
		check(t, err)
		same(t, "another connection's", len(none), 0)
	})
}

func TestHurryEvents(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		for _, e := range []store.Event{call("a1", 1), edited("a2", 1), call("b1", 2)} {
			finishEvent(t, s, received(t, s, e), store.Outcome{State: store.EventWaiting, Attempts: 3, NextAt: noon.Add(2 * time.Hour)})
		}
		next := func(when string, want time.Time) {
			t.Helper()
			found, err := s.Edits(t.Context(), c.ID, []store.Link{{ClientID: "1", MojoContactID: 1}}, noon)
			check(t, err)
			if len(found) != 1 || !found[0].NextAt.Equal(want) {
				t.Errorf("%s: got %+v, want one edit that may be tried at %s", when, found, want)
			}
		}
		due(t, s, c.ID, "before", noon, nil)
		next("before", noon.Add(2*time.Hour))
		check(t, s.HurryEvents(t.Context(), c.ID, []string{"1"}, noon))
		due(t, s, c.ID, "the contact's first", noon, nil, "a1")
		next("hurried", noon)
	})
}

// A push reads a contact, then an edit of it is written into Wise Agent, then the push's results are stored: what the push saw is
// no longer so.
func TestMarkPushKeepsWhatAnEditKnowsBetter(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		p := pushed(t, s, c, "a", 3)
		seen := func(client, value string, at time.Time) store.Snapshot {
			return store.Snapshot{ClientID: client, SeenAt: at, Fields: map[string]store.Field{"name": {Value: value, Known: true}}}
		}
		for i, client := range []string{"1", "2"} {
			snap := seen(client, "edited", time.Time{})
			finishEvent(t, s, received(t, s, edited(client, int64(58+i))), store.Outcome{State: store.EventWritten, Snapshot: &snap})
		}
		check(t, s.MarkPush(t.Context(), p.ID, store.PushMarks{
			Links: []store.Link{
				{ClientID: "1", MojoContactID: 58}, {ClientID: "2", MojoContactID: 59}, {ClientID: "3", MojoContactID: 60},
			},
			Snapshots: []store.Snapshot{
				seen("1", "pushed", noon.Add(-time.Minute)), seen("2", "pushed", noon.Add(time.Minute)), seen("3", "pushed", noon.Add(-time.Minute)),
			},
		}))
		for client, want := range map[string]string{"1": "edited", "2": "pushed", "3": "pushed"} {
			got, err := s.Snapshot(t.Context(), c.ID, client)
			check(t, err)
			same(t, "client "+client, got.Fields["name"].Value, want)
		}
	})
}

// What was seen before an edit is no longer so, whichever of the contacts in Mojo that are the person was edited, and whoever saw it: a
// contact that was made in Wise Agent, and whose answer was slow, was another one by then, too.
func TestWhatWasSeenBeforeAnEditIsNotKept(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		p := pushed(t, s, c, "a", 1)
		field := func(part, value string) map[string]store.Field {
			return map[string]store.Field{part: {Value: value, Known: true}}
		}
		before := func() *store.Snapshot {
			seen := store.Snapshot{ClientID: "1", SeenAt: noon.Add(-time.Minute), Fields: field("name", "before")}
			seen.Fields["email"] = store.Field{Value: "ann@example.com", Known: true}
			return &seen
		}
		want := func(when string) {
			t.Helper()
			got, err := s.Snapshot(t.Context(), c.ID, "1")
			check(t, err)
			same(t, when+": name", got.Fields["name"].Value, "edited")
			same(t, when+": e-mail", got.Fields["email"].Value, "ann@example.com")
		}
		finishEvent(t, s, received(t, s, edited("another contact's", 90)), store.Outcome{
			State: store.EventWritten, Links: []store.Link{{ClientID: "1", MojoContactID: 90}},
			Snapshot: &store.Snapshot{ClientID: "1", Fields: field("name", "edited")},
		})
		check(t, s.MarkPush(t.Context(), p.ID, store.PushMarks{
			Links: []store.Link{{ClientID: "1", MojoContactID: 58}}, Snapshots: []store.Snapshot{*before()},
		}))
		want("a push")
		newer := store.Snapshot{ClientID: "1", SeenAt: noon.Add(time.Minute), Fields: field("name", "edited")}
		check(t, s.MarkPush(t.Context(), p.ID, store.PushMarks{Snapshots: []store.Snapshot{newer}}))
		want("a push that saw the edit")
		finishEvent(t, s, received(t, s, call("made", 70)), store.Outcome{State: store.EventWritten, Snapshot: before()})
		want("made")
	})
}

// Contacts in Mojo that are one in Wise Agent count their revisions each for itself.
func TestSnapshotKeepsTheNewestRevisionOfAContact(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		for i, step := range []struct{ put, want store.Field }{
			{store.Field{Revision: 9, Contact: 58}, store.Field{Revision: 9, Contact: 58}},
			{store.Field{Revision: 8, Contact: 58}, store.Field{Revision: 9, Contact: 58}},
			{store.Field{Value: "pushed", Known: true}, store.Field{Value: "pushed", Known: true, Revision: 9, Contact: 58}},
			{store.Field{Revision: 1, Contact: 90}, store.Field{Value: "pushed", Known: true, Revision: 1, Contact: 90}},
			{store.Field{Value: "edited", Known: true, Revision: 2}, store.Field{Value: "edited", Known: true, Revision: 2}},
			{store.Field{Revision: 1, Contact: 58}, store.Field{Value: "edited", Known: true, Revision: 2}}, // whose the 2 is isn't known
		} {
			snap := store.Snapshot{ClientID: "1", Fields: map[string]store.Field{"name": step.put}}
			finishEvent(t, s, received(t, s, edited(string(rune('a'+i)), 58)), store.Outcome{State: store.EventWritten, Snapshot: &snap})
			got, err := s.Snapshot(t.Context(), c.ID, "1")
			check(t, err)
			field := got.Fields["name"]
			field.EditedAt = 0
			same(t, "field", field, step.want)
		}
	})
}
