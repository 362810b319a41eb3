package bridge

import (
	"context"
	"fmt"
	"time"

	"addtomojo/store"
)

// StandingState is where a Wise Agent account stands.
type StandingState string

// The states that customer and support see.
const (
	NotConnected   StandingState = "not_connected"
	WaitingForWise StandingState = "waiting_for_wise_agent" // signed in to Mojo, Wise Agent's consent is missing
	Connected      StandingState = "connected"
	Limited        StandingState = "limited"       // Wise Agent's scope team is missing
	NeedsSignIn    StandingState = "needs_sign_in" // its work waits
	WasReset       StandingState = "reset"
)

// Standing is how an account stands: the one answer for every page that shows it.
type Standing struct {
	State   StandingState
	Since   time.Time
	Sides   []SideStanding // Wise Agent, then Mojo; empty without a live connection
	Waiting int            // calls and other events on their way to Wise Agent, and contacts on their way to Mojo
}

// SideState is how one side of a connection is.
type SideState string

const (
	SideFine        SideState = "fine"
	SideSilent      SideState = "silent" // it doesn't answer as it should; work waits, and passes by itself
	SideNeedsSignIn SideState = "needs_sign_in"
)

// SideStanding is how one side is.
type SideStanding struct {
	Partner Partner
	State   SideState
	Since   time.Time // of a state other than fine
	Cause   string    // of a state other than fine: why, in plain words
	GoodAt  time.Time // the last call that it answered; zero: none is known
	HeardAt time.Time // the last hook that came from it, Mojo only; zero: none is known
}

// NeedsSignIn gives the sides that need a new sign-in.
func (s Standing) NeedsSignIn() (sides []SideStanding) { return s.in(SideNeedsSignIn) }

// Silent gives the sides that don't answer as they should.
func (s Standing) Silent() (sides []SideStanding) { return s.in(SideSilent) }

func (s Standing) in(state SideState) (sides []SideStanding) {
	for _, side := range s.Sides {
		if side.State == state {
			sides = append(sides, side)
		}
	}
	return sides
}

// Standing tells how a connection stands.
func (b *Bridge) Standing(ctx context.Context, conn store.Connection) (Standing, error) {
	s := Standing{State: StandingState(conn.State), Since: conn.Since}
	if conn.State == store.StateReset {
		return s, nil
	}
	var err error
	if s.Sides, err = b.sides(ctx, conn); err != nil {
		return s, err
	}
	waiting, err := b.Waiting(ctx, conn.ID)
	s.Waiting = waiting.Events + waiting.Contacts
	return s, err
}

// Waiting is what is still on its way for a connection.
type Waiting struct {
	Events   int // that Mojo told, on their way to Wise Agent
	Contacts int // of pushes, on their way to Mojo
}

// Waiting counts what is still on its way for a connection.
func (b *Bridge) Waiting(ctx context.Context, connID string) (Waiting, error) {
	ledger, err := b.Store.Ledger(ctx, connID)
	if err != nil {
		return Waiting{}, fmt.Errorf("read ledger: %w", err)
	}
	contacts, err := b.Store.WaitingContacts(ctx, connID)
	if err != nil {
		return Waiting{}, fmt.Errorf("count waiting contacts: %w", err)
	}
	return Waiting{Events: ledger.Waiting, Contacts: contacts}, nil
}

// StandingOfLaunch tells how the account of a launch stands that has no live connection. email is the account, "" while it is
// unknown.
func (b *Bridge) StandingOfLaunch(ctx context.Context, launchID, email string) (Standing, error) {
	in, err := b.SignIn(ctx, launchID)
	switch {
	case err != nil:
		return Standing{}, err
	case in.Mojo != nil && in.Wise == nil:
		return Standing{State: WaitingForWise, Since: in.ExpiresAt.Add(-signInTime)}, nil
	case email == "":
		return Standing{State: NotConnected}, nil
	}
	earlier, err := b.Store.ConnectionsByEmail(ctx, email, 1)
	if err != nil {
		return Standing{}, fmt.Errorf("read earlier connections: %w", err)
	}
	if len(earlier) == 1 {
		return b.Standing(ctx, earlier[0])
	}
	return Standing{State: NotConnected}, nil
}

func (b *Bridge) sides(ctx context.Context, conn store.Connection) ([]SideStanding, error) {
	refused, err := b.Store.Refusals(ctx, conn.ID)
	if err != nil {
		return nil, fmt.Errorf("read refusals: %w", err)
	}
	health, err := b.Store.Health(ctx, conn.ID)
	if err != nil {
		return nil, fmt.Errorf("read health: %w", err)
	}
	wise := sideStanding(WiseAgent, refused[store.Wise], health[store.WayWise])
	mojo := sideStanding(MojoName, refused[store.Mojo], health[store.WayMojo])
	mojo.HeardAt = health[store.WayHooks].GoodAt
	return []SideStanding{wise, mojo}, nil
}

func sideStanding(p Partner, refused store.Refusal, h store.Health) SideStanding {
	s := SideStanding{Partner: p, State: SideFine, GoodAt: h.GoodAt}
	switch {
	case !refused.At.IsZero():
		s.State, s.Since, s.Cause = SideNeedsSignIn, refused.At, refused.Cause
	case !h.BadSince.IsZero():
		s.State, s.Since, s.Cause = SideSilent, h.BadSince, h.Cause
	}
	return s
}
