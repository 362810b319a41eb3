package bridge_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"addtomojo/bridge"
	"addtomojo/mojo"
	"addtomojo/sandbox/fault"
	mojobox "addtomojo/sandbox/mojo"
	wisebox "addtomojo/sandbox/wiseagent"
	"addtomojo/store"
	"addtomojo/store/storetest"
	"addtomojo/wiseagent"
)

// full is n when CHAOS is set, as in make chaos; else a small part of it, so that the tests stay quick.
func full(n, part int) int {
	if os.Getenv("CHAOS") != "" {
		return n
	}
	return n / part
}

// customer is a connected customer with contacts that are linked with contacts in Mojo.
type customer struct {
	conn    store.Connection
	account string
	email   string
	ids     []string // ClientIDs
	mojo    []int64  // the same contacts in Mojo
}

// customer connects the n-th customer, with contacts of their own.
func (w *town) customer(n, contacts int) customer {
	w.t.Helper()
	c := customer{account: fmt.Sprint(9000 + n), email: fmt.Sprintf("customer%d@example.com", n)}
	pin := fmt.Sprint(700000 + n)
	w.wise.AddUser(wisebox.User{Email: c.email, Password: password, First: "Customer", Last: fmt.Sprint(n)})
	w.mojo.AddAccount(mojobox.Account{ID: c.account, Name: "Realty " + c.account, PIN: pin,
		Agents: []mojobox.Agent{{ID: 1, Login: "owner", Password: password, Name: "Dana Ruiz", Email: "dana@example.com", Permission: "owner"}}})
	grant, err := w.Mojo.SignIn(w.t.Context(), pin, "owner", password)
	w.need(err)
	c.conn, err = w.Store.Connect(w.t.Context(), store.Connection{
		Email: c.email, Name: "Customer", Scopes: "profile contacts",
		MojoAccountID: c.account, MojoAccountURL: grant.AccountURL, MojoLogin: "owner", MojoPermission: "owner", CreatedAt: w.Now(),
	}, grant.Token, w.wiseToken(c.email), "")
	w.need(err)
	links := make([]store.Link, contacts)
	for i := range links {
		id := w.wise.AddContact(c.email, wisebox.Contact{First: "Person", Last: fmt.Sprint(i), MobilePhone: "(520) 555-0143"})
		c.ids, c.mojo = append(c.ids, id), append(c.mojo, int64(100000+i))
		links[i] = store.Link{ClientID: id, MojoContactID: int64(100000 + i), CustomWritten: true, CreatedAt: w.Now(), PushedAt: w.Now()}
	}
	w.need(w.Store.SaveLinks(w.t.Context(), c.conn.ID, links))
	return c
}

// body is a hook about the i-th contact.
func (c customer) body(i int, kind, rest string) []byte {
	return fmt.Appendf(nil, `{"type":%q,"timestamp":"2026-11-22T17:03:11Z","data":{"account_id":%q,"contact":{"contact_id":%d,"full_name":"Person %d"}%s}}`,
		kind, c.account, c.mojo[i], i, rest)
}

// calls tells the service of n calls, the contacts in turn, their ids rising from first, many hooks at once and each contact's in order.
// With further doors the hooks come in by all of them in turn.
func (w *town) calls(c customer, first, n int, to ...*door) {
	w.t.Helper()
	w.tells(c, n, func(i int) (string, []byte) {
		return fmt.Sprint(first + i), c.body(i%len(c.ids), "call.completed", callOf(first+i, "contact", ""))
	}, to...)
}

// tells does so with hooks of any kind, the i-th about the i-th contact; hook gives an id that is the customer's own, and the body.
func (w *town) tells(c customer, n int, hook func(i int) (id string, body []byte), to ...*door) {
	w.t.Helper()
	to = append(to, w.door())
	var posts sync.WaitGroup
	lanes := min(32, len(c.ids))
	for lane := range lanes {
		posts.Go(func() {
			for i := range n {
				if i%len(c.ids)%lanes != lane {
					continue
				}
				id, body := hook(i)
				if err := to[i%len(to)].tell(w.t.Context(), c.account+"/"+id, body); err != nil {
					w.t.Error(err)
				}
			}
		})
	}
	posts.Wait()
}

// marks are the last lines of the notes of the i-th contact that we wrote, the oldest first.
func (w *town) marks(c customer, i int) (marks []string) {
	notes := w.wise.Notes(c.email, c.ids[i])
	slices.SortFunc(notes, func(a, b wisebox.Note) int { return cmp.Compare(a.ID, b.ID) })
	for _, n := range notes {
		marks = append(marks, n.Text[strings.LastIndexByte(n.Text, '\n')+1:])
	}
	return marks
}

// wantCalls checks that each of n calls from first on is one note, in the order of the calls.
func (w *town) wantCalls(c customer, first, n int) {
	w.t.Helper()
	missing, double, disorder := 0, 0, 0
	for i := range c.ids {
		var want []string
		for id := first + i; id < first+n; id += len(c.ids) {
			want = append(want, fmt.Sprint("Mojo call #", id))
		}
		got := w.marks(c, i)
		if slices.Equal(got, want) {
			continue
		}
		disorder++
		count := map[string]int{}
		for _, m := range got {
			count[m]++
		}
		for _, m := range want {
			missing += max(1-count[m], 0)
			double += max(count[m]-1, 0)
		}
	}
	if missing+double+disorder > 0 {
		w.t.Errorf("%d notes missing, %d double, %d contacts not in order; want none", missing, double, disorder)
	}
}

// ended moves the clock on by steps until nothing waits for the customer.
func (w *town) ended(c customer, step time.Duration) store.Ledger {
	w.t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for {
		l, err := w.Store.Ledger(w.t.Context(), c.conn.ID)
		w.need(err)
		if l.Received != l.Waiting+l.Written+l.NeedsYou+l.Excluded {
			w.t.Fatalf("the ledger %+v doesn't add up", l)
		}
		if l.Waiting == 0 {
			return l
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("the ledger is still %+v", l)
		}
		w.pass(c, step)
		time.Sleep(20 * time.Millisecond)
	}
}

// pass moves the clock and has the worker look.
func (w *town) pass(c customer, d time.Duration) {
	w.t.Helper()
	w.skew.Add(int64(d))
	_, err := w.RetryEvents(w.t.Context(), c.conn, w.Now().Add(time.Hour)) // there are none so late
	w.need(err)
}

// total is how many calls Wise Agent got, tokens left out.
func (w *town) total() (n int) {
	for name, count := range w.wise.Requests() {
		if name != "token" {
			n += count
		}
	}
	return n
}

func TestThousandsOfLostAnswersDoubleNothing(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		n := full(5000, 5)
		c := w.customer(1, n/25)
		cut := w.wiseFaults.Add(fault.Rule{Endpoint: "addContactNote", Kind: fault.CutAfter, Share: 0.3})
		w.calls(c, 1000, n)
		l := w.ended(c, time.Minute)
		w.wantCalls(c, 1000, n)
		doubtful, looks := w.wiseFaults.Hits(cut), w.wise.Requests()["getContactNotes"]
		if l.Written != n || float64(looks) > 1.05*float64(doubtful) {
			t.Errorf("ledger %+v, %d looks for %d doubtful writes; want all %d written, at most 1.05 looks each", l, looks, doubtful, n)
		}
		t.Logf("%d writes, %d doubtful, %d looks", n, doubtful, looks)
	})
}

// The same with the Call List, where nothing but type, date and reason tells an entry: each second one is like the one before.
func TestThousandsOfLostEntriesDoubleNothing(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		n := full(5000, 10)
		c := w.customer(1, n/25)
		cut := w.wiseFaults.Add(fault.Rule{Endpoint: "POST calls", Kind: fault.CutAfter, Share: 0.3})
		w.tells(c, n, func(i int) (string, []byte) {
			turn := i / len(c.ids)
			return fmt.Sprint("visit", i), c.body(i%len(c.ids), "event.created", fmt.Sprintf(`,"event":{"id":%d,"revision":1,"kind":"appointment","title":"Visit %d","starts_at":"2026-12-01T17:00:00Z"}`, i, turn/2))
		})
		l := w.ended(c, time.Minute)
		for i, id := range c.ids {
			var got, want []string
			for _, entry := range w.wise.CallList(c.email, id) {
				got = append(got, entry.Reason)
			}
			for turn := range n / len(c.ids) {
				want = append(want, fmt.Sprint("Visit ", turn/2))
			}
			slices.Sort(got)
			if slices.Sort(want); !slices.Equal(got, want) {
				t.Errorf("contact %d has the entries\n%q, want\n%q", i, got, want)
			}
		}
		doubtful, looks := w.wiseFaults.Hits(cut), w.wise.Requests()["GET calls"]
		if l.Written != n || doubtful < n/10 || float64(looks) > 1.05*float64(doubtful) {
			t.Errorf("ledger %+v, %d looks for %d doubtful writes; want all %d written, at most 1.05 looks each", l, looks, doubtful, n)
		}
		t.Logf("%d writes, %d doubtful, %d looks", n, doubtful, looks)
	})
}

func TestShuffledEditsEndWithTheNewest(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newTown(t, s, mojobox.Config{})
		people, edits := full(200, 5), 20
		c := w.pushed(people)
		type edit struct {
			id   string
			body []byte
		}
		var all []edit
		want := make([]map[string]string, people)
		r := rand.New(rand.NewPCG(7, 7))
		for i := range people {
			now := map[string]string{"2": fmt.Sprintf("52055501%02d", i%100), "4": fmt.Sprintf("person%d@example.com", i)}
			for rev := 1; rev <= edits; rev++ {
				field := fmt.Sprint(1 + r.IntN(4))
				old, fresh := now[field], fmt.Sprintf("60255501%02d", rev)
				if field == "4" {
					fresh = fmt.Sprintf("p%d.%d@example.com", i, rev)
				}
				now[field] = fresh
				id, body := fmt.Sprintf("e%d.%d", i, rev), c.editOf(i, rev, field, old, now)
				all = append(all, edit{id, body}, edit{id, body})
				if rev%2 == 0 {
					all = append(all, edit{id + "b", body}) // another id of the same
				}
			}
			want[i] = now
		}
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		var posts sync.WaitGroup
		door := w.door()
		for lane := range 32 {
			posts.Go(func() {
				for i := lane; i < len(all); i += 32 {
					if err := door.tell(t.Context(), all[i].id, all[i].body); err != nil {
						t.Error(err)
					}
				}
			})
		}
		posts.Wait()
		l := w.ended(c, 0)
		for i, id := range c.ids {
			p, _ := w.wise.Contact(c.email, id)
			got := map[string]string{"1": digits(p.WorkPhone), "2": digits(p.MobilePhone), "3": digits(p.HomePhone), "4": p.Email}
			maps.DeleteFunc(got, func(_, v string) bool { return v == "" })
			if !maps.Equal(got, want[i]) {
				t.Errorf("contact %d has %v, want %v", i, got, want[i])
			}
			if notes := w.notesOf(id); len(notes) > 0 {
				t.Errorf("contact %d has the notes %q, want none", i, notes)
			}
		}
		if l.Received != people*edits*3/2 || l.NeedsYou > 0 || l.Excluded < people*edits/2 {
			t.Errorf("ledger %+v, want %d received, none for a person, and at least the %d that came twice excluded", l, people*edits*3/2, people*edits/2)
		}
	})
}

// pushed is Kate with contacts that she pushed.
func (w *town) pushed(n int) customer {
	w.t.Helper()
	conn, ids := w.linked(n)
	c := customer{conn: conn, account: account, email: kate, ids: ids, mojo: make([]int64, n)}
	for _, m := range w.mojo.Contacts(account, 0) {
		if i := slices.Index(ids, strings.TrimPrefix(m.APIContactID, "wa-")); i >= 0 {
			c.mojo[i] = m.ContactID
		}
	}
	return c
}

// editOf is a hook about an edit of a phone of a type, or of an e-mail; now are all of them after it, by type.
func (c customer) editOf(i, revision int, field, old string, now map[string]string) []byte {
	value := func(v string) string {
		switch {
		case v == "":
			return "null"
		case field == "4":
			return fmt.Sprintf("%q", v)
		}
		return fmt.Sprintf(`{"type":%s,"value":%q}`, field, v)
	}
	name := map[bool]string{true: "email", false: "phone"}[field == "4"]
	var media []string
	for _, kind := range slices.Sorted(maps.Keys(now)) {
		media = append(media, fmt.Sprintf(`{"type":%s,"value":%q}`, kind, now[kind]))
	}
	body := c.body(i, "contact.updated", fmt.Sprintf(`,"revision":%d,"changes":[{"field":%q,"old":%s,"new":%s}]`, revision, name, value(old), value(now[field])))
	return []byte(strings.Replace(string(body), `"full_name"`, `"mediainfo_set":[`+strings.Join(media, ",")+`],"full_name"`, 1))
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

func TestTheSameHookAHundredTimesAndAWeekLater(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		c := w.customer(1, 1)
		body, door := c.body(0, "call.completed", callOf(90210, "contact", "")), w.door()
		for range 2 {
			var hooks sync.WaitGroup
			for range 100 {
				hooks.Go(func() {
					if err := door.tell(t.Context(), "msg_1", body); err != nil {
						t.Error(err)
					}
				})
			}
			hooks.Wait()
			w.ended(c, 0)
			w.skew.Add(int64(7 * 24 * time.Hour))
		}
		w.wantCalls(c, 90210, 1)
		if l := w.ended(c, 0); l.Received != 1 || l.Written != 1 {
			t.Errorf("ledger %+v, want one", l)
		}
	})
}

// probed moves the clock through the time and gives the most calls of Wise Agent in any ten minutes of it.
func (w *town) probed(c customer, d time.Duration) (most int) {
	const step, window = 5 * time.Second, 10 * time.Minute
	var counts []int
	for range d / step {
		counts = append(counts, w.total())
		w.pass(c, step)
		time.Sleep(4 * time.Millisecond)
	}
	for i := range counts {
		if from := i - int(window/step); from >= 0 {
			most = max(most, counts[i]-counts[from])
		}
	}
	return most
}

func TestABurstWhileWiseAgentIsDownForAnHour(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newTown(t, s, mojobox.Config{})
		n := full(10000, 10)
		c := w.customer(1, n/20)
		w.wiseFaults.Add(fault.Rule{Endpoint: fault.Any, Kind: fault.ServerError, Status: 502})
		w.calls(c, 1, n)
		for i := range 50 { // strangers among them tell nothing of Wise Agent
			w.need(w.door().tell(t.Context(), fmt.Sprint("stranger", i), fmt.Appendf(nil, `{"type":"call.completed","data":{"account_id":%q,"contact":{"contact_id":%d},"call":{"id":1}}}`, c.account, i+1)))
		}
		probes := w.probed(c, time.Hour)
		if l, err := w.Store.Ledger(t.Context(), c.conn.ID); err != nil || l.Written != 0 || l.Waiting < n {
			t.Errorf("while Wise Agent is down the ledger is %+v, %v; want %d waiting", l, err, n)
		}
		w.wiseFaults.Clear()
		for seconds := 0; w.ledger(c).Written == 0; seconds += 5 {
			if seconds > 55 {
				t.Fatal("a minute after Wise Agent came back nothing is written yet")
			}
			w.pass(c, 5*time.Second)
			time.Sleep(50 * time.Millisecond)
		}
		l := w.ended(c, 0) // all else goes on by itself
		w.wantCalls(c, 1, n)
		if l.Written != n || l.Excluded != 50 || probes > 40 {
			t.Errorf("ledger %+v, %d probes in ten minutes; want %d written, at most 40 probes", l, probes, n)
		}
		t.Logf("%d hooks, at most %d calls of Wise Agent in ten minutes while it was down", n, probes)
	})
}

// Wise Agent fails for everybody at once. What failed together doesn't come back together: in no second after the first is more than a
// twentieth of it tried.
func TestThousandsThatFailAtOnceAreSpread(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		n, many := full(10000, 10), 20
		w.frozen.Store(true)
		w.wiseFaults.Add(fault.Rule{Endpoint: fault.Any, Kind: fault.ServerError, Status: 503})
		var customers []customer
		var posts sync.WaitGroup
		for i := range many {
			c := w.customer(i+1, 10)
			customers = append(customers, c)
			posts.Go(func() { w.calls(c, 1, n/many) })
		}
		posts.Wait()
		w.stands(func() int64 { return int64(w.total()) })
		most := 0
		for range 60 {
			before := w.total()
			for _, c := range customers {
				w.pass(c, time.Second/time.Duration(many))
			}
			time.Sleep(10 * time.Millisecond)
			most = max(most, w.total()-before)
		}
		if most == 0 || most > n/20 {
			t.Errorf("%d of %d are tried in one second, want some, and at most a twentieth", most, n)
		}
		t.Logf("at most %d of %d are tried in one second", most, n)
	})
}

// What Wise Agent refuses needs a person after one try. Who has hundreds of them tried again has each written once, also when two press
// at once, and those from before the time stay.
func TestHundredsThatNeedAPersonAreTriedAgainOnce(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		const old = 40
		n := full(500, 2)
		c := w.customer(1, 20)
		rule := w.wiseFaults.Add(fault.Rule{Endpoint: "addContactNote", Kind: fault.ErrorIn200})
		w.calls(c, 1, old)
		w.ended(c, 0)
		w.wiseFaults.Remove(rule)
		w.skew.Add(int64(time.Hour))
		since := w.Now()
		rule = w.wiseFaults.Add(fault.Rule{Endpoint: "addContactNote", Kind: fault.ServerError, Status: http.StatusUnprocessableEntity})
		w.calls(c, 1+old, n)
		l := w.ended(c, 0)
		if tries := w.wise.Requests()["addContactNote"]; l.NeedsYou != old+n || tries != old+n {
			t.Errorf("ledger %+v after %d tries, want %d for a person after one try each", l, tries, old+n)
		}
		w.wiseFaults.Remove(rule)
		var retried atomic.Int64
		var presses sync.WaitGroup
		for range 2 {
			presses.Go(func() {
				k, err := w.RetryEvents(t.Context(), c.conn, since)
				if err != nil {
					t.Error(err)
				}
				retried.Add(int64(k))
			})
		}
		presses.Wait()
		if l := w.ended(c, 0); retried.Load() != int64(n) || l.Written != n || l.NeedsYou != old {
			t.Errorf("%d tried again, ledger %+v; want %d written and %d left", retried.Load(), l, n, old)
		}
		w.wantCalls(c, 1+old, n)
	})
}

// A customer with thousands of deliveries and a slow Wise Agent keeps no other waiting.
func TestThousandsOfOneCustomerSlowNoOther(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		big, other := w.customer(1, 100), w.customer(2, 4)
		w.wiseFaults.Add(fault.Rule{Endpoint: fault.Any, Kind: fault.Latency, Delay: 20 * time.Millisecond})
		w.calls(big, 1, full(10000, 10))
		waiting := w.ledger(big).Waiting
		if waiting == 0 {
			t.Fatal("nothing waits that the other could be kept by")
		}
		var took []time.Duration
		for i := 0; i < 20 && waiting > 0; i++ { // on a busy machine the first one is through before
			begun := time.Now()
			w.calls(other, 1+i*len(other.ids), len(other.ids))
			w.ended(other, 0)
			took = append(took, time.Since(begun))
			waiting = w.ledger(big).Waiting
		}
		slices.Sort(took)
		if p95 := took[len(took)*95/100]; p95 > 2*time.Second {
			t.Errorf("the other's calls took %v, want at most 2 s", p95)
		}
		t.Logf("the other's calls took %v at most, in %d turns; %d of the first one's waited then", took[len(took)-1], len(took), waiting)
	})
}

func TestAPoisonedDeliveryLetsLaterOnesThrough(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		c := w.customer(1, 3)
		w.instead.Store("addContactNote", `{"Error":"not this one"}`)
		w.calls(c, 1, 3)
		w.ended(c, 0)
		w.instead.Clear()
		w.calls(c, 4, 30)
		l := w.ended(c, 0)
		w.wantCalls(c, 4, 30)
		if l.NeedsYou != 3 || l.Written != 30 {
			t.Errorf("ledger %+v, want 3 for a person and 30 written", l)
		}
		if n, err := w.RetryEvents(t.Context(), c.conn, time.Time{}); n != 3 || err != nil {
			t.Errorf("retried %d, %v; want 3", n, err)
		}
		if l := w.ended(c, 0); l.Written != 33 {
			t.Errorf("ledger %+v, want 33 written", l)
		}
	})
}

// perToken counts the calls of Wise Agent by access token.
func (w *town) perToken() func(store.Connection) int64 {
	var counts sync.Map
	w.watch = func(r *http.Request) {
		n, _ := counts.LoadOrStore(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), new(atomic.Int64))
		n.(*atomic.Int64).Add(1)
	}
	return func(conn store.Connection) int64 {
		tokens, err := w.Store.Tokens(w.t.Context(), conn.ID, store.Wise)
		w.need(err)
		n, ok := counts.Load(tokens.Token.AccessToken)
		if !ok {
			return 0
		}
		return n.(*atomic.Int64).Load()
	}
}

// Wise Agent asks one call to wait. Those that are on their way already come back after that, and none sets off any more: as many
// calls as deliveries side by side, whichever is answered first. So the other calls are held until the service has noted the wait.
func TestRetryAfterHoldsOneConnectionAndNoOther(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		asked, noted := w.perToken(), make(chan struct{})
		slow, other := w.customer(1, 8), w.customer(2, 8)
		count, calls := w.watch, atomic.Int64{}
		w.watch = func(r *http.Request) {
			count(r)
			if calls.Add(1) > 1 {
				<-noted
			}
		}
		w.wiseFaults.Add(fault.Rule{Endpoint: "addContactNote", Kind: fault.TooMany, RetryAfter: 10 * time.Minute, Times: 1})
		w.calls(slow, 1, 64)
		w.eventually("the wait is noted", func() bool {
			waiting, err := w.Store.Events(t.Context(), slow.conn.ID, store.EventFilter{State: store.EventWaiting, Limit: 100})
			w.need(err)
			return slices.ContainsFunc(waiting, func(e store.Event) bool { return e.NextAt.After(w.Now().Add(9 * time.Minute)) })
		})
		close(noted)
		held := w.stands(func() int64 { return asked(slow.conn) })
		w.calls(other, 1, 64)
		if l := w.ended(other, 0); l.Written != 64 {
			t.Errorf("the other connection's ledger is %+v, want 64 written", l)
		}
		w.pass(slow, 9*time.Minute)
		if n := w.stands(func() int64 { return asked(slow.conn) }); n != held || held > 8 {
			t.Errorf("%d calls, after 9 minutes %d; want those that were on their way and none more", held, n)
		}
		w.pass(slow, 2*time.Minute)
		if l := w.ended(slow, 0); l.Written != 64 {
			t.Errorf("after the time the ledger is %+v, want 64 written", l)
		}
		w.wantCalls(slow, 1, 64)
		w.wantCalls(other, 1, 64)
	})
}

// stands waits until a number that is above zero stays as it is for a while.
func (w *town) stands(number func() int64) int64 {
	last, since := int64(-1), time.Now()
	for end := time.Now().Add(2 * time.Minute); time.Since(since) < 300*time.Millisecond || last <= 0; {
		if time.Now().After(end) {
			w.t.Fatalf("after two minutes it is %d and doesn't stand still", last)
		}
		if n := number(); n != last {
			last, since = n, time.Now()
		}
		time.Sleep(5 * time.Millisecond)
	}
	return last
}

// second is another instance of the service on the same database, whose calls of Wise Agent carry a name.
func (w *town) second(name, databaseURL string) *town { return w.secondAhead(name, databaseURL, 0) }

// secondAhead is second with a clock that is so far ahead.
func (w *town) secondAhead(name, databaseURL string, ahead time.Duration) *town {
	other, now := *w, w.Now // w may get another Bridge
	other.Bridge = &bridge.Bridge{
		Store: storetest.At(w.t, databaseURL), BaseURL: w.BaseURL, Now: func() time.Time { return now().Add(ahead) }, Log: w.Log,
		Wise: &wiseagent.Client{AuthURL: w.wiseURL, APIURL: w.wiseURL, ClientID: "addtomojo", ClientSecret: "wise-secret",
			HTTP: &http.Client{Timeout: 30 * time.Second, Transport: named{name}}},
		Mojo: &mojo.Client{AuthURL: w.mojoURL, ClientID: "addtomojo", ClientSecret: "mojo-secret"},
	}
	other.door = sync.OnceValue(other.newDoor)
	other.run()
	return &other
}

type named struct{ name string }

func (n named) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("X-Instance", n.name)
	return http.DefaultTransport.RoundTrip(r)
}

func TestTwoInstancesShareTheWork(t *testing.T) {
	url := storetest.URL(t, storetest.Postgres)
	w := newTown(t, storetest.At(t, url), mojobox.Config{})
	var first, second atomic.Int64
	w.watch = func(r *http.Request) {
		if r.Header.Get("X-Instance") != "" {
			second.Add(1)
		} else {
			first.Add(1)
		}
	}
	other := w.second("second", url)
	var customers []customer
	for i := range 12 {
		customers = append(customers, w.customer(i+1, 10))
	}
	w.wiseFaults.Add(fault.Rule{Endpoint: "addContactNote", Kind: fault.Latency, Delay: 2 * time.Millisecond})
	n := full(500, 5)
	var posts sync.WaitGroup
	for i, c := range customers {
		posts.Go(func() {
			begin := w
			if i%2 == 1 {
				begin = other // who hears of a customer first mostly has the work
			}
			begin.calls(c, 1, 10)
			w.calls(c, 11, n-10, other.door())
		})
	}
	posts.Wait()
	for _, c := range customers {
		w.ended(c, 0)
	}
	other.stop()
	for _, c := range customers {
		w.calls(c, 1+n, 20) // the first one takes over what the other one had
	}
	for _, c := range customers {
		if l := w.ended(c, 0); l.Written != n+20 {
			t.Errorf("ledger %+v, want %d written", l, n+20)
		}
		w.wantCalls(c, 1, n+20)
	}
	if first.Load() == 0 || second.Load() == 0 {
		t.Errorf("the instances made %d and %d calls, want both to work", first.Load(), second.Load())
	}
	t.Logf("the instances made %d and %d calls", first.Load(), second.Load())
}

// By a clock that is half a minute ahead every lease has run out, also of who renews it. It isn't taken over: both would write what is on
// its way.
func TestAnInstanceWhoseClockIsAheadTakesNothingOver(t *testing.T) {
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			url := storetest.URL(t, engine)
			w := newTown(t, storetest.At(t, url), mojobox.Config{})
			var second atomic.Int64
			w.watch = func(r *http.Request) {
				if r.Header.Get("X-Instance") != "" {
					second.Add(1)
				}
			}
			c := w.customer(1, 40)
			w.wiseFaults.Add(fault.Rule{Endpoint: "addContactNote", Kind: fault.Latency, Delay: 500 * time.Millisecond})
			const calls = 100
			w.calls(c, 1, calls)
			w.secondAhead("ahead", url, 30*time.Second)
			if l := w.ended(c, 0); l.Written != calls {
				t.Errorf("ledger %+v, want %d written", l, calls)
			}
			w.wantCalls(c, 1, calls)
			if n := second.Load(); n > 0 {
				t.Errorf("the one ahead made %d calls, want none", n)
			}
		})
	}
}

func TestWhatAStoppedInstanceLeftIsLookedForAndTakenOver(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		c := w.customer(1, 10)
		w.stop()
		w.calls(c, 1, 10)
		events, err := w.Store.Events(t.Context(), c.conn.ID, store.EventFilter{Limit: 100})
		w.need(err)
		var claimed []string
		for _, e := range events {
			claimed = append(claimed, e.ID)
		}
		w.need(w.Store.ClaimEvents(t.Context(), claimed, "one that crashed"))
		for i, id := range c.ids[:5] { // it had written these
			w.wise.AddNote(c.email, wisebox.Note{ClientID: id, Subject: "Mojo call: Contact", Text: fmt.Sprintf("Result: Contact<br><br>Mojo call #%d", i+1)})
		}
		before := w.wise.Requests()
		w.run()
		l := w.ended(c, 0)
		after := w.wise.Requests()
		looks, writes := after["getContactNotes"]-before["getContactNotes"], after["addContactNote"]-before["addContactNote"]
		if l.Written != 10 || looks != 10 || writes != 5 {
			t.Errorf("ledger %+v, %d looks, %d writes; want 10 written by 10 looks and 5 writes", l, looks, writes)
		}
	})
}

func TestStoppingInTheMidstDoublesNothing(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		c := w.customer(1, 20)
		w.wiseFaults.Add(fault.Rule{Endpoint: "addContactNote", Kind: fault.Latency, Delay: 5 * time.Millisecond})
		w.calls(c, 1, 300)
		for range 4 {
			time.Sleep(60 * time.Millisecond)
			w.stop()
			w.run()
		}
		if l := w.ended(c, 0); l.Written != 300 {
			t.Errorf("ledger %+v, want 300 written", l)
		}
		w.wantCalls(c, 1, 300)
	})
}

// The program is stopped with two hundred calls at Wise Agent, of which each has had its effect.
func TestStoppingWithHundredsAtWiseAgentDoublesNothing(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		const many, each = 25, 16
		late := w.wiseFaults.Add(fault.Rule{Endpoint: "addContactNote", Kind: fault.Late, Delay: 20 * time.Second})
		var customers []customer
		for i := range many {
			c := w.customer(i+1, each)
			customers = append(customers, c)
			w.calls(c, 1, each)
		}
		w.eventually("two hundred calls are at Wise Agent", func() bool { return w.wise.Requests()["addContactNote"] == many*8 })
		begun := time.Now()
		w.stop()
		if took := time.Since(begun); took > 10*time.Second {
			t.Errorf("it took %v to stop, want ten seconds at most", took)
		}
		w.wiseFaults.Remove(late)
		w.run()
		for _, c := range customers {
			if l := w.ended(c, 0); l.Written != each {
				t.Errorf("ledger %+v, want %d written", l, each)
			}
			w.wantCalls(c, 1, each)
		}
	})
}
