package bridge

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"addtomojo/mojo"
)

// Wrong sign-ins with Mojo make the next one wait: per account, so that nobody guesses a password, and per
// address, so that nobody walks through the PINs. An account's owner is never shut out for longer than
// 15 minutes, whatever others try.
const (
	freeAccountTries = 5
	freeAddressTries = 30
	accountWindow    = 24 * time.Hour
	addressWindow    = 10 * time.Minute
	longestWait      = 15 * time.Minute
)

// mayTry counts a try for the account before Mojo is asked, so that tries side by side count too.
func (b *Bridge) mayTry(ctx context.Context, in MojoSignIn) error {
	for _, key := range []string{accountKey(in), addressKey(in)} {
		t, err := b.Store.Throttle(ctx, key)
		if err != nil {
			return fmt.Errorf("read earlier tries: %w", err)
		}
		if b.now().Before(t.NextAt) {
			return &WaitError{Until: t.NextAt}
		}
	}
	_, err := b.Store.Fail(ctx, accountKey(in), accountWindow, b.now(), waitAfter(freeAccountTries))
	if err != nil {
		return fmt.Errorf("count a try: %w", err)
	}
	return nil
}

// failedTry counts a wrong sign-in for the address and says what the customer is told.
func (b *Bridge) failedTry(ctx context.Context, in MojoSignIn, err error) error {
	var slow *mojo.BackOffError
	switch {
	case errors.As(err, &slow):
		return &WaitError{Until: b.now().Add(max(slow.After, 30*time.Second))}
	case errors.Is(err, mojo.ErrCredentials):
		_, failed := b.Store.Fail(ctx, addressKey(in), addressWindow, b.now(), waitAfter(freeAddressTries))
		return errors.Join(err, failed)
	case errors.Is(err, mojo.ErrSuspended):
		return err
	}
	return down(MojoName, err)
}

// waitAfter gives the wait that follows a number of failures: none for the free ones, then 1, 2, 4 … s.
func waitAfter(free int) func(failures int) time.Duration {
	return func(failures int) time.Duration {
		over := failures - free
		if over <= 0 {
			return 0
		}
		if over > 10 {
			return longestWait
		}
		return min(time.Second<<(over-1), longestWait)
	}
}

func accountKey(in MojoSignIn) string {
	return "account:" + hash(strings.TrimSpace(in.PIN)+"\x00"+strings.ToLower(strings.TrimSpace(in.Login)))
}

func addressKey(in MojoSignIn) string { return "address:" + hash(in.Address) }
