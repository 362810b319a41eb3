package wiseagent_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"addtomojo/sandbox/people"
	"addtomojo/sandbox/wiseagent"
)

const (
	dana     = "dana@example.com"
	redirect = "http://127.0.0.1:9000/callback"
)

// A box is a stand-in on a port of its own, with one user and a clock that only the test moves.
type box struct {
	*wiseagent.Server
	t      *testing.T
	url    string
	client *http.Client // follows no redirect, keeps cookies
	clock  *clock
}

// A clock is a time that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func newBox(t *testing.T, change ...func(*wiseagent.Config)) *box {
	t.Helper()
	b := &box{t: t, clock: &clock{now: time.Date(2026, 11, 22, 17, 3, 11, 0, time.UTC)}}
	cfg := wiseagent.Config{
		ClientID: "mojo", ClientSecret: "client-secret", LaunchURL: "http://127.0.0.1:9000/launch", LaunchSecret: "launch-secret",
		RedirectHosts: []string{"127.0.0.1"}, Now: b.clock.Now, Options: wiseagent.Options{StrictJSON: true},
	}
	for _, c := range change {
		c(&cfg)
	}
	b.Server = wiseagent.New(cfg)
	t.Cleanup(b.Close)
	b.AddUser(wiseagent.User{Email: dana, Password: "pw", First: "Dana", Last: "Ruiz",
		Team:    []wiseagent.Member{{ID: 7, Name: "Dana Ruiz", Email: dana, JobTitle: "Broker"}, {ID: 8, Name: "Sam Ito", Email: "sam@example.com"}},
		Outside: []wiseagent.Outside{{Name: "Olga Crane", Email: "olga@example.org", Cell: "602-555-0188"}}})
	server := httptest.NewServer(b.Server)
	t.Cleanup(server.Close)
	b.url = server.URL
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b.client = &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return b
}

// An answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (b *box) do(method, path, contentType, body string, header ...string) answer {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.url+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := b.client.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, got}
}

func (b *box) get(path string) answer { b.t.Helper(); return b.do("GET", path, "", "") }

func (b *box) post(path string, form url.Values) answer {
	b.t.Helper()
	return b.do("POST", path, "application/x-www-form-urlencoded", form.Encode())
}

// api calls the data API: requestType in the query, the rest as a form, or in the query for GET.
func (b *box) api(token, method, requestType string, pairs ...string) answer {
	b.t.Helper()
	query, form := url.Values{"requestType": {requestType}}, url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if method == "GET" {
			query.Set(pairs[i], pairs[i+1])
		} else {
			form.Set(pairs[i], pairs[i+1])
		}
	}
	return b.do(method, "/http/webconnect.asp?"+query.Encode(), "application/x-www-form-urlencoded", form.Encode(), "Authorization", "Bearer "+token)
}

// token makes an access token with the scopes that the service asks for.
func (b *box) token() string {
	access, _, _ := b.Tokens(dana, "profile", "contacts", "team")
	return access
}

// decode reads strict JSON.
func decode[T any](t *testing.T, a answer) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(a.body, &v); err != nil {
		t.Fatalf("answer %q is no JSON: %v", a.body, err)
	}
	return v
}

func wantBody(t *testing.T, what string, got answer, want string) {
	t.Helper()
	if got.status != http.StatusOK || string(got.body) != want {
		t.Errorf("%s: got %d %s, want 200 %s", what, got.status, got.body, want)
	}
}

func (b *box) signIn() {
	b.t.Helper()
	if got := b.post("/login", url.Values{"email": {dana}, "password": {"pw"}}); got.status != http.StatusSeeOther {
		b.t.Fatalf("sign in: got status %d, want 303", got.status)
	}
}

const verifier = "a-verifier-that-is-long-enough-for-the-rules-of-pkce"

func challenge() string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func authorization(change ...string) url.Values {
	q := url.Values{"client_id": {"mojo"}, "redirect_uri": {redirect}, "response_type": {"code"}, "scope": {"profile contacts team"},
		"state": {"st/a te"}, "code_challenge": {challenge()}, "code_challenge_method": {"S256"}}
	for i := 0; i+1 < len(change); i += 2 {
		q.Set(change[i], change[i+1])
	}
	return q
}

// back reads the query with which the browser is sent back to the app.
func back(t *testing.T, a answer) url.Values {
	t.Helper()
	to, err := url.Parse(a.header.Get("Location"))
	if err != nil || a.status != http.StatusSeeOther || !strings.HasPrefix(to.String(), redirect) {
		t.Fatalf("got %d to %q, want 303 to %s", a.status, a.header.Get("Location"), redirect)
	}
	return to.Query()
}

// consent signs in, allows the scopes and gives the code.
func (b *box) consent(scopes ...string) string {
	b.t.Helper()
	b.signIn()
	form := authorization()
	form["allow"], form["decision"] = scopes, []string{"allow"}
	code := back(b.t, b.post("/WiseAuth/auth", form)).Get("code")
	if code == "" {
		b.t.Fatal("consent gave no code")
	}
	return code
}

type tokens struct {
	AccessToken  string `json:"access_token"`
	ExpiresAt    string `json:"expires_at"`
	RefreshToken string `json:"refresh_token"`
	Error        string `json:"error"`
}

// json posts JSON to the token endpoint.
func (b *box) json(fields map[string]string) (tokens, int) {
	b.t.Helper()
	body, err := json.Marshal(fields)
	if err != nil {
		b.t.Fatal(err)
	}
	a := b.do("POST", "/WiseAuth/token", "application/json", string(body))
	return decode[tokens](b.t, a), a.status
}

func (b *box) exchange(code string) (tokens, int) {
	b.t.Helper()
	return b.json(map[string]string{"client_id": "mojo", "client_secret": "client-secret", "grant_type": "authorization_code", "code": code, "code_verifier": verifier, "redirect_uri": redirect})
}

func (b *box) renew(refresh string) (tokens, int) {
	b.t.Helper()
	return b.json(map[string]string{"client_id": "mojo", "client_secret": "client-secret", "grant_type": "refresh_token", "refresh_token": refresh})
}

func TestRawControlCharacters(t *testing.T) {
	b := newBox(t, func(c *wiseagent.Config) { c.Options.StrictJSON = false })
	id := b.AddContacts(dana, people.Make(50, 1))[34]
	got := b.api(b.token(), "GET", "getContactNotes", "ClientID", id).body
	for _, raw := range []string{"for\x0b3", "\x1f\x01", "school.\r\n\tPool"} {
		if !bytes.Contains(got, []byte(raw)) {
			t.Errorf("got notes without raw %q: %s", raw, got)
		}
	}
	if json.Valid(got) {
		t.Error("got valid JSON, want raw control characters to break it")
	}
	b.SetOptions(wiseagent.Options{StrictJSON: true})
	if got := b.api(b.token(), "GET", "getContactNotes", "ClientID", id).body; !json.Valid(got) {
		t.Errorf("with StrictJSON: got %s, want valid JSON", got)
	}
}

func TestABackslashBeforeALetterStaysWhatItIs(t *testing.T) {
	b := newBox(t, func(c *wiseagent.Config) { c.Options.StrictJSON = false })
	id := b.AddContact(dana, wiseagent.Contact{First: `C:\new\u000b`, Last: `"quoted"`})
	got := decode[[]map[string]any](t, b.api(b.token(), "GET", "getSingleContact", "clientID", id))
	if got[0]["CFirst"] != `C:\new\u000b` || got[0]["CLast"] != `"quoted"` {
		t.Errorf("got name %q %q, want the backslashes and quotes kept", got[0]["CFirst"], got[0]["CLast"])
	}
}
