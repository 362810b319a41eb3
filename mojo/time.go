package mojo

import (
	"encoding/json"
	"errors"
	"time"
)

// Time is a time as Mojo's events tell it: ISO 8601 with offset or Z (Mojo's API, part B5). null and "" are the zero time.
type Time struct{ time.Time }

// timeLayouts are what ISO 8601 allows besides RFC 3339: no seconds, a shorter offset, and fewer signs. Python has a blank for the T.
var timeLayouts = []string{
	"2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04Z0700", "2006-01-02T15:04:05Z07", "2006-01-02T15:04Z07",
	"2006-01-02 15:04:05Z07:00", "2006-01-02 15:04Z07:00", "20060102T150405Z0700", "20060102T1504Z0700", "20060102T150405Z07",
}

// UnmarshalJSON gives an error for a text that is no time, or one without an offset.
func (t *Time) UnmarshalJSON(b []byte) error {
	if t.Time.UnmarshalJSON(b) == nil { // as nearly always
		return nil
	}
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return errors.New("a time is no text")
	}
	t.Time = time.Time{}
	if s == "" {
		return nil
	}
	for _, layout := range timeLayouts {
		if read, err := time.Parse(layout, s); err == nil {
			t.Time = read
			return nil
		}
	}
	return errors.New("a text is no time with offset or Z")
}
