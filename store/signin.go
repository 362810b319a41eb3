package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"golang.org/x/oauth2"

	"addtomojo/store/internal/rows"
)

// SignIn is a connection in the making: what each side gave so far. There is one per launch.
type SignIn struct {
	LaunchID  string
	Mojo      *MojoSide // nil until the customer signed in there
	Wise      *WiseSide // nil until the customer came back from Wise Agent
	ExpiresAt time.Time
}

// MojoSide is what a sign-in at Mojo gave.
type MojoSide struct {
	AccountID, AccountName         string
	AccountURL                     string // origin of the account's own host
	AgentID, AgentName, AgentEmail string
	Permission                     string // as Mojo names it
	Login                          string
	Token                          *oauth2.Token
}

// WiseSide is what a visit to Wise Agent's consent page gave.
type WiseSide struct {
	Email, Name string
	Scopes      string // granted ones, separated by blanks
	Token       *oauth2.Token
	Unconfirmed bool // of somebody else than who is signed in: nothing is done with it before the customer says so
}

// SaveMojoSide stores Mojo's half of a launch's sign-in, and sets when the whole of it expires. The tokens of an earlier half
// are to be revoked.
func (s *Store) SaveMojoSide(ctx context.Context, launchID string, m MojoSide, expires, now time.Time) error {
	return s.write(ctx, "save Mojo's side", func(q tx) error {
		if err := touchSignIn(ctx, q, launchID, expires); err != nil {
			return err
		}
		if err := s.dropMojoSide(ctx, q, launchID, now); err != nil {
			return err
		}
		t, err := s.vault.sealToken(place{"mojo_sides", launchID}, m.Token)
		if err != nil {
			return err
		}
		return q.InsertMojoSide(ctx, rows.InsertMojoSideParams{
			LaunchID:    launchID,
			AccountID:   m.AccountID,
			AccountName: m.AccountName,
			AccountURL:  m.AccountURL,
			AgentID:     m.AgentID,
			AgentName:   m.AgentName,
			AgentEmail:  m.AgentEmail,
			Permission:  m.Permission,
			Login:       m.Login,
			Access:      t.access,
			Refresh:     t.refresh,
			TokenType:   t.kind,
			ExpiresAt:   t.expiresAt,
		})
	})
}

// SaveWiseSide stores Wise Agent's half of a launch's sign-in, and sets when the whole of it expires. The tokens of an earlier
// half are to be revoked.
func (s *Store) SaveWiseSide(ctx context.Context, launchID string, w WiseSide, expires, now time.Time) error {
	return s.write(ctx, "save Wise Agent's side", func(q tx) error {
		if err := touchSignIn(ctx, q, launchID, expires); err != nil {
			return err
		}
		if err := s.dropWiseSide(ctx, q, launchID, now); err != nil {
			return err
		}
		t, err := s.vault.sealToken(place{"wise_sides", launchID}, w.Token)
		if err != nil {
			return err
		}
		return q.InsertWiseSide(ctx, rows.InsertWiseSideParams{
			LaunchID:  launchID,
			Email:     normal(w.Email),
			Name:      w.Name,
			Scopes:    w.Scopes,
			Access:    t.access,
			Refresh:   t.refresh,
			TokenType: t.kind,
			ExpiresAt: t.expiresAt,

			Unconfirmed: w.Unconfirmed,
		})
	})
}

func touchSignIn(ctx context.Context, q tx, launchID string, expires time.Time) error {
	return q.TouchSignIn(ctx, rows.TouchSignInParams{LaunchID: launchID, ExpiresAt: millis(expires)})
}

// SignIn returns a launch's sign-in that has not expired, or [ErrNotFound].
func (s *Store) SignIn(ctx context.Context, launchID string, now time.Time) (v SignIn, err error) {
	err = s.read(ctx, "get sign-in", func(q tx) error {
		r, err := q.SignIn(ctx, launchID)
		if err != nil {
			return err
		}
		if r.ExpiresAt <= millis(now) {
			return ErrNotFound
		}
		v = SignIn{LaunchID: launchID, ExpiresAt: moment(r.ExpiresAt)}
		if v.Mojo, err = s.mojoSide(ctx, q, launchID); err != nil {
			return err
		}
		v.Wise, err = s.wiseSide(ctx, q, launchID)
		return err
	})
	return v, err
}

// mojoSide returns nil when there is none.
func (s *Store) mojoSide(ctx context.Context, q tx, launchID string) (*MojoSide, error) {
	r, err := q.MojoSide(ctx, launchID)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	t, err := s.vault.openToken(place{"mojo_sides", launchID}, sealedToken{r.Access, r.Refresh, r.TokenType, r.ExpiresAt})
	return &MojoSide{
		AccountID:   r.AccountID,
		AccountName: r.AccountName,
		AccountURL:  r.AccountURL,
		AgentID:     r.AgentID,
		AgentName:   r.AgentName,
		AgentEmail:  r.AgentEmail,
		Permission:  r.Permission,
		Login:       r.Login,
		Token:       t,
	}, err
}

// wiseSide returns nil when there is none.
func (s *Store) wiseSide(ctx context.Context, q tx, launchID string) (*WiseSide, error) {
	r, err := q.WiseSide(ctx, launchID)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	t, err := s.vault.openToken(place{"wise_sides", launchID}, sealedToken{r.Access, r.Refresh, r.TokenType, r.ExpiresAt})
	return &WiseSide{Email: r.Email, Name: r.Name, Scopes: r.Scopes, Token: t, Unconfirmed: r.Unconfirmed}, err
}

// DropSignIn forgets a launch's sign-in; its tokens are to be revoked. It may be gone already.
func (s *Store) DropSignIn(ctx context.Context, launchID string, now time.Time) error {
	return s.write(ctx, "drop sign-in", func(q tx) error {
		_, err := q.LockSignIn(ctx, launchID)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		return s.dropSignIn(ctx, q, launchID, now)
	})
}

// DropSide forgets one half of a launch's sign-in; its tokens are to be revoked. It may be gone already.
func (s *Store) DropSide(ctx context.Context, launchID string, side Side, now time.Time) error {
	return s.write(ctx, "drop side", func(q tx) error {
		_, err := q.LockSignIn(ctx, launchID)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		if side == Mojo {
			return s.dropMojoSide(ctx, q, launchID, now)
		}
		return s.dropWiseSide(ctx, q, launchID, now)
	})
}

// ConfirmWiseSide says that Wise Agent's half of a launch's sign-in is meant. It may be gone already.
func (s *Store) ConfirmWiseSide(ctx context.Context, launchID string) error {
	return s.write(ctx, "confirm Wise Agent's side", func(q tx) error {
		return q.ConfirmWiseSide(ctx, launchID)
	})
}

// TakeWiseSide makes Wise Agent's half of a launch's sign-in the tokens of a live connection of that account, as RefreshSide
// does. [ErrNotFound] when there is no such half, the connection is somebody else's, isn't live, or is ending.
func (s *Store) TakeWiseSide(ctx context.Context, launchID, connID string, now time.Time) error {
	return s.write(ctx, "take Wise Agent's side", func(q tx) error {
		if err := takeTurn(ctx, q, turnDeliver); err != nil {
			return err
		}
		if _, err := q.LockSignIn(ctx, launchID); err != nil {
			return err
		}
		w, err := s.wiseSide(ctx, q, launchID)
		if err != nil {
			return err
		}
		c, err := q.Connection(ctx, connID)
		if err != nil {
			return err
		}
		if w == nil || w.Email != c.Email {
			return ErrNotFound
		}
		if err := s.refreshSide(ctx, q, connID, Wise, w.Token, w.Scopes, now); err != nil {
			return err
		}
		return q.DeleteWiseSide(ctx, launchID)
	})
}

// dropSignIn wants the sign-in's row locked.
func (s *Store) dropSignIn(ctx context.Context, q tx, launchID string, now time.Time) error {
	if err := s.dropMojoSide(ctx, q, launchID, now); err != nil {
		return err
	}
	if err := s.dropWiseSide(ctx, q, launchID, now); err != nil {
		return err
	}
	return q.DeleteSignIn(ctx, launchID)
}

func (s *Store) dropMojoSide(ctx context.Context, q tx, launchID string, now time.Time) error {
	m, err := s.mojoSide(ctx, q, launchID)
	if err != nil || m == nil {
		return err
	}
	if err := s.revoke(ctx, q, "", Mojo, m.Token, now); err != nil {
		return err
	}
	return q.DeleteMojoSide(ctx, launchID)
}

func (s *Store) dropWiseSide(ctx context.Context, q tx, launchID string, now time.Time) error {
	w, err := s.wiseSide(ctx, q, launchID)
	if err != nil || w == nil {
		return err
	}
	if err := s.revoke(ctx, q, "", Wise, w.Token, now); err != nil {
		return err
	}
	return q.DeleteWiseSide(ctx, launchID)
}

// Consent is one visit to Wise Agent's consent page.
type Consent struct {
	StateHash string // SHA-256 of the state parameter, hex
	LaunchID  string
	SessionID string // the session of the browser that left: only it may come back
	Verifier  string // PKCE
	ExpiresAt time.Time
}

// StartConsent stores a visit.
func (s *Store) StartConsent(ctx context.Context, c Consent) error {
	return s.write(ctx, "start consent", func(q tx) error {
		sealed, err := s.vault.seal(consentPlace(c.StateHash), "verifier", c.Verifier)
		if err != nil {
			return err
		}
		return q.InsertConsent(ctx, rows.InsertConsentParams{
			StateHash: c.StateHash,
			LaunchID:  c.LaunchID,
			SessionID: c.SessionID,
			Verifier:  sealed,
			ExpiresAt: millis(c.ExpiresAt),
		})
	})
}

// TakeConsent returns a visit and forgets it: of any number of callers one gets it. The others, and whoever comes after it
// expired, get [ErrNotFound].
func (s *Store) TakeConsent(ctx context.Context, stateHash string, now time.Time) (c Consent, err error) {
	err = s.write(ctx, "take consent", func(q tx) error {
		r, err := q.TakeConsent(ctx, stateHash)
		if err != nil {
			return err
		}
		if r.ExpiresAt <= millis(now) {
			return ErrNotFound // and Tidy deletes it
		}
		c = Consent{StateHash: r.StateHash, LaunchID: r.LaunchID, SessionID: r.SessionID, ExpiresAt: moment(r.ExpiresAt)}
		c.Verifier, err = s.vault.open(consentPlace(stateHash), "verifier", r.Verifier)
		return err
	})
	return c, err
}

func consentPlace(stateHash string) place {
	return place{"consents", stateHash}
}
