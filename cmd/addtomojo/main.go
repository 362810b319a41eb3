// Command addtomojo is the service between Wise Agent and Mojo, and the tools its operator needs.
//
//	addtomojo serve            the service, set up by the environment
//	addtomojo sandbox          the service with a stand-in for both partners and sample people, no settings
//	addtomojo keys generate    a new ENCRYPTION_KEYSET and a new SESSION_KEYS
//	addtomojo keys add         the present ENCRYPTION_KEYSET with one more key, which seals from then on
//	addtomojo keys reseal      has the newest key seal what only old ones open, while the service runs
//	addtomojo keys remove      the present ENCRYPTION_KEYSET without its old keys, once no row needs them
//	addtomojo keys forget      has a database do with a new ENCRYPTION_KEYSET when the old one is lost
//	addtomojo links rebuild    reads the links of an account back from Wise Agent
//	addtomojo support-link     a one-time link that signs somebody in to /support
//	addtomojo backup           copies the database into a file while the service runs
//	addtomojo import           copies a SQLite database into an empty one of PostgreSQL
//	addtomojo migrate          brings the database's schema up to date and leaves
//
// A wrong or missing setting stops the start and lists all that is wrong at once.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"syscall"

	"addtomojo/cmd/internal/heap"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	defer runtime.KeepAlive(heap.Ballast())
	err := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, "addtomojo:", err)
		os.Exit(1)
	}
}

const usage = `usage: addtomojo COMMAND

  serve           run the service; settings come from the environment (see docs/settings.md)
  sandbox         run the service with both sandbox partners and sample people; needs no settings
  keys generate   print a new ENCRYPTION_KEYSET and SESSION_KEYS
  keys add        print the present ENCRYPTION_KEYSET with one more key, which seals from then on
  keys reseal     have the newest key seal what only old ones open, while the service runs (--every-instance-has-this-keyset)
  keys remove     print the present ENCRYPTION_KEYSET without its old keys, once no row of the database needs them
  keys forget     go on with a new ENCRYPTION_KEYSET when the old one is lost (--everybody-signs-in-again)
  links rebuild   read the links of an account back from Wise Agent (--email EMAIL [--same-mojo-account])
  support-link    print a one-time link to /support (--email EMAIL [--role viewer|operator])
  backup FILE     copy the database into a new file, while the service runs
  import FILE     copy a SQLite database into the empty one of PostgreSQL that DATABASE_URL names
  migrate         bring the database's schema up to date
`

// run is the program: it runs the command and returns when that has ended.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) error {
	err := command(ctx, args, getenv, stdout, stderr)
	if errors.Is(err, flag.ErrHelp) { // was asked for, and has been given
		return nil
	}
	return err
}

func command(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		fmt.Fprint(stderr, usage)
		return errors.New("which command?")
	}
	switch args[0] {
	case "serve":
		return serveCommand(ctx, args[1:], getenv, stdout, stderr)
	case "sandbox":
		return sandboxCommand(ctx, args[1:], stdout, stderr)
	case "keys":
		return keysCommand(ctx, args[1:], getenv, stdout, stderr)
	case "links":
		return linksCommand(ctx, args[1:], getenv, stdout, stderr)
	case "support-link":
		return supportLinkCommand(ctx, args[1:], getenv, stdout, stderr)
	case "backup":
		return backupCommand(ctx, args[1:], getenv, stdout)
	case "import":
		return importCommand(ctx, args[1:], getenv, stdout)
	case "migrate":
		return migrateCommand(ctx, args[1:], getenv, stdout)
	case "help", "-h", "-help", "--help":
		fmt.Fprint(stdout, usage)
		return nil
	}
	fmt.Fprint(stderr, usage)
	return fmt.Errorf("there is no command %q", args[0])
}

// badUse ends a command that was given what it doesn't take. Who asks for help gets the same words, and no error.
func badUse(args []string, stdout io.Writer, use string) error {
	if slices.ContainsFunc(args, func(arg string) bool { return arg == "-h" || arg == "-help" || arg == "--help" }) {
		fmt.Fprintln(stdout, use)
		return nil
	}
	return errors.New(use)
}

// onlyFlags reads the flags of a command that takes nothing else.
func onlyFlags(flags *flag.FlagSet, args []string) error {
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%s takes no %q; see `addtomojo %[1]s -h`", flags.Name(), flags.Arg(0))
	}
	return nil
}
