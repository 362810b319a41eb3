package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"addtomojo/store/internal/rows"
)

// Snapshot is what we last saw of a contact in Wise Agent, part by part.
type Snapshot struct {
	ClientID string
	Fields   map[string]Field // by the bridge's names
	SeenAt   time.Time        // edits of a part that were written since know better; zero is now
}

// Field is a part of a contact.
type Field struct {
	Value    string `json:"value"`             // as last seen in Wise Agent
	Known    bool   `json:"known"`             // false: only the revision is known
	Revision int64  `json:"revision"`          // the newest of Mojo's that was dealt with
	Contact  int64  `json:"contact,omitempty"` // whose revision it is, of the contacts in Mojo that are this one; 0 is unknown
	PushedAt int64  `json:"pushed,omitempty"`  // when a push saw the value, in Unix milliseconds; 0 when an edit set it
	EditedAt int64  `json:"edited,omitempty"`  // when the last edit that set it, or found it so, was written; 0 when none did

	Earlier []string `json:"earlier,omitempty"` // what pushes saw another value in place of, the newest last, at most [EarlierValues]
}

// EarlierValues is how many values are remembered of a part beside the last one: Mojo may tell late of what pushes brought there.
const EarlierValues = 8

// Before is what of the fields was seen before an event was received; of the others, the revisions, and the value among the earlier
// ones: a push may have seen it right before, and stored it right after Mojo told of it.
func (n Snapshot) Before(receivedAt time.Time) map[string]Field {
	fields := make(map[string]Field, len(n.Fields))
	for name, f := range n.Fields {
		if f.Known && f.PushedAt > millis(receivedAt) {
			f.Known, f.Earlier = false, append(slices.Clone(f.Earlier), f.Value)
		}
		fields[name] = f
	}
	return fields
}

// Dealt tells whether an edit was dealt with: a push sees values only. Mojo may count from 0.
func (f Field) Dealt() bool { return f.Revision != 0 || f.Contact != 0 }

// Counts tells whether the revision is one of the contact in Mojo: each counts its own.
func (f Field) Counts(mojoContactID int64) bool {
	return f.Contact == 0 || mojoContactID == 0 || f.Contact == mojoContactID
}

// over is the field as it is stored over an earlier one. A push sees values, and deals with no revision; an edit may deal with its
// revision and change no value. What was in place of a value that a push sees is remembered.
func (f Field) over(before Field) Field {
	f.Earlier = before.Earlier
	if !f.Known {
		f.Value, f.Known, f.PushedAt, f.EditedAt = before.Value, before.Known, before.PushedAt, before.EditedAt
	}
	f.EditedAt = max(f.EditedAt, before.EditedAt) // also when a push saw it since: what was seen before the edit may come even later
	if f.PushedAt > before.PushedAt && before.Known && before.Value != f.Value {
		f.Earlier = append(slices.Clone(f.Earlier), before.Value)
		f.Earlier = f.Earlier[max(0, len(f.Earlier)-EarlierValues):]
	}
	if !f.Dealt() || before.Counts(f.Contact) && before.Revision > f.Revision {
		f.Revision, f.Contact = before.Revision, before.Contact
	}
	return f
}

// Snapshot returns what was last seen of a contact; no fields when it was never seen.
func (s *Store) Snapshot(ctx context.Context, connID, clientID string) (seen Snapshot, err error) {
	err = s.read(ctx, "get snapshot", func(q tx) error {
		seen, err = snapshot(ctx, q, connID, clientID)
		return err
	})
	return seen, err
}

func snapshot(ctx context.Context, q tx, connID, clientID string) (Snapshot, error) {
	seen := Snapshot{ClientID: clientID, Fields: make(map[string]Field)}
	r, err := q.Snapshot(ctx, rows.SnapshotParams{ConnectionID: connID, ClientID: clientID})
	if errors.Is(err, sql.ErrNoRows) {
		return seen, nil
	}
	if err != nil {
		return seen, err
	}
	return seen, json.Unmarshal([]byte(r.Fields), &seen.Fields)
}

// edited is what an edit saw that was written at that time. What was seen with a SeenAt is no edit's.
func (n Snapshot) edited(at time.Time) Snapshot {
	if !n.SeenAt.IsZero() {
		return n
	}
	fields := make(map[string]Field, len(n.Fields))
	for name, f := range n.Fields {
		f.EditedAt = millis(at)
		fields[name] = f
	}
	n.Fields = fields
	return n
}

// saveSnapshot stores fields over earlier ones; those that aren't given stay, and those that an edit knows better.
// The caller has the turn to deliver.
func saveSnapshot(ctx context.Context, q tx, connID string, n Snapshot) error {
	seen, err := snapshot(ctx, q, connID, n.ClientID)
	if err != nil {
		return err
	}
	for name, f := range n.Fields {
		before := seen.Fields[name]
		if !n.SeenAt.IsZero() && before.EditedAt >= millis(n.SeenAt) {
			f.Known = false
		}
		seen.Fields[name] = f.over(before)
	}
	fields, err := json.Marshal(seen.Fields)
	if err != nil {
		return err
	}
	return q.SaveSnapshot(ctx, rows.SaveSnapshotParams{ConnectionID: connID, ClientID: n.ClientID, Fields: string(fields)})
}
