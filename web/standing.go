package web

import (
	"time"

	"addtomojo/bridge"
	"addtomojo/views"
)

// standingView is how an account stands, for whoever reads times in that zone.
func standingView(s bridge.Standing, zone *time.Location, now time.Time) views.Standing {
	shown := views.Standing{State: string(s.State), Since: in(s.Since, zone), Waiting: s.Waiting, Now: now}
	for _, side := range s.Sides {
		shown.Sides = append(shown.Sides, views.Side{
			Name: string(side.Partner), State: string(side.State), Since: in(side.Since, zone), Cause: side.Cause,
			GoodAt: in(side.GoodAt, zone), HeardAt: in(side.HeardAt, zone),
		})
	}
	return shown
}

// in is a time in a zone; the zero time stays zero.
func in(t time.Time, zone *time.Location) time.Time {
	if t.IsZero() {
		return t
	}
	return t.In(zone)
}
