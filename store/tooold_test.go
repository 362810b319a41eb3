package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"addtomojo/store"
	"addtomojo/store/storetest"
)

const month = 30 * 24 * time.Hour

func TestWhatIsTriedAgainIsNotTooOld(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		e := received(t, s, call("msg_1", 58))
		finishEvent(t, s, e, store.Outcome{State: store.EventNeedsYou, Reason: "The note is locked in Wise Agent."})
		now := e.ReceivedAt.Add(month + time.Hour)
		check(t, s.RetryEvent(t.Context(), c.ID, e.ID, now)) // a person has seen to it
		if n, err := s.ExcludeOld(t.Context(), now.Add(time.Second-month), now.Add(time.Second)); err != nil || n != 0 {
			t.Errorf("excluded %d, %v; want it to be tried: it has waited for a second", n, err)
		}
		if e = stored(t, s, e); e.State != store.EventWaiting {
			t.Errorf("state %s (%s), want it waiting", e.State, e.Reason)
		}
	})
}

// The body of what is forgotten while it waits goes when it is left out.
func TestWhatIsTooOldKeepsNoBody(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		connected(t, s)
		e := received(t, s, call("msg_1", 58))
		now := e.ReceivedAt.Add(month)
		_, err := s.Tidy(t.Context(), now.Add(time.Millisecond))
		check(t, err)
		n, err := s.ExcludeOld(t.Context(), now.Add(time.Second-month), now.Add(time.Second))
		if e = stored(t, s, e); err != nil || n != 1 || e.State != store.EventExcluded || len(e.Body) > 0 {
			t.Errorf("%d excluded (%v), state %s with %d bytes kept; want it excluded and nothing kept", n, err, e.State, len(e.Body))
		}
	})
}

func TestResetKeepsNoBodyOfWhatIsForgotten(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		events := []store.Event{received(t, s, call("msg_1", 58)), received(t, s, call("msg_2", 59))}
		check(t, s.ClaimEvents(t.Context(), []string{events[1].ID}, "w"))
		now := events[0].ReceivedAt.Add(month)
		_, err := s.Tidy(t.Context(), now)
		check(t, err)
		check(t, s.Reset(t.Context(), c.ID, now))
		for _, e := range events {
			if e = stored(t, s, e); e.State != store.EventExcluded || len(e.Body) > 0 {
				t.Errorf("state %s with %d bytes kept, want it excluded and nothing kept", e.State, len(e.Body))
			}
		}
	})
}

func TestWhatIsTooOldAndInDoubtSaysSo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		connected(t, s)
		e := received(t, s, call("msg_1", 58))
		finishEvent(t, s, e, store.Outcome{State: store.EventWaiting, NextAt: noon, Doubt: true, Attempts: 3})
		_, err := s.ExcludeOld(t.Context(), noon.Add(time.Hour), noon.Add(time.Hour))
		check(t, err)
		if e = stored(t, s, e); !strings.Contains(e.Reason, "may be in Wise Agent") {
			t.Errorf("reason %q, want that it may be in Wise Agent", e.Reason)
		}
	})
}

func TestAWrongClockDoesNotStopTheForgetting(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		connected(t, s)
		at := func(id string, at time.Time) store.Event {
			e := call(id, 58)
			e.ReceivedAt = at
			return received(t, s, e)
		}
		ahead := at("msg_1", noon.AddDate(10, 0, 0))
		right := at("msg_2", noon)
		young := at("msg_3", noon.Add(time.Hour))
		later := at("msg_4", noon.AddDate(10, 0, 0))
		for range 2 {
			_, err := s.Tidy(t.Context(), noon.Add(month))
			check(t, err)
		}
		for _, e := range []store.Event{ahead, right} {
			if got := stored(t, s, e); got.WebhookID != "" {
				t.Errorf("%s is kept, want it forgotten", got.WebhookID)
			}
		}
		for _, e := range []store.Event{young, later} {
			if got := stored(t, s, e); got.WebhookID == "" {
				t.Errorf("%s is forgotten, want it kept", e.WebhookID)
			}
		}
	})
}

// The clock was wrong for so long that one step meets nothing but what was received in the future.
func TestALongTimeOfAWrongClockDoesNotStopTheForgetting(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		connected(t, s)
		ahead := func(from int) {
			var group errgroup.Group
			group.SetLimit(64)
			for i := range 1200 {
				e := call(fmt.Sprint("ahead", from+i), int64(i+1))
				e.ReceivedAt = noon.AddDate(10, 0, 0)
				group.Go(func() error {
					_, err := s.ReceiveEvent(t.Context(), e, "")
					return err
				})
			}
			check(t, group.Wait())
		}
		at := func(id string, after time.Duration) {
			e := call(id, 58)
			e.ReceivedAt = noon.Add(after)
			received(t, s, e)
		}
		ahead(0)
		at("old", 0)
		ahead(1200) // as young as what comes after them
		at("young", time.Hour)
		at("set back", 0)
		for _, step := range []struct {
			after time.Duration
			want  int
		}{{-time.Second, 0}, {0, 1201}, {time.Second, 0}, {time.Hour, 1202}, {2 * time.Hour, 0}} {
			got, err := s.Tidy(t.Context(), noon.Add(month+step.after))
			check(t, err)
			same(t, fmt.Sprint("tidied after ", step.after), got, store.Tidied{Events: step.want})
		}
	})
}
