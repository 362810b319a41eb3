package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"addtomojo/store/internal/rows"
)

const (
	resetCause = "The credentials were reset."
	doubtful   = " It may have reached Mojo all the same." // follows the cause where a contact was on its way
)

// AskReset begins the end of a connection: nothing new begins, unfinished pushes stop and their waiting contacts fail, and what
// waits to be delivered is due at once. Until then at the latest it may be; Reset is the end. It returns the connection as it is
// from then on. Asking again, or for one that is reset, changes nothing.
func (s *Store) AskReset(ctx context.Context, id string, now, until time.Time) (c Connection, err error) {
	err = s.write(ctx, "ask for reset", func(q tx) error {
		if err := takeTurn(ctx, q, turnDeliver); err != nil {
			return err
		}
		live, err := q.LockLiveConnection(ctx, id)
		if err == nil && live.ResetAskedAt == 0 {
			err = beginEnd(ctx, q, id, now, until)
		}
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		r, err := q.Connection(ctx, id)
		c = connection(r)
		return err
	})
	return c, err
}

func beginEnd(ctx context.Context, q tx, id string, now, until time.Time) error {
	if err := q.AskReset(ctx, rows.AskResetParams{ID: id, Now: millis(now), Until: millis(until)}); err != nil {
		return err
	}
	if err := stopPushes(ctx, q, id, now); err != nil {
		return err
	}
	return q.ResumeEvents(ctx, rows.ResumeEventsParams{ConnectionID: id, Now: millis(now)})
}

// EndingConnections returns live connections whose reset was asked for, those first that are to be reset first.
func (s *Store) EndingConnections(ctx context.Context, limit int) (ending []Connection, err error) {
	err = s.read(ctx, "get ending connections", func(q tx) error {
		found, err := q.EndingConnections(ctx, int64(limit))
		ending = collect(found, connection)
		return err
	})
	return ending, err
}

// Disconnects returns what Mojo told of ends (account.disconnected) that nobody has acted on, the oldest first.
func (s *Store) Disconnects(ctx context.Context, limit int) (events []Event, err error) {
	err = s.read(ctx, "get disconnects", func(q tx) error {
		found, err := q.Disconnects(ctx, int64(limit))
		events = collect(found, event)
		return err
	})
	return events, err
}

// SomethingWaits tells whether a connection has an event that waits to be delivered, now or later, or is just on its way.
func (s *Store) SomethingWaits(ctx context.Context, connID string) (waits bool, err error) {
	err = s.read(ctx, "look for waiting events", func(q tx) error {
		n, err := q.SomethingWaits(ctx, connID)
		waits = n > 0
		return err
	})
	return waits, err
}

// Ended counts what became of a connection's events since its reset was asked for.
type Ended struct{ Delivered, Excluded int }

// Ended counts for a connection, reset or ending; zero for any other.
func (s *Store) Ended(ctx context.Context, connID string) (e Ended, err error) {
	err = s.read(ctx, "count ended events", func(q tx) error {
		c, err := q.Connection(ctx, connID)
		if err != nil || c.ResetAskedAt == 0 {
			return err
		}
		n, err := q.CountEnded(ctx, rows.CountEndedParams{
			ConnectionID:   connID,
			Reason:         resetReason,
			DoubtfulReason: resetReason + mayBeThere,
			Since:          c.ResetAskedAt,
		})
		e = Ended{Delivered: int(n.Delivered), Excluded: int(n.Excluded)}
		return err
	})
	return e, err
}

// Reset ends a connection: its tokens leave it to be revoked, unfinished pushes stop, their waiting contacts fail, its events that
// wait are excluded, the groups are forgotten, both accounts are free. Links, sessions and what is finished stay. A reset one is
// left as it is.
func (s *Store) Reset(ctx context.Context, id string, now time.Time) error {
	return s.write(ctx, "reset", func(q tx) error {
		if err := takeTurns(ctx, q); err != nil {
			return err
		}
		return s.end(ctx, q, id, now)
	})
}

// takeTurns takes both turns: an event comes before what follows or after it.
func takeTurns(ctx context.Context, q tx) error {
	for _, turn := range []string{turnReceive, turnDeliver} {
		if err := takeTurn(ctx, q, turn); err != nil {
			return err
		}
	}
	return nil
}

// end wants both turns.
func (s *Store) end(ctx context.Context, q tx, id string, now time.Time) error {
	c, err := q.LockLiveConnection(ctx, id)
	if errors.Is(err, sql.ErrNoRows) {
		_, err = q.Connection(ctx, id)
		return err
	}
	if err != nil {
		return err
	}
	if c.ResetAskedAt == 0 {
		if err := beginEnd(ctx, q, id, now, now); err != nil {
			return err
		}
	}
	if err := s.moveTokens(ctx, q, id, now); err != nil {
		return err
	}
	if err := excludeWaiting(ctx, q, id, now); err != nil {
		return err
	}
	if err := q.DeleteGroups(ctx, id); err != nil {
		return err
	}
	return q.SetConnectionState(ctx, rows.SetConnectionStateParams{ID: c.ID, State: string(StateReset), Since: millis(now)})
}

func excludeWaiting(ctx context.Context, q tx, id string, now time.Time) error {
	err := q.ExcludeEventsUnderWay(ctx, rows.ExcludeEventsUnderWayParams{
		ConnectionID: id, Reason: resetReason + mayBeThere, Now: millis(now),
	})
	if err != nil {
		return err
	}
	return q.ExcludeEvents(ctx, rows.ExcludeEventsParams{ConnectionID: id, Reason: resetReason, Now: millis(now)})
}

// moveTokens makes revocations of a connection's tokens, and lets those that were held back begin.
func (s *Store) moveTokens(ctx context.Context, q tx, id string, now time.Time) error {
	tokens, err := q.TokensOfConnection(ctx, id)
	if err != nil {
		return err
	}
	for _, r := range tokens {
		t, err := s.openTokens(r)
		if err != nil {
			return err
		}
		if err := s.revoke(ctx, q, id, Side(r.Side), t, now); err != nil {
			return err
		}
	}
	err = q.ReleaseRevocations(ctx, rows.ReleaseRevocationsParams{
		ConnectionID: id, Held: held, Now: millis(now), GiveUpAt: millis(now.Add(revokeFor)),
	})
	if err != nil {
		return err
	}
	return q.DeleteTokens(ctx, id)
}

func stopPushes(ctx context.Context, q tx, id string, now time.Time) error {
	if err := q.LockPushes(ctx, id); err != nil {
		return err
	}
	err := q.FailOpenContactsOfConnection(ctx, rows.FailOpenContactsOfConnectionParams{
		ConnectionID:   id,
		Reason:         resetCause,
		DoubtfulReason: resetCause + doubtful,
	})
	if err != nil {
		return err
	}
	return q.StopPushes(ctx, rows.StopPushesParams{ConnectionID: id, Cause: resetCause, Now: millis(now)})
}

// lockOpen locks a live connection that is not ending, or returns [ErrNotFound].
func lockOpen(ctx context.Context, q tx, id string) error {
	c, err := q.LockLiveConnection(ctx, id)
	if err == nil && c.ResetAskedAt > 0 {
		return ErrNotFound
	}
	return err
}

// Switch ends a connection as Reset does and in the same step connects its Wise Agent account with the Mojo account that the
// launch's sign-in holds. The Wise Agent tokens go over, unless the sign-in holds newer ones; links, groups and work don't.
//
// Nothing has changed after an error: [ErrNotFound] when the connection is reset, or the sign-in holds no Mojo account; a
// [*TakenError] when that is connected with another Wise Agent account; [ErrStale] while the Wise Agent tokens are just being
// refreshed; [ErrRefused] when they were refused for good, so that the customer must sign in there first.
func (s *Store) Switch(ctx context.Context, id, launchID string, now time.Time) (c Connection, err error) {
	err = s.write(ctx, "switch Mojo account", func(q tx) error {
		if err := takeTurns(ctx, q); err != nil {
			return err
		}
		if _, err := q.LockSignIn(ctx, launchID); err != nil {
			return err
		}
		old, err := q.LockLiveConnection(ctx, id)
		if err != nil {
			return err
		}
		heir, err := s.successor(ctx, q, connection(old), launchID, now)
		if err != nil {
			return err
		}
		r, err := q.Connection(ctx, heir)
		c = connection(r)
		return err
	})
	return c, err
}

// ErrRefused says that tokens were refused for good.
var ErrRefused = errors.New("the tokens were refused")

// successor makes the connection that follows an ended one, and gives its id.
func (s *Store) successor(ctx context.Context, q tx, old Connection, launchID string, now time.Time) (string, error) {
	m, err := s.mojoSide(ctx, q, launchID)
	if err != nil {
		return "", err
	}
	if m == nil || m.AccountID == old.MojoAccountID {
		return "", ErrNotFound
	}
	w, err := s.inherited(ctx, q, old, launchID, now)
	if err != nil {
		return "", err
	}
	if err := q.DeleteTokensOfSide(ctx, rows.DeleteTokensOfSideParams{ConnectionID: old.ID, Side: string(Wise)}); err != nil {
		return "", err
	}
	heir, err := s.saveSuccessor(ctx, q, Connection{
		Email: old.Email, Name: old.Name, Scopes: w.Scopes, TimeZone: old.TimeZone,
		MojoAccountID: m.AccountID, MojoAccountName: m.AccountName, MojoAccountURL: m.AccountURL,
		MojoAgentID: m.AgentID, MojoAgentName: m.AgentName, MojoAgentEmail: m.AgentEmail,
		MojoPermission: m.Permission, MojoLogin: m.Login, CreatedAt: now,
	}, old.ID)
	if err != nil {
		return "", err
	}
	if err := s.setTokens(ctx, q, heir, Mojo, m.Token); err != nil {
		return "", err
	}
	if err := s.setTokens(ctx, q, heir, Wise, w.Token); err != nil {
		return "", err
	}
	if err := q.SetMojoSignedIn(ctx, rows.SetMojoSignedInParams{ID: heir, Now: millis(now)}); err != nil {
		return "", err
	}
	return heir, q.DeleteSignIn(ctx, launchID)
}

// inherited is Wise Agent's side of a successor: what the sign-in holds, else the tokens of the old connection. What else there
// is of either is held back until the successor ends: it is the same person's access.
func (s *Store) inherited(ctx context.Context, q tx, old Connection, launchID string, now time.Time) (*WiseSide, error) {
	r, err := q.Tokens(ctx, rows.TokensParams{ConnectionID: old.ID, Side: string(Wise)})
	if err != nil {
		return nil, err
	}
	if r.RefreshOwner != "" && r.RefreshUntil > millis(now) {
		return nil, ErrStale
	}
	present, err := s.openTokens(r)
	if err != nil {
		return nil, err
	}
	w, err := s.wiseSide(ctx, q, launchID)
	if err != nil {
		return nil, err
	}
	switch {
	case w != nil && w.Email == old.Email:
		return w, s.hold(ctx, q, old.ID, Wise, present)
	case w != nil:
		return nil, ErrNotFound // somebody else's: that is to be settled first
	case r.RefusedAt > 0:
		return nil, ErrRefused
	}
	return &WiseSide{Scopes: old.Scopes, Token: present}, nil
}

// saveSuccessor ends the old connection and inserts the new one, which takes over what is held back on Wise Agent's side.
func (s *Store) saveSuccessor(ctx context.Context, q tx, c Connection, oldID string) (string, error) {
	taken, err := q.LiveConnectionByMojoAccount(ctx, c.MojoAccountID)
	switch {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil:
		return "", err
	case taken.ResetAskedAt == 0:
		return "", &TakenError{Email: taken.Email}
	default:
		if err := s.end(ctx, q, taken.ID, c.CreatedAt); err != nil {
			return "", err
		}
	}
	id := NewID()
	err = q.MoveRevocations(ctx, rows.MoveRevocationsParams{ConnectionID: oldID, Heir: id, Side: string(Wise), Held: held})
	if err != nil {
		return "", err
	}
	if err := s.end(ctx, q, oldID, c.CreatedAt); err != nil {
		return "", err
	}
	if err := insertConnectionAs(ctx, q, id, c); err != nil {
		return "", err
	}
	return id, saveWords(ctx, q, id)
}
