// Package storetest opens stores for tests, each on a database of its own, on both engines:
//
//	storetest.Each(t, func(t *testing.T, s *store.Store) { … })
//
// The PostgreSQL server is the one of TEST_DATABASE_URL, whose user must be allowed to create databases. Without that variable
// each test process starts a server for itself, see package cluster; command pg starts one for many.
package storetest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"addtomojo/store"
	"addtomojo/store/migrations"
	"addtomojo/store/storetest/cluster"
)

// The engines, as Open and URL want them.
const (
	SQLite   = "sqlite"
	Postgres = "postgres"
)

// Engines returns all of them.
func Engines() []string {
	return []string{SQLite, Postgres}
}

// Each runs f as a subtest on a new store of each engine.
func Each(t *testing.T, f func(t *testing.T, s *store.Store)) {
	t.Helper()
	for _, engine := range Engines() {
		t.Run(engine, func(t *testing.T) { f(t, Open(t, engine)) })
	}
}

// EachURL is Each for a test that opens the new database by itself, several times say.
func EachURL(t *testing.T, f func(t *testing.T, url string)) {
	t.Helper()
	for _, engine := range Engines() {
		t.Run(engine, func(t *testing.T) { f(t, URL(t, engine)) })
	}
}

// Open returns a new, empty store, which is closed and gone when the test ends.
func Open(t testing.TB, engine string) *store.Store {
	t.Helper()
	return At(t, URL(t, engine))
}

// At opens the database of a URL, for instance a second time as another instance would. It is closed when the test ends.
func At(t testing.TB, url string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), url, Vault(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// URL returns what store.Open takes for a new database, which no key has sealed yet. It is gone when the test ends.
func URL(t testing.TB, engine string) string {
	t.Helper()
	if engine == SQLite {
		return filepath.Join(t.TempDir(), "addtomojo.db")
	}
	s, err := theServer()
	if err != nil {
		t.Fatal(err)
	}
	name := "test_" + strings.ToLower(rand.Text())
	if err := s.do(t.Context(), "create database "+name+" template "+s.template); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // the test's context has ended
		if err := s.do(context.Background(), "drop database "+name+" with (force)"); err != nil {
			t.Error(err)
		}
	})
	return s.database(name)
}

// Refuse makes every "insert" or "update" of a table fail, as a broken disk would, until the returned function is called.
func Refuse(t testing.TB, url, what, table string) (stop func()) {
	t.Helper()
	db := SQL(t, url)
	do := func(statement string) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Error(err)
		}
	}
	begin := "begin select raise(abort, 'refused by the test'); end"
	if isPostgres(url) {
		do("create or replace function refuse() returns trigger language plpgsql as 'begin raise exception ''refused by the test''; end'")
		begin = "for each row execute function refuse()"
	}
	name := "refuse_" + what + "_" + table
	do("create trigger " + name + " before " + what + " on " + table + " " + begin)
	drop := "drop trigger " + name
	if isPostgres(url) {
		drop += " on " + table
	}
	return func() { do(drop) }
}

// SQL opens the database of a URL beside its store. It is closed when the test ends.
func SQL(t testing.TB, url string) *sql.DB {
	t.Helper()
	driver, address := "sqlite", "file:"+url+"?_pragma=busy_timeout(10000)"
	if isPostgres(url) {
		driver, address = "pgx", url
	}
	db, err := sql.Open(driver, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// FillAudits adds n lines to the audit log: a second apart, by 20 people, of 10 kinds and of one nobody does but once in 100,000,
// half of them about one of 50,000 accounts. They count themselves, from "detail 0" on, the oldest.
func FillAudits(t testing.TB, url string, n int) {
	t.Helper()
	lines := sqliteAudits
	if isPostgres(url) {
		lines = postgresAudits
	}
	if _, err := SQL(t, url).ExecContext(t.Context(), fmt.Sprintf(lines, n)); err != nil {
		t.Fatal(err)
	}
}

const (
	sqliteAudits = `
with recursive n (i) as (select 0 union all select i + 1 from n where i + 1 < %d),
    a as (select i, 1700000000000 + i * 1000 as at, printf('%%012x', 1700000000000 + i * 1000) as h from n)
insert into audits (id, at, who, role, action, connection_id, launch_id, detail)
select substr(h, 1, 8) || '-' || substr(h, 9) || '-7000-8000-' || printf('%%012x', i), at, 'staff' || (i %% 20) || '@example.com', 'viewer',
    case when i %% 100000 = 7 then 'rare' else 'kind' || (i %% 10) end, case when i %% 2 = 0 then 'account' || (i / 2 %% 50000) else '' end, '', 'detail ' || i
from a`
	postgresAudits = `
with a as (select i, 1700000000000 + i * 1000::bigint as at, lpad(to_hex(1700000000000 + i * 1000::bigint), 12, '0') as h from generate_series(0, %d - 1) as i)
insert into audits (id, at, who, role, action, connection_id, launch_id, detail)
select substr(h, 1, 8) || '-' || substr(h, 9) || '-7000-8000-' || lpad(to_hex(i), 12, '0'), at, 'staff' || (i %% 20) || '@example.com', 'viewer',
    case when i %% 100000 = 7 then 'rare' else 'kind' || (i %% 10) end, case when i %% 2 = 0 then 'account' || (i / 2 %% 50000) else '' end, '', 'detail ' || i
from a`
)

func isPostgres(url string) bool { return strings.HasPrefix(url, "postgres") }

// Vault returns the vault of this process's stores.
func Vault(t testing.TB) *store.Vault {
	t.Helper()
	v, err := theVault()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// A test process has one vault and at most one server; they live as long as the process.
var (
	theVault  = sync.OnceValues(newVault)
	theServer = sync.OnceValues(newServer)
)

func newVault() (*store.Vault, error) {
	keyset, err := store.GenerateKeyset()
	if err != nil {
		return nil, err
	}
	return store.NewVault(keyset)
}

// A server is a PostgreSQL server with a migrated database to copy for each test.
type server struct {
	url      *url.URL
	template string
	cluster  *cluster.Cluster // held, for it ends when nobody does; nil when it isn't ours
}

func newServer() (*server, error) {
	s := new(server)
	address := os.Getenv("TEST_DATABASE_URL")
	if address == "" {
		c, err := cluster.Start()
		if err != nil {
			return nil, err
		}
		s.cluster, address = c, c.URL
	}
	var err error
	if s.url, err = url.Parse(address); err != nil {
		return nil, err
	}
	return s, s.makeTemplate(context.Background())
}

// database is the URL of another database of the same server.
func (s *server) database(name string) string {
	u := *s.url
	u.Path = "/" + name
	return u.String()
}

func (s *server) do(ctx context.Context, statements ...string) error {
	conn, err := pgx.Connect(ctx, s.url.String())
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, statement := range statements {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

// makeTemplate makes the template, unless this process or another one has made it. It is named after the schema in it.
func (s *server) makeTemplate(ctx context.Context) error {
	schema, err := fingerprint()
	if err != nil {
		return err
	}
	s.template = "addtomojo_" + schema
	conn, err := pgx.Connect(ctx, s.url.String())
	if err != nil {
		return err
	}
	defer conn.Close(ctx) // which frees the lock
	if _, err := conn.Exec(ctx, "select pg_advisory_lock(hashtext('addtomojo template'))"); err != nil {
		return err
	}
	var found bool
	err = conn.QueryRow(ctx, "select exists (select from pg_database where datname = $1)", s.template).Scan(&found)
	if err != nil || found {
		return err
	}
	half := s.template + "_new"
	if err := s.do(ctx, "drop database if exists "+half, "create database "+half); err != nil {
		return err
	}
	if err := fill(ctx, s.database(half)); err != nil {
		return err
	}
	return s.do(ctx, "alter database "+half+" rename to "+s.template)
}

// fill migrates a database and leaves no key's mark in it.
func fill(ctx context.Context, url string) error {
	v, err := theVault()
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, url, v)
	if err != nil {
		return err
	}
	if err := s.Close(); err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, "delete from vault")
	return err
}

func fingerprint() (string, error) {
	h := sha256.New()
	err := fs.WalkDir(migrations.Files, "postgres", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(migrations.Files, path)
		h.Write(b)
		return err
	})
	return fmt.Sprintf("%x", h.Sum(nil)[:6]), err
}
