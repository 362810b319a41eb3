package bridge_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"addtomojo/mojo"
	"addtomojo/sandbox/fault"
	mojobox "addtomojo/sandbox/mojo"
	"addtomojo/store"
	"addtomojo/store/storetest"
)

// forgetful stands before Mojo's feed: it keeps what was asked for, and refuses to know any event while it forgets.
type forgetful struct {
	mu      sync.Mutex
	forgets int      // how often it still does so
	saying  int      // the status in which it refuses, 400 if it is 0
	deaf    bool     // it gives the first page whatever it is asked
	after   []string // what was asked for, in order
	undated int      // so many of each page's first events don't say when they happened
}

func (f *forgetful) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/integration-events/" && f.refuses(r.URL.Query().Get("after")) {
			rw.Header().Set("Content-Type", "application/json")
			rw.WriteHeader(cmp.Or(f.saying, http.StatusBadRequest))
			rw.Write([]byte(`{"after":["There is no event with this webhook-id."]}`))
			return
		}
		if f.hard() {
			q := r.URL.Query()
			q.Del("after")
			r.URL.RawQuery = q.Encode()
		}
		if n := f.without(); n > 0 && r.URL.Path == "/api/integration-events/" {
			page := httptest.NewRecorder()
			next.ServeHTTP(page, r)
			undate(rw, page.Body.Bytes(), n)
			return
		}
		next.ServeHTTP(rw, r)
	})
}

// undate answers a page of a feed without the time of its first n events.
func undate(rw http.ResponseWriter, page []byte, n int) {
	var events []map[string]json.RawMessage
	if err := json.Unmarshal(page, &events); err != nil {
		http.Error(rw, err.Error(), http.StatusInternalServerError)
		return
	}
	for _, e := range events[:min(n, len(events))] {
		delete(e, "timestamp")
	}
	rw.Header().Set("Content-Type", "application/json")
	json.NewEncoder(rw).Encode(events)
}

func (f *forgetful) without() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.undated
}

func (f *forgetful) hard() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.deaf
}

func (f *forgetful) refuses(after string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.after = append(f.after, after)
	if after == "" || f.forgets == 0 {
		return false
	}
	f.forgets--
	return true
}

// forget has it refuse the next times that an event is named.
func (f *forgetful) forget(times int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.forgets, f.after = times, nil
}

func (f *forgetful) asked() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.after)
}

// askedLooking is asked without the page that the service before was at when [town.looking] stopped it, on a machine that is slow.
func (f *forgetful) askedLooking() []string {
	got := f.asked()
	if len(got) > 1 && got[0] == "" && got[1] == "" {
		return got[1:]
	}
	return got
}

// everyForgetful runs a test in a town of its own on each database, each with a feed of its own that can forget.
func everyForgetful(t *testing.T, test func(t *testing.T, w *town, host *forgetful)) {
	t.Helper()
	t.Parallel()
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			host := &forgetful{}
			test(t, newTown(t, storetest.Open(t, engine), mojobox.Config{}, host.wrap), host)
		})
	}
}

// looking has the service look every few milliseconds whose feed is due, by its clock.
func (w *town) looking() {
	w.t.Helper()
	w.stop()
	w.FeedLook = 10 * time.Millisecond
	w.skew.Add(int64(6 * time.Minute)) // all are due, also one that was just being read
	w.run()
}

// feedReads is how often Mojo was asked for a feed.
func (w *town) feedReads() int { return w.mojo.Requests()[mojobox.EndpointFeed] }

// only puts a call into the feed of a customer's account whose hook never comes, and gives its webhook-id.
func (w *town) only(c customer, i, call int) string {
	w.t.Helper()
	var hook struct {
		Data json.RawMessage `json:"data"`
	}
	w.need(json.Unmarshal(c.body(i, "call.completed", callOf(call, "contact", "")), &hook))
	return w.mojo.Tell(c.account, "call.completed", hook.Data)
}

// received waits until the service has received so many events of the customer, all told.
func (w *town) received(c customer, n int) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("%d received of account %s", n, c.account), func() bool { return w.ledger(c).Received >= n })
	if got := w.ledger(c).Received; got != n {
		w.t.Fatalf("%d received of account %s, want %d", got, c.account, n)
	}
}

func TestCallsWhoseHooksNeverComeAreInTheFeed(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		w.looking()
		c := w.customer(1, 3)
		w.eventually("the feed was read", func() bool { return w.feedReads() == 1 })
		w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointFeed, Kind: fault.ServerError, Times: 1}) // one reading fails
		var hooks []string
		for i := range 30 {
			hooks = append(hooks, w.only(c, i%3, 1+i))
		}
		for n := range 2 { // 12 minutes
			w.skew.Add(int64(6 * time.Minute))
			w.eventually("the feed was read again", func() bool { return w.feedReads() == 2+n })
		}
		w.received(c, 30)
		w.ended(c, 0)
		w.wantCalls(c, 1, 30)
		for _, id := range hooks { // late, after all
			h, _ := w.mojo.Hook(id)
			w.tell(h.ID, string(h.Body))
		}
		if l := w.ended(c, 0); l.Received != 30 || l.Written != 30 {
			t.Errorf("after the late hooks the ledger is %+v, want 30 received and written", l)
		}
		w.wantCalls(c, 1, 30)
	})
}

func TestWhatCameByHookIsNotWrittenAgainFromTheFeed(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		w.looking()
		c := w.customer(1, 1)
		w.eventually("the feed was read", func() bool { return w.feedReads() == 1 })
		h, _ := w.mojo.Hook(w.only(c, 0, 1))
		w.tell(h.ID, string(h.Body))
		w.ended(c, 0)
		w.only(c, 0, 2) // behind it in the feed
		w.skew.Add(int64(6 * time.Minute))
		w.received(c, 2)
		w.ended(c, 0)
		w.wantCalls(c, 1, 2)
	})
}

// Events of a feed are received side by side, a contact's in their order, and an end behind all before it.
func TestAPageOfAFeedIsReceivedSideBySide(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		w.stop()
		w.ResetGrace = time.Minute
		c := w.customer(1, 20)
		var mu sync.Mutex
		now, most := 0, 0
		last := make(map[int64]int)
		calls := make(map[string]int)
		w.KeepEvent = func(ctx context.Context, e store.Event, holder string) (store.Received, error) {
			mu.Lock()
			now++
			most = max(most, now)
			mu.Unlock()
			time.Sleep(5 * time.Millisecond)
			got, err := w.Store.ReceiveEvent(ctx, e, holder)
			mu.Lock()
			defer mu.Unlock()
			now--
			if e.Type == "account.disconnected" {
				if now > 0 || len(calls) > 0 {
					t.Errorf("the end is received with %d others, and %d before it are missing", now, len(calls))
				}
				return got, err
			}
			if n := calls[e.WebhookID]; n <= last[e.MojoContactID] {
				t.Errorf("contact %d: call %d is received after %d", e.MojoContactID, n, last[e.MojoContactID])
			}
			last[e.MojoContactID] = calls[e.WebhookID]
			delete(calls, e.WebhookID)
			return got, err
		}
		mu.Lock()
		for i := range 200 {
			calls[w.only(c, i%20, 1+i)] = 1 + i
		}
		mu.Unlock()
		w.mojo.Tell(c.account, "account.disconnected", json.RawMessage(fmt.Sprintf(`{"account_id":%q}`, c.account)))
		w.looking()
		w.eventually("the connection is over", func() bool {
			conn, err := w.Store.Connection(t.Context(), c.conn.ID)
			return err == nil && conn.State == store.StateReset
		})
		w.received(c, 201)
		w.wantCalls(c, 1, 200)
		mu.Lock()
		defer mu.Unlock()
		if most < 10 {
			t.Errorf("at most %d were received side by side, want most of 20 contacts'", most)
		}
	})
}

func TestAHostWithoutAFeedIsAskedOnce(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		w.looking()
		w.mojo.SetHookOptions(mojobox.HookOptions{NoFeed: true})
		without := w.customer(1, 1)
		w.eventually("the feed was asked for", func() bool { return w.feedReads() == 1 })
		w.mojo.SetHookOptions(mojobox.HookOptions{})
		w.only(without, 0, 1)
		other := w.customer(2, 1) // whoever is due together is read together: this one shows that there was a look
		for i := range 3 {
			w.only(other, 0, 1+i)
			w.skew.Add(int64(20 * time.Minute))
			w.received(other, 1+i)
		}
		w.stop()
		if l := w.ledger(without); l.Received != 0 {
			t.Errorf("%d received from a feed that isn't there, want none", l.Received)
		}
		if n := w.feedReads(); n > 5 {
			t.Errorf("%d readings, want one of the first account and at most four of the other one", n)
		}
		if w.said("feed not read") {
			t.Error("a host without a feed is logged as trouble")
		}
	})
}

func TestAFeedThatForgotWhereWeStandIsReadAnew(t *testing.T) {
	for _, status := range []int{http.StatusBadRequest, http.StatusNotFound} {
		t.Run(strconv.Itoa(status), func(t *testing.T) { forgotWhereWeStand(t, status) })
	}
}

func forgotWhereWeStand(t *testing.T, status int) {
	everyForgetful(t, func(t *testing.T, w *town, host *forgetful) {
		host.saying = status
		c := w.customer(1, 3)
		for i := range 9 {
			w.only(c, i%3, 1+i)
		}
		w.looking()
		w.received(c, 9)
		host.forget(1)
		for i := range 3 {
			w.only(c, i, 10+i)
		}
		w.skew.Add(int64(6 * time.Minute))
		w.received(c, 12)
		w.only(c, 0, 13)
		w.skew.Add(int64(6 * time.Minute))
		w.received(c, 13)
		if l := w.ended(c, 0); l.Received != 13 || l.Written != 13 {
			t.Errorf("ledger %+v, want 13 received and written", l)
		}
		w.wantCalls(c, 1, 13)
		if got := host.asked(); len(got) != 3 || got[0] == "" || got[1] != "" || got[2] == "" || got[2] == got[0] {
			t.Errorf("asked for what is after %q; want after an event, then all, then after a later event", got)
		}
	})
}

// aMonthPasses stops the service once all calls of a customer are written, three of them, until it and the feed have forgotten them.
func (w *town) aMonthPasses(c customer, host *forgetful) {
	w.t.Helper()
	w.ended(c, 0)
	w.wantCalls(c, 1, 3)
	w.stop()
	w.skew.Add(int64(31 * 24 * time.Hour))
	_, err := w.Store.Tidy(w.t.Context(), w.Now())
	w.need(err)
	host.forget(1)
}

// A webhook-id is known for 30 days: what is older and comes again, as when the feed is read anew, must not pass for something new.
func TestAFeedReadAnewAfterAMonthDoublesNothing(t *testing.T) {
	everyForgetful(t, func(t *testing.T, w *town, host *forgetful) {
		c := w.customer(1, 1)
		for i := range 3 {
			w.only(c, 0, 1+i)
		}
		w.looking()
		w.received(c, 3)
		w.aMonthPasses(c, host)
		w.only(c, 0, 4)
		w.run()
		w.eventually("the feed was read anew", func() bool { return len(host.asked()) == 2 })
		w.eventually("the fourth call is a note", func() bool { return slices.Contains(w.marks(c, 0), "Mojo call #4") })
		w.ended(c, 0)
		w.wantCalls(c, 1, 4)
	})
}

// Where a feed doesn't say when something happened, the call does, or the events behind it; and what nobody knows the time of is looked
// for before it is written.
func TestAFeedWithoutTimesThatIsReadAnewDoublesNothing(t *testing.T) {
	for name, feed := range map[string]struct {
		undated, received int // of how many events the time isn't told; how many are received in the end
		started           bool
	}{
		"the calls say when":    {undated: 100, started: true, received: 4},
		"a later one says when": {undated: 2, received: 4},
		"nothing says when":     {undated: 100, received: 7},
	} {
		t.Run(name, func(t *testing.T) {
			everyForgetful(t, func(t *testing.T, w *town, host *forgetful) {
				host.undated = feed.undated
				c := w.customer(1, 1)
				call := func(id int) {
					at := ""
					if feed.started {
						at = fmt.Sprintf(`,"started_at":%q`, w.Now().UTC().Format(time.RFC3339))
					}
					w.mojo.Tell(c.account, "call.completed", json.RawMessage(fmt.Sprintf(
						`{"account_id":%q,"contact":{"contact_id":%d},"call":{"id":%d,"result":"contact"%s}}`, c.account, c.mojo[0], id, at)))
				}
				for i := range 3 {
					call(1 + i)
				}
				w.looking()
				w.received(c, 3)
				w.aMonthPasses(c, host)
				call(4)
				w.run()
				w.eventually("the feed was read anew", func() bool { return len(host.asked()) == 2 })
				w.received(c, feed.received)
				w.ended(c, 0)
				w.wantCalls(c, 1, 4)
			})
		})
	}
}

// A database that was restored from a backup has the connection and its links, and not what was delivered since. The feed brings that
// again, by then hours old: each is found in Wise Agent, none is written twice.
func TestAFeedDoublesNothingAfterARestore(t *testing.T) {
	t.Parallel()
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			w := newTown(t, storetest.Open(t, engine), mojobox.Config{})
			c := w.customer(1, 1)
			said := w.tellsOf(c, []happening{
				{"call.completed", `"call":{"id":1,"result":"contact"}`},
				{"call.completed", `"call":{"id":2,"result":"bad_number"}`},
				{"event.created", `"event":{"id":"7","revision":1,"kind":"appointment","title":"Listing","date":"2026-12-01","description":"Bring the keys"}`},
				{"event.created", `"event":{"id":"8","revision":1,"kind":"todo","title":"Send flyer","date":"2026-12-02"}`},
				{"event.completed", `"event":{"id":"8","revision":2,"kind":"todo","title":"Send flyer","date":"2026-12-02"}`},
				{"note.created", `"note":{"id":9,"contents":"One"}`},
				{"note.updated", `"note":{"id":9,"contents":"Two"}`},
			})
			w.ended(c, 0)
			before := w.written(c)
			w.restored(&c, storetest.Open(t, engine))
			w.received(c, said)
			if l := w.ended(c, 0); l.Written != said {
				t.Errorf("ledger %+v, want all %d written", l, said)
			}
			if after := w.written(c); after != before {
				t.Errorf("Wise Agent has\n%s\nwant as before the feed was read\n%s", after, before)
			}
		})
	}
}

// A happening is what Mojo tells of: the type of its hook, and what its data has beside account and contact.
type happening struct{ kind, data string }

// tellsOf makes things happen to a customer's first contact, with their hooks, and gives how many.
func (w *town) tellsOf(c customer, all []happening) int {
	w.t.Helper()
	for _, h := range all {
		id := w.mojo.Tell(c.account, h.kind, json.RawMessage(fmt.Sprintf(`{"account_id":%q,"contact":{"contact_id":%d},%s}`, c.account, c.mojo[0], h.data)))
		hook, _ := w.mojo.Hook(id)
		w.tell(id, string(hook.Body))
	}
	return len(all)
}

// written is what a customer's first contact has in Wise Agent.
func (w *town) written(c customer) string {
	var out strings.Builder
	for _, n := range w.wise.Notes(c.email, c.ids[0]) {
		fmt.Fprintf(&out, "note %d: %s\n", n.ID, n.Text)
	}
	for _, l := range w.wise.CallList(c.email, c.ids[0]) {
		fmt.Fprintf(&out, "entry %d: %s %s %s completed %t\n", l.ID, l.Type, l.Next.Format(time.DateTime), l.Reason, l.Completed)
	}
	return out.String()
}

// restored goes on hours later with another database, which has the customer's connection and its links and nothing else.
func (w *town) restored(c *customer, db *store.Store) {
	w.t.Helper()
	links, err := w.Store.Links(w.t.Context(), c.conn.ID, c.ids)
	w.need(err)
	w.stop()
	w.Store = db
	w.Bridge = w.instance()
	w.skew.Add(int64(3 * time.Hour))
	grant, err := w.Mojo.SignIn(w.t.Context(), c.pin(), "owner", password)
	w.need(err)
	c.conn, err = db.Connect(w.t.Context(), c.conn, grant.Token, w.wiseToken(c.email), "")
	w.need(err)
	w.need(db.SaveLinks(w.t.Context(), c.conn.ID, slices.Collect(maps.Values(links))))
	w.Log = slog.New(slog.NewTextHandler(w.logged, nil))
	w.FeedLook = 10 * time.Millisecond
	w.run()
}

func TestAFeedThatKnowsNoEventIsNotReadForEver(t *testing.T) {
	t.Parallel()
	host := &forgetful{}
	w := newTown(t, storetest.Open(t, storetest.SQLite), mojobox.Config{}, host.wrap)
	c := w.customer(1, 1)
	host.forget(100)
	for i := range mojo.FeedLimit { // a full page: there may be more
		w.only(c, 0, 1+i)
	}
	w.looking()
	w.eventually("it is given up for now", func() bool { return w.said("feed not read") })
	if got := host.askedLooking(); len(got) != 4 || got[0] != "" || got[1] == "" || got[2] != "" || got[3] != got[1] {
		t.Errorf("asked for what is after %q; want all, after the last of them, and both once more", got)
	}
	w.received(c, mojo.FeedLimit)
	w.skew.Add(int64(6 * time.Minute))
	w.eventually("it is tried again later", func() bool { return w.timesSaid("feed not read") == 2 })
	w.received(c, mojo.FeedLimit)
}

func TestAFeedThatGivesTheSamePageAgainIsNotReadForEver(t *testing.T) {
	t.Parallel()
	host := &forgetful{}
	w := newTown(t, storetest.Open(t, storetest.SQLite), mojobox.Config{}, host.wrap)
	c := w.customer(1, 1)
	host.mu.Lock()
	host.deaf = true
	host.mu.Unlock()
	for i := range mojo.FeedLimit {
		w.only(c, 0, 1+i)
	}
	w.looking()
	w.eventually("it is given up for now", func() bool { return w.said("feed not read") })
	if got := host.askedLooking(); len(got) != 2 {
		t.Errorf("asked for what is after %q; want the first page and the next", got)
	}
	w.received(c, mojo.FeedLimit)
}

func TestManyFeedsAreReadWithoutAPause(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		w.stop()
		w.FeedLook = time.Hour // all in the first look
		var customers []customer
		for n := range 140 { // more than two claims
			c := w.customer(1+n, 1)
			w.only(c, 0, 1)
			customers = append(customers, c)
		}
		w.run()
		for _, c := range customers {
			w.received(c, 1)
		}
		if n := w.feedReads(); n != len(customers) {
			t.Errorf("%d readings, want one of each of %d feeds", n, len(customers))
		}
	})
}
