package bridge_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"addtomojo/bridge"
	"addtomojo/sandbox/fault"
	mojobox "addtomojo/sandbox/mojo"
	"addtomojo/store"
	"addtomojo/store/storetest"
)

func TestRetryAfterHoldsForAllWorkOfAConnection(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		w.frozen.Store(true)
		conn, group := w.connected(), w.mojo.AddGroup(account, "Spring")
		_, err := w.Groups(t.Context(), conn, true)
		w.need(err)
		ids := w.contacts(20)
		w.wiseFaults.Add(fault.Rule{Endpoint: "getContactsCount", Kind: fault.TooMany, RetryAfter: 2 * time.Minute, Times: 1})
		w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointGroups, Kind: fault.TooMany, RetryAfter: 2 * time.Minute, Times: 1})
		var down *bridge.DownError
		if _, err := w.Preflight(t.Context(), conn, w.launch(ids...)); !errors.As(err, &down) {
			t.Fatalf("preflight while throttled: %v, want a DownError", err)
		}
		w.Groups(t.Context(), conn, true)
		w.quiet()
		before := w.asked()
		push := w.begin(conn, group, ids...)
		w.until(conn, push, func(p bridge.Progress) bool { return p.Push.Attempts > 0 })
		for range 3 {
			w.skew.Add(int64(30 * time.Second))
			if _, err := w.Preflight(t.Context(), conn, w.launch(ids...)); !errors.As(err, &down) {
				t.Errorf("preflight while throttled: %v, want a DownError", err)
			}
			w.Groups(t.Context(), conn, true)
		}
		if after := w.asked(); after != before {
			t.Errorf("%d requests within the two minutes, want none", after-before)
		}
		w.skew.Add(int64(time.Minute))
		if got := w.end(conn, push); got.All.Added != 20 {
			t.Errorf("counts after the two minutes %+v, want 20 added", got.All)
		}
	})
}

// asked is how many requests both partners have had.
func (w *town) asked() int {
	sum := 0
	for _, n := range w.wise.Requests() {
		sum += n
	}
	for _, n := range w.mojo.Requests() {
		sum += n
	}
	return sum
}

func TestAClockThatIsAheadRefreshesOnce(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn, ids := w.connected(), w.contacts(12)
		ahead := w.instance()
		ahead.Now = func() time.Time { return w.Now().Add(3 * time.Hour) }
		before := w.mojo.Requests()[mojobox.EndpointToken]
		for range 5 {
			_, err := ahead.Groups(t.Context(), conn, true)
			w.need(err)
		}
		_, err := ahead.Preflight(t.Context(), conn, w.launch(ids...))
		w.need(err)
		if n := w.mojo.Requests()[mojobox.EndpointToken] - before; n != 1 || w.wise.RefreshCount() != 1 {
			t.Errorf("%d refreshes at Mojo and %d at Wise Agent, want one each: no token is ever fresh by such a clock", n, w.wise.RefreshCount())
		}
	})
}

func TestTokensAreUsedToTheirEndWhileTheyCantBeRefreshed(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn := w.connected()
		w.skew.Store(int64(59*time.Minute + 30*time.Second)) // they live an hour
		w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointToken, Kind: fault.ServerError})
		w.mojo.AddGroup(account, "Spring")
		groups, err := w.Groups(t.Context(), conn, true)
		if err != nil || !strings.Contains(groupNames(groups), "Spring") {
			t.Errorf("groups half a minute before the token's end: %q, %v; want them as they are now", groupNames(groups), err)
		}
	})
}

func groupNames(groups []store.Group) string {
	var names []string
	for _, g := range groups {
		names = append(names, g.Name)
	}
	return strings.Join(names, ", ")
}

func TestAPartnerThatRefusesEveryTokenIsNotHammered(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn, ids := w.connected(), w.contacts(200)
		w.wiseFaults.Add(fault.Rule{Endpoint: "getSingleContact", Kind: fault.ExpiredToken})
		w.wiseFaults.Add(fault.Rule{Endpoint: "getContactsCount", Kind: fault.ExpiredToken})
		if _, err := w.Preflight(t.Context(), conn, w.launch(ids[:16]...)); err == nil {
			t.Error("contacts came from a partner that refuses every token")
		}
		if n := w.wise.RefreshCount(); n > 2 {
			t.Errorf("%d refreshes, want 2 at most", n)
		}
		if n := w.wise.Requests()["getSingleContact"]; n > 20 {
			t.Errorf("%d reads, want no more than were under way", n)
		}
	})
}

func TestRefreshedTokensAreSavedEvenIfThatTakesAWhile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "addtomojo.db")
	w := newTown(t, storetest.At(t, path), mojobox.Config{})
	conn := w.connected()
	w.mojo.ExpireTokens(account)
	w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointToken, Kind: fault.Latency, Delay: 500 * time.Millisecond})
	var asking sync.WaitGroup
	asking.Go(func() {
		if _, err := w.Groups(t.Context(), conn, true); err != nil {
			t.Errorf("groups: %v", err)
		}
	})
	w.eventually("Mojo is asked for new tokens", func() bool { return w.mojo.Requests()[mojobox.EndpointToken] == 2 })
	stop := storetest.Refuse(t, path, "update", "tokens")
	w.eventually("saving has failed", func() bool { return w.said("refreshed tokens are not saved yet") })
	stop()
	asking.Wait()
	if now, err := w.Connection(t.Context(), kate); err != nil || now.State != store.StateConnected {
		t.Errorf("the connection is %s, %v; want it connected", now.State, err)
	}
}

func TestStoppingWaitsForARefreshAndForNothingElse(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn := w.connected()
		w.mojo.ExpireTokens(account)
		w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointToken, Kind: fault.Latency, Delay: 500 * time.Millisecond})
		w.wiseFaults.Add(fault.Rule{Endpoint: "getSingleContact", Kind: fault.Timeout})
		_, err := w.Preflight(brief(t), conn, w.launch(w.contacts(1)...))
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("preflight of a silent partner: %v, want DeadlineExceeded", err)
		}
		if _, err := w.Groups(brief(t), conn, true); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("groups while tokens are refreshed: %v, want DeadlineExceeded: who asks need not wait", err)
		}
		begin := time.Now()
		w.stop()
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("stopping took %s", took)
		}
		again := w.instance()
		if _, err := again.Groups(t.Context(), conn, true); err != nil {
			t.Errorf("groups after a restart: %v; want the refreshed tokens saved", err)
		}
		if n := w.mojo.Requests()[mojobox.EndpointToken]; n != 2 {
			t.Errorf("%d token requests, want the sign-in and one refresh", n)
		}
		late, err := w.Preflight(t.Context(), conn, w.launch(w.contacts(1)...))
		if err == nil {
			t.Errorf("after the end a preflight gives %+v, want an error", late)
		}
	})
}

func brief(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}
