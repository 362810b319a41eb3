package store

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"addtomojo/store/internal/rows"
)

// openSQLite opens the file with one writing connection, so that writers queue in Go and not in SQLite's unfair busy loop, and
// four that only read.
func openSQLite(ctx context.Context, path string) (*Store, error) {
	path, err := create(path)
	if err != nil {
		return nil, err
	}
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() +
		"?_pragma=busy_timeout(10000)" + // first, so that the next ones may wait
		"&_pragma=journal_mode(WAL)" +
		"&_pragma=synchronous(FULL)" + // what was reported is on disk, power cut or not
		"&_pragma=foreign_keys(1)"
	writer, err := sql.Open("sqlite", dsn+"&_txlock=immediate") // deferred ones that read first fail with SQLITE_BUSY
	if err != nil {
		return nil, err
	}
	writer.SetMaxOpenConns(1)
	if err := migrate(ctx, goose.DialectSQLite3, writer, "sqlite"); err != nil {
		writer.Close()
		return nil, err
	}
	reader, err := sql.Open("sqlite", dsn+"&_pragma=query_only(1)")
	if err != nil {
		writer.Close()
		return nil, err
	}
	reader.SetMaxOpenConns(4)
	reader.SetMaxIdleConns(4)
	same := func(db rows.DBTX) rows.DBTX { return db }
	return &Store{writer: writer, reader: reader, numbered: same, perStatement: 16}, nil // measured
}

// create makes the file, readable by its owner only, unless it is there. SQLite gives its companions the same mode.
func create(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return "", err
	}
	return path, f.Close()
}

func isUniqueSQLite(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) &&
		(e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || e.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
}

func isFullSQLite(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_FULL // the extended codes keep the kind in the low byte
}
