package store

import (
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
		if left, err := e.checkpoint(t.Context()); left != 0 || err != nil {
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

// openFile opens a new SQLite database, whose path it returns.
func openFile(t *testing.T) (*Store, string) {
	t.Helper()
	keyset, err := GenerateKeyset()
	if err != nil {
		t.Fatal(err)
	}
	vault, err := NewVault(keyset)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "addtomojo.db")
	s, err := Open(t.Context(), path, vault)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, path
}
