// Command pg runs a command with a PostgreSQL server that lives as long as the command:
//
//	go run ./store/storetest/pg -- go test ./...
//
// The command finds the server in TEST_DATABASE_URL. If that is set already, the command just runs. The server never waits for its disk,
// unless -durable says so:
//
//	go run ./store/storetest/pg -durable -- go run ./cmd/bench -run '^hook'
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"

	"addtomojo/store/storetest/cluster"
)

func main() {
	durable := flag.Bool("durable", false, "a server that waits for its disk, to be measured")
	flag.Parse()
	start := cluster.Start
	if *durable {
		start = cluster.StartDurable
	}
	if err := run(flag.Args(), start); err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			os.Exit(exit.ExitCode())
		}
		fmt.Fprintln(os.Stderr, "pg:", err)
		os.Exit(1)
	}
}

func run(args []string, start func() (*cluster.Cluster, error)) error {
	if len(args) == 0 {
		return errors.New("which command? pg [-durable] -- COMMAND ARG…")
	}
	signal.Ignore(os.Interrupt) // the command gets it too, and ends
	command := exec.Command(args[0], args[1:]...)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	if os.Getenv("TEST_DATABASE_URL") != "" {
		return command.Run()
	}
	c, err := start()
	if err != nil {
		return err
	}
	command.Env = append(os.Environ(), "TEST_DATABASE_URL="+c.URL)
	return errors.Join(command.Run(), c.Stop())
}
