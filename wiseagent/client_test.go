package wiseagent_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"addtomojo/wiseagent"
)

// serve starts a server and returns a client of it and an account at it.
func serve(t *testing.T, h http.HandlerFunc) (*wiseagent.Client, *wiseagent.API) {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	c := &wiseagent.Client{AuthURL: srv.URL + "/", APIURL: srv.URL, ClientID: "us", ClientSecret: "our-secret"}
	return c, c.With("live-token")
}

// says answers everything alike.
func says(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

const asJSON = "application/json"

var quiet = log.New(io.Discard, "", 0)

func testdata(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// kind names what an error says happened at the partner.
func kind(err error) string {
	sentinels := []struct {
		name string
		err  error
	}{
		{"grant dead", wiseagent.ErrGrantDead}, {"token", wiseagent.ErrToken},
		{"scope", wiseagent.ErrScope}, {"unknown contact", wiseagent.ErrUnknownContact},
		{"unknown note", wiseagent.ErrUnknownNote}, {"unknown call", wiseagent.ErrUnknownCall},
		{"locked", wiseagent.ErrLocked}, {"custom taken", wiseagent.ErrCustomTaken},
	}
	for _, s := range sentinels {
		if errors.Is(err, s.err) {
			return s.name
		}
	}
	switch {
	case err == nil:
		return "success"
	case as[*wiseagent.RefusedError](err):
		return "refused"
	case as[*wiseagent.BackOffError](err):
		return "back off"
	case as[*wiseagent.DoubtError](err):
		return "doubt"
	case as[*wiseagent.UnreachableError](err):
		return "unreachable"
	}
	return err.Error()
}

func as[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

func TestNeverSent(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := "http://" + l.Addr().String()
	l.Close()
	tls := httptest.NewTLSServer(says(200, asJSON, "[]"))
	tls.Config.ErrorLog = quiet
	t.Cleanup(tls.Close)
	over, cancel := context.WithCancel(t.Context())
	cancel()

	tests := []struct {
		name string
		ctx  context.Context
		url  string
	}{
		{"nobody listens", t.Context(), closed},
		{"unknown certificate", t.Context(), tls.URL},
		{"no address", t.Context(), "http://127.0.0.1:port"},
		{"no such scheme", t.Context(), "gopher://127.0.0.1"},
		{"context over before", over, tls.URL},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := &wiseagent.Client{AuthURL: tt.url, APIURL: tt.url}
			_, err := c.With("live-token").User(tt.ctx)
			if got := kind(err); got != "unreachable" {
				t.Errorf("get user: got %q (%v), want unreachable", got, err)
			}
			_, err = c.Exchange(tt.ctx, "code", "verifier", "http://127.0.0.1/back")
			if got := kind(err); got != "unreachable" {
				t.Errorf("exchange: got %q (%v), want unreachable", got, err)
			}
		})
	}
}

func TestSentButNoClearAnswer(t *testing.T) {
	hang := func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}
	cut := func(bytes string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			io.WriteString(conn, bytes)
			conn.Close()
		}
	}
	tests := []struct {
		name    string
		handler http.HandlerFunc
	}{
		{"connection cut without an answer", cut("")},
		{"connection cut in the status line", cut("HTTP/1.1 2")},
		{"connection cut in the body", cut("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n[{\"ClientID\"")},
		{"refusal cut in the body", cut("HTTP/1.1 400 Bad Request\r\nContent-Length: 500\r\n\r\n{\"err")},
		{"not HTTP", cut("SSH-2.0-OpenSSH\r\n")},
		{"hangs", hang},
		{"hangs in the body", func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, "[")
			http.NewResponseController(w).Flush()
			hang(w, r)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, api := serve(t, tt.handler)
			c.HTTP = &http.Client{Timeout: 100 * time.Millisecond}
			_, err := api.User(t.Context())
			if got := kind(err); got != "doubt" {
				t.Errorf("get user: got %q (%v), want doubt", got, err)
			}
			_, err = c.Refresh(t.Context(), "old-refresh")
			if got := kind(err); got != "doubt" {
				t.Errorf("refresh: got %q (%v), want doubt", got, err)
			}
		})
	}
}

// A code is good for one try: the exchange must not be repeated behind our
// back when a connection that was kept for reuse dies under it.
func TestCodesAreSentOnce(t *testing.T) {
	var posts atomic.Int32
	c, api := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			says(200, asJSON, `[{"Email": "ann@example.com"}]`)(w, r)
			return
		}
		posts.Add(1)
		io.Copy(io.Discard, r.Body)
		panic(http.ErrAbortHandler)
	})
	if _, err := api.User(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err := c.Exchange(t.Context(), "code", "verifier", "http://127.0.0.1/back")
	if got := kind(err); got != "doubt" {
		t.Errorf("got %q (%v), want doubt", got, err)
	}
	if got := posts.Load(); got != 1 {
		t.Errorf("got %d requests on the wire, want 1", got)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	for _, own := range []*http.Client{nil, {}} {
		var landed atomic.Bool
		c, api := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/login/" {
				landed.Store(true)
			}
			http.Redirect(w, r, "/login/", http.StatusFound)
		})
		c.HTTP = own
		_, err := api.User(t.Context())
		if got := kind(err); got != "doubt" || landed.Load() {
			t.Errorf("own client %v: got %q, followed %v; want doubt, not followed", own != nil, got, landed.Load())
		}
	}
}

func TestConnectionsAreReused(t *testing.T) {
	var conns, calls atomic.Int32
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		statuses := []int{200, 500, 403, 429, 400, 404, 302}
		says(statuses[int(calls.Add(1))%len(statuses)], asJSON, `{"detail": "`+strings.Repeat("long ", 5000)+`"}`)(w, r)
	}))
	srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			conns.Add(1)
		}
	}
	srv.Start()
	t.Cleanup(srv.Close)
	c := &wiseagent.Client{AuthURL: srv.URL, APIURL: srv.URL}
	for range 30 {
		c.With("live-token").User(t.Context())
		c.Refresh(t.Context(), "old-refresh")
	}
	if got := conns.Load(); got != 1 {
		t.Errorf("got %d connections for %d calls in a row, want 1", got, calls.Load())
	}
}

func TestAnswersAreLimited(t *testing.T) {
	_, api := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", asJSON)
		chunk := []byte(strings.Repeat(" ", 1<<20))
		for range 33 {
			w.Write(chunk)
		}
		io.WriteString(w, "[]")
	})
	_, err := api.User(t.Context())
	if got := kind(err); got != "doubt" {
		t.Errorf("33 MiB: got %q (%v), want doubt", got, err)
	}
}

func TestBackOff(t *testing.T) {
	tests := []struct {
		name   string
		status int
		header string
		want   string
		after  time.Duration
	}{
		{"seconds", 429, "120", "back off", 2 * time.Minute},
		{"none", 429, "", "back off", 0},
		{"nonsense", 429, "soon", "back off", 0},
		{"past date", 429, "Wed, 21 Oct 2015 07:28:00 GMT", "back off", 0},
		{"beyond belief", 429, "99999999999999", "back off", 24 * time.Hour},
		{"unavailable with seconds", 503, "7", "back off", 7 * time.Second},
		{"unavailable", 503, "", "doubt", 0},
		{"unavailable with nonsense", 503, "soon", "doubt", 0},
		{"error with seconds", 500, "7", "doubt", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, api := serve(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Retry-After", tt.header)
				says(tt.status, "text/html", "<h1>Slow down</h1>")(w, r)
			})
			_, apiErr := api.User(t.Context())
			_, tokenErr := c.Refresh(t.Context(), "old-refresh")
			for _, err := range []error{apiErr, tokenErr} {
				if got := kind(err); got != tt.want {
					t.Errorf("got %q (%v), want %q", got, err, tt.want)
				}
				if b, ok := errors.AsType[*wiseagent.BackOffError](err); ok && (b.After != tt.after || b.Status != tt.status) {
					t.Errorf("got HTTP %d after %s, want HTTP %d after %s", b.Status, b.After, tt.status, tt.after)
				}
			}
		})
	}
}

func TestBackOffUntilDate(t *testing.T) {
	_, api := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", time.Now().Add(time.Minute).UTC().Format(http.TimeFormat))
		w.WriteHeader(429)
	})
	_, err := api.User(t.Context())
	b, ok := errors.AsType[*wiseagent.BackOffError](err)
	if !ok || b.After < 50*time.Second || b.After > time.Minute {
		t.Errorf("got %v, want a wait of about a minute", err)
	}
}

// What is printed or logged by accident must hold no secret and no person.
func TestErrorsAndNamesKeepSecrets(t *testing.T) {
	secrets := []string{"5205550143", "Ann", "live-token", "our-secret", "old-refresh", "the-code"}
	bodies := []string{
		`{"error": "Ann 5205550143"}`, `[{"ClientID": "5205550143x"}]`, `[{"ClientID": 1, "CFirst": ["Ann"]}]`,
		`{"count": "Ann"}`, `Ann 5205550143`, `{"expires_at": {"a": "Ann"}, "access_token": "x"}`, `<p>Ann`,
	}
	for _, body := range bodies {
		for _, status := range []int{200, 400, 500} {
			c, api := serve(t, says(status, asJSON, body))
			_, err1 := api.Contacts(t.Context(), 1, 100)
			_, err2 := api.Contact(t.Context(), "Ann 5205550143")
			_, err3 := api.ContactsCount(t.Context())
			_, err4 := c.Exchange(t.Context(), "the-code", "verifier", "http://127.0.0.1/back")
			_, err5 := c.Refresh(t.Context(), "old-refresh")
			for i, err := range []error{err1, err2, err3, err4, err5} {
				if err == nil {
					t.Errorf("call %d: HTTP %d %s counted as success", i+1, status, body)
					continue
				}
				for _, secret := range secrets {
					if said := err.Error() + c.String() + api.String(); strings.Contains(said, secret) {
						t.Errorf("%q is told in %q", secret, said)
					}
				}
			}
		}
	}
}
