package store

import (
	"context"
	"errors"
	"time"

	"golang.org/x/oauth2"

	"addtomojo/store/internal/rows"
)

// ErrNothingToForget says that the keyset opens the database.
var ErrNothingToForget = errors.New("ENCRYPTION_KEYSET opens this database: there is nothing to forget")

const forgottenCause = "Our key to this sign-in was lost. Nothing is wrong with the account: signing in once more is all it needs."

// Forgotten counts what [Forget] dropped.
type Forgotten struct {
	Connections int // that need a new sign-in
	SignIns     int // halves of sign-ins in the making, and visits to Wise Agent's consent page: they are begun anew
	Revocations int // tokens that were still to be revoked: they may live on
}

// Forget makes a database usable with another keyset when the one that sealed it is lost. What the new one doesn't open is dropped,
// and each connection whose tokens are among that needs a sign-in on that side. Nothing else changes: links, groups, pushes, events
// and what waits stay. No process may use the database meanwhile: one that still has the lost keys would seal with them.
//
// It returns [ErrNothingToForget] when the vault opens the database, and [ErrNeverSealed].
func Forget(ctx context.Context, url string, v *Vault, now time.Time) (f Forgotten, err error) {
	s, err := openThere(ctx, url, v)
	if err != nil {
		return f, err
	}
	defer s.closeDatabase()
	if err := s.findCanary(ctx); !errors.Is(err, ErrWrongKey) {
		if err == nil {
			err = ErrNothingToForget
		}
		return f, err
	}
	err = s.write(ctx, "forget what a lost key sealed", func(q tx) error {
		f = Forgotten{}
		for _, forget := range []func(context.Context, tx, *Forgotten, time.Time) error{
			s.forgetTokens, s.forgetSignIns, s.forgetConsents, s.forgetRevocations,
		} {
			if err := forget(ctx, q, &f, now); err != nil {
				return err
			}
		}
		sealed, err := v.seal(canaryPlace, "sealed", canary)
		if err != nil {
			return err
		}
		return q.SetCanary(ctx, sealed)
	})
	return f, err
}

// forgetTokens leaves empty tokens that are refused, as a partner's refusal would leave the real ones.
func (s *Store) forgetTokens(ctx context.Context, q tx, f *Forgotten, now time.Time) error {
	all, err := q.AllTokens(ctx)
	if err != nil {
		return err
	}
	last := ""
	for _, r := range all {
		if _, err := s.openTokens(r); err == nil {
			continue
		}
		empty, err := s.vault.sealToken(tokensPlace(r.ConnectionID, Side(r.Side)), &oauth2.Token{})
		if err != nil {
			return err
		}
		err = q.ForgetTokens(ctx, rows.ForgetTokensParams{
			ConnectionID: r.ConnectionID, Side: r.Side, Access: empty.access, Refresh: empty.refresh,
			Cause: forgottenCause, Now: millis(now),
		})
		if err != nil {
			return err
		}
		if err := settle(ctx, q, r.ConnectionID, now); err != nil {
			return err
		}
		if r.ConnectionID != last {
			f.Connections++
		}
		last = r.ConnectionID
	}
	return nil
}

func (s *Store) forgetSignIns(ctx context.Context, q tx, f *Forgotten, _ time.Time) error {
	mojo, err := q.AllMojoSides(ctx)
	if err != nil {
		return err
	}
	for _, r := range mojo {
		if _, err := s.mojoSide(ctx, q, r.LaunchID); err == nil {
			continue
		}
		if err := q.DeleteMojoSide(ctx, r.LaunchID); err != nil {
			return err
		}
		f.SignIns++
	}
	wise, err := q.AllWiseSides(ctx)
	if err != nil {
		return err
	}
	for _, r := range wise {
		if _, err := s.wiseSide(ctx, q, r.LaunchID); err == nil {
			continue
		}
		if err := q.DeleteWiseSide(ctx, r.LaunchID); err != nil {
			return err
		}
		f.SignIns++
	}
	return nil
}

func (s *Store) forgetConsents(ctx context.Context, q tx, f *Forgotten, _ time.Time) error {
	all, err := q.AllConsents(ctx)
	if err != nil {
		return err
	}
	for _, r := range all {
		if _, err := s.vault.open(consentPlace(r.StateHash), "verifier", r.Verifier); err == nil {
			continue
		}
		if _, err := q.TakeConsent(ctx, r.StateHash); err != nil {
			return err
		}
		f.SignIns++
	}
	return nil
}

// forgetRevocations counts tokens of connections that have ended as tokens that nobody could revoke, which they are.
func (s *Store) forgetRevocations(ctx context.Context, q tx, f *Forgotten, _ time.Time) error {
	all, err := q.AllRevocations(ctx)
	if err != nil {
		return err
	}
	for _, r := range all {
		if _, err := s.revocation(r); err == nil {
			continue
		}
		if err := q.DeleteRevocation(ctx, r.ID); err != nil {
			return err
		}
		f.Revocations++
		if r.NextAt >= held {
			continue
		}
		if err := q.CountTokensLeft(ctx, rows.CountTokensLeftParams{ID: r.ConnectionID, Tokens: 1}); err != nil {
			return err
		}
	}
	return nil
}
