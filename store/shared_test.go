package store

import (
	"context"
	"errors"
	"slices"
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

func TestSharedCommitsOfPatientItems(t *testing.T) {
	type action func(s *sharer[int, int], join func(n int))
	sleep := func(d time.Duration) action {
		return func(*sharer[int, int], func(int)) { time.Sleep(d) }
	}
	joins := func(from, to int) action {
		return func(_ *sharer[int, int], join func(int)) {
			for n := from; n <= to; n++ {
				join(n)
			}
		}
	}
	hurried := func(s *sharer[int, int], _ func(int)) { s.write(context.Background(), 0) }
	closes := func(s *sharer[int, int], _ func(int)) { s.close() }
	for _, c := range []struct {
		name  string
		do    []action
		takes time.Duration // a commit
		sizes []int
		at    time.Duration // the last commit ended
	}{
		{"wait a moment for more", []action{hurried, joins(1, 1), sleep(patience / 2), joins(2, 3)}, 0, []int{1, 3}, patience},
		{"wait once only", []action{hurried, joins(1, 1), sleep(patience + patience/2), joins(2, 2)}, 0, []int{1, 1, 1}, 5 * patience / 2},
		{"go along with one in a hurry", []action{hurried, joins(1, 2), hurried}, 0, []int{1, 3}, 0},
		{"are committed when they are enough", []action{hurried, joins(1, enough)}, 0, []int{1, enough}, 0},
		{"wait through a commit", []action{joins(1, 1), sleep(patience), joins(2, 2)}, 2 * patience, []int{1, 1}, 4 * patience},
		{"don't wait where nothing else goes on", []action{hurried, sleep(patience), joins(1, 1)}, 0, []int{1, 1}, patience},
		{"are committed at the end", []action{hurried, joins(1, 2), closes}, 0, []int{1, 2}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := book{takes: c.takes}
				s := newSharer(b.commit)
				start := time.Now()
				var group sync.WaitGroup
				for _, do := range c.do {
					do(s, func(n int) {
						group.Go(func() {
							if got, err := s.join(t.Context(), n); got != n || err != nil {
								t.Errorf("join(%d): got %d, %v", n, got, err)
							}
						})
						synctest.Wait()
					})
				}
				group.Wait()
				took := time.Since(start)
				var sizes []int
				for _, batch := range b.batches {
					sizes = append(sizes, len(batch))
				}
				if !slices.Equal(sizes, c.sizes) {
					t.Errorf("commits of %v items, want %v", sizes, c.sizes)
				}
				if d := took - c.at; d < 0 || d > 10 {
					t.Errorf("took %v, want %v", took, c.at)
				}
				s.close()
			})
		})
	}
}
