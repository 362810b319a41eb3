package store

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"

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
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// isUnique tells whether the error is another row with the same unique value.
func isUnique(err error) bool {
	return isUniqueSQLite(err) || isUniquePostgres(err)
}
