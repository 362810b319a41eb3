package bridge_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
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

	"golang.org/x/oauth2"
)

const (
	kate     = "kate@example.com"
	password = "kate-sandbox"
	account  = "8812" // of mojobox.Sample: Ruiz Realty Group
)

// town is both stand-in partners with the bridge between them.
type town struct {
	*bridge.Bridge
	t          *testing.T
	wise       *wisebox.Server
	mojo       *mojobox.Server
	wiseURL    string
	mojoURL    string
	wiseFaults *fault.Set
	mojoFaults *fault.Set
	skew       *atomic.Int64       // nanoseconds that the service's clock is ahead
	frozen     *atomic.Bool        // the clock stands at noon, but for the skew
	instead    *sync.Map           // answers of Wise Agent in place of the stand-in's, by requestType, or by method and requestType: PUT_calls
	watch      func(*http.Request) // sees each call of Wise Agent; set before there is any
	broken     *sync.Map           // requestType and id of what Wise Agent answers 500 to, see breaks
	logged     *testLog
	door       func() *door // opened when it is first asked for
	stop       func()
}

// everyEngine runs a test in a town of its own on each database.
func everyEngine(t *testing.T, test func(t *testing.T, town *town)) {
	t.Helper()
	everyEngineWith(t, mojobox.Config{TellsAlreadyInGroup: true}, test)
}

// everyEngineWith does so with another Mojo; a wrapper stands between the service and it.
func everyEngineWith(t *testing.T, box mojobox.Config, test func(t *testing.T, town *town), wrap ...func(http.Handler) http.Handler) {
	t.Helper()
	t.Parallel() // tests wait more than they work
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			test(t, newTown(t, storetest.Open(t, engine), box, wrap...))
		})
	}
}

// newTown builds it; a wrapper stands between the service and Mojo.
func newTown(t *testing.T, s *store.Store, box mojobox.Config, wrap ...func(http.Handler) http.Handler) *town {
	t.Helper()
	town := &town{t: t, wiseFaults: &fault.Set{Seed: 1}, mojoFaults: &fault.Set{Seed: 2}, skew: &atomic.Int64{}, frozen: &atomic.Bool{}, instead: &sync.Map{}, broken: &sync.Map{}, logged: &testLog{t: t}}
	noon := time.Now()
	now := func() time.Time {
		if town.frozen.Load() {
			return noon.Add(time.Duration(town.skew.Load()))
		}
		return time.Now().Add(time.Duration(town.skew.Load()))
	}
	town.wise = wisebox.New(wisebox.Config{ClientID: "addtomojo", ClientSecret: "wise-secret", Faults: town.wiseFaults, Now: now})
	town.wise.AddUser(wisebox.User{Email: kate, Password: password, First: "Kate", Last: "Moreno"})
	box.ClientID, box.ClientSecret, box.Faults, box.Now = "addtomojo", "mojo-secret", town.mojoFaults, now
	if box.InterruptedLock == 0 {
		box.InterruptedLock = 200 * time.Millisecond
	}
	town.mojo = mojobox.New(box)
	town.mojo.AddSample()
	var dialer http.Handler = town.mojo
	for _, w := range wrap {
		dialer = w(dialer)
	}
	town.wiseURL, town.mojoURL = serve(t, town.breaking(town.answering(town.wise))), serve(t, dialer)
	town.wise.SetRedirectHosts("add.example.com")
	town.Bridge = &bridge.Bridge{
		Store: s, BaseURL: "https://add.example.com", Now: now, DoNotCallCategory: "Do Not Call",
		ResetGrace: 400 * time.Millisecond,
		PushWaits:  []time.Duration{50 * time.Millisecond, 200 * time.Millisecond},
		ReadWaits:  []time.Duration{10 * time.Millisecond, 50 * time.Millisecond},
		Wise:       &wiseagent.Client{AuthURL: town.wiseURL, APIURL: town.wiseURL, ClientID: "addtomojo", ClientSecret: "wise-secret"},
		Mojo:       &mojo.Client{AuthURL: town.mojoURL, ClientID: "addtomojo", ClientSecret: "mojo-secret"},
		Log:        slog.New(slog.NewTextHandler(town.logged, &slog.HandlerOptions{Level: slog.LevelInfo})),
	}
	town.door = sync.OnceValue(town.newDoor)
	town.run()
	return town
}

// answering stands before Wise Agent and gives the answers of instead.
func (w *town) answering(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the client left
		}
		if w.watch != nil {
			w.watch(r)
		}
		form, _ := url.ParseQuery(string(body)) // of another kind: it names no requestType
		asked := cmp.Or(r.URL.Query().Get("requestType"), form.Get("requestType"))
		answer, ok := w.instead.Load(asked)
		if !ok {
			answer, ok = w.instead.Load(r.Method + "_" + asked)
		}
		if ok {
			rw.Header().Set("Content-Type", "application/json")
			io.WriteString(rw, answer.(string))
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(rw, r)
	})
}

func serve(t *testing.T, h http.Handler) string {
	server := httptest.NewServer(h)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL
}

// breaks makes Wise Agent fail whenever it is asked for one thing of one contact.
func (w *town) breaks(requestType, clientID string) { w.broken.Store(requestType+" "+clientID, true) }

func (w *town) breaking(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the client left
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		q := r.URL.Query()
		form, _ := url.ParseQuery(string(body)) // of another kind: it names nobody
		id := cmp.Or(q.Get("clientID"), q.Get("ClientID"), form.Get("ClientID"))
		if _, broken := w.broken.Load(q.Get("requestType") + " " + id); broken {
			http.Error(rw, "Object required", http.StatusInternalServerError)
			return
		}
		next.ServeHTTP(rw, r)
	})
}

// testLog shows the service's log with the test that failed, and keeps it.
type testLog struct {
	t     *testing.T
	mu    sync.Mutex
	lines strings.Builder
}

func (l *testLog) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.t.Logf("%s", strings.TrimSpace(string(line)))
	return l.lines.Write(line)
}

// said tells whether the service logged something.
func (w *town) said(text string) bool { return w.timesSaid(text) > 0 }

func (w *town) timesSaid(text string) int {
	w.logged.mu.Lock()
	defer w.logged.mu.Unlock()
	return strings.Count(w.logged.lines.String(), text)
}

// run starts the workers; stop ends them, once.
// run has the bridge work, and returns when it does.
func (w *town) run() {
	before := w.timesSaid("at work")
	ctx, cancel := context.WithCancel(w.t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := w.Run(ctx); err != nil {
			w.t.Errorf("run: %v", err)
		}
	})
	w.stop = sync.OnceFunc(func() { cancel(); running.Wait() })
	w.t.Cleanup(func() { w.stop() })
	w.eventually("the bridge is at work", func() bool { return w.timesSaid("at work") > before })
}

// connected joins Kate's account with Ruiz Realty Group as a sign-in on both sides would.
func (w *town) connected() store.Connection {
	w.t.Helper()
	return w.connectedWith("482913", "dana", "dana-sandbox")
}

// connectedWith does so with another Mojo login.
func (w *town) connectedWith(pin, login, password string) store.Connection {
	w.t.Helper()
	grant, err := w.Mojo.SignIn(w.t.Context(), pin, login, password)
	w.need(err)
	conn, err := w.Store.Connect(w.t.Context(), store.Connection{
		Email: kate, Name: "Kate Moreno", Scopes: wiseagent.Scopes,
		MojoAccountID: grant.Account.ID, MojoAccountName: grant.Account.Name, MojoAccountURL: grant.AccountURL,
		MojoLogin: login, MojoPermission: grant.Agent.Permission, CreatedAt: w.Now(),
	}, grant.Token, w.wiseToken(kate), "")
	w.need(err)
	return conn
}

func (w *town) wiseToken(email string) *oauth2.Token {
	access, refresh, expires := w.wise.Tokens(email, strings.Fields(wiseagent.Scopes)...)
	return &oauth2.Token{AccessToken: access, RefreshToken: refresh, Expiry: expires, TokenType: "Bearer"}
}

func (w *town) reset(conn store.Connection) error {
	_, err := w.Reset(w.t.Context(), conn.ID)
	return err
}

func (w *town) need(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// contacts adds n contacts to Kate's account, each with a phone, an e-mail and a note, and gives their ids.
func (w *town) contacts(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = w.wise.AddContact(kate, wisebox.Contact{
			First: "Person", Last: strconv.Itoa(i), Email: fmt.Sprintf("person%d@example.com", i),
			MobilePhone: fmt.Sprintf("(520) 555-01%02d", i%100), AddressNumber: "12", AddressStreet: "N Oak St", City: "Tucson", State: "AZ", Zip: "85701",
		})
		w.wise.AddNote(kate, wisebox.Note{ClientID: ids[i], Subject: "Met", Text: "<p>At the <b>fair</b></p>", Date: w.Now()})
	}
	return ids
}

func (w *town) launch(ids ...string) store.Launch {
	w.t.Helper()
	launch, err := w.Launch(w.t.Context(), bridge.LaunchRequest{Contacts: strings.Join(ids, ","), Email: kate})
	w.need(err)
	return launch
}

// push sends the contacts to the group and waits for the end.
func (w *town) push(conn store.Connection, group int64, ids ...string) bridge.Progress {
	w.t.Helper()
	return w.end(conn, w.begin(conn, group, ids...))
}

func (w *town) begin(conn store.Connection, group int64, ids ...string) store.Push {
	w.t.Helper()
	push, err := w.StartPush(w.t.Context(), conn, bridge.StartPush{ID: store.NewID(), LaunchID: w.launch(ids...).ID, GroupID: group})
	w.need(err)
	return push
}

// end waits until nothing more happens to a push by itself.
func (w *town) end(conn store.Connection, push store.Push) bridge.Progress {
	w.t.Helper()
	return w.until(conn, push, bridge.Progress.Ended)
}

// until waits for a state of the push; 30 s is far more than any takes.
func (w *town) until(conn store.Connection, push store.Push, enough func(bridge.Progress) bool) bridge.Progress {
	w.t.Helper()
	changed, stop := w.Watch(push.ID)
	defer stop()
	deadline := time.After(30 * time.Second)
	for {
		p, err := w.Progress(w.t.Context(), conn, push.ID)
		w.need(err)
		if enough(p) {
			return p
		}
		select {
		case <-changed:
		case <-time.After(100 * time.Millisecond):
		case <-deadline:
			w.t.Fatalf("the push is still %s (%q) with %+v", p.Push.State, p.Push.Cause, p.All)
		}
	}
}

// inGroup gives the api_contact_ids of a group, sorted.
func (w *town) inGroup(group int64) []string {
	var ids []string
	for _, c := range w.mojo.Contacts(account, group) {
		ids = append(ids, c.APIContactID)
	}
	slices.Sort(ids)
	return ids
}

func (w *town) reasons(push store.Push) map[string]string {
	w.t.Helper()
	rows, err := w.Store.PushContacts(w.t.Context(), push.ID, nil, -1, bridge.MaxSelected)
	w.need(err)
	reasons := make(map[string]string)
	for _, r := range rows {
		reasons[r.ClientID] = strings.TrimSpace(string(r.State) + " " + r.Reason)
	}
	return reasons
}

func apiIDs(ids []string) []string {
	var out []string
	for _, id := range ids {
		out = append(out, "wa-"+id)
	}
	slices.Sort(out)
	return out
}

// consent walks through Wise Agent's consent page as a browser would and gives the query of the callback.
func (w *town) consent(address, email, password string, scopes ...string) url.Values {
	w.t.Helper()
	jar, _ := cookiejar.New(nil) // never fails without options
	browser := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if r.URL.Host == "add.example.com" {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	w.need(visit(browser.PostForm(w.wiseURL+"/login", url.Values{"email": {email}, "password": {password}})))
	u, err := url.Parse(address)
	w.need(err)
	form := u.Query()
	form.Set("decision", "allow")
	form["allow"] = scopes
	answer, err := browser.PostForm(w.wiseURL+"/WiseAuth/auth", form)
	w.need(visit(answer, err))
	to, err := url.Parse(answer.Header.Get("Location"))
	w.need(err)
	if to.Host != "add.example.com" {
		w.t.Fatalf("consent answers %s with Location %q, want the callback", answer.Status, to)
	}
	return to.Query()
}

func visit(r *http.Response, err error) error {
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, r.Body)
	r.Body.Close()
	return err
}
