package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"addtomojo/store/internal/rows"
)

// State is what a connection can do.
type State string

const (
	StateConnected   State = "connected"
	StateLimited     State = "limited"       // Wise Agent's scope team is missing: entries won't name the team member
	StateNeedsSignIn State = "needs_sign_in" // its work waits
	StateReset       State = "reset"         // over; a new connection gets a new row
)

// Side is one of the two partners.
type Side string

const (
	Wise Side = "wiseagent"
	Mojo Side = "mojo"
)

// ErrOtherMojoAccount says that the Wise Agent account is connected with another Mojo account, which must be released first.
var ErrOtherMojoAccount = errors.New("this Wise Agent account is connected with another Mojo account")

// TakenError says that the Mojo account is connected with another Wise Agent account, which must release it first.
type TakenError struct {
	Email string // of the other Wise Agent account; mask it before anyone sees it
}

// Error does not tell the e-mail.
func (e *TakenError) Error() string {
	return "this Mojo account is connected with another Wise Agent account"
}

// Connection is one Wise Agent account with one Mojo account.
type Connection struct {
	ID     string
	Email  string // the Wise Agent account
	Name   string
	Scopes string // granted by Wise Agent, separated by blanks

	MojoAccountID, MojoAccountName             string
	MojoAccountURL                             string // origin of the account's own host
	MojoAgentID, MojoAgentName, MojoAgentEmail string
	MojoPermission                             string // as Mojo names it
	MojoLogin                                  string
	MojoSignedInAt                             time.Time // by a person, last; a refresh of tokens is none

	TimeZone  string // IANA name, or ""
	State     State
	Since     time.Time // when it came into State
	Side      Side      // which side needs the sign-in; both may, then it is the one that failed first
	Cause     string    // why, in plain words
	CreatedAt time.Time

	ResetAskedAt time.Time // zero while nobody asked; from then on nothing new begins
	ResetUntil   time.Time // what waits may be delivered until then
	TokensLeft   int       // of a reset one: tokens that could not be revoked within 24 hours; they may still live
}

// Ending tells that a reset was asked for. The connection may still be live, for what waits to be delivered.
func (c Connection) Ending() bool { return !c.ResetAskedAt.IsZero() }

// Connect stores a connection with the tokens of both sides, due to what the customer just did at c.CreatedAt, and deletes the
// sign-in of launchID, if that isn't "". Where the same two accounts are connected already, that connection stays with its ID
// and time zone, gets the new names, scopes and tokens, and goes on with its work. One of either account that is ending comes to
// its end at once. State, Since, Side and Cause of c don't count.
//
// It returns a [*TakenError] when the Mojo account is connected with another Wise Agent account, [ErrOtherMojoAccount] when
// the Wise Agent account is connected with another Mojo account, and [ErrStale] when the sign-in doesn't hold these tokens any
// more, since another tab was faster. Then nothing has changed.
func (s *Store) Connect(ctx context.Context, c Connection, mojo, wise *oauth2.Token, launchID string) (Connection, error) {
	c.Email = normal(c.Email)
	var connected Connection
	err := s.insert(ctx, "connect", func(q tx) error {
		if err := takeTurns(ctx, q); err != nil {
			return err
		}
		if err := s.holds(ctx, q, launchID, mojo, wise); err != nil {
			return err
		}
		id, err := s.saveConnection(ctx, q, c)
		if err != nil {
			return err
		}
		if err := saveWords(ctx, q, id); err != nil {
			return err
		}
		if err := s.setTokens(ctx, q, id, Mojo, mojo); err != nil {
			return err
		}
		if err := s.setTokens(ctx, q, id, Wise, wise); err != nil {
			return err
		}
		if err := q.SetMojoSignedIn(ctx, rows.SetMojoSignedInParams{ID: id, Now: millis(c.CreatedAt)}); err != nil {
			return err
		}
		if err := settle(ctx, q, id, c.CreatedAt); err != nil {
			return err
		}
		if err := q.ResumeEvents(ctx, rows.ResumeEventsParams{ConnectionID: id, Now: millis(c.CreatedAt)}); err != nil {
			return err
		}
		if err := q.DeleteSignIn(ctx, launchID); err != nil {
			return err
		}
		r, err := q.Connection(ctx, id)
		connected = connection(r)
		return err
	})
	return connected, err
}

// holds tells with ErrStale that a launch's sign-in is gone or holds other tokens: these may be on their way to be revoked.
func (s *Store) holds(ctx context.Context, q tx, launchID string, mojo, wise *oauth2.Token) error {
	if launchID == "" {
		return nil
	}
	_, err := q.LockSignIn(ctx, launchID)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrStale
	}
	if err != nil {
		return err
	}
	m, err := s.mojoSide(ctx, q, launchID)
	if err != nil {
		return err
	}
	w, err := s.wiseSide(ctx, q, launchID)
	if err != nil {
		return err
	}
	if m == nil || w == nil || m.Token.AccessToken != mojo.AccessToken || w.Token.AccessToken != wise.AccessToken {
		return ErrStale
	}
	return nil
}

// saveConnection inserts the connection or updates the live one of the same two accounts, and returns its id.
func (s *Store) saveConnection(ctx context.Context, q tx, c Connection) (string, error) {
	live, err := q.LiveConnectionByMojoAccount(ctx, c.MojoAccountID)
	if errors.Is(err, sql.ErrNoRows) {
		live, err = q.LiveConnectionByEmail(ctx, c.Email)
	}
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return insertConnection(ctx, q, c)
	case err != nil:
		return "", err
	case live.ResetAskedAt > 0:
		if err := s.end(ctx, q, live.ID, c.CreatedAt); err != nil {
			return "", err
		}
		return s.saveConnection(ctx, q, c)
	case live.Email != c.Email:
		return "", &TakenError{Email: live.Email}
	case live.MojoAccountID != c.MojoAccountID:
		return "", ErrOtherMojoAccount
	}
	return updateConnection(ctx, q, live.ID, c)
}

func insertConnection(ctx context.Context, q tx, c Connection) (string, error) {
	id := NewID()
	return id, insertConnectionAs(ctx, q, id, c)
}

func insertConnectionAs(ctx context.Context, q tx, id string, c Connection) error {
	err := q.InsertConnection(ctx, rows.InsertConnectionParams{
		ID:              id,
		Email:           c.Email,
		Name:            c.Name,
		Scopes:          c.Scopes,
		MojoAccountID:   c.MojoAccountID,
		MojoAccountName: c.MojoAccountName,
		MojoAccountURL:  c.MojoAccountURL,
		MojoAgentID:     c.MojoAgentID,
		MojoAgentName:   c.MojoAgentName,
		MojoAgentEmail:  c.MojoAgentEmail,
		MojoPermission:  c.MojoPermission,
		MojoLogin:       c.MojoLogin,
		TimeZone:        c.TimeZone,
		State:           string(healthy(c.Scopes)),
		Since:           millis(c.CreatedAt),
		CreatedAt:       millis(c.CreatedAt),
	})
	if err != nil {
		return err
	}
	return inherit(ctx, q, id)
}

func updateConnection(ctx context.Context, q tx, id string, c Connection) (string, error) {
	_, err := q.LockLiveConnection(ctx, id)
	if errors.Is(err, sql.ErrNoRows) { // it was reset just now
		return "", ErrStale
	}
	if err != nil {
		return "", err
	}
	return id, q.UpdateConnection(ctx, rows.UpdateConnectionParams{
		ID:              id,
		Name:            c.Name,
		Scopes:          c.Scopes,
		MojoAccountName: c.MojoAccountName,
		MojoAccountURL:  c.MojoAccountURL,
		MojoAgentID:     c.MojoAgentID,
		MojoAgentName:   c.MojoAgentName,
		MojoAgentEmail:  c.MojoAgentEmail,
		MojoPermission:  c.MojoPermission,
		MojoLogin:       c.MojoLogin,
	})
}

// healthy is the state of a connection whose tokens work.
func healthy(scopes string) State {
	if slices.Contains(strings.Fields(scopes), "team") {
		return StateConnected
	}
	return StateLimited
}

// settle brings the connection's state in line with its tokens and scopes. When it no longer needs a sign-in, its paused pushes
// go on. The caller holds the connection's lock.
func settle(ctx context.Context, q tx, id string, now time.Time) error {
	c, err := q.Connection(ctx, id)
	if err != nil {
		return err
	}
	want := rows.SetConnectionStateParams{ID: id, State: string(healthy(c.Scopes)), Since: c.Since}
	tokens, err := q.TokensOfConnection(ctx, id)
	if err != nil {
		return err
	}
	refused := slices.IndexFunc(tokens, func(t rows.Token) bool { return t.RefusedAt > 0 })
	if refused >= 0 {
		want.State, want.Side, want.Cause = string(StateNeedsSignIn), tokens[refused].Side, tokens[refused].RefusedCause
	}
	if want.State != c.State {
		want.Since = millis(now)
	}
	if err := q.SetConnectionState(ctx, want); err != nil || refused >= 0 {
		return err
	}
	return q.ResumePushes(ctx, rows.ResumePushesParams{ConnectionID: id, Now: millis(now)})
}

// ConnectionByEmail returns the live connection of a Wise Agent account, or [ErrNotFound].
func (s *Store) ConnectionByEmail(ctx context.Context, email string) (c Connection, err error) {
	err = s.read(ctx, "get connection", func(q tx) error {
		r, err := q.LiveConnectionByEmail(ctx, normal(email))
		c = connection(r)
		return err
	})
	return c, err
}

// ConnectionByMojoAccount returns the live connection of a Mojo account, or [ErrNotFound].
func (s *Store) ConnectionByMojoAccount(ctx context.Context, accountID string) (c Connection, err error) {
	err = s.read(ctx, "get connection by Mojo account", func(q tx) error {
		r, err := q.LiveConnectionByMojoAccount(ctx, accountID)
		c = connection(r)
		return err
	})
	return c, err
}

// ConnectionsByEmail returns all connections that a Wise Agent account has had, reset ones too, the newest first, at most limit.
func (s *Store) ConnectionsByEmail(ctx context.Context, email string, limit int) (list []Connection, err error) {
	err = s.read(ctx, "get connections", func(q tx) error {
		found, err := q.ConnectionsByEmail(ctx, rows.ConnectionsByEmailParams{Email: normal(email), Most: int64(limit)})
		list = collect(found, connection)
		return err
	})
	return list, err
}

// Connection returns a connection, reset or not, or [ErrNotFound].
func (s *Store) Connection(ctx context.Context, id string) (c Connection, err error) {
	err = s.read(ctx, "get connection", func(q tx) error {
		r, err := q.Connection(ctx, id)
		c = connection(r)
		return err
	})
	return c, err
}

func connection(r rows.Connection) Connection {
	return Connection{
		ID:              r.ID,
		Email:           r.Email,
		Name:            r.Name,
		Scopes:          r.Scopes,
		MojoAccountID:   r.MojoAccountID,
		MojoAccountName: r.MojoAccountName,
		MojoAccountURL:  r.MojoAccountURL,
		MojoAgentID:     r.MojoAgentID,
		MojoAgentName:   r.MojoAgentName,
		MojoAgentEmail:  r.MojoAgentEmail,
		MojoPermission:  r.MojoPermission,
		MojoLogin:       r.MojoLogin,
		MojoSignedInAt:  moment(r.MojoSignedInAt),
		TimeZone:        r.TimeZone,
		State:           State(r.State),
		Since:           moment(r.Since),
		Side:            Side(r.Side),
		Cause:           r.Cause,
		CreatedAt:       moment(r.CreatedAt),
		ResetAskedAt:    moment(r.ResetAskedAt),
		ResetUntil:      moment(r.ResetUntil),
		TokensLeft:      int(r.TokensLeft),
	}
}

// SetTimeZone sets the customer's time zone, an IANA name. [ErrNotFound] when the connection isn't live.
func (s *Store) SetTimeZone(ctx context.Context, id, zone string) error {
	return s.write(ctx, "set time zone", func(q tx) error {
		n, err := q.SetTimeZone(ctx, rows.SetTimeZoneParams{ID: id, TimeZone: zone})
		if err == nil && n == 0 {
			return ErrNotFound
		}
		return err
	})
}

// NeedSignIn says that a side refused the connection's tokens for good, with the cause in plain words. [ErrStale] when the
// tokens are not those of tokenVersion any more: then they deserve another try. [ErrNotFound] when the connection isn't live.
func (s *Store) NeedSignIn(ctx context.Context, id string, side Side, cause string, tokenVersion int64, now time.Time) error {
	return s.write(ctx, "need sign-in", func(q tx) error {
		return s.refuseTokens(ctx, q, id, side, cause, tokenVersion, now)
	})
}

func (s *Store) refuseTokens(ctx context.Context, q tx, id string, side Side, cause string, tokenVersion int64, now time.Time) error {
	if _, err := q.LockLiveConnection(ctx, id); err != nil {
		return err
	}
	n, err := q.RefuseTokens(ctx, rows.RefuseTokensParams{
		ConnectionID: id,
		Side:         string(side),
		Version:      tokenVersion,
		Now:          millis(now),
		Cause:        cause,
	})
	if err != nil {
		return err
	}
	if n == 0 {
		return ErrStale
	}
	return settle(ctx, q, id, now)
}

// RefreshSide stores the tokens of a new sign-in on one side, and the scopes that came with them; Mojo has none, "". If nothing
// else is missing the connection no longer needs a sign-in, and its paused pushes go on. The tokens it had are revoked when the
// connection ends. [ErrNotFound] when the connection isn't live, or is ending.
func (s *Store) RefreshSide(ctx context.Context, id string, side Side, t *oauth2.Token, scopes string, now time.Time) error {
	return s.write(ctx, "refresh side", func(q tx) error {
		if err := takeTurn(ctx, q, turnDeliver); err != nil {
			return err
		}
		return s.refreshSide(ctx, q, id, side, t, scopes, now)
	})
}

// RenewMojo is RefreshSide for a new sign-in with Mojo, at the connection's own account: whoever signed in is its agent from now on.
func (s *Store) RenewMojo(ctx context.Context, id string, m MojoSide, now time.Time) error {
	return s.write(ctx, "renew Mojo's side", func(q tx) error {
		if err := takeTurn(ctx, q, turnDeliver); err != nil {
			return err
		}
		if err := s.refreshSide(ctx, q, id, Mojo, m.Token, "", now); err != nil {
			return err
		}
		err := q.SetMojoAgent(ctx, rows.SetMojoAgentParams{
			ID: id, MojoAccountName: m.AccountName, MojoAccountURL: m.AccountURL, MojoAgentID: m.AgentID, MojoAgentName: m.AgentName,
			MojoAgentEmail: m.AgentEmail, MojoPermission: m.Permission, MojoLogin: m.Login,
		})
		if err != nil {
			return err
		}
		return saveWords(ctx, q, id)
	})
}

func (s *Store) refreshSide(ctx context.Context, q tx, id string, side Side, t *oauth2.Token, scopes string, now time.Time) error {
	if err := lockOpen(ctx, q, id); err != nil {
		return err
	}
	if scopes != "" {
		if err := q.SetScopes(ctx, rows.SetScopesParams{ID: id, Scopes: scopes}); err != nil {
			return err
		}
	}
	if err := s.setTokens(ctx, q, id, side, t); err != nil {
		return err
	}
	if side == Mojo {
		if err := q.SetMojoSignedIn(ctx, rows.SetMojoSignedInParams{ID: id, Now: millis(now)}); err != nil {
			return err
		}
	}
	if err := q.ResumeEvents(ctx, rows.ResumeEventsParams{ConnectionID: id, Now: millis(now)}); err != nil {
		return err
	}
	return settle(ctx, q, id, now)
}
