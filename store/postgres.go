package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"addtomojo/store/internal/rows"
)

// connectTime is how long a connection may take to come about, where the URL has no connect_timeout. Without an end to it, a start would
// wait for minutes for an address where nobody is.
const connectTime = 10 * time.Second

// openPostgres opens the database for one of several instances, with at most 14 connections. They are set up as they are made: a
// pooler between must not hand them from one transaction to the next.
func openPostgres(ctx context.Context, url string) (*Store, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	config.ConnectTimeout = cmp.Or(config.ConnectTimeout, connectTime)
	db := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(limitIdleTransactions))
	db.SetMaxOpenConns(10)
	db.SetMaxIdleConns(10)
	db.SetConnMaxIdleTime(5 * time.Minute)
	if err := db.PingContext(ctx); err != nil { // one try: goose would make twenty, and wait between them
		db.Close()
		return nil, err
	}
	if err := migratePostgres(ctx, db); err != nil {
		db.Close()
		return nil, err
	}
	often := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(keepPlans))
	often.SetMaxOpenConns(4)
	often.SetMaxIdleConns(4)
	often.SetConnMaxIdleTime(5 * time.Minute)
	return &Store{writer: db, reader: db, often: often, engine: onPostgres{}}, nil
}

// keepPlans has the server plan a statement once. By itself it plans one over few rows anew each time, which takes twice as long as to
// run it; and a plan that it keeps from when the tables were small reads all of them when they have grown. There is an index for each
// statement that is run often.
func keepPlans(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, "set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set enable_material = off")
	return err
}

// limitIdleTransactions keeps an instance that hangs or was cut off from holding up the others by its locks.
func limitIdleTransactions(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, "set idle_in_transaction_session_timeout = '10s'")
	return err
}

type onPostgres struct{}

func (onPostgres) on(db *sql.DB, t *sql.Tx) rows.DBTX {
	if t != nil {
		return dollars{t}
	}
	return dollars{db}
}

// spread runs a statement once over all rows, each column an array. A single row stays as it is: the server then sees one, and doesn't
// plan for ten.
func (onPostgres) spread(t table, fixed []any) (source string, args [][]any) {
	if len(t.rows) == 1 {
		return "(values (" + t.casts(len(fixed), "") + ")) as v", [][]any{slices.Concat(fixed, t.rows[0])}
	}
	names := make([]string, len(t.kinds))
	columns := slices.Clone(fixed)
	for i, kind := range t.kinds {
		names[i] = fmt.Sprintf("column%d", i+1)
		columns = append(columns, array(kind, t.rows, i))
	}
	return fmt.Sprintf("unnest(%s) as v (%s)", t.casts(len(fixed), "[]"), strings.Join(names, ", ")), [][]any{columns}
}

// array makes an array of a column.
func array(kind string, rows [][]any, column int) any {
	switch kind {
	case "bigint":
		return gather(rows, column, func(v any) int64 {
			if n, ok := v.(int); ok {
				return int64(n)
			}
			return v.(int64)
		})
	case "boolean":
		return gather(rows, column, func(v any) bool { return v.(bool) })
	}
	return gather(rows, column, func(v any) string { return v.(string) })
}

func gather[T any](rows [][]any, column int, as func(any) T) []T {
	values := make([]T, len(rows))
	for i, row := range rows {
		values[i] = as(row[column])
	}
	return values
}

func (onPostgres) oneByOne() bool { return false }

func (onPostgres) ended(context.Context) {}

func (onPostgres) close() {}

// migratePostgres lets one of several instances that start together migrate, and the others wait.
func migratePostgres(ctx context.Context, db *sql.DB) error {
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300)) // every second, five minutes long
	if err != nil {
		return err
	}
	err = migrate(ctx, goose.DialectPostgres, db, "postgres", goose.WithSessionLocker(locker))
	if err == nil {
		return nil
	}
	var user string
	var may bool
	const ask = "select current_user, coalesce(has_schema_privilege(current_schema(), 'create'), false)"
	if asked := db.QueryRowContext(ctx, ask).Scan(&user, &may); asked == nil && !may { // goose speaks of a table that isn't there
		return fmt.Errorf("the user %q may not make tables: in this database, run as its owner `grant create on schema public to %s`",
			user, pgx.Identifier{user}.Sanitize())
	}
	return err
}

// dollars passes on queries with SQLite's ?1 written as PostgreSQL's $1. No query has another question mark.
type dollars struct{ db rows.DBTX }

func dollar(query string) string {
	return strings.ReplaceAll(query, "?", "$")
}

func (d dollars) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return d.db.ExecContext(ctx, dollar(query), args...)
}

func (d dollars) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	return d.db.PrepareContext(ctx, dollar(query))
}

func (d dollars) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return d.db.QueryContext(ctx, dollar(query), args...)
}

func (d dollars) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return d.db.QueryRowContext(ctx, dollar(query), args...)
}

func isUniquePostgres(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && e.Code == "23505" // unique_violation
}

func isFullPostgres(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && e.Code == "53100" // disk_full
}
