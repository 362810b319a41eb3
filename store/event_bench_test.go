package store_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"addtomojo/store"
	"addtomojo/store/storetest"
)

// BenchmarkReceiveEvent receives through 64 goroutines: in shared commits, and by turns each event in a commit of its own. It
// reports events per second of both, and the first by the second. PostgreSQL only waits for the disk where TEST_DATABASE_URL
// names a server that does.
func BenchmarkReceiveEvent(b *testing.B) {
	for _, engine := range storetest.Engines() {
		b.Run(engine, func(b *testing.B) {
			s := storetest.Open(b, engine)
			for i := range 10 {
				c := kate()
				c.Email, c.MojoAccountID = fmt.Sprintf("agent%d@example.com", i), fmt.Sprint(i)
				if _, err := s.Connect(b.Context(), c, token("mojo"), token("wise"), ""); err != nil {
					b.Fatal(err)
				}
			}
			var shared, alone time.Duration
			var sharedEvents, aloneEvents, next int
			for b.Loop() {
				shared += together(b, &next, 2000, s.ReceiveEvent)
				sharedEvents += 2000
				alone += together(b, &next, 500, s.ReceiveEventAlone)
				aloneEvents += 500
			}
			perSecond := float64(sharedEvents) / shared.Seconds()
			b.ReportMetric(perSecond, "shared/s")
			b.ReportMetric(perSecond/(float64(aloneEvents)/alone.Seconds()), "shared/alone")
		})
	}
}

// together receives n events, numbered on from next, through 64 goroutines.
func together(b *testing.B, next *int, n int, receive func(context.Context, store.Event, string) (store.Received, error)) time.Duration {
	b.Helper()
	text := []byte(`{"call":{"id":90210,"notes":"` + strings.Repeat("Wants a valuation in spring. ", 15) + `"}}`)
	var taken atomic.Int64
	var group sync.WaitGroup
	start := time.Now()
	for range 64 {
		group.Go(func() {
			for i := int(taken.Add(1)); i <= n; i = int(taken.Add(1)) {
				e := call(fmt.Sprintf("msg_%x", (*next+i)*7919%1000003), int64(i%500))
				e.AccountID, e.Body, e.ReceivedAt = fmt.Sprint(i%10), text, time.Now()
				if _, err := receive(b.Context(), e, "worker"); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	*next += n
	return time.Since(start)
}

// BenchmarkDueEvents reads the next events of eight contacts while 10,000 of 5,000 contacts wait, on PostgreSQL by connections that were
// there while the table was small. It reports how much longer that takes than while 100 wait.
func BenchmarkDueEvents(b *testing.B) {
	eachEngine(b, func(b *testing.B, s *store.Store, c store.Connection) {
		keys := []string{"3", "4", "17", "18", "31", "32", "45", "46"}
		read := func() time.Duration {
			start := time.Now()
			for range 100 {
				if due, err := s.DueEvents(b.Context(), c.ID, noon, keys); err != nil || len(due) != len(keys) {
					b.Fatalf("%d events and %v, want %d", len(due), err, len(keys))
				}
			}
			return time.Since(start)
		}
		next := 0
		fill := func(n int) {
			var taken atomic.Int64
			var group sync.WaitGroup
			for range 64 {
				group.Go(func() {
					for i := int(taken.Add(1)); i <= n; i = int(taken.Add(1)) {
						if _, err := s.ReceiveEvent(b.Context(), call(fmt.Sprint("msg_", next+i), int64((next+i)%5000+1)), ""); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			group.Wait()
			next += n
		}
		fill(100)
		few := read()
		fill(9900)
		b.ResetTimer()
		var many time.Duration
		for b.Loop() {
			many += read()
		}
		b.ReportMetric(many.Seconds()/float64(b.N)/few.Seconds(), "many/few")
	})
}
