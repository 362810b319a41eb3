package bridge_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// edges are the last minute before both changes of 2026, and the changes, as the walls of six zones show them, with what a note says.
// Arizona changes nothing.
var edges = map[string][][2]string{
	"America/Phoenix": {
		{"2026-03-08T01:59:00-07:00", "Sun, Mar 8, 2026, 1:59 AM MST"}, {"2026-03-08T02:00:00-07:00", "Sun, Mar 8, 2026, 2:00 AM MST"},
		{"2026-11-01T01:59:00-07:00", "Sun, Nov 1, 2026, 1:59 AM MST"}, {"2026-11-01T02:00:00-07:00", "Sun, Nov 1, 2026, 2:00 AM MST"},
	},
	"America/Los_Angeles": {
		{"2026-03-08T01:59:00-08:00", "Sun, Mar 8, 2026, 1:59 AM PST"}, {"2026-03-08T03:00:00-07:00", "Sun, Mar 8, 2026, 3:00 AM PDT"},
		{"2026-11-01T01:59:00-07:00", "Sun, Nov 1, 2026, 1:59 AM PDT"}, {"2026-11-01T01:00:00-08:00", "Sun, Nov 1, 2026, 1:00 AM PST"},
	},
	"America/Denver": {
		{"2026-03-08T01:59:00-07:00", "Sun, Mar 8, 2026, 1:59 AM MST"}, {"2026-03-08T03:00:00-06:00", "Sun, Mar 8, 2026, 3:00 AM MDT"},
		{"2026-11-01T01:59:00-06:00", "Sun, Nov 1, 2026, 1:59 AM MDT"}, {"2026-11-01T01:00:00-07:00", "Sun, Nov 1, 2026, 1:00 AM MST"},
	},
	"America/Chicago": {
		{"2026-03-08T01:59:00-06:00", "Sun, Mar 8, 2026, 1:59 AM CST"}, {"2026-03-08T03:00:00-05:00", "Sun, Mar 8, 2026, 3:00 AM CDT"},
		{"2026-11-01T01:59:00-05:00", "Sun, Nov 1, 2026, 1:59 AM CDT"}, {"2026-11-01T01:00:00-06:00", "Sun, Nov 1, 2026, 1:00 AM CST"},
	},
	"America/New_York": {
		{"2026-03-08T01:59:00-05:00", "Sun, Mar 8, 2026, 1:59 AM EST"}, {"2026-03-08T03:00:00-04:00", "Sun, Mar 8, 2026, 3:00 AM EDT"},
		{"2026-11-01T01:59:00-04:00", "Sun, Nov 1, 2026, 1:59 AM EDT"}, {"2026-11-01T01:00:00-05:00", "Sun, Nov 1, 2026, 1:00 AM EST"},
	},
	"Pacific/Honolulu": {
		{"2026-03-07T23:59:00-10:00", "Sat, Mar 7, 2026, 11:59 PM HST"}, {"2026-03-08T00:00:00-10:00", "Sun, Mar 8, 2026, 12:00 AM HST"},
		{"2026-10-31T22:59:00-10:00", "Sat, Oct 31, 2026, 10:59 PM HST"}, {"2026-10-31T23:00:00-10:00", "Sat, Oct 31, 2026, 11:00 PM HST"},
	},
}

// A call and an appointment at each edge: the note tells the customer's time, and the Call List Arizona's, both to the minute.
func TestTimesAtTheEdgesInSixZones(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		n := 0
		for zone, times := range edges {
			n++
			c := w.customer(n, len(times))
			w.need(w.SetTimeZone(t.Context(), c.conn, zone))
			for i, at := range times {
				call := strings.Replace(callOf(i+1, "contact", ""), "2026-11-22T17:01:40Z", at[0], 1)
				w.tell(fmt.Sprint(zone, "call", i), string(c.body(i, "call.completed", call)))
				w.tell(fmt.Sprint(zone, "plan", i), string(c.body(i, "event.created", fmt.Sprintf(`,"event":{"id":%d,"revision":1,"kind":"appointment","title":"Visit","starts_at":%q}`, i, at[0]))))
			}
			w.ended(c, 0)
			for i, at := range times {
				moment, err := time.Parse(time.RFC3339, at[0])
				w.need(err)
				want := moment.UTC().Add(-7 * time.Hour).Format("2006-01-02 15:04")
				if list := w.wise.CallList(c.email, c.ids[i]); len(list) != 1 || list[0].Next.Format("2006-01-02 15:04") != want {
					t.Errorf("%s in %s is in the Call List as %+v, want %s", at[0], zone, list, want)
				}
				if notes := w.wise.Notes(c.email, c.ids[i]); len(notes) != 1 || !strings.Contains(notes[0].Text, "When: "+at[1]+"\n") {
					t.Errorf("%s in %s: got the notes %+v, want one with %q", at[0], zone, notes, at[1])
				}
			}
		}
	})
}
