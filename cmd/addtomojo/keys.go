package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"

	"addtomojo/store"
)

// keysCommand prints fresh keys as the environment takes them.
func keysCommand(args []string, stdout io.Writer) error {
	if len(args) != 1 || args[0] != "generate" {
		return errors.New("usage: addtomojo keys generate")
	}
	keyset, err := store.GenerateKeyset()
	if err != nil {
		return fmt.Errorf("generate keyset: %w", err)
	}
	fmt.Fprintf(stdout, "ENCRYPTION_KEYSET=%s\nSESSION_KEYS=%s\n", keyset, sessionKey())
	return nil
}

func sessionKey() string {
	key := make([]byte, 32)
	rand.Read(key) // never fails
	return base64.StdEncoding.EncodeToString(key)
}

// migrateCommand opens the database once, which brings its schema up to date.
func migrateCommand(ctx context.Context, getenv func(string) string, stdout io.Writer) error {
	settings, err := readSettings(getenv)
	if err != nil {
		return fmt.Errorf("the settings need attention:\n%w", err)
	}
	db, err := openStore(ctx, settings)
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, "The database is up to date.")
	return db.Close()
}
