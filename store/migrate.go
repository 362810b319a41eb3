package store

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"

	"addtomojo/store/migrations"
)

// migrate brings the schema up to date; each migration is a transaction of its own.
func migrate(ctx context.Context, d goose.Dialect, db *sql.DB, folder string, more ...goose.ProviderOption) error {
	files, err := fs.Sub(migrations.Files, folder)
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(d, db, files, more...)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if err := up(ctx, p); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// up applies what is missing. Another program may be doing the same at this moment, a service that is starting beside
// `addtomojo support-link` say: whoever comes second trips over its tables, and finds nothing missing when it tries again. On
// PostgreSQL goose's own lock sees to that.
func up(ctx context.Context, p *goose.Provider) (err error) {
	for range migrationTries {
		if _, err = p.Up(ctx); err == nil {
			return nil
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return err
		}
	}
	return err
}

// migrationTries last about a second.
const migrationTries = 20

// isUnique tells whether the error is another row with the same unique value.
func isUnique(err error) bool {
	return isUniqueSQLite(err) || isUniquePostgres(err)
}
