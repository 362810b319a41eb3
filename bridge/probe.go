package bridge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"addtomojo/mojo"
	"addtomojo/store"
	"addtomojo/wiseagent"

	"golang.org/x/sync/errgroup"
)

const (
	// probeEvery is how often a silent side is asked whether it answers again, when no work of its own asks it.
	probeEvery = time.Minute
	// probeLook is how often this process looks which sides that concerns, if Bridge.ProbeLook doesn't say otherwise.
	probeLook = 15 * time.Second
	// probesAtOnce is how many sides it then asks: a partner that is down for everybody must not be hammered.
	probesAtOnce = 16
	// probesSeen is how many it looks at for them: those that asked for patience are left alone.
	probesSeen = 1000
)

// probeLoop asks silent sides whether they answer again: else a side that nobody needs just now would be called silent for ever.
func (b *Bridge) probeLoop(ctx context.Context) {
	for sleep(ctx, cmp.Or(b.ProbeLook, probeLook)) == nil {
		if err := b.probe(ctx); err != nil && ctx.Err() == nil {
			b.log().Error("look for silent sides", "err", err)
		}
	}
}

func (b *Bridge) probe(ctx context.Context) error {
	silent, err := b.Store.SilentWays(ctx, b.now().Add(-probeEvery), probesSeen)
	if err != nil {
		return err
	}
	silent = slices.DeleteFunc(silent, b.held)
	var asking errgroup.Group
	for _, way := range silent[:min(len(silent), probesAtOnce)] {
		asking.Go(func() error { return b.probeWay(ctx, way) })
	}
	return asking.Wait()
}

// held tells whether a side asked for patience, and the time isn't over.
func (b *Bridge) held(way store.Health) bool {
	if way.Way == store.WayMojo {
		return b.patience.left(way.ConnectionID, b.now()) > 0
	}
	return b.breakers.of(way.ConnectionID).held(b.now()) > 0
}

// probeWay asks one side; what it answers is felt, see pulses.
func (b *Bridge) probeWay(ctx context.Context, way store.Health) error {
	conn, err := b.Store.Connection(ctx, way.ConnectionID)
	if err != nil {
		return fmt.Errorf("read connection: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, testTime)
	defer cancel()
	if way.Way == store.WayMojo {
		b.testMojo(ctx, conn)
		return nil
	}
	b.testWise(ctx, conn)
	return nil
}

// TestNow calls both sides' harmless endpoints (Wise Agent's getUser, Mojo's groups), as a person asked for it, and tells what
// each answered: nil when it did as it should, see [TestWords]. Retry-After is obeyed.
func (b *Bridge) TestNow(ctx context.Context, conn store.Connection) (wise, mojo error) {
	ctx, cancel := context.WithTimeout(ctx, testTime)
	defer cancel()
	answer := make(chan error, 1)
	go func() { answer <- b.testMojo(ctx, conn) }()
	wise = b.testWise(ctx, conn)
	mojo = <-answer
	return wise, errors.Join(mojo, b.storePulses(context.WithoutCancel(ctx)))
}

// testTime is how long one test of a side may take.
const testTime = 20 * time.Second

// errOtherAccount says that a partner's tokens work, but for another account than the connection's.
var errOtherAccount = errors.New("the tokens are another account's")

func (b *Bridge) testWise(ctx context.Context, conn store.Connection) error {
	var who wiseagent.User
	err := b.withWise(ctx, conn.ID, func(api *wiseagent.API) (err error) {
		who, err = api.User(ctx)
		return err
	})
	if err == nil && plainEmail(who.Email) != conn.Email {
		return errOtherAccount
	}
	return err
}

func (b *Bridge) testMojo(ctx context.Context, conn store.Connection) error {
	return b.withMojo(ctx, conn, func(api *mojo.API) error {
		_, err := api.Groups(ctx)
		return err
	})
}

// TestWords say in plain words what came of the test of one side.
func TestWords(p Partner, err error) string {
	after, slow := transient(err)
	switch {
	case err == nil:
		return string(p) + " answered as it should."
	case errors.Is(err, ErrNeedsSignIn):
		return string(p) + " needs a new sign-in."
	case errors.Is(err, errOtherAccount):
		return string(p) + " answered for another account than the one that is connected."
	case after > 0:
		return fmt.Sprintf("%s asked us to wait %s.", p, after.Round(time.Second))
	case refusedToken(err):
		return silence(err)
	case slow, errors.Is(err, context.DeadlineExceeded):
		return string(p) + " isn't answering as it should."
	case troubleAt(err) != "":
		return string(p) + " answered, but refused what we asked."
	}
	return "The test failed on our side."
}
