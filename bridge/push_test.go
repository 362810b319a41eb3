package bridge_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"addtomojo/bridge"
	"addtomojo/sandbox/fault"
	mojobox "addtomojo/sandbox/mojo"
	wisebox "addtomojo/sandbox/wiseagent"
	"addtomojo/store"
	"addtomojo/store/storetest"
)

// through tells that every contact ended well.
func through(p bridge.Progress) bool {
	return p.Push.State == store.PushDone && p.All.Failed == 0 && p.All.Waiting == 0
}

func TestPushPutsExactlyTheSelectionIntoTheGroup(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn, group := w.connected(), w.mojo.AddGroup(account, "Spring")
		ids := w.contacts(250)
		selected := ids[20:233]
		got := w.push(conn, group, selected...)
		if got.All.Added != 213 || !through(got) {
			t.Errorf("counts %+v in state %s, want 213 added and through", got.All, got.Push.State)
		}
		if in := w.inGroup(group); !slices.Equal(in, apiIDs(selected)) {
			t.Errorf("the group holds %d contacts, want exactly the 213 selected", len(in))
		}
		c := w.mojo.Contacts(account, group)[0]
		if c.FullName != "Person 20" || c.Address != "12 N Oak St" || len(c.Media) != 2 || c.Media[0].Value != "5205550120" || len(c.Notes) != 1 || !strings.HasSuffix(c.Notes[0].Contents, "Met\nAt the fair") {
			t.Errorf("the first contact arrived as %+v", c)
		}
		if want := w.mojoURL + "/my-data/?group_id="; !strings.HasPrefix(got.Landing, want) {
			t.Errorf("landing %q, want %q", got.Landing, want)
		}
		if n := w.mojo.BusyAnswers(account); n != 0 {
			t.Errorf("%d requests met the account's lock, want none: one goes at a time", n)
		}
	})
}

func TestKnownContactsAreMovedAndTheirNotesSentOnce(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn := w.connected()
		spring, fall := w.mojo.AddGroup(account, "Spring"), w.mojo.AddGroup(account, "Fall")
		ids := w.contacts(30)
		w.push(conn, spring, ids[:20]...)
		w.wise.AddNote(kate, wisebox.Note{ClientID: ids[0], Subject: "Called", Text: "again", Date: w.Now()})

		got := w.push(conn, fall, ids...)
		if got.All.Added != 10 || got.All.Updated != 20 {
			t.Errorf("counts %+v, want 10 added and 20 updated", got.All)
		}
		if in := w.inGroup(fall); !slices.Equal(in, apiIDs(ids)) {
			t.Errorf("the second group holds %d contacts, want all 30", len(in))
		}
		all := w.mojo.Contacts(account, fall)
		c := all[slices.IndexFunc(all, func(c mojobox.Contact) bool { return c.APIContactID == "wa-"+ids[0] })]
		if len(c.Notes) != 2 {
			t.Errorf("the contact has %d notes, want the old one once and the new one: %+v", len(c.Notes), c.Notes)
		}
	})
}

func TestWhoIsLeftOutIsToldWhy(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn, group := w.connected(), w.mojo.AddGroup(account, "Spring")
		add := func(c wisebox.Contact) string { return w.wise.AddContact(kate, c) }
		plain := add(wisebox.Contact{First: "Ann", Last: "Lee", HomePhone: "(520) 555-0143"})
		phoneless := add(wisebox.Contact{First: "Bob", Email: "bob@example.com"})
		category := add(wisebox.Contact{First: "Cy", HomePhone: "520-555-0144", Categories: []string{"do not call"}})
		marked := add(wisebox.Contact{First: "Di", HomePhone: "DNC 520-555-0145"})
		empty := add(wisebox.Contact{})
		gone := add(wisebox.Contact{First: "Ed"})
		w.wise.DeleteContact(kate, gone)
		vendor := w.wise.AddVendor(kate, wisebox.Vendor{Company: "Saguaro Title"})

		got := w.push(conn, group, plain, phoneless, category, marked, empty, gone, vendor)
		want := map[string]string{
			plain: "added", phoneless: "added No phone: can't be dialed.",
			category: "skipped Marked do-not-call in Wise Agent.", marked: "skipped Marked do-not-call in Wise Agent.",
			empty: "skipped Has no name, phone or e-mail.",
			gone:  "skipped No longer in Wise Agent, or not one of your contacts.", vendor: "skipped Vendors are not sent to the dialer.",
		}
		for id, reason := range w.reasons(got.Push) {
			if reason != want[id] {
				t.Errorf("contact %s is %q, want %q", id, reason, want[id])
			}
		}
		if !through(got) {
			t.Error("the push is not through, want it to be: nobody failed")
		}

		ticked, err := w.StartPush(t.Context(), conn, bridge.StartPush{
			ID: store.NewID(), LaunchID: w.launch(category, marked).ID, GroupID: group, IncludeDoNotCall: true})
		w.need(err)
		if p := w.end(conn, ticked); p.All.Added != 2 {
			t.Errorf("ticked do-not-call contacts: %+v, want 2 added", p.All)
		}
	})
}

func TestWhoSharesAPhoneIsFlagged(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		w.BatchSize = 2
		conn, group := w.connected(), w.mojo.AddGroup(account, "Spring")
		add := func(c wisebox.Contact) string { return w.wise.AddContact(kate, c) }
		first := add(wisebox.Contact{First: "Ann", HomePhone: "(520) 555-0143"})
		alone := add(wisebox.Contact{First: "Bob", HomePhone: "(520) 555-0144"})
		skipped := add(wisebox.Contact{First: "Cy", HomePhone: "(520) 555-0144", Categories: []string{"Do Not Call"}})
		both := add(wisebox.Contact{First: "Di", MobilePhone: "520-555-0143", WorkPhone: "520.555.0145"})
		last := add(wisebox.Contact{First: "Ed", WorkPhone: "5205550145"})
		none := add(wisebox.Contact{First: "Flo"})
		want := map[string]string{
			first: "added Shares a phone with 1 other contact.", alone: "added",
			skipped: "skipped Marked do-not-call in Wise Agent.",
			both:    "added Shares a phone with 2 other contacts.", last: "added Shares a phone with 1 other contact.",
			none: "added No phone: can't be dialed.",
		}
		got := w.push(conn, group, first, alone, skipped, both, last, none)
		for id, reason := range w.reasons(got.Push) {
			if reason != want[id] {
				t.Errorf("contact %s is %q, want %q", id, reason, want[id])
			}
		}
		if got.All.Added != 5 || !through(got) {
			t.Errorf("counts %+v, want 5 added and through", got.All)
		}
		again := w.push(conn, w.mojo.AddGroup(account, "Fall"), both, last)
		if reason := w.reasons(again.Push)[last]; reason != "updated Shares a phone with 1 other contact." {
			t.Errorf("pushed again the contact is %q, want it updated and flagged", reason)
		}
		w.need(w.Undo(t.Context(), got.Push))
		if reason := w.reasons(w.end(conn, got.Push).Push)[none]; reason != "removed" {
			t.Errorf("undone, the contact is %q, want it removed and no flag", reason)
		}
	})
}

// The category of the settings is off, or the customer took the contact out of it: the call in Mojo counts all the same.
func TestWhoSaidDoNotCallInMojoIsLeftOut(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		w.DoNotCallCategory = ""
		conn, ids := w.linked(3)
		w.tell("never again", w.hook("call.completed", w.who(ids[1]), callOf(90210, "dnc_contact", "")))
		w.settled(conn)
		leftOut := func(when string) {
			t.Helper()
			pre, err := w.Preflight(t.Context(), conn, w.launch(ids...))
			w.need(err)
			want := []bridge.Person{{ClientID: ids[1], Name: "Person 1", Why: "A call in Mojo ended with DNC Contact."}}
			if !slices.Equal(pre.DoNotCall, want) || len(pre.Sendable) != 2 || len(pre.Known) != 2 {
				t.Errorf("%s: preflight %+v, want %+v left out", when, pre, want)
			}
			group := w.mojo.AddGroup(account, when)
			got := w.push(conn, group, ids...)
			if reason := w.reasons(got.Push)[ids[1]]; reason != "skipped A call in Mojo ended with DNC Contact." || len(w.inGroup(group)) != 2 {
				t.Errorf("%s: the contact is %q, %d in the group; want it skipped, and 2", when, reason, len(w.inGroup(group)))
			}
		}
		leftOut("after the call")

		w.need(w.reset(conn))
		conn = w.connected()
		leftOut("after a reset")

		group := w.mojo.AddGroup(account, "ticked")
		ticked, err := w.StartPush(t.Context(), conn, bridge.StartPush{
			ID: store.NewID(), LaunchID: w.launch(ids...).ID, GroupID: group, IncludeDoNotCall: true})
		w.need(err)
		if p := w.end(conn, ticked); p.All.Updated != 3 || len(w.inGroup(group)) != 3 {
			t.Errorf("ticked: %+v, %d in the group; want all 3 updated", p.All, len(w.inGroup(group)))
		}
		leftOut("after it was sent in this connection, too")
	})
}

func TestUndoTakesOutWhatThePushPutInAndNothingElse(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn, group := w.connected(), w.mojo.AddGroup(account, "Spring")
		other := w.mojo.AddGroup(account, "Fall")
		ids := w.contacts(12)
		w.push(conn, group, ids[:4]...)  // in the group before
		w.push(conn, other, ids[4:8]...) // in Mojo before
		got := w.push(conn, group, ids...)
		if got.UndoUntil.IsZero() {
			t.Fatal("the push can't be undone, want 24 hours")
		}
		w.need(w.Undo(t.Context(), got.Push))
		w.need(w.Undo(t.Context(), got.Push)) // pressed twice
		undone := w.end(conn, got.Push)
		if undone.Push.State != store.PushUndone || undone.All.Removed != 8 {
			t.Errorf("state %s, counts %+v; want undone with 8 removed", undone.Push.State, undone.All)
		}
		if in := w.inGroup(group); !slices.Equal(in, apiIDs(ids[:4])) {
			t.Errorf("the group holds %q, want the four that were in it before", in)
		}
		if in := w.inGroup(other); !slices.Equal(in, apiIDs(ids[4:8])) {
			t.Errorf("the other group holds %q, want it untouched", in)
		}
	})
}

func TestUndoTakesOutKnownContactsWhenNobodyWasInTheGroup(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn, spring, fall := w.connected(), w.mojo.AddGroup(account, "Spring"), w.mojo.AddGroup(account, "Fall")
		ids := w.contacts(3)
		w.push(conn, spring, ids...)
		got := w.push(conn, fall, ids...)
		w.need(w.Undo(t.Context(), got.Push))
		if w.end(conn, got.Push); len(w.inGroup(fall)) != 0 || len(w.inGroup(spring)) != 3 {
			t.Errorf("%d in the group and %d in the earlier one, want none and 3", len(w.inGroup(fall)), len(w.inGroup(spring)))
		}
	})
}

// leaveOut makes every bulk create answer as if it had never heard of one contact.
func leaveOut(apiID string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasSuffix(r.URL.Path, "/bulk_create/") {
				next.ServeHTTP(w, r)
				return
			}
			var sent []json.RawMessage
			json.NewDecoder(r.Body).Decode(&sent) // the service's own JSON
			sent = slices.DeleteFunc(sent, func(c json.RawMessage) bool { return strings.Contains(string(c), `"`+apiID+`"`) })
			if len(sent) == 0 {
				w.Header().Set("Content-Type", "application/json")
				io.WriteString(w, `{"duplicated_api_contact_id": [], "errors": [], "result": []}`)
				return
			}
			body, _ := json.Marshal(sent) // raw messages that were just read
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			next.ServeHTTP(w, r)
		})
	}
}

func TestAContactThatMojoLeavesOutFailsAloneAndSaysSo(t *testing.T) {
	everyEngineWith(t, mojobox.Config{}, func(t *testing.T, w *town) {
		conn, group := w.connected(), w.mojo.AddGroup(account, "Spring")
		ids := w.contacts(5)
		got := w.push(conn, group, ids...)
		if reason := w.reasons(got.Push)["26857"]; got.All.Added != 4 || reason != "failed Mojo didn't say what became of this contact." {
			t.Errorf("counts %+v, the third contact is %q; want 4 added and it failed", got.All, reason)
		}
	}, leaveOut("wa-26857"))
}

func TestUndoEndsAfterADay(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn, group := w.connected(), w.mojo.AddGroup(account, "Spring")
		got := w.push(conn, group, w.contacts(2)...)
		w.skew.Store(int64(24*time.Hour + time.Minute))
		if err := w.Undo(t.Context(), got.Push); !errors.Is(err, store.ErrTooLate) {
			t.Errorf("undo after a day: %v, want ErrTooLate", err)
		}
	})
}

func TestOneBadContactDoesNotHoldUpTheOthers(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn, group := w.connected(), w.mojo.AddGroup(account, "Spring")
		ids := w.contacts(40)
		w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkCreate, Kind: fault.ServerError, Status: 400, Times: 1})
		got := w.push(conn, group, ids...)
		if got.All.Added != 40 {
			t.Errorf("counts %+v, want the 40 added in two halves", got.All)
		}
	})
}

func TestLostAnswersAddNobodyTwice(t *testing.T) {
	for _, kind := range []fault.Kind{fault.CutAfter, fault.CutBefore, fault.HTML, fault.Truncated, fault.ServerError, fault.TooMany} {
		t.Run(string(kind), func(t *testing.T) {
			everyEngine(t, func(t *testing.T, w *town) {
				conn, group := w.connected(), w.mojo.AddGroup(account, "Spring")
				ids := w.contacts(50)
				w.BatchSize = 20
				w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkCreate, Kind: kind, Times: 2})
				got := w.push(conn, group, ids...)
				if got.All.Added != 50 || !slices.Equal(w.inGroup(group), apiIDs(ids)) {
					t.Errorf("counts %+v and %d in the group, want 50 added", got.All, len(w.inGroup(group)))
				}
				w.need(w.Undo(t.Context(), got.Push))
				if w.end(conn, got.Push); len(w.inGroup(group)) != 0 {
					t.Errorf("after undo the group holds %d, want none: this push put all of them in", len(w.inGroup(group)))
				}
			})
		})
	}
}

func TestAHostWithoutBulkUpdateNeverFailsAPush(t *testing.T) {
	everyEngineWith(t, mojobox.Config{NoBulkUpdate: true}, func(t *testing.T, w *town) {
		conn := w.connected()
		spring, fall := w.mojo.AddGroup(account, "Spring"), w.mojo.AddGroup(account, "Fall")
		ids := w.contacts(10)
		w.push(conn, spring, ids[:5]...)
		got := w.push(conn, fall, ids...)
		if got.All.Added != 5 || got.All.Skipped != 5 || !through(got) {
			t.Errorf("counts %+v, want 5 added and 5 skipped", got.All)
		}
	})
}

func TestTooLargeBatchesAreHalved(t *testing.T) {
	everyEngineWith(t, mojobox.Config{BatchLimit: 30}, func(t *testing.T, w *town) {
		conn, group := w.connected(), w.mojo.AddGroup(account, "Spring")
		if got := w.push(conn, group, w.contacts(230)...); got.All.Added != 230 {
			t.Errorf("counts %+v, want 230 added", got.All)
		}
	})
}

func TestAnOlderBulkCreateIsWaitedFor(t *testing.T) {
	everyEngineWith(t, mojobox.Config{InterruptedLock: 1500 * time.Millisecond}, func(t *testing.T, w *town) {
		conn, group := w.connected(), w.mojo.AddGroup(account, "Spring")
		w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkCreate, Kind: fault.CutAfter, Times: 1})
		got := w.push(conn, group, w.contacts(5)...)
		if got.All.Added != 5 {
			t.Errorf("counts %+v, want 5 added", got.All)
		}
	})
}

// Who goes back to the groups right after a push, or its undo, sees what it did; whoever looks again asks Mojo nothing.
func TestGroupSizesAreNewAfterAPushAndAfterItsUndo(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn, group := w.connected(), w.mojo.AddGroup(account, "Spring")
		shown := func(when string, want int) {
			t.Helper()
			groups, err := w.Groups(t.Context(), conn, false)
			w.need(err)
			i := slices.IndexFunc(groups, func(g store.Group) bool { return g.ID == group })
			if got := groups[i].Contacts; got != want {
				t.Errorf("%s: the group has %d contacts, want %d", when, got, want)
			}
		}
		shown("before", 0)
		push := w.push(conn, group, w.contacts(5)...).Push
		shown("after the push", 5)
		asked := w.mojo.Requests()[mojobox.EndpointGroups]
		shown("a second look", 5)
		if got := w.mojo.Requests()[mojobox.EndpointGroups] - asked; got != 0 {
			t.Errorf("a second look asked Mojo %d times, want none", got)
		}
		w.need(w.Undo(t.Context(), push))
		w.end(conn, push)
		shown("after the undo", 0)
	})
}

func TestADeletedGroupStopsThePushAndSaysSo(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn, group := w.connected(), w.mojo.AddGroup(account, "Spring")
		ids := w.contacts(3)
		launch := w.launch(ids...)
		_, err := w.Groups(t.Context(), conn, true)
		w.need(err)
		w.mojo.DeleteGroup(account, group)
		push, err := w.StartPush(t.Context(), conn, bridge.StartPush{ID: store.NewID(), LaunchID: launch.ID, GroupID: group})
		w.need(err)
		got := w.end(conn, push)
		if got.Push.State != store.PushStopped || !strings.Contains(got.Push.Cause, `"Spring" is no longer in Mojo`) || got.All.Failed != 3 {
			t.Errorf("state %s, cause %q, counts %+v; want stopped, named, 3 failed", got.Push.State, got.Push.Cause, got.All)
		}
		_, err = w.StartPush(t.Context(), conn, bridge.StartPush{ID: store.NewID(), LaunchID: launch.ID, GroupID: 424242})
		if !errors.Is(err, bridge.ErrGroupGone) {
			t.Errorf("a group that never was: %v, want ErrGroupGone", err)
		}
	})
}

// Mojo refused a batch, and the next ones were not sent: nobody needs to wonder whether they are in Mojo. Those whose answer was
// lost before are.
func TestADeletedGroupLeavesNoDoubtWhereThereIsNone(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		w.BatchSize = 2
		conn, group := w.connected(), w.mojo.AddGroup(account, "Spring")
		ids := w.contacts(8)
		w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkCreate, Kind: fault.CutAfter, Times: 1})
		w.PushWaits = []time.Duration{500 * time.Millisecond}
		push := w.begin(conn, group, ids...)
		w.until(conn, push, func(p bridge.Progress) bool { return p.Push.Attempts == 1 })
		w.mojo.DeleteGroup(account, group)
		got := w.end(conn, push)
		doubtful := 0
		for id, reason := range w.reasons(push) {
			if !strings.HasPrefix(reason, `failed The group "Spring" is no longer in Mojo.`) {
				t.Errorf("contact %s: %s", id, reason)
			}
			if strings.Contains(reason, "may have reached Mojo") {
				doubtful++
			}
		}
		if doubtful != 2 || !got.GroupGone || !got.UndoUntil.IsZero() {
			t.Errorf("%d are in doubt, group gone %t, undo until %s; want the 2 whose answer was lost, true and no undo",
				doubtful, got.GroupGone, got.UndoUntil)
		}
		if n, err := w.RetryFailed(t.Context(), conn, push); !errors.Is(err, bridge.ErrGroupGone) {
			t.Errorf("Retry: %d, %v; want ErrGroupGone", n, err)
		}
	})
}

func TestRetrySendsTheFailedOnesAgain(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn, group := w.connected(), w.mojo.AddGroup(account, "Spring")
		ids := w.contacts(4)
		w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkCreate, Kind: fault.ServerError, Status: 400})
		got := w.push(conn, group, ids...)
		if got.All.Failed != 4 || through(got) {
			t.Fatalf("counts %+v, want 4 failed", got.All)
		}
		w.mojoFaults.Clear()
		n, err := w.RetryFailed(t.Context(), conn, got.Push)
		if err != nil || n != 4 {
			t.Fatalf("retry: %d, %v; want 4", n, err)
		}
		if got := w.end(conn, got.Push); got.All.Added != 4 || got.Run.Total != 4 || !through(got) {
			t.Errorf("counts %+v, want 4 added", got.All)
		}
	})
}

func TestExpiredTokensAreRefreshedOnce(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn, group := w.connected(), w.mojo.AddGroup(account, "Spring")
		ids := w.contacts(60)
		w.wise.ExpireTokens(kate)
		w.mojo.ExpireTokens(account)
		got := w.push(conn, group, ids...)
		if got.All.Added != 60 || w.wise.RefreshCount() != 1 {
			t.Errorf("counts %+v after %d refreshes at Wise Agent, want 60 added after one", got.All, w.wise.RefreshCount())
		}
	})
}

func TestARevokedSidePausesThePushUntilSignIn(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn, group := w.connected(), w.mojo.AddGroup(account, "Spring")
		ids := w.contacts(5)
		w.wise.RevokeTokens(kate)
		push := w.begin(conn, group, ids...)
		got := w.until(conn, push, func(p bridge.Progress) bool { return p.Push.State == store.PushPaused })
		now, err := w.Connection(t.Context(), kate)
		w.need(err)
		if now.State != store.StateNeedsSignIn || now.Side != store.Wise || got.All.Waiting != 5 {
			t.Errorf("connection %s on side %q, counts %+v; want needs_sign_in on wiseagent with 5 waiting", now.State, now.Side, got.All)
		}
		w.need(w.Store.RefreshSide(t.Context(), conn.ID, store.Wise, w.wiseToken(kate), "", w.Now()))
		if got := w.end(conn, push); got.All.Added != 5 {
			t.Errorf("after signing in again: %+v, want 5 added", got.All)
		}
	})
}

func TestOneKeyIsOnePush(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn, group := w.connected(), w.mojo.AddGroup(account, "Spring")
		launch, id := w.launch(w.contacts(20)...), store.NewID()
		var presses sync.WaitGroup
		for range 10 {
			presses.Go(func() {
				push, err := w.StartPush(t.Context(), conn, bridge.StartPush{ID: id, LaunchID: launch.ID, GroupID: group})
				if err != nil || push.ID != id {
					t.Errorf("a press gives push %q, %v; want %q", push.ID, err, id)
				}
			})
		}
		presses.Wait()
		w.end(conn, store.Push{ID: id})
		if pushes, err := w.Store.Pushes(t.Context(), conn.ID, 10); err != nil || len(pushes) != 1 || len(w.inGroup(group)) != 20 {
			t.Errorf("%d pushes, %v, %d in the group; want one push of 20", len(pushes), err, len(w.inGroup(group)))
		}
	})
}

func TestAStoppedProcessIsTakenOverWhereItWas(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn, group := w.connected(), w.mojo.AddGroup(account, "Spring")
		ids := w.contacts(200)
		w.BatchSize = 20
		w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkCreate, Kind: fault.Latency, Delay: 30 * time.Millisecond})
		push := w.begin(conn, group, ids...)
		w.until(conn, push, func(p bridge.Progress) bool { return p.All.Added >= 60 })
		w.stop()
		w.mojoFaults.Clear()
		w.run()
		if got := w.end(conn, push); got.All.Added != 200 || !slices.Equal(w.inGroup(group), apiIDs(ids)) {
			t.Errorf("counts %+v and %d in the group, want 200 added", got.All, len(w.inGroup(group)))
		}
	})
}

func TestFetchingTakesTheFewerCalls(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn := w.connected()
		ids := w.contacts(300)
		for _, test := range []struct {
			selected                 int
			singles, pages, counting int
		}{{selected: 10, singles: 10}, {selected: 200, pages: 3, counting: 1}} {
			before := w.wise.Requests()
			_, err := w.Preflight(t.Context(), conn, w.launch(ids[:test.selected]...))
			w.need(err)
			after := w.wise.Requests()
			singles, pages, counts := after["getSingleContact"]-before["getSingleContact"], after["getContacts"]-before["getContacts"], after["getContactsCount"]-before["getContactsCount"]
			if singles != test.singles || pages != test.pages || counts != test.counting {
				t.Errorf("%d of 300 took %d single reads, %d pages, %d counts; want %d, %d, %d",
					test.selected, singles, pages, counts, test.singles, test.pages, test.counting)
			}
		}
	})
}

func TestUndoLeavesWhomAnEarlierConnectionPutIn(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		before, group := w.connected(), w.mojo.AddGroup(account, "Spring")
		ids := w.contacts(6)
		w.push(before, group, ids[:4]...)
		w.need(w.reset(before))
		conn := w.connected()
		w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkCreate, Kind: fault.CutAfter, Times: 1})
		got := w.push(conn, group, ids...)
		if got.All.Added != 2 || got.All.Updated != 4 {
			t.Errorf("counts %+v, want 2 added and 4 updated though the first answer was lost", got.All)
		}
		w.need(w.Undo(t.Context(), got.Push))
		w.end(conn, got.Push)
		if in := w.inGroup(group); !slices.Equal(in, apiIDs(ids[:4])) {
			t.Errorf("after undo the group holds %q, want the four that were in it before", in)
		}
	})
}

func TestUndoAfterARetryTakesOutWhatWasInDoubt(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		w.PushWaits = []time.Duration{25 * time.Hour}
		conn, group := w.connected(), w.mojo.AddGroup(account, "Spring")
		ids := w.contacts(4)
		w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkCreate, Kind: fault.CutAfter, Times: 1})
		push := w.begin(conn, group, ids...)
		w.until(conn, push, func(p bridge.Progress) bool { return p.Push.Attempts == 1 })
		w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkCreate, Kind: fault.ServerError, Times: 1})
		w.skew.Add(int64(25*time.Hour + time.Minute))
		if got := w.end(conn, push); got.Push.State != store.PushStopped {
			t.Fatalf("state %s, want stopped", got.Push.State)
		}
		_, err := w.RetryFailed(t.Context(), conn, push)
		w.need(err)
		got := w.end(conn, push)
		if got.All.Added != 4 {
			t.Errorf("counts %+v, want 4 added: the answer was lost, not the contacts", got.All)
		}
		w.need(w.Undo(t.Context(), got.Push))
		if w.end(conn, push); len(w.inGroup(group)) != 0 {
			t.Errorf("after undo the group holds %d, want none: this push put them in", len(w.inGroup(group)))
		}
	})
}

func TestAGroupThatGoesWhileContactsAreMovedStopsThePush(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn := w.connected()
		spring, fall := w.mojo.AddGroup(account, "Spring"), w.mojo.AddGroup(account, "Fall")
		ids := w.contacts(4)
		w.push(conn, spring, ids...)
		w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkUpdate, Kind: fault.Latency, Delay: 500 * time.Millisecond})
		push := w.begin(conn, fall, ids...)
		w.eventually("the contacts are being moved", func() bool { return w.mojo.Requests()[mojobox.EndpointBulkUpdate] > 0 })
		w.mojo.DeleteGroup(account, fall)
		got := w.end(conn, push)
		if got.Push.State != store.PushStopped || !strings.Contains(got.Push.Cause, `"Fall" is no longer in Mojo`) {
			t.Errorf("state %s, cause %q, reasons %v; want stopped, the group named", got.Push.State, got.Push.Cause, w.reasons(push))
		}
	})
}

func TestNotesThatWereNotMovedAreSentLater(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, storetest.SQLite)
	w := newTown(t, s, mojobox.Config{NoBulkUpdate: true})
	conn := w.connected()
	spring, fall := w.mojo.AddGroup(account, "Spring"), w.mojo.AddGroup(account, "Fall")
	ids := w.contacts(1)
	w.push(conn, spring, ids...)
	last := int64(w.wise.AddNote(kate, wisebox.Note{ClientID: ids[0], Subject: "Called", Text: "again", Date: w.Now()}))
	w.push(conn, fall, ids...)
	links, err := s.Links(t.Context(), conn.ID, ids)
	w.need(err)
	if links[ids[0]].NotesSent >= last {
		t.Errorf("note %d counts as sent, though this Mojo can't take notes of contacts that it has", last)
	}
}
