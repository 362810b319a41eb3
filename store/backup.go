package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
)

var (
	// ErrNotAFile says that the database is no file of SQLite's: PostgreSQL has tools of its own.
	ErrNotAFile = errors.New("the database is PostgreSQL: back it up with pg_dump")
	// ErrNoFile says that the file of a database can't be found.
	ErrNoFile = errors.New("there is no database to copy")
)

// Backup copies a SQLite database as it is at one moment into a new file, readable by its owner only. Others may use the database
// meanwhile. The copy is on disk when Backup returns; after an error there is none. A file that exists is left alone.
//
// In the copy every event that waits is in doubt: whoever delivers it looks first, for it may be written between the backup and the
// day when the copy is needed. Backup needs no keys: what is sealed stays sealed.
func Backup(ctx context.Context, databaseURL, file string) error {
	if isPostgres(databaseURL) {
		return ErrNotAFile
	}
	path, _, err := sqlitePath(databaseURL)
	if err != nil {
		return err
	}
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("%w: %w", ErrNoFile, err)
	}
	if file, err = filepath.Abs(file); err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	err = copyInto(ctx, path, file)
	if err == nil {
		err = doubtWaiting(ctx, file)
	}
	if err == nil {
		err = onDisk(f)
	}
	if err != nil {
		return errors.Join(named("copy the database", err), os.Remove(file))
	}
	return nil
}

// copyInto has SQLite fill an empty file.
func copyInto(ctx context.Context, path, file string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	return runOn(ctx, path, "vacuum into ?", file)
}

func doubtWaiting(ctx context.Context, file string) error {
	return runOn(ctx, file, "update events set doubt = true where state = 'waiting' and type <> 'account.disconnected'")
}

// runOn runs a statement on the database of a file, beside whoever else uses it.
func runOn(ctx context.Context, file, statement string, args ...any) error {
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: file}).EscapedPath()+"?mode=rw&_pragma=busy_timeout(10000)")
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, statement, args...)
	return err
}

// onDisk syncs a file and its name, which SQLite doesn't do here.
func onDisk(f *os.File) error {
	if err := f.Sync(); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(f.Name()))
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
}
