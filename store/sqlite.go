package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"addtomojo/store/internal/rows"
)

// openSQLite opens the file with one writing connection, so that writers queue in Go and not in SQLite's unfair busy loop, and
// four that only read. more are pragmas as in "_pragma=cache_size(-8000)", joined by &.
func openSQLite(ctx context.Context, path, more string) (*Store, error) {
	path, err := create(path)
	if err != nil {
		return nil, err
	}
	pragmas, err := url.ParseQuery(more)
	if err != nil || len(pragmas) != min(len(pragmas["_pragma"]), 1) {
		return nil, errors.New("behind the ? of a SQLite database stands _pragma=name(value) and nothing else")
	}
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() +
		"?_pragma=busy_timeout(10000)" + // first, so that the next ones may wait
		"&_pragma=journal_mode(WAL)" +
		"&_pragma=synchronous(FULL)" + // what was reported is on disk, power cut or not
		"&_pragma=foreign_keys(1)"
	writer, err := sql.Open("sqlite", dsn+
		"&_pragma=cache_size(-16384)"+ // KiB: the indexes that events go into at random
		"&_pragma=wal_autocheckpoint("+strconv.Itoa(logLimit)+")"+
		"&"+pragmas.Encode()+
		"&_txlock=immediate") // deferred ones that read first fail with SQLITE_BUSY
	if err != nil {
		return nil, err
	}
	writer.SetMaxOpenConns(1)
	if err := migrate(ctx, goose.DialectSQLite3, writer, "sqlite"); err != nil {
		writer.Close()
		return nil, err
	}
	reader, err := sql.Open("sqlite", dsn+"&"+pragmas.Encode()+"&_pragma=query_only(1)")
	if err != nil {
		writer.Close()
		return nil, err
	}
	reader.SetMaxOpenConns(4)
	reader.SetMaxIdleConns(4)
	e := &onSQLite{writer: shelf{db: writer}, reader: shelf{db: reader}, stopped: make(chan struct{})}
	ctx, e.stop = context.WithCancel(context.Background())
	go e.checkpoints(ctx)
	return &Store{writer: writer, reader: reader, often: reader, engine: e}, nil
}

type onSQLite struct {
	writer, reader shelf
	written        atomic.Int64       // transactions
	stop           context.CancelFunc // of the checkpoints
	stopped        chan struct{}
}

func (e *onSQLite) on(db *sql.DB, t *sql.Tx) rows.DBTX {
	if t != nil {
		return shelved{t, &e.writer, t}
	}
	return shelved{db, &e.reader, nil}
}

// spread runs a statement once for each row: nothing is far away, and a statement with many parameters takes time by the square
// of their number. Several rows of a single column go in as one parameter.
func (e *onSQLite) spread(t table, fixed []any) (source string, args [][]any) {
	if len(t.kinds) == 1 && len(t.rows) > 1 {
		list := make([]any, len(t.rows))
		for i, row := range t.rows {
			list[i] = row[0]
		}
		column, _ := json.Marshal(list) // of texts and numbers never fails
		return fmt.Sprintf("(select value as column1 from json_each(?%d)) as v", len(fixed)+1), [][]any{append(slices.Clone(fixed), string(column))}
	}
	for _, row := range t.rows {
		args = append(args, slices.Concat(fixed, row))
	}
	return "(values (" + t.casts(len(fixed), "") + ")) as v", args
}

func (e *onSQLite) oneByOne() bool { return true }

func (e *onSQLite) ended(ctx context.Context) {
	e.written.Add(1)
	e.writer.prepareWanted(ctx)
}

func (e *onSQLite) close() {
	e.stop()
	<-e.stopped
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

// isSQLite tells whether an error is of a kind of SQLite's.
func isSQLite(err error, kind int) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == kind // the extended codes keep the kind in the low byte
}
