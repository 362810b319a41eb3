package bridge

import (
	"errors"
	"strings"
	"time"

	"addtomojo/wiseagent"
)

// morning is when an activity is due that has a day and no time.
const morning = "09:00"

// callListDate is when an activity is due, on the wall clock of Wise Agent's zone: its start, else its day
// at nine. The day is taken as it is, since it is one of the account's calendar and has no zone. Seconds are dropped.
func callListDate(startsAt time.Time, date string, zone *time.Location) (string, error) {
	if !startsAt.IsZero() {
		return startsAt.In(zone).Format(wiseagent.CallDate), nil
	}
	day := strings.TrimSpace(date)
	if len(day) > len(time.DateOnly) && (day[len(time.DateOnly)] == 'T' || day[len(time.DateOnly)] == ' ') {
		day = day[:len(time.DateOnly)]
	}
	if _, err := time.Parse(time.DateOnly, day); err != nil {
		return "", errors.New("an activity without a date")
	}
	return day + " " + morning, nil
}

// callReason is an activity's title as a Call List entry can hold it: one line of at most 100 characters.
func callReason(title string) string {
	return cut(joinWords(title), wiseagent.ReasonLength, "…")
}
