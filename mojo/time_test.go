package mojo

import (
	"encoding/json"
	"testing"
	"time"
)

func TestTime(t *testing.T) {
	want := time.Date(2026, 11, 22, 17, 1, 0, 0, time.UTC)
	for _, s := range []string{
		`"2026-11-22T17:01:00Z"`, `"2026-11-22T10:01:00-07:00"`, `"2026-11-22T17:01:00.000000+00:00"`, `"2026-11-22T17:01Z"`,
		`"2026-11-22T10:01-07:00"`, `"2026-11-22T10:01:00-0700"`, `"2026-11-22T10:01-0700"`, `"2026-11-22T10:01:00-07"`,
		`"2026-11-22T10:01-07"`, `"2026-11-22T22:31+05:30"`, `"2026-11-22T17:01:00,000Z"`, `"20261122T170100Z"`, `"20261122T1701Z"`,
		`"20261122T100100-0700"`, `"20261122T100100-07"`, `"2026-11-22 17:01:00+00:00"`, `"2026-11-22 17:01:00.000000+00:00"`,
		`"2026-11-22 17:01Z"`,
	} {
		var got Time
		if err := json.Unmarshal([]byte(s), &got); err != nil || !got.Equal(want) {
			t.Errorf("%s: got %v, %v, want %v", s, got, err, want)
		}
	}
	for _, s := range []string{`null`, `""`} {
		var got struct{ At Time }
		if err := json.Unmarshal([]byte(`{"At":`+s+`}`), &got); err != nil || !got.At.IsZero() {
			t.Errorf("%s: got %v, %v, want no time", s, got.At, err)
		}
	}
	for _, s := range []string{`"2026-11-22T17:01:00"`, `"2026-11-22"`, `"noon"`, `"2026-02-30T10:00Z"`, `1763831000`, `{}`, `true`} {
		var got Time
		if err := json.Unmarshal([]byte(s), &got); err == nil {
			t.Errorf("%s: got %v, want an error", s, got)
		}
	}
}
