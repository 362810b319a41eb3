package bridge_test

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"addtomojo/sandbox/fault"
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
