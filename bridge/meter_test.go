package bridge_test

import (
	"errors"
	"fmt"
	"maps"
	"sync"
	"testing"
	"time"

	"addtomojo/bridge"
	"addtomojo/sandbox/fault"
	mojobox "addtomojo/sandbox/mojo"
	"addtomojo/store"
)

// tally counts what a meter is told.
type tally struct {
	t     *testing.T
	mu    sync.Mutex
	times map[string]int
}

func (c *tally) add(what ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.times[fmt.Sprintln(what...)]++
}

func (c *tally) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.times)
}

func (c *tally) Hook(o bridge.HookOutcome) { c.add("hook", o) }
func (c *tally) CaughtUp()                 { c.add("caught up") }
func (c *tally) Event(kind string, state store.EventState, after time.Duration) {
	if after < 0 || after > time.Hour {
		c.t.Errorf("%s is %s %s after its receipt", kind, state, after)
	}
	c.add(kind, state)
}
func (c *tally) PushBegun()                   { c.add("push begun") }
func (c *tally) PushEnded(s store.PushState)  { c.add("push", s) }
func (c *tally) Contact(s store.ContactState) { c.add("contact", s) }
func (c *tally) Refreshed(s store.Side, err error) {
	if err == nil || errors.Is(err, bridge.ErrNeedsSignIn) {
		c.add("refreshed", s, err == nil)
	} else {
		c.add("not refreshed", s)
	}
}

// counting has the service tell a tally of what it does from now on.
func (w *town) counting() *tally {
	w.t.Helper()
	w.stop()
	count := &tally{t: w.t, times: make(map[string]int)}
	w.Meter = count
	w.run()
	return count
}

// counted waits until exactly that was counted since the last time.
func (w *town) counted(count *tally, want map[string]int) {
	w.t.Helper()
	lines := make(map[string]int)
	for what, n := range want {
		lines[what+"\n"] = n
	}
	var got map[string]int
	defer func() {
		if w.t.Failed() {
			w.t.Logf("counted %v, want %v", got, lines)
		}
	}()
	w.eventually("all is counted", func() bool {
		count.mu.Lock()
		defer count.mu.Unlock()
		got = maps.Clone(count.times)
		return maps.Equal(got, lines)
	})
	count.reset()
}

func TestHooksAndDeliveriesAreCounted(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		_, ids := w.linked(1)
		count := w.counting()
		call := func(n int) string { return w.hook("call.completed", w.who(ids[0]), callOf(n, "contact", "")) }
		w.tell("1", call(1))
		w.tell("1", call(1))
		if err := w.Receive(t.Context(), "2", []byte(`{"type":"call.completed"}`)); !errors.Is(err, bridge.ErrHookUnreadable) {
			t.Errorf("half a hook: %v", err)
		}
		w.RefuseHook([]byte("{}"), store.HookSignature, 0)
		w.RefuseHook([]byte(call(9)), store.HookClock, time.Hour)
		w.tell("3", w.hook("lunch.eaten", w.who(ids[0]), ""))
		w.tell("4", w.hook("note.created", `{"contact_id":424242,"full_name":"A Stranger"}`, `,"note":{"id":1,"contents":"Hi"}`))
		w.tell("5", w.hook("note.created", w.who(ids[0]), ""))
		w.counted(count, map[string]int{
			"hook accepted": 4, "hook doubled": 1, "hook unreadable": 1, "hook refused_signature": 1, "hook refused_clock": 1,
			"call.completed written": 1, "lunch.eaten excluded": 1, "note.created excluded": 1, "note.created needs_you": 1,
		})

		w.wiseFaults.Add(fault.Rule{Endpoint: "addContactNote", Kind: fault.ServerError, Times: 2})
		w.tell("poison", call(6))
		w.tried(1)
		w.later(10 * time.Second)
		w.tried(2)
		w.later(time.Minute)
		w.counted(count, map[string]int{"hook accepted": 1, "call.completed waiting": 2, "call.completed written": 1})

		w.wise.RevokeTokens(kate)
		w.tell("7", call(7)) // waits for a sign-in: that is no failed try
		w.counted(count, map[string]int{"hook accepted": 1, "refreshed wiseagent false": 1})

		w.need(w.Store.Close())
		if err := w.Receive(t.Context(), "8", []byte(call(8))); err == nil {
			t.Error("a hook is taken without a database")
		}
		w.counted(count, map[string]int{"hook failed": 1})
	})
}

func TestEventsOfTheFeedAreCounted(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		count := w.counting()
		w.looking()
		c := w.customer(1, 1)
		count.reset()
		w.only(c, 0, 1)
		w.tell(w.only(c, 0, 2), string(c.body(0, "call.completed", callOf(2, "contact", ""))))
		w.skew.Add(int64(6 * time.Minute))
		w.counted(count, map[string]int{"caught up": 1, "hook accepted": 1, "call.completed written": 2})
	})
}

func TestPushesAndRefreshesAreCounted(t *testing.T) {
	everyEngineWith(t, mojobox.Config{}, func(t *testing.T, w *town) {
		conn, group, ids := w.connected(), w.mojo.AddGroup(account, "Spring"), w.contacts(5)
		count := w.counting()
		w.mojo.ExpireTokens(account)
		got := w.push(conn, group, ids...)
		w.counted(count, map[string]int{"push begun": 1, "push done": 1, "contact added": 4, "contact failed": 1, "refreshed mojo true": 1})
		_, err := w.RetryFailed(t.Context(), conn, got.Push)
		w.need(err)
		w.end(conn, got.Push)
		w.need(w.Undo(t.Context(), got.Push))
		w.until(conn, got.Push, func(p bridge.Progress) bool { return p.Push.State == store.PushUndone })
		w.counted(count, map[string]int{"push begun": 1, "push done": 1, "contact failed": 1, "push undone": 1, "contact removed": 4})

		w.later(10 * time.Minute) // a token is not refreshed again at once
		w.mojo.ExpireTokens(account)
		w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointToken, Kind: fault.ServerError, Times: 1})
		w.Groups(t.Context(), conn, true) // it fails
		w.counted(count, map[string]int{"not refreshed mojo": 1})
	}, leaveOut("wa-26857"))
}
