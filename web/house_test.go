package web

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/html"

	"addtomojo/bridge"
	"addtomojo/mojo"
	"addtomojo/sandbox/fault"
	mojobox "addtomojo/sandbox/mojo"
	"addtomojo/sandbox/people"
	wisebox "addtomojo/sandbox/wiseagent"
	"addtomojo/store"
	"addtomojo/wiseagent"
)

const (
	jane = "jane@example.com"
	joe  = "joe@example.org"

	newHookSecret = "whsec_bmV3LXNlY3JldC1uZXctc2VjcmV0LW5ldy1zZWNyZXQ="
	oldHookSecret = "whsec_b2xkLXNlY3JldC1vbGQtc2VjcmV0LW9sZC1zZWNyZXQ="
	newToken      = "new-token-of-mojo-0001"
	oldToken      = "old-token-of-mojo-0000"
)

// house is the service with both stand-ins, on loopback.
type house struct {
	t      *testing.T
	url    string // of the service
	server *Server
	bridge *bridge.Bridge
	store  *store.Store
	clock  *clock
	log    *safeBuffer

	wise       *wisebox.Server
	wiseURL    string
	wiseFaults *fault.Set
	mojo       *mojobox.Server
	mojoURL    string
	mojoFaults *fault.Set

	contacts []string // jane's, as ids
	hot      int64    // a group of account 8812
	fsbo     int64    // another one
}

// newHouse builds a house. setUp may change the server's settings before it starts.
func newHouse(t *testing.T, setUp func(*Server)) *house {
	t.Helper()
	h := &house{t: t, clock: &clock{now: time.Now()}, log: &safeBuffer{}, wiseFaults: new(fault.Set), mojoFaults: new(fault.Set)}
	logger := slog.New(slog.NewTextHandler(h.log, nil))
	h.store = openStore(t)
	front := httptest.NewUnstartedServer(nil)
	h.url = "http://" + front.Listener.Addr().String()
	h.openPartners()
	h.wise.SetRedirectHosts(front.Listener.Addr().String())
	h.bridge = &bridge.Bridge{
		Store: h.store, BaseURL: h.url, Log: logger, Now: h.clock.Now, DoNotCallCategory: "Do Not Call",
		Mojo: &mojo.Client{AuthURL: h.mojoURL, ClientID: "addtomojo", ClientSecret: "mojo-client-secret"},
		Wise: &wiseagent.Client{AuthURL: h.wiseURL, APIURL: h.wiseURL, ClientID: "addtomojo", ClientSecret: "wise-client-secret"},
	}
	h.server = &Server{
		Bridge: h.bridge, Store: h.store, BaseURL: h.url, WiseAgentAuthURL: h.wiseURL,
		SessionKeys: [][]byte{bytes.Repeat([]byte{7}, 32)}, Log: logger, Now: h.clock.Now,
		HookSecrets: []string{newHookSecret, oldHookSecret}, APITokens: []string{newToken, oldToken},
	}
	if setUp != nil {
		setUp(h.server)
	}
	handler, err := h.server.Handler()
	if err != nil {
		t.Fatal(err)
	}
	front.Config.Handler = handler
	front.Start()
	t.Cleanup(front.Close)
	return h
}

func (h *house) openPartners() {
	h.wise = wisebox.New(wisebox.Config{ClientID: "addtomojo", ClientSecret: "wise-client-secret", Faults: h.wiseFaults})
	wise := httptest.NewServer(h.wise)
	h.t.Cleanup(wise.Close)
	h.wiseURL = wise.URL
	h.wise.AddUser(wisebox.User{Email: jane, Password: "jane-pw", First: "Jane", Last: "Doe"})
	h.wise.AddUser(wisebox.User{Email: joe, Password: "joe-pw", First: "Joe", Last: "Roe"})
	h.contacts = h.wise.AddContacts(jane, people.Make(12, 1))
	h.wise.AddContacts(joe, people.Make(3, 2))

	boxed := httptest.NewUnstartedServer(nil)
	h.mojoURL = "http://" + boxed.Listener.Addr().String()
	h.mojo = mojobox.New(mojobox.Config{
		ClientID: "addtomojo", ClientSecret: "mojo-client-secret", PublicURL: h.mojoURL, Faults: h.mojoFaults, Now: h.clock.Now,
		HookURL: h.url + hookPath, HookSecret: newHookSecret, ManualHooks: true, ServiceURL: h.url, APIToken: newToken,
	})
	h.t.Cleanup(h.mojo.Close)
	boxed.Config.Handler = h.mojo
	boxed.Start()
	h.t.Cleanup(boxed.Close)
	for _, a := range mojobox.Sample() {
		h.mojo.AddAccount(a)
	}
	h.hot = h.mojo.AddGroup("8812", "Hot Lead")
	h.fsbo = h.mojo.AddGroup("8812", "FSBO")
}

// work runs the bridge's workers until the test ends.
func (h *house) work() {
	done := make(chan error, 1)
	go func() { done <- h.bridge.Run(h.t.Context()) }()
	h.t.Cleanup(func() {
		if err := <-done; err != nil {
			h.t.Errorf("bridge: %v", err)
		}
	})
}

// blank is a migrated database without rows, made once: migrating takes longer than most tests.
var blank = sync.OnceValues(func() (b struct {
	keyset string
	file   []byte
}, err error) {
	dir, err := os.MkdirTemp("", "addtomojo-web-")
	if err != nil {
		return b, err
	}
	defer os.RemoveAll(dir)
	if b.keyset, err = store.GenerateKeyset(); err != nil {
		return b, err
	}
	vault, err := store.NewVault(b.keyset)
	if err != nil {
		return b, err
	}
	path := filepath.Join(dir, "blank.db")
	s, err := store.Open(context.Background(), path, vault)
	if err != nil {
		return b, err
	}
	if err := s.Close(); err != nil { // moves the write-ahead log into the file
		return b, err
	}
	b.file, err = os.ReadFile(path)
	return b, err
})

func openStore(t *testing.T) *store.Store {
	t.Helper()
	return openStoreAt(t, "")
}

// openSmallStore has room for half a megabyte and no more.
func openSmallStore(t *testing.T) *store.Store {
	t.Helper()
	b, err := blank()
	if err != nil {
		t.Fatal(err)
	}
	return openStoreAt(t, fmt.Sprintf("?_pragma=max_page_count(%d)", len(b.file)/4096+128))
}

// openStoreAt adds what follows the path in the database's address.
func openStoreAt(t *testing.T, query string) *store.Store {
	t.Helper()
	b, err := blank()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "web.db")
	if err := os.WriteFile(path, b.file, 0o600); err != nil {
		t.Fatal(err)
	}
	vault, err := store.NewVault(b.keyset)
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), "sqlite:"+path+query, vault)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// clock is a clock that tests turn.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// safeBuffer is a log that may be read while it is written.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// browser is a browser at the house: it keeps cookies and follows no redirect by itself.
type browser struct {
	t    *testing.T
	h    *house
	http *http.Client
}

func (h *house) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		h.t.Fatal(err)
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &browser{t: h.t, h: h, http: &http.Client{Jar: jar, CheckRedirect: stay, Timeout: 10 * time.Second}}
}

// answer is what came back, read to its end.
type answer struct {
	t        *testing.T
	status   int
	header   http.Header
	location string
	body     string
}

func (b *browser) do(r *http.Request) *answer {
	b.t.Helper()
	resp, err := b.http.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return &answer{t: b.t, status: resp.StatusCode, header: resp.Header, location: resp.Header.Get("Location"), body: string(body)}
}

// address is a path of the service, or a whole address.
func (h *house) address(path string) string {
	if strings.HasPrefix(path, "/") {
		return h.url + path
	}
	return path
}

func (b *browser) get(path string) *answer {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.h.address(path), nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.do(r)
}

// post sends a form as the pages themselves do.
func (b *browser) post(path string, form url.Values, header ...string) *answer {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.h.address(path), strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return b.do(r)
}

// try sends the Mojo authentication form and gives the page that says what was wrong.
func (b *browser) try(launch string, form url.Values) *answer {
	b.t.Helper()
	return b.get(b.post(launch+"/mojo", form).to(launch))
}

// want fails the test unless the answer has the status; it gives the answer back.
func (a *answer) want(status int) *answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status: got %d to %q, want %d\n%s", a.status, a.location, status, a.text())
	}
	return a
}

// to fails the test unless the answer redirects to an address with the prefix; it gives the address.
func (a *answer) to(prefix string) string {
	a.t.Helper()
	a.want(http.StatusSeeOther)
	if !strings.HasPrefix(a.location, prefix) {
		a.t.Fatalf("redirect: got %q, want %q", a.location, prefix)
	}
	return a.location
}

// says fails the test unless the page's text holds all of the words.
func (a *answer) says(words ...string) *answer {
	a.t.Helper()
	text := a.text()
	for _, w := range words {
		if !strings.Contains(text, w) {
			a.t.Fatalf("page: %q is not in\n%s", w, text)
		}
	}
	return a
}

// text is what a person reads, blanks collapsed.
func (a *answer) text() string {
	var words []string
	for n := range a.doc().Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "script" && n.Parent.Data != "noscript" {
			words = append(words, strings.Fields(n.Data)...)
		}
	}
	return strings.Join(words, " ")
}

func (a *answer) doc() *html.Node {
	doc, err := html.Parse(strings.NewReader(a.body))
	if err != nil {
		a.t.Fatal(err)
	}
	return doc
}

// all finds the elements with a name that have the attribute with the value; value "*" takes any.
func (a *answer) all(element, attribute, value string) []*html.Node {
	var found []*html.Node
	for n := range a.doc().Descendants() {
		got, has := attr(n, attribute)
		if n.Type == html.ElementNode && n.Data == element && has && (value == "*" || got == value) {
			found = append(found, n)
		}
	}
	return found
}

// value is the value of the only input with that name.
func (a *answer) value(name string) string {
	a.t.Helper()
	found := a.all("input", "name", name)
	if len(found) != 1 {
		a.t.Fatalf("inputs named %q: got %d, want 1", name, len(found))
	}
	v, _ := attr(found[0], "value")
	return v
}

func attr(n *html.Node, name string) (string, bool) {
	for _, at := range n.Attr {
		if at.Key == name {
			return at.Val, true
		}
	}
	return "", false
}

// launch opens the popup unsigned, with jane's first n contacts, and gives the launch's path.
func (b *browser) launch(n int) string {
	b.t.Helper()
	path := b.get("/launch?contacts=" + url.QueryEscape(strings.Join(b.h.contacts[:n], ","))).to("/add/")
	return path
}

// signedForm is a launch as Wise Agent signs it for user.
func (h *house) signedForm(user string, contacts ...string) url.Values {
	form := url.Values{"contacts": {strings.Join(contacts, ",")}, "user": {user}, "nonce": {randomID()},
		"ts": {strconv.FormatInt(h.clock.Now().Unix(), 10)}}
	form.Set("signature", hex.EncodeToString(signLaunch(form, launchSecret)))
	return form
}

// atWiseAgent does at Wise Agent what a person does there: signs in and allows the scopes, none for Deny. It gives the
// address that Wise Agent sends the browser back to.
func (b *browser) atWiseAgent(consent, email string, scopes ...string) string {
	b.t.Helper()
	u, err := url.Parse(consent)
	if err != nil || !strings.HasPrefix(consent, b.h.wiseURL+"/WiseAuth/auth?") {
		b.t.Fatalf("consent address: got %q, want one of %s", consent, b.h.wiseURL)
	}
	password := strings.TrimSuffix(strings.SplitN(email, "@", 2)[0], " ") + "-pw"
	b.post(b.h.wiseURL+"/login", url.Values{"email": {email}, "password": {password}, "next": {u.RequestURI()}}).want(http.StatusSeeOther)
	page := b.get(consent)
	if page.status == http.StatusOK {
		form := u.Query()
		form["allow"], form["decision"] = scopes, []string{"allow"}
		if len(scopes) == 0 {
			form.Set("decision", "deny")
		}
		page = b.post(b.h.wiseURL+"/WiseAuth/auth", form)
	}
	return page.to(b.h.url + bridge.CallbackPath)
}

var allScopes = []string{"profile", "contacts", "team"}

// dana is what to type on the Mojo authentication page.
func dana() url.Values {
	return url.Values{"pin": {"482913"}, "login": {"dana"}, "password": {"dana-sandbox"}, "tz": {"America/Phoenix"}}
}

// connect goes through both sign-ins and ends on the group page of a launch with n contacts.
func (b *browser) connect(n int) string {
	b.t.Helper()
	launch := b.launch(n)
	b.get(launch).want(http.StatusOK)
	consent := b.post(launch+"/mojo", dana()).to(b.h.wiseURL)
	b.get(b.atWiseAgent(consent, jane, allScopes...)).to(launch)
	return launch
}

// push presses the button on the group page and gives the push's path.
func (b *browser) push(launch string) string {
	b.t.Helper()
	key := b.ready(launch).value("push")
	path := b.post(launch+"/push", url.Values{"push": {key}, "group": {strconv.FormatInt(b.h.hot, 10)}}).to("/push/")
	return strings.TrimSuffix(path, "?landing=1")
}

// ready asks for the group page until its contacts are there.
func (b *browser) ready(launch string) *answer {
	b.t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		page := b.get(launch).want(http.StatusOK)
		if len(page.all("progress", "id", "fetching")) == 0 {
			return page
		}
	}
	b.t.Fatal("group page: contacts never arrive")
	return nil
}

// ended asks for a push's page until it has a state.
func (b *browser) ended(push string, state store.PushState) *answer {
	b.t.Helper()
	end := time.Now().Add(10 * time.Second)
	for time.Now().Before(end) {
		page := b.get(push).want(http.StatusOK)
		if slices.ContainsFunc(page.all("div", "class", "*"), func(n *html.Node) bool {
			class, _ := attr(n, "class")
			return slices.Contains(strings.Fields(class), "push-"+string(state))
		}) {
			return page
		}
		time.Sleep(20 * time.Millisecond)
	}
	b.t.Fatalf("push: never %s\n%s", state, b.get(push).text())
	return nil
}
