package store_test

import (
	"fmt"
	"testing"
	"time"

	"addtomojo/store"
	"addtomojo/store/storetest"
)

// After a reset and a new sign-in with the same two accounts, the people in both are known as before; with another Mojo account or
// another Wise Agent account nobody is.
func TestANewConnectionOfTheSameAccountsKnowsItsContacts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		first := connected(t, s)
		activity := store.Activity{MojoEventID: "1", ClientID: "26855", CallID: "12", Revision: 1, State: store.ActivityOpen}
		note := store.MojoNote{MojoNoteID: "9", ClientID: "26855", NoteID: 40, ToldAt: noon}
		seen := store.Snapshot{ClientID: "26855", Fields: map[string]store.Field{"email": {Value: "ann@example.com", Known: true}}}
		link := store.Link{
			ClientID: "26855", APIContactID: "wa-26855", MojoContactID: 58, Source: store.LinkPush, CustomWritten: true,
			DoNotCallAt: noon, GoneAt: noon, CreatedAt: noon, PushedAt: noon,
		}
		e := received(t, s, call("msg_1", 58))
		finishEvent(t, s, e, store.Outcome{
			State: store.EventWritten, Activity: &activity, Note: &note, Snapshot: &seen, Links: []store.Link{link},
		})
		again := func(mojoAccount, email string, at time.Time) store.Connection {
			t.Helper()
			c := kate()
			c.MojoAccountID, c.Email, c.CreatedAt = mojoAccount, email, at
			next, err := s.Connect(t.Context(), c, token("mojo"), token("wise"), "")
			check(t, err)
			return next
		}
		knows := func(what string, c store.Connection, want bool) {
			t.Helper()
			got, err := s.LinkOf(t.Context(), c.ID, 58, "")
			if !want {
				refused(t, err, store.ErrNotFound)
				_, err = s.Activity(t.Context(), c.ID, "1")
				refused(t, err, store.ErrNotFound)
				return
			}
			check(t, err)
			same(t, what+": link", got, link)
			a, err := s.Activity(t.Context(), c.ID, "1")
			check(t, err)
			same(t, what+": activity", a, activity)
			n, err := s.MojoNote(t.Context(), c.ID, "9")
			check(t, err)
			same(t, what+": note", n, note)
			snapshot, err := s.Snapshot(t.Context(), c.ID, "26855")
			check(t, err)
			same(t, what+": snapshot", snapshot.Fields["email"].Value, seen.Fields["email"].Value)
		}
		check(t, s.Reset(t.Context(), first.ID, noon.Add(time.Minute)))
		other := again("4712", "kate@example.com", noon.Add(2*time.Minute))
		knows("another Mojo account", other, false)
		check(t, s.Reset(t.Context(), other.ID, noon.Add(3*time.Minute)))
		stranger := again("4711", "eve@example.com", noon.Add(4*time.Minute))
		knows("another Wise Agent account", stranger, false)
		check(t, s.Reset(t.Context(), stranger.ID, noon.Add(5*time.Minute)))
		second := again("4711", "Kate@Example.com", noon.Add(6*time.Minute))
		knows("the same two", second, true)

		link.MojoContactID, link.CustomWritten = 59, false // what the newest one learns, the next one knows
		check(t, s.SaveLinks(t.Context(), second.ID, []store.Link{link}))
		check(t, s.Reset(t.Context(), second.ID, noon.Add(7*time.Minute)))
		third := again("4711", "kate@example.com", noon.Add(8*time.Minute))
		got, err := s.LinkOf(t.Context(), third.ID, 59, "")
		check(t, err)
		same(t, "the newest link", got, link)
	})
}

// A delivery that was at Wise Agent when the connection was reset is heard when the customer has connected again.
func TestANewConnectionKnowsWhatIsHeardLate(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		first := connected(t, s)
		e := received(t, s, call("msg_1", 58))
		check(t, s.Reset(t.Context(), first.ID, noon.Add(time.Minute)))
		c := kate()
		c.CreatedAt = noon.Add(2 * time.Minute)
		second, err := s.Connect(t.Context(), c, token("mojo"), token("wise"), "")
		check(t, err)
		activity := store.Activity{MojoEventID: "1", ClientID: "26855", CallID: "12", Revision: 1, State: store.ActivityOpen}
		note := store.MojoNote{MojoNoteID: "9", ClientID: "26855", NoteID: 40}
		err = s.FinishEvent(t.Context(), store.Outcome{
			EventID: e.ID, At: noon.Add(3 * time.Minute), State: store.EventWritten, Activity: &activity, Note: &note,
		})
		refused(t, err, store.ErrStale)
		a, err := s.Activity(t.Context(), second.ID, "1")
		check(t, err)
		same(t, "activity", a, activity)
		n, err := s.MojoNote(t.Context(), second.ID, "9")
		check(t, err)
		same(t, "note", n, note)
	})
}

func TestDoubtfulEvents(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		first := connected(t, s)
		needsYou := received(t, s, call("msg_1", 58))
		finishEvent(t, s, needsYou, store.Outcome{State: store.EventNeedsYou, Doubt: true})
		finishEvent(t, s, received(t, s, call("msg_2", 58)), store.Outcome{State: store.EventNeedsYou})
		finishEvent(t, s, received(t, s, call("msg_3", 58)), store.Outcome{State: store.EventWritten})
		finishEvent(t, s, received(t, s, call("msg_4", 59)), store.Outcome{State: store.EventNeedsYou, Doubt: true})
		waits := received(t, s, call("msg_5", 58))
		finishEvent(t, s, waits, store.Outcome{State: store.EventWaiting, Doubt: true})
		wanted := func(conn store.Connection, want ...store.Event) {
			t.Helper()
			got, err := s.DoubtfulEvents(t.Context(), conn.ID, "58")
			check(t, err)
			var ids, wantIDs []string
			for _, e := range got {
				ids = append(ids, e.WebhookID)
			}
			for _, e := range want {
				wantIDs = append(wantIDs, e.WebhookID)
			}
			same(t, "doubtful events", ids, wantIDs)
		}
		wanted(first, needsYou)
		check(t, s.Reset(t.Context(), first.ID, noon.Add(time.Minute)))
		c := kate()
		c.CreatedAt = noon.Add(2 * time.Minute)
		second, err := s.Connect(t.Context(), c, token("mojo"), token("wise"), "")
		check(t, err)
		wanted(second, needsYou, waits)
	})
}

// What needed a person before a reset is retried on the next connection of the same two accounts, and nobody else sees it.
func TestWhatNeedsAPersonGoesToTheNextConnection(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		first := connected(t, s)
		finishEvent(t, s, received(t, s, call("msg_1", 58)), store.Outcome{State: store.EventWritten})
		parked := received(t, s, call("msg_2", 58))
		finishEvent(t, s, parked, store.Outcome{State: store.EventNeedsYou, Reason: "Wise Agent refused this."})
		check(t, s.Reset(t.Context(), first.ID, noon.Add(time.Minute)))
		ledger := func(what, connID string, want store.Ledger) {
			t.Helper()
			got, err := s.Ledger(t.Context(), connID)
			check(t, err)
			got.LastCallAt = time.Time{}
			same(t, what, got, want)
		}
		c := kate()
		c.Email, c.CreatedAt = "eve@example.com", noon.Add(2*time.Minute)
		stranger, err := s.Connect(t.Context(), c, token("mojo"), token("wise"), "")
		check(t, err)
		ledger("another Wise Agent account", stranger.ID, store.Ledger{})
		check(t, s.Reset(t.Context(), stranger.ID, noon.Add(3*time.Minute)))
		c.Email, c.CreatedAt = "kate@example.com", noon.Add(4*time.Minute)
		second, err := s.Connect(t.Context(), c, token("mojo"), token("wise"), "")
		check(t, err)
		ledger("the old connection", first.ID, store.Ledger{Received: 1, Written: 1})
		ledger("the new one", second.ID, store.Ledger{Received: 1, NeedsYou: 1})
		check(t, s.RetryEvent(t.Context(), second.ID, parked.ID, noon.Add(5*time.Minute)))
		due, err := s.DueEvents(t.Context(), second.ID, noon.Add(5*time.Minute), []string{parked.ContactKey()})
		check(t, err)
		if len(due) != 1 || due[0].Event.ID != parked.ID {
			t.Errorf("due is %+v, want the retried event", due)
		}
	})
}

// The webhook-id of a contact that was sent names the connection: whoever presses the button again on the new one means the same event.
// One that the new connection has already stays that one's.
func TestASentContactThatNeedsAPersonIsTheNextConnections(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := storetest.At(t, url)
		again := func(minutes int) store.Connection {
			t.Helper()
			c := kate()
			c.CreatedAt = noon.Add(time.Duration(minutes) * time.Minute)
			next, err := s.Connect(t.Context(), c, token("mojo"), token("wise"), "")
			check(t, err)
			return next
		}
		sent := func(c store.Connection) store.Event {
			t.Helper()
			press := call("sent/"+c.ID+"/58", 58)
			press.Type = "contact.sent"
			e := received(t, s, press)
			finishEvent(t, s, e, store.Outcome{State: store.EventNeedsYou, Reason: "Wise Agent refused this."})
			return e
		}
		first := connected(t, s)
		press, hook := sent(first), received(t, s, call("msg_1", 58))
		finishEvent(t, s, hook, store.Outcome{State: store.EventNeedsYou})
		check(t, s.Reset(t.Context(), first.ID, noon.Add(time.Minute)))
		second := again(2)
		same(t, "webhook-id", stored(t, s, press).WebhookID, "sent/"+second.ID+"/58")
		same(t, "webhook-id of a hook", stored(t, s, hook).WebhookID, "msg_1")

		// as the first connection left it when nothing was passed on yet
		_, err := storetest.SQL(t, url).ExecContext(t.Context(), fmt.Sprintf(
			"update events set connection_id = '%s', webhook_id = 'sent/%[1]s/58' where id = '%s'", first.ID, press.ID))
		check(t, err)
		newer := sent(second)
		check(t, s.Reset(t.Context(), second.ID, noon.Add(3*time.Minute)))
		third := again(4)
		same(t, "webhook-id of the newer", stored(t, s, newer).WebhookID, "sent/"+third.ID+"/58")
		same(t, "webhook-id of the older", stored(t, s, press).WebhookID, "sent/"+first.ID+"/58")
		same(t, "connection of the older", stored(t, s, press).ConnectionID, third.ID)
	})
}
