package web

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"addtomojo/bridge"
	"addtomojo/store"
)

// aCall is a hook's body, of a contact that nobody has linked.
const aCall = `{"type": "call.completed", "timestamp": "2026-11-22T17:03:11Z", "data": {"account_id": "8812",
	"agent": {"id": 31, "name": "Dana Ruiz", "email": "dana@example.com"},
	"contact": {"contact_id": 58, "api_contact_id": "wa-26855", "full_name": "Ann Lee"},
	"call": {"id": 90210, "result": "no_contact_next_number", "phone": "5205550143", "phone_type": 2,
		"started_at": "2026-11-22T17:01:40Z", "duration_seconds": 91, "notes": "", "recording_url": null}}}`

// signedHook is a hook as Mojo sends it now.
func (h *house) signedHook(id string, body []byte) *http.Request {
	return h.hookAt(id, body, h.clock.Now(), newHookSecret)
}

// hookAt is a hook signed with each of the secrets.
func (h *house) hookAt(id string, body []byte, at time.Time, secrets ...string) *http.Request {
	h.t.Helper()
	r, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.url+hookPath, strings.NewReader(string(body)))
	if err != nil {
		h.t.Fatal(err)
	}
	var signatures []string
	for _, secret := range secrets {
		hook, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			h.t.Fatal(err)
		}
		signature, err := hook.Sign(id, at, body)
		if err != nil {
			h.t.Fatal(err)
		}
		signatures = append(signatures, signature)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("webhook-id", id)
	r.Header.Set("webhook-timestamp", strconv.FormatInt(at.Unix(), 10))
	r.Header.Set("webhook-signature", strings.Join(signatures, " "))
	return r
}

// sendHook sends it as a program does: without cookies.
func (h *house) sendHook(r *http.Request) *answer { return h.browser().do(r) }

// problem fails the test unless the answer is a problem for programs with that status; it gives the problem.
func (a *answer) problem(status int) apiProblem {
	a.t.Helper()
	var p apiProblem
	if a.status != status || a.header.Get("Content-Type") != "application/problem+json" || json.Unmarshal([]byte(a.body), &p) != nil {
		a.t.Fatalf("answer: got %d %s\n%s\nwant a problem with %d", a.status, a.header.Get("Content-Type"), a.body, status)
	}
	if p.Status != status || p.Title == "" || p.Code == "" {
		a.t.Errorf("problem: got %+v, want title, code and status %d", p, status)
	}
	if got := a.header.Values("Set-Cookie"); len(got) > 0 {
		a.t.Errorf("problem: got cookies %q, want none", got)
	}
	return p
}

// received are all events of the house, whoever they belong to.
func (h *house) received() []store.Event {
	h.t.Helper()
	connections := []string{""}
	for _, email := range []string{jane, joe} {
		if conn, err := h.store.ConnectionByEmail(h.t.Context(), email); err == nil {
			connections = append(connections, conn.ID)
		}
	}
	var all []store.Event
	for _, id := range connections {
		events, err := h.store.Events(h.t.Context(), id, store.EventFilter{Limit: 1000})
		if err != nil {
			h.t.Fatal(err)
		}
		all = append(all, events...)
	}
	return all
}

func TestHookIsOnDiskWhenAnswered(t *testing.T) {
	h := newHouse(t, nil)
	h.browser().connect(1)
	a := h.sendHook(h.signedHook("evt-1", []byte(aCall))).want(202)
	if a.body != "" || len(a.header.Values("Set-Cookie")) > 0 {
		t.Errorf("answer: got %q and cookies %q, want neither", a.body, a.header.Values("Set-Cookie"))
	}
	events := h.received()
	if len(events) != 1 {
		t.Fatalf("events: got %d, want 1", len(events))
	}
	e := events[0]
	if e.WebhookID != "evt-1" || e.Type != "call.completed" || e.MojoContactID != 58 || e.ContactName != "Ann Lee" || e.State != store.EventWaiting {
		t.Errorf("event: got %+v", e)
	}
}

func TestHookSecretsRotate(t *testing.T) {
	h := newHouse(t, nil)
	const unknown = "whsec_c29tZWJvZHkgZWxzZSdzIHNlY3JldCB0aGF0IHdlIGRvbid0IGtub3c="
	for id, secrets := range map[string][]string{
		"new": {newHookSecret}, "old": {oldHookSecret}, "both": {oldHookSecret, newHookSecret}, "one of theirs": {unknown, oldHookSecret},
	} {
		h.sendHook(h.hookAt("evt-"+id, []byte(aCall), h.clock.Now(), secrets...)).want(202)
	}
	h.sendHook(h.hookAt("evt-unknown", []byte(aCall), h.clock.Now(), unknown)).problem(401)
	if got := len(h.received()); got != 4 {
		t.Errorf("events: got %d, want 4", got)
	}
}

func TestHookRefusals(t *testing.T) {
	h := newHouse(t, nil)
	now, body := h.clock.Now(), []byte(aCall)
	with := func(change func(http.Header)) func() *http.Request {
		return func() *http.Request {
			r := h.signedHook("evt-1", body)
			change(r.Header)
			return r
		}
	}
	at := func(age time.Duration) func() *http.Request {
		return func() *http.Request { return h.hookAt("evt-1", body, now.Add(-age), newHookSecret) }
	}
	holding := func(text string) func() *http.Request {
		return func() *http.Request { return h.signedHook("evt-1", []byte(text)) }
	}
	cases := []struct {
		name   string
		hook   func() *http.Request
		status int
	}{
		{"no signature", with(func(h http.Header) { h.Del("webhook-signature") }), 401},
		{"no id", with(func(h http.Header) { h.Del("webhook-id") }), 401},
		{"no timestamp", with(func(h http.Header) { h.Del("webhook-timestamp") }), 401},
		{"nothing signed", with(func(h http.Header) { h.Set("webhook-signature", "v1,") }), 401},
		{"no version", with(func(h http.Header) { h.Set("webhook-signature", strings.TrimPrefix(h.Get("webhook-signature"), "v1,")) }), 401},
		{"another version", with(func(h http.Header) {
			h.Set("webhook-signature", strings.Replace(h.Get("webhook-signature"), "v1,", "v1a,", 1))
		}), 401},
		{"signature of another id", with(func(h http.Header) { h.Set("webhook-id", "evt-2") }), 401},
		{"signature of another time", with(func(h http.Header) { h.Set("webhook-timestamp", strconv.FormatInt(now.Unix()+1, 10)) }), 401},
		{"signature of another body", func() *http.Request {
			r := h.signedHook("evt-1", []byte(strings.Replace(aCall, "8812", "8840", 1)))
			good := h.signedHook("evt-1", body)
			r.Header.Set("webhook-signature", good.Header.Get("webhook-signature"))
			return r
		}, 401},
		{"id given twice", with(func(h http.Header) { h.Add("webhook-id", "evt-2") }), 401},
		{"timestamp given twice", with(func(h http.Header) { h.Add("webhook-timestamp", "1") }), 401},
		{"a time that is none", with(func(h http.Header) { h.Set("webhook-timestamp", "now") }), 401},
		{"a very long id", func() *http.Request { return h.signedHook(strings.Repeat("x", hookIDLimit+1), body) }, 401},
		{"too old", at(hookTolerance + 2*time.Second), 401},
		{"too new", at(-hookTolerance - 2*time.Second), 401},
		{"too large", holding(strings.Repeat(" ", hookLimit) + "{}"), 413},
		{"too large, unsigned", func() *http.Request {
			r := holding(strings.Repeat(" ", hookLimit) + "{}")()
			r.Header.Del("webhook-signature")
			r.ContentLength = -1
			return r
		}, 413},
		{"no JSON", holding("type=call.completed"), 400},
		{"half a JSON", holding(aCall[:len(aCall)-3]), 400},
		{"empty", holding(""), 400},
		{"a list", holding("[" + aCall + "]"), 400},
		{"no type", holding(`{"data": {"account_id": "8812"}}`), 400},
		{"no account", holding(`{"type": "call.completed", "data": {}}`), 400},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { h.sendHook(c.hook()).problem(c.status) })
	}
	if got := h.received(); len(got) != 0 {
		t.Errorf("events: got %d, want none of what was refused", len(got))
	}
	for id, age := range map[string]time.Duration{"old": hookTolerance, "new": -hookTolerance} {
		h.sendHook(h.hookAt(id, body, now.Add(-age), newHookSecret)).want(202)
	}
}

// A hook that doesn't say when it happened is kept all the same, with the time of its arrival. A time that is none is refused.
func TestHookWithoutATimestamp(t *testing.T) {
	h := newHouse(t, nil)
	h.browser().connect(1)
	stamp := regexp.MustCompile(`"timestamp":\s*"[^"]*",`)
	if !stamp.MatchString(aCall) {
		t.Fatal("the sample has no timestamp to take out")
	}
	h.sendHook(h.signedHook("evt-1", []byte(stamp.ReplaceAllString(aCall, "")))).want(202)
	if got, want := h.received()[0].OccurredAt, h.clock.Now(); got.Sub(want).Abs() > time.Second {
		t.Errorf("it happened: got %s, want its arrival %s", got, want)
	}
	h.sendHook(h.signedHook("evt-2", []byte(stamp.ReplaceAllString(aCall, `"timestamp":"noon",`)))).problem(400)
}

func TestHookOfTheLargestSize(t *testing.T) {
	h := newHouse(t, nil)
	h.sendHook(h.signedHook("evt-1", []byte(aCall+strings.Repeat(" ", hookLimit-len(aCall))))).want(202)
}

func TestHookManyTimesAtOnceIsOneEvent(t *testing.T) {
	h := newHouse(t, nil)
	h.browser().connect(1)
	var all sync.WaitGroup
	statuses := make([]int, 100)
	for i := range statuses {
		all.Go(func() {
			resp, err := http.DefaultClient.Do(h.signedHook("evt-1", []byte(aCall)))
			if err != nil {
				t.Error(err)
				return
			}
			resp.Body.Close()
			statuses[i] = resp.StatusCode
		})
	}
	all.Wait()
	if i := slices.IndexFunc(statuses, func(s int) bool { return s != 202 }); i >= 0 {
		t.Errorf("status: got %d, want 202 each time", statuses[i])
	}
	h.clock.advance(7 * 24 * time.Hour)
	h.sendHook(h.signedHook("evt-1", []byte(aCall))).want(202)
	if got := len(h.received()); got != 1 {
		t.Errorf("events: got %d, want 1", got)
	}
}

// Nothing of a browser counts here: neither its headers, nor who is signed in.
func TestHookNeedsNoBrowser(t *testing.T) {
	h := newHouse(t, nil)
	r := h.signedHook("evt-1", []byte(aCall))
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	r.Header.Set("Origin", h.mojoURL)
	h.sendHook(r).want(202)
	h.browser().get(hookPath).problem(405)
	h.browser().get("/hooks/other").problem(404)
}

func TestHookThatGoesNowhereIsKept(t *testing.T) {
	h := newHouse(t, nil)
	h.browser().connect(1)
	for id, body := range map[string]string{
		"unknown type":    strings.Replace(aCall, "call.completed", "moon.full", 1),
		"unknown account": strings.Replace(aCall, `"8812"`, `9999`, 1),
	} {
		h.sendHook(h.signedHook(id, []byte(body))).want(202)
	}
	events := h.received()
	if len(events) != 2 || events[0].State != store.EventExcluded || events[1].State != store.EventExcluded {
		t.Errorf("events: got %+v, want both, excluded", events)
	}
}

func TestHooksAreOffWithoutSecrets(t *testing.T) {
	h := newHouse(t, func(s *Server) { s.HookSecrets = nil })
	a := h.sendHook(h.signedHook("evt-1", []byte(aCall)))
	a.problem(503)
	if a.header.Get("Retry-After") == "" {
		t.Error("Retry-After: got none, want Mojo to keep the event and try again")
	}
	if log := h.log.String(); strings.Contains(log, "level=ERROR") {
		t.Errorf("log: got %s, want nobody woken by what anybody can send", log)
	}
}

// What isn't on disk is not accepted.
func TestHookIsNotAcceptedWithoutItsCommit(t *testing.T) {
	h := newHouse(t, nil)
	gone := openStore(t)
	h.server.Bridge = &bridge.Bridge{Store: gone, Mojo: h.bridge.Mojo, Wise: h.bridge.Wise, BaseURL: h.url, Now: h.clock.Now}
	if err := gone.Close(); err != nil {
		t.Fatal(err)
	}
	p := h.sendHook(h.signedHook("evt-1", []byte(aCall))).problem(500)
	if log := h.log.String(); !strings.Contains(log, "code="+p.Code) || strings.Contains(log, "Ann") || strings.Contains(log, "5205550143") {
		t.Errorf("log: got %s, want the failure under code %s and nobody's data", log, p.Code)
	}
}

func TestSecretsAndTokensAreChecked(t *testing.T) {
	cases := map[string]func(*Server){
		"no prefix":   func(s *Server) { s.HookSecrets = []string{strings.TrimPrefix(newHookSecret, "whsec_")} },
		"no base64":   func(s *Server) { s.HookSecrets = []string{newHookSecret, "whsec_marked!"} },
		"short":       func(s *Server) { s.HookSecrets = []string{"whsec_bWFya2Vk"} },
		"empty":       func(s *Server) { s.HookSecrets = []string{""} },
		"short token": func(s *Server) { s.APITokens = []string{"marked"} },
		"blank in it": func(s *Server) { s.APITokens = []string{newToken, "marked token of mojo"} },
	}
	h := newHouse(t, nil)
	for name, change := range cases {
		s := *h.server
		change(&s)
		if _, err := s.Handler(); err == nil || strings.Contains(err.Error(), "marked") || strings.Contains(err.Error(), "bWFya2Vk") {
			t.Errorf("%s: got %v, want an error that quotes nothing", name, err)
		}
	}
}
