package views

import "time"

// Standing is how an account stands, the same for the customer and for support.
type Standing struct {
	State   string    // "not_connected", "waiting_for_wise_agent", "connected", "limited", "needs_sign_in" or "reset"
	Since   time.Time // in the reader's zone; zero when unknown
	Waiting int       // calls and contacts that wait
	Sides   []Side    // Wise Agent, then Mojo; none without a live connection
	Now     time.Time // what "14 s ago" counts from
}

// Side is how one side of a connection is.
type Side struct {
	Name    string    // "Wise Agent" or "Mojo"
	State   string    // "fine", "silent" or "needs_sign_in"
	Since   time.Time // of a state other than fine
	Cause   string    // of a state other than fine, in plain words
	GoodAt  time.Time // the last good call; zero when none is known
	HeardAt time.Time // the last hook, Mojo only; zero when none is known
}

// word is the state as people read it.
func (s Standing) word() string {
	switch s.State {
	case "connected":
		return "Connected"
	case "limited":
		return "Connected, limited"
	case "needs_sign_in":
		return "Needs sign-in"
	case "waiting_for_wise_agent":
		return "Waiting for Wise Agent"
	case "reset":
		return "Reset"
	}
	return "Not connected"
}

// tone is the look of the state, "" for none.
func (s Standing) tone() string {
	switch s.State {
	case "connected":
		return "ok"
	case "limited", "waiting_for_wise_agent":
		return "warn"
	case "needs_sign_in":
		return "bad"
	}
	return ""
}

// in gives the sides of a state.
func (s Standing) in(state string) (sides []Side) {
	for _, side := range s.Sides {
		if side.State == state {
			sides = append(sides, side)
		}
	}
	return sides
}

// word is the side's state as people read it.
func (s Side) word() string {
	switch s.State {
	case "needs_sign_in":
		return "needs sign-in"
	case "silent":
		return "not answering"
	}
	return "fine"
}

// kept says what becomes of the work that waits.
func (s Standing) kept() string {
	if s.Waiting == 0 {
		return "We keep trying; nothing is lost."
	}
	return "We keep trying; nothing is lost. " + number(s.Waiting) + " waiting."
}
