package metrics

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"golang.org/x/oauth2"

	"addtomojo/bridge"
	"addtomojo/mojo"
	"addtomojo/store"
	"addtomojo/store/storetest"
	"addtomojo/web"
	"addtomojo/wiseagent"
)

var quiet = slog.New(slog.DiscardHandler)

// scrape is what GET /metrics says.
func scrape(t *testing.T, m *Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler(quiet).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	body, err := io.ReadAll(w.Result().Body)
	if err != nil || w.Code != 200 {
		t.Fatalf("GET /metrics: got %d, %v", w.Code, err)
	}
	return string(body)
}

// says checks that a scrape has lines.
func says(t *testing.T, scraped string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if !strings.Contains("\n"+scraped, "\n"+line+"\n") {
			name, _, _ := strings.Cut(line, "{")
			var like []string
			for l := range strings.Lines(scraped) {
				if strings.HasPrefix(l, name) && !strings.Contains(l, "_bucket") {
					like = append(like, l)
				}
			}
			t.Errorf("the scrape lacks %s; it has\n%s", line, strings.Join(like, ""))
		}
	}
}

// used are the metrics of a service at which a little has happened.
func used(t *testing.T) *Metrics {
	t.Helper()
	m := New()
	m.Watch(storetest.Open(t, storetest.SQLite), nil, quiet)
	m.Request(web.Route{Method: "GET", Pattern: "/"}, 200, time.Second)
	m.Mojo("list groups", time.Second, nil)
	return m
}

func TestNamesAreGoodNames(t *testing.T) {
	families, err := used(t).registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	if err != nil || len(families) < 50 {
		t.Fatalf("%d families of metrics: %v", len(families), err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// The alerts and the operator's page must not speak of metrics that aren't there, and the page must leave none out.
func TestMetricsAreAsDocumented(t *testing.T) {
	families, err := used(t).registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	there := make(map[string]bool)
	for _, f := range families {
		if strings.HasPrefix(f.GetName(), prefix) {
			there[f.GetName()] = true
		}
	}
	ours := regexp.MustCompile(prefix + `[a-z_]+[a-z]`)
	for _, file := range []string{"alerts.yml", "operations.md"} {
		page, err := os.ReadFile("../../../docs/" + file)
		if err != nil {
			t.Fatal(err)
		}
		told := make(map[string]bool)
		for _, name := range ours.FindAllString(string(page), -1) {
			name = strings.TrimSuffix(name, "_count")
			told[name] = true
			if !there[name] {
				t.Errorf("%s speaks of %s, which isn't there", file, name)
			}
		}
		for name := range there {
			if !told[name] && file == "operations.md" {
				t.Errorf("%s doesn't say what %s is for", file, name)
			}
		}
	}
}

// Nor of values of labels that there are not: an alert about them would never fire.
func TestAlertsSpeakOfLabelsThatAreThere(t *testing.T) {
	families, err := used(t).registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := make(map[string][]string) // by "metric label"
	for _, f := range families {
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				key := f.GetName() + " " + l.GetName()
				values[key] = append(values[key], l.GetValue())
			}
		}
	}
	page, err := os.ReadFile("../../../docs/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	looked := 0
	for _, asked := range regexp.MustCompile(`(`+prefix+`\w+?)(?:_count)?\{(\w+)=~?"(.*?)"\}`).FindAllStringSubmatch(string(page), -1) {
		for _, value := range strings.Split(asked[3], "|") {
			looked++
			is := regexp.MustCompile("^(?:" + value + ")$")
			if !slices.ContainsFunc(values[asked[1]+" "+asked[2]], is.MatchString) {
				t.Errorf("%s: no %s of it is ever %q", asked[1], asked[2], value)
			}
		}
	}
	if braces := strings.Count(string(page), "{"); looked < braces {
		t.Errorf("looked at %d values in %d selectors", looked, braces)
	}
}

func TestWhatIsTold(t *testing.T) {
	m := New()
	for range 2 {
		m.Request(web.Route{Method: "POST", Pattern: "/hooks/mojo"}, 202, 3*time.Millisecond)
	}
	m.Request(web.Route{Method: "GET", Pattern: web.NoRoute}, 404, time.Millisecond)
	m.Request(web.Route{Method: "GET", Pattern: "/"}, 0, time.Millisecond)
	m.Hook(bridge.HookBadClock)
	m.CaughtUp()
	m.Event("call.completed", store.EventWritten, 200*time.Millisecond)
	m.Event("call.completed", store.EventWritten, -time.Second)
	m.Event("call.completed", store.EventWaiting, time.Second)
	m.Event("lunch.eaten by kate@example.com", store.EventExcluded, 0)
	m.PushBegun()
	m.PushEnded(store.PushStopped)
	m.Contact(store.ContactAdded)
	m.Contact(store.ContactCreating) // no end of a contact
	m.Refreshed(store.Wise, nil)
	m.Refreshed(store.Mojo, fmt.Errorf("refresh: %w", bridge.ErrNeedsSignIn))
	m.Refreshed(store.Mojo, errors.New("down"))
	m.Commit(3, time.Millisecond, nil)
	m.Commit(1, time.Millisecond, store.ErrFull)
	m.WiseAgent("add note", 30*time.Millisecond, nil)
	m.WiseAgent("add note", 30*time.Millisecond, nil)
	log := slog.New(m.Log(slog.NewTextHandler(io.Discard, nil))).With("a", 1).WithGroup("g")
	log.Info("fine")
	log.Warn("hm")
	log.Error("oh")
	log.Error("no")
	says(t, scrape(t, m),
		`addtomojo_http_request_duration_seconds_bucket{method="POST",route="/hooks/mojo",status="2xx",le="0.005"} 2`,
		`addtomojo_http_request_duration_seconds_count{method="POST",route="/hooks/mojo",status="2xx"} 2`,
		`addtomojo_http_request_duration_seconds_count{method="GET",route="none",status="4xx"} 1`,
		`addtomojo_http_request_duration_seconds_count{method="GET",route="/",status="none"} 1`,
		`addtomojo_hooks_received_total{outcome="accepted"} 0`,
		`addtomojo_hooks_received_total{outcome="refused_clock"} 1`,
		`addtomojo_events_caught_up_total 1`,
		`addtomojo_deliveries_total{outcome="written",type="call.completed"} 2`,
		`addtomojo_deliveries_total{outcome="retried",type="call.completed"} 1`,
		`addtomojo_deliveries_total{outcome="needs_you",type="note.created"} 0`,
		`addtomojo_deliveries_total{outcome="excluded",type="other"} 1`,
		`addtomojo_delivery_duration_seconds_bucket{le="0.1"} 1`,
		`addtomojo_delivery_duration_seconds_count 2`,
		`addtomojo_pushes_begun_total 1`,
		`addtomojo_pushes_ended_total{state="done"} 0`,
		`addtomojo_pushes_ended_total{state="stopped"} 1`,
		`addtomojo_push_contacts_total{state="added"} 1`,
		`addtomojo_token_refreshes_total{outcome="ok",partner="wiseagent"} 1`,
		`addtomojo_token_refreshes_total{outcome="refused",partner="mojo"} 1`,
		`addtomojo_token_refreshes_total{outcome="failed",partner="mojo"} 1`,
		`addtomojo_commit_duration_seconds_count{outcome="ok"} 1`,
		`addtomojo_commit_duration_seconds_count{outcome="failed"} 1`,
		`addtomojo_commit_items_sum 3`,
		`addtomojo_partner_call_duration_seconds_count{operation="add note",outcome="ok",partner="wiseagent"} 2`,
		`addtomojo_log_records_total{level="warn"} 1`,
		`addtomojo_log_records_total{level="error"} 2`,
	)
	if s := scrape(t, m); strings.Contains(s, "kate") || strings.Contains(s, "creating") {
		t.Errorf("the scrape tells what comes from outside:\n%s", s)
	}
}

func TestOutcomesOfCalls(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want outcome
	}{
		{nil, good},
		{&mojo.RefusedError{Op: "create group", Status: 400}, refused},
		{&wiseagent.RefusedError{Op: "add note", Status: 200, Cause: wiseagent.ErrLocked}, refused},
		{fmt.Errorf("create group: %w", mojo.ErrGroupTaken), refused},
		{fmt.Errorf("list groups: %w", mojo.ErrToken), token},
		{fmt.Errorf("refresh: %w", wiseagent.ErrGrantDead), token},
		{&mojo.BackOffError{Status: 429}, asksToWait},
		{&wiseagent.BackOffError{Status: 503}, asksToWait},
		{fmt.Errorf("create contacts: %w", mojo.ErrBusy), asksToWait},
		{&mojo.DoubtError{Err: mojo.ErrIncomplete}, unclear},
		{&wiseagent.DoubtError{Err: context.DeadlineExceeded}, unclear},
		{&wiseagent.DoubtError{Err: context.Canceled}, calledOff},
		{&mojo.UnreachableError{Err: io.EOF}, unreachable},
		{&wiseagent.UnreachableError{Err: io.EOF}, unreachable},
	} {
		if got := outcomeOf(tt.err); got != tt.want {
			t.Errorf("%v: got %q, want %q", tt.err, got, tt.want)
		}
	}
}

func TestTheDatabaseIsWatched(t *testing.T) {
	db := storetest.Open(t, storetest.SQLite)
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	conn, err := db.Connect(t.Context(), store.Connection{Email: "kate@example.com", Scopes: wiseagent.Scopes, MojoAccountID: "8812", CreatedAt: now}, new(oauth2.Token), new(oauth2.Token), "")
	if err != nil {
		t.Fatal(err)
	}
	receive := func(id string, ago time.Duration) {
		t.Helper()
		e := store.Event{WebhookID: id, AccountID: "8812", Type: "call.completed", MojoContactID: 1, ReceivedAt: now.Add(-ago)}
		if _, err := db.ReceiveEvent(t.Context(), e, ""); err != nil {
			t.Fatal(err)
		}
	}
	m := New()
	m.Watch(db, func() time.Time { return now }, quiet)
	says(t, scrape(t, m), `addtomojo_events_waiting{waits_for="delivery"} 0`, `addtomojo_oldest_event_waiting_seconds{waits_for="delivery"} 0`)
	receive("1", 90*time.Second)
	receive("2", time.Second)
	now = now.Add(time.Minute)
	says(t, scrape(t, m), `addtomojo_events_waiting{waits_for="delivery"} 0`) // read a moment ago

	fresh := New()
	fresh.Watch(db, func() time.Time { return now }, quiet)
	says(t, scrape(t, fresh),
		`addtomojo_database_up 1`, `addtomojo_database_full_timestamp_seconds 0`,
		`addtomojo_connections{state="connected"} 1`, `addtomojo_connections{state="needs_sign_in"} 0`, `addtomojo_connections{state="limited"} 0`,
		`addtomojo_events_waiting{waits_for="delivery"} 2`, `addtomojo_oldest_event_waiting_seconds{waits_for="delivery"} 150`,
		`addtomojo_events_waiting{waits_for="sign_in"} 0`, `addtomojo_oldest_event_waiting_seconds{waits_for="sign_in"} 0`,
		`addtomojo_revocations_waiting{partner="mojo"} 0`,
	)

	if err := db.NeedSignIn(t.Context(), conn.ID, store.Wise, "Ended.", 1, now); err != nil {
		t.Fatal(err)
	}
	fresh = New()
	fresh.Watch(db, func() time.Time { return now }, quiet)
	says(t, scrape(t, fresh),
		`addtomojo_connections{state="connected"} 0`, `addtomojo_connections{state="needs_sign_in"} 1`,
		`addtomojo_events_waiting{waits_for="delivery"} 0`, `addtomojo_oldest_event_waiting_seconds{waits_for="delivery"} 0`,
		`addtomojo_events_waiting{waits_for="sign_in"} 2`, `addtomojo_oldest_event_waiting_seconds{waits_for="sign_in"} 150`,
	)

	db.Close()
	fresh = New()
	fresh.Watch(db, nil, slog.New(fresh.Log(slog.NewTextHandler(io.Discard, nil))))
	down := scrape(t, fresh)
	says(t, down, `addtomojo_database_up 0`)
	if strings.Contains(down, "addtomojo_events_waiting{") || !strings.Contains(down, "go_goroutines") {
		t.Errorf("without a database the scrape tells what waits, or nothing at all:\n%s", down)
	}
	says(t, scrape(t, fresh), `addtomojo_log_records_total{level="error"} 1`) // not once for each scrape
}

func TestAFullDiskIsTold(t *testing.T) {
	path := storetest.URL(t, storetest.SQLite)
	storetest.At(t, path).Close()
	db := storetest.At(t, "sqlite:"+path+"?_pragma=max_page_count(1)") // it is as large now as it may be
	m := New()
	db.OnCommit = m.Commit
	m.Watch(db, nil, quiet)
	before := float64(time.Now().UnixMilli()) / 1000
	event := store.Event{WebhookID: "1", Type: "call.completed", Body: bytes.Repeat([]byte("x"), 100_000), ReceivedAt: time.Now()}
	if _, err := db.ReceiveEvent(t.Context(), event, ""); !errors.Is(err, store.ErrFull) {
		t.Fatalf("got %v, want a full disk", err)
	}
	all := scrape(t, m)
	says(t, all, `addtomojo_commit_duration_seconds_count{outcome="failed"} 1`, `addtomojo_commit_items_count 0`)
	_, rest, _ := strings.Cut(all, "\naddtomojo_database_full_timestamp_seconds ")
	value, _, _ := strings.Cut(rest, "\n")
	if at, err := strconv.ParseFloat(value, 64); err != nil || at < before || at > before+60 {
		t.Errorf("the disk was full at %q, want now, %f", value, before)
	}
}

func TestOnlyMetricsAreTold(t *testing.T) {
	h := New().Handler(quiet)
	for path, want := range map[string]int{"/metrics": 200, "/": 404, "/debug/pprof/": 404, "/metrics/x": 404} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != want {
			t.Errorf("GET %s: got %d, want %d", path, w.Code, want)
		}
	}
}

func TestAMemoResolvesEachKeyOnce(t *testing.T) {
	var mu sync.Mutex
	resolved := make(map[int]int)
	m := memo[int, *atomic.Int64]{resolve: func(n int) *atomic.Int64 {
		mu.Lock()
		defer mu.Unlock()
		resolved[n]++
		return new(atomic.Int64)
	}}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for n := range 100 {
				m.of(n).Add(1)
			}
		})
	}
	all.Wait()
	for n := range 100 {
		if got := m.of(n).Load(); resolved[n] != 1 || got != 8 {
			t.Fatalf("key %d was resolved %d times and counts %v, want once and 8", n, resolved[n], got)
		}
	}
}

// What is counted on the way of a hook and of a delivery makes nothing for the garbage collector.
func TestCountingAllocatesNothing(t *testing.T) {
	m := New()
	route := web.Route{Method: "POST", Pattern: "/hooks/mojo"}
	if n := testing.AllocsPerRun(100, func() {
		m.Request(route, 202, time.Millisecond)
		m.Hook(bridge.HookAccepted)
		m.Commit(2, time.Millisecond, nil)
		m.WiseAgent("add note", time.Millisecond, nil)
		m.Event("call.completed", store.EventWritten, time.Millisecond)
	}); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func BenchmarkAHookAndItsDelivery(b *testing.B) {
	m := New()
	route := web.Route{Method: "POST", Pattern: "/hooks/mojo"}
	for b.Loop() {
		m.Request(route, 202, time.Millisecond)
		m.Hook(bridge.HookAccepted)
		m.Commit(2, time.Millisecond, nil)
		m.WiseAgent("add note", time.Millisecond, nil)
		m.Event("call.completed", store.EventWritten, time.Millisecond)
	}
}
