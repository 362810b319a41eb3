// Package store is everything that Add to Mojo remembers: launches, sessions, sign-ins in the making, connections with their
// sealed tokens and how their two sides go, pushes with their contacts, links, what Mojo told us with its way into Wise Agent, what
// people were told of a lost connection, what support staff finds them by and did, and the work that waits (revocations, leases).
//
// [Open] takes a file for SQLite, the default, or the URL of a PostgreSQL database, and brings the schema up to date. The rest
// is the same on both:
//
//	vault, err := store.NewVault(os.Getenv("ENCRYPTION_KEYSET"))
//	s, err := store.Open(ctx, "addtomojo.db", vault)
//	defer s.Close()
//	conn, err := s.ConnectionByEmail(ctx, "kate@example.com")
//
// One exported method is one transaction and one fact: a change and the work that follows from it are stored together or not at
// all, and what a method has reported is on disk. A method that finds nothing returns [ErrNotFound]; one whose compare-and-set
// was overtaken returns [ErrStale]. Methods are safe for concurrent use, by several processes too on PostgreSQL, and never wait
// for anything but the database.
//
// Callers give the present time, so that they may have a clock of their own. Times come back in UTC, exact to the millisecond;
// the zero time is "not yet" or "unknown". Ids are text, UUIDv7 as [NewID] makes them. E-mails are compared and come back
// trimmed and in lower case.
//
// Tokens and PKCE verifiers are sealed by the [Vault], each bound to its row and column; nothing else is. After a
// key was added [Reseal] brings all of them under it.
//
// The queries are in queries/, written once for both engines; sqlc makes internal/rows of them. The schema is in migrations/.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	sqlite3 "modernc.org/sqlite/lib"

	"addtomojo/store/internal/rows"
)

var (
	// ErrNotFound says that there is no such row, or that it has expired.
	ErrNotFound = errors.New("not found")
	// ErrFull says that the database's disk has no room left: nothing was changed.
	ErrFull = errors.New("no room left on the disk")
	// ErrLocked says that another program had SQLite's file locked for longer than anything of ours takes.
	ErrLocked = errors.New("another program keeps the database locked")
	// ErrReadOnly says that SQLite may not write its file, or beside it.
	ErrReadOnly = errors.New("the database's file, its folder or its disk is read-only")
	// ErrStale says that somebody else was faster and that nothing was changed, unless the method says otherwise.
	ErrStale = errors.New("changed meanwhile")
)

// Store is an open database. Make one with [Open].
type Store struct {
	// OnCommit is told of each shared commit of events and their deliveries: how many went into it, how long it took and what came
	// of it. Set it before the Store is used; nil tells nobody.
	OnCommit func(items int, took time.Duration, err error)

	writer, reader *sql.DB // one and the same on PostgreSQL
	often          *sql.DB // for what is read for each event; the reader on SQLite
	engine         engine
	vault          *Vault
	receiver       *sharer[entry, done] // of events that arrive
	marker         *sharer[entry, done] // of their deliveries; one and the same on SQLite
	full           atomic.Int64         // when the disk was last found full, Unix milliseconds; 0 never
}

// An engine is what differs between SQLite and PostgreSQL once the database is open.
type engine interface {
	// on returns how statements are run on a pool, or in a transaction unless that is nil.
	on(db *sql.DB, t *sql.Tx) rows.DBTX
	// spread returns the SQL of a table's rows as v, numbered after the fixed arguments, and the arguments of each run over them.
	spread(t table, fixed []any) (source string, args [][]any)
	// oneByOne tells that a statement over many rows is run once for each. One that is written for a single row is faster then.
	oneByOne() bool
	// ended is called when a transaction has ended.
	ended(ctx context.Context)
	// close is called before the pools are closed.
	close()
}

// Open opens the database and migrates it. The url is a path or "sqlite:path" for SQLite, "postgres://…" for PostgreSQL. Pragmas
// of SQLite may follow: "sqlite:path?_pragma=max_page_count(250000)" keeps the file under a gigabyte.
// It returns [ErrWrongKey] when the vault is not the one that sealed what is in the database. Close the Store after use.
func Open(ctx context.Context, url string, v *Vault) (*Store, error) {
	s, err := open(ctx, url)
	if err != nil {
		return nil, named("open database", err)
	}
	s.vault = v
	for _, prepare := range []func(context.Context) error{s.checkVault, s.nameAll} {
		if err := prepare(ctx); err != nil {
			s.closeDatabase()
			return nil, err
		}
	}
	s.receiver = newSharer(s.commit)
	s.marker = s.receiver
	if s.reader == s.writer { // PostgreSQL commits both side by side
		s.marker = newSharer(s.commit)
	}
	return s, nil
}

func open(ctx context.Context, url string) (*Store, error) {
	if isPostgres(url) {
		return openPostgres(ctx, url)
	}
	path, more, err := sqlitePath(url)
	if err != nil {
		return nil, err
	}
	return openSQLite(ctx, path, more)
}

func isPostgres(url string) bool {
	return strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://")
}

// sqlitePath gives the path of a SQLite database, and the pragmas that follow it. PostgreSQL's other spelling, "host=… password=…", is
// no path: it would become a file with the password in its name. Nor are pragmas behind a plain one: it would be another, empty file.
func sqlitePath(url string) (path, more string, err error) {
	path = strings.TrimPrefix(url, "sqlite:")
	if path == url && strings.Contains(path, "?_pragma=") {
		return "", "", errors.New("pragmas follow sqlite:path, not a path alone")
	}
	if path != url { // only then may something follow: a plain path may have a ? in it
		path, more, _ = strings.Cut(path, "?")
	}
	if path == "" || strings.Contains(path, "://") || strings.HasPrefix(path, "postgres:") || strings.Contains(path, "host=") {
		return "", "", errors.New("want a path, sqlite:path or postgres://…")
	}
	return path, more, nil
}

// Close waits for running transactions and closes the database.
func (s *Store) Close() error {
	s.receiver.close()
	s.marker.close()
	return s.closeDatabase()
}

func (s *Store) closeDatabase() error {
	s.engine.close()
	if s.reader == s.writer {
		return errors.Join(s.often.Close(), s.writer.Close())
	}
	return errors.Join(s.reader.Close(), s.writer.Close()) // the writer last: it empties the write-ahead log
}

// Ping tells whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	return named("ping database", s.reader.PingContext(ctx))
}

// FullAt is when this process last found the database's disk without room, by the machine's clock; zero if it never did.
func (s *Store) FullAt() time.Time {
	return moment(s.full.Load())
}

// NewID makes an id for a row: a UUIDv7.
func NewID() string {
	return uuid.Must(uuid.NewV7()).String()
}

// A tx is a transaction, or for reading a plain connection: the generated queries, and the rest for those in bulk.go.
type tx struct {
	*rows.Queries
	engine
	conn rows.DBTX
}

func (s *Store) on(db *sql.DB, t *sql.Tx) tx {
	conn := s.engine.on(db, t)
	return tx{rows.New(conn), s.engine, conn}
}

// write runs f in a transaction. Every change of the database goes through here. On PostgreSQL it is READ COMMITTED: f must lock
// what it decides by (LockLiveConnection and its like) or put the condition into the statement that writes. Locks are taken in
// the order turn (receive, deliver), connection, push or token, contact.
func (s *Store) write(ctx context.Context, op string, f func(q tx) error) error {
	t, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return s.noted(op, err)
	}
	defer s.engine.ended(ctx)
	defer t.Rollback()
	if err := f(s.on(s.writer, t)); err != nil {
		return s.noted(op, err)
	}
	return s.noted(op, t.Commit())
}

// noted names an error of writing, and notes when the disk was full.
func (s *Store) noted(op string, err error) error {
	err = named(op, err)
	if errors.Is(err, ErrFull) {
		s.full.Store(time.Now().UnixMilli())
	}
	return err
}

// insert is write for what may lose a race, for a unique index or with ErrStale: f runs again and then sees the winner's row.
func (s *Store) insert(ctx context.Context, op string, f func(q tx) error) error {
	for range 3 {
		if err := s.write(ctx, op, f); !isUnique(err) && !errors.Is(err, ErrStale) {
			return err
		}
	}
	return s.write(ctx, op, f)
}

// read runs f outside of a transaction: each statement sees what is committed when it starts.
func (s *Store) read(ctx context.Context, op string, f func(q tx) error) error {
	return named(op, f(s.on(s.reader, nil)))
}

func named(op string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("%s: %w", op, ErrNotFound)
	case isSQLite(err, sqlite3.SQLITE_FULL), isFullPostgres(err):
		return fmt.Errorf("%s: %w: %w", op, ErrFull, err)
	case isSQLite(err, sqlite3.SQLITE_BUSY):
		return fmt.Errorf("%s: %w: %w", op, ErrLocked, err)
	case isSQLite(err, sqlite3.SQLITE_READONLY):
		return fmt.Errorf("%s: %w: %w", op, ErrReadOnly, err)
	}
	if why := unreachable(err); why != "" {
		return fmt.Errorf("%s: %w: %w", op, ErrUnreachable, &unreachableError{why, err})
	}
	return fmt.Errorf("%s: %w", op, err)
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func normal(email string) string {
	return strings.ToLower(strings.TrimSpace(email))
}

// collect makes exported values of rows.
func collect[Row, T any](from []Row, as func(Row) T) []T {
	to := make([]T, len(from))
	for i, r := range from {
		to[i] = as(r)
	}
	return to
}
