package bridge

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// The minutes around both edges of daylight saving time in six zones, Arizona among them, which has none.
func TestCallListDateAtTheEdges(t *testing.T) {
	// What the wall shows at these instants of 2026, by hand: the last minute before an edge of each zone, and the edge.
	for _, test := range []struct{ zone, utc, want string }{
		{"America/Phoenix", "2026-03-08T08:59:00Z", "2026-03-08 01:59"},
		{"America/Phoenix", "2026-03-08T09:00:00Z", "2026-03-08 02:00"},
		{"America/Phoenix", "2026-11-01T08:59:00Z", "2026-11-01 01:59"},
		{"America/Phoenix", "2026-11-01T09:00:00Z", "2026-11-01 02:00"},
		{"America/Los_Angeles", "2026-03-08T09:59:59Z", "2026-03-08 01:59"},
		{"America/Los_Angeles", "2026-03-08T10:00:00Z", "2026-03-08 03:00"},
		{"America/Los_Angeles", "2026-11-01T08:59:00Z", "2026-11-01 01:59"},
		{"America/Los_Angeles", "2026-11-01T09:00:00Z", "2026-11-01 01:00"},
		{"America/Denver", "2026-03-08T08:59:00Z", "2026-03-08 01:59"},
		{"America/Denver", "2026-03-08T09:00:00Z", "2026-03-08 03:00"},
		{"America/Denver", "2026-11-01T07:59:00Z", "2026-11-01 01:59"},
		{"America/Denver", "2026-11-01T08:00:00Z", "2026-11-01 01:00"},
		{"America/Chicago", "2026-03-08T07:59:00Z", "2026-03-08 01:59"},
		{"America/Chicago", "2026-03-08T08:00:00Z", "2026-03-08 03:00"},
		{"America/Chicago", "2026-11-01T06:59:00Z", "2026-11-01 01:59"},
		{"America/Chicago", "2026-11-01T07:00:00Z", "2026-11-01 01:00"},
		{"America/New_York", "2026-03-08T06:59:00Z", "2026-03-08 01:59"},
		{"America/New_York", "2026-03-08T07:00:00Z", "2026-03-08 03:00"},
		{"America/New_York", "2026-11-01T05:59:00Z", "2026-11-01 01:59"},
		{"America/New_York", "2026-11-01T06:00:00Z", "2026-11-01 01:00"},
		{"America/St_Johns", "2026-03-08T05:29:00Z", "2026-03-08 01:59"},
		{"America/St_Johns", "2026-03-08T05:30:00Z", "2026-03-08 03:00"},
		{"America/St_Johns", "2026-11-01T04:29:00Z", "2026-11-01 01:59"},
		{"America/St_Johns", "2026-11-01T04:30:00Z", "2026-11-01 01:00"},
	} {
		at, err := time.Parse(time.RFC3339, test.utc)
		if err != nil {
			t.Fatal(err)
		}
		got, err := callListDate(at, "2020-01-01", zoneNamed(t, test.zone))
		if err != nil || got != test.want {
			t.Errorf("%s in %s: got %q, %v, want %q", test.utc, test.zone, got, err, test.want)
		}
	}
}

// An appointment of a customer elsewhere stands in Arizona's time in the Call List, summer and winter.
func TestCallListDateOfAnotherZone(t *testing.T) {
	arizona := zoneNamed(t, "America/Phoenix")
	for start, want := range map[string]string{
		"2026-03-07T15:30:00-05:00":     "2026-03-07 13:30", // New York, the day before the edge
		"2026-03-08T15:30:00-04:00":     "2026-03-08 12:30", // and of the edge
		"2026-10-31T15:30:00-04:00":     "2026-10-31 12:30",
		"2026-11-01T15:30:00-05:00":     "2026-11-01 13:30",
		"2026-07-20T23:30:00-07:00":     "2026-07-20 23:30", // Los Angeles in summer: Arizona's time
		"2026-12-20T23:30:00-08:00":     "2026-12-21 00:30", // in winter: the next day
		"2026-12-31T23:59:59.999-07:00": "2026-12-31 23:59",
		"2026-07-20T12:00:00Z":          "2026-07-20 05:00",
	} {
		at, err := time.Parse(time.RFC3339, start)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := callListDate(at, "", arizona); err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", start, got, err, want)
		}
	}
}

// A day without a time is that day at nine, whatever the zone and however its clocks change.
func TestCallListDateOfADay(t *testing.T) {
	for _, zone := range []string{"America/Phoenix", "America/Los_Angeles", "America/Denver", "America/Chicago", "America/New_York", "Pacific/Honolulu"} {
		for _, day := range []string{"2026-03-07", "2026-03-08", "2026-03-09", "2026-10-31", "2026-11-01", "2026-11-02", "2028-02-29", "2026-12-31"} {
			got, err := callListDate(time.Time{}, day, zoneNamed(t, zone))
			if err != nil || got != day+" 09:00" {
				t.Errorf("%s in %s: got %q, %v, want it at nine", day, zone, got, err)
			}
		}
	}
	zero := time.Time{}
	for _, day := range []string{" 2026-11-25 ", "2026-11-25T00:00:00Z", "2026-11-25 00:00"} {
		if got, err := callListDate(zero, day, time.UTC); err != nil || got != "2026-11-25 09:00" {
			t.Errorf("%q: got %q, %v, want 2026-11-25 09:00", day, got, err)
		}
	}
	for _, day := range []string{"", "soon", "2026-02-30", "11/25/2026", "2026-11-25x"} {
		if got, err := callListDate(time.Time{}, day, time.UTC); err == nil {
			t.Errorf("%q: got %q, want an error", day, got)
		}
	}
}

func TestCallReason(t *testing.T) {
	hundred := strings.Repeat("é", 100)
	for _, test := range []struct{ title, want string }{
		{"", ""},
		{" Valuation\nat\tthe house ", "Valuation at the house"},
		{hundred, hundred},
		{hundred + "é", strings.Repeat("é", 99) + "…"},
		{strings.Repeat("🏠", 150), strings.Repeat("🏠", 99) + "…"},
	} {
		got := callReason(test.title)
		if got != test.want || utf8.RuneCountInString(got) > 100 {
			t.Errorf("callReason(%q) = %q, want %q", test.title, got, test.want)
		}
	}
}
