package bridge

import (
	"errors"
	"time"

	"addtomojo/store"
)

// A Meter is told what whoever runs the service watches. Many goroutines call it, some on the way of every event: its methods must
// be quick and wait for nothing. Nothing that it is told names a person or an account.
type Meter interface {
	// Hook is told what became of a hook.
	Hook(HookOutcome)
	// CaughtUp is told of an event that Mojo's feed had and no hook had brought.
	CaughtUp()
	// Event is told that an event of a type, which may be any word of Mojo's, came into a state, and how long after its receipt; of
	// store.EventWaiting when a try has failed and is to be repeated.
	Event(kind string, state store.EventState, after time.Duration)
	// PushBegun is told of a push that was asked for, the first time or by a Retry.
	PushBegun()
	// PushEnded is told that a push is done, stopped or undone.
	PushEnded(store.PushState)
	// Contact is told what became of one contact of a push.
	Contact(store.ContactState)
	// Refreshed is told how the refresh of a side's tokens ended; with ErrNeedsSignIn when they were refused.
	Refreshed(store.Side, error)
}

// HookOutcome is what became of a hook.
type HookOutcome string

const (
	HookAccepted     HookOutcome = "accepted"
	HookDoubled      HookOutcome = "doubled"           // received before
	HookUnreadable   HookOutcome = "unreadable"        // signed well, and not what Mojo's API promises
	HookBadSignature HookOutcome = "refused_signature" // none of our secrets fits
	HookBadClock     HookOutcome = "refused_clock"     // signed well, but for another time than ours
	HookFailed       HookOutcome = "failed"            // not stored: Mojo sends it again
)

func hookOutcome(isNew bool, err error) HookOutcome {
	switch {
	case errors.Is(err, ErrHookUnreadable):
		return HookUnreadable
	case err != nil:
		return HookFailed
	case isNew:
		return HookAccepted
	}
	return HookDoubled
}

func (b *Bridge) meter() Meter {
	if b.Meter != nil {
		return b.Meter
	}
	return noMeter{}
}

// noMeter counts nothing.
type noMeter struct{}

func (noMeter) Hook(HookOutcome)                              {}
func (noMeter) CaughtUp()                                     {}
func (noMeter) Event(string, store.EventState, time.Duration) {}
func (noMeter) PushBegun()                                    {}
func (noMeter) PushEnded(store.PushState)                     {}
func (noMeter) Contact(store.ContactState)                    {}
func (noMeter) Refreshed(store.Side, error)                   {}

// measure tells the meter what became of an event. That one had to wait for something else, a sign-in say, is no failed try.
func (e *effect) measure() {
	if e.out.State == store.EventWaiting && e.out.Attempts <= e.event.Attempts {
		return
	}
	e.b.meter().Event(e.event.Type, e.out.State, e.out.At.Sub(e.event.ReceivedAt))
}
