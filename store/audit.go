package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"time"

	"github.com/google/uuid"

	"addtomojo/store/internal/rows"
)

// Audit is something that a member of the support staff looked at or did.
type Audit struct {
	ID           string // made by AddAudit; later ones are greater
	At           time.Time
	Who          string // the staff member's e-mail
	Role         string // at that moment
	Action       string // a short word of the web's own
	ConnectionID string // "" when it isn't about one account
	LaunchID     string // "" when it isn't about one launch
	Detail       string // for people; must hold no secret
}

// AuditFilter says which audits are wanted; a zero field wants all.
type AuditFilter struct {
	Who, Action, ConnectionID string
	Text                      string    // in the detail, or in the e-mail of the account it is about; case doesn't count
	Before                    string    // the ID of the oldest one seen so far
	Since, Until              time.Time // at or after Since, before Until
	Limit                     int
}

// AddAudit stores what was done. The row is never changed or deleted. Its ID is made of At, whatever a.ID says.
func (s *Store) AddAudit(ctx context.Context, a Audit) error {
	return s.write(ctx, "add audit", func(q tx) error {
		return q.InsertAudit(ctx, rows.InsertAuditParams{
			ID:           auditID(a.At),
			At:           millis(a.At),
			Who:          normal(a.Who),
			Role:         a.Role,
			Action:       a.Action,
			ConnectionID: a.ConnectionID,
			LaunchID:     a.LaunchID,
			Detail:       a.Detail,
		})
	})
}

// How many lines a search for a text looks through: few at first, for what is looked for is mostly new.
const (
	auditsFirst  = 500
	auditsLooked = 50_000
)

// Audits returns audits, the newest first. Who, action and connection are found by an index; a text is looked for line by line, from
// the newest on, in so many lines at most. When those held fewer than f.Limit and there may be older ones, last is the line where the
// search stopped, with its ID and time alone: from there another one goes on with f.Before. Else it is zero.
func (s *Store) Audits(ctx context.Context, f AuditFilter) (audits []Audit, last Audit, err error) {
	err = s.read(ctx, "get audits", func(q tx) error {
		found, stopped, err := q.searchAudits(ctx, f)
		audits, last = collect(found, audit), stopped
		return err
	})
	return audits, last, err
}

func (q tx) searchAudits(ctx context.Context, f AuditFilter) (found []rows.Audit, last Audit, err error) {
	since, before := firstID(f.Since), before(f)
	if normal(f.Text) == "" {
		found, err = q.auditsWith(ctx, f, since, before, f.Limit)
		return found, last, err
	}
	for step, left := auditsFirst, auditsLooked; left > 0; step *= 10 {
		step = min(step, left)
		from, err := q.auditPlace(ctx, f, since, before, step-1)
		whole := errors.Is(err, sql.ErrNoRows) // there are fewer lines than that
		if whole {
			from, err = since, nil
		}
		if err != nil {
			return nil, last, err
		}
		fit, err := q.auditsWith(ctx, f, from, before, f.Limit-len(found))
		if err != nil {
			return nil, last, err
		}
		if found = append(found, fit...); whole || len(found) >= f.Limit {
			return found, last, nil
		}
		before, left = from, left-step
	}
	return found, Audit{ID: before, At: timeOf(before)}, nil
}

// auditPlace is the id of the line behind skip others; it picks the query whose index fits.
func (q tx) auditPlace(ctx context.Context, f AuditFilter, since, before string, skip int) (string, error) {
	p := rows.AuditPlaceByWhoAndActionParams{Who: normal(f.Who), Action: f.Action, Skip: int64(skip), Since: since, Before: before}
	switch {
	case f.ConnectionID != "":
		return q.AuditPlaceByConnection(ctx, rows.AuditPlaceByConnectionParams{ConnectionID: f.ConnectionID, Skip: p.Skip, Since: since, Before: before})
	case f.Who != "" && f.Action != "":
		return q.AuditPlaceByWhoAndAction(ctx, p)
	case f.Who != "":
		return q.AuditPlaceByWho(ctx, rows.AuditPlaceByWhoParams{Who: p.Who, Skip: p.Skip, Since: since, Before: before})
	case f.Action != "":
		return q.AuditPlaceByAction(ctx, rows.AuditPlaceByActionParams{Action: p.Action, Skip: p.Skip, Since: since, Before: before})
	}
	return q.AuditPlace(ctx, rows.AuditPlaceParams{Skip: p.Skip, Since: since, Before: before})
}

// auditsWith picks the query whose index fits.
func (q tx) auditsWith(ctx context.Context, f AuditFilter, since, before string, most int) ([]rows.Audit, error) {
	p := rows.AuditsByWhoAndActionParams{
		Who: normal(f.Who), Action: f.Action, Words: normal(f.Text), Most: int64(most), Since: since, Before: before,
	}
	switch {
	case f.ConnectionID != "":
		return q.AuditsByConnection(ctx, rows.AuditsByConnectionParams{
			ConnectionID: f.ConnectionID, Who: p.Who, Action: p.Action, Words: p.Words, Most: p.Most, Since: p.Since, Before: p.Before,
		})
	case f.Who != "" && f.Action != "":
		return q.AuditsByWhoAndAction(ctx, p)
	case f.Who != "":
		return q.AuditsByWho(ctx, rows.AuditsByWhoParams{Who: p.Who, Words: p.Words, Most: p.Most, Since: p.Since, Before: p.Before})
	case f.Action != "":
		return q.AuditsByAction(ctx, rows.AuditsByActionParams{Action: p.Action, Words: p.Words, Most: p.Most, Since: p.Since, Before: p.Before})
	}
	return q.Audits(ctx, rows.AuditsParams{Words: p.Words, Most: p.Most, Since: p.Since, Before: p.Before})
}

func audit(r rows.Audit) Audit {
	return Audit{
		ID:           r.ID,
		At:           moment(r.At),
		Who:          r.Who,
		Role:         r.Role,
		Action:       r.Action,
		ConnectionID: r.ConnectionID,
		LaunchID:     r.LaunchID,
		Detail:       r.Detail,
	}
}

// before is the id that all wanted ones are smaller than.
func before(f AuditFilter) string {
	last := uuid.Max.String()
	if !f.Until.IsZero() {
		last = firstID(f.Until)
	}
	if f.Before != "" {
		last = min(last, f.Before)
	}
	return last
}

// firstID is the smallest id of a time: the first 48 bits of a UUIDv7 are Unix milliseconds.
func firstID(at time.Time) string {
	var id uuid.UUID
	setTime(&id, at)
	return id.String()
}

// auditID is a UUIDv7 of a time. Where times are the same, the order is that in which the ids were made: the true time stands
// behind the given one.
func auditID(at time.Time) string {
	made := uuid.Must(uuid.NewV7()) // 48 bits of milliseconds, 4 of version, 12 that go up within the millisecond, 2 of variant
	count := binary.BigEndian.Uint64(made[:8])
	count = count>>16<<12 | count&0xfff
	id := made // its last two bytes stay random
	setTime(&id, at)
	binary.BigEndian.PutUint16(id[6:], 0x7000|uint16(count>>46&0xfff))
	id[8] = 0x80 | byte(count>>40&0x3f)
	var rest [8]byte
	binary.BigEndian.PutUint64(rest[:], count)
	copy(id[9:14], rest[3:])
	return id.String()
}

// timeOf is the time that an id is made of; zero of what is no id.
func timeOf(id string) time.Time {
	made, err := uuid.Parse(id)
	if err != nil {
		return time.Time{}
	}
	return moment(int64(binary.BigEndian.Uint64(made[:8]) >> 16))
}

func setTime(id *uuid.UUID, at time.Time) {
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(max(millis(at), 0)))
	copy(id[:6], ms[2:])
}
