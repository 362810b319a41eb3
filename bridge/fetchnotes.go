package bridge

import (
	"context"
	"fmt"

	"addtomojo/wiseagent"

	"golang.org/x/sync/errgroup"
)

// fillNotes fetches the notes ahead for a selection of ordinary size. What fails here is fetched by the push.
func (b *Bridge) fillNotes(ctx context.Context, s *selection) {
	if s.failed() || len(s.ids) > b.notesAhead() {
		return
	}
	calls, ctx := errgroup.WithContext(ctx)
	calls.SetLimit(callsAtOnce)
	for _, id := range s.ids {
		f, _ := s.peek(id)
		if f.missing || f.unread || f.contact.Vendor || ctx.Err() != nil {
			continue
		}
		calls.Go(func() error {
			if s.notesBegun(id) {
				return nil // by the push, which may have taken them already
			}
			_, err := b.notes(ctx, s, id)
			return err
		})
	}
	if err := calls.Wait(); err != nil {
		b.log().Info("notes not prefetched", "connection", s.connID, "err", err)
	}
}

// noteFetch is a contact's notes, perhaps still on their way.
type noteFetch struct {
	done  chan struct{}
	notes []wiseagent.Note
	err   error
}

// notes gives a contact's notes, fetched once however many ask: ahead of the button and by the push.
func (b *Bridge) notes(ctx context.Context, s *selection, clientID string) ([]wiseagent.Note, error) {
	s.mu.Lock()
	f := s.notes[clientID]
	mine := f == nil
	if mine {
		f = &noteFetch{done: make(chan struct{})}
		s.notes[clientID] = f
	}
	s.mu.Unlock()
	if mine {
		f.notes, f.err = b.fetchNotes(ctx, s, clientID)
		s.gotNotes(clientID, f.err)
		close(f.done)
		return f.notes, f.err
	}
	select {
	case <-f.done:
		if f.err == nil {
			return f.notes, nil
		}
		return b.fetchNotes(ctx, s, clientID) // the other asker may just have left
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

const (
	notesPage  = 100
	notesPages = 50 // far more than a contact has; ends a listing that goes round in circles
)

// fetchNotes reads a contact's notes, page by page: their order is not published.
func (b *Bridge) fetchNotes(ctx context.Context, s *selection, clientID string) ([]wiseagent.Note, error) {
	var all []wiseagent.Note
	for page := 1; page <= notesPages; page++ {
		var notes []wiseagent.Note
		err := b.readWise(ctx, s, func(api *wiseagent.API) (err error) {
			notes, err = api.Notes(ctx, clientID, page, notesPage)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read notes: %w", err)
		}
		all = append(all, notes...)
		if len(notes) < notesPage {
			break
		}
	}
	return all, nil
}
