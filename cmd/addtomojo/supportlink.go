package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"addtomojo/store"
	"addtomojo/web"
)

// supportLinkCommand prints a one-time link that signs a member of the support staff in. It works beside OpenID Connect too:
// when that is down, whoever has the server's shell can still let somebody in, and the audit log says how.
func supportLinkCommand(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) error {
	const use = "usage: addtomojo support-link --email EMAIL [--role viewer|operator]"
	flags := flag.NewFlagSet("support-link", flag.ContinueOnError)
	flags.SetOutput(stderr)
	email := flags.String("email", "", "the staff member")
	role := flags.String("role", "", "viewer or operator; without it operator for who is in SUPPORT_OPERATOR_EMAILS, else viewer")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *email == "" || flags.NArg() > 0 {
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
	link, err := supportLink(ctx, settings, db, *email, *role, web.StaffLinkLife)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%s\n", link)
	fmt.Fprintln(stderr, "It works once, within 10 minutes. Whoever opens it signs in: hand it over in private.")
	return nil
}

// supportLink makes a one-time link in the database of the settings.
func supportLink(ctx context.Context, settings Settings, db *store.Store, email, role string, life time.Duration) (string, error) {
	server := &web.Server{Store: db, BaseURL: settings.BaseURL, Support: settings.support()}
	return server.NewStaffLink(ctx, email, role, life)
}
