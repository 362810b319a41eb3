package store

import (
	"context"
	"encoding/binary"
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
			ID:           idAt(a.At, uuid.Must(uuid.NewV7())),
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

// Audits returns audits, the newest first. Who, action and connection are found by an index; a text is looked for row by row,
// from the newest on.
func (s *Store) Audits(ctx context.Context, f AuditFilter) (audits []Audit, err error) {
	err = s.read(ctx, "get audits", func(q tx) error {
		found, err := q.auditsWith(ctx, f)
		audits = collect(found, audit)
		return err
	})
	return audits, err
}

// auditsWith picks the query whose index fits.
func (q tx) auditsWith(ctx context.Context, f AuditFilter) ([]rows.Audit, error) {
	p := rows.AuditsByWhoAndActionParams{
		Who: normal(f.Who), Action: f.Action, Words: normal(f.Text), Most: int64(f.Limit),
		Since: idAt(f.Since, uuid.Nil), Before: before(f),
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
		last = idAt(f.Until, uuid.Nil)
	}
	if f.Before != "" {
		last = min(last, f.Before)
	}
	return last
}

// idAt is the id with its time set: the first 48 bits of a UUIDv7 are Unix milliseconds.
func idAt(at time.Time, id uuid.UUID) string {
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(max(millis(at), 0)))
	copy(id[:6], ms[2:])
	return id.String()
}
