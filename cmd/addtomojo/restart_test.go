package main

import (
	"context"
	"fmt"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"addtomojo/store/storetest"
)

const (
	restartTimes = 3
	restartEach  = 120 // events in Mojo right before each
	restartTime  = 10 * time.Second
)

// TestRollingRestarts stops the program again and again (SIGTERM) while hooks come in and are delivered: on SQLite the next one starts
// when it has ended; on PostgreSQL the next one is there already, and Mojo's hooks have just turned to it. Each ends in time and says
// that all is well, and each call, note and activity is in Wise Agent once, in order.
//
// CHAOS_ROUNDS sets how often; CHAOS_SEED as in TestKillInTheMiddleOfAPush.
func TestRollingRestarts(t *testing.T) {
	t.Parallel()
	program := buildProgram(t)
	times, seed := chaosNumber(t, "CHAOS_ROUNDS", restartTimes), chaosNumber(t, "CHAOS_SEED", int(time.Now().UnixNano()%1e9))
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			k := newKilling(t, program, storetest.URL(t, engine), uint64(seed))
			restart := k.restart
			if engine == storetest.Postgres {
				restart = func(ctx context.Context) error { return k.relieve(ctx, freeAddress(t)) }
			}
			err := k.events(t.Context(), times, restartEach, func(ctx context.Context, each int) error {
				if err := k.amongWrites(ctx, each); err != nil {
					return err
				}
				return restart(ctx)
			})
			if err != nil {
				t.Errorf("CHAOS_SEED=%d: %v\nstopped %s; the service's log ends\n%s", seed, err, k.story, k.log.tail())
			}
		})
	}
}

// restart stops the program, and starts it again.
func (k *killing) restart(ctx context.Context) error {
	if err := terminate(k.child); err != nil {
		return err
	}
	return k.start(ctx)
}

// relieve starts another program at that address, has Mojo turn to it, and stops the one before.
func (k *killing) relieve(ctx context.Context, address string) error {
	before, command := k.child, k.command
	k.command = func(ctx context.Context) *exec.Cmd {
		cmd := command(ctx)
		cmd.Args[len(cmd.Args)-1] = address
		return cmd
	}
	k.url = "http://" + address
	if err := k.start(ctx); err != nil {
		return err
	}
	k.mojo.SetService(k.url)
	return terminate(before)
}

// terminate asks a program to end, and waits until it has.
func terminate(program *exec.Cmd) error {
	begun := time.Now()
	if err := program.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	err := program.Wait()
	if took := time.Since(begun); err != nil || took > restartTime {
		return fmt.Errorf("the program ended after %v: %w; want it in %v, and well", took, err, restartTime)
	}
	return nil
}
