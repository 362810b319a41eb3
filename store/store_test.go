package store_test

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"addtomojo/store"
	"addtomojo/store/storetest"
)

// noon is the present in these tests.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// check fails the test on an error.
func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused fails the test unless the error is the wanted one.
func refused(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Fatalf("got error %v, want %v", got, want)
	}
}

// same fails the test unless both are written the same.
func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if g, w := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); g != w {
		t.Errorf("%s:\ngot  %s\nwant %s", what, g, w)
	}
}

func token(name string) *oauth2.Token {
	return &oauth2.Token{
		AccessToken:  "access-" + name,
		RefreshToken: "refresh-" + name,
		TokenType:    "Bearer",
		Expiry:       noon.Add(time.Hour),
	}
}

func sameToken(t *testing.T, what string, got, want *oauth2.Token) {
	t.Helper()
	if got.AccessToken != want.AccessToken || got.RefreshToken != want.RefreshToken ||
		got.TokenType != want.TokenType || !got.Expiry.Equal(want.Expiry) {
		t.Errorf("%s: got %+v, want %+v", what, got, want)
	}
}

// kate is a connection that is not stored yet.
func kate() store.Connection {
	return store.Connection{
		Email:           "kate@example.com",
		Name:            "Kate Ortiz",
		Scopes:          "profile contacts team",
		MojoAccountID:   "4711",
		MojoAccountName: "Ortiz Homes",
		MojoAccountURL:  "https://lb11.example.com",
		MojoAgentID:     "77",
		MojoAgentName:   "Kate O.",
		MojoAgentEmail:  "kate.o@example.com",
		MojoPermission:  "admin",
		MojoLogin:       "kateo",
		TimeZone:        "America/Phoenix",
		CreatedAt:       noon,
	}
}

// connected stores Kate's connection.
func connected(t *testing.T, s *store.Store) store.Connection {
	t.Helper()
	c, err := s.Connect(t.Context(), kate(), token("mojo"), token("wise"), "")
	check(t, err)
	return c
}

// launched stores a launch of Kate's.
func launched(t *testing.T, s *store.Store) store.Launch {
	t.Helper()
	l, err := s.CreateLaunch(t.Context(), store.Launch{Contacts: []string{"26855"}, CreatedAt: noon}, "", time.Time{})
	check(t, err)
	return l
}

// run runs statements past the store, as a thief or a clumsy operator would.
func run(t *testing.T, engine, url string, statements ...string) {
	t.Helper()
	db := raw(t, engine, url)
	for _, statement := range statements {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

func raw(t *testing.T, engine, url string) *sql.DB {
	t.Helper()
	driver := map[string]string{storetest.SQLite: "sqlite", storetest.Postgres: "pgx"}[engine]
	db, err := sql.Open(driver, url)
	check(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

func TestOpenAgain(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		first := storetest.At(t, url)
		want := connected(t, first)
		check(t, first.Close())

		second := storetest.At(t, url)
		check(t, second.Ping(t.Context()))
		got, err := second.Connection(t.Context(), want.ID)
		check(t, err)
		same(t, "connection after opening again", got, want)
	})
}

func TestOpenWithAnotherKey(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		storetest.At(t, url)
		keyset, err := store.GenerateKeyset()
		check(t, err)
		other, err := store.NewVault(keyset)
		check(t, err)
		_, err = store.Open(t.Context(), url, other)
		refused(t, err, store.ErrWrongKey)
	})
}

func TestOpenPaths(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, test := range []struct{ url, file string }{
		{"plain.db", "plain.db"},
		{"sqlite:named.db", "named.db"},
		{filepath.Join(dir, "absolute.db"), "absolute.db"},
		{"odd ?#%41 name.db", "odd ?#%41 name.db"},
	} {
		s, err := store.Open(t.Context(), test.url, storetest.Vault(t))
		if err != nil {
			t.Errorf("Open(%q): %v", test.url, err)
			continue
		}
		defer s.Close()
		info, err := os.Stat(test.file)
		if err != nil {
			t.Errorf("Open(%q): %v", test.url, err)
			continue
		}
		if got := info.Mode().Perm(); got != 0o600 {
			t.Errorf("Open(%q) made a file of mode %o, want 600", test.url, got)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, url := range []string{"", "sqlite:", "mysql://example.com/db", filepath.Join(t.TempDir(), "missing", "a.db")} {
		if s, err := store.Open(t.Context(), url, storetest.Vault(t)); err == nil {
			s.Close()
			t.Errorf("Open(%q) worked, want an error", url)
		}
	}
}

func TestOpenErrorKeepsPassword(t *testing.T) {
	for _, url := range []string{
		"postgres://mojo:hunter2@127.0.0.1:1/none?connect_timeout=1",
		"postgres://mojo:hunter2@127.0.0.1:port/none",
	} {
		_, err := store.Open(t.Context(), url, storetest.Vault(t))
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("Open: got error %v, want one without the password", err)
		}
	}
}
