package store

import (
	"errors"
	"testing"
	"time"

	"golang.org/x/oauth2"
)

// TestMixedCommitAnswersInOrder commits events together with marks of others, a known event and marks that are refused among them.
func TestMixedCommitAnswersInOrder(t *testing.T) {
	s, _ := openFile(t)
	now := time.Now()
	conn, err := s.Connect(t.Context(), Connection{Email: "kate@example.com", MojoAccountID: "1", CreatedAt: now}, new(oauth2.Token), new(oauth2.Token), "")
	if err != nil {
		t.Fatal(err)
	}
	arrives := func(id string) entry {
		return entry{receipt: &receipt{event: Event{WebhookID: id, AccountID: "1", Type: "call.completed", ReceivedAt: now}}}
	}
	written := func(e Event) entry {
		return entry{mark: &mark{claim: []string{e.ID}, outcome: &Outcome{EventID: e.ID, State: EventWritten, At: now}}}
	}
	first, err := s.commit(t.Context(), []entry{arrives("a"), arrives("b")})
	if err != nil {
		t.Fatal(err)
	}
	a, b := first[0].received.Event, first[1].received.Event

	got, err := s.commit(t.Context(), []entry{written(a), arrives("c"), written(Event{ID: "none"}), arrives("a"), written(b), arrives("d")})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []error{nil, nil, ErrNotFound, nil, nil, nil} {
		if !errors.Is(got[i].refused, want) {
			t.Errorf("entry %d: got %v, want %v", i, got[i].refused, want)
		}
	}
	for i, want := range map[int]string{1: "c", 3: "a", 5: "d"} {
		r := got[i].received
		if r.Event.WebhookID != want || r.New != (want != "a") {
			t.Errorf("entry %d: got %q, new %t; want %q", i, r.Event.WebhookID, r.New, want)
		}
	}
	if id := got[3].received.Event.ID; id != a.ID {
		t.Errorf("the known event has id %q, want %q", id, a.ID)
	}
	ledger, err := s.Ledger(t.Context(), conn.ID)
	if err != nil || ledger.Written != 2 || ledger.Waiting != 2 || ledger.Received != 4 {
		t.Errorf("got ledger %+v, %v; want 2 written and 2 waiting of 4", ledger, err)
	}
}
