package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"addtomojo/store"
)

// linksCommand rebuilds the links of a connection from the custom fields in Wise Agent, after our database was lost and the
// customer connected anew.
func linksCommand(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) error {
	const use = "usage: addtomojo links rebuild --email EMAIL [--same-mojo-account]"
	flags := flag.NewFlagSet("links rebuild", flag.ContinueOnError)
	flags.SetOutput(stderr)
	email := flags.String("email", "", "the Wise Agent account")
	same := flags.Bool("same-mojo-account", false, "it was never connected with another Mojo account: also link contacts that only Wise Agent tells of")
	if len(args) == 0 || args[0] != "rebuild" {
		return badUse(args, stdout, use)
	}
	if err := onlyFlags(flags, args[1:]); err != nil {
		return err
	}
	if *email == "" {
		return errors.New(use)
	}
	settings, err := readSettings(getenv)
	if err != nil {
		return fmt.Errorf("the settings need attention:\n%w", err)
	}
	db, err := openUsed(ctx, settings)
	if err != nil {
		return err
	}
	defer db.Close()
	between, err := newBridge(settings, db, nil)
	if err != nil {
		return err
	}
	conn, err := between.Connection(ctx, *email)
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("%s is not connected", *email)
	}
	if err != nil {
		return err
	}
	found, err := between.RebuildLinks(ctx, conn, *same)
	if err != nil {
		return fmt.Errorf("%w\nThe command stopped there; the links found before that are kept: %d. Once it can go on, run it again", err, found.Known)
	}
	fmt.Fprintf(stdout, "Links known: %d\nLeft out, unknown in Mojo as sent from Wise Agent: %d\n", found.Known, found.LeftOut)
	return nil
}
