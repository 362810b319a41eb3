package mojo_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"addtomojo/sandbox/mojo"
)

const (
	hookSecret  = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	otherSecret = "whsec_ZG9udC10ZWxsLWFueWJvZHktdGhpcy1vbmU="
)

// ear is a service that hears hooks.
type ear struct {
	URL string

	mu       sync.Mutex
	heard    []heard
	statuses []int         // of the next answers; 202 when there are no more
	hold     chan struct{} // when not nil, answers wait until it is closed
	down     bool
}

type heard struct {
	id, body string
	header   http.Header
	at       time.Time
}

func newEar(t *testing.T) *ear {
	t.Helper()
	e := &ear{}
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	e.URL = server.URL
	return e
}

func (e *ear) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	e.mu.Lock()
	e.heard = append(e.heard, heard{r.Header.Get("webhook-id"), string(body), r.Header, time.Now()})
	status, hold := http.StatusAccepted, e.hold
	if len(e.statuses) > 0 {
		status, e.statuses = e.statuses[0], e.statuses[1:]
	}
	if e.down {
		status = http.StatusServiceUnavailable
	}
	e.mu.Unlock()
	if hold != nil {
		<-hold
	}
	w.WriteHeader(status)
}

func (e *ear) ids() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	ids := make([]string, len(e.heard))
	for i, h := range e.heard {
		ids[i] = h.id
	}
	return ids
}

// newTeller gives a stand-in that tells an ear, and a contact in it.
func newTeller(t *testing.T, cfg mojo.Config) (*box, *ear, int64) {
	t.Helper()
	e := newEar(t)
	cfg.HookURL, cfg.HookSecret = e.URL+"/hooks/mojo", hookSecret
	b := newBox(t, cfg)
	t.Cleanup(b.Close)
	return b, e, b.AddContact("8812", mojo.Contact{APIContactID: "wa-26855", FullName: "Ann Lee",
		Media: []mojo.Media{{Type: mojo.MediaMobile, Value: "5205550143"}}})
}

func (b *box) flush(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := b.Flush(ctx); err != nil {
		t.Fatal(err)
	}
}

// wantHook checks what a hook says.
func (b *box) wantHook(t *testing.T, id, want string) {
	t.Helper()
	h, ok := b.Hook(id)
	if !ok {
		t.Fatalf("got no hook %q", id)
	}
	if got := string(h.Body); got != want {
		t.Errorf("got hook  %s\nwant hook %s", got, want)
	}
}

func TestHooksAreSigned(t *testing.T) {
	b, e, ann := newTeller(t, mojo.Config{ManualHooks: true})
	b.now.Time = time.Now()
	_, id := b.Call("8812", ann, mojo.Call{Result: "contact", Notes: "Größe – „ok“"})
	b.SetHookSecrets(otherSecret, hookSecret)
	b.flush(t)
	h := e.heard[0]
	if h.id != id || h.header.Get("Content-Type") != "application/json" {
		t.Errorf("got webhook-id %q and type %q, want %q and JSON", h.id, h.header.Get("Content-Type"), id)
	}
	for _, secret := range []string{hookSecret, otherSecret} {
		library, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			t.Fatal(err)
		}
		if err := library.Verify([]byte(h.body), h.header); err != nil {
			t.Errorf("the library refuses the signature: %v", err)
		}
		if err := library.Verify([]byte(h.body+" "), h.header); err == nil {
			t.Error("the library takes the signature for another body")
		}
	}
}

func TestHookTimestampIsTheAttempts(t *testing.T) {
	b, e, ann := newTeller(t, mojo.Config{ManualHooks: true})
	e.statuses = []int{500}
	b.Call("8812", ann, mojo.Call{Result: "contact"})
	if err := b.Flush(t.Context()); err == nil || !strings.Contains(err.Error(), "1 still wait") {
		t.Errorf("got error %v, want one hook that still waits", err)
	}
	b.now.Time = b.now.Add(time.Hour)
	b.flush(t)
	first, second := e.heard[0], e.heard[1]
	if first.id != second.id || first.body != second.body {
		t.Error("the second attempt is another hook")
	}
	if first.header.Get("webhook-timestamp") == second.header.Get("webhook-timestamp") {
		t.Error("the second attempt has the first one's timestamp")
	}
}

func TestHookSecretsAreChecked(t *testing.T) {
	for _, secret := range []string{"whsec_", "whsec_not base64"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q was taken for a secret", secret)
				}
			}()
			mojo.New(mojo.Config{HookSecret: secret})
		}()
	}
}

func TestHooksAreRetried(t *testing.T) {
	b, e, ann := newTeller(t, mojo.Config{HookRetries: []time.Duration{20 * time.Millisecond, 60 * time.Millisecond}})
	e.statuses = []int{500, 429, 302, 404}
	_, id := b.Call("8812", ann, mojo.Call{Result: "contact"})
	b.settle(t)
	h, _ := b.Hook(id)
	if h.State != mojo.HookAcknowledged || h.Attempts != 5 || h.Status != 202 || h.Problem != "" {
		t.Errorf("got %+v, want it acknowledged at the fifth attempt", h)
	}
	for i, least := range []time.Duration{20, 60, 60, 60} {
		if gap := e.heard[i+1].at.Sub(e.heard[i].at); gap < least*time.Millisecond-5*time.Millisecond {
			t.Errorf("got %v before attempt %d, want %d ms", gap, i+2, least)
		}
	}
}

// settle waits until no hook waits any more.
func (b *box) settle(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); b.HookCounts().Waiting > 0; time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("got %+v after 10 s, want nothing waiting", b.HookCounts())
		}
	}
}

func TestHooksKeepTheOrderOfAContact(t *testing.T) {
	b, e, ann := newTeller(t, mojo.Config{HookRetries: []time.Duration{5 * time.Millisecond}})
	bob := b.AddContact("8812", mojo.Contact{FullName: "Bob"})
	e.statuses = []int{500, 500, 500, 202, 500}
	var anns, bobs []string
	for range 20 {
		_, id := b.Call("8812", ann, mojo.Call{Result: "contact"})
		anns = append(anns, id)
		_, id = b.Call("8812", bob, mojo.Call{Result: "contact", Phone: "5205550144"})
		bobs = append(bobs, id)
	}
	end := b.Disconnect("8812")
	b.settle(t)
	got := slices.Compact(e.ids())
	for name, want := range map[string][]string{"Ann": anns, "Bob": bobs} {
		seen := firsts(got, want)
		if !slices.Equal(seen, want) {
			t.Errorf("%s's hooks came in another order than they happened", name)
		}
	}
	if got[len(got)-1] != end {
		t.Error("account.disconnected didn't come last")
	}
}

// firsts are the ids of want in the order in which they first came.
func firsts(got, want []string) []string {
	var seen []string
	for _, id := range got {
		if slices.Contains(want, id) && !slices.Contains(seen, id) {
			seen = append(seen, id)
		}
	}
	return seen
}

func TestContactsDoNotWaitForEachOther(t *testing.T) {
	b, e, ann := newTeller(t, mojo.Config{ManualHooks: true})
	bob := b.AddContact("8812", mojo.Contact{FullName: "Bob"})
	_, first := b.Call("8812", ann, mojo.Call{Result: "contact"})
	b.flush(t)
	e.statuses = []int{500}
	_, stuck := b.Call("8812", ann, mojo.Call{Result: "contact"})
	_, behind := b.Call("8812", ann, mojo.Call{Result: "contact"})
	if err := b.Flush(t.Context()); err == nil {
		t.Error("got no error although a hook failed")
	}
	_, other := b.Call("8812", bob, mojo.Call{Result: "contact", Phone: "5205550144"})
	if got := e.ids(); !slices.Equal(got, []string{first, stuck}) {
		t.Errorf("got %d hooks, want the second's successor to wait", len(got))
	}
	b.flush(t)
	if got := e.ids(); len(got) != 5 || !slices.Contains(got, other) || got[len(got)-1] != behind && got[len(got)-2] != behind {
		t.Errorf("got %v, want all of them", got)
	}
}

func TestDoubles(t *testing.T) {
	b, e, ann := newTeller(t, mojo.Config{ManualHooks: true, Hooks: mojo.HookOptions{Doubles: true}})
	_, id := b.Call("8812", ann, mojo.Call{Result: "contact"})
	b.flush(t)
	if got := e.ids(); !slices.Equal(got, []string{id, id}) {
		t.Errorf("got %v, want %s twice", got, id)
	}
	e.statuses = []int{500}
	_, id = b.Call("8812", ann, mojo.Call{Result: "contact"})
	b.flush(t)
	if h, _ := b.Hook(id); h.State != mojo.HookAcknowledged || h.Problem != "" || h.Attempts != 2 {
		t.Errorf("got %+v, want it acknowledged by the copy that came through", h)
	}
}

func TestDisorder(t *testing.T) {
	b, e, ann := newTeller(t, mojo.Config{ManualHooks: true, Seed: 7, Hooks: mojo.HookOptions{Disorder: true}})
	var want []string
	for range 20 {
		_, id := b.Call("8812", ann, mojo.Call{Result: "contact"})
		want = append(want, id)
	}
	b.flush(t)
	got := e.ids()
	if slices.Equal(got, want) {
		t.Error("the hooks came in order")
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got %d hooks, want each of the %d once", len(got), len(want))
	}
}

func TestDropAllLeavesTheFeed(t *testing.T) {
	b, e, ann := newTeller(t, mojo.Config{ManualHooks: true, Hooks: mojo.HookOptions{DropAll: true}})
	_, lost := b.Call("8812", ann, mojo.Call{Result: "contact"})
	b.SetHookOptions(mojo.HookOptions{})
	_, sent := b.Call("8812", ann, mojo.Call{Result: "voicemail"})
	b.flush(t)
	if got := e.ids(); !slices.Equal(got, []string{sent}) {
		t.Errorf("got %v, want the second one alone", got)
	}
	if h, _ := b.Hook(lost); h.State != mojo.HookDropped {
		t.Errorf("got state %q, want dropped", h.State)
	}
	if got, want := b.HookCounts(), (mojo.HookCounts{Total: 2, Acknowledged: 1, Dropped: 1, Attempts: 1}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	access, _ := b.tokens(t)
	if got := b.feed(t, access, ""); !slices.Equal(got, []string{lost, sent}) {
		t.Errorf("got feed %v, want both", got)
	}
}

func TestRepeat(t *testing.T) {
	b, e, ann := newTeller(t, mojo.Config{ManualHooks: true})
	_, id := b.Call("8812", ann, mojo.Call{Result: "contact"})
	b.flush(t)
	if err := b.Repeat(t.Context(), id, 20); err != nil {
		t.Error(err)
	}
	if got := e.ids(); len(got) != 21 || len(slices.Compact(got)) != 1 {
		t.Errorf("got %d hooks, want the same 21 times", len(got))
	}
	e.statuses = []int{500}
	if err := b.Repeat(t.Context(), id, 2); err == nil || !strings.Contains(err.Error(), "500") {
		t.Errorf("got error %v, want the 500", err)
	}
	if err := b.Repeat(t.Context(), "msg_none", 1); err == nil {
		t.Error("got no error for a hook that isn't there")
	}
}

func TestCloseStopsWhatWaits(t *testing.T) {
	b, e, ann := newTeller(t, mojo.Config{})
	e.down = true
	b.Call("8812", ann, mojo.Call{Result: "contact"})
	b.Close()
	tries := len(e.ids())
	b.Call("8812", ann, mojo.Call{Result: "contact"})
	if got := b.HookCounts().Waiting; got != 2 || len(e.ids()) != tries {
		t.Errorf("got %d waiting and %d more attempts after Close, want 2 and none", got, len(e.ids())-tries)
	}
}

func TestFlushEndsWithItsContext(t *testing.T) {
	b, e, ann := newTeller(t, mojo.Config{ManualHooks: true})
	e.hold = make(chan struct{})
	defer close(e.hold)
	b.Call("8812", ann, mojo.Call{Result: "contact"})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := b.Flush(ctx); err == nil || !strings.Contains(err.Error(), "deadline") {
		t.Errorf("got error %v, want the deadline", err)
	}
}

func TestBurst(t *testing.T) {
	b, e, _ := newTeller(t, mojo.Config{ManualHooks: true, HookWorkers: 32})
	for _, name := range []string{"Bob", "Cy", "Di"} {
		b.AddContact("8812", mojo.Contact{FullName: name, Media: []mojo.Media{{Type: mojo.MediaHome, Value: "5205550199"}}})
	}
	ids := b.Burst("8812", 200)
	b.flush(t)
	if got := firsts(e.ids(), ids); len(got) != 200 {
		t.Errorf("got %d different hooks, want 200", len(got))
	}
}

func TestDisconnect(t *testing.T) {
	b, e, ann := newTeller(t, mojo.Config{ManualHooks: true})
	access, _ := b.tokens(t)
	id := b.Disconnect("8812")
	b.wantHook(t, id, `{"type":"account.disconnected","timestamp":"2026-11-22T09:00:00Z","data":{"account_id":"8812",`+
		`"agent":{"id":31,"name":"Dana Ruiz","email":"dana@example.com"}}}`)
	if a := b.call(t, access, "GET", "/api/groups/", ""); a.status != 403 {
		t.Errorf("got status %d after disconnecting, want 403", a.status)
	}
	if _, id := b.Call("8812", ann, mojo.Call{Result: "contact"}); id != "" {
		t.Error("a call after disconnecting was told")
	}
	if id := b.Disconnect("8812"); id != "" {
		t.Error("disconnecting twice was told twice")
	}
	b.flush(t)
	if got := len(e.ids()); got != 1 {
		t.Errorf("got %d hooks, want 1", got)
	}
	b.tokens(t)
	if _, id := b.Call("8812", ann, mojo.Call{Result: "contact"}); id == "" {
		t.Error("a call after connecting again was not told")
	}
}

func TestTellAnything(t *testing.T) {
	b, _, _ := newTeller(t, mojo.Config{ManualHooks: true})
	id := b.Tell("nobody", "planet.aligned", map[string]any{"account_id": "nobody", "n": 1})
	b.wantHook(t, id, `{"type":"planet.aligned","timestamp":"2026-11-22T09:00:00Z","data":{"account_id":"nobody","n":1}}`)
}

// feed reads the account's feed and returns the webhook-ids.
func (b *box) feed(t *testing.T, access, query string) []string {
	t.Helper()
	a := b.call(t, access, "GET", "/api/integration-events/"+query, "")
	var events []struct {
		WebhookID string          `json:"webhook_id"`
		Data      json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal([]byte(a.body), &events); err != nil || a.status != 200 {
		t.Fatalf("got %d %s, want 200 and events", a.status, a.body)
	}
	ids := make([]string, len(events))
	for i, e := range events {
		ids[i] = e.WebhookID
	}
	return ids
}

func TestFeed(t *testing.T) {
	b := newBox(t, mojo.Config{})
	access, _ := b.tokens(t)
	b.call(t, access, "GET", "/api/integration-events/", "").want(t, 200, "[]")
	ann := b.AddContact("8812", mojo.Contact{FullName: "Ann"})
	theirs := b.AddContact("8840", mojo.Contact{FullName: "Somebody"})
	var ids []string
	for range 5 {
		_, id := b.Call("8812", ann, mojo.Call{Result: "contact", Phone: "5205550143"})
		ids = append(ids, id)
		b.Call("8840", theirs, mojo.Call{Result: "contact", Phone: "5205550143"})
	}
	foreign := b.Hooks()[1].ID
	for query, want := range map[string][]string{
		"": ids, "?after=" + ids[1]: ids[2:], "?limit=2": ids[:2], "?after=" + ids[4]: {}, "?limit=9999": ids,
		"?limit=2&after=" + ids[0]: ids[1:3],
	} {
		if got := b.feed(t, access, query); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", query, got, want)
		}
	}
	for _, query := range []string{"?after=msg_none", "?after=" + foreign, "?limit=0", "?limit=many"} {
		if a := b.call(t, access, "GET", "/api/integration-events/"+query, ""); a.status != 400 {
			t.Errorf("%s: got status %d, want 400", query, a.status)
		}
	}
	a := b.call(t, access, "GET", "/api/integration-events/?limit=1", "")
	h, _ := b.Hook(ids[0])
	if want := `[{"webhook_id":"` + ids[0] + `",` + string(h.Body[1:]) + `]`; a.body != want {
		t.Errorf("got  %s\nwant %s", a.body, want)
	}
	b.SetHookOptions(mojo.HookOptions{NoFeed: true})
	b.call(t, access, "GET", "/api/integration-events/", "").want(t, 404, `{"detail":"Not found."}`)
	b.call(t, "wrong", "GET", "/api/integration-events/", "").want(t, 403, `{"detail":"Invalid access_token"}`)
	if got := b.Requests()[mojo.EndpointFeed]; got == 0 {
		t.Error("the feed's requests are not counted")
	}
}

func TestEcho(t *testing.T) {
	b := newBox(t, mojo.Config{})
	access, _ := b.tokens(t)
	group := b.AddGroup("8812", "Hot")
	b.AddContact("8812", mojo.Contact{APIContactID: "wa-1", FullName: "Ann"}, group)
	write := func() {
		b.call(t, access, "POST", "/api/contacts/bulk_update/", `[{"api_contact_id":"wa-1","full_name":"Ann `+time.Now().String()+`","contactgroup_set":[{"group_id":`+itoa(group)+`}],"contactnote_set":[{"type":1,"contents":"`+time.Now().String()+`"}]}]`)
		b.call(t, access, "POST", "/api/notes/", `{"api_contact_id":"wa-1","contents":"Hi","type":1}`)
	}
	write()
	if got := len(b.Hooks()); got != 0 {
		t.Errorf("got %d hooks for what the service wrote, want none", got)
	}
	b.SetHookOptions(mojo.HookOptions{Echo: true})
	write()
	var types []string
	for _, h := range b.Hooks() {
		types = append(types, h.Type)
	}
	if want := []string{"contact.updated", "note.created", "note.created"}; !slices.Equal(types, want) {
		t.Errorf("got %v, want %v", types, want)
	}
}
