package store

import (
	"context"
	"time"

	"addtomojo/store/internal/rows"
)

// Way is one of the ways on which a connection lives.
type Way string

const (
	WayWise  Way = "wiseagent" // our calls to Wise Agent
	WayMojo  Way = "mojo"      // our calls to Mojo
	WayHooks Way = "hooks"     // what Mojo tells us
)

// Health is how one way of a connection went, as far as is known: it is written now and then, not with every call.
type Health struct {
	ConnectionID string
	Way          Way
	GoodAt       time.Time // the last good answer
	BadAt        time.Time // the last bad one
	BadSince     time.Time // the first bad one after the last good one; zero while all is well
	Cause        string    // of the last bad one, in plain words
}

// healthLate is by how much news may come late, and clocks of several processes differ.
const healthLate = 10 * time.Minute

// SaveHealth adds to what is known of ways. What is older than that changes nothing, so it may come late and from several
// processes; but what is known from a time that is still to come is forgotten, for a clock was wrong then. A way whose GoodAt is
// the later of the two is well again.
func (s *Store) SaveHealth(ctx context.Context, news []Health) error {
	return s.write(ctx, "save health", func(q tx) error {
		for _, h := range news {
			ahead := max(millis(h.GoodAt), millis(h.BadAt)) + healthLate.Milliseconds()
			err := q.ForgetHealthAhead(ctx, rows.ForgetHealthAheadParams{ConnectionID: h.ConnectionID, Way: string(h.Way), Ahead: ahead})
			if err != nil {
				return err
			}
			err = q.SaveHealth(ctx, rows.SaveHealthParams{
				ConnectionID: h.ConnectionID,
				Way:          string(h.Way),
				GoodAt:       millis(h.GoodAt),
				BadAt:        millis(h.BadAt),
				BadSince:     millis(h.BadSince),
				Cause:        plain(h.Cause),
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Health returns what is known of a connection's ways; a way that nothing is known of is missing.
func (s *Store) Health(ctx context.Context, connID string) (known map[Way]Health, err error) {
	known = make(map[Way]Health)
	err = s.read(ctx, "get health", func(q tx) error {
		found, err := q.Health(ctx, connID)
		for _, r := range found {
			known[Way(r.Way)] = health(r)
		}
		return err
	})
	return known, err
}

// SilentWays returns ways of our calls that are silent and were last found so at before or earlier, of connections that need no
// sign-in; the longest ago first, at most limit.
func (s *Store) SilentWays(ctx context.Context, before time.Time, limit int) (silent []Health, err error) {
	err = s.read(ctx, "get silent ways", func(q tx) error {
		found, err := q.SilentWays(ctx, rows.SilentWaysParams{Before: millis(before), Most: int64(limit)})
		silent = collect(found, health)
		return err
	})
	return silent, err
}

func health(r rows.Health) Health {
	return Health{
		ConnectionID: r.ConnectionID,
		Way:          Way(r.Way),
		GoodAt:       moment(r.GoodAt),
		BadAt:        moment(r.BadAt),
		BadSince:     moment(r.BadSince),
		Cause:        r.Cause,
	}
}

// A Refusal says that a side refused the connection's tokens for good.
type Refusal struct {
	At    time.Time
	Cause string // in plain words
}

// Refusals returns the sides that need a new sign-in. It opens no token.
func (s *Store) Refusals(ctx context.Context, connID string) (refused map[Side]Refusal, err error) {
	refused = make(map[Side]Refusal)
	err = s.read(ctx, "get refusals", func(q tx) error {
		sides, err := q.SideStates(ctx, connID)
		for _, r := range sides {
			if r.RefusedAt > 0 {
				refused[Side(r.Side)] = Refusal{At: moment(r.RefusedAt), Cause: r.RefusedCause}
			}
		}
		return err
	})
	return refused, err
}

// HookReason is why hooks are turned away.
type HookReason string

const (
	HookSignature HookReason = "signature" // none of our secrets fits
	HookClock     HookReason = "clock"     // signed well, but for another time than ours
)

// RefusedHooks are hooks that were turned away for one reason. Nothing proves that they came from the account they name.
type RefusedHooks struct {
	AccountID       string // Mojo's
	Reason          HookReason
	Times           int // within a day of each other
	FirstAt, LastAt time.Time
	Behind          time.Duration // HookClock: by how much the last one's time was behind our clock; ahead when negative
}

// CountRefusedHooks counts hooks that were turned away: Times of them, the last one at LastAt. Those of accounts that aren't
// connected don't count.
func (s *Store) CountRefusedHooks(ctx context.Context, refused []RefusedHooks) error {
	return s.write(ctx, "count refused hooks", func(q tx) error {
		for _, r := range refused {
			err := q.CountRefusedHook(ctx, rows.CountRefusedHookParams{
				AccountID: plain(r.AccountID),
				Reason:    string(r.Reason),
				Times:     int64(r.Times),
				At:        millis(r.LastAt),
				Behind:    int64(r.Behind / time.Second),
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// RefusedHooks returns what was turned away of an account.
func (s *Store) RefusedHooks(ctx context.Context, accountID string) (refused []RefusedHooks, err error) {
	err = s.read(ctx, "get refused hooks", func(q tx) error {
		found, err := q.RefusedHooks(ctx, accountID)
		refused = collect(found, refusedHooks)
		return err
	})
	return refused, err
}

func refusedHooks(r rows.RefusedHook) RefusedHooks {
	return RefusedHooks{
		AccountID: r.AccountID,
		Reason:    HookReason(r.Reason),
		Times:     int(r.Times),
		FirstAt:   moment(r.FirstAt),
		LastAt:    moment(r.LastAt),
		Behind:    time.Duration(r.Behind) * time.Second,
	}
}

// Reasons are events that need a person, by why.
type Reasons struct {
	Reason string
	Events int
	Since  time.Time // when the oldest of them was received
}

// NeedsYouReasons returns why a connection's events need a person, the most frequent reason first, at most limit of them.
func (s *Store) NeedsYouReasons(ctx context.Context, connID string, limit int) (reasons []Reasons, err error) {
	err = s.read(ctx, "get reasons", func(q tx) error {
		found, err := q.NeedsYouReasons(ctx, rows.NeedsYouReasonsParams{ConnectionID: connID, Most: int64(limit)})
		for _, r := range found {
			reasons = append(reasons, Reasons{Reason: r.Reason, Events: int(r.Events), Since: moment(r.Since)})
		}
		return err
	})
	return reasons, err
}

// WaitingContacts counts the contacts of a connection's pushes that are still on their way to Mojo.
func (s *Store) WaitingContacts(ctx context.Context, connID string) (waiting int, err error) {
	err = s.read(ctx, "count waiting contacts", func(q tx) error {
		n, err := q.CountWaitingContacts(ctx, connID)
		waiting = int(n)
		return err
	})
	return waiting, err
}
