package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"addtomojo/store"
	"addtomojo/store/storetest"
)

// The copy is a moment of the database: of what is written one after the other nothing is missing in between.
func TestBackupWhileOthersWrite(t *testing.T) {
	path := storetest.URL(t, storetest.SQLite)
	s := storetest.At(t, path)
	c := connected(t, s)
	stop := make(chan struct{})
	first := make(chan struct{})
	var writing sync.WaitGroup
	writing.Go(func() {
		for i := int64(1); ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			if err := s.SaveLinks(t.Context(), c.ID, []store.Link{{ClientID: fmt.Sprint(i), MojoContactID: i}}); err != nil {
				t.Error(err)
				return
			}
			if i == 50 {
				close(first)
			}
		}
	})
	<-first
	file := filepath.Join(t.TempDir(), "copy ?#%.db")
	check(t, store.Backup(t.Context(), "sqlite:"+path+"?_pragma=cache_size(-2000)", file))
	close(stop)
	writing.Wait()

	info, err := os.Stat(file)
	check(t, err)
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("the copy has mode %o, want 600", got)
	}
	restored := storetest.At(t, file)
	got, err := restored.Tokens(t.Context(), c.ID, store.Mojo)
	check(t, err)
	sameToken(t, "token in the copy", got.Token, token("mojo"))
	var links, last int64
	check(t, storetest.SQL(t, "/"+strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(file[1:])).
		QueryRowContext(t.Context(), "select count(*), max(mojo_contact_id) from links").Scan(&links, &last))
	if links < 50 || links != last {
		t.Errorf("the copy has %d links up to %d, want all up to a moment", links, last)
	}
	_, err = restored.Connect(t.Context(), kate(), token("a"), token("b"), "") // it can be written, too
	check(t, err)
}

func TestBackupRefuses(t *testing.T) {
	path := storetest.URL(t, storetest.SQLite)
	s := storetest.At(t, path)
	connected(t, s)
	folder := t.TempDir()
	there := filepath.Join(folder, "there.db")
	check(t, os.WriteFile(there, nil, 0o644))
	for name, test := range map[string]struct{ url, file string }{
		"a file that is there": {path, there},
		"the database itself":  {path, path},
		"a folder":             {path, folder},
		"a folder that isn't":  {path, filepath.Join(folder, "none", "copy.db")},
		"no database":          {path + ".none", filepath.Join(folder, "a.db")},
		"something else":       {"mysql://example.com/a", filepath.Join(folder, "b.db")},
	} {
		err := store.Backup(t.Context(), test.url, test.file)
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	err := store.Backup(t.Context(), "postgres://user:marked@db.example.com/a", filepath.Join(folder, "d.db"))
	refused(t, err, store.ErrNotAFile)
	if !strings.Contains(err.Error(), "pg_dump") || strings.Contains(err.Error(), "marked") {
		t.Errorf("got %v, want pg_dump named and no password", err)
	}
	check(t, s.SetTimeZone(t.Context(), connectionID(t, s), "America/Denver")) // the database is as it was
}

// What waited at that moment may be written before the copy is needed: it is looked for there, and not in the database itself.
func TestBackupDoubtsWhatWaits(t *testing.T) {
	path := storetest.URL(t, storetest.SQLite)
	s := storetest.At(t, path)
	c := connected(t, s)
	check(t, s.SaveLinks(t.Context(), c.ID, []store.Link{{ClientID: "7", MojoContactID: 58}}))
	got, err := s.ReceiveEvent(t.Context(), store.Event{
		WebhookID: "one", AccountID: c.MojoAccountID, Type: "call.completed", MojoContactID: 58, Body: []byte("{}"), ReceivedAt: noon, OccurredAt: noon,
	}, "")
	check(t, err)
	file := filepath.Join(t.TempDir(), "copy.db")
	check(t, store.Backup(t.Context(), path, file))
	for where, doubt := range map[*store.Store]bool{s: false, storetest.At(t, file): true} {
		e, err := where.Event(t.Context(), got.Event.ID)
		check(t, err)
		if e.State != store.EventWaiting || e.Doubt != doubt {
			t.Errorf("event %+v, want it waiting with doubt %t", e, doubt)
		}
	}
}

// What failed leaves nothing behind that could be taken for a backup.
func TestFailedBackupLeavesNoFile(t *testing.T) {
	folder := t.TempDir()
	broken, file := filepath.Join(folder, "broken.db"), filepath.Join(folder, "copy.db")
	check(t, os.WriteFile(broken, []byte(strings.Repeat("no database at all ", 100)), 0o600))
	if err := store.Backup(t.Context(), broken, file); err == nil {
		t.Error("a broken database was copied, want an error")
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("the copy: %v, want none", err)
	}
}

func connectionID(t *testing.T, s *store.Store) string {
	t.Helper()
	c, err := s.ConnectionByEmail(t.Context(), kate().Email)
	check(t, err)
	return c.ID
}
