package bridge_test

import (
	"fmt"
	"strings"
	"testing"
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
