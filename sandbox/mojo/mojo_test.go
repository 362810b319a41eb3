package mojo_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"addtomojo/sandbox/mojo"
)

// box is a stand-in with one account, "8812", which has every permission.
type box struct {
	*mojo.Server
	URL   string
	now   *clock
	agent *http.Client
}

// clock is a time that tests move. Servers read it between requests only.
type clock struct{ time.Time }

func newBox(t *testing.T, cfg mojo.Config) *box {
	t.Helper()
	now := &clock{time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
	cfg.ClientID, cfg.ClientSecret = "service", "s3cret"
	cfg.Now = func() time.Time { return now.Time }
	b := &box{Server: mojo.New(cfg), now: now}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	b.URL, b.agent = server.URL, server.Client()
	b.agent.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for _, a := range mojo.Sample() {
		b.AddAccount(a)
	}
	return b
}

// answer is a response with its body read.
type answer struct {
	status int
	header http.Header
	body   string
}

func (b *box) do(t *testing.T, req *http.Request) answer {
	t.Helper()
	res, err := b.agent.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", req.Method, req.URL.Path, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: read the answer: %v", req.Method, req.URL.Path, err)
	}
	return answer{res.StatusCode, res.Header, strings.TrimSpace(string(body))}
}

func (b *box) request(t *testing.T, method, path, body string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, b.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// call makes an API call with an access token.
func (b *box) call(t *testing.T, token, method, path, body string) answer {
	t.Helper()
	req := b.request(t, method, path, body)
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	return b.do(t, req)
}

// oauth posts a form as the service does.
func (b *box) oauth(t *testing.T, path string, form url.Values) answer {
	t.Helper()
	req := b.request(t, "POST", path, form.Encode())
	req.SetBasicAuth("service", "s3cret")
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(t, req)
}

func password(pin, login, password string) url.Values {
	return url.Values{"grant_type": {"password"}, "pin": {pin}, "username": {login}, "password": {password}}
}

func refresh(token string) url.Values {
	return url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}
}

// tokens signs Dana of account 8812 in.
func (b *box) tokens(t *testing.T) (access, refreshToken string) {
	t.Helper()
	return readTokens(t, b.oauth(t, "/oauth/token/", password("482913", "dana", "dana-sandbox")))
}

func readTokens(t *testing.T, a answer) (access, refreshToken string) {
	t.Helper()
	var out struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	if err := json.Unmarshal([]byte(a.body), &out); err != nil || a.status != 200 {
		t.Fatalf("got status %d, body %s; want 200 with tokens", a.status, a.body)
	}
	return out.Access, out.Refresh
}

// want checks an answer's status and JSON body.
func (a answer) want(t *testing.T, status int, body string) {
	t.Helper()
	if a.status != status || a.body != body {
		t.Errorf("got %d %s\nwant %d %s", a.status, a.body, status, body)
	}
}
