package store

import (
	"database/sql"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

func TestAFullDiskIsNamedAndNothingIsHalfDone(t *testing.T) {
	vault := newVault(t, newKeyset(t))
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "small.db"), vault)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	// What SQLite does at this limit is what it does when the disk is full.
	if _, err := s.writer.ExecContext(t.Context(), "pragma max_page_count = 1"); err != nil {
		t.Fatal(err)
	}
	contacts := make([]string, 5000)
	for i := range contacts {
		contacts[i] = "1234567890"
	}
	launch, err := s.CreateLaunch(t.Context(), Launch{Contacts: contacts}, "nonce", time.Now().Add(time.Hour))
	if !errors.Is(err, ErrFull) {
		t.Fatalf("a launch on a full disk: %v, want ErrFull", err)
	}
	if _, err := s.Launch(t.Context(), launch.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("the launch afterwards: %v, want none", err)
	}
	if _, err := s.writer.ExecContext(t.Context(), "pragma max_page_count = 1000000"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateLaunch(t.Context(), Launch{Contacts: contacts}, "nonce", time.Now().Add(time.Hour)); err != nil {
		t.Errorf("the same launch once there is room: %v, want it taken", err)
	}
}

func TestPostgresSaysDiskFullToo(t *testing.T) {
	if err := named("create launch", &pgconn.PgError{Code: "53100"}); !errors.Is(err, ErrFull) {
		t.Errorf("PostgreSQL's disk_full gives %v, want ErrFull", err)
	}
}

func TestPragmasMayFollowASQLitePath(t *testing.T) {
	vault := newVault(t, newKeyset(t))
	path := filepath.Join(t.TempDir(), "small.db")
	s, err := Open(t.Context(), "sqlite:"+path+"?_pragma=max_page_count(700)&_pragma=cache_size(-500)", vault)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if !s.FullAt().IsZero() {
		t.Error("a disk that was never full is said to have been")
	}
	contacts := make([]string, 5000)
	for i := range contacts {
		contacts[i] = "1234567890"
	}
	for n := 0; ; n++ {
		_, err := s.CreateLaunch(t.Context(), Launch{Contacts: contacts}, "", time.Time{})
		if errors.Is(err, ErrFull) {
			break
		}
		if err != nil || n > 700 {
			t.Fatalf("launch %d: %v, want that 700 pages are full at some point", n, err)
		}
	}
	if time.Since(s.FullAt()) > time.Minute {
		t.Errorf("full at %s, want just now", s.FullAt())
	}
	for _, url := range []string{"sqlite:" + path + "?mode=ro", "sqlite:" + path + "?_pragma=foreign_keys(0)&x=1", "sqlite:" + path + "?%zz"} {
		if _, err := Open(t.Context(), url, vault); err == nil {
			t.Errorf("%s: opened, want an error", url)
		}
	}
}

// What stops an operator's first start says in plain words what it is.
func TestWhatKeepsADatabaseFromOpeningIsNamed(t *testing.T) {
	vault := newVault(t, newKeyset(t))
	folder := t.TempDir()
	for pragma, want := range map[string]error{
		"max_page_count(40)": ErrFull,
		"query_only(1)":      ErrReadOnly,
	} {
		path := filepath.Join(folder, pragma)
		if want != ErrFull { // of a database that is there
			s, err := Open(t.Context(), path, vault)
			if err != nil {
				t.Fatal(err)
			}
			s.Close()
		}
		s, err := Open(t.Context(), "sqlite:"+path+"?_pragma="+pragma, vault)
		if err == nil {
			s.Close()
		}
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", pragma, err, want)
		}
	}
}

func TestALockedDatabaseIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "locked.db")
	var errs [2]error
	for i := range errs { // the first has it locked when the second comes, which doesn't wait
		db, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate")
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		_, errs[i] = db.BeginTx(t.Context(), nil)
	}
	if err := named("look", errs[1]); errs[0] != nil || !errors.Is(err, ErrLocked) {
		t.Errorf("%v, then %v; want ErrLocked", errs[0], err)
	}
}
