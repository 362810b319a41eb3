package bridge_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"addtomojo/bridge"
	"addtomojo/sandbox/fault"
	mojobox "addtomojo/sandbox/mojo"
	"addtomojo/store"
)

// Nobody tells of the contacts: what is not kept yet is found by looking for it.
func TestMojosIdsAreKeptInWiseAgentWithoutAnyEvent(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		_, ids := w.linked(3)
		w.stop() // before they are kept: that is done when nothing else was to do for a while
		if kept := w.kept(ids); kept != 0 {
			t.Fatalf("%d ids are kept before the restart, want none: the test comes too late", kept)
		}
		failing := w.wiseFaults.Add(fault.Rule{Endpoint: "addClientCustom", Kind: fault.ServerError, Status: 503, After: 2})
		w.Bridge = w.instance()
		w.Log = slog.New(slog.NewTextHandler(w.logged, nil))
		w.run()
		w.eventually("two are kept, and the third fails", func() bool { return w.wiseFaults.Hits(failing) > 0 && w.kept(ids) == 2 })
		w.eventually("that it failed is stored", func() bool { return w.said("Mojo's ids not kept in Wise Agent") }) // else it waits from after the leap
		w.wiseFaults.Clear()
		before := w.wise.Requests()["addClientCustom"]
		w.skew.Add(int64(6 * time.Minute))
		w.eventually("all are kept", func() bool { return w.kept(ids) == 3 })
		if n := w.wise.Requests()["addClientCustom"] - before; n != 1 {
			t.Errorf("%d ids were sent once more, want the one that failed", n)
		}
	})
}

// kept counts the contacts that have Mojo's id in Wise Agent.
func (w *town) kept(ids []string) (n int) {
	for _, m := range w.mojo.Contacts(account, 0) {
		for _, id := range ids {
			c, _ := w.wise.Contact(kate, id)
			if m.APIContactID == "wa-"+id && len(c.Custom) == 1 && c.Custom[0].Key == "MojoContactID" && c.Custom[0].Value == fmt.Sprint(m.ContactID) {
				n++
			}
		}
	}
	return n
}

// meanwhile gives a link another contact in Mojo, once, as Wise Agent is asked for something: as a push would that Mojo answers then.
func (w *town) meanwhile(requestType string, conn store.Connection, clientID string, mojoID int64) {
	var once sync.Once
	w.watch = func(r *http.Request) {
		if r.URL.Query().Get("requestType") == requestType {
			once.Do(func() {
				w.need(w.Store.SaveLinks(w.t.Context(), conn.ID, []store.Link{{ClientID: clientID, MojoContactID: mojoID}}))
			})
		}
	}
}

// nextLook lets six minutes pass once nobody works for the connection any more, so that the next look finds what it has to keep.
func (w *town) nextLook(conn store.Connection) {
	w.t.Helper()
	w.eventually("nobody works for the connection", func() bool { return w.toKeep(conn) })
	w.skew.Add(int64(6 * time.Minute))
}

// toKeep tells whether a look would find ids of the connection to keep now: some are due, and nobody works for it.
func (w *town) toKeep(conn store.Connection) bool {
	found, err := w.Store.ConnectionsWithoutCustom(w.t.Context(), "", w.Now(), 1)
	w.need(err)
	return slices.Contains(found, conn.ID)
}

func (w *town) link(conn store.Connection, clientID string) store.Link {
	w.t.Helper()
	links, err := w.Store.Links(w.t.Context(), conn.ID, []string{clientID})
	w.need(err)
	return links[clientID]
}

// An id that changes while the old one is written to Wise Agent is the one that stays, and is written next.
func TestANewerIdOutlivesTheWritingOfTheOldOne(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn, ids := w.linked(1)
		w.stop()
		w.meanwhile("addClientCustom", conn, ids[0], 990001)
		w.run()
		w.eventually("the old id is written", func() bool { return w.wise.Requests()["addClientCustom"] > 0 })
		w.nextLook(conn)
		w.eventually("the new id is written", func() bool {
			c, _ := w.wise.Contact(kate, ids[0])
			return len(c.Custom) == 1 && c.Custom[0].Value == "990001" && w.link(conn, ids[0]).CustomWritten
		})
		if l := w.link(conn, ids[0]); l.MojoContactID != 990001 {
			t.Errorf("got %+v, want the contact 990001 in Mojo", l)
		}
	})
}

// A rebuild fills in what Mojo has not told of.
func TestARebuildLeavesNewerIds(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn, ids := w.linked(3)
		w.eventually("all are kept", func() bool { return w.kept(ids) == 3 })
		w.stop()
		w.meanwhile("getContacts", conn, ids[0], 990001)
		lost := w.link(conn, ids[1]).MojoContactID
		w.need(w.Store.SaveLinks(t.Context(), conn.ID, []store.Link{{ClientID: "another", MojoContactID: lost}}))
		if n, err := w.RebuildLinks(t.Context(), conn, false); err != nil || n.Known != 3 || n.LeftOut != 0 {
			t.Fatalf("got %+v and %v, want 3 links", n, err)
		}
		if l := w.link(conn, ids[0]); l.MojoContactID != 990001 || l.CustomWritten {
			t.Errorf("got %+v, want the contact 990001 in Mojo, still to be kept", l)
		}
		if l, err := w.Store.LinkOf(t.Context(), conn.ID, lost, ""); err != nil || l.ClientID != "another" {
			t.Errorf("got %+v and %v, want the client that Mojo told last", l, err)
		}
	})
}

// The ids that Wise Agent keeps may be of another Mojo account, where they are somebody else's: Mojo says who is who.
func TestARebuildTakesNoIdsOfAnotherMojoAccount(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn, ids := w.linked(3)
		w.eventually("all are kept", func() bool { return w.kept(ids) == 3 })
		var before []int64
		for _, id := range ids {
			before = append(before, w.link(conn, id).MojoContactID)
		}
		w.need(w.reset(conn))
		conn = w.connectedWith("310577", "fran", "fran-sandbox")
		w.stop()
		pushed := w.mojo.AddContact(other, mojobox.Contact{APIContactID: "wa-" + ids[0], FullName: "Pushed before the loss"})
		sent := w.mojo.AddContact(other, mojobox.Contact{FullName: "Sent from Mojo"})
		w.need(w.Store.SaveLinks(t.Context(), conn.ID, []store.Link{{ClientID: ids[1], MojoContactID: before[1]}})) // as if it were

		for range 2 { // a second time does no harm
			if n, err := w.RebuildLinks(t.Context(), conn, false); err != nil || n != (bridge.Rebuilt{Known: 2, LeftOut: 1}) {
				t.Fatalf("got %+v and %v, want two known, by Mojo and by us, and one left out", n, err)
			}
		}
		if l := w.link(conn, ids[0]); l.MojoContactID != pushed || l.CustomWritten {
			t.Errorf("got %+v, want Mojo's own id %d, still to be kept", l, pushed)
		}
		for _, stranger := range []int64{before[0], before[2], sent} {
			if l, err := w.Store.LinkOf(t.Context(), conn.ID, stranger, ""); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%d in Mojo: got %+v and %v, want nobody", stranger, l, err)
			}
		}
		n, err := w.RebuildLinks(t.Context(), conn, true) // the operator says that there was none other
		if l := w.link(conn, ids[2]); err != nil || n != (bridge.Rebuilt{Known: 3}) || l.MojoContactID != before[2] {
			t.Errorf("got %+v, %v and %+v; want the id that Wise Agent has", n, err, l)
		}
		w.run()
		w.eventually("Mojo's own id is kept", func() bool {
			c, _ := w.wise.Contact(kate, ids[0])
			return len(c.Custom) == 1 && c.Custom[0].Value == fmt.Sprint(pushed)
		})
	})
}

// A Mojo that wants to be left alone is; one that stays in trouble ends the rebuild.
func TestARebuildLeavesMojoAloneWhenAsked(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn, ids := w.linked(3)
		w.eventually("all are kept", func() bool { return w.kept(ids) == 3 })
		w.stop()
		w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointContact, Kind: fault.TooMany, RetryAfter: time.Second, Times: 1})
		w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointContact, Kind: fault.ServerError, Status: 503, Times: 1})
		before := time.Now()
		if n, err := w.RebuildLinks(t.Context(), conn, false); err != nil || n != (bridge.Rebuilt{Known: 3}) {
			t.Errorf("got %+v and %v, want all known in the end", n, err)
		}
		if took := time.Since(before); took < time.Second {
			t.Errorf("it took %s, want the second waited that Mojo asked for", took)
		}
		w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointContact, Kind: fault.ServerError, Status: 503})
		if n, err := w.RebuildLinks(t.Context(), conn, false); err == nil {
			t.Errorf("got %+v from a Mojo that doesn't answer, want an error", n)
		}
	})
}

// A contact that Wise Agent always fails at stops nobody else's, and is tried less and less.
func TestAnIdThatIsNeverTakenStopsNoOther(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn, ids := w.linked(90)
		w.breaks("addClientCustom", ids[0])
		w.eventually("the others are kept, without another look", func() bool { return w.kept(ids) == 89 })
		w.eventually("the try is noted", func() bool { return w.link(conn, ids[0]).CustomTries > 0 })
		l := w.link(conn, ids[0])
		if l.CustomWritten || l.CustomAt.Sub(w.Now()) > 6*time.Second {
			t.Errorf("got %+v, want it tried again within 6 seconds", l)
		}
		w.eventually("nobody works for the connection", func() bool { // who does may still note another try
			l.CustomTries, l.CustomAt = 5, w.Now()
			w.need(w.Store.SaveCustoms(t.Context(), conn.ID, []store.Link{l}))
			return w.toKeep(conn)
		})
		w.skew.Add(int64(6 * time.Minute))
		w.eventually("it is tried once more", func() bool { return w.link(conn, ids[0]).CustomTries == 6 })
		if wait := w.link(conn, ids[0]).CustomAt.Sub(w.Now()); wait < 90*time.Minute || wait > 150*time.Minute {
			t.Errorf("after six tries it waits %s, want two hours or so", wait)
		}
		w.skew.Add(int64(3 * time.Hour))
		w.broken.Clear()
		w.eventually("it is kept at last", func() bool { return w.kept(ids) == 90 })
	})
}

// Those that Wise Agent fails at may be more than a batch, and the first ones.
func TestManyIdsThatAreNeverTakenStopNoOther(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn, ids := w.linked(45)
		slices.Sort(ids)
		for _, id := range ids[:42] {
			w.breaks("addClientCustom", id)
		}
		w.eventually("a batch has failed", func() bool { return w.said("not kept in Wise Agent") })
		if n := w.wise.Requests()["addClientCustom"]; n != 0 {
			t.Errorf("%d more were tried at a Wise Agent that fails at all of a batch, want none", n)
		}
		w.nextLook(conn)
		w.eventually("the others are kept", func() bool { return w.kept(ids) == 3 })
	})
}
