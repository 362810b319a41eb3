package store_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"addtomojo/store"
	"addtomojo/store/storetest"
)

// The server ends the connection in the middle of a receipt, as it does when it is restarted: the receipt fails as a whole, and
// the next one, on another connection, does not have to wait for it.
func TestAReceiptWhoseConnectionBreaksLeavesNothing(t *testing.T) {
	url := storetest.URL(t, storetest.Postgres)
	s := storetest.At(t, url)
	c, err := s.Connect(t.Context(), kate(), token("mojo"), token("wise"), "")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close(t.Context())
	do := func(statement string) int64 {
		t.Helper()
		done, err := raw.Exec(t.Context(), statement)
		if err != nil {
			t.Fatal(err)
		}
		return done.RowsAffected()
	}
	for _, kind := range []string{"receive", "deliver"} {
		do("begin")
		do("update turns set last = last where name = '" + kind + "'")
		failed := make(chan error, 1)
		go func() {
			if kind == "receive" {
				_, err := s.ReceiveEvent(t.Context(), call("msg_1", 1), "worker")
				failed <- err
				return
			}
			e, err := s.EventByWebhook(t.Context(), "msg_1")
			if err == nil {
				err = s.FinishEvent(t.Context(), store.Outcome{EventID: e.ID, State: store.EventWritten, At: time.Now()})
			}
			failed <- err
		}()
		const end = `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
		for tries := 0; do(end) == 0; tries++ {
			if tries == 10_000 {
				t.Fatalf("%s: nobody waits for the turn", kind)
			}
			time.Sleep(time.Millisecond)
		}
		if err := <-failed; err == nil {
			t.Errorf("%s: no error after the connection broke", kind)
		}
		do("rollback")
		if kind == "receive" {
			if got, err := s.ReceiveEvent(t.Context(), call("msg_1", 1), "worker"); err != nil || !got.New {
				t.Errorf("once more: got %+v, %v, want a new event", got, err)
			}
			continue
		}
		if l, err := s.Ledger(t.Context(), c.ID); err != nil || l.Waiting != 1 || l.Received != 1 {
			t.Errorf("ledger %+v, %v, want the event to wait", l, err)
		}
		e, err := s.EventByWebhook(t.Context(), "msg_1")
		if err == nil {
			err = s.FinishEvent(t.Context(), store.Outcome{EventID: e.ID, State: store.EventWritten, At: time.Now()})
		}
		if err != nil {
			t.Errorf("once more: %v", err)
		}
	}
}
