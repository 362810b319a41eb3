// Command bench measures Add to Mojo against bare limits of the same machine in the same run.
//
//	go run ./cmd/bench [-run REGEXP] [-rounds N] [-json FILE] [-database URL]
//
// Absolute figures move from minute to minute, ratios move less. So each row alternates in every round: the product does
// the job, then a bare client makes the same calls, recorded a moment ago, to equal stand-ins. The value of a row is the
// median of the rounds' ratios; its spread is printed beside.
//
// The product is the real program, built and started as a child process, and driven through its pages as a browser would,
// from the signed launch to the powerdialer's address. Only push_batches drives the bridge in this process, since the
// program does not fetch that many notes ahead. Every round has a new SQLite file on disk (synchronous=FULL). Both
// partners are the sandbox's stand-ins in this process, with the latency that a row names; all of it is HTTP on loopback.
//
// The hook_ rows have all parts of the service in this process, as the control is, so that both sides share it with the sender
// of the hooks and with a Wise Agent that only takes notes. With -database, or TEST_DATABASE_URL, they are measured on PostgreSQL
// instead, in a new database each round; its user must be allowed to create them.
//
//	rows.go      what is measured, and the arithmetic
//	pushes.go    the rounds of the push_ rows
//	town.go      the stand-ins, and the program with its customer between them
//	inprocess.go the bridge alone between them
//	service.go   the program as a child process
//	browser.go   the customer's browser
//	replay.go    the bare control: calls recorded and made again
//	hooks.go     the rounds of the hook_ rows
//	hooksloop.go signed hooks, sent as fast as they are answered or at a fixed rate
//	hookstown.go the service in this process, and a Wise Agent that takes notes
//	oneinsert.go the least that a hook on disk can cost
//	support.go   support's search, over many accounts
//	disk.go      what the disk takes at least
//
// A missed aim is printed, and is no error: the exit status tells only whether everything could be measured.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"slices"
	"syscall"
	"time"

	"addtomojo/cmd/internal/heap"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	defer runtime.KeepAlive(heap.Ballast()) // the service in this process has it, too
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// full is what the rows are defined with.
var full = size{
	Many: 5000, Few: 50, Batch: 100,
	BulkTime: 80 * time.Millisecond, WiseTime: 60 * time.Millisecond,
}

// fullHooks is what the rows about hooks are defined with.
var fullHooks = hookSize{
	Accounts: 8, Contacts: 250, Connections: 64,
	Warm: 500 * time.Millisecond, Span: 2500 * time.Millisecond,
	Slices: 5, Slice: time.Second, AcceptRate: 500, CallRate: 100,
	Burst: 6000, WiseTime: 5 * time.Millisecond,
}

// run is the program.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	names := flags.String("run", "", "only the rows whose name matches this regular expression")
	rounds := flags.Int("rounds", 5, "rounds of each row")
	path := flags.String("json", "", "write the rows to this file too")
	hooks := fullHooks
	flags.StringVar(&hooks.Database, "database", os.Getenv("TEST_DATABASE_URL"), "PostgreSQL for the rows about hooks")
	if err := flags.Parse(args); err != nil {
		return err
	}
	wanted, err := regexp.Compile(*names)
	if err != nil {
		return fmt.Errorf("-run: %w", err)
	}
	if hooks.Database != "" {
		if err := checkDurable(ctx, hooks.Database); err != nil {
			return fmt.Errorf("-database: %w", err)
		}
	}
	if err := tellDisk(stdout); err != nil {
		return err
	}
	rows, err := measure(ctx, slices.Concat(scenarios(full), hookScenarios(hooks), supportScenarios(fullSupport)), wanted, *rounds, stdout, stderr)
	if err != nil || *path == "" {
		return err
	}
	return save(*path, rows)
}

// measure runs the scenarios that have a wanted row, prints each row when it is there, and returns them.
func measure(ctx context.Context, all []scenario, wanted *regexp.Regexp, rounds int, stdout, progress io.Writer) ([]Row, error) {
	all = slices.DeleteFunc(all, func(s scenario) bool { return !s.wanted(wanted) })
	if len(all) == 0 || rounds < 1 {
		return nil, fmt.Errorf("there is nothing to measure: no row matches %q, or no round is wanted", wanted)
	}
	dir, err := os.MkdirTemp("", "addtomojo-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	program, err := build(ctx, dir)
	if err != nil {
		return nil, err
	}
	var rows []Row
	for _, s := range all {
		found, err := s.measure(ctx, program, rounds, progress)
		if err != nil {
			return rows, err
		}
		for _, r := range found {
			if wanted.MatchString(r.Name) {
				r.print(stdout)
				rows = append(rows, r)
			}
		}
	}
	return rows, nil
}

// save writes the rows as a JSON list of objects.
func save(path string, rows []Row) error {
	text, err := json.MarshalIndent(rows, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}
