package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"addtomojo/store"
)

// importCommand moves what a SQLite database holds to PostgreSQL. It takes the settings that the service is going to have.
func importCommand(ctx context.Context, args []string, getenv func(string) string, stdout io.Writer) error {
	if len(args) != 1 || args[0] == "" || args[0][0] == '-' {
		return badUse(args, stdout, "usage: addtomojo import FILE, with DATABASE_URL=postgres://… and the other settings of serve")
	}
	settings, err := readSettings(getenv)
	if err != nil {
		return fmt.Errorf("the settings need attention:\n%w", err)
	}
	vault, err := settings.vault()
	if err != nil {
		return err
	}
	i, err := store.Import(ctx, args[0], settings.DatabaseURL.reveal(), vault)
	if errors.Is(err, store.ErrNoImport) {
		err = fmt.Errorf("%w: DATABASE_URL says where to", err)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "Connections: %d\nEvents that wait: %d\nRows: %d\n%s is as it was. Start the service with this DATABASE_URL.\n",
		i.Connections, i.Waiting, i.Rows, args[0])
	return nil
}
