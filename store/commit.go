package store

import (
	"context"
	"time"
)

// An entry is what goes into a shared commit: an event that arrives, or a mark of deliveries. Both go into the same commits on
// SQLite, which has one writing connection: else each kind would wait for every second fsync of the other.
type entry struct {
	receipt *receipt // or
	mark    *mark
}

// done is what became of an entry.
type done struct {
	received *Received
	refused  error // what is wrong with a mark
}

// commit stores entries in one transaction; on PostgreSQL, where a batch has one kind of entry, on as few ways to the server as can be.
func (s *Store) commit(ctx context.Context, batch []entry) (all []done, err error) {
	if s.OnCommit != nil {
		begun := time.Now()
		defer func() { s.OnCommit(len(batch), time.Since(begun), err) }()
	}
	receipts, marks := sorted(batch)
	switch {
	case !s.piped():
	case len(marks) == 0:
		received, err := s.receivePiped(ctx, receipts)
		if err != nil {
			return nil, s.noted("store events", err)
		}
		return answers(batch, received, nil), nil
	case len(receipts) == 0:
		refused, err := s.markPiped(ctx, marks)
		if err != nil {
			return nil, s.noted("store events", err)
		}
		return answers(batch, nil, refused), nil
	}
	err = s.write(ctx, "store events", func(q tx) (err error) {
		var received []Received
		var refused []error
		if len(receipts) > 0 {
			if received, err = receive(ctx, q, receipts); err != nil {
				return err
			}
		}
		if len(marks) > 0 {
			if refused, err = markAll(ctx, q, marks); err != nil {
				return err
			}
		}
		all = answers(batch, received, refused)
		return nil
	})
	return all, err
}

// piped tells that ways to the server count.
func (s *Store) piped() bool {
	_, ok := s.engine.(onPostgres)
	return ok
}

// sorted takes a batch apart.
func sorted(batch []entry) (receipts []*receipt, marks []*mark) {
	for _, e := range batch {
		if e.mark != nil {
			marks = append(marks, e.mark)
		} else {
			receipts = append(receipts, e.receipt)
		}
	}
	return receipts, marks
}

// answers puts together again, in the batch's order, what became of its parts.
func answers(batch []entry, received []Received, refused []error) []done {
	all := make([]done, len(batch))
	for i, e := range batch {
		if e.mark != nil {
			all[i].refused, refused = refused[0], refused[1:]
		} else {
			all[i].received, received = &received[0], received[1:]
		}
	}
	return all
}
