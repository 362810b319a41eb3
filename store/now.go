package store

import (
	"context"
	"time"

	"addtomojo/store/internal/rows"
)

// TroubleKind is a kind of what is wrong with connections.
type TroubleKind string

const (
	TroubleSignIn     TroubleKind = "sign_in"    // Key: the side; needs a new sign-in
	TroubleSilent     TroubleKind = "silent"     // Key: the way; the partner doesn't answer
	TroubleDelivery   TroubleKind = "delivery"   // events need a person
	TroublePush       TroubleKind = "push"       // stopped within the time asked for
	TroubleHooks      TroubleKind = "hooks"      // Key: the HookReason; turned away within the time asked for
	TroubleRevocation TroubleKind = "revocation" // Key: the side; tokens that could not be revoked yet
)

// Trouble is one thing that is wrong just now, over all connections.
type Trouble struct {
	Kind     TroubleKind
	Key      string
	Cause    string // in plain words; "" where Key says it all
	Accounts int    // 0 for revocations, whose connection may be over
	Times    int    // events, pushes, hooks or tokens; accounts again for the others
	Since    time.Time
}

// troublesMost is how many causes of a kind are named.
const troublesMost = 30

// Troubles returns all that is wrong over all connections, grouped by cause; of stopped pushes and refused hooks what happened at
// from or later.
func (s *Store) Troubles(ctx context.Context, from time.Time) (list []Trouble, err error) {
	err = s.read(ctx, "get troubles", func(q tx) error {
		for _, part := range []func(context.Context, tx, time.Time) ([]Trouble, error){
			signInTroubles, silentTroubles, hookTroubles, deliveryTroubles, pushTroubles, revocationTroubles,
		} {
			more, err := part(ctx, q, from)
			if err != nil {
				return err
			}
			list = append(list, more...)
		}
		return nil
	})
	return list, err
}

func signInTroubles(ctx context.Context, q tx, _ time.Time) ([]Trouble, error) {
	found, err := q.SignInsNeeded(ctx, troublesMost)
	return collect(found, func(r rows.SignInsNeededRow) Trouble {
		return Trouble{TroubleSignIn, r.Side, r.Cause, int(r.Accounts), int(r.Accounts), moment(r.Since)}
	}), err
}

func silentTroubles(ctx context.Context, q tx, _ time.Time) ([]Trouble, error) {
	found, err := q.SidesSilent(ctx, troublesMost)
	return collect(found, func(r rows.SidesSilentRow) Trouble {
		return Trouble{TroubleSilent, r.Way, r.Cause, int(r.Accounts), int(r.Accounts), moment(r.Since)}
	}), err
}

func hookTroubles(ctx context.Context, q tx, from time.Time) ([]Trouble, error) {
	found, err := q.HooksRefused(ctx, millis(from))
	return collect(found, func(r rows.HooksRefusedRow) Trouble {
		return Trouble{TroubleHooks, r.Reason, "", int(r.Accounts), int(r.Hooks), moment(r.Since)}
	}), err
}

func deliveryTroubles(ctx context.Context, q tx, _ time.Time) ([]Trouble, error) {
	found, err := q.DeliveriesStuck(ctx, troublesMost)
	return collect(found, func(r rows.DeliveriesStuckRow) Trouble {
		return Trouble{TroubleDelivery, "", r.Reason, int(r.Accounts), int(r.Events), moment(r.Since)}
	}), err
}

func pushTroubles(ctx context.Context, q tx, from time.Time) ([]Trouble, error) {
	found, err := q.PushesStopped(ctx, rows.PushesStoppedParams{FromTime: millis(from), Most: troublesMost})
	return collect(found, func(r rows.PushesStoppedRow) Trouble {
		return Trouble{TroublePush, "", r.Cause, int(r.Accounts), int(r.Pushes), moment(r.Since)}
	}), err
}

func revocationTroubles(ctx context.Context, q tx, _ time.Time) ([]Trouble, error) {
	found, err := q.RevocationsFailing(ctx)
	return collect(found, func(r rows.RevocationsFailingRow) Trouble {
		return Trouble{TroubleRevocation, r.Side, "", 0, int(r.Tokens), moment(r.GiveUpAt).Add(-revokeFor)}
	}), err
}

// Troubled returns connections that a trouble concerns, at most limit of them. from is that of Troubles.
func (s *Store) Troubled(ctx context.Context, t Trouble, from time.Time, limit int) (list []Connection, err error) {
	err = s.read(ctx, "get troubled connections", func(q tx) error {
		ids, err := troubled(ctx, q, t, from, limit)
		if err != nil {
			return err
		}
		list, err = connectionsOf(ctx, q, ids)
		return err
	})
	return list, err
}

func troubled(ctx context.Context, q tx, t Trouble, from time.Time, limit int) ([]string, error) {
	most := int64(limit)
	switch t.Kind {
	case TroubleSignIn:
		return q.WhoNeedsSignIn(ctx, rows.WhoNeedsSignInParams{Side: t.Key, Cause: t.Cause, Most: most})
	case TroubleSilent:
		return q.WhoIsSilent(ctx, rows.WhoIsSilentParams{Way: t.Key, Cause: t.Cause, Most: most})
	case TroubleHooks:
		return q.WhoseHooksAreRefused(ctx, rows.WhoseHooksAreRefusedParams{Reason: t.Key, FromTime: millis(from), Most: most})
	case TroubleDelivery:
		return q.WhoIsStuck(ctx, rows.WhoIsStuckParams{Reason: t.Cause, Most: most})
	case TroublePush:
		return q.WhosePushStopped(ctx, rows.WhosePushStoppedParams{FromTime: millis(from), Cause: t.Cause, Most: most})
	}
	return nil, nil
}
