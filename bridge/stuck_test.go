package bridge_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"addtomojo/bridge"
	"addtomojo/sandbox/fault"
	mojobox "addtomojo/sandbox/mojo"
	wisebox "addtomojo/sandbox/wiseagent"
	"addtomojo/store"
)

// What could hold a push up for ever, or give it up too soon.

func TestWiseAgentFailingInTheMiddleOnlyHoldsAPushUp(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		w.BatchSize = 5
		conn, group := w.connected(), w.mojo.AddGroup(account, "Spring")
		ids := w.contacts(80)
		_, err := w.Preflight(t.Context(), conn, w.launch(ids...))
		w.need(err)
		w.wiseFaults.Add(fault.Rule{Endpoint: "getContactNotes", Kind: fault.ServerError})
		push := w.begin(conn, group, ids...)
		got := w.until(conn, push, func(p bridge.Progress) bool { return p.Push.Cause != "" })
		if !strings.HasPrefix(got.Push.Cause, "Wise Agent isn't answering") {
			t.Errorf("cause %q, want Wise Agent named", got.Push.Cause)
		}
		w.wiseFaults.Clear()
		if got := w.end(conn, push); got.All.Added != 80 {
			t.Errorf("counts %+v, want 80 added once Wise Agent answers again", got.All)
		}
	})
}

// tooSlowFor makes bulk creates of more than n contacts hang until the client has lost patience.
func tooSlowFor(n int) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body) // the service's own JSON
			var contacts []json.RawMessage
			if strings.HasSuffix(r.URL.Path, "/bulk_create/") && json.Unmarshal(body, &contacts) == nil && len(contacts) > n {
				<-r.Context().Done()
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			next.ServeHTTP(w, r)
		})
	}
}

func TestABatchThatIsTooSlowIsHalvedUntilItFits(t *testing.T) {
	everyEngineWith(t, mojobox.Config{TellsAlreadyInGroup: true}, func(t *testing.T, w *town) {
		w.Mojo.HTTP = &http.Client{Timeout: 700 * time.Millisecond}
		w.BatchSize = 40
		conn, group := w.connected(), w.mojo.AddGroup(account, "Spring")
		ids := w.contacts(40)
		got := w.push(conn, group, ids...)
		if got.All.Added != 40 || !slices.Equal(w.inGroup(group), apiIDs(ids)) {
			t.Errorf("counts %+v and %d in the group, want 40 added in batches that Mojo can do in time", got.All, len(w.inGroup(group)))
		}
	}, tooSlowFor(12))
}

func TestOneHiccupDoesNotEndAnOldPush(t *testing.T) {
	t.Run("undo", func(t *testing.T) {
		everyEngine(t, func(t *testing.T, w *town) {
			conn, group := w.connected(), w.mojo.AddGroup(account, "Spring")
			got := w.push(conn, group, w.contacts(4)...)
			w.skew.Store(int64(23*time.Hour + 59*time.Minute))
			w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointRemoveFromGroup, Kind: fault.ServerError, Times: 3})
			w.need(w.Undo(t.Context(), got.Push))
			w.skew.Store(int64(24*time.Hour + time.Minute))
			if got := w.end(conn, got.Push); got.Push.State != store.PushUndone || len(w.inGroup(group)) != 0 {
				t.Errorf("state %s (%q) with %d in the group, want undone", got.Push.State, got.Push.Cause, len(w.inGroup(group)))
			}
		})
	})
	t.Run("retry", func(t *testing.T) {
		everyEngine(t, func(t *testing.T, w *town) {
			conn, group := w.connected(), w.mojo.AddGroup(account, "Spring")
			rule := w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkCreate, Kind: fault.ServerError, Status: 400})
			got := w.push(conn, group, w.contacts(2)...)
			w.mojoFaults.Remove(rule)
			w.skew.Store(int64(72 * time.Hour))
			w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkCreate, Kind: fault.ServerError, Times: 1})
			_, err := w.RetryFailed(t.Context(), conn, got.Push)
			w.need(err)
			if got := w.end(conn, got.Push); got.All.Added != 2 {
				t.Errorf("state %s (%q), counts %+v; want both added after a hiccup", got.Push.State, got.Push.Cause, got.All)
			}
		})
	})
}

func TestAPushIsGivenUpAfterADayInVain(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		w.PushWaits = []time.Duration{13 * time.Hour}
		conn, group := w.connected(), w.mojo.AddGroup(account, "Spring")
		ids := w.contacts(3)
		w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkCreate, Kind: fault.ServerError})
		push := w.begin(conn, group, ids...)
		for try := 1; try <= 2; try++ {
			w.until(conn, push, func(p bridge.Progress) bool { return p.Push.Attempts == try })
			w.skew.Add(int64(13*time.Hour + time.Minute))
		}
		got := w.end(conn, push)
		want := "Mojo wasn't answering as it should, for a day. We stopped trying; press Retry to go on."
		if got.Push.State != store.PushStopped || got.Push.Cause != want {
			t.Errorf("state %s, cause %q; want stopped, %q", got.Push.State, got.Push.Cause, want)
		}
		w.mojoFaults.Clear()
		_, err := w.RetryFailed(t.Context(), conn, got.Push)
		w.need(err)
		if got := w.end(conn, push); got.All.Added != 3 {
			t.Errorf("counts after Retry %+v, want 3 added", got.All)
		}
	})
}

// everySecond makes every second bulk create fail.
func everySecond(next http.Handler) http.Handler {
	var requests atomic.Int64
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/bulk_create/") && requests.Add(1)%2 == 0 {
			http.Error(w, "", http.StatusInternalServerError)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func TestProgressStartsTheWaitsAfresh(t *testing.T) {
	everyEngineWith(t, mojobox.Config{TellsAlreadyInGroup: true}, func(t *testing.T, w *town) {
		w.BatchSize = 2
		w.PushWaits = []time.Duration{10 * time.Millisecond, 20 * time.Millisecond, 25 * time.Hour}
		conn, group := w.connected(), w.mojo.AddGroup(account, "Spring")
		if got := w.push(conn, group, w.contacts(12)...); got.All.Added != 12 {
			t.Errorf("counts %+v, want 12 added", got.All)
		}
	}, everySecond)
}

func TestAnUndoThatWasGivenUpCanBeAskedForAgain(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn, group := w.connected(), w.mojo.AddGroup(account, "Spring")
		got := w.push(conn, group, w.contacts(3)...)
		w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointRemoveFromGroup, Kind: fault.ServerError, Status: 400, Times: 1})
		w.need(w.Undo(t.Context(), got.Push))
		got = w.end(conn, got.Push)
		if got.Push.State != store.PushStopped || got.UndoUntil.IsZero() {
			t.Fatalf("a refused undo leaves the push %s, undo until %v; want it stopped, and undo still offered", got.Push.State, got.UndoUntil)
		}
		w.need(w.Undo(t.Context(), got.Push))
		if got := w.end(conn, got.Push); got.Push.State != store.PushUndone || len(w.inGroup(group)) != 0 {
			t.Errorf("state %s with %d in the group, want undone", got.Push.State, len(w.inGroup(group)))
		}
	})
}

func TestAPushThatStoppedHalfwayCanBeUndone(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		w.BatchSize = 5
		w.PushWaits = []time.Duration{25 * time.Hour}
		conn, group := w.connected(), w.mojo.AddGroup(account, "Spring")
		ids := w.contacts(20)
		w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkCreate, Kind: fault.Latency, Delay: 100 * time.Millisecond})
		push := w.begin(conn, group, ids...)
		w.until(conn, push, func(p bridge.Progress) bool { return p.All.Added > 0 })
		w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkCreate, Kind: fault.ServerError})
		w.until(conn, push, func(p bridge.Progress) bool { return p.Push.Attempts == 1 })
		w.skew.Add(int64(25*time.Hour + time.Minute))
		got := w.end(conn, push)
		if got.Push.State != store.PushStopped || got.UndoUntil.IsZero() {
			t.Fatalf("state %s, undo until %v; want stopped, and undo offered", got.Push.State, got.UndoUntil)
		}
		w.need(w.Undo(t.Context(), got.Push))
		if got := w.end(conn, push); got.Push.State != store.PushUndone || len(w.inGroup(group)) != 0 {
			t.Errorf("state %s with %d in the group, want undone", got.Push.State, len(w.inGroup(group)))
		}
	})
}

func TestOneContactThatWiseAgentCantGiveFailsAlone(t *testing.T) {
	for _, test := range []struct {
		endpoint, want string
	}{
		{"getSingleContact", "failed Wise Agent doesn't give us this contact."},
		{"getContactNotes", "failed Wise Agent doesn't give us this contact's notes."},
	} {
		t.Run(test.endpoint, func(t *testing.T) {
			everyEngine(t, func(t *testing.T, w *town) {
				conn, group := w.connected(), w.mojo.AddGroup(account, "Spring")
				ids := w.contacts(6)
				w.breaks(test.endpoint, ids[2])
				launch := w.launch(ids...)
				pre, err := w.Preflight(t.Context(), conn, launch)
				w.need(err)
				if pre.WillSend(false) != 6 {
					t.Errorf("preflight will send %d, want 6: the push tries again", pre.WillSend(false))
				}
				push, err := w.StartPush(t.Context(), conn, bridge.StartPush{ID: store.NewID(), LaunchID: launch.ID, GroupID: group})
				w.need(err)
				got := w.end(conn, push)
				if reason := w.reasons(push)[ids[2]]; got.All.Added != 5 || reason != test.want {
					t.Errorf("counts %+v, the broken one %q; want 5 added and %q", got.All, reason, test.want)
				}
				w.broken.Clear()
				_, err = w.RetryFailed(t.Context(), conn, push)
				w.need(err)
				if got := w.end(conn, push); got.All.Added != 6 {
					t.Errorf("counts after Retry %+v, want 6 added", got.All)
				}
			})
		})
	}
}

func TestRetryTakesAContactAsItIsNow(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn, group := w.connected(), w.mojo.AddGroup(account, "Spring")
		ids := w.contacts(1)
		rule := w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkCreate, Kind: fault.ServerError, Status: 400})
		got := w.push(conn, group, ids...)
		w.mojoFaults.Remove(rule)
		w.wise.ChangeContact(kate, ids[0], func(c *wisebox.Contact) { c.Last = "Corrected" })
		_, err := w.RetryFailed(t.Context(), conn, got.Push)
		w.need(err)
		w.end(conn, got.Push)
		if in := w.mojo.Contacts(account, group); len(in) != 1 || in[0].FullName != "Person Corrected" {
			t.Errorf("after the customer corrected the contact, Retry sent %+v, want the corrected one", in)
		}
	})
}
