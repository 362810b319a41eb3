package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"addtomojo/store"
)

// keysCommand makes keys, takes old ones away, and goes on without one that is lost.
func keysCommand(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) error {
	what := ""
	if len(args) > 0 {
		what = args[0]
	}
	switch {
	case what == "generate" && len(args) == 1:
		return generateKeys(stdout)
	case what == "add" && len(args) == 1:
		return addKey(getenv, stdout)
	case what == "reseal":
		return resealKeys(ctx, args[1:], getenv, stdout, stderr)
	case what == "remove" && len(args) == 1:
		return removeKeys(ctx, getenv, stdout)
	case what == "forget":
		return forgetKeys(ctx, args[1:], getenv, stdout, stderr)
	}
	return badUse(args, stdout, "usage: addtomojo keys generate, keys add, keys reseal --every-instance-has-this-keyset, keys remove, "+
		"or keys forget --everybody-signs-in-again")
}

// generateKeys prints fresh keys as the environment takes them.
func generateKeys(stdout io.Writer) error {
	keyset, err := store.GenerateKeyset()
	if err != nil {
		return fmt.Errorf("generate keyset: %w", err)
	}
	fmt.Fprintf(stdout, "ENCRYPTION_KEYSET=%s\nSESSION_KEYS=%s\n", keyset, sessionKey())
	return nil
}

// addKey prints the present keyset with one more key, which seals from then on.
func addKey(getenv func(string) string, stdout io.Writer) error {
	present, err := presentKeyset(getenv)
	if err != nil {
		return err
	}
	keyset, err := store.AddKey(present)
	if err != nil {
		return fmt.Errorf("ENCRYPTION_KEYSET: %w", err)
	}
	fmt.Fprintf(stdout, "ENCRYPTION_KEYSET=%s\n", keyset)
	return nil
}

func presentKeyset(getenv func(string) string) (string, error) {
	keyset, err := setting(getenv, "ENCRYPTION_KEYSET")
	if err == nil && keyset == "" {
		err = errors.New("ENCRYPTION_KEYSET is not set: it takes the present keyset")
	}
	return keyset, err
}

// keysAndDatabase are what reseal and remove need, and no other setting.
func keysAndDatabase(getenv func(string) string) (keyset string, v *store.Vault, database string, err error) {
	if keyset, err = presentKeyset(getenv); err != nil {
		return "", nil, "", err
	}
	if v, err = store.NewVault(keyset); err != nil {
		return "", nil, "", fmt.Errorf("ENCRYPTION_KEYSET: %w", err)
	}
	database, err = setting(getenv, "DATABASE_URL")
	return keyset, v, cmp.Or(database, defaultDatabase), err
}

// resealKeys has the newest key seal what only the old ones open, while the service runs. It is a command, and nothing that the
// service does by itself: from then on there is no way back to the old keyset, and an instance that still has it can do nothing.
func resealKeys(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("keys reseal", flag.ContinueOnError)
	flags.SetOutput(stderr)
	confirmed := flags.Bool("every-instance-has-this-keyset", false, "yes, the service runs with this ENCRYPTION_KEYSET")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 || !*confirmed {
		return errors.New("an instance that hasn't got the newest key of ENCRYPTION_KEYSET can't open what it seals: " +
			"start every instance with this keyset first, and then run:\n" +
			"  addtomojo keys reseal --every-instance-has-this-keyset")
	}
	_, vault, database, err := keysAndDatabase(getenv)
	if err != nil {
		return err
	}
	n, err := store.Reseal(ctx, database, vault)
	switch {
	case err != nil && n > 0:
		return fmt.Errorf("after %d rows: %w", n, err)
	case err != nil:
		return err
	}
	fmt.Fprintf(stdout, "Rows that were sealed anew: %d\nNo row needs an old key any more: `addtomojo keys remove` prints the keyset without them.\n", n)
	return nil
}

// removeKeys prints the present keyset with its newest key alone, when no row of the database needs another one.
func removeKeys(ctx context.Context, getenv func(string) string, stdout io.Writer) error {
	present, vault, database, err := keysAndDatabase(getenv)
	if err != nil {
		return err
	}
	keyset, err := store.RemoveOldKeys(present)
	if err != nil {
		return fmt.Errorf("ENCRYPTION_KEYSET: %w", err)
	}
	n, err := store.OldSeals(ctx, database, vault)
	if err != nil {
		return err
	}
	if n > 0 {
		return fmt.Errorf("the old keys are still needed: %d rows of the database open with them alone. When every instance has this keyset, run:\n"+
			"  addtomojo keys reseal --every-instance-has-this-keyset", n)
	}
	fmt.Fprintf(stdout, "ENCRYPTION_KEYSET=%s\n", keyset)
	return nil
}

// forgetKeys has the database do with the keyset of the settings, which didn't seal it.
func forgetKeys(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("keys forget", flag.ContinueOnError)
	flags.SetOutput(stderr)
	confirmed := flags.Bool("everybody-signs-in-again", false, "yes, the old keyset is lost")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 || !*confirmed {
		return errors.New("customers whose tokens ENCRYPTION_KEYSET doesn't open will have to sign in again; " +
			"look for the old keyset first: with it nobody has to. If it is lost, stop the service and run:\n" +
			"  addtomojo keys forget --everybody-signs-in-again")
	}
	settings, err := readSettings(getenv)
	if err != nil {
		return fmt.Errorf("the settings need attention:\n%w", err)
	}
	vault, err := settings.vault()
	if err != nil {
		return err
	}
	f, err := store.Forget(ctx, settings.DatabaseURL.reveal(), vault, time.Now())
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "Connections that need a new sign-in: %d\nSign-ins to be begun anew: %d\nTokens that can't be revoked any more: %d\n",
		f.Connections, f.SignIns, f.Revocations)
	return nil
}

func sessionKey() string {
	key := make([]byte, 32)
	rand.Read(key) // never fails
	return base64.StdEncoding.EncodeToString(key)
}

// migrateCommand opens the database once, which brings its schema up to date.
func migrateCommand(ctx context.Context, args []string, getenv func(string) string, stdout io.Writer) error {
	if len(args) > 0 {
		return badUse(args, stdout, "usage: addtomojo migrate, with the settings of serve")
	}
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
