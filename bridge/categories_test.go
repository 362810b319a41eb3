package bridge_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"addtomojo/sandbox/fault"
	"addtomojo/store"
)

func TestWithoutCategoriesInTheSettingsNoneIsAdded(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		w.DoNotCallCategory, w.BadNumberCategory = "", ""
		c := w.customer(1, 3)
		for i, result := range []string{"dnc_contact", "dnc_number", "bad_number"} {
			w.tell(result, string(c.body(i, "call.completed", callOf(i+1, result, ""))))
		}
		if l := w.ended(c, 0); l.Written != 3 {
			t.Errorf("ledger %+v, want 3 written", l)
		}
		for i, id := range c.ids {
			if marks := w.marks(c, i); len(marks) != 1 || marks[0] != fmt.Sprint("Mojo call #", i+1) {
				t.Errorf("contact %d has the notes %q, want the call's", i, marks)
			}
			if p, _ := w.wise.Contact(c.email, id); len(p.Categories) > 0 {
				t.Errorf("contact %d is in %q, want no category", i, p.Categories)
			}
		}
		for name, n := range w.wise.Requests() {
			if strings.Contains(strings.ToLower(name), "categor") {
				t.Errorf("%d calls of %s, want none", n, name)
			}
		}
	})
}

// A category that can't be set just now is set later; meanwhile the customer reads that the note is there already.
func TestACategoryThatFailsSaysThatTheNoteIsWritten(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		w.DoNotCallCategory = "Do Not Call"
		c := w.customer(1, 1)
		w.wiseFaults.Add(fault.Rule{Endpoint: "addClientsToCategory", Kind: fault.ServerError, Times: 1})
		w.tell("poison", string(c.body(0, "call.completed", callOf(1, "dnc_contact", ""))))
		const want = `The note is written, the category "Do Not Call" isn't set. Wise Agent isn't answering as it should. We keep trying; nothing is lost.`
		if e := w.tried(1); e.State != store.EventWaiting || e.Reason != want {
			t.Errorf("got %s with the reason %q, want it waiting with %q", e.State, e.Reason, want)
		}
		w.pass(c, time.Minute)
		w.ended(c, 0)
		if e := w.event(); e.State != store.EventWritten {
			t.Errorf("got %s, %q; want it written", e.State, e.Reason)
		}
		if p, _ := w.wise.Contact(c.email, c.ids[0]); len(p.Categories) != 1 {
			t.Errorf("the contact is in %q, want the category", p.Categories)
		}
		if marks := w.marks(c, 0); len(marks) != 1 {
			t.Errorf("there are the notes %q, want one", marks)
		}
	})
}
