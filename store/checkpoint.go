package store

import (
	"context"
	"time"
)

// SQLite's write-ahead log must be copied into the database now and then, a checkpoint, or it grows for good. Left to itself the
// writing connection does that within a commit, each thousand pages: with events that is after some 140, and everybody who
// waits for the commit waits for hundreds of scattered pages and two more fsyncs. So it is done beside the commits, by a
// connection that only reads otherwise. The disk is one all the same, and a commit that meets those pages takes ten times as long, so
// it is done when nobody has written for a moment; only a large log doesn't wait for that.

const (
	quietMoment = 250 * time.Millisecond
	// largeLog and logLimit are pages of 4 KiB, 64 and 128 MiB. At logLimit the writing connection copies the log after all, because
	// commits followed each other so closely that the checkpoints never caught up with them.
	largeLog = 16000
	logLimit = 32000
	catchUps = 3 // checkpoints in a row; a log that is copied whole starts anew instead of growing
)

// checkpoints makes checkpoints of what was written, until ctx ends. The last connection that is closed makes one by itself.
func (e *onSQLite) checkpoints(ctx context.Context) {
	defer close(e.stopped)
	tick := time.NewTicker(quietMoment)
	defer tick.Stop()
	var copied, seen int64 // transactions, of all
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		written := e.written.Load()
		quiet := written == seen
		seen = written
		if written != copied && (quiet || e.large(ctx)) {
			e.catchUp(ctx)
			copied = written
		}
	}
}

// large tells that much of the log isn't copied yet.
func (e *onSQLite) large(ctx context.Context) bool {
	left, err := e.checkpoint(ctx, "noop")
	return err == nil && left >= largeLog
}

// catchUp copies the log until nothing is left or others are too fast. A failure is left to the next time.
func (e *onSQLite) catchUp(ctx context.Context) {
	for range catchUps {
		left, err := e.checkpoint(ctx, "passive")
		if err != nil || left == 0 {
			return
		}
	}
}

// checkpoint copies what is in the log, or nothing when the mode is "noop", and returns how many pages are still to be copied: they
// came meanwhile, or somebody still reads what was before them. Neither mode holds up anybody.
func (e *onSQLite) checkpoint(ctx context.Context, mode string) (left int, err error) {
	var busy, logged, copied int
	err = e.reader.db.QueryRowContext(ctx, "pragma wal_checkpoint("+mode+")").Scan(&busy, &logged, &copied)
	return logged - copied, err
}
