package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/sessions"

	"addtomojo/store"
)

var keyA, keyB = bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)

// room is a session store with a clock.
type room struct {
	t     *testing.T
	clock *clock
	*sessionStore
}

func newRoom(t *testing.T, secure bool) *room {
	t.Helper()
	c := &clock{now: launchNow}
	st, err := newSessionStore(openStore(t), [][]byte{keyA}, secure, c.Now)
	if err != nil {
		t.Fatal(err)
	}
	return &room{t: t, clock: c, sessionStore: st}
}

// request is one request of a browser that has the cookie, nil for none.
func (r *room) request(cookie *http.Cookie) (*http.Request, *sessions.Session) {
	r.t.Helper()
	req := httptest.NewRequestWithContext(r.t.Context(), http.MethodGet, "/", nil)
	if cookie != nil {
		req.AddCookie(cookie)
	}
	s, err := r.Get(req, r.cookieName())
	if err != nil {
		r.t.Fatal(err)
	}
	return req, s
}

// signedIn signs email in over the cookie's session and gives the new cookie.
func (r *room) signedIn(cookie *http.Cookie, email string, launches ...string) *http.Cookie {
	r.t.Helper()
	req, s := r.request(cookie)
	w := httptest.NewRecorder()
	err := r.signIn(w, req, s, email, func(v *visitor) {
		for _, id := range launches {
			v.hold(id, false)
		}
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return onlyCookie(r.t, w)
}

// who is the visitor that the cookie stands for.
func (r *room) who(cookie *http.Cookie) *visitor {
	r.t.Helper()
	_, s := r.request(cookie)
	return visitorOf(s)
}

func onlyCookie(t *testing.T, w *httptest.ResponseRecorder) *http.Cookie {
	t.Helper()
	cookies := w.Result().Cookies()
	if len(cookies) != 1 {
		t.Fatalf("cookies: got %v, want one", w.Header().Values("Set-Cookie"))
	}
	return cookies[0]
}

func TestSessionCookieAttributes(t *testing.T) {
	cases := []struct {
		secure bool
		name   string
	}{{true, "__Host-addtomojo"}, {false, "addtomojo"}}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := newRoom(t, c.secure).signedIn(nil, jane)
			if got.Name != c.name || got.Secure != c.secure || !got.HttpOnly || got.SameSite != http.SameSiteLaxMode ||
				got.Path != "/" || got.Domain != "" || got.MaxAge != 0 || !got.Expires.IsZero() {
				t.Errorf("cookie: got %s, want %s; Secure %v, HttpOnly, SameSite=Lax, Path=/, no Domain, no age", got.Raw, c.name, c.secure)
			}
			if len(got.Raw) > 512 {
				t.Errorf("cookie: got %d bytes, want few", len(got.Raw))
			}
		})
	}
}

func TestSessionRowHoldsOnlyTheHash(t *testing.T) {
	r := newRoom(t, true)
	cookie := r.signedIn(nil, jane)
	req, s := r.request(cookie)
	row, err := r.Store.Session(req.Context(), hashID(s.ID), r.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	if row.Email != jane || strings.Contains(string(row.Data), s.ID) {
		t.Errorf("row: got %q with %s, want %s and nothing of the id", row.Email, row.Data, jane)
	}
	if _, err := r.Store.Session(req.Context(), s.ID, r.clock.Now()); err == nil {
		t.Error("row under the id itself: got one, want none")
	}
}

func TestSessionIDRotatesAtSignIn(t *testing.T) {
	r := newRoom(t, true)
	req, s := r.request(nil)
	w := httptest.NewRecorder()
	if err := r.change(w, req, s, func(v *visitor) { v.hold("launch-1", false) }); err != nil {
		t.Fatal(err)
	}
	planted := onlyCookie(t, w)
	browser := r.who(planted).Browser
	fresh := r.signedIn(planted, jane, "launch-2")
	if fresh.Value == planted.Value {
		t.Error("cookie: the same before and after signing in")
	}
	if got := r.who(planted); got.Email != "" || got.Browser != "" {
		t.Errorf("the cookie from before: got %+v, want a stranger", got)
	}
	got := r.who(fresh)
	if got.Email != jane || !got.holds("launch-1") || !got.holds("launch-2") || got.Browser != browser {
		t.Errorf("after signing in: got %+v, want %s with both launches in the same browser", got, jane)
	}
	if again := r.signedIn(fresh, jane); r.who(fresh).Email != "" || r.who(again).Email != jane {
		t.Error("signing in again as the same: want the old cookie dead and the new one alive")
	}
}

func TestSessionOfSomebodyElseIsReplaced(t *testing.T) {
	r := newRoom(t, true)
	first := r.signedIn(nil, jane, "launch-1")
	browser := r.who(first).Browser
	got := r.who(r.signedIn(first, joe, "launch-2"))
	if got.Email != joe || got.holds("launch-1") || !got.holds("launch-2") || got.Browser == browser {
		t.Errorf("after jane then joe: got %+v, want joe with launch-2 alone", got)
	}
	if who := r.who(first); who.Email != "" {
		t.Errorf("jane's cookie: got %q, want nobody", who.Email)
	}
}

func TestSessionEndsAtSignOut(t *testing.T) {
	r := newRoom(t, true)
	cookie := r.signedIn(nil, jane)
	req, s := r.request(cookie)
	w := httptest.NewRecorder()
	if err := r.signOut(w, req, s); err != nil {
		t.Fatal(err)
	}
	if gone := onlyCookie(t, w); gone.MaxAge >= 0 || gone.Value != "" {
		t.Errorf("cookie at sign-out: got %s, want it deleted", gone.Raw)
	}
	if who := r.who(cookie); who.Email != "" {
		t.Errorf("replayed cookie: got %q, want nobody", who.Email)
	}
}

// A request that began before signing out must not bring the session back with what it writes.
func TestSessionStaysEnded(t *testing.T) {
	r := newRoom(t, true)
	cookie := r.signedIn(nil, jane)
	lateReq, late := r.request(cookie)
	req, s := r.request(cookie)
	if err := r.signOut(httptest.NewRecorder(), req, s); err != nil {
		t.Fatal(err)
	}
	r.clock.advance(2 * sessionTouch)
	if err := r.touch(httptest.NewRecorder(), lateReq, late); err != nil {
		t.Fatal(err)
	}
	if who := r.who(cookie); who.Email != "" {
		t.Errorf("after a late touch: got %q, want nobody", who.Email)
	}
	lateReq, late = r.request(cookie)
	if err := r.change(httptest.NewRecorder(), lateReq, late, func(v *visitor) { v.hold("x", false) }); err != nil {
		t.Fatal(err)
	}
	if who := r.who(cookie); who.Email != "" || who.holds("x") {
		t.Errorf("after a late change: got %+v, want nobody", who)
	}
}

// Support ends a session while a request has it in hand: what the request writes must not bring it back.
func TestSessionEndedBySupportMeanwhile(t *testing.T) {
	r := newRoom(t, true)
	end := func() {
		t.Helper()
		if _, err := r.Store.EndSessions(t.Context(), jane); err != nil {
			t.Fatal(err)
		}
	}
	cookie := r.signedIn(nil, jane)
	req, s := r.request(cookie)
	err := r.change(httptest.NewRecorder(), req, s, func(v *visitor) {
		if v.Email != "" {
			end()
		}
		v.hold("x", false)
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := visitorOf(s); got.Email != "" || !got.holds("x") {
		t.Errorf("the request's own session: got %+v, want a stranger's with what it wrote", got)
	}
	if who := r.who(cookie); who.Email != "" {
		t.Errorf("after a change: got %q, want nobody", who.Email)
	}

	cookie = r.signedIn(nil, jane)
	req, s = r.request(cookie)
	end()
	if err := s.Save(req, httptest.NewRecorder()); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("save: got %v, want %v", err, store.ErrNotFound)
	}
	if who := r.who(cookie); who.Email != "" {
		t.Errorf("after a save: got %q, want nobody", who.Email)
	}
}

func TestSessionExpires(t *testing.T) {
	use := func(t *testing.T, r *room, cookie *http.Cookie) string {
		t.Helper()
		req, s := r.request(cookie)
		if err := r.touch(httptest.NewRecorder(), req, s); err != nil {
			t.Fatal(err)
		}
		return visitorOf(s).Email
	}
	t.Run("idle", func(t *testing.T) {
		r := newRoom(t, true)
		cookie := r.signedIn(nil, jane)
		r.clock.advance(sessionIdle - time.Second)
		if got := use(t, r, cookie); got != jane {
			t.Errorf("just under %v idle: got %q, want %s", sessionIdle, got, jane)
		}
		r.clock.advance(sessionIdle - time.Second)
		if got := use(t, r, cookie); got != jane {
			t.Errorf("used meanwhile: got %q, want %s", got, jane)
		}
		r.clock.advance(sessionIdle)
		if got := use(t, r, cookie); got != "" {
			t.Errorf("%v idle: got %q, want nobody", sessionIdle, got)
		}
	})
	t.Run("absolute", func(t *testing.T) {
		r := newRoom(t, true)
		cookie := r.signedIn(nil, jane)
		begin := r.clock.Now()
		for r.clock.Now().Sub(begin) < sessionLife-20*time.Minute {
			r.clock.advance(20 * time.Minute)
			if got := use(t, r, cookie); got != jane {
				t.Fatalf("%v after signing in, always used: got %q, want %s", r.clock.Now().Sub(begin), got, jane)
			}
		}
		r.clock.advance(20 * time.Minute)
		if got := use(t, r, cookie); got != "" {
			t.Errorf("%v after signing in: got %q, want nobody", sessionLife, got)
		}
	})
}

func TestSessionKeysRotate(t *testing.T) {
	r := newRoom(t, true)
	old := r.signedIn(nil, jane)
	with := func(keys ...[]byte) *room {
		st, err := newSessionStore(r.Store, keys, true, r.clock.Now)
		if err != nil {
			t.Fatal(err)
		}
		return &room{t: t, clock: r.clock, sessionStore: st}
	}
	if got := with(keyB, keyA).who(old); got.Email != jane {
		t.Errorf("old key second: got %q, want %s", got.Email, jane)
	}
	if got := with(keyB).who(old); got.Email != "" {
		t.Errorf("old key gone: got %q, want nobody", got.Email)
	}
	fresh := with(keyB, keyA).signedIn(old, jane)
	if got := with(keyB).who(fresh); got.Email != jane {
		t.Errorf("signed by the first key: got %q, want %s", got.Email, jane)
	}
}

func TestSessionCookieThatIsNotOurs(t *testing.T) {
	r := newRoom(t, true)
	good := r.signedIn(nil, jane)
	for name, value := range map[string]string{
		"flipped": "A" + good.Value[1:], "cut": good.Value[:len(good.Value)-4], "empty": "", "words": "let me in",
		"long": strings.Repeat("A", 8000),
	} {
		if got := r.who(&http.Cookie{Name: good.Name, Value: value}); got.Email != "" {
			t.Errorf("%s cookie: got %q, want nobody", name, got.Email)
		}
	}
}

func TestSessionKeysAreChecked(t *testing.T) {
	for name, keys := range map[string][][]byte{"none": nil, "short": {keyA, []byte("short")}} {
		_, err := newSessionStore(openStore(t), keys, true, time.Now)
		if err == nil || strings.Contains(err.Error(), "short\"") {
			t.Errorf("%s: got %v, want an error that doesn't quote the key", name, err)
		}
	}
}

// Two tabs opened at once write the same session: neither may lose its launch.
func TestSessionTwoTabs(t *testing.T) {
	r := newRoom(t, true)
	cookie := r.signedIn(nil, jane)
	var tabs sync.WaitGroup
	for i := range 8 {
		req, s := r.request(cookie)
		tabs.Go(func() {
			id := fmt.Sprintf("launch-%d", i)
			if err := r.change(httptest.NewRecorder(), req, s, func(v *visitor) { v.hold(id, false) }); err != nil {
				t.Error(err)
			}
		})
	}
	tabs.Wait()
	if got := r.who(cookie).Launches; len(got) != 8 {
		t.Errorf("launches: got %v, want 8", got)
	}
}

func TestVisitorForgetsTheOldest(t *testing.T) {
	var v visitor
	for i := range sessionLaunches + 5 {
		v.hold(fmt.Sprint("launch-", i), false)
		v.hold(fmt.Sprint("launch-", i), false) // twice is once
	}
	if len(v.Launches) != sessionLaunches || v.holds("launch-4") || !v.holds("launch-5") || !v.holds("launch-54") {
		t.Errorf("launches: got %v, want the newest %d", v.Launches, sessionLaunches)
	}
	for i := range sessionConsents + 2 {
		v.consent(fmt.Sprint("state-", i), fmt.Sprint("launch-", i))
	}
	if v.consented("state-1") != "" || v.consented("state-9") != "launch-9" || v.consented("") != "" {
		t.Errorf("consents: got %+v, want the newest %d", v.Consents, sessionConsents)
	}
}

func TestSessionLoadFailureIsAnError(t *testing.T) {
	r := newRoom(t, true)
	cookie := r.signedIn(nil, jane)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	req := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
	req.AddCookie(cookie)
	if _, err := r.Get(req, r.cookieName()); err == nil {
		t.Error("database out of reach: got no error, want one and not a stranger's session")
	}
	if _, err := r.Store.Session(t.Context(), "x", r.clock.Now()); err == nil || !strings.Contains(err.Error(), store.ErrNotFound.Error()) {
		t.Errorf("unknown row: got %v, want %v", err, store.ErrNotFound)
	}
}
