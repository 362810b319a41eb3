package bridge

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"
	"unicode"

	"addtomojo/mojo"
	"addtomojo/store"
)

// Wrong sign-ins with Mojo make the next one wait: per login, so that nobody guesses its password; per PIN, so that
// nobody walks through the logins behind it, from whatever addresses; and per address, so that nobody walks through the
// PINs. An account's owner is never shut out for longer than 15 minutes, whatever others try.
const (
	freeLoginTries   = 5
	freePINTries     = 10
	freeAddressTries = 30
	accountWindow    = 24 * time.Hour // of a login and of a PIN
	addressWindow    = 10 * time.Minute
	longestWait      = 15 * time.Minute
)

// tries are the limits that a sign-in counts under.
type tries struct{ login, pin, address store.Limit }

func triesOf(in MojoSignIn) tries {
	pin, login := plainWord(in.PIN), plainWord(in.Login)
	return tries{
		login:   store.Limit{Key: "login:" + hash(pin+"\x00"+login), Window: accountWindow, Wait: waitAfter(freeLoginTries)},
		pin:     store.Limit{Key: "pin:" + hash(pin), Window: accountWindow, Wait: waitAfter(freePINTries)},
		address: store.Limit{Key: "address:" + hash(network(in.Address)), Window: addressWindow, Wait: waitAfter(freeAddressTries)},
	}
}

// plainWord makes the ways to write the same PIN or login one: case, blanks and punctuation don't count.
func plainWord(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsNumber(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// network is the part of an address that its owner can't change at will: the /64 of IPv6.
func network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	if ip = ip.Unmap(); ip.Is4() {
		return ip.String()
	}
	return netip.PrefixFrom(ip.WithZone(""), 64).Masked().String()
}

// mayTry counts a try before Mojo is asked, so that tries side by side can't slip through together.
func (b *Bridge) mayTry(ctx context.Context, t tries) error {
	until, err := b.Store.Try(ctx, b.now(), t.address, t.pin, t.login)
	switch {
	case err != nil:
		return fmt.Errorf("count a try: %w", err)
	case !until.IsZero():
		return &WaitError{Until: until}
	}
	return nil
}

// goodTry forgives the login. For PIN and address only this try is taken back: an own login must not buy guesses at
// others.
func (b *Bridge) goodTry(ctx context.Context, t tries) error {
	err := errors.Join(b.Store.Forgive(ctx, t.login.Key), b.Store.Uncount(ctx, b.now(), t.pin.Key, t.address.Key))
	if err != nil {
		return fmt.Errorf("forgive earlier tries: %w", err)
	}
	return nil
}

// failedTry says what the customer is told. What Mojo didn't judge was no guess, and is taken back.
func (b *Bridge) failedTry(ctx context.Context, t tries, err error) error {
	if errors.Is(err, mojo.ErrCredentials) {
		return err
	}
	uncounted := b.Store.Uncount(ctx, b.now(), t.login.Key, t.pin.Key, t.address.Key)
	var slow *mojo.BackOffError
	switch {
	case errors.As(err, &slow):
		err = &WaitError{Until: b.now().Add(max(slow.After, 30*time.Second))}
	case !errors.Is(err, mojo.ErrSuspended):
		err = down(MojoName, err)
	}
	return errors.Join(err, uncounted)
}

// waitAfter gives the wait that follows a number of tries: none for the free ones, then 1, 2, 4 … s.
func waitAfter(free int) func(tries int) time.Duration {
	return func(tries int) time.Duration {
		over := tries - free
		switch {
		case over <= 0:
			return 0
		case over > 10:
			return longestWait
		}
		return min(time.Second<<(over-1), longestWait)
	}
}
