package store

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestLogStartsAnew copies the log beside the writer: then it must not grow.
func TestLogStartsAnew(t *testing.T) {
	s, path := openFile(t)
	e := s.engine.(*onSQLite)
	var sizes []int64
	for range 3 {
		for i := range 100 {
			id := fmt.Sprint(len(sizes), i)
			if _, err := s.ReceiveEvent(t.Context(), Event{WebhookID: id, AccountID: "1", Type: "call.completed", ReceivedAt: time.Now()}, ""); err != nil {
				t.Fatal(err)
			}
		}
		e.catchUp(t.Context())
		if left, err := e.checkpoint(t.Context(), "noop"); left != 0 || err != nil {
			t.Fatalf("got %d pages left, %v; want none", left, err)
		}
		info, err := os.Stat(path + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, info.Size())
	}
	if sizes[0] == 0 || sizes[2] > sizes[0]+sizes[0]/4 {
		t.Errorf("the log had %v bytes after each turn, want no growth", sizes)
	}
}

// TestLogIsCopiedInQuietMoments writes a little and then nothing.
func TestLogIsCopiedInQuietMoments(t *testing.T) {
	s, _ := openFile(t)
	e := s.engine.(*onSQLite)
	receiveBig(t, s, 0, 1)
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		switch left, err := e.checkpoint(t.Context(), "noop"); {
		case err != nil:
			t.Fatal(err)
		case left == 0:
			return
		case time.Now().After(deadline):
			t.Fatalf("%d pages of the log are never copied", left)
		}
	}
}

// TestLargeLogIsCopiedWithoutQuiet writes on and on: the log is copied all the same, and before the writer would have to.
func TestLargeLogIsCopiedWithoutQuiet(t *testing.T) {
	s, _ := openFile(t)
	e := s.engine.(*onSQLite)
	most := 0
	for i := range 1000 {
		receiveBig(t, s, i, 200)
		left, err := e.checkpoint(t.Context(), "noop")
		if err != nil {
			t.Fatal(err)
		}
		if most = max(most, left); most >= logLimit {
			t.Fatalf("the log has %d pages that are not copied", most)
		}
		if left < most/2 && most >= largeLog {
			return
		}
		time.Sleep(10 * time.Millisecond) // far from quiet
	}
	t.Errorf("the log has %d pages and was never copied", most)
}

// receiveBig stores an event of about so many pages.
func receiveBig(t *testing.T, s *Store, i, pages int) {
	t.Helper()
	body := bytes.Repeat([]byte("x"), pages*4096)
	e := Event{WebhookID: fmt.Sprint(i), AccountID: "1", Type: "call.completed", ReceivedAt: time.Now(), Body: body}
	if _, err := s.ReceiveEvent(t.Context(), e, ""); err != nil {
		t.Fatal(err)
	}
}

// openFile opens a new SQLite database, whose path it returns.
func openFile(t *testing.T) (*Store, string) {
	t.Helper()
	vault := newVault(t, newKeyset(t))
	path := filepath.Join(t.TempDir(), "addtomojo.db")
	s, err := Open(t.Context(), path, vault)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, path
}
