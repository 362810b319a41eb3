package store

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var errBad = errors.New("bad")

// A book commits numbers, slowly; negative ones are bad.
type book struct {
	batches [][]int
	takes   time.Duration
}

func (b *book) commit(_ context.Context, items []int) ([]int, error) {
	time.Sleep(b.takes)
	b.batches = append(b.batches, items)
	for _, n := range items {
		if n < 0 {
			return nil, errBad
		}
	}
	return items, nil
}

func TestSharedCommitsTakeWhatQueued(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := book{takes: time.Second}
		s := newSharer(b.commit)
		start := time.Now()
		var group sync.WaitGroup
		write := func(n int) {
			group.Go(func() {
				if got, err := s.write(t.Context(), n); got != n || err != nil {
					t.Errorf("write(%d): got %d, %v", n, got, err)
				}
			})
			synctest.Wait()
		}
		write(0)
		for n := 1; n <= 300; n++ {
			write(n)
		}
		group.Wait()
		if len(b.batches) != 3 || len(b.batches[0]) != 1 || len(b.batches[1]) != 256 || len(b.batches[2]) != 44 {
			t.Errorf("got %d batches, want 1, 256 and 44 items", len(b.batches))
		}
		for i, n := range b.batches[1] {
			if n != i+1 {
				t.Fatalf("item %d is %d, want the order in which they came", i, n)
			}
		}
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("took %s, want no waiting between commits", took)
		}
		s.close()
	})
}

func TestSharedCommitWithABadItem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := book{takes: time.Second}
		s := newSharer(b.commit)
		var group sync.WaitGroup
		for _, n := range []int{1, 2, -3, 4} {
			group.Go(func() {
				_, err := s.write(t.Context(), n)
				if bad := n < 0; bad != errors.Is(err, errBad) || !bad && err != nil {
					t.Errorf("write(%d): got error %v", n, err)
				}
			})
		}
		group.Wait()
		s.close()
	})
}

func TestSharedCommitNobodyWaitsFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := book{takes: time.Second}
		s := newSharer(b.commit)
		var group sync.WaitGroup
		group.Go(func() { s.write(t.Context(), 1) })
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		group.Go(func() {
			if _, err := s.write(ctx, 2); !errors.Is(err, context.Canceled) {
				t.Errorf("got error %v, want that the context ended", err)
			}
		})
		synctest.Wait()
		cancel()
		group.Wait()
		s.close()
		if len(b.batches) != 1 {
			t.Errorf("got batches %v, want the first item only", b.batches)
		}
	})
}

func TestSharedCommitsEndWithClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := book{takes: time.Second}
		s := newSharer(b.commit)
		var group sync.WaitGroup
		for n := range 10 {
			group.Go(func() {
				if _, err := s.write(t.Context(), n); err != nil {
					t.Errorf("queued before the end: %v", err)
				}
			})
		}
		synctest.Wait()
		s.close()
		s.close()
		group.Wait()
		if _, err := s.write(t.Context(), 1); !errors.Is(err, ErrClosed) {
			t.Errorf("after the end: got error %v, want ErrClosed", err)
		}
	})
}
