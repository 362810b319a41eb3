package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"addtomojo/store"
)

// backupCommand copies the database into a file. It needs DATABASE_URL and no other setting.
func backupCommand(ctx context.Context, args []string, getenv func(string) string, stdout io.Writer) error {
	if len(args) != 1 || args[0] == "" || args[0][0] == '-' {
		return badUse(args, stdout, "usage: addtomojo backup FILE, with the service's DATABASE_URL; the file must not exist")
	}
	database, err := setting(getenv, "DATABASE_URL")
	if err != nil {
		return err
	}
	err = store.Backup(ctx, cmp.Or(database, defaultDatabase), args[0])
	switch {
	case errors.Is(err, store.ErrNoFile):
		return fmt.Errorf("back up: %w: is DATABASE_URL the right one?", err)
	case err != nil:
		return fmt.Errorf("back up: %w", err)
	}
	fmt.Fprintf(stdout, "The database is in %s, as it was a moment ago.\n", args[0])
	return nil
}

// defaultDatabase is DATABASE_URL where it isn't set.
const defaultDatabase = "addtomojo.db"
