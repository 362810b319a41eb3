package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

var (
	// ErrNoImport says that an import goes from a file of SQLite's to PostgreSQL, and nowhere else.
	ErrNoImport = errors.New("an import goes from a SQLite file into PostgreSQL")
	// ErrUsed says that a database has something in it.
	ErrUsed = errors.New("the database to import into is in use already")
)

// ownTables have rows in a database that nobody has used: what comes from elsewhere takes their place.
var ownTables = []string{"vault", "turns", "forgotten"}

// Imported counts what an import brought.
type Imported struct {
	Rows        int // of all tables
	Connections int
	Waiting     int // events
}

// Import copies a SQLite database, which may be of an earlier version of ours, into an empty one of PostgreSQL: all of it, or after an
// error nothing. The file is left as it is. Every event that waits is in doubt afterwards, as after [Backup]: the service that used the
// file may have gone on meanwhile. [ErrUsed] when the other database isn't empty, [ErrWrongKey] when the vault is not the one of both.
func Import(ctx context.Context, file, databaseURL string, v *Vault) (i Imported, err error) {
	if !isPostgres(databaseURL) || isPostgres(file) {
		return i, ErrNoImport
	}
	folder, err := os.MkdirTemp("", "addtomojo-import-")
	if err != nil {
		return i, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	copied := filepath.Join(folder, "copy.db")
	if err := Backup(ctx, file, copied); err != nil {
		return i, err
	}
	for _, at := range []string{copied, databaseURL} { // brings both to the same schema, and checks the keys
		s, err := Open(ctx, at, v)
		if err != nil {
			return i, err
		}
		if err := s.Close(); err != nil {
			return i, err
		}
	}
	i, err = importFile(ctx, copied, databaseURL)
	return i, named("import", err)
}

func importFile(ctx context.Context, file, databaseURL string) (i Imported, err error) {
	from, err := sql.Open("sqlite", "file:"+(&url.URL{Path: file}).EscapedPath()+"?mode=ro")
	if err != nil {
		return i, err
	}
	defer from.Close()
	to, err := pgx.Connect(ctx, databaseURL)
	if err != nil {
		return i, err
	}
	defer to.Close(context.WithoutCancel(ctx))
	err = pgx.BeginFunc(ctx, to, func(t pgx.Tx) error {
		tables, err := tablesOf(ctx, from)
		if err != nil {
			return err
		}
		if err := takeEmpty(ctx, t, tables); err != nil {
			return err
		}
		for _, table := range tables {
			n, err := copyTable(ctx, from, t, table)
			if err != nil {
				return fmt.Errorf("table %s: %w", table, err)
			}
			i.Rows += n
		}
		if err := goOn(ctx, t); err != nil {
			return err
		}
		return t.QueryRow(ctx, "select (select count(*) from connections where state <> 'reset'), (select count(*) from events where state = 'waiting')").
			Scan(&i.Connections, &i.Waiting)
	})
	return i, err
}

// tablesOf lists the tables of a SQLite database as they were made: each after those that it refers to.
func tablesOf(ctx context.Context, db *sql.DB) (tables []string, err error) {
	err = texts(ctx, db, &tables, "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%' and name <> 'goose_db_version' order by rowid")
	return tables, err
}

// texts reads the only column of an answer.
func texts(ctx context.Context, db *sql.DB, into *[]string, query string, args ...any) error {
	r, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer r.Close()
	for r.Next() {
		var s string
		if err := r.Scan(&s); err != nil {
			return err
		}
		*into = append(*into, s)
	}
	return r.Err()
}

// takeEmpty keeps everybody else from the tables until the commit, and makes sure that nobody has used them.
func takeEmpty(ctx context.Context, t pgx.Tx, tables []string) error {
	if _, err := t.Exec(ctx, "lock table "+strings.Join(tables, ", ")+" in access exclusive mode"); err != nil {
		return err
	}
	for _, table := range tables {
		if slices.Contains(ownTables, table) {
			if _, err := t.Exec(ctx, "delete from "+table); err != nil {
				return err
			}
			continue
		}
		var used bool
		if err := t.QueryRow(ctx, "select exists (select 1 from "+table+")").Scan(&used); err != nil {
			return err
		}
		if used {
			return ErrUsed
		}
	}
	return nil
}

// copyTable copies a table's rows and tells how many they are.
func copyTable(ctx context.Context, from *sql.DB, t pgx.Tx, table string) (int, error) {
	var columns, truths []string // the truths are among the columns
	err := errors.Join(
		texts(ctx, from, &columns, "select name from pragma_table_info(?)", table),
		texts(ctx, from, &truths, "select name from pragma_table_info(?) where type = 'boolean'", table),
	)
	if err != nil {
		return 0, err
	}
	r, err := from.QueryContext(ctx, "select "+strings.Join(columns, ", ")+" from "+table)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	n, err := t.CopyFrom(ctx, pgx.Identifier{table}, columns, pgx.CopyFromFunc(func() ([]any, error) {
		if !r.Next() {
			return nil, r.Err()
		}
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := r.Scan(into...); err != nil {
			return nil, err
		}
		for i, value := range values {
			switch v := value.(type) {
			case string:
				values[i] = plain(v)
			case int64: // as SQLite stores a truth
				if slices.Contains(truths, columns[i]) {
					values[i] = v != 0
				}
			}
		}
		return values, nil
	}))
	return int(n), err
}

// goOn sets what PostgreSQL alone keeps: the number of the newest event, and what it knows of its tables' sizes.
func goOn(ctx context.Context, t pgx.Tx) error {
	_, err := t.Exec(ctx, "update turns set last = (select coalesce(max(seq), 0) from events) where name = 'receive'; analyze")
	return err
}
