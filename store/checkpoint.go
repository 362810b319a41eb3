package store

import (
	"context"
	"time"
)

// SQLite's write-ahead log must be copied into the database now and then, a checkpoint, or it grows for good. Left to itself the
// writing connection does that within a commit, each thousand pages: with events that is after some 140, and everybody who
// waits for the commit waits for hundreds of scattered pages and two more fsyncs. So it is done beside the commits, by a
// connection that only reads otherwise.

const (
	checkpointEvery = 2 * time.Second
	// logLimit is how many pages of 4 KiB the log has at least when the writing connection copies it after all, because commits
	// followed each other so closely that the checkpoints never caught up with them.
	logLimit = 16000
	catchUps = 3 // checkpoints in a row; a log that is copied whole starts anew instead of growing
)

// checkpoints makes checkpoints of what was written, until ctx ends. The last connection that is closed makes one by itself.
func (e *onSQLite) checkpoints(ctx context.Context) {
	defer close(e.stopped)
	tick := time.NewTicker(checkpointEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if e.written.Swap(false) {
				e.catchUp(ctx)
			}
		}
	}
}

// catchUp copies the log until nothing is left or others are too fast. A failure is left to the next time.
func (e *onSQLite) catchUp(ctx context.Context) {
	for range catchUps {
		left, err := e.checkpoint(ctx)
		if err != nil || left == 0 {
			return
		}
	}
}

// checkpoint copies what is in the log and returns how many pages it could not: they came meanwhile, or somebody still reads
// what was before them. It holds up nobody.
func (e *onSQLite) checkpoint(ctx context.Context) (left int, err error) {
	var busy, logged, copied int
	err = e.reader.db.QueryRowContext(ctx, "pragma wal_checkpoint(passive)").Scan(&busy, &logged, &copied)
	return logged - copied, err
}
